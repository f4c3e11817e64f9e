"""Windows that slide over a tensor, and their adjoint: what convolutions, pools and unfolding are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from gradcli.autograd import Tensor
from gradcli.functions.arguments import Shape
from gradcli.functions.declare import function
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.ops import Window


class Slide(NamedTuple):
    """How a window slides over positions: for each of their axes its length, its steps, and the sizes on both sides.

    `first` is the first of these axes, `sizes` are those of what the window slides over, `counts` how often it stops there.
    """

    first: int
    sizes: tuple[int, ...]
    counts: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def along(self) -> tuple[Window, ...]:
        """What the lazy primitives call it."""
        axes = range(self.first, self.first + len(self.kernel))
        return tuple(zip(axes, self.kernel, self.stride, self.dilation, strict=True))

    @property
    def spans(self) -> tuple[int, ...]:
        """How far the windows reach."""
        each = zip(self.counts, self.stride, self.kernel, self.dilation, strict=True)
        return tuple((count - 1) * step + gap * (length - 1) + 1 for count, step, length, gap in each)

    @property
    def margins(self) -> list[tuple[int, int]]:
        """What is added to each axis so that the windows fill it."""
        each = zip(self.spans, self.sizes, self.padding, strict=True)
        return [*[(0, 0)] * self.first, *((before, span - size - before) for span, size, before in each)]


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


def fitted(x: LazyArray, margins: Sequence[tuple[int, int]]) -> LazyArray:
    """An array with zeros before and after each axis; negative margins cut it."""
    kept, where_put = [], []
    for size, (before, after) in zip(x.shape, margins, strict=True):
        length = size + min(0, before) + min(0, after)
        kept.append((max(0, -before), length, 1))
        where_put.append((max(0, before), length, 1))
    shape = Size(size + before + after for size, (before, after) in zip(x.shape, margins, strict=True))
    inner = x if all(margin >= 0 for pair in margins for margin in pair) else ops.slice_(x, tuple(kept))
    return inner if shape == inner.shape else ops.place(inner, tuple(where_put), shape)
