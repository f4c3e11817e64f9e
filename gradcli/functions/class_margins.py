"""Losses of torch.nn.functional that ask the right classes to be ahead of the wrong ones by a margin."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Truth
from gradcli.functions.bounds import clamp_min
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq, logical_and, logical_or
from gradcli.functions.gather import gather, scatter_add
from gradcli.functions.loss import each_loss, reduced_losses, reduction_kind, refuse_grad_of
from gradcli.functions.reduce import any as some
from gradcli.functions.reduce import cumsum
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.select import index_select
from gradcli.functions.shape import squeeze, unsqueeze
from gradcli.lazy import Size, ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import int64

# ── one right class ──


def _rows(input: Tensor, target: Tensor, target_ndim: int) -> tuple[Tensor, Tensor]:
    """One example as a batch of one."""
    if input.ndim == 1:
        return unsqueeze(input, 0), target if target.ndim == target_ndim else unsqueeze(target, 0)
    return input, target


def _classes(count: int) -> Tensor:
    return Tensor(ops.arange(0, 1, count, int64))


def _over_margin(input: Tensor, target: Tensor, margin: float) -> Tensor:
    """margin - input[target] + input for each class, and -1 for the right one, so that it counts nothing."""
    rows, targets = _rows(input, target, 1)
    column = unsqueeze(targets, 1)
    return where(eq(column, _classes(rows.shape[1])), -1.0, rows - gather(rows, 1, column) + margin)


def _weights(target: Tensor, weight: Tensor | None) -> Tensor | float:
    """The weight of each example as a column."""
    if weight is None:
        return 1.0
    return unsqueeze(index_select(weight, 0, target if target.ndim else unsqueeze(target, 0)), 1)


def _multi_margin_cotangent(
    g: Tensor, input: Tensor, target: Tensor, p: int, margin: float, weight: Tensor | None, reduction: str
) -> Tensor:
    """What is over the margin gives its class, and takes from the right one."""
    over = _over_margin(input, target, margin)
    examples, classes = over.shape
    slope = where(over > 0, 1.0, 0.0) if p == 1 else clamp_min(over, 0) * 2
    slope = to(slope, input.dtype) * _weights(target, weight) / classes
    column = unsqueeze(_rows(input, target, 1)[1], 1)
    slope = scatter_add(slope, 1, column, -total(slope, 1, True))
    each = each_loss(g, Size((examples,)), reduction)
    cotangent = slope * (unsqueeze(each, 1) if each.ndim else each)
    return cotangent if input.ndim > 1 else squeeze(cotangent, 0)


@function(
    "MultiMarginLossBackward0",
    name="multi_margin_loss",
    namespace=NN,
    public=False,
    kink="0 at the margin",
    examples=("F.multi_margin_loss(x, tensor([0, 2]))",),
    d_input=_multi_margin_cotangent,
)
def _multi_margin(input: Tensor, target: Tensor, p: int, margin: float, weight: Tensor | None, reduction: str) -> Tensor:
    """The parts over the margin of each example, in their mean over the classes."""
    over = clamp_min(_over_margin(input, target, margin), 0)
    losses = total((over if p == 1 else over * over) * _weights(target, weight), 1) / over.shape[1]
    return reduced_losses(losses if target.ndim else squeeze(losses, 0), reduction)


@function(namespace=NN, forms=(_multi_margin,))
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over examples of sum(max(0, margin - input[target] + input[i])^p) / classes, over the wrong classes i."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueFault.as_torch("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueFault.as_torch("weight must be one-dimensional")
    require_floating("multi_margin_loss_cpu_kernel", input)
    refuse_grad_of(weight, "weight", "multi_margin_loss")
    _check_class(input, target)
    return _multi_margin(input, target, p, margin, weight, reduction)


def _check_class(input: Tensor, target: Tensor) -> None:
    """There is a class for each example, and it exists."""
    if target.dtype is not int64:
        message = f"expected scalar type Long but found {target.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="classes are whole numbers: convert them with .long()")
    if input.ndim not in (1, 2) or not input.shape.numel():
        message = f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        raise misfit(message, input)
    examples = input.shape[0] if input.ndim == 2 else 1
    if target.ndim > 1 or target.shape.numel() != examples:
        message = (
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{examples}], but got {list(target.shape)}. Input has shape {list(input.shape)}."
        )
        raise misfit(message, input, target)
    if possible_values(some(logical_or(target < 0, target >= input.shape[-1])).array).any():
        raise ValueFault.as_torch("target out of range")


# ── several right classes ──


def _listed_classes(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows, the classes listed before the first -1 (others as 0), and a mask of which these are."""
    rows, targets = _rows(input, target, 2)
    listed = eq(cumsum(to(targets < 0, int64), 1), 0)
    return rows, where(listed, targets, 0), listed


def _label_margins(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """1 - input[right] + input[wrong] for each right class, along axis 1, and each wrong one, along axis 2; else 0."""
    rows, classes, listed = _listed_classes(input, target)
    counts = scatter_add(to(rows * 0, int64), 1, classes, to(listed, int64))
    is_pair = logical_and(unsqueeze(listed, 2), unsqueeze(eq(counts, 0), 1))
    over = unsqueeze(rows, 1) - unsqueeze(gather(rows, 1, classes), 2) + 1
    return where(is_pair, clamp_min(over, 0), 0.0), classes, rows


def _multilabel_cotangent(g: Tensor, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """What is over the margin gives its class, and takes from the right one."""
    over, classes, rows = _label_margins(input, target)
    active = to(over > 0, input.dtype) / rows.shape[1]
    slope = scatter_add(total(active, 1), 1, classes, -total(active, 2))
    each = each_loss(g, Size((rows.shape[0],)), reduction)
    cotangent = slope * (unsqueeze(each, 1) if each.ndim else each)
    return cotangent if input.ndim > 1 else squeeze(cotangent, 0)


@function(
    "MultilabelMarginLossBackward0",
    name="multilabel_margin_loss",
    namespace=NN,
    public=False,
    kink="0 at the margin",
    examples=("F.multilabel_margin_loss(x, tensor([[0, 2, -1], [1, -1, 0]]))",),
    d_input=_multilabel_cotangent,
)
def _multilabel_margin(input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The parts over the margin of each example, in their mean over the classes."""
    over, _, rows = _label_margins(input, target)
    losses = total(total(over, 2), 1) / rows.shape[1]
    return reduced_losses(losses if input.ndim > 1 else squeeze(losses, 0), reduction)


@function(namespace=NN, forms=(_multilabel_margin,))
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of sum(max(0, 1 - input[j] + input[i])) / classes, over the classes j listed before a -1 and others i."""
    reduction = reduction_kind(reduction, size_average, reduce)
    require_floating("multilabel_margin_loss_forward_out", input)
    if target.dtype is not int64:
        message = f"expected scalar type Long but found {target.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="classes are whole numbers: convert them with .long()")
    if input.ndim not in (1, 2) or not input.shape.numel():
        message = f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        raise misfit(message, input)
    if target.shape != input.shape:
        raise misfit(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}", input, target)
    if possible_values(some(logical_or(target < -1, target >= input.shape[-1])).array).any():
        raise ValueFault.as_torch("argument #2 'target' is out of range")
    return _multilabel_margin(input, target, reduction)
