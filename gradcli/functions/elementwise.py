"""Elementwise functions, by their partial derivatives."""

from __future__ import annotations

from builtins import abs as magnitude
from collections.abc import Callable
from math import log as ln
from math import pi
from math import sqrt as root

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar, operators
from gradcli.errors import DTypeMismatch, NotSupported, ValueFault
from gradcli.functions import refusals
from gradcli.functions.arguments import Operand
from gradcli.functions.declare import METHODS, function
from gradcli.functions.pointwise import Pointwise, binary, common_dtype, unary, wrap_number
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import FLOATING, bool_

_no_booleans_in_power = refusals.only_booleans("pow")
_no_booleans_in_quotient = refusals.only_booleans("div_floor_cpu")
_no_booleans_in_remainder = refusals.only_booleans("remainder_cpu")


def _bitwise(primitive: str) -> Callable[[Tensor, Tensor], Tensor]:
    def combine(x: Tensor, y: Tensor) -> Tensor:
        refusals.floats_in_bits(f"{primitive}_cpu", x.dtype)
        return Tensor(ops.binary(primitive, x.array, y.array))

    return combine


# ── comparisons and logic: no derivative ──

# fmt: off
eq = binary("eq", "whether x equals y", None, None, formula="equal")
ne = binary("ne", "whether x differs from y", None, None, formula="not_equal", aliases=("not_equal",))
lt = binary("lt", "whether x is less than y", None, None, formula="less", aliases=("less",))
le = binary("le", "whether x is at most y", None, None, formula="less_equal", aliases=("less_equal",))
gt = binary("gt", "whether x is greater than y", None, None, formula=lambda x, y: lt(y, x), aliases=("greater",))
ge = binary("ge", "whether x is at least y", None, None, formula=lambda x, y: le(y, x), aliases=("greater_equal",))

logical_and = binary("logical_and", "whether both are nonzero", None, None, tensors_only=True)
logical_or  = binary("logical_or", "whether one of them is nonzero", None, None, tensors_only=True)
logical_xor = binary("logical_xor", "whether exactly one of them is nonzero", None, None, tensors_only=True)
logical_not = unary("logical_not", "whether x is zero", None, floating=False)
isnan    = unary("isnan", "whether x is nan", None, floating=False)
isinf    = unary("isinf", "whether x is infinite", None, floating=False)
isfinite = unary("isfinite", "whether x is finite", None, floating=False)

# ── arithmetic ──

add = binary("add", "x + y", 1, 1)
sub = binary("sub", "x - y", 1, -1, aliases=("subtract",), refuse=refusals.booleans_in_subtraction)
mul = binary("mul", "x * y", lambda y: y, lambda x: x, aliases=("multiply",))
div = binary("div", "x / y", lambda y: reciprocal(y), lambda x, y: -x / (y * y), floating=True, public=False)
neg = unary("neg", "-x", -1, aliases=("negative",), floating=False, refuse=refusals.booleans_in_negation)
reciprocal = unary("reciprocal", "1 / x", lambda result: -result * result, domain=(0.5, 2.0))
sqrt = unary("sqrt", "the square root", lambda result: 0.5 / result, domain=(0.5, 2.0), kink="inf at 0")
rsqrt = unary("rsqrt", "1 / sqrt(x)", lambda result: -0.5 * (result * result * result), formula=lambda x: reciprocal(sqrt(x)), domain=(0.5, 2.0))
abs = unary("abs", "the absolute value", lambda x: sign(x), aliases=("absolute",), kink="0 at 0", floating=False)

# ── exponentials and logarithms ──

exp   = unary("exp", "e to the power x", lambda result: result)
exp2  = unary("exp2", "2 to the power x", lambda result: result * ln(2), aliases=("torch.special.exp2",))
expm1 = unary("expm1", "exp(x) - 1, exact near 0", lambda result: result + 1, aliases=("torch.special.expm1",))
log   = unary("log", "the natural logarithm", lambda x: reciprocal(x), domain=(0.3, 3.0))
log2  = unary("log2", "the logarithm to base 2", lambda x: reciprocal(x * ln(2)), domain=(0.3, 3.0))
log10 = unary("log10", "the logarithm to base 10", lambda x: reciprocal(x * ln(10)), domain=(0.3, 3.0))
log1p = unary("log1p", "log(1 + x), exact near 0", lambda x: reciprocal(x + 1), grad_fn="Log1PBackward0", domain=(-0.6, 3.0), aliases=("torch.special.log1p",))

# ── trigonometry ──

sin  = unary("sin", "the sine", lambda x: cos(x))
cos  = unary("cos", "the cosine", lambda x: -sin(x))
tan  = unary("tan", "the tangent", lambda result: result * result + 1, domain=(-1.2, 1.2))
asin = unary("asin", "the inverse sine", lambda x: rsqrt(1 - x * x), domain=(-0.8, 0.8), aliases=("arcsin",))
acos = unary("acos", "the inverse cosine", lambda x: -rsqrt(1 - x * x), domain=(-0.8, 0.8), aliases=("arccos",))
atan = unary("atan", "the inverse tangent", lambda x: reciprocal(x * x + 1), aliases=("arctan",))
sinh = unary("sinh", "the hyperbolic sine", lambda x: cosh(x))
cosh = unary("cosh", "the hyperbolic cosine", lambda x: sinh(x))
tanh = unary("tanh", "the hyperbolic tangent", lambda result: 1 - result * result, aliases=("torch.nn.functional.tanh",))
asinh = unary("asinh", "the inverse hyperbolic sine", lambda x: rsqrt(x * x + 1), aliases=("arcsinh",))
acosh = unary("acosh", "the inverse hyperbolic cosine", lambda x: rsqrt(x * x - 1), domain=(1.3, 3.0), aliases=("arccosh",))
atanh = unary("atanh", "the inverse hyperbolic tangent", lambda x: reciprocal(1 - x * x), domain=(-0.8, 0.8), aliases=("arctanh",))

# ── special functions ──

erf  = unary("erf", "the error function", lambda x: 2 / root(pi) * exp(-(x * x)), aliases=("torch.special.erf",))
erfc = unary("erfc", "1 - erf(x), exact for large x", lambda x: -2 / root(pi) * exp(-(x * x)), aliases=("torch.special.erfc",))
sigmoid = unary("sigmoid", "1 / (1 + exp(-x))", lambda result: (1 - result) * result, formula=lambda x: reciprocal(exp(-x) + 1), aliases=("torch.special.expit", "torch.nn.functional.sigmoid"))

# ── rounding: derivative 0 ──

sign  = unary("sign", "-1, 0 or 1", 0, kink="0 everywhere", floating=False)
floor = unary("floor", "the largest integer that is not above x", 0, kink="0 everywhere", floating=False)
ceil  = unary("ceil", "the smallest integer that is not below x", 0, kink="0 everywhere", floating=False)
trunc = unary("trunc", "x without its fraction", 0, aliases=("fix",), kink="0 everywhere", floating=False)
frac  = unary("frac", "the fraction of x, with its sign", 1, formula=lambda x: x - trunc(x), domain=(0.1, 0.9))
relu  = unary("relu", "x where positive, else 0", lambda result: where(result <= 0, 0.0, wrap_number(1.0, result.dtype)), formula=lambda x: maximum.apply_to(x, 0), kink="0 at 0", floating=False, aliases=("torch.nn.functional.relu",))

# ── two operands ──

maximum = binary("maximum", "the larger of x and y", lambda x, y: share(x < y, x, y), lambda x, y: share(x > y, x, y), kink="half to each when equal", tensors_only=True)
minimum = binary("minimum", "the smaller of x and y", lambda x, y: share(x > y, x, y), lambda x, y: share(x < y, x, y), kink="half to each when equal", tensors_only=True)
fmax = binary("fmax", "the larger of x and y, ignoring nan", lambda x, y: indicator(logical_or(x >= y, isnan(y)), x), lambda x, y: indicator(logical_not(logical_or(x >= y, isnan(y))), x), kink="all to the first when equal", tensors_only=True)
fmin = binary("fmin", "the smaller of x and y, ignoring nan", lambda x, y: indicator(logical_or(x <= y, isnan(y)), x), lambda x, y: indicator(logical_not(logical_or(x <= y, isnan(y))), x), kink="all to the first when equal", tensors_only=True)
atan2 = binary("atan2", "the angle of the point (y, x)", lambda x, y: y * inverse_square_length(x, y), lambda x, y: -x * inverse_square_length(x, y), floating=True, aliases=("arctan2",), kink="0 at the origin", tensors_only=True)
hypot = binary("hypot", "sqrt(x*x + y*y) without overflow", lambda x, result: x / result, lambda y, result: y / result, kink="nan at the origin", tensors_only=True)
_fmod = binary("fmod", "the remainder of x / y with the sign of x", 1, lambda x, y: -trunc(x / y), grad_fn="FmodBackward1", domain=(0.5, 2.0), public=False)
_remainder = binary("remainder", "the remainder of x / y with the sign of y", 1, lambda x, y: -floor(x / y), grad_fn="RemainderBackward1", domain=(0.5, 2.0), public=False, refuse=_no_booleans_in_remainder)
reverse_sub = binary("rsub", "y - x", -1, 1, formula=lambda x, y: sub(y, x), grad_fn="RsubBackward1", refuse=refusals.booleans_in_subtraction)

xlogy = binary("xlogy", "x * log(y), and 0 where x is 0", lambda x, y: where(logical_and(eq(x, 0), y <= 0), 0.0, log(y)), lambda x, y: x / y, formula=lambda x, y: where(logical_and(eq(x, 0), logical_not(isnan(y))), 0.0, x * log(y)), floating=True, domain=(0.3, 3.0), aliases=("torch.special.xlogy",))

bitwise_and = binary("bitwise_and", "bit by bit and", None, None, formula=_bitwise("bitwise_and"))
bitwise_or  = binary("bitwise_or", "bit by bit or", None, None, formula=_bitwise("bitwise_or"))
bitwise_xor = binary("bitwise_xor", "bit by bit exclusive or", None, None, formula=_bitwise("bitwise_xor"))
bitwise_not = unary("bitwise_not", "bit by bit not; of booleans, not", None, floating=False, refuse=refusals.floats_in_inversion)
# fmt: on


# ── what partials share ──


def zeros_like(tensor: Tensor) -> Tensor:
    """Zeros of the same shape and dtype."""
    return Tensor(ops.full(tensor.shape, 0, tensor.dtype))


def indicator(condition: Tensor, like: Tensor) -> Tensor:
    """1 where the condition holds, else 0, in the dtype of another tensor."""
    return Tensor(ops.cast(condition.array, like.dtype))


def share(loses: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The share of a cotangent that goes to x: nothing where it loses, half where it equals y, else all."""
    return where(eq(x, y), 0.5, where(loses, 0.0, wrap_number(1.0, x.dtype)))


def inverse_square_length(x: Tensor, y: Tensor) -> Tensor:
    """1 / (x*x + y*y), and 0 at the origin."""
    square = x * x + y * y
    return where(eq(square, 0), 0.0, reciprocal(square))


# ── sums with a factor ──


@function(
    "AddBackward0",
    name="add",
    public=False,
    examples=("add(x, y, alpha=2)",),
    d_input=lambda g: g,
    d_other=lambda g, alpha: g * alpha,
)
def add_scaled(input: Operand, other: Operand, *, alpha: Scalar = 1) -> Tensor:
    """x + alpha * y."""
    return add.apply_to(input, other * alpha)


@function(
    "SubBackward0",
    name="sub",
    public=False,
    examples=("sub(x, y, alpha=2)",),
    d_input=lambda g: g,
    d_other=lambda g, alpha: g * -alpha,
)
def sub_scaled(input: Operand, other: Operand, *, alpha: Scalar = 1) -> Tensor:
    """x - alpha * y."""
    return sub.apply_to(input, other * alpha)


add.scaled, sub.scaled = add_scaled, sub_scaled

# ── where, clamp ──


@function(
    "WhereBackward0",
    method=False,
    examples=("where(x > 0, x, y)", "where(x > 0, x, 1.0)"),
    d_input=lambda g, condition: where(condition, g, 0.0),
    d_other=lambda g, condition: where(condition, 0.0, g),
)
def where(condition: Tensor, input: Operand, other: Operand) -> LazyArray:
    """input where the condition holds, else other."""
    if condition.dtype is not bool_:
        message = f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.tensor_type}"
        raise DTypeMismatch(message, torch_message=message, hint="compare it with something, for example condition > 0")
    dtype = common_dtype(input, other)
    a, b = (value if isinstance(value, Tensor) else wrap_number(value, dtype) for value in (input, other))
    return ops.where(condition.array, ops.cast(a.array, dtype), ops.cast(b.array, dtype))


def _where_method(input: Tensor, condition: Tensor, other: Operand) -> Tensor:
    """The tensor where the condition holds, else other."""
    return where(condition, input, other)


def _within(input: Tensor, min: Operand | None, max: Operand | None) -> Tensor:
    """1 where the input is within the bounds, both included, else 0."""
    inside = wrap_number(True, bool_)
    if min is not None:
        inside = logical_and(inside, input >= min)
    if max is not None:
        inside = logical_and(inside, input <= max)
    return inside


def _clamp_grad_fn(min: Operand | None, max: Operand | None) -> str:
    return "ClampBackward0" if isinstance(min, Tensor) or isinstance(max, Tensor) else "ClampBackward1"


@function(
    _clamp_grad_fn,
    aliases=("clip",),
    in_place=True,
    kink="1 at bounds that are numbers; at bounds that are tensors, 1 to the input and 0 to the bound",
    examples=("clamp(x, -1, 1)", "clamp(x, min=0)", "clamp(x, max=y)"),
    d_input=lambda g, input, min, max: where(_within(input, min, max), g, 0.0),
    d_min=lambda g, input, min, max: where(_pushed_up(input, min, max), g, 0.0),
    d_max=lambda g, input, min, max: where(input > max, g, 0.0),
)
def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """input, but not below min and not above max."""
    if min is None and max is None:
        message = "torch.clamp: At least one of 'min' or 'max' must not be None"
        raise ValueFault(message, torch_message=message)
    result = input
    if min is not None:
        result = maximum.apply_to(result, min)
    if max is not None:
        result = minimum.apply_to(result, max)
    return result


def _pushed_up(input: Tensor, min: Operand, max: Operand | None) -> Tensor:
    """Where the lower bound decides the result of clamp."""
    pushed = operators["lt"](input, min)
    return pushed if max is None else logical_and(pushed, operators["lt"](min, max))


@function(
    lambda min: "ClampMinBackward1" if isinstance(min, Tensor) else "ClampMinBackward0",
    in_place=True,
    examples=("clamp_min(x, 0.5)",),
    d_input=lambda g, input, min: where(input >= min, g, 0.0),
    d_min=lambda g, input, min: where(input < min, g, 0.0),
)
def clamp_min(input: Tensor, min: Operand) -> Tensor:
    """input, but not below min."""
    return maximum.apply_to(input, min)


@function(
    lambda max: "ClampMaxBackward1" if isinstance(max, Tensor) else "ClampMaxBackward0",
    in_place=True,
    examples=("clamp_max(x, 0.5)",),
    d_input=lambda g, input, max: where(input <= max, g, 0.0),
    d_max=lambda g, input, max: where(input > max, g, 0.0),
)
def clamp_max(input: Tensor, max: Operand) -> Tensor:
    """input, but not above max."""
    return minimum.apply_to(input, max)


# ── powers ──


def _power_of_number(g: Tensor, input: Tensor, exponent: Scalar) -> Tensor:
    return zeros_like(g) if exponent == 0 else g * (exponent * pow(input, exponent - 1))


@function(
    "PowBackward0",
    name="pow",
    public=False,
    examples=("x ** 3", "pow(x, 2)"),
    d_input=_power_of_number,
    kink="x**0 has derivative 0",
)
def pow_number(input: Tensor, exponent: Scalar) -> LazyArray:
    """A tensor to the power of a number."""
    if not input.dtype.is_floating and isinstance(exponent, int) and exponent < 0:
        message = "Integers to negative integer powers are not allowed."
        raise ValueFault(message, torch_message=message, hint="convert it first: .float()")
    dtype = common_dtype(input, exponent)
    array = ops.cast(input.array, dtype)
    if exponent == 2:  # exact, and many times faster than the general power
        return ops.binary("mul", array, array)
    return ops.binary("pow", array, ops.constant(exponent, dtype))


@function(
    "PowBackward2",
    name="pow",
    public=False,
    examples=("2 ** x", "pow(3.0, x)"),
    d_exponent=lambda g, input, exponent, result: (
        g * (result * ln(input)) if input > 0 else g * where(exponent >= 0, 0.0, result * (float("-inf") if input == 0 else float("nan")))
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


@function("PowBackward0", in_place=True, examples=("square(x)",), d_input=lambda g, input: g * (2 * input))
def square(input: Tensor) -> LazyArray:
    """x * x."""
    return ops.binary("mul", input.array, input.array)


@function()
def float_power(input: Operand, exponent: Operand) -> Tensor:
    """input to the power exponent, in float64."""
    from gradcli.functions.create import to
    from gradcli.lazy.dtypes import float64

    x, y = (to(value, float64) if isinstance(value, Tensor) else float(value) for value in (input, exponent))
    return pow(x, y)


# ── division in its forms ──


@function(name="div", aliases=("true_divide", "divide"), in_place=True, forms=(div,))
def true_divide(input: Operand, other: Operand, rounding_mode: str | None = None) -> Tensor:
    """x / y; rounding_mode: None, 'trunc' or 'floor'."""
    if rounding_mode is None:
        return div(input, other)
    if rounding_mode not in ("trunc", "floor"):
        message = f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        raise ValueFault(message, torch_message=message)
    return _rounded_quotient[rounding_mode](input, other)


_rounded_quotient = {
    "floor": binary("div", "the quotient, rounded down", lambda y: zeros_like(y), lambda x: zeros_like(x), formula=lambda x, y: _whole(floor, x, y), grad_fn="DivBackward2", domain=(0.5, 2.0), public=False),
    "trunc": binary("div", "the quotient, rounded towards 0", lambda y: zeros_like(y), lambda x: zeros_like(x), formula=lambda x, y: _whole(trunc, x, y), grad_fn="DivBackward2", domain=(0.5, 2.0), public=False),
}


def _whole(rounding: Pointwise, x: Tensor, y: Tensor) -> Tensor:
    if x.dtype.kind == FLOATING:
        return Tensor(ops.binary("floor_divide", x.array, y.array)) if rounding is floor else trunc(x / y)
    if rounding is floor:
        return Tensor(ops.binary("floor_divide", x.array, y.array))
    quotient = Tensor(ops.binary("floor_divide", abs(x).array, abs(y).array))
    return where(eq(sign(x), sign(y)), quotient, -quotient)


def not_implemented(name: str) -> Callable[[Tensor], Tensor]:
    """The rule of what PyTorch does not differentiate."""

    def refuse(g: Tensor) -> Tensor:
        message = f"derivative for aten::{name} is not implemented"
        raise NotSupported(message, torch_message=message, hint="detach() its operands to take it as a constant")

    return refuse


@function("NotImplemented", in_place=True, d_input=not_implemented("floor_divide"), d_other=not_implemented("floor_divide"))
def floor_divide(input: Operand, other: Operand) -> LazyArray:
    """x // y: the quotient rounded down, as Python's."""
    _no_booleans_in_quotient(input, other)
    dtype = common_dtype(input, other)
    if dtype.kind != FLOATING and not isinstance(other, Tensor) and other == 0:
        raise ValueFault("ZeroDivisionError", torch_message="ZeroDivisionError")
    a, b = (value if isinstance(value, Tensor) else wrap_number(value, dtype) for value in (input, other))
    return ops.binary("floor_divide", ops.cast(a.array, dtype), ops.cast(b.array, dtype))


@function("NotImplemented", name="remainder", public=False, d_other=not_implemented("remainder"))
def remainder_of_number(input: Scalar, other: Tensor) -> LazyArray:
    """The remainder of a number divided by a tensor."""
    _no_booleans_in_remainder(input, other)
    dtype = common_dtype(input, other)
    return ops.binary("remainder", ops.constant(input, dtype), ops.cast(other.array, dtype))


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
            raise ValueFault("ZeroDivisionError", torch_message="ZeroDivisionError")
        return _remainder.apply_to(input, other, "RemainderBackward0")
    return _remainder(input, other)


@function(
    lambda decimals: "RoundBackward1" if decimals else "RoundBackward0",
    in_place=True,
    kink="0 everywhere",
    d_input=lambda g: zeros_like(g),
    examples=("round(x)", "round(x, decimals=1)"),
)
def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """x to the nearest integer, halves to the even one; or to a number of decimals."""
    if decimals:
        scale = 10.0 ** magnitude(decimals)
        scaled = Tensor(ops.unary("round", (input * scale if decimals > 0 else input / scale).array))
        return scaled / scale if decimals > 0 else scaled * scale
    return Tensor(ops.unary("round", input.array)) if input.dtype.is_floating else Tensor(input.array)


@function(
    lambda weight: "LerpBackward1" if isinstance(weight, Tensor) else "LerpBackward0",
    in_place=True,
    examples=("lerp(x, y, 0.3)", "lerp(x, y, sigmoid(x))"),
    d_input=lambda g, weight: g * (1 - weight),
    d_end=lambda g, weight: g * weight,
    d_weight=lambda g, input, end: g * (end - input),
)
def lerp(input: Tensor, end: Tensor, weight: Operand) -> Tensor:
    """input + weight * (end - input)."""
    return input + weight * (end - input)


@function()
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |x - y| <= atol + rtol * |y|, element by element."""
    close = logical_or(eq(input, other), logical_and(isfinite(other), abs(sub(input, other)) <= abs(other) * rtol + atol))
    return logical_or(close, logical_and(isnan(input), isnan(other))) if equal_nan else close






@function()
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close."""
    return bool(isclose(input, other, rtol, atol, equal_nan).numpy().all())


@function()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes and all elements are equal."""
    return input.shape == other.shape and bool(eq(input, other).numpy().all())


METHODS["where"] = function(public=False, name="where")(_where_method)

operators.update(pow=pow, neg=neg)
operators.update({binary.name: binary.apply_to for binary in (add, sub, mul, div, lt, le, gt, ge)})
