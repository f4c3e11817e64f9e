"""Taking elements along a dimension by positions that are known to be right, and putting cotangents back there."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.functions.declare import function
from gradcli.lazy import LazyArray, Size, ops


@function(
    "GatherBackward0",
    public=False,
    examples=("take_along(v, 0, tensor([2, 0]))",),
    d_input=lambda g, axis, index, input_shape, distinct: put_along(g, axis, index, input_shape[axis], distinct),
)
def take_along(input: Tensor, axis: int, index: Tensor, distinct: bool = True) -> LazyArray:
    """The elements at the positions along an axis; `distinct`: in no line is a position named twice."""
    return ops.gather(input.array, index.array, axis)


@function(
    "ScatterAddBackward0",
    public=False,
    examples=("put_along(v, 0, tensor([3, 0, 1]), 4)",),
    d_input=lambda g, axis, index, distinct: take_along(g, axis, index, distinct),
)
def put_along(input: Tensor, axis: int, index: Tensor, length: int, distinct: bool = True) -> LazyArray:
    """Zeros with the elements added at the positions along an axis of some length: the adjoint of take_along."""
    target = ops.full(Size((*input.shape[:axis], length, *input.shape[axis + 1 :])), 0, input.dtype)
    return ops.scatter(target, index.array, input.array, axis, accumulate=not distinct)
