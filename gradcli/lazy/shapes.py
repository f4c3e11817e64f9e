"""Shapes: PyTorch's Size, broadcasting and the normalisation of dimension numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from gradcli.errors import DimensionOutOfRange, OperandLabel, ShapeMismatch


class Size(tuple[int, ...]):
    """The shape of a tensor, printed as PyTorch prints it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def numel(self) -> int:
        """How many elements a tensor of this shape has."""
        return prod(self)


SCALAR = Size(())


def describe(shape: Sequence[int]) -> str:
    """A shape in words for a label under an operand: `this is (2, 3)`."""
    return f"this is ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def broadcast(*shapes: Size) -> Size:
    """The shape that all broadcast to; a ShapeMismatch that labels the first two that disagree."""
    result: Size = shapes[0]
    for position, shape in enumerate(shapes[1:], 1):
        if shape == result:
            continue
        result = _broadcast_pair(result, shape, position, shapes)
    return result


def _broadcast_pair(a: Size, b: Size, position: int, shapes: tuple[Size, ...]) -> Size:
    rank = max(len(a), len(b))
    wide_a = (1,) * (rank - len(a)) + a
    wide_b = (1,) * (rank - len(b)) + b
    sizes = []
    for axis in range(rank - 1, -1, -1):
        m, n = wide_a[axis], wide_b[axis]
        if m != n and m != 1 and n != 1:
            culprit = next(i for i, shape in enumerate(shapes) if axis - rank + len(shape) >= 0 and shape[axis - rank] == m)
            message = f"The size of tensor a ({m}) must match the size of tensor b ({n}) at non-singleton dimension {axis}"
            raise ShapeMismatch.as_torch(
                message,
                operands=[OperandLabel(culprit, describe(shapes[culprit])), OperandLabel(position, describe(b))],
                hint=f"shapes are aligned from the right; counted so, axis {axis - rank} has {m} here and {n} there",
            )
        sizes.append(n if m == 1 else m)
    result = Size(reversed(sizes))
    return a if result == a else result


def normalize_dim(dim: int, rank: int) -> int:
    """A dimension number counted from the front; a 0-dim tensor takes -1 and 0, as in PyTorch."""
    bound = max(rank, 1)
    if -bound <= dim < bound:
        return dim + bound if dim < 0 else dim
    message = f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})"
    places = {0: "no dimensions", 1: "1 dimension, which is 0 or -1"}.get(
        rank, f"{rank} dimensions: 0 to {rank - 1}, or -{rank} to -1"
    )
    raise DimensionOutOfRange.as_torch(message, hint=f"the tensor has {places}")


def existing_dim(dim: int, rank: int) -> int:
    """A dimension number counted from the front, of an operation for which a 0-dim tensor has none."""
    axis = normalize_dim(dim, rank)
    if rank:
        return axis
    raise DimensionOutOfRange.as_torch(f"Dimension specified as {dim} but tensor has no dimensions")


def normalize_dims(dims: Iterable[int], rank: int) -> tuple[int, ...]:
    """Dimension numbers counted from the front, each once and sorted."""
    normal = [normalize_dim(dim, rank) for dim in dims]
    for dim in normal:
        if normal.count(dim) > 1:
            raise DimensionOutOfRange.as_torch(f"dim {dim} appears multiple times in the list of dims")
    return tuple(sorted(normal))


def reduced(shape: Size, axes: tuple[int, ...], keepdims: bool) -> Size:
    """The shape after a reduction over the axes."""
    if keepdims:
        return Size(1 if axis in axes else size for axis, size in enumerate(shape))
    return Size(size for axis, size in enumerate(shape) if axis not in axes)
