"""What floating-point numbers are made of: sign and exponent, neighbours, nan and infinity, the parts of a complex number."""

from __future__ import annotations

from math import inf, pi
from math import log as ln

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, ShapeMismatch
from gradcli.functions.arguments import Operand
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq, exp2, isfinite, isnan, ne, trunc, zeros_like
from gradcli.functions.pointwise import binary, unary
from gradcli.functions.refusals import only_whole_numbers, representable
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import LIMITS, bool_, int32

# ── sign and exponent ──

copysign = binary(
    "copysign",
    "the size of x with the sign of y",
    lambda x, result: where(eq(x, 0), 0.0, result / x),
    lambda g, x, result: zeros_like(g),  # PyTorch saves both whichever operand requires grad
    names_with_number=("CopysignBackward0", "CopysignBackward1"),
    floating=True,
    kink="0 at 0",
)
signbit = unary(
    "signbit", "whether x has a minus sign, which -0 has too", None, formula=lambda x: copysign(1, x) < 0, in_place=False
)
ldexp = binary(
    "ldexp",
    "x times 2 to the power y",
    lambda y: exp2(y),
    lambda result: result * ln(2),
    formula=lambda x, y: x * exp2(trunc(y * 0.5)) * exp2(y - trunc(y * 0.5)),  # the power alone may overflow
    floating=True,
    tensors_only=True,
    laid_out_as=(0,),
)


@function(
    "FrexpBackward0",
    results=("mantissa", "exponent"),
    laid_out_as=("input",),
    examples=("frexp(x).mantissa",),
    d_input=lambda g_mantissa, exponent: g_mantissa / exp2(to(exponent, g_mantissa.dtype)),
)
def frexp(input: Tensor) -> tuple[LazyArray, LazyArray]:
    """The mantissa, from 1/2 to 1 in size, and the exponent of 2 that it is multiplied by."""
    if not input.dtype.is_floating:
        raise DTypeMismatch.as_torch("torch.frexp() only supports floating-point dtypes", hint="convert it with .float()")
    return ops.unary("mantissa", input.array), ops.cast(ops.unary("exponent", input.array), int32)


nextafter = binary(
    "nextafter",
    "the number next to x on the way to y",
    lambda g, x, y: where(ne(x, y), g, 0.0),
    0,
    tensors_only=True,
    refuse=only_whole_numbers("nextafter_cpu"),
    kink="0 where x is y",
)


@function(examples=("positive(x)",))
def positive(input: Tensor) -> Tensor:
    """The tensor itself: the operator + before it."""
    if input.dtype is bool_:
        raise DTypeMismatch.as_torch("The `+` operator, on a bool tensor is not supported.", hint="convert it with .int()")
    return input


# ── nan and infinity ──


@function(
    "NanToNumBackward0",
    in_place=True,
    laid_out_as=("input",),
    examples=("nan_to_num(x)",),
    kink="0 where it replaces a number",
    d_input=lambda g, input: where(isfinite(input), g, 0.0),
)
def nan_to_num(input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> LazyArray:
    """With 0 for nan and the largest numbers for infinities, or others that are given."""
    if not input.dtype.is_floating:
        return input.array
    lowest, highest = LIMITS[input.dtype]
    finite = where(eq(input, inf), highest if posinf is None else posinf, input)
    finite = where(eq(input, -inf), lowest if neginf is None else neginf, finite)
    return where(isnan(input), 0.0 if nan is None else nan, finite).array


# ── one number in every place ──


@function(
    "FillBackward1", name="fill", public=False, laid_out_as=("input",), d_input=lambda g: zeros_like(g), d_value=lambda g: g
)
def _filled_with_tensor(input: Tensor, value: Tensor) -> LazyArray:
    """A number that is a tensor in every place."""
    return ops.broadcast_to(ops.cast(value.array, input.dtype), input.shape)


@function("FillBackward0", name="fill", public=False, laid_out_as=("input",), d_input=lambda g: zeros_like(g))
def _filled_with_number(input: Tensor, value: Scalar) -> LazyArray:
    """A Python number in every place."""
    return ops.full(input.shape, representable(value, input.dtype, 1), input.dtype)


@function(method=False, forms=(_filled_with_tensor, _filled_with_number), examples=("fill(x, 2)", "fill(x, sum(y))"))
def fill(input: Tensor, value: Operand) -> Tensor:
    """One number in every place."""
    if not isinstance(value, Tensor):
        return _filled_with_number(input, value)
    if value.ndim:
        raise ShapeMismatch.as_torch(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return _filled_with_tensor(input, value)


# ── as a complex number ──

angle = unary(
    "angle",
    "the angle of a real number in the plane: pi where it is negative, else 0",
    lambda g, x: zeros_like(g),  # PyTorch saves x
    formula=lambda x: where(x < 0, pi, where(isnan(x), x, 0.0)),
    kink="0 everywhere",
    in_place=False,
)


@function(aliases=("conj_physical",), examples=("conj(x)",))
def conj(input: Tensor) -> Tensor:
    """The conjugate of a real number: the tensor itself."""
    return input


@function(method=False, examples=("real(x)",))
def real(input: Tensor) -> Tensor:
    """The real part of a real number: the tensor itself."""
    return input
