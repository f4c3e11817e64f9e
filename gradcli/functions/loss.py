"""Losses of torch.nn.functional that compare numbers or probabilities with a target of the same shape."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.autograd import Tensor
from gradcli.errors import AutogradError, DTypeMismatch, OperandLabel, ValueFault
from gradcli.functions.activation import NN, logsigmoid
from gradcli.functions.arguments import Truth
from gradcli.functions.bounds import clamp_min
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import abs as magnitude
from gradcli.functions.elementwise import (
    div,
    exp,
    log,
    log1p,
    logical_or,
    mul,
    sigmoid,
    sign,
    sub,
    xlogy,
)
from gradcli.functions.function import Function
from gradcli.functions.pointwise import common_dtype
from gradcli.functions.power import pow
from gradcli.functions.reduce import any as some
from gradcli.functions.reduce import mean
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import CONVERT_ONE, misfit, require_floating
from gradcli.functions.repetition import expand
from gradcli.lazy import Size
from gradcli.lazy.batching import possible_values
from gradcli.lazy.shapes import broadcast

# ── reductions ──


def reduction_kind(reduction: str, size_average: Truth | None = None, reduce: Truth | None = None) -> str:
    """'mean', 'sum' or 'none', also from the older arguments."""
    if size_average is not None or reduce is not None:
        return "none" if reduce is False else "sum" if size_average is False else "mean"
    if reduction not in ("mean", "sum", "none"):
        message = f"{reduction} is not a valid value for reduction"
        raise ValueFault.as_torch(message, hint="reductions are 'mean', 'sum' and 'none'")
    return reduction


def reduced_losses(losses: Tensor, reduction: str) -> Tensor:
    """Their mean, their sum, or each of them."""
    return mean(losses) if reduction == "mean" else total(losses) if reduction == "sum" else losses


def each_loss(g: Tensor, shape: Size, reduction: str) -> Tensor:
    """What each loss receives of the cotangent of their reduction."""
    return g / shape.numel() if reduction == "mean" and shape.numel() else g


def _difference(input: Tensor, target: Tensor) -> Tensor:
    """input - target, also of truth values."""
    dtype = common_dtype(input, target)
    return sub(to(input, dtype), to(target, dtype))


def _same_shape(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both, broadcast to one shape."""
    shape = broadcast(input.shape, target.shape)
    return input if input.shape == shape else expand(input, shape), target if target.shape == shape else expand(target, shape)


def _check_weight_shape(weight: Tensor, input: Tensor) -> None:
    if weight.shape != input.shape:
        raise misfit("Weights and input must have the same size.", input)


def _weighted(losses: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """The mean over the weights, the sum, or each loss times its weight."""
    products = mul(losses, weight)
    return div(total(products), total(weight)) if reduction == "mean" else reduced_losses(products, reduction)


def refuse_grad_of(weight: Tensor | None, name: str, function_name: str) -> None:
    """An error for a weight that requires grad: losses have no derivative for it."""
    if weight is not None and weight.requires_grad:
        message = (
            f"The function '{function_name}' is not differentiable with respect to argument '{name}'. "
            "This input cannot have requires_grad True."
        )
        raise AutogradError.as_torch(message, hint=f"give {name}.detach()")


# ── distances ──


def _distance(
    name: str,
    grad_fn: str,
    kernel: str,
    measure: Callable[[Tensor, float], Tensor],
    slope: Callable[[Tensor, float], Tensor],
    doc: str,
    rule: str,
) -> Function:
    """Declare the core of a loss that is a function of input - target and of one number."""

    def forward(input: Tensor, target: Tensor, reduction: str, width: float) -> Tensor:
        if not common_dtype(input, target).is_floating:
            require_floating(kernel, input)
        return reduced_losses(measure(_difference(input, target), width), reduction)

    def cotangent(g: Tensor, input: Tensor, target: Tensor, reduction: str, width: float) -> Tensor:
        difference = _difference(input, target)
        return each_loss(g, difference.shape, reduction) * slope(difference, width)

    def negated(g: Tensor, input: Tensor, target: Tensor, reduction: str, width: float) -> Tensor:
        return -cotangent(g, input, target, reduction, width)

    forward.__doc__ = doc
    meaning = "where d = input - target, and h is the g of each loss: g, or g / n of a mean"
    cotangent.__doc__, negated.__doc__ = f"{rule}, {meaning}", f"-({rule}), {meaning}"
    return function(
        grad_fn,
        name=name,
        namespace=NN,
        public=False,
        laid_out_as=("input", "target"),
        examples=(f"F.{name}(x, y)",),
        d_input=cotangent,
        d_target=negated,
    )(forward)


_square = _distance(
    "mse_loss",
    "MseLossBackward0",
    "mse_cpu",
    lambda difference, width: difference * difference,
    lambda difference, width: difference * 2,
    "The squares of the differences.",
    "2 * h * d",
)
_smooth = _distance(
    "smooth_l1_loss",
    "SmoothL1LossBackward0",
    "smooth_l1_cpu",
    lambda d, beta: where(magnitude(d) < beta, d * d * (0.5 / beta), magnitude(d) - 0.5 * beta),
    lambda d, beta: where(magnitude(d) < beta, d / beta, sign(d)),
    "Squares of small differences, sizes of large ones.",
    "h * where(abs(d) < beta, d / beta, sign(d))",
)
_huber = _distance(
    "huber_loss",
    "HuberLossBackward0",
    "huber_cpu",
    lambda d, delta: where(magnitude(d) < delta, d * d * 0.5, (magnitude(d) - 0.5 * delta) * delta),
    lambda d, delta: where(magnitude(d) < delta, d, sign(d) * delta),
    "Squares of small differences, sizes of large ones.",
    "h * where(abs(d) < delta, d, delta * sign(d))",
)


@function(namespace=NN, forms=(_square,))
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of the squares of input - target."""
    reduction = reduction_kind(reduction, size_average, reduce)
    input, target = _same_shape(input, target)
    if weight is None:
        return _square(input, target, reduction, 0.0)
    _check_weight_shape(weight, input)
    return _weighted(pow(sub(input, target), 2), weight, reduction)


@function(namespace=NN, forms=(mean, total, magnitude, sub), kink="0 where both are equal", examples=("F.l1_loss(x, y)",))
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of the sizes of input - target."""
    reduction = reduction_kind(reduction, size_average, reduce)
    input, target = _same_shape(input, target)
    losses = magnitude(sub(input, target))
    if weight is None:
        return reduced_losses(losses, reduction)
    _check_weight_shape(weight, input)
    return _weighted(losses, weight, reduction)


@function(namespace=NN, forms=(_smooth,))
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The mean of (input - target)^2 / (2 * beta) where that is nearer than beta, else of |input - target| - beta / 2."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if beta < 0:
        raise ValueFault.as_torch("smooth_l1_loss does not support negative values for beta.")
    input, target = _same_shape(input, target)
    if beta == 0:
        return reduced_losses(magnitude(sub(input, target)), reduction)
    return _smooth(input, target, reduction, float(beta))


@function(namespace=NN, forms=(_huber,))
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """The mean of (input - target)^2 / 2 where that is nearer than delta, else of delta * (|input - target| - delta / 2)."""
    reduction = reduction_kind(reduction)
    if delta <= 0:
        raise ValueFault.as_torch("huber_loss does not support non-positive values for delta.")
    input, target = _same_shape(input, target)
    if weight is None:
        return _huber(input, target, reduction, float(delta))
    _check_weight_shape(weight, input)
    return reduced_losses(mul(_huber(input, target, "none", float(delta)), weight), reduction)


# ── probabilities ──

LOWEST_LOG = -100.0  # PyTorch does not let the logarithms in binary_cross_entropy fall below it
LEAST_PRODUCT = 9.999999960041972e-13  # nor the divisor of its slope: 1e-12 in single precision


def _times(losses: Tensor, weight: Tensor | None) -> Tensor:
    """A product with a weight, if there is one."""
    return losses if weight is None else losses * weight


def _bce_cotangent(g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """g * (x - target) / (x * (1 - x))."""
    slope = (input - target) / clamp_min((1 - input) * input, LEAST_PRODUCT)
    return _times(each_loss(g, input.shape, reduction) * slope, weight)


@function(
    "BinaryCrossEntropyBackward0",
    name="binary_cross_entropy",
    namespace=NN,
    public=False,
    laid_out_as=("input", "target"),
    examples=("F.binary_cross_entropy(sigmoid(x), sigmoid(y))",),
    d_input=_bce_cotangent,
    d_target=lambda g, input, weight, reduction: _times(
        each_loss(g, input.shape, reduction) * (log1p(-input) - log(input)), weight
    ),
)
def bce_of_probabilities(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Minus target * log(input) + (1 - target) * log(1 - input)."""
    right, wrong = clamp_min(log(input), LOWEST_LOG), clamp_min(log1p(-input), LOWEST_LOG)
    return reduced_losses(_times((target - 1) * wrong - target * right, weight), reduction)


@function(namespace=NN, forms=(bce_of_probabilities,))
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean cross entropy of probabilities against targets between 0 and 1."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if target.shape != input.shape:
        sizes = f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated."
        raise misfit(f"{sizes} Please ensure they have the same size.", input, target)
    require_floating("binary_cross_entropy", input)
    if target.dtype is not input.dtype:
        message = f"Found dtype {target.dtype.tensor_type} but expected {input.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(1, f"this is {target.dtype}")], hint=CONVERT_ONE)
    if weight is not None:
        weight = expand(weight, broadcast(target.shape, weight.shape))
    refuse_grad_of(weight, "weight", "binary_cross_entropy")
    if possible_values(some(logical_or(input < 0, input > 1)).array).any():
        message = "all elements of input should be between 0 and 1"
        raise ValueFault.as_torch(message, hint="apply sigmoid first, or use binary_cross_entropy_with_logits")
    return bce_of_probabilities(input, target, weight, reduction)


def _bce_logits_cotangent(
    g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str
) -> Tensor:
    """g * (sigmoid(x) - target), with the weights."""
    each = _times(each_loss(g, input.shape, reduction), weight)
    if pos_weight is None:
        return (sigmoid(input) - target) * each
    positive = pos_weight * target
    return ((positive + 1 - target) * sigmoid(input) - positive) * each


def _bce_logits_target_cotangent(
    g: Tensor, input: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str
) -> Tensor:
    """-g * x, with the weights."""
    each = _times(each_loss(g, input.shape, reduction), weight)
    return -input * each if pos_weight is None else (logsigmoid(-input) - pos_weight * logsigmoid(input)) * each


@function(
    "BinaryCrossEntropyWithLogitsBackward0",
    name="binary_cross_entropy_with_logits",
    namespace=NN,
    public=False,
    laid_out_as=("input", "target"),
    examples=("F.binary_cross_entropy_with_logits(x, sigmoid(y))",),
    d_input=_bce_logits_cotangent,
    d_target=_bce_logits_target_cotangent,
)
def bce_of_logits(input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str) -> Tensor:
    """The binary cross entropy of sigmoid(input), without overflow."""
    wrong = -logsigmoid(input)
    if pos_weight is not None:
        wrong = wrong * ((pos_weight - 1) * target + 1)
    return reduced_losses(_times((1 - target) * input + wrong, weight), reduction)


@function(namespace=NN, forms=(bce_of_logits,))
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The mean cross entropy of sigmoid(input) against targets between 0 and 1, without overflow."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise misfit(f"Target size ({target.shape}) must be the same as input size ({input.shape})", input, target)
    require_floating("log_sigmoid_cpu", input)
    if not target.dtype.is_floating:
        message = f"result type {input.dtype.tensor_type} can't be cast to the desired output type {target.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="convert the target with .float()")
    for name, tensor in (("weight", weight), ("pos_weight", pos_weight)):
        refuse_grad_of(tensor, name, "binary_cross_entropy_with_logits")
    return bce_of_logits(input, target, weight, pos_weight, reduction)


@function(
    namespace=NN,
    forms=(mul, sub, xlogy),
    examples=("F.kl_div(log_softmax(x, 1), softmax(y, 1), reduction='batchmean')",),
)
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log(target) - input), where the input holds logarithms; reduction 'batchmean' divides by the batch."""
    is_per_example = reduction == "batchmean"
    reduction = "sum" if is_per_example else reduction_kind(reduction, size_average, reduce)
    if not input.dtype.is_floating or not target.dtype.is_floating:
        raise DTypeMismatch.as_torch("kl_div: Integral inputs not supported.", hint="convert them with .float()")
    losses = mul(exp(target), sub(target, input)) if log_target else sub(xlogy(target, target), mul(target, input))
    loss = reduced_losses(losses, reduction)
    return div(loss, input.shape[0]) if is_per_example and input.ndim else loss
