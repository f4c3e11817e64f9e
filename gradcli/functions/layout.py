"""Memory layout as PyTorch would have it: which reshapes are views, and which need a copy.

Lazy arrays have no strides; PyTorch's decide which operations it records for `reshape` and `matmul`, and whether `view`
is allowed. The strides of a view follow from the calls that made it; other results are taken to be contiguous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import ViewOf
from gradcli.lazy import Size
from gradcli.lazy.shapes import normalize_dim

Strides = tuple[int, ...]


def contiguous_strides(shape: Sequence[int]) -> Strides:
    """How far apart neighbours are along each axis when rows are stored one after the other."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def _swapped(strides: Strides, base: Tensor, bound: list[Any]) -> Strides:
    moved = list(strides)
    a, b = normalize_dim(bound[1], len(strides)), normalize_dim(bound[2], len(strides))
    if moved:
        moved[a], moved[b] = moved[b], moved[a]
    return tuple(moved)


def _permuted(strides: Strides, base: Tensor, bound: list[Any]) -> Strides:
    return tuple(strides[normalize_dim(axis, len(strides))] for axis in bound[1])


def _selected(strides: Strides, base: Tensor, bound: list[Any]) -> Strides:
    axis = normalize_dim(bound[1], len(strides))
    return strides[:axis] + strides[axis + 1 :]


def _inserted(strides: Strides, base: Tensor, bound: list[Any]) -> Strides:
    axis = normalize_dim(bound[1], len(strides) + 1)
    step = strides[axis] * base.shape[axis] if axis < len(strides) else 1
    return (*strides[:axis], step, *strides[axis:])


#: How each view function changes strides; a view by another function is taken to keep memory order.
_STEPS: dict[str, Callable[[Strides, Tensor, list[Any]], Strides]] = {
    "permute": _permuted,
    "select": _selected,
    "t": lambda strides, base, bound: strides[::-1],
    "transpose": _swapped,
    "unsqueeze": _inserted,
}


def strides(tensor: Tensor) -> Strides:
    """The strides PyTorch's tensor would have, in elements; each view remembers its own."""
    chain: list[tuple[ViewOf, Size]] = []
    while (view := tensor.view_of) is not None and (view.is_alias or view.step is not None) and view.strides is None:
        chain.append((view, tensor.shape))
        tensor = view.base
    known = tensor.view_of.strides if tensor.view_of is not None else None
    found = known if known is not None else contiguous_strides(tensor.shape)
    for view, shape in reversed(chain):
        found = view.strides = found if view.is_alias else _after(view, found, shape)
    return found


def _after(view: ViewOf, found: Strides, shape: Size) -> Strides:
    """The strides of a view of this shape from those of its base."""
    assert view.step is not None
    name, bound = view.step
    if name in ("expand", "broadcast_to"):
        lead = len(shape) - len(found)
        return tuple(
            0 if axis < lead or view.base.shape[axis - lead] != size else found[axis - lead] for axis, size in enumerate(shape)
        )
    if name in _STEPS:
        return _STEPS[name](found, view.base, bound)
    if name == "slice":
        axis = normalize_dim(bound[1], len(found))
        return (*found[:axis], found[axis] * bound[4], *found[axis + 1 :])
    if name == "view" or len(found) != len(shape):
        return view_strides(view.base.shape, found, shape) or contiguous_strides(shape)
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
