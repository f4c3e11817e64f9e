"""Windows that slide over a tensor, and their adjoint: what convolutions, pools and unfolding are made of."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.functions.arguments import Shape
from gradcli.functions.declare import function
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.ops import Window


@function(
    "UnfoldBackward0",
    public=False,
    examples=("windows(v, ((0, 2, 1, 1),))", "windows(b, ((2, 2, 1, 1), (1, 2, 3, 1)))"),
    d_input=lambda g, input_shape, along: overlap_add(g, along, _sizes(input_shape, along)),
)
def windows(input: Tensor, along: Any) -> LazyArray:
    """All parts of a length that lie in order on some axes: such an axis counts them, and an axis for each is put last."""
    return ops.windows(input.array, along)


@function(
    "UnfoldBackwardBackward0",
    public=False,
    examples=("overlap_add(b, ((1, 3, 2, 1),), (5,))", "overlap_add(b, ((0, 3, 2, 1),), (6,))"),
    d_input=lambda g, along: windows(g, along),
)
def overlap_add(input: Tensor, along: Any, sizes: Shape) -> LazyArray:
    """Zeros with each element added where `windows` would have taken it from axes of these sizes: the adjoint of windows."""
    return ops.overlap_add(input.array, along, tuple(sizes))


def _sizes(shape: Size, along: tuple[Window, ...]) -> tuple[int, ...]:
    return tuple(shape[axis] for axis, *_ in along)
