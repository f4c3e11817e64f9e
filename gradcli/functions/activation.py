"""Activation functions of torch.nn.functional, in numerically stable forms."""

from __future__ import annotations

from math import isfinite, pi
from math import sqrt as root

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, ShapeMismatch, ValueFault
from gradcli.functions import elementwise
from gradcli.functions.arguments import Truth
from gradcli.functions.bounds import clamp, clamp_max, clamp_min
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import abs, add, div, exp, expm1, log1p, logical_and, logical_or, mul, sigmoid, sub, tanh
from gradcli.functions.join import cat
from gradcli.functions.reduce import widened
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.slices import slice_
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import bool_
from gradcli.lazy.shapes import normalize_dim

NN = "torch.nn.functional"


# ── linear in pieces ──


@function(namespace=NN, in_place=True, forms=(elementwise.relu,), kink="0 at 0")
def relu(input: Tensor, inplace: Truth = False) -> Tensor:
    """x where positive, else 0."""
    return elementwise.relu(input)


@function(
    lambda inplace: "LeakyReluBackward1" if inplace else "LeakyReluBackward0",
    namespace=NN,
    in_place=True,
    kink="the slope at 0",
    laid_out_as=("input",),
    examples=("F.leaky_relu(x, 0.1)",),
    d_input=lambda g, input, negative_slope: where(input > 0, g, g * negative_slope),
)
def leaky_relu(input: Tensor, negative_slope: Scalar = 0.01, inplace: Truth = False) -> Tensor:
    """x where positive, else negative_slope * x."""
    require_floating("leaky_relu_cpu", input)
    return where(input > 0, input, input * negative_slope)


@function(
    lambda is_in_place: "RreluWithNoiseBackward1" if is_in_place else "RreluWithNoiseBackward0",
    name="rrelu",
    namespace=NN,
    public=False,
    laid_out_as=("input",),
    d_input=lambda g, slopes: g * slopes,
)
def _with_slopes(input: Tensor, slopes: Tensor, is_in_place: bool) -> Tensor:
    """Each element times its slope."""
    return input * slopes


@function(namespace=NN, in_place=True, aliases=("rrelu",), forms=(_with_slopes,), kink="the slope at 0", examples=("F.rrelu(x)",))
def rrelu(
    input: Tensor, lower: Scalar = 1.0 / 8, upper: Scalar = 1.0 / 3, training: Truth = False, inplace: Truth = False
) -> Tensor:
    """x where positive, else x times a slope: the middle between two bounds, or in training one drawn between them."""
    for name, bound in (("lower", lower), ("upper", upper)):
        if not isfinite(bound):
            raise ValueFault.as_torch(f"rrelu: {name} bound must be finite, got {bound}")
    if lower > upper:
        raise ValueFault.as_torch("Lower bound should be less than or equal to the upper bound")
    slope: Tensor | Scalar = (lower + upper) / 2
    if training:
        require_floating("rrelu_with_noise_out_cpu", input)
        from gradcli.functions.random import drawn

        slope = drawn("uniform", (), input.shape, input.dtype) * (upper - lower) + lower
    require_floating("leaky_relu_cpu", input)
    return _with_slopes(input, where(input > 0, Tensor(ops.constant(1.0, input.dtype)), slope), inplace)


@function(
    "HardtanhBackward0",
    namespace=NN,
    in_place=True,
    kink="0 at both bounds",
    laid_out_as=("input",),
    examples=("F.hardtanh(x)",),
    d_input=lambda g, input, min_val, max_val: where(logical_or(input <= min_val, input >= max_val), 0.0, g),
)
def hardtanh(input: Tensor, min_val: Scalar = -1.0, max_val: Scalar = 1.0, inplace: Truth = False) -> Tensor:
    """x, but not below min_val and not above max_val."""
    if input.dtype is bool_:
        raise DTypeMismatch.as_torch("Bool inputs not supported for hardtanh")
    if min_val > max_val:
        raise ValueFault.as_torch("min_val cannot be greater than max_val")
    bounds = (min_val, max_val) if input.dtype.is_floating else (int(min_val), int(max_val))
    return clamp(input, *bounds)


@function(namespace=NN, forms=(hardtanh,), kink="0 at 0 and at 6")
def relu6(input: Tensor, inplace: Truth = False) -> Tensor:
    """x, but not below 0 and not above 6."""
    return hardtanh(input, 0.0, 6.0)


@function(
    "HardsigmoidBackward0",
    namespace=NN,
    kink="0 at -3 and at 3",
    laid_out_as=("input",),
    examples=("F.hardsigmoid(x)",),
    d_input=lambda g, input: where(logical_and(input > -3, input < 3), g / 6, 0.0),
)
def hardsigmoid(input: Tensor, inplace: Truth = False) -> Tensor:
    """x / 6 + 1/2, but not below 0 and not above 1."""
    require_floating("hardsigmoid_cpu", input)
    return clamp(input + 3, 0, 6) / 6


@function(
    "HardswishBackward0",
    namespace=NN,
    kink="0 at -3, 1 at 3",
    laid_out_as=("input",),
    examples=("F.hardswish(x)",),
    d_input=lambda g, input: where(input <= -3, 0.0, where(input < 3, g * (input / 3 + 0.5), g)),
)
def hardswish(input: Tensor, inplace: Truth = False) -> Tensor:
    """x times hardsigmoid(x)."""
    require_floating("hardswish_cpu", input)
    return input * clamp(input + 3, 0, 6) / 6


@function(
    lambda inplace: "ThresholdBackward1" if inplace else "ThresholdBackward0",
    namespace=NN,
    in_place=True,
    aliases=("threshold",),
    kink="0 at the threshold",
    laid_out_as=("input",),
    examples=("F.threshold(x, 0.1, 20.0)",),
    d_input=lambda g, input, threshold: where(input <= threshold, 0.0, g),
)
def threshold(input: Tensor, threshold: Scalar, value: Scalar, inplace: Truth = False) -> Tensor:
    """x where it is above the threshold, else a value."""
    return where(input <= threshold, value if input.dtype.is_floating else int(value), input)


#: The largest numbers of the floating types, as PyTorch prints them.
_LARGEST = {"float16": "65504", "float32": "3.40282e+38", "float64": "1.79769e+308"}


@function(
    "SoftshrinkBackward0",
    namespace=NN,
    kink="0 at -lambd and at lambd",
    laid_out_as=("input",),
    examples=("F.softshrink(x)",),
    d_input=lambda g, input, lambd: where(abs(input) <= lambd, 0.0, g),
)
def softshrink(input: Tensor, lambd: Scalar = 0.5) -> Tensor:
    """x moved towards 0 by lambd."""
    require_floating("softshrink_check", input)
    if lambd < 0:
        bounds = f"[0, {_LARGEST[input.dtype.name]}] for input dtype {input.dtype.tensor_type}"
        raise ValueFault.as_torch(f"lambda must be in range {bounds}, but found {lambd:g}")
    return where(input > lambd, input - lambd, where(input < -lambd, input + lambd, input * 0))


@function(
    "HardshrinkBackward0",
    aliases=(f"{NN}.hardshrink",),
    kink="0 at -lambd and at lambd",
    laid_out_as=("input",),
    examples=("hardshrink(x)",),
    d_input=lambda g, input, lambd: where(abs(input) <= lambd, 0.0, g),
)
def hardshrink(input: Tensor, lambd: Scalar = 0.5) -> Tensor:
    """x where its size is above lambd, else 0."""
    require_floating("hardshrink_cpu", input)
    return where(abs(input) <= lambd, 0.0, input)


# ── exponential linear units ──


def _slope_of_elu(input: Tensor, alpha: float, scale: float, input_scale: float) -> Tensor:
    """scale where x is positive, else alpha * scale * input_scale * exp(x * input_scale)."""
    below = where(input >= 0, 0.0, input)  # so that a large x does not overflow in the branch not taken
    return where(input <= 0, exp(below * input_scale) * (alpha * scale * input_scale), scale)


@function(
    lambda is_in_place: "EluBackward1" if is_in_place else "EluBackward0",
    name="elu",
    namespace=NN,
    public=False,
    d_input=lambda g, input, alpha, scale, input_scale: g * _slope_of_elu(input, alpha, scale, input_scale),
)
def scaled_elu(input: Tensor, alpha: float, scale: float, input_scale: float, is_in_place: bool = False) -> Tensor:
    """scale * x where positive, else scale * alpha * (exp(input_scale * x) - 1)."""
    require_floating("elu_cpu", input)
    return where(input > 0, input * scale, expm1(input * input_scale) * (alpha * scale))


@function(namespace=NN, in_place=True, forms=(scaled_elu,), kink="alpha at 0", laid_out_as=("input",), examples=("F.elu(x)",))
def elu(input: Tensor, alpha: Scalar = 1.0, inplace: Truth = False) -> Tensor:
    """x where positive, else alpha * (exp(x) - 1)."""
    return scaled_elu(input, float(alpha), 1.0, 1.0, inplace)


@function(namespace=NN, in_place=True, aliases=("selu",), forms=(scaled_elu,), laid_out_as=("input",), examples=("F.selu(x)",))
def selu(input: Tensor, inplace: Truth = False) -> Tensor:
    """elu, scaled so that networks keep mean 0 and variance 1."""
    return scaled_elu(input, 1.6732632423543772, 1.0507009873554805, 1.0, inplace)


@function(
    lambda inplace: "CeluBackward1" if inplace else "CeluBackward0",
    namespace=NN,
    in_place=True,
    aliases=("celu",),
    kink="1 at 0",
    laid_out_as=("input",),
    examples=("F.celu(x, 2.0)",),
    d_input=lambda g, input, alpha: g * _slope_of_elu(input, alpha, 1.0, 1 / alpha),
)
def celu(input: Tensor, alpha: Scalar = 1.0, inplace: Truth = False) -> Tensor:
    """x where positive, else alpha * (exp(x / alpha) - 1)."""
    if alpha == 0:
        raise ValueFault.as_torch("ZeroDivisionError: alpha cannot be 0 for CELU")
    return scaled_elu(input, float(alpha), 1.0, 1 / alpha)


# ── smooth ──


def _density(input: Tensor) -> Tensor:
    """exp(-x*x / 2) / sqrt(2 * pi), the density of the normal distribution."""
    return exp(input * input * -0.5) * (1 / root(2 * pi))


@function(
    "NormalCdfBackward0",
    public=False,
    laid_out_as=("input",),
    examples=("F.gelu(x)",),
    d_input=lambda g, input: g * _density(input),
)
def normal_cdf(input: Tensor) -> LazyArray:
    """(1 + erf(x / sqrt(2))) / 2, the normal distribution, as exact as numbers near 1 are."""
    return ops.unary("normal_cdf", input.array)


_CUBIC = 0.044715  # of the approximation by tanh


def _bend(input: Tensor) -> Tensor:
    """sigmoid of this is (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2, and loses no digits below 0."""
    return (input + input * input * input * _CUBIC) * root(8 / pi)


def _slope_of_gelu(input: Tensor, approximate: str) -> Tensor:
    """P + x * p, where P and p are the normal distribution and its density at x; or that of the tanh form."""
    if approximate == "none":
        return normal_cdf(input) + input * _density(input)
    near = clamp_min(widened(input), -9.4)  # below which the slope is nearly 0, and powers overflow
    bend = _bend(near)
    part, rest = sigmoid(bend), exp(-bend) * sigmoid(bend)  # rest is 1 - part, and loses no digits near 0
    return to(part * (near * rest * (near * near * (3 * _CUBIC) + 1) * root(8 / pi) + 1), input.dtype)


@function(
    "GeluBackward0",
    namespace=NN,
    laid_out_as=("input",),
    examples=("F.gelu(x)", "F.gelu(x, approximate='tanh')"),
    d_input=lambda g, input, approximate: g * _slope_of_gelu(input, approximate),
)
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """x times the normal distribution function of x; approximate='tanh' for the formula with tanh."""
    if approximate not in ("none", "tanh"):
        raise ValueFault.as_torch("approximate argument must be either none or tanh.")
    require_floating("GeluKernelImpl", input)
    if approximate == "none":
        return input * normal_cdf(input)
    return input * sigmoid(_bend(input))


def _slope_of_silu(input: Tensor) -> Tensor:
    """sigmoid(x) * (1 + x * (1 - sigmoid(x)))."""
    part = sigmoid(input)
    return part * (input * (1 - part) + 1)


@function(
    "SiluBackward0",
    namespace=NN,
    laid_out_as=("input",),
    examples=("F.silu(x)",),
    d_input=lambda g, input: g * _slope_of_silu(input),
)
def silu(input: Tensor, inplace: Truth = False) -> Tensor:
    """x * sigmoid(x)."""
    require_floating("silu_cpu", input)
    return input * sigmoid(input)


def _log_of_one_plus_exp(input: Tensor) -> Tensor:
    """log(1 + exp(x)) without overflow."""
    return clamp_min(input, 0) + log1p(exp(-abs(input)))


def _mish_parts(input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x, e = exp(x) and m = e + e*e / 2, where mish is x * m / (m + 1): x only as far as that is not yet x itself."""
    near = clamp_max(widened(input), 30)
    power = exp(near)
    return near, power, power + power * power * 0.5


def _slope_of_mish(input: Tensor) -> Tensor:
    """tanh(softplus(x)) + x * its slope: (m + x * e * (e + 1) / (m + 1)) / (m + 1), where e = exp(x) and m = e + e*e / 2."""
    near, power, m = _mish_parts(input)
    return to((m + near * power * (power + 1) / (m + 1)) / (m + 1), input.dtype)


@function(
    "MishBackward0",
    namespace=NN,
    laid_out_as=("input",),
    examples=("F.mish(x)",),
    d_input=lambda g, input: g * _slope_of_mish(input),
)
def mish(input: Tensor, inplace: Truth = False) -> Tensor:
    """x * tanh(softplus(x))."""
    require_floating("mish_cpu", input)
    _, _, m = _mish_parts(input)
    return to(input * (m / (m + 1)), input.dtype)


@function(
    "SoftplusBackward0",
    namespace=NN,
    laid_out_as=("input",),
    examples=("F.softplus(x)", "F.softplus(x, beta=2)"),
    d_input=lambda g, input, beta, threshold: where(input * beta > threshold, g, g * sigmoid(input * beta)),
)
def softplus(input: Tensor, beta: Scalar = 1, threshold: Scalar = 20) -> Tensor:
    """log(1 + exp(beta * x)) / beta; x itself where beta * x is above the threshold."""
    require_floating("softplus_cpu", input)
    scaled = input * beta
    return where(scaled > threshold, input, _log_of_one_plus_exp(scaled) / beta)


@function(
    "LogSigmoidBackward0",
    namespace=NN,
    examples=("F.logsigmoid(x)",),
    d_input=lambda g, input: g * sigmoid(-input),
)
def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)) without overflow."""
    require_floating("log_sigmoid_cpu", input)
    return clamp_max(input, 0) - log1p(exp(-abs(input)))


@function(namespace=NN, forms=(div, add, elementwise.abs), examples=("F.softsign(x)",))
def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return div(input, add(abs(input), 1))


@function(namespace=NN, forms=(sub, tanh), examples=("F.tanhshrink(x)",))
def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return sub(input, tanh(input))


# ── gated ──


def _halves(input: Tensor, dim: int) -> tuple[Tensor, Tensor, int]:
    axis = normalize_dim(dim, input.ndim)
    half = input.shape[axis] // 2
    return slice_(input, axis, 0, half, 1), slice_(input, axis, half, half, 1), axis


def _cotangent_of_glu(g: Tensor, input: Tensor, dim: int) -> Tensor:
    """The halves: g times the gate, and g times the first half times the slope of the gate."""
    value, gate, axis = _halves(input, dim)
    part = sigmoid(gate)
    return cat((g * part, g * value * part * (1 - part)), axis)


@function("GluBackward0", namespace=NN, examples=("F.glu(x, 0)",), d_input=_cotangent_of_glu)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along a dimension times the sigmoid of the second half."""
    if input.ndim == 0:
        raise ShapeMismatch.as_torch("glu does not support scalars because halving size must be even")
    axis = normalize_dim(dim, input.ndim)
    if input.shape[axis] % 2:
        raise misfit(f"Halving dimension must be even, but dimension {axis} is size {input.shape[axis]}", input)
    value, gate, _ = _halves(input, axis)
    return mul(value, sigmoid(gate))
