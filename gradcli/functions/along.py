"""Taking elements along a dimension by positions that are known to be right, and putting cotangents back there."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.functions.declare import function
from gradcli.lazy import LazyArray, Size, ops


@function(
    "GatherBackward0", public=False, d_input=lambda g, axis, index, input_shape: put_along(g, axis, index, input_shape[axis])
)
def take_along(input: Tensor, axis: int, index: Tensor) -> LazyArray:
    """The elements at the positions along an axis."""
    return ops.gather(input.array, index.array, axis)


@function("ScatterAddBackward0", public=False, d_input=lambda g, axis, index: take_along(g, axis, index))
def put_along(input: Tensor, axis: int, index: Tensor, length: int) -> LazyArray:
    """Zeros with the elements added at the positions along an axis of some length: the adjoint of take_along."""
    target = ops.full(Size((*input.shape[:axis], length, *input.shape[axis + 1 :])), 0, input.dtype)
    return ops.scatter(target, index.array, input.array, axis, accumulate=True)
