"""Losses of torch.nn.functional that ask for a distance from what is wrong: margins, hinges, rankings and triplets."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import ValueFault
from gradcli.functions.activation import NN, logsigmoid
from gradcli.functions.arguments import Truth
from gradcli.functions.bounds import clamp_min
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.distance import pairwise_distance
from gradcli.functions.elementwise import add, div, eq, exp, log1p, minimum, mul, ne, neg, sqrt, sub
from gradcli.functions.loss import each_loss, reduced_losses, reduction_kind, refuse_grad_of
from gradcli.functions.power import pow
from gradcli.functions.reduce import mean
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.lazy import Size, ops
from gradcli.lazy.shapes import broadcast, existing_dim

LEAST = 1e-12  # is added to squares of lengths in cosine_embedding_loss

# ── of numbers and signs ──


def _plus(input: Tensor, number: Scalar) -> Tensor:
    """A sum with a number as PyTorch's own functions record it."""
    return add.apply_to(input, number, "AddBackward1")


@function(
    namespace=NN,
    forms=(mean, total, clamp_min, add, mul, sub),
    kink="0 at the margin",
    examples=("F.margin_ranking_loss(x, y, sign(x))",),
)
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of max(0, -target * (input1 - input2) + margin), where a target of 1 ranks input1 higher, and of -1 input2."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        sizes = f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        message = f"margin_ranking_loss : All input tensors should have same dimension but got sizes: {sizes}"
        raise misfit(message, input1, input2, target)
    wrong = mul(neg(target), sub(input1, input2))
    return reduced_losses(clamp_min(_plus(wrong, margin), 0), reduction)


@function(
    namespace=NN,
    forms=(mean, total, add, where, clamp_min, sub),
    kink="0 at the margin",
    examples=("F.hinge_embedding_loss(x, sign(y.detach()))",),
)
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of input where the target is 1, and of max(0, margin - input) where it is -1."""
    reduction = reduction_kind(reduction, size_average, reduce)
    zeros = input.detach() * 0
    apart = clamp_min(sub(_constant(margin, input), input), 0)
    losses = add(where(ne(target, 1), apart, zeros), where(ne(target, -1), input, zeros))
    return reduced_losses(losses, reduction)


def _constant(number: float, like: Tensor) -> Tensor:
    """A 0-dim tensor of a dtype."""
    return Tensor(ops.full(Size(()), number, like.dtype))


def _product_of_rows(input1: Tensor, input2: Tensor, dim: int) -> Tensor:
    return total(mul(input1, input2), dim)


@function(
    namespace=NN,
    forms=(mean, total, add, where, sub, div, sqrt),
    kink="0 at the margin",
    examples=("F.cosine_embedding_loss(x, y, sign(x[:, 0]))",),
)
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of 1 - cos where the target is 1, and of max(0, cos - margin) where it is -1, of the angles between rows."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if target.ndim not in (0, 1):
        message = f"0D or 1D target tensor expected, multi-target not supported {target.ndim}"
        raise misfit("0D or 1D target tensor expected, multi-target not supported" if target.ndim else message, target)
    if input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        expected = "2D input tensors" if target.ndim else "1D input tensors"
        sizes = f"but found inputs with sizes {list(input1.shape)} and {list(input2.shape)}."
        raise misfit(f"{target.ndim}D target tensor expects {expected}, {sizes}", input1, input2)
    dim = target.ndim
    lengths = mul(_plus(_product_of_rows(input1, input1, dim), LEAST), _plus(_product_of_rows(input2, input2, dim), LEAST))
    cosine = div(_product_of_rows(input1, input2, dim), sqrt(lengths))
    zeros = cosine.detach() * 0
    alike = where(eq(target, 1), sub(_constant(1, cosine), cosine), zeros)
    apart = where(eq(target, -1), clamp_min(sub.apply_to(cosine, margin, "SubBackward1"), 0), zeros)
    return reduced_losses(add(alike, apart), reduction)


def _soft_margin_cotangent(g: Tensor, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """-g * target / (1 + exp(target * input))."""
    return each_loss(g, broadcast(input.shape, target.shape), reduction) * (-target / (exp(target * input) + 1))


@function(
    "SoftMarginLossBackward0",
    name="soft_margin_loss",
    namespace=NN,
    public=False,
    laid_out_as=("input", "target"),
    examples=("F.soft_margin_loss(x, sign(y.detach()))",),
    d_input=_soft_margin_cotangent,
)
def _soft_margin(input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """log(1 + exp(-target * input))."""
    return reduced_losses(log1p(exp(-target * input)), reduction)


@function(namespace=NN, forms=(_soft_margin,))
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of log(1 + exp(-target * input)), for targets 1 and -1."""
    reduction = reduction_kind(reduction, size_average, reduce)
    refuse_grad_of(target, "target", "soft_margin_loss")
    return _soft_margin(input, target, reduction)


@function(
    namespace=NN,
    forms=(mean, total, div, neg, add, mul, logsigmoid),
    examples=("F.multilabel_soft_margin_loss(x, sigmoid(y))",),
)
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of the binary cross entropies of sigmoid(input), averaged over the classes of each example."""
    reduction = reduction_kind(reduction, size_average, reduce)
    right = mul(target, logsigmoid(input))
    wrong = mul(1 - target, logsigmoid(neg(input)))
    losses = neg(add(right, wrong))
    weighted = losses if weight is None else mul(losses, weight)
    classes = input.shape[existing_dim(-1, input.ndim)]
    return reduced_losses(div(total(weighted, -1), classes), reduction)


# ── of triplets ──


def _hinge_of(positive: Tensor, negative: Tensor, margin: float, reduction: str) -> Tensor:
    return reduced_losses(clamp_min(sub(_plus(positive, margin), negative), 0), reduction)


@function(
    namespace=NN,
    forms=(mean, total, clamp_min, sub, add, minimum, pow),
    kink="0 at the margin",
    examples=("F.triplet_margin_loss(x, y, x * y)", "F.triplet_margin_loss(x, y, x * y, swap=True)"),
)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-06,
    swap: bool = False,
    size_average: Truth | None = None,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of max(0, margin + |anchor - positive| - |anchor - negative|); swap takes |positive - negative| if it is less."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueFault.as_torch(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        sizes = f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        message = (
            f"The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: {sizes}"
        )
        raise misfit(message, anchor, positive, negative)
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return _hinge_of(near, far, margin, reduction)


@function(namespace=NN, forms=(triplet_margin_loss,), examples=("F.triplet_margin_with_distance_loss(x, y, x * y)",))
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Any = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """The triplet margin loss with any function as the distance between rows."""
    reduction = reduction_kind(reduction)
    if margin <= 0:
        raise ValueFault.as_torch(f"margin must be greater than 0, got {margin}")
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced_losses(clamp_min(sub(add(margin, near), far), 0), reduction)
