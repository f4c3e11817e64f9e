"""Division in its forms: rounded quotients, remainders, common divisors and multiples."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import ValueFault
from gradcli.functions import refusals
from gradcli.functions.arguments import Operand
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.elementwise import abs, div, eq, floor, sign, trunc, zeros_like
from gradcli.functions.pointwise import Pointwise, binary, common_dtype, wrap_number
from gradcli.functions.refusals import no_derivative
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import FLOATING, INTEGER

_no_booleans_in_quotient = refusals.only_booleans("div_floor_cpu")
_no_booleans_in_remainder = refusals.only_booleans("remainder_cpu")
_fmod = binary(
    "fmod",
    "the remainder of x / y with the sign of x",
    1,
    lambda x, y: -trunc(x / y),
    grad_fn="FmodBackward1",
    domain=(0.5, 2.0),
    public=False,
    refuse=refusals.only_booleans("fmod_cpu"),
)
_remainder = binary(
    "remainder",
    "the remainder of x / y with the sign of y",
    1,
    lambda x, y: -_whole(floor, x, y),
    grad_fn="RemainderBackward1",
    domain=(0.5, 2.0),
    public=False,
    refuse=_no_booleans_in_remainder,
)


_rounded_quotient = {
    "floor": binary(
        "div",
        "the quotient, rounded down",
        lambda y: zeros_like(y),
        lambda x: zeros_like(x),
        formula=lambda x, y: _whole(floor, x, y),
        grad_fn="DivBackward2",
        domain=(0.5, 2.0),
        public=False,
    ),
    "trunc": binary(
        "div",
        "the quotient, rounded towards 0",
        lambda y: zeros_like(y),
        lambda x: zeros_like(x),
        formula=lambda x, y: _whole(trunc, x, y),
        grad_fn="DivBackward2",
        domain=(0.5, 2.0),
        public=False,
    ),
}


@function(name="div", aliases=("true_divide", "divide"), in_place=True, forms=(div, *_rounded_quotient.values()))
def true_divide(input: Operand, other: Operand, rounding_mode: str | None = None) -> Tensor:
    """x / y; rounding_mode: None, 'trunc' or 'floor'."""
    if rounding_mode is None:
        return div(input, other)
    if rounding_mode not in ("trunc", "floor"):
        message = f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        raise ValueFault.as_torch(message)
    return _rounded_quotient[rounding_mode](input, other)


def _whole(rounding: Pointwise, x: Tensor, y: Tensor) -> Tensor:
    """x / y, rounded."""
    if x.dtype.kind == FLOATING:
        return Tensor(ops.binary("floor_divide", x.array, y.array)) if rounding is floor else trunc(x / y)
    if rounding is floor:
        return Tensor(ops.binary("floor_divide", x.array, y.array))
    quotient = Tensor(ops.binary("floor_divide", abs(x).array, abs(y).array))
    return where(eq(sign(x), sign(y)), quotient, -quotient)


_no_derivative_of_quotient = no_derivative("derivative for aten::floor_divide is not implemented")
_no_derivative_of_remainder = no_derivative("derivative for aten::remainder is not implemented")


@function(
    "NotImplemented",
    in_place=True,
    laid_out_as=("input", "other"),
    d_input=_no_derivative_of_quotient,
    d_other=_no_derivative_of_quotient,
)
def floor_divide(input: Operand, other: Operand) -> LazyArray:
    """x // y: the quotient rounded down, as Python's."""
    _no_booleans_in_quotient(input, other)
    dtype = common_dtype(input, other)
    if dtype.kind != FLOATING and not isinstance(other, Tensor) and other == 0:
        raise ValueFault.as_torch("ZeroDivisionError")
    a, b = (value if isinstance(value, Tensor) else wrap_number(value, dtype) for value in (input, other))
    return ops.binary("floor_divide", ops.cast(a.array, dtype), ops.cast(b.array, dtype))


@function("NotImplemented", name="remainder", public=False, d_other=_no_derivative_of_remainder)
def remainder_of_number(input: Scalar, other: Tensor) -> LazyArray:
    """The remainder of a number divided by a tensor."""
    _no_booleans_in_remainder(input, other)
    dtype = common_dtype(input, other)
    return ops.binary("remainder", ops.constant(input, dtype), ops.cast(other.array, dtype))


# ── common divisors and multiples ──


def _whole_numbers(kernel: str, input: Tensor, other: Tensor) -> tuple[LazyArray, LazyArray]:
    """Two tensors of whole numbers in one dtype."""
    dtype = common_dtype(input, other)
    if dtype.kind != INTEGER:
        raise refusals.no_kernel(kernel, dtype, "convert both with .long()")
    return ops.cast(input.array, dtype), ops.cast(other.array, dtype)


@function(in_place=True, laid_out_as=("input", "other"), examples=("gcd(tensor([4, 6]), tensor([6, 9]))",))
def gcd(input: Tensor, other: Tensor) -> LazyArray:
    """The greatest common divisor of whole numbers."""
    return ops.binary("gcd", *_whole_numbers("gcd_cpu", input, other))


@function(in_place=True, laid_out_as=("input", "other"), examples=("lcm(tensor([4, 6]), tensor([6, 9]))",))
def lcm(input: Tensor, other: Tensor) -> LazyArray:
    """The least common multiple of whole numbers."""
    x, y = _whole_numbers("lcm_cpu", input, other)
    divisor = ops.binary("maximum", ops.binary("gcd", x, y), ops.constant(1, x.dtype))  # 0 is a multiple of 0
    return ops.unary("abs", ops.binary("mul", ops.binary("floor_divide", x, divisor), y))


# ── remainders ──


@function(in_place=True, forms=(_fmod,))
def fmod(input: Tensor, other: Operand) -> Tensor:
    """The remainder of x / y with the sign of x."""
    return _fmod.apply_to(input, other, "" if isinstance(other, Tensor) else "FmodBackward0")


@function(in_place=True, forms=(_remainder,))
def remainder(input: Operand, other: Operand) -> Tensor:
    """The remainder of x / y with the sign of y, as Python's %."""
    if not isinstance(input, Tensor):
        return remainder_of_number(input, other)
    if not isinstance(other, Tensor):
        if other == 0 and common_dtype(input, other).kind != FLOATING:
            raise ValueFault.as_torch("ZeroDivisionError")
        return _remainder.apply_to(input, other, "RemainderBackward0")
    return _remainder(input, other)
