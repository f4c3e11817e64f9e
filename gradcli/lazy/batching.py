"""Batching: a graph that was built for one element, made again for a whole batch by a rule for each primitive.

A placeholder stands for the element. Whatever depends on it gets a leading axis, the batch; the rest stays as it is.
A batch is made of the fewest operations, or so that each element has the bits that it has when it is computed by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING

from gradcli.lazy import ops
from gradcli.lazy.array import LazyArray, look_at
from gradcli.lazy.dtypes import float64, int64
from gradcli.lazy.ops import Entry, Window
from gradcli.lazy.settings import settings
from gradcli.lazy.shapes import Size

if TYPE_CHECKING:
    import numpy as np

#: From a primitive, its operands, which of them are batches, and the size of the batch, to the batch of results.
Rule = Callable[[LazyArray, Sequence[LazyArray], Sequence[bool], int], LazyArray]


class NoSuchBatch(Exception):
    """There is no batch whose elements have the bits that each has when it is computed by itself."""


class Elements:
    """The batches that placeholders stand for an element of, and those of all that was made of them.

    With `to_the_bit`, whatever has no such batch raises NoSuchBatch.
    """

    def __init__(self, size: int, to_the_bit: bool = False) -> None:
        self.size = size
        self._rules = RULES_TO_THE_BIT if to_the_bit else RULES
        self.different = range(0)  # streams of random numbers, drawn anew for each element
        self._wholes: dict[LazyArray, LazyArray] = {}
        self._alike: set[LazyArray] = set()  # what is known to be the same for all elements

    def put(self, placeholder: LazyArray, whole: LazyArray) -> None:
        """Let a placeholder stand for the elements along the first axis of an array."""
        self._wholes[placeholder] = whole

    def whole(self, element: LazyArray) -> LazyArray | None:
        """The batch of what was made of placeholders; none of what is the same for all elements."""
        wholes, alike, size = self._wholes, self._alike, self.size
        for array in self._unknown(element):
            if array.primitive == "random" and array.params[2] in self.different:
                wholes[array] = _drawn_anew(array, size)
                continue
            is_batch = [operand in wholes for operand in array.operands]
            if any(is_batch):
                operands = [wholes.get(operand, operand) for operand in array.operands]
                wholes[array] = self._rules.get(array.primitive, _elementwise)(array, operands, is_batch, size)
            else:
                alike.add(array)
        return wholes.get(element)

    def repeated(self, element: LazyArray) -> LazyArray:
        """The batch of anything."""
        whole = self.whole(element)
        return _repeated(element, self.size) if whole is None else whole

    def _unknown(self, element: LazyArray) -> list[LazyArray]:
        """All that an array depends on and that was not looked at yet, operands before what is made of them."""
        found: set[LazyArray] = set()
        stack = [element]
        while stack:
            array = stack.pop()
            if array not in found and array not in self._wholes and array not in self._alike:
                found.add(array)
                stack += array.operands
        return sorted(found, key=lambda array: array.serial)


def in_a_batch(array: LazyArray) -> LazyArray:
    """An array with an axis in front for each batch that is being computed now and that it depends on."""
    for elements in reversed(settings.batches):
        whole = elements.whole(array)
        array = array if whole is None else whole
    return array


def possible_values(array: LazyArray) -> np.ndarray:
    """The value of an array; in a function that is called for a batch, its values for all elements."""
    return look_at([in_a_batch(array)])[0]


def _drawn_anew(array: LazyArray, size: int) -> LazyArray:
    kind, seed, stream, limits, shape = array.params
    wide = Size((size, *shape))
    if kind == "permutation":
        return ops.cast(ops.argsort(ops.random("uniform", seed, stream, (), wide, float64), 1, False), array.dtype)
    return ops.random(kind, seed, stream, limits, wide, array.dtype)


# ── what rules are made of ──


def _repeated(x: LazyArray, size: int) -> LazyArray:
    """What is the same for the whole batch, as a batch."""
    return ops.broadcast_to(x, Size((size, *x.shape)))


def _all_repeated(operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> list[LazyArray]:
    return [x if batch else _repeated(x, size) for x, batch in zip(operands, is_batch, strict=True)]


def _aligned(x: LazyArray, rank: int) -> LazyArray:
    """A batch of arrays with axes of length 1 in front of theirs, so that they broadcast with arrays of a rank."""
    missing = rank - (len(x.shape) - 1)
    return ops.reshape(x, Size((x.shape[0], *(1,) * missing, *x.shape[1:]))) if missing > 0 else x


def _all_aligned(operands: Sequence[LazyArray], is_batch: Sequence[bool], rank: int) -> list[LazyArray]:
    return [_aligned(x, rank) if batch else x for x, batch in zip(operands, is_batch, strict=True)]


def _moved(x: LazyArray, source: int, target: int) -> LazyArray:
    """An axis put to another place."""
    axes = [axis for axis in range(len(x.shape)) if axis != source]
    axes.insert(target, source)
    return x if source == target else ops.permute(x, tuple(axes))


def _later(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(axis + 1 for axis in axes)


# ── elementwise, reductions, scans ──


def _elementwise(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    aligned = _all_aligned(operands, is_batch, len(array.shape))
    return LazyArray(array.primitive, tuple(aligned), array.params, Size((size, *array.shape)), array.dtype)


def _reduction(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    axes, keepdims = array.params
    return ops.reduce(array.primitive, operands[0], _later(axes), keepdims)


def _position(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    axis, keepdims = array.params
    if not array.operands[0].shape:
        return ops.full(Size((size,)), 0, int64)
    return ops.arg_reduce(array.primitive, operands[0], axis + 1, keepdims)


def _scan(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    return ops.scan(array.primitive, operands[0], array.params[0] + 1) if array.shape else operands[0]


def _argsort(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    axis, descending = array.params
    return ops.argsort(operands[0], axis + 1, descending) if array.shape else ops.full(Size((size,)), 0, int64)


def _searchsorted(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    """NumPy searches one sorted row only; in a batch of rows the place is the number of smaller (or not larger) values."""
    rows, values = operands
    (right,) = array.params
    if not is_batch[0]:
        return ops.searchsorted(rows, values, right)
    rows = ops.reshape(rows, Size((size, *(1,) * len(array.shape), rows.shape[1])))
    values = ops.reshape(values, Size((*values.shape, 1)))
    before = ops.binary("less_equal" if right else "less", rows, values)
    return ops.reduce("sum", ops.cast(before, int64), (len(array.shape) + 1,))


# ── shape ──


def _broadcast(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    return ops.broadcast_to(_aligned(operands[0], len(array.shape)), Size((size, *array.shape)))


def _place(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    slices, shape = array.params
    return ops.place(operands[0], ((0, size, 1), *slices), Size((size, *shape)))


def _later_windows(along: Sequence[Window]) -> tuple[Window, ...]:
    return tuple((axis + 1, length, step, gap) for axis, length, step, gap in along)


def _windows(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    return ops.windows(operands[0], _later_windows(array.params[0]))


def _overlap_add(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    along, sizes = array.params
    return ops.overlap_add(operands[0], _later_windows(along), sizes)


def _concatenate(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    return ops.concatenate(_all_repeated(operands, is_batch, size), array.params[0] + 1)


# ── indexing ──


def _gather(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    x, index = _all_repeated(operands, is_batch, size)
    return ops.gather(x, index, array.params[0] + 1) if array.shape else x  # an index into one element is 0


def _scatter(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    x, index, source = _all_repeated(operands, is_batch, size)
    axis, accumulate = array.params
    if not array.shape:
        return ops.binary("add", x, source) if accumulate else source
    return ops.scatter(x, index, source, axis + 1, accumulate)


def _scatter_reduce(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    axis, primitive = array.params
    x, index, source = _all_repeated(operands, is_batch, size)
    return ops.scatter_reduce(x, index, source, axis + 1, primitive) if array.shape else ops.binary(primitive, x, source)


def _batch_entries(
    entries: tuple[Entry, ...], indices: Sequence[LazyArray], is_batch: Sequence[bool], size: int
) -> tuple[tuple[Entry, ...], list[LazyArray]]:
    """An advanced index whose index arrays are batches: the position in the batch indexes the first axis."""
    rank = max(len(index.shape) - batch for index, batch in zip(indices, is_batch, strict=True))
    position = ops.reshape(ops.arange(0, 1, size, int64), Size((size, *(1,) * rank)))
    return (len(indices), *entries), [*_all_aligned(indices, is_batch, rank), position]


def _index(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    x, *indices = operands
    (entries,) = array.params
    indexed = _indexed_axes(entries)
    front = indexed[0] if indexed[-1] - indexed[0] + 1 == len(indexed) else 0  # where the index arrays' axes stand
    common = len(array.shape) - (len(array.operands[0].shape) - len(indexed))
    if not any(is_batch[1:]):
        result = ops.index(x, (None, *entries), indices)
        return result if indexed[-1] - indexed[0] + 1 == len(indexed) else _moved(result, common, 0)
    if not is_batch[0]:
        aligned = _all_aligned(indices, is_batch[1:], common)
        return _moved(ops.index(x, entries, aligned), front, 0)
    wide_entries, wide_indices = _batch_entries(entries, indices, is_batch[1:], size)
    result = ops.index(x, wide_entries, wide_indices)  # the batch, the index arrays' axes, the rest
    order = [0, *range(common + 1, common + 1 + front), *range(1, common + 1), *range(common + 1 + front, len(result.shape))]
    return ops.permute(result, tuple(order)) if front else result


def _indexed_axes(entries: tuple[Entry, ...]) -> list[int]:
    return [axis for axis, entry in enumerate(entries) if entry is not None]


def _index_put(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    entries, accumulate = array.params
    x, source, *indices = operands
    x = x if is_batch[0] else _repeated(x, size)
    indexed = _indexed_axes(entries)
    front = indexed[0] if indexed[-1] - indexed[0] + 1 == len(indexed) else 0
    original = array.operands
    place_shape = ops.indexed_shape(array.shape, entries, [index.shape for index in original[2:]])
    common = len(place_shape) - (len(array.shape) - len(indexed))
    wide_entries, wide_indices = _batch_entries(entries, indices, is_batch[2:], size)
    if is_batch[1]:
        source = ops.broadcast_to(_aligned(source, len(place_shape)), Size((size, *place_shape)))
        order = [0, *range(front + 1, front + 1 + common), *range(1, front + 1), *range(front + 1 + common, len(source.shape))]
    else:
        source = ops.broadcast_to(source, place_shape)
        order = [*range(front, front + common), *range(front), *range(front + common, len(place_shape))]
    source = ops.permute(source, tuple(order)) if front else source
    return ops.index_put(x, wide_entries, wide_indices, source, accumulate)


# ── linear algebra ──


def _matmul(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    """One product of two matrices where the batch can be more rows of the first; else a batch of products."""
    a, b = operands
    if is_batch == [True, False] and len(b.shape) == 2:
        rows = Size((prod(a.shape[:-1]), a.shape[-1]))
        return ops.reshape(ops.matmul(ops.reshape(a, rows), b), Size((size, *array.shape)))
    if is_batch == [False, True] and len(a.shape) == 2 and array.operands[1].shape[1:] == (1,):
        columns = ops.matmul(ops.reshape(b, Size((size, b.shape[1]))), ops.permute(a, (1, 0)))
        return ops.reshape(columns, Size((size, *array.shape)))
    return ops.matmul(*_all_aligned(operands, is_batch, len(array.shape)))


#: Primitives over the last two axes; those before them broadcast.
OF_MATRICES = (
    *("cholesky", "determinant", "eigh", "inverse", "log_determinant", "lu", "matrix_exp", "partial_cholesky", "permutation"),
    *("qr", "sign_of_determinant", "solve", "solve_triangular", "svd"),
)

#: Those of all primitives that are not elementwise.
RULES: dict[str, Rule] = {
    **dict.fromkeys(("sum", "prod", "max", "min", "any", "all"), _reduction),
    **dict.fromkeys(("argmax", "argmin"), _position),
    **dict.fromkeys(("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"), _scan),
    **dict.fromkeys(OF_MATRICES, _elementwise),
    "argsort": _argsort,
    "broadcast_to": _broadcast,
    "concatenate": _concatenate,
    "flip": lambda array, operands, is_batch, size: ops.flip(operands[0], _later(array.params[0])),
    "gather": _gather,
    "index": _index,
    "index_put": _index_put,
    "matmul": _matmul,
    "overlap_add": _overlap_add,
    "permute": lambda array, operands, is_batch, size: ops.permute(operands[0], (0, *_later(array.params[0]))),
    "place": _place,
    "reshape": lambda array, operands, is_batch, size: ops.reshape(operands[0], Size((size, *array.shape))),
    "scatter": _scatter,
    "scatter_reduce": _scatter_reduce,
    "searchsorted": _searchsorted,
    "slice": lambda array, operands, is_batch, size: ops.slice_(operands[0], ((0, size, 1), *array.params[0])),
    "windows": _windows,
}


# ── to the bit ──
# Elementwise primitives, and reductions and scans of rows that lie in memory one after the other, do the same with each element,
# whatever is beside it.


def _index_of_each(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    """Only where the batch is the outermost axis in memory: later sums would add in another order."""
    x, *indices = operands
    (entries,) = array.params
    indexed = _indexed_axes(entries)
    if indexed[-1] + 1 != len(indexed):
        raise NoSuchBatch
    if is_batch[0]:
        return ops.index(x, *_batch_entries(entries, indices, is_batch[1:], size))
    common = len(array.shape) - (len(array.operands[0].shape) - len(indexed))
    return ops.index(x, entries, _all_aligned(indices, is_batch[1:], common))


def _product_of_each(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    """A product for each element: larger ones are added up in other parts."""
    return ops.matmul(*_all_aligned(operands, is_batch, len(array.shape)))


def _power_of_each(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    """A single exponent may be one with a shorter way, such as 2."""
    if is_batch[1] and not array.operands[1].shape:
        raise NoSuchBatch
    return _elementwise(array, operands, is_batch, size)


def _place_among_rows(array: LazyArray, operands: Sequence[LazyArray], is_batch: Sequence[bool], size: int) -> LazyArray:
    """Rows that are not sorted are searched otherwise than by counting."""
    if is_batch[0]:
        raise NoSuchBatch
    return _searchsorted(array, operands, is_batch, size)


RULES_TO_THE_BIT: dict[str, Rule] = {
    **RULES,
    "index": _index_of_each,
    "matmul": _product_of_each,
    "pow": _power_of_each,
    "searchsorted": _place_among_rows,
}
