"""Losses of torch.nn.functional for classes: negative log-likelihood and cross entropy."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, IndexOutOfRange, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Truth
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import add, bitwise_not, div, eq, mul, ne, neg, zeros_like
from gradcli.functions.gather import gather, scatter
from gradcli.functions.loss import reduction_kind, refuse_grad_of
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import CONVERT_ONE, misfit, require_floating
from gradcli.functions.select import masked_fill
from gradcli.functions.shape import contiguous, reshape, unsqueeze, view_as_shape
from gradcli.functions.softmax import log_softmax
from gradcli.lazy import Size
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import int64, uint8

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
    """-weight * g at the class of each row, 0 elsewhere; divided by the total weight for the mean."""
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
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(1, f"this is {target.dtype}")], hint=hint)
    if weight is not None:
        if weight.shape != (classes,):
            per = f"for all {classes} classes or no classes but got weight tensor of shape: {list(weight.shape)}"
            per = per if input.ndim < 3 else "for all or no classes"
            raise misfit(f"weight tensor should be defined either {per}", input)
        if weight.dtype is not input.dtype:
            message = f"expected scalar type {input.dtype.tensor_type} but found {weight.dtype.tensor_type}"
            raise DTypeMismatch.as_torch(message, hint=CONVERT_ONE)
        refuse_grad_of(weight, "weight", "nll_loss_forward" if input.ndim < 3 else "nll_loss2d_forward")
    require_floating("nll_loss_out_frame" if input.ndim < 3 else "nll_loss2d_forward_out_frame", input)
    values = possible_values(target.array)
    outside = ((values < 0) | (values >= classes)) & (values != ignore_index)
    if outside.any():
        message = f"Target {int(values[outside].flat[0])} is out of bounds."
        labels = [OperandLabel(1, f"classes are 0 to {classes - 1}")]
        raise IndexOutOfRange.as_torch(message, operands=labels)


def _check_class_shapes(input: Tensor, target: Tensor) -> None:
    """The target has the input's shape without its classes."""
    if input.ndim == 0:
        raise ShapeMismatch.as_torch("Expected 1 or more dimensions (got 0)")
    batch = target.shape[0] if target.ndim else 0
    if input.ndim > 1 and input.shape[0] != batch:
        raise misfit(f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({batch}).", input, target)
    if input.ndim <= 2:
        if target.ndim > 1:
            raise misfit("0D or 1D target tensor expected, multi-target not supported", input, target)
        if input.ndim == 1 and target.ndim == 1 and target.shape[0] != 1:
            message = f"For 1D input, 1D target must have size 1, but got target size: {target.shape[0]}"
            raise misfit(message, input, target)
    elif target.shape != (input.shape[0], *input.shape[2:]):
        if input.ndim == 4 and target.ndim != 3:
            message = f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.ndim}"
        elif input.ndim == 4:
            message = f"size mismatch (got input: {list(input.shape)} , target: {list(target.shape)}"
        else:
            message = f"Expected target size {[input.shape[0], *input.shape[2:]]}, got {list(target.shape)}"
        raise misfit(message, input, target)


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
    size_average: Truth | None = None,
    ignore_index: int = -100,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of minus the log-probabilities at the target classes."""
    return _negative_log_likelihood(input, target, weight, reduction_kind(reduction, size_average, reduce), ignore_index)


@function(
    namespace=NN,
    forms=(nll_of_classes,),
    examples=("F.cross_entropy(x, tensor([0, 2]))", "F.cross_entropy(x, softmax(y, 1))"),
)
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Truth | None = None,
    ignore_index: int = -100,
    reduce: Truth | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of softmax(input) against classes, or against probabilities of the input's shape."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if input.shape == target.shape:
        return _entropy_of_probabilities(input, target, weight, reduction, ignore_index, label_smoothing)
    if label_smoothing > 0:
        _check_smoothing(label_smoothing)
        return _smoothed_entropy(input, target, weight, reduction, ignore_index, label_smoothing)
    return _negative_log_likelihood(log_softmax(input, _class_axis(input)), target, weight, reduction, ignore_index)


def _check_smoothing(label_smoothing: float) -> None:
    if label_smoothing > 1:
        raise ValueFault.as_torch(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")


def _for_each_class(weight: Tensor, input: Tensor) -> Tensor:
    axis = _class_axis(input)
    return view_as_shape(weight, (*(1,) * axis, weight.shape[0], *(1,) * (input.ndim - axis - 1)))


def _entropy_of_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int, label_smoothing: float
) -> Tensor:
    if not target.dtype.is_floating:
        message = f"Expected floating point type for target with class probabilities, got {target.dtype.tensor_type}"
        hint = "classes have the input's shape without its dimension of classes"
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(1, f"this is {target.dtype}")], hint=hint)
    if ignore_index >= 0:
        raise ValueFault.as_torch("ignore_index is not supported for floating point target")
    axis = _class_axis(input)
    classes = input.shape[axis] if input.ndim else 1
    if weight is not None and weight.shape != (classes,):
        raise misfit(
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
