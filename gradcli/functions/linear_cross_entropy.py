"""The cross entropy of a linear layer's outputs."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import NotSupported, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.classification import cross_entropy
from gradcli.functions.declare import function
from gradcli.functions.linalg import linear
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import flatten, view


def _check_shapes(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> None:
    if input.ndim not in (1, 2):
        raise misfit(f"expected input with dimensionality 1 or 2, got {input.ndim}", input, linear_weight)
    if linear_weight.ndim < 2:
        message = f"expected linear_weight with dimensionality at least 2, got {linear_weight.ndim}"
        raise misfit(message, input, linear_weight)
    if input.shape[-1] != linear_weight.shape[-1]:
        message = (
            "expected equal input and linear_weight last dimensions (in_features), "
            f"got {input.shape[-1]} and {linear_weight.shape[-1]}, respectively"
        )
        raise misfit(message, input, linear_weight)
    if linear_bias is not None and linear_bias.shape != linear_weight.shape[:-1]:
        message = f"expected linear_bias shape {tuple(linear_weight.shape[:-1])}, got {tuple(linear_bias.shape)}"
        raise misfit(message, input, linear_weight)
    if linear_weight.ndim > 2 and input.ndim == 1:
        message = (
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, "
            f"(N, {input.shape[-1]}), got unbatched input with shape {tuple(input.shape)}"
        )
        raise misfit(message, input, linear_weight)


@function(
    namespace=NN,
    forms=(cross_entropy, linear),
    examples=("F.linear_cross_entropy(x, y, tensor([0, 1]))",),
)
def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """cross_entropy(linear(input, linear_weight, linear_bias), target)."""
    if options is not None:
        raise NotSupported("linear_cross_entropy() has no options", hint="leave them out: they only say how memory is saved")
    _check_shapes(input, linear_weight, linear_bias)
    shape = (*input.shape[:-1], *linear_weight.shape[:-1])
    if target.shape == shape and ignore_index is not None:
        raise ValueFault.as_torch("ignore_index cannot be specified when target contains probabilities")
    bias = None if linear_bias is None else flatten(linear_bias)
    logits = view(linear(input, flatten(linear_weight, 0, -2), bias), shape)
    ignored = ignore_index if ignore_index is not None else -100
    return cross_entropy(logits, target, weight, None, ignored, None, reduction, label_smoothing)
