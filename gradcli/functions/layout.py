"""Memory layout as PyTorch would have it: which reshapes are views, and which need a copy.

Lazy arrays have no strides; PyTorch's decide which operations it records for `reshape` and `matmul`, and whether `view`
is allowed. The strides of a view follow from the calls that made it; other results are taken to be contiguous, unless they
have strides of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from operator import mul

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Strides, ViewOf
from gradcli.lazy import Size
from gradcli.lazy.shapes import normalize_dim


def contiguous_strides(shape: Sequence[int]) -> Strides:
    """How far apart neighbours are along each axis when rows are stored one after the other."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


# ── how views change strides: the rules that their declarations name ──


def swapped(strides: Strides, dim0: int, dim1: int) -> Strides:
    """Two dimensions exchanged."""
    moved = list(strides)
    a, b = normalize_dim(dim0, len(strides)), normalize_dim(dim1, len(strides))
    if moved:
        moved[a], moved[b] = moved[b], moved[a]
    return tuple(moved)


def permuted(strides: Strides, dims: Sequence[int]) -> Strides:
    """The dimensions in another order."""
    return tuple(strides[normalize_dim(axis, len(strides))] for axis in dims)


def removed(strides: Strides, dim: int) -> Strides:
    """One dimension less."""
    axis = normalize_dim(dim, len(strides))
    return strides[:axis] + strides[axis + 1 :]


def inserted(strides: Strides, input_shape: Size, dim: int) -> Strides:
    """One dimension more, of size 1."""
    axis = normalize_dim(dim, len(strides) + 1)
    step = strides[axis] * input_shape[axis] if axis < len(strides) else 1
    return (*strides[:axis], step, *strides[axis:])


def repeated(strides: Strides, input_shape: Size, size: Sequence[int]) -> Strides:
    """Expanded to a size: what is repeated stays where it is."""
    lead = len(size) - len(strides)
    return (0,) * lead + tuple(
        step if wanted in (-1, own) else 0 for step, own, wanted in zip(strides, input_shape, size[lead:], strict=True)
    )


def stretched(strides: Strides, dim: int, step: int) -> Strides:
    """Every step-th slice of a dimension."""
    return (*strides[:dim], strides[dim] * step, *strides[dim + 1 :])


def unfolded(strides: Strides, dimension: int, step: int) -> Strides:
    """Windows that slide along a dimension, their elements as the last dimension."""
    if not strides:
        return (1,)
    axis = normalize_dim(dimension, len(strides))
    return (*stretched(strides, axis, step), strides[axis])


def along_diagonal(strides: Strides, dim1: int, dim2: int) -> Strides:
    """Two dimensions as one, the last, that goes along both."""
    axes = normalize_dim(dim1, len(strides)), normalize_dim(dim2, len(strides))
    return (*(step for axis, step in enumerate(strides) if axis not in axes), strides[axes[0]] + strides[axes[1]])


def reshaped(strides: Strides, input_shape: Size, shape: Sequence[int]) -> Strides:
    """Another shape that needs no copy."""
    return view_strides(input_shape, strides, shape) or contiguous_strides(shape)


def in_the_same_order(strides: Strides, shape: Size) -> Strides:
    """What an elementwise function makes of a tensor: the dimensions lie within each other as before, without gaps."""
    inner: list[int] = []  # dimensions, from the one whose neighbours are closest
    for axis in reversed(range(len(shape))):
        place = len(inner)
        for other in reversed(range(place)):
            step = strides[inner[other]]
            if step and strides[axis]:  # else they stand as in the shape
                if step <= strides[axis]:
                    break
                place = other
        inner.insert(place, axis)
    steps = accumulate((max(shape[axis], 1) for axis in inner), mul, initial=1)
    return tuple(step for _, step in sorted(zip(inner, steps, strict=False)))


# ── the strides of a tensor ──


def strides(tensor: Tensor) -> Strides:
    """The strides PyTorch's tensor would have, in elements; each view remembers its own."""
    chain: list[ViewOf] = []
    while (view := tensor.view_of) is not None and view.strides is None:
        chain.append(view)
        tensor = view.base
    known = view.strides if view is not None else tensor.own_strides
    found = known if known is not None else contiguous_strides(tensor.shape)
    for view in reversed(chain):
        found = view.strides = found if view.strides_from is None else view.strides_from(found)
    return found


def is_contiguous(tensor: Tensor) -> bool:
    """Whether PyTorch's tensor would have its rows one after the other in memory."""
    expected = contiguous_strides(tensor.shape)
    return all(size <= 1 or a == b for size, a, b in zip(tensor.shape, strides(tensor), expected, strict=True))


def view_strides(shape: Sequence[int], old: Strides, new_shape: Sequence[int]) -> Strides | None:
    """The strides of a reshape that needs no copy, or None if it needs one."""
    if Size(shape).numel() == 0:
        return contiguous_strides(new_shape)
    axes = [(size, stride) for size, stride in zip(shape, old, strict=True) if size != 1]
    blocks: list[tuple[int, int]] = []  # runs of axes that are one run in memory: (elements, innermost stride)
    for (size, stride), following in pairwise([*axes, (0, 0)]):
        joined = following[0] and stride == following[0] * following[1]
        pending = blocks.pop()[0] * size if blocks and blocks[-1][1] == -1 else size
        blocks.append((pending, -1) if joined else (pending, stride))
    result: list[int] = []
    for size in reversed(new_shape):
        if size == 1:
            result.append(result[-1] if result else 1)
            continue
        while blocks and blocks[-1][0] == 1:
            blocks.pop()
        if not blocks or blocks[-1][0] % size:
            return None
        elements, stride = blocks.pop()
        result.append(stride)
        blocks.append((elements // size, stride * size))
    return tuple(reversed(result))


def is_viewable(tensor: Tensor, shape: Sequence[int]) -> bool:
    """Whether the tensor can take a shape without a copy."""
    return view_strides(tensor.shape, strides(tensor), shape) is not None
