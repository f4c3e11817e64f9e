"""Losses of torch.nn.functional: how far a prediction is from its target."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.autograd import Tensor
from gradcli.errors import AutogradError, DTypeMismatch, IndexOutOfRange, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.activation import NN, check_floating, logsigmoid
from gradcli.functions.bounds import clamp_min
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import abs as magnitude
from gradcli.functions.elementwise import (
    add,
    bitwise_not,
    div,
    eq,
    exp,
    log,
    log1p,
    logical_or,
    mul,
    ne,
    neg,
    sigmoid,
    sign,
    sub,
    xlogy,
    zeros_like,
)
from gradcli.functions.gather import gather, scatter
from gradcli.functions.linalg import CONVERT, refuse_shapes
from gradcli.functions.nn import log_softmax
from gradcli.functions.pointwise import common_dtype
from gradcli.functions.power import pow
from gradcli.functions.reduce import any as some
from gradcli.functions.reduce import mean
from gradcli.functions.reduce import sum as total
from gradcli.functions.select import masked_fill
from gradcli.functions.shape import contiguous, expand, reshape, unsqueeze, view_as_shape
from gradcli.lazy import Size, compute
from gradcli.lazy.dtypes import int64, uint8
from gradcli.lazy.shapes import broadcast

# ── reductions ──


def _kind(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """'mean', 'sum' or 'none', also from the older arguments."""
    if size_average is not None or reduce is not None:
        return "none" if reduce is False else "sum" if size_average is False else "mean"
    if reduction not in ("mean", "sum", "none"):
        message = f"{reduction} is not a valid value for reduction"
        raise ValueFault(message, torch_message=message, hint="reductions are 'mean', 'sum' and 'none'")
    return reduction


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    return mean(losses) if reduction == "mean" else total(losses) if reduction == "sum" else losses


def _each(g: Tensor, shape: Size, reduction: str) -> Tensor:
    """What each loss receives of the cotangent of their reduction."""
    return g / shape.numel() if reduction == "mean" and shape.numel() else g


def _same_shape(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both, broadcast to one shape."""
    shape = broadcast(input.shape, target.shape)
    return tuple(tensor if tensor.shape == shape else expand(tensor, shape) for tensor in (input, target))  # type: ignore[return-value]


def _check_weight_shape(weight: Tensor, input: Tensor) -> None:
    if weight.shape != input.shape:
        raise refuse_shapes("Weights and input must have the same size.", input)


def _weighted(losses: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """The mean over the weights, the sum, or each loss times its weight."""
    products = mul(losses, weight)
    return div(total(products), total(weight)) if reduction == "mean" else _reduced(products, reduction)


def _refuse_grad_of(weight: Tensor | None, name: str, function_name: str) -> None:
    if weight is not None and weight.requires_grad:
        message = (
            f"The function '{function_name}' is not differentiable with respect to argument '{name}'. "
            "This input cannot have requires_grad True."
        )
        raise AutogradError(message, torch_message=message, hint=f"give {name}.detach()")


# ── distances ──


def _distance(
    name: str,
    grad_fn: str,
    kernel: str,
    measure: Callable[[Tensor, float], Tensor],
    slope: Callable[[Tensor, float], Tensor],
    doc: str,
) -> Callable[..., Tensor]:
    """Declare the core of a loss that is a function of input - target and of one number."""

    def forward(input: Tensor, target: Tensor, reduction: str, width: float) -> Tensor:
        if not common_dtype(input, target).is_floating:
            check_floating(kernel, input)
        return _reduced(measure(sub(input, target), width), reduction)

    def cotangent(g: Tensor, input: Tensor, target: Tensor, reduction: str, width: float) -> Tensor:
        difference = sub(input, target)
        return _each(g, difference.shape, reduction) * slope(difference, width)

    def negated(g: Tensor, input: Tensor, target: Tensor, reduction: str, width: float) -> Tensor:
        return -cotangent(g, input, target, reduction, width)

    forward.__doc__ = doc
    return function(
        grad_fn, name=name, namespace=NN, public=False, examples=(f"F.{name}(x, y)",), d_input=cotangent, d_target=negated
    )(forward)


_square = _distance(
    "mse_loss",
    "MseLossBackward0",
    "mse_cpu",
    lambda difference, width: difference * difference,
    lambda difference, width: difference * 2,
    "The squares of the differences.",
)
_smooth = _distance(
    "smooth_l1_loss",
    "SmoothL1LossBackward0",
    "smooth_l1_cpu",
    lambda d, beta: where(magnitude(d) < beta, d * d * (0.5 / beta), magnitude(d) - 0.5 * beta),
    lambda d, beta: where(magnitude(d) < beta, d / beta, sign(d)),
    "Squares of small differences, sizes of large ones.",
)
_huber = _distance(
    "huber_loss",
    "HuberLossBackward0",
    "huber_cpu",
    lambda d, delta: where(magnitude(d) < delta, d * d * 0.5, (magnitude(d) - 0.5 * delta) * delta),
    lambda d, delta: where(magnitude(d) < delta, d, sign(d) * delta),
    "Squares of small differences, sizes of large ones.",
)


@function(namespace=NN, forms=(_square,))
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of the squares of input - target."""
    reduction = _kind(reduction, size_average, reduce)
    input, target = _same_shape(input, target)
    if weight is None:
        return _square(input, target, reduction, 0.0)
    _check_weight_shape(weight, input)
    return _weighted(pow(sub(input, target), 2), weight, reduction)


@function(namespace=NN, forms=(mean, total, magnitude, sub), kink="0 where both are equal", examples=("F.l1_loss(x, y)",))
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of the sizes of input - target."""
    reduction = _kind(reduction, size_average, reduce)
    input, target = _same_shape(input, target)
    losses = magnitude(sub(input, target))
    if weight is None:
        return _reduced(losses, reduction)
    _check_weight_shape(weight, input)
    return _weighted(losses, weight, reduction)


@function(namespace=NN, forms=(_smooth,))
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The mean of (input - target)^2 / (2 * beta) where that is nearer than beta, else of |input - target| - beta / 2."""
    reduction = _kind(reduction, size_average, reduce)
    if beta < 0:
        message = "smooth_l1_loss does not support negative values for beta."
        raise ValueFault(message, torch_message=message)
    input, target = _same_shape(input, target)
    if beta == 0:
        return _reduced(magnitude(sub(input, target)), reduction)
    return _smooth(input, target, reduction, float(beta))


@function(namespace=NN, forms=(_huber,))
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """The mean of (input - target)^2 / 2 where that is nearer than delta, else of delta * (|input - target| - delta / 2)."""
    reduction = _kind(reduction)
    if delta <= 0:
        message = "huber_loss does not support non-positive values for delta."
        raise ValueFault(message, torch_message=message)
    input, target = _same_shape(input, target)
    if weight is None:
        return _huber(input, target, reduction, float(delta))
    _check_weight_shape(weight, input)
    return _reduced(mul(_huber(input, target, "none", float(delta)), weight), reduction)


# ── classes ──


def _class_axis(input: Tensor) -> int:
    return 0 if input.ndim == 1 else 1


def _counted(target: Tensor, weight: Tensor | None, ignore_index: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Which class each example has (0 where it is ignored), and how much the example counts."""
    is_counted = ne(target, ignore_index)
    classes = where(is_counted, to(target, int64), 0)
    if weight is None:
        return classes, to(is_counted, like.dtype)
    weights = reshape(gather(weight, 0, reshape(classes, (classes.shape.numel(),))), classes.shape)
    return classes, where(is_counted, weights, 0.0)


def _picked(input: Tensor, classes: Tensor) -> Tensor:
    """The element of each example at its class."""
    axis = _class_axis(input)
    if input.ndim == 1:
        return reshape(gather(input, 0, reshape(classes, (1,))), classes.shape)
    return reshape(gather(input, axis, unsqueeze(classes, axis)), classes.shape)


def _nll_cotangent(g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int) -> Tensor:
    classes, counts = _counted(target, weight, ignore_index, input)
    each = -(g * counts)
    if reduction == "mean":
        each = where(eq(counts, 0), 0.0, each / total(counts))
    axis = _class_axis(input)
    zeros = zeros_like(input)
    if input.ndim == 1:
        return scatter(zeros, 0, reshape(classes, (1,)), reshape(each, (1,)))
    return scatter(zeros, axis, unsqueeze(classes, axis), unsqueeze(each, axis))


@function(
    lambda input: "NllLossBackward0" if input.ndim < 3 else "NllLoss2DBackward0",
    name="nll_loss",
    namespace=NN,
    public=False,
    examples=("F.nll_loss(log_softmax(x, 1), tensor([0, 2]))",),
    d_input=_nll_cotangent,
)
def nll_of_classes(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int) -> Tensor:
    """Minus the elements at the target classes, weighted and reduced."""
    classes, counts = _counted(target, weight, ignore_index, input)
    losses = -(_picked(input, classes) * counts)
    if reduction == "none":
        return losses
    return total(losses) / total(counts) if reduction == "mean" else total(losses)


def _check_classes(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> None:
    classes = input.shape[_class_axis(input)]
    if target.dtype not in (int64, uint8):
        message = f"expected target dtype to be Long or Byte, but got {target.dtype.tensor_type}"
        hint = "convert the target with .long()"
        raise DTypeMismatch(message, torch_message=message, operands=[OperandLabel(1, f"this is {target.dtype}")], hint=hint)
    if weight is not None:
        if weight.shape != (classes,):
            per = f"for all {classes} classes or no classes but got weight tensor of shape: {list(weight.shape)}"
            per = per if input.ndim < 3 else "for all or no classes"
            raise refuse_shapes(f"weight tensor should be defined either {per}", input)
        if weight.dtype is not input.dtype:
            message = f"expected scalar type {input.dtype.tensor_type} but found {weight.dtype.tensor_type}"
            raise DTypeMismatch(message, torch_message=message, hint=CONVERT)
        _refuse_grad_of(weight, "weight", "nll_loss_forward" if input.ndim < 3 else "nll_loss2d_forward")
    check_floating("nll_loss_out_frame" if input.ndim < 3 else "nll_loss2d_forward_out_frame", input)
    values = compute([target.array])[0]
    outside = ((values < 0) | (values >= classes)) & (values != ignore_index)
    if outside.any():
        message = f"Target {int(values[outside].flat[0])} is out of bounds."
        labels = [OperandLabel(1, f"classes are 0 to {classes - 1}")]
        raise IndexOutOfRange(message, torch_message=message, operands=labels)


def _check_class_shapes(input: Tensor, target: Tensor) -> None:
    """The target has the input's shape without its classes."""
    if input.ndim == 0:
        message = "Expected 1 or more dimensions (got 0)"
        raise ShapeMismatch(message, torch_message=message)
    batch = target.shape[0] if target.ndim else 0
    if input.ndim > 1 and input.shape[0] != batch:
        raise refuse_shapes(f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({batch}).", input, target)
    if input.ndim <= 2:
        if target.ndim > 1:
            raise refuse_shapes("0D or 1D target tensor expected, multi-target not supported", input, target)
        if input.ndim == 1 and target.ndim == 1 and target.shape[0] != 1:
            message = f"For 1D input, 1D target must have size 1, but got target size: {target.shape[0]}"
            raise refuse_shapes(message, input, target)
    elif target.shape != (input.shape[0], *input.shape[2:]):
        if input.ndim == 4 and target.ndim != 3:
            message = f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}"
        elif input.ndim == 4:
            message = f"size mismatch (got input: {list(input.shape)} , target: {list(target.shape)}"
        else:
            message = f"Expected target size {[input.shape[0], *input.shape[2:]]}, got {list(target.shape)}"
        raise refuse_shapes(message, input, target)


def _negative_log_likelihood(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int) -> Tensor:
    _check_class_shapes(input, target)
    _check_classes(input, target, weight, ignore_index)
    if input.ndim == 1:
        return nll_of_classes(input, reshape(target, ()), weight, reduction, ignore_index)
    if input.ndim in (2, 4):
        return nll_of_classes(input, target, weight, reduction, ignore_index)
    batch, classes = input.shape[:2]
    rest = Size(input.shape[2:]).numel()
    losses = nll_of_classes(
        view_as_shape(contiguous(input), (batch, classes, 1, rest)),
        reshape(target, (batch, 1, rest)),
        weight,
        reduction,
        ignore_index,
    )
    return view_as_shape(losses, target.shape) if reduction == "none" else losses


@function(namespace=NN, forms=(nll_of_classes,))
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of minus the log-probabilities at the target classes."""
    return _negative_log_likelihood(input, target, weight, _kind(reduction, size_average, reduce), ignore_index)


@function(
    namespace=NN,
    forms=(nll_of_classes,),
    examples=("F.cross_entropy(x, tensor([0, 2]))", "F.cross_entropy(x, softmax(y, 1))"),
)
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of softmax(input) against classes, or against probabilities of the input's shape."""
    reduction = _kind(reduction, size_average, reduce)
    if input.shape == target.shape:
        return _entropy_of_probabilities(input, target, weight, reduction, ignore_index, label_smoothing)
    if label_smoothing > 0:
        _check_smoothing(label_smoothing)
        return _smoothed_entropy(input, target, weight, reduction, ignore_index, label_smoothing)
    return _negative_log_likelihood(log_softmax(input, _class_axis(input)), target, weight, reduction, ignore_index)


def _check_smoothing(label_smoothing: float) -> None:
    if label_smoothing > 1:
        message = f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}"
        raise ValueFault(message, torch_message=message)


def _for_each_class(weight: Tensor, input: Tensor) -> Tensor:
    axis = _class_axis(input)
    return view_as_shape(weight, (*(1,) * axis, weight.shape[0], *(1,) * (input.ndim - axis - 1)))


def _entropy_of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int, label_smoothing: float
) -> Tensor:
    if not target.dtype.is_floating:
        message = f"Expected floating point type for target with class probabilities, got {target.dtype.tensor_type}"
        hint = "classes have the input's shape without its dimension of classes"
        raise DTypeMismatch(message, torch_message=message, operands=[OperandLabel(1, f"this is {target.dtype}")], hint=hint)
    if ignore_index >= 0:
        message = "ignore_index is not supported for floating point target"
        raise ValueFault(message, torch_message=message)
    axis = _class_axis(input)
    classes = input.shape[axis] if input.ndim else 1
    if weight is not None and weight.shape != (classes,):
        raise refuse_shapes(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}",
            input,
        )
    logs = log_softmax(input, axis)
    if label_smoothing > 0:
        _check_smoothing(label_smoothing)
        kept = mul.apply_to(target, 1 - label_smoothing, "MulBackward1")
        target = add.apply_to(kept, label_smoothing / classes, "AddBackward1")
    products = mul(logs, target)
    if weight is not None:
        products = mul(products, _for_each_class(weight, input))
    if reduction == "none":
        return neg(total(products, axis))
    loss = neg(total(products))
    return loss if reduction == "sum" else div.apply_to(loss, input.shape.numel() // max(classes, 1), "DivBackward1")


def _smoothed_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int, label_smoothing: float
) -> Tensor:
    axis = _class_axis(input)
    logs = log_softmax(input, axis)
    loss = _negative_log_likelihood(logs, target, weight, reduction, ignore_index)
    everywhere = neg(total(logs if weight is None else mul(logs, _for_each_class(weight, input)), axis))
    ignored = eq(target, ignore_index)
    smooth = masked_fill(everywhere, ignored, 0.0)
    if reduction != "none":
        smooth = total(smooth)
    if reduction == "mean":
        counts = bitwise_not(ignored) if weight is None else _counted(target, weight, ignore_index, input)[1]
        smooth = div(smooth, total(counts))
    return mul.apply_to(loss, 1 - label_smoothing, "MulBackward1") + mul.apply_to(
        smooth, label_smoothing / input.shape[axis], "MulBackward1"
    )


# ── probabilities ──

LOWEST_LOG = -100.0  # PyTorch does not let the logarithms in binary_cross_entropy fall below it


def _times(losses: Tensor, weight: Tensor | None) -> Tensor:
    return losses if weight is None else losses * weight


def _bce_cotangent(g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    slope = (input - target) / clamp_min((1 - input) * input, 1e-12)
    return _times(_each(g, input.shape, reduction) * slope, weight)


@function(
    "BinaryCrossEntropyBackward0",
    name="binary_cross_entropy",
    namespace=NN,
    public=False,
    examples=("F.binary_cross_entropy(sigmoid(x), sigmoid(y))",),
    d_input=_bce_cotangent,
    d_target=lambda g, input, weight, reduction: _times(_each(g, input.shape, reduction) * (log1p(-input) - log(input)), weight),
)
def bce_of_probabilities(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Minus target * log(input) + (1 - target) * log(1 - input)."""
    right, wrong = clamp_min(log(input), LOWEST_LOG), clamp_min(log1p(-input), LOWEST_LOG)
    return _reduced(_times((target - 1) * wrong - target * right, weight), reduction)


@function(namespace=NN, forms=(bce_of_probabilities,))
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean cross entropy of probabilities against targets between 0 and 1."""
    reduction = _kind(reduction, size_average, reduce)
    if target.shape != input.shape:
        sizes = f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated."
        raise refuse_shapes(f"{sizes} Please ensure they have the same size.", input, target)
    check_floating("binary_cross_entropy", input)
    if target.dtype is not input.dtype:
        message = f"Found dtype {target.dtype.tensor_type} but expected {input.dtype.tensor_type}"
        raise DTypeMismatch(message, torch_message=message, operands=[OperandLabel(1, f"this is {target.dtype}")], hint=CONVERT)
    if weight is not None:
        weight = expand(weight, broadcast(target.shape, weight.shape))
    _refuse_grad_of(weight, "weight", "binary_cross_entropy")
    if some(logical_or(input < 0, input > 1)).item():
        message = "all elements of input should be between 0 and 1"
        raise ValueFault(message, torch_message=message, hint="apply sigmoid first, or use binary_cross_entropy_with_logits")
    return bce_of_probabilities(input, target, weight, reduction)


def _bce_logits_cotangent(
    g: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str
) -> Tensor:
    each = _times(_each(g, input.shape, reduction), weight)
    if pos_weight is None:
        return (sigmoid(input) - target) * each
    positive = pos_weight * target
    return ((positive + 1 - target) * sigmoid(input) - positive) * each


def _bce_logits_target_cotangent(
    g: Tensor, input: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str
) -> Tensor:
    each = _times(_each(g, input.shape, reduction), weight)
    return -input * each if pos_weight is None else (logsigmoid(-input) - pos_weight * logsigmoid(input)) * each


@function(
    "BinaryCrossEntropyWithLogitsBackward0",
    name="binary_cross_entropy_with_logits",
    namespace=NN,
    public=False,
    examples=("F.binary_cross_entropy_with_logits(x, sigmoid(y))",),
    d_input=_bce_logits_cotangent,
    d_target=_bce_logits_target_cotangent,
)
def bce_of_logits(input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, reduction: str) -> Tensor:
    """The binary cross entropy of sigmoid(input), without overflow."""
    wrong = -logsigmoid(input)
    if pos_weight is not None:
        wrong = wrong * ((pos_weight - 1) * target + 1)
    return _reduced(_times((1 - target) * input + wrong, weight), reduction)


@function(namespace=NN, forms=(bce_of_logits,))
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The mean cross entropy of sigmoid(input) against targets between 0 and 1, without overflow."""
    reduction = _kind(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise refuse_shapes(f"Target size ({target.shape}) must be the same as input size ({input.shape})", input, target)
    check_floating("log_sigmoid_cpu", input)
    if not target.dtype.is_floating:
        message = f"result type {input.dtype.tensor_type} can't be cast to the desired output type {target.dtype.tensor_type}"
        raise DTypeMismatch(message, torch_message=message, hint="convert the target with .float()")
    for name, tensor in (("weight", weight), ("pos_weight", pos_weight)):
        _refuse_grad_of(tensor, name, "binary_cross_entropy_with_logits")
    return bce_of_logits(input, target, weight, pos_weight, reduction)


@function(
    namespace=NN,
    forms=(mul, sub, xlogy),
    examples=("F.kl_div(log_softmax(x, 1), softmax(y, 1), reduction='batchmean')",),
)
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log(target) - input), where the input holds logarithms; reduction 'batchmean' divides by the batch."""
    is_per_example = reduction == "batchmean"
    reduction = "sum" if is_per_example else _kind(reduction, size_average, reduce)
    if not input.dtype.is_floating or not target.dtype.is_floating:
        message = "kl_div: Integral inputs not supported."
        raise DTypeMismatch(message, torch_message=message, hint="convert them with .float()")
    losses = mul(exp(target), sub(target, input)) if log_target else sub(xlogy(target, target), mul(target, input))
    loss = _reduced(losses, reduction)
    return div(loss, input.shape[0]) if is_per_example and input.ndim else loss
