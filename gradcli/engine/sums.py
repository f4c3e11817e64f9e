"""Sums by the matrix library: a row times ones takes a third of the time of NumPy's sum, and products need not be stored.

The library adds up a row in a few running totals, however long it is. So long rows are cut into equal pieces, whose sums are
summed in turn; where a length has no such pieces, NumPy sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np

from gradcli.lazy.array import LazyArray

Array = np.ndarray

# So many bytes of a row may be added up in running totals, to be as exact as NumPy is, which adds up 128 elements in eight
# totals; products with ones have fewer than products of two rows. Pieces of fewer elements than LEAST cost more than they save.
MOST_BY_ONES, MOST_BY_PRODUCTS, LEAST = 1 << 9, 1 << 11, 32
# Columns are added up row by row, in pieces of so many rows: more exact than NumPy, which does so in one.
MOST_ROWS = 256
# What has fewer elements is left to NumPy.
FEW = 1 << 10

_ONES = {dtype: np.ones(MOST_ROWS, dtype) for dtype in ("f", "d")}


def sum_of_block(node: LazyArray, values: list[Array]) -> Array:
    """The sum over the axes of the node, in its dtype."""
    (x,) = values
    axes, keepdims = node.params
    total = _total(x, axes) if x.dtype.char in _ONES and x.size >= FEW else None
    if total is None:
        return np.asarray(np.add.reduce(x, axis=axes, keepdims=keepdims, dtype=node.dtype.name))
    return np.expand_dims(total, axes) if keepdims else total


def sum_of_products(node: LazyArray, values: list[Array]) -> Array:
    """The sum over the axes of the node of the products of two floating arrays of the same shape."""
    x, y = values
    axes, keepdims = node.params
    length = _length_of_rows(x.shape, axes)
    piece = (
        _piece(length, MOST_BY_PRODUCTS // x.itemsize) if x.size >= FEW and x.flags.c_contiguous and y.flags.c_contiguous else 0
    )
    if piece < LEAST:
        return sum_of_block(node, [np.multiply(x, y)])
    sums = np.vecdot(x.reshape(-1, piece), y.reshape(-1, piece)).reshape(-1, length // piece)
    total = _sums_of_rows(sums).reshape(x.shape[: x.ndim - len(axes)])
    return np.expand_dims(total, axes) if keepdims else total


def pairwise(merge: Callable[[Any, Any], Any], parts: Sequence[Any]) -> Any:
    """All parts put together, neighbours first, so that rounding errors stay small."""
    while len(parts) > 1:
        pairs = [merge(left, right) for left, right in zip(parts[::2], parts[1::2], strict=False)]
        parts = [*pairs, *parts[len(pairs) * 2 :]]
    return parts[0]


def _total(x: Array, axes: tuple[int, ...]) -> Array | None:
    """The sum over the first or the last axes of an array whose elements lie in order; None if it is another one."""
    if not x.flags.c_contiguous:
        if not x.flags.f_contiguous:
            return None
        mirrored = _total(x.T, tuple([x.ndim - 1 - axis for axis in reversed(axes)]))
        return None if mirrored is None else mirrored.T
    length = _length_of_rows(x.shape, axes)
    if length:
        return _sums_of_rows(x.reshape(-1, length)).reshape(x.shape[: x.ndim - len(axes)])
    if axes == tuple(range(len(axes))):
        kept = x.shape[len(axes) :]
        return _sums_of_columns(x.reshape(-1, prod(kept))).reshape(kept)
    return None


def _length_of_rows(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    """How many elements are summed where the axes are the last ones; else 0."""
    first = len(shape) - len(axes)
    return prod(shape[first:]) if axes == tuple(range(first, len(shape))) else 0


@cache
def _piece(length: int, most: int) -> int:
    """The longest piece, of no more than so many elements, that a row divides into."""
    return next((piece for piece in range(min(most, length), 0, -1) if length % piece == 0), 0)


def _sums_of_rows(x: Array) -> Array:
    length = x.shape[1]
    piece = _piece(length, MOST_BY_ONES // x.itemsize)
    if piece < min(LEAST, length):
        return np.asarray(np.add.reduce(x, axis=1))
    sums: Array = np.matmul(x.reshape(-1, piece), _ONES[x.dtype.char][:piece])
    return sums if piece == length else _sums_of_rows(sums.reshape(-1, length // piece))


def _sums_of_columns(x: Array) -> Array:
    ones = _ONES[x.dtype.char]
    pieces = [x[start : start + MOST_ROWS] for start in range(0, len(x), MOST_ROWS)]
    total: Array = pairwise(np.add, [np.matmul(ones[: len(piece)], piece) for piece in pieces])
    return total
