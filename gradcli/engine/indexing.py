"""How elements are taken at positions and put there, over NumPy: gather, scatter, and advanced indexing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from gradcli.lazy.array import LazyArray

Array = np.ndarray


def _along_axis(index: Array, axis: int) -> tuple[Array, ...]:
    """The coordinates that `gather` and `scatter` address: the index on its axis, a grid on the others."""
    grid: list[Array] = list(np.ogrid[tuple(slice(size) for size in index.shape)])
    grid[axis] = index
    return tuple(grid)


def _gather(node: LazyArray, values: list[Array]) -> Array:
    x, index = values
    return x[_along_axis(index, node.params[0])] if index.ndim else np.asarray(x.reshape(-1)[index])


def scatter_into(target: Array, index: Array, source: Array, axis: int, accumulate: bool) -> None:
    """Set elements of the target, or increase them, at the positions of the index along an axis."""
    target, where, source = _addressed(target, index, source, axis)
    if not accumulate:
        target[where] = source
    elif index.ndim and index.shape[axis] == 1:  # no position occurs twice
        target[where] += source
    else:
        np.add.at(target, where, source)


def _scatter(node: LazyArray, values: list[Array]) -> Array:
    x, index, source = values
    result = x.copy()
    scatter_into(result, index, source, *node.params)
    return result


def _scatter_reduce(node: LazyArray, values: list[Array]) -> Array:
    x, index, source = values
    axis, name = node.params
    result = x.copy()
    target, where, source = _addressed(result, index, source, axis)
    _COMBINED[name].at(target, where, source)
    return result


_COMBINED: dict[str, np.ufunc] = {"maximum": np.maximum, "minimum": np.minimum, "mul": np.multiply}


def _addressed(target: Array, index: Array, source: Array, axis: int) -> tuple[Array, tuple[Array, ...], Array]:
    """The target under a shape that can be addressed, where, and what to put there."""
    if not index.ndim:
        return target.reshape(-1), (index,), source
    return target, _along_axis(index, axis), source[tuple(slice(size) for size in index.shape)]


def _advanced_index(entries: tuple[int | None, ...], indices: list[Array]) -> Any:
    return tuple(slice(None) if entry is None else indices[entry] for entry in entries)


def _index(node: LazyArray, values: list[Array]) -> Array:
    return np.asarray(values[0][_advanced_index(node.params[0], values[1:])])


def _index_put(node: LazyArray, values: list[Array]) -> Array:
    entries, accumulate = node.params
    result = values[0].copy()
    where = _advanced_index(entries, values[2:])
    if accumulate:
        np.add.at(result, where, values[1])
    else:
        result[where] = values[1]
    return result


def overlaps(
    windows: Sequence[int], along: Sequence[tuple[int, int, int, int]]
) -> tuple[list[int], list[tuple[tuple[Any, ...], tuple[slice, ...]]]]:
    """An order of the axes of windows, and where in the whole is what an index along the last of them takes.

    The last axes are the offsets within all windows, or the windows where they are fewer.
    """
    rank = len(windows) - len(along)
    order, places = list(range(len(windows))), []
    for last, (axis, length, step, gap) in enumerate(along, rank):
        count = windows[axis]
        if count < length:
            order[axis], order[last] = last, axis
            count, length, step, gap = length, count, gap, step
        places.append((axis, [slice(first * gap, first * gap + (count - 1) * step + 1, step) for first in range(length)]))
    found = []
    for index in product(*[range(len(slices)) for _, slices in places]):
        place = [slice(None)] * rank
        for (axis, slices), first in zip(places, index, strict=True):
            place[axis] = slices[first]
        found.append(((..., *index), tuple(place)))
    return order, found


INDEXING: dict[str, Callable[[LazyArray, list[Array]], Array]] = {
    "gather": _gather,
    "index": _index,
    "index_put": _index_put,
    "scatter": _scatter,
    "scatter_reduce": _scatter_reduce,
}
