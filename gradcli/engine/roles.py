"""How primitives take part in a pass: for each one a rule for where its result has the axis that is streamed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

from gradcli.engine.generated import MAKERS
from gradcli.engine.primitives import REDUCTIONS, SCANS, UFUNCS
from gradcli.lazy.array import LazyArray
from gradcli.lazy.ops import Entry

_ROUNDING = frozenset({"ceil", "floor", "round", "sign", "trunc", "remainder"})
ELEMENTWISE = (frozenset(UFUNCS) - {"matmul"}) | _ROUNDING | {"cast", "exponent", "mantissa"}

# What is added up at positions given by an index is accumulated block by block into a target of at most so many elements.
MOST_TARGET = 1 << 16


class Role(NamedTuple):
    """How a step takes part in a pass.

    `axis` is where the streamed axis is in the result (None: it is accumulated), `operand_axes` where each operand is cut
    into blocks (None: it is needed whole).
    """

    axis: int | None
    operand_axes: tuple[int | None, ...]


def _elementwise(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    rank = len(node.shape)
    from_right = {len(operand.shape) - axis for operand, axis in zip(operands, axes, strict=True) if axis is not None}
    if len(from_right) > 1:
        return None
    axis = _own_axis(node, rank - from_right.pop() if from_right else None, length)
    if axis is None or node.shape[axis] != length:
        return None
    cut: list[int | None] = []
    for operand in operands:
        own = axis - rank + len(operand.shape)
        cut.append(own if own >= 0 and operand.shape[own] == length else None)
    return Role(axis, tuple(cut)) if any(own is not None for own in cut) else None


def _reduction(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _common_axis(operands, axes, length)
    reduced_axes, keepdims = node.params
    if axis is None:
        return None
    cut = (axis,) * len(operands)
    if axis in reduced_axes:
        return Role(None, cut)
    return Role(axis if keepdims else axis - sum(other < axis for other in reduced_axes), cut)


def _common_axis(operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> int | None:
    """Where operands of one rank are all streamed."""
    axis = next((own for own in axes if own is not None), None)
    axis = _own_axis(operands[0], axis, length)
    if axis is None or any(own not in (None, axis) for own in axes):
        return None
    return axis if all(operand.shape[axis] == length for operand in operands) else None


def _own_axis(operand: LazyArray, axis: int | None, length: int) -> int | None:
    """Where an array is streamed: where it is already, else its first axis of the length."""
    if axis is not None:
        return axis
    return operand.shape.index(length) if length in operand.shape else None


def _along_another_axis(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Scans, sorts, arg-reductions, gathers: independent rows, as long as they work along another axis."""
    axis = _common_axis(operands, axes, length)
    if axis is None or node.params[0] == axis:
        return None
    moved = axis
    if node.primitive in ("argmax", "argmin") and not node.params[1] and node.params[0] < axis:
        moved -= 1
    return Role(moved, (axis,) * len(operands))


def _permutation(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _own_axis(operands[0], axes[0], length)
    return None if axis is None else Role(node.params[0].index(axis), (axis,))


def _reshaping(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Only what leaves the leading axis alone."""
    leads = _own_axis(operands[0], axes[0], length) == 0 and node.shape[:1] == (length,)
    return Role(0, (0,)) if leads else None


def _slicing(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Slices and their adjoint, if they leave the streamed axis whole."""
    axis = _own_axis(operands[0], axes[0], length)
    if axis is None or node.params[0][axis] != (0, length, 1) or node.shape[axis] != length:
        return None
    return Role(axis, (axis,))


def _adding_a_part(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Along an axis that the part has whole."""
    axis = _common_axis(operands, axes, length)
    return None if axis is None or node.params[0][axis] != (0, length, 1) else Role(axis, (axis, axis))


def _windowing(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Windows and their adjoint, if they lie along other axes."""
    axis = _own_axis(operands[0], axes[0], length)
    rank = min(len(node.shape), len(operands[0].shape))
    return None if axis is None or axis >= rank or axis in [along for along, *_ in node.params[0]] else Role(axis, (axis,))


def _flipping(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _own_axis(operands[0], axes[0], length)
    return Role(axis, (axis,)) if axis is not None and axis not in node.params[0] else None


def _repetition(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _own_axis(operands[0], axes[0], length)
    if axis is None:
        return None
    moved = axis + len(node.shape) - len(operands[0].shape)
    return Role(moved, (axis,)) if node.shape[moved] == length else None


def _joining(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _common_axis(operands, axes, length)
    return None if axis is None or node.params[0] == axis else Role(axis, (axis,) * len(operands))


def _product(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Rows of the left operand, columns of the right one, or a sum over what they share; of batches, some of the products."""
    a, b = operands
    if len(a.shape) != 2 or len(b.shape) != 2:
        role = _elementwise(node, operands, axes, length)
        return role if role is not None and role.axis is not None and role.axis < len(node.shape) - 2 else None
    if axes[0] == 1 or axes[1] == 0:  # one of them is streamed along what they share
        fits = axes[0] in (None, 1) and axes[1] in (None, 0) and a.shape[1] == length
        return Role(None, (1, 0)) if fits else None
    if axes[0] == 0 or (axes[0] is None and axes[1] is None and a.shape[0] == length):
        return Role(0, (0, None)) if axes[1] is None else None
    return Role(1, (None, 1)) if axes[1] == 1 else None


def _gathering(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Rows of both, or rows of the index alone, which say what to take along their own axis."""
    index, axis = operands[1], node.params[0]
    if axes[0] is None and axes[1] in (None, axis) and index.shape[axis : axis + 1] == (length,):
        return Role(axis, (None, axis))
    return _along_another_axis(node, operands, axes, length)


def _indexing(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Along an axis that is taken whole, or along one of the index arrays."""
    x, *indices = operands
    indexed, front, common = _indexed(node.params[0], x, len(node.shape))
    axis = _own_axis(x, axes[0], length)
    if axis is not None and axis not in indexed and axes[1:] == [None] * len(indices):
        rest = axis - sum(other < axis for other in indexed)
        return Role(rest if rest < front else rest + common, (axis, *[None] * len(indices)))
    cut = _cut_indices(indices, axes[1:], common, length) if axes[0] is None else None
    return None if cut is None else Role(front + cut[0], (None, *cut[1]))


def _adding_at(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """What is added to zeros at places given by index arrays: each block of these adds its part to all of a small target."""
    x, source, *indices = operands
    entries, accumulate = node.params
    if not accumulate or x.primitive != "constant" or x.params[0] != 0 or prod(node.shape) > MOST_TARGET:
        return None
    _, front, common = _indexed(entries, x, 0)
    common = max(len(index.shape) for index in indices)
    cut = _cut_indices(indices, axes[2:], common, length)
    if cut is None:
        return None
    rank = common + len(x.shape) - sum(entry is not None for entry in entries)
    own = front + cut[0] - rank + len(source.shape)
    if own < 0 or source.shape[own] != length or axes[1] not in (None, own):
        return None
    return Role(None, (None, own, *cut[1]))


def _indexed(entries: tuple[Entry, ...], x: LazyArray, rank: int) -> tuple[list[int], int, int]:
    """The axes that have index arrays, where the axes of these stand in a result of so many axes, and how many they are."""
    indexed = [axis for axis, entry in enumerate(entries) if entry is not None]
    is_adjacent = indexed[-1] - indexed[0] + 1 == len(indexed)
    return indexed, indexed[0] if is_adjacent else 0, rank - len(x.shape) + len(indexed)


def _cut_indices(
    indices: Sequence[LazyArray], axes: Sequence[int | None], common: int, length: int
) -> tuple[int, list[int | None]] | None:
    """Which of the axes that index arrays have in common is streamed, and where it is in each."""
    found = [
        own + common - len(index.shape)
        for index, axis in zip(indices, axes, strict=True)
        if (own := _own_axis(index, axis, length)) is not None
    ]
    if not found:
        return None
    place = found[0]
    cut: list[int | None] = []
    for index, axis in zip(indices, axes, strict=True):
        own = place - common + len(index.shape)
        cut.append(own if own >= 0 and index.shape[own] == length else None)
        if axis not in (None, cut[-1]):
            return None
    return place, cut


def _made_from_nothing(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Rows of their own, where the leading axis is streamed; a permutation has none."""
    return Role(0, ()) if node.shape[:1] == (length,) and node.params[0] != "permutation" else None


Rule = Callable[[LazyArray, Sequence[LazyArray], Sequence[int | None], int], Role | None]

RULES: dict[str, Rule] = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(SCANS, _along_another_axis),
    **dict.fromkeys(MAKERS, _made_from_nothing),
    "add_part": _adding_a_part,
    "argmax": _along_another_axis,
    "argmin": _along_another_axis,
    "argsort": _along_another_axis,
    "broadcast_to": _repetition,
    "concatenate": _joining,
    "flip": _flipping,
    "gather": _gathering,
    "index": _indexing,
    "index_put": _adding_at,
    "matmul": _product,
    "overlap_add": _windowing,
    "permute": _permutation,
    "place": _slicing,
    "reshape": _reshaping,
    "scatter": _along_another_axis,
    "scatter_reduce": _along_another_axis,
    "slice": _slicing,
    "sum_of_products": _reduction,
    "windows": _windowing,
}
