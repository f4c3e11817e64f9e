"""Indexing over an array-API namespace: an element is addressed by its position in the flat array, as all libraries can."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from gradcli.engine.devices.elementwise import Array, Implementation, number
from gradcli.engine.indexing import overlaps
from gradcli.lazy.dtypes import int64

if TYPE_CHECKING:
    from gradcli.engine.devices.program import Execution, Instruction

# Windows are added part by part, each part without repeated positions, where these are fewer; else positions are sorted.
MOST_PARTS = 64


def _flat(run: Execution, x: Array) -> Array:
    return run.xp.reshape(x, (-1,))


def _position(run: Execution, coordinates: Sequence[Array], shape: Sequence[int]) -> Array:
    """The flat position of coordinates on all axes, which broadcast."""
    position = run.library.full((), 0, int64)
    for coordinate, size in zip(coordinates, shape, strict=True):
        position = position * size + run.library.cast(coordinate, int64)
    return position


def _on_axis(run: Execution, coordinate: Array, axis: int, rank: int) -> Array:
    """A coordinate's own axes put where the result has them."""
    return run.xp.reshape(coordinate, (1,) * axis + tuple(coordinate.shape) + (1,) * (rank - axis - coordinate.ndim))


def _along_axis(run: Execution, shape: Sequence[int], index: Array, axis: int) -> Array:
    """The positions that `gather` and `scatter` address: the index on its axis, every coordinate on the others."""
    if not index.ndim:
        return run.library.cast(index, int64)
    grid = [_on_axis(run, run.library.count(size), other, index.ndim) for other, size in enumerate(index.shape)]
    grid[axis] = index
    return _position(run, grid, shape)


def _indexed(run: Execution, shape: Sequence[int], entries: Sequence[int | None], indices: Sequence[Array]) -> Array:
    """The positions that `index` and `index_put` address, in the order of their result's axes."""
    where_indexed = [axis for axis, entry in enumerate(entries) if entry is not None]
    adjacent = where_indexed[-1] - where_indexed[0] + 1 == len(where_indexed)
    front = where_indexed[0] if adjacent else 0
    common = max(index.ndim for index in indices)
    whole = [axis for axis in range(len(shape)) if axis not in where_indexed]
    rank = common + len(whole)
    coordinates = []
    for axis, size in enumerate(shape):
        entry = entries[axis] if axis < len(entries) else None
        if entry is None:
            place = whole.index(axis)
            coordinates.append(_on_axis(run, run.library.count(size), place if place < front else place + common, rank))
        else:
            index = indices[entry]
            coordinates.append(_on_axis(run, index, front + common - index.ndim, rank))
    return _position(run, coordinates, shape)


def _windowed(run: Execution, along: Sequence[tuple[int, int, int, int]], whole: Sequence[int], parts: Sequence[int]) -> Array:
    """The positions in a whole of the elements of windows, whose shape is that of the parts."""
    rank = len(parts)
    coordinates = [_on_axis(run, run.library.count(size), axis, rank) for axis, size in enumerate(parts[: len(whole)])]
    for place, (axis, length, step, gap) in enumerate(along, len(whole)):
        coordinates[axis] = coordinates[axis] * step + _on_axis(run, run.library.count(length) * gap, place, rank)
    return _position(run, coordinates, whole)


def _windows(run: Execution, node: Instruction, values: list[Array]) -> Array:
    return _taken(run, values[0], _windowed(run, node.params[0], values[0].shape, node.shape))


def _overlap_add(run: Execution, node: Instruction, values: list[Array]) -> Array:
    result = run.library.full(node.shape, 0, node.dtype)
    order, parts = overlaps(values[0].shape, node.params[0])
    if len(parts) <= MOST_PARTS:
        x = run.xp.permute_dims(values[0], tuple(order))
        for index, place in parts:
            result = run.library.assign(result, place, result[place] + x[index])
        return result
    return _put(run, node, result, _windowed(run, node.params[0], node.shape, values[0].shape), values[0], accumulate=True)


def _taken(run: Execution, x: Array, positions: Array) -> Array:
    return run.xp.reshape(run.xp.take(_flat(run, x), _flat(run, positions), axis=0), positions.shape)


def _put(run: Execution, node: Instruction, x: Array, positions: Array, source: Array, accumulate: bool) -> Array:
    """x with elements at flat positions replaced or increased."""
    if not prod(positions.shape):
        return x
    library = run.library
    target = run.xp.asarray(_flat(run, number(run, x)), copy=True)
    at, values = _flat(run, positions), _flat(run, number(run, source))
    result = library.join_at(target, at, values, "add") if accumulate else library.assign(target, at, values)
    return library.cast(run.xp.reshape(result, tuple(node.shape)), node.dtype)


def _gather(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, index = values
    return _taken(run, x, _along_axis(run, x.shape, index, node.params[0]))


def _scatter(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, index, source = values
    axis, accumulate = node.params
    if index.ndim:
        source = source[tuple(slice(0, size) for size in index.shape)]
    return _put(run, node, x, _along_axis(run, x.shape, index, axis), source, accumulate)


def _scatter_reduce(run: Execution, node: Instruction, values: list[Array]) -> Array:
    (x, index, source), (axis, name) = values, node.params
    if index.ndim:
        source = source[tuple(slice(0, size) for size in index.shape)]
    positions = _flat(run, _along_axis(run, x.shape, index, axis))
    if not positions.shape[0]:
        return x
    target = run.xp.asarray(_flat(run, number(run, x)), copy=True)
    result = run.library.join_at(target, positions, _flat(run, number(run, source)), name)
    return run.library.cast(run.xp.reshape(result, tuple(node.shape)), node.dtype)


def _index(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, *indices = values
    entries = node.params[0]
    if len(indices) > 1:
        return _taken(run, x, _indexed(run, x.shape, entries, indices))
    axis, index = entries.index(0), indices[0]  # rows by their number, the most frequent case
    return run.xp.reshape(run.xp.take(x, _flat(run, index), axis=axis), tuple(node.shape))


def _index_put(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, source, *indices = values
    entries, accumulate = node.params
    positions = _indexed(run, x.shape, entries, indices)
    return _put(run, node, x, positions, run.xp.broadcast_to(source, positions.shape), accumulate)


INDEXING: dict[str, Implementation] = {
    "gather": _gather,
    "index": _index,
    "index_put": _index_put,
    "overlap_add": _overlap_add,
    "scatter": _scatter,
    "scatter_reduce": _scatter_reduce,
    "windows": _windows,
}
