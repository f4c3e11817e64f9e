"""Elementwise functions, by their partial derivatives."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, pi
from math import log as ln
from math import sqrt as root

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar, operators
from gradcli.functions import refusals
from gradcli.functions.arguments import Operand
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.pointwise import Binary, binary, common_dtype, unary
from gradcli.functions.refusals import no_kernel, representable
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import bool_, float16, float32
from gradcli.lazy.shapes import broadcast


def _bitwise(primitive: str) -> Callable[[Tensor, Tensor], Tensor]:
    def combine(x: Tensor, y: Tensor) -> Tensor:
        refusals.floats_in_bits(f"{primitive}_cpu", x.dtype)
        return Tensor(ops.binary(primitive, x.array, y.array))

    return combine


def _swapped(primitive: str) -> Callable[[Tensor, Tensor], Tensor]:
    def compare(x: Tensor, y: Tensor) -> Tensor:
        broadcast(x.shape, y.shape)  # an error about shapes names the operands in the order in which they were given
        return Tensor(ops.binary(primitive, y.array, x.array))

    return compare


# ── comparisons and logic: no derivative ──

eq = binary("eq", "whether x equals y", None, None, formula="equal")
ne = binary("ne", "whether x differs from y", None, None, formula="not_equal", aliases=("not_equal",))
lt = binary("lt", "whether x is less than y", None, None, formula="less", aliases=("less",))
le = binary("le", "whether x is at most y", None, None, formula="less_equal", aliases=("less_equal",))
gt = binary("gt", "whether x is greater than y", None, None, formula=_swapped("less"), aliases=("greater",))
ge = binary("ge", "whether x is at least y", None, None, formula=_swapped("less_equal"), aliases=("greater_equal",))

logical_and = binary("logical_and", "whether both are nonzero", None, None, tensors_only=True)
logical_or = binary("logical_or", "whether one of them is nonzero", None, None, tensors_only=True)
logical_xor = binary("logical_xor", "whether exactly one of them is nonzero", None, None, tensors_only=True)
logical_not = unary("logical_not", "whether x is zero", None, floating=False)
isnan = unary("isnan", "whether x is nan", None, floating=False)
isinf = unary("isinf", "whether x is infinite", None, floating=False)
isfinite = unary("isfinite", "whether x is finite", None, floating=False)
isneginf = unary("isneginf", "whether x is -inf", None, formula=lambda x: eq(x, -inf), floating=False, in_place=False)
isposinf = unary("isposinf", "whether x is inf", None, formula=lambda x: eq(x, inf), floating=False, in_place=False)
isreal = unary(
    "isreal",
    "whether x has no imaginary part: no number has one here",
    None,
    formula=lambda x: Tensor(ops.full(x.shape, True, bool_)),
    floating=False,
    in_place=False,
)

# ── arithmetic ──

add = binary("add", "x + y", 1, 1)
sub = binary("sub", "x - y", 1, -1, aliases=("subtract",), refuse=refusals.booleans_in_subtraction)
mul = binary("mul", "x * y", lambda y: y, lambda x: x, aliases=("multiply",))
div = binary("div", "x / y", lambda g, y: g / y, lambda g, x, y: -g * (x / y / y), floating=True, public=False)
neg = unary("neg", "-x", -1, aliases=("negative",), floating=False, refuse=refusals.booleans_in_negation)
reciprocal = unary(
    "reciprocal", "1 / x", lambda result: -result * result, formula=lambda x: div.apply_to(1.0, x), domain=(0.5, 2.0)
)
sqrt = unary("sqrt", "the square root", lambda g, result: g / (2 * result), domain=(0.5, 2.0), kink="inf at 0")
rsqrt = unary(
    "rsqrt",
    "1 / sqrt(x)",
    lambda result: -0.5 * (result * result * result),
    formula=lambda x: reciprocal(sqrt(x)),
    domain=(0.5, 2.0),
)
abs = unary(
    "abs",
    "the absolute value",
    lambda x: sign(x),
    aliases=("absolute",),
    kink="0 at 0",
    floating=False,
    refuse=refusals.booleans_in("abs_cpu"),
)

# ── exponentials and logarithms ──

exp = unary("exp", "e to the power x", lambda result: result)
exp2 = unary("exp2", "2 to the power x", lambda result: result * ln(2), aliases=("torch.special.exp2",))
expm1 = unary("expm1", "exp(x) - 1, exact near 0", lambda result: result + 1, aliases=("torch.special.expm1",))
log = unary("log", "the natural logarithm", lambda g, x: g / x, domain=(0.3, 3.0))
log2 = unary("log2", "the logarithm to base 2", lambda g, x: g / (x * ln(2)), domain=(0.3, 3.0))
log10 = unary("log10", "the logarithm to base 10", lambda g, x: g / (x * ln(10)), domain=(0.3, 3.0))
log1p = unary(
    "log1p",
    "log(1 + x), exact near 0",
    lambda g, x: g / (x + 1),
    grad_fn="Log1PBackward0",
    domain=(-0.6, 3.0),
    aliases=("torch.special.log1p",),
)

# ── trigonometry ──

sin = unary("sin", "the sine", lambda x: cos(x))
cos = unary("cos", "the cosine", lambda x: -sin(x))
tan = unary("tan", "the tangent", lambda result: result * result + 1, domain=(-1.2, 1.2))
asin = unary("asin", "the inverse sine", lambda x: rsqrt(1 - x * x), domain=(-0.8, 0.8), aliases=("arcsin",))
acos = unary("acos", "the inverse cosine", lambda x: -rsqrt(1 - x * x), domain=(-0.8, 0.8), aliases=("arccos",))
atan = unary("atan", "the inverse tangent", lambda g, x: g / (x * x + 1), aliases=("arctan",))
sinh = unary("sinh", "the hyperbolic sine", lambda x: cosh(x))
cosh = unary("cosh", "the hyperbolic cosine", lambda x: sinh(x))
tanh = unary("tanh", "the hyperbolic tangent", lambda result: 1 - result * result, aliases=("torch.nn.functional.tanh",))
asinh = unary("asinh", "the inverse hyperbolic sine", lambda x: rsqrt(x * x + 1), aliases=("arcsinh",))
acosh = unary("acosh", "the inverse hyperbolic cosine", lambda x: rsqrt(x * x - 1), domain=(1.3, 3.0), aliases=("arccosh",))
atanh = unary("atanh", "the inverse hyperbolic tangent", lambda g, x: g / (1 - x * x), domain=(-0.8, 0.8), aliases=("arctanh",))
deg2rad = unary("deg2rad", "degrees as radians", lambda g: g * (pi / 180), formula=lambda x: x * (pi / 180))
rad2deg = unary("rad2deg", "radians as degrees", lambda g: g * (180 / pi), formula=lambda x: x * (180 / pi))

# ── error functions ──

erf = unary("erf", "the error function", lambda x: 2 / root(pi) * exp(-(x * x)), aliases=("torch.special.erf",))
erfc = unary("erfc", "1 - erf(x), exact for large x", lambda x: -2 / root(pi) * exp(-(x * x)), aliases=("torch.special.erfc",))
sigmoid = unary(
    "sigmoid",
    "1 / (1 + exp(-x))",
    lambda result: (1 - result) * result,
    formula=lambda x: reciprocal(exp(-x) + 1),
    aliases=("torch.special.expit", "torch.nn.functional.sigmoid"),
)

# ── rounding: derivative 0 ──

sign = unary("sign", "-1, 0 or 1", 0, kink="0 everywhere", floating=False)
sgn = unary("sgn", "-1, 0 or 1", lambda g, result: zeros_like(g), formula="sign", kink="0 everywhere", floating=False)
floor = unary(
    "floor",
    "the largest integer that is not above x",
    0,
    kink="0 everywhere",
    floating=False,
    refuse=refusals.booleans_in("floor_vml_cpu"),
)
ceil = unary(
    "ceil",
    "the smallest integer that is not below x",
    0,
    kink="0 everywhere",
    floating=False,
    refuse=refusals.booleans_in("ceil_vml_cpu"),
)
trunc = unary(
    "trunc",
    "x without its fraction",
    0,
    aliases=("fix",),
    kink="0 everywhere",
    floating=False,
    refuse=refusals.booleans_in("trunc_vml_cpu"),
)
frac = unary(
    "frac",
    "the fraction of x, with its sign",
    1,
    formula=lambda x: x - trunc(x),
    domain=(0.1, 0.9),
    refuse=refusals.booleans_in("frac_cpu"),
)
relu = unary(
    "relu",
    "x where positive, else 0",
    lambda g, result: where(result <= 0, 0.0, g),
    formula=lambda x: maximum.apply_to(x, 0),
    kink="0 at 0",
    floating=False,
    refuse=refusals.booleans("Boolean inputs not supported for relu"),
    aliases=("torch.nn.functional.relu",),
)

# ── two operands ──

maximum = binary(
    "maximum",
    "the larger of x and y",
    lambda g, x, y: share(g, x < y, x, y),
    lambda g, x, y: share(g, x > y, x, y),
    kink="half to each when equal",
    tensors_only=True,
)
minimum = binary(
    "minimum",
    "the smaller of x and y",
    lambda g, x, y: share(g, x > y, x, y),
    lambda g, x, y: share(g, x < y, x, y),
    kink="half to each when equal",
    tensors_only=True,
)
fmax = binary(
    "fmax",
    "the larger of x and y, ignoring nan",
    lambda g, x, y: where(logical_or(x >= y, isnan(y)), g, 0.0),
    lambda g, x, y: where(logical_or(x >= y, isnan(y)), 0.0, g),
    kink="all to the first when equal",
    tensors_only=True,
)
fmin = binary(
    "fmin",
    "the smaller of x and y, ignoring nan",
    lambda g, x, y: where(logical_or(x <= y, isnan(y)), g, 0.0),
    lambda g, x, y: where(logical_or(x <= y, isnan(y)), 0.0, g),
    kink="all to the first when equal",
    tensors_only=True,
)
atan2 = binary(
    "atan2",
    "the angle of the point (y, x)",
    lambda x, y: y * inverse_square_length(x, y),
    lambda x, y: -x * inverse_square_length(x, y),
    floating=True,
    aliases=("arctan2",),
    kink="0 at the origin",
    tensors_only=True,
)
hypot = binary(
    "hypot",
    "sqrt(x*x + y*y) without overflow",
    lambda x, result: x / result,
    lambda y, result: y / result,
    kink="nan at the origin",
    tensors_only=True,
    refuse=refusals.only_whole_numbers("hypot_cpu"),
)
reverse_sub = binary(
    "rsub",
    "y - x",
    -1,
    1,
    formula=lambda x, y: sub(y, x),
    laid_out_as=(1, 0),
    refuse=refusals.booleans_in_subtraction,
    names_with_number=("RsubBackward0", "RsubBackward1"),
)

xlogy = binary(
    "xlogy",
    "x * log(y), and 0 where x is 0",
    lambda x, y: where(logical_and(eq(x, 0), y <= 0), 0.0, log(y)),
    lambda x, y: x / y,
    formula=lambda x, y: where(logical_and(eq(x, 0), logical_not(isnan(y))), 0.0, x * log(y)),
    floating=True,
    domain=(0.3, 3.0),
    aliases=("torch.special.xlogy",),
    names_with_number=("XlogyBackward1", "XlogyBackward2"),
)

bitwise_and = binary("bitwise_and", "bit by bit and", None, None, formula=_bitwise("bitwise_and"))
bitwise_or = binary("bitwise_or", "bit by bit or", None, None, formula=_bitwise("bitwise_or"))
bitwise_xor = binary("bitwise_xor", "bit by bit exclusive or", None, None, formula=_bitwise("bitwise_xor"))
bitwise_not = unary("bitwise_not", "bit by bit not; of booleans, not", None, floating=False, refuse=refusals.floats_in_inversion)

# ── what partials share ──


def zeros_like(tensor: Tensor) -> Tensor:
    """Zeros of the same shape and dtype."""
    return Tensor(ops.full(tensor.shape, 0, tensor.dtype))


def share(g: Tensor, loses: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The share of a cotangent that an operand gets: nothing where it loses, half where both are equal, else all."""
    return where(loses, 0.0, where(eq(x, y), g * 0.5, g))


def inverse_square_length(x: Tensor, y: Tensor) -> Tensor:
    """1 / (x*x + y*y), and 0 at the origin."""
    square = x * x + y * y
    return where(eq(square, 0), 0.0, reciprocal(square))


# ── with a number, of which nothing is saved ──


@function(
    "MulBackward1", public=False, laid_out_as=("input",), examples=("times_number(x, 3)",), d_input=lambda g, other: g * other
)
def times_number(input: Tensor, other: Scalar) -> Tensor:
    """x times a Python number."""
    return mul.apply_to(input, other)


@function(
    "DivBackward1", public=False, laid_out_as=("input",), examples=("over_number(x, 3)",), d_input=lambda g, other: g / other
)
def over_number(input: Tensor, other: Scalar) -> Tensor:
    """x divided by a Python number."""
    return div.apply_to(input, other)


# ── sums with a factor ──


def _scaled(input: Operand, other: Operand, alpha: Scalar) -> Operand:
    """The second operand times the factor, in the dtype that the operands are promoted to."""
    refusals.fractional_factor(input, other, alpha)
    dtype = common_dtype(input, other)
    scaled = other * representable(alpha, dtype)
    return Tensor(ops.cast(scaled.array, dtype)) if isinstance(scaled, Tensor) else scaled


@function(
    "AddBackward0",
    name="add",
    public=False,
    laid_out_as=("input", "other"),
    examples=("add(x, y, alpha=2)",),
    d_input=lambda g: g,
    d_other=lambda g, alpha: g * alpha,
)
def add_scaled(input: Operand, other: Operand, *, alpha: Scalar = 1) -> Tensor:
    """x + alpha * y."""
    return add.apply_to(input, _scaled(input, other, alpha))


@function(
    "SubBackward0",
    name="sub",
    public=False,
    laid_out_as=("input", "other"),
    examples=("sub(x, y, alpha=2)",),
    d_input=lambda g: g,
    d_other=lambda g, alpha: g * -alpha,
)
def sub_scaled(input: Operand, other: Operand, *, alpha: Scalar = 1) -> Tensor:
    """x - alpha * y."""
    return sub.apply_to(input, _scaled(input, other, alpha))


@function(
    lambda other: "RsubBackward0" if isinstance(other, Tensor) else "RsubBackward1",
    name="rsub",
    public=False,
    laid_out_as=("other", "input"),
    examples=("rsub(x, y, alpha=2)",),
    d_input=lambda g, alpha: g * -alpha,
    d_other=lambda g: g,
)
def reverse_sub_scaled(input: Operand, other: Operand, *, alpha: Scalar = 1) -> Tensor:
    """y - alpha * x."""
    return reverse_sub.apply_to(_scaled(other, input, alpha), other)


add.scaled, sub.scaled, reverse_sub.scaled = add_scaled, sub_scaled, reverse_sub_scaled


def _plus_scaled(combine: Binary, input: Tensor, tensor1: Tensor, tensor2: Tensor, value: Scalar) -> LazyArray:
    """input + value * combine(tensor1, tensor2) in the dtype that they are promoted to; half precision is wider on the way."""
    broadcast(input.shape, tensor1.shape, tensor2.shape)
    dtype = common_dtype(input, tensor1, tensor2)
    wide = float32 if dtype is float16 else dtype
    factor = representable(value, wide)
    a, b, c = (Tensor(ops.cast(operand.array, wide)) for operand in (input, tensor1, tensor2))
    scaled = b * (factor if wide.is_floating else int(factor))
    return ops.cast((a + combine.apply_to(scaled, c)).array, dtype)


@function(
    "AddcmulBackward0",
    in_place=True,
    laid_out_as=("input", "tensor1", "tensor2"),
    examples=("addcmul(x, y, z)", "addcmul(x, y, z, value=0.5)"),
    d_input=lambda g: g,
    d_tensor1=lambda g, tensor2, value: g * tensor2 * value,
    d_tensor2=lambda g, tensor1, value: g * tensor1 * value,
)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Scalar = 1) -> LazyArray:
    """input + value * tensor1 * tensor2."""
    if common_dtype(input, tensor1, tensor2) is bool_:
        raise no_kernel("addcmul_cpu_out", bool_, "convert one of them, for example with .long()")
    return _plus_scaled(mul, input, tensor1, tensor2, value)


@function(
    "AddcdivBackward0",
    in_place=True,
    laid_out_as=("input", "tensor1", "tensor2"),
    examples=("addcdiv(x, y, 2 + abs(z))", "addcdiv(x, y, 2 + abs(z), value=0.5)"),
    d_input=lambda g, tensor2: g,  # PyTorch saves the divisor whichever operand requires grad
    d_tensor1=lambda g, tensor2, value: g / tensor2 * value,
    d_tensor2=lambda g, tensor1, tensor2, value: -g / tensor2 * value * tensor1 / tensor2,
)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Scalar = 1) -> LazyArray:
    """input + value * tensor1 / tensor2."""
    if not tensor1.dtype.is_floating and not tensor2.dtype.is_floating:
        refusals.division_of_whole_numbers()
    return _plus_scaled(div, input, tensor1, tensor2, value)


operators["neg"] = neg
operators.update({binary.name: binary.apply_to for binary in (add, sub, mul, div, lt, le, gt, ge)})
