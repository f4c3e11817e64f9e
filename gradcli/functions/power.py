"""Powers, with numbers or tensors as base and exponent."""

from __future__ import annotations

from math import log as ln

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar, operators
from gradcli.errors import ValueFault
from gradcli.functions import refusals
from gradcli.functions.arguments import Operand
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq, log, logical_and, zeros_like
from gradcli.functions.pointwise import binary, common_dtype
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import bool_, int64

_no_booleans_in_power = refusals.only_booleans("pow")


def _power_of_number(g: Tensor, input: Tensor, exponent: Scalar) -> Tensor:
    """g * exponent * x ** (exponent - 1), and 0 for the exponent 0."""
    return zeros_like(g) if exponent == 0 else g * (exponent * pow(input, exponent - 1))


@function(
    "PowBackward0",
    name="pow",
    public=False,
    laid_out_as=("input",),
    examples=("x ** 3", "pow(x, 2)"),
    d_input=_power_of_number,
    kink="x**0 has derivative 0",
)
def pow_number(input: Tensor, exponent: Scalar) -> LazyArray:
    """A tensor to the power of a number."""
    if not input.dtype.is_floating and isinstance(exponent, int) and exponent < 0:
        raise ValueFault.as_torch("Integers to negative integer powers are not allowed.", hint="convert it first: .float()")
    dtype = common_dtype(input, exponent)
    array = ops.cast(input.array, dtype)
    if exponent == 1:
        return array
    if exponent == 2:  # exact, and many times faster than the general power
        return ops.binary("mul", array, array)
    return ops.binary("pow", array, ops.constant(exponent, dtype))


@function(
    "PowBackward2",
    name="pow",
    public=False,
    examples=("2 ** x", "pow(3.0, x)"),
    d_exponent=lambda g, input, exponent, result: (
        g * (result * ln(input))
        if input > 0
        else g * where(exponent >= 0, 0.0, result * (float("-inf") if input == 0 else float("nan")))
    ),
)
def pow_of_number(input: Scalar, exponent: Tensor) -> LazyArray:
    """A number to the power of a tensor."""
    _no_booleans_in_power(input, exponent)
    dtype = common_dtype(input, exponent)
    return ops.binary("pow", ops.constant(input, dtype), ops.cast(exponent.array, dtype))


pow_tensor = binary(
    "pow",
    "x to the power y",
    lambda x, y: where(eq(y, 0), 0.0, y * pow(x, y - 1)),
    lambda x, y, result: where(logical_and(eq(x, 0), y >= 0), 0.0, result * log(x)),
    grad_fn="PowBackward1",
    domain=(0.5, 2.0),
    public=False,
    refuse=_no_booleans_in_power,
    kink="x**0 has derivative 0 in x; 0**y has derivative 0 in y for y >= 0",
)


@function(in_place=True, forms=(pow_number, pow_of_number, pow_tensor))
def pow(input: Operand, exponent: Operand) -> Tensor:
    """input to the power exponent."""
    if not isinstance(exponent, Tensor):
        return pow_number(input, exponent)
    if not isinstance(input, Tensor):
        return pow_of_number(input, exponent)
    return pow_tensor(input, exponent)


@function(
    "PowBackward0", in_place=True, laid_out_as=("input",), examples=("square(x)",), d_input=lambda g, input: g * (2 * input)
)
def square(input: Tensor) -> LazyArray:
    """x * x."""
    array = ops.cast(input.array, int64) if input.dtype is bool_ else input.array
    return ops.binary("mul", array, array)


@function(in_place=True)
def float_power(input: Operand, exponent: Operand) -> Tensor:
    """input to the power exponent, in float64."""
    from gradcli.functions.create import to
    from gradcli.lazy.dtypes import float64

    x, y = (to(value, float64) if isinstance(value, Tensor) else float(value) for value in (input, exponent))
    return pow(x, y)


operators["pow"] = pow
