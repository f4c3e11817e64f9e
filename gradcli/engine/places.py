"""Rules of rewriting that follow elements to where they are: parts, places, positions, windows and shapes."""

from __future__ import annotations

from functools import partial, reduce
from math import prod

from gradcli.engine.roles import ELEMENTWISE
from gradcli.engine.rules import Known, Operands, Rules, uniform
from gradcli.lazy import ops
from gradcli.lazy.array import LazyArray
from gradcli.lazy.shapes import Size

# Windows of no more elements than this are put together from their parts.
MOST_PARTS = 64
_COMBINING = {"max": "maximum", "min": "minimum", "sum": "add"}


def _part_of_elementwise(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A part of what is computed element by element, and used for nothing else, is computed from the parts of its operands."""
    (whole,) = operands
    slices = node.params[0]
    if not _is_wanted_in_part(node, whole, known):
        return None
    parts = tuple(_part(operand, slices, whole.shape) for operand in whole.operands)
    return LazyArray(whole.primitive, parts, whole.params, node.shape, whole.dtype)


def _is_wanted_in_part(part: LazyArray, whole: LazyArray, known: Known) -> bool:
    """Whether an elementwise result is used for nothing but a small part, and refuses no numbers, which may be elsewhere."""
    if whole.primitive not in ELEMENTWISE or known.uses[whole] != 1 or 2 * prod(part.shape) > prod(whole.shape):
        return False
    return whole.dtype.is_floating or whole.primitive not in ("floor_divide", "fmod", "remainder")


def _part(operand: LazyArray, slices: tuple[ops.Slice, ...], shape: Size) -> LazyArray:
    """What a part of a result needs of an operand that was broadcast to its shape."""
    rank = len(operand.shape)
    own = slices[len(slices) - rank :]
    sizes = shape[len(shape) - rank :]
    taken = [(0, 1, 1) if size == 1 != whole else cut for size, whole, cut in zip(operand.shape, sizes, own, strict=True)]
    if operand.primitive == "constant":
        return ops.full(Size(number for _, number, _ in taken), operand.params[0], operand.dtype)
    return ops.slice_(operand, tuple(taken))


def _sum_of_placed(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """The sum of a part among zeros is the sum of the part (plus 0, which -0 becomes)."""
    (placed,) = operands
    axes, keepdims = node.params
    if placed.primitive != "place" or not node.dtype.is_floating:
        return None
    slices, shape = placed.params
    if any(cut != (0, shape[axis], 1) for axis, cut in enumerate(slices) if axis not in axes):
        return None
    total = ops.reduce("sum", placed.operands[0], axes, keepdims)
    return ops.binary("add", total, ops.constant(0.0, node.dtype))


def _difference_from_placed(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A part among zeros, minus y, is 0 - y with the part added where it belongs."""
    placed, y = operands
    if placed.primitive != "place" or known.uses[placed] != 1 or not _is_alone(node, operands):
        return None
    negated = ops.binary("sub", ops.constant(0.0, node.dtype), y)
    return LazyArray("add_part", (negated, placed.operands[0]), (placed.params[0],), node.shape, node.dtype)


def _sum_with_placed(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A part among zeros, plus y, is y with the part added where it belongs."""
    for placed, y in (operands, operands[::-1]):
        if placed.primitive == "place" and known.uses[placed] == 1 and _is_alone(node, operands):
            return LazyArray("add_part", (y, placed.operands[0]), (placed.params[0],), node.shape, node.dtype)
    return None


def _is_alone(node: LazyArray, operands: Operands) -> bool:
    """Whether every element of a floating result comes from one element of each operand, so that nothing is repeated."""
    return node.dtype.is_floating and all(operand.shape == node.shape for operand in operands)


def _sum_of_scattered(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """The sum of what is scattered among zeros, along the axis in question, is the sum of it (plus 0, which -0 becomes)."""
    (scattered,) = operands
    axes, keepdims = node.params
    if not _is_among_zeros(scattered) or scattered.params[0] not in axes:
        return None
    source = scattered.operands[2]
    if not _differs_only_in(scattered.params[0], source, scattered):
        return None
    return ops.binary("add", ops.reduce("sum", source, axes, keepdims), ops.constant(0.0, node.dtype))


def _is_among_zeros(array: LazyArray) -> bool:
    """Whether elements are added to zeros at positions along an axis, or put there, no two at the same."""
    if array.primitive != "scatter" or uniform(array.operands[0]) != 0:
        return False
    axis, accumulate = array.params
    _, index, source = array.operands
    return index.shape == source.shape and len(index.shape) == len(array.shape) and (accumulate or index.shape[axis] == 1)


def _differs_only_in(axis: int, a: LazyArray, b: LazyArray) -> bool:
    """Whether two shapes are the same but for the length of an axis."""
    return len(a.shape) == len(b.shape) and all(
        m == n or own == axis for own, (m, n) in enumerate(zip(a.shape, b.shape, strict=True))
    )


def _scatter_onto(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """What is scattered among zeros, plus or minus y, is scattered onto y or 0 - y."""
    for scattered, y in (operands, operands[::-1]) if node.primitive == "add" else (operands,):
        if _is_among_zeros(scattered) and known.uses[scattered] == 1 and _is_alone(node, operands):
            _, index, source = scattered.operands
            onto = y if node.primitive == "add" else ops.binary("sub", ops.constant(0.0, node.dtype), y)
            return ops.scatter(onto, index, source, scattered.params[0], accumulate=True)
    return None


def _put_onto(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """What is added to x at some places is x plus what is added to zeros there, which can be done block by block."""
    x, source, *indices = operands
    entries, accumulate = node.params
    if not accumulate or not node.dtype.is_floating or uniform(x) == 0:
        return None
    zeros = ops.full(node.shape, -0.0, node.dtype)  # which leave -0 what it is
    return ops.binary("add", x, ops.index_put(zeros, entries, indices, source, accumulate))


def _gather_of_elementwise(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """Elements of what is computed element by element, and used for nothing else, are computed from those of its operands."""
    result, index = operands
    (axis,) = node.params
    if not _is_wanted_in_part(node, result, known) or not _differs_only_in(axis, index, result) or result.shape[axis] == 1:
        return None

    def taken(operand: LazyArray) -> LazyArray:
        own = axis - len(result.shape) + len(operand.shape)
        if own < 0 or operand.shape[own] == 1:  # the same along the axis
            return operand
        return ops.gather(ops.broadcast_to(operand, result.shape), index, axis)

    return LazyArray(result.primitive, tuple(map(taken, result.operands)), result.params, node.shape, result.dtype)


def _permuted_twice(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A permutation of a permutation is one, or none."""
    (x,) = operands
    (axes,) = node.params
    if axes == tuple(range(len(axes))):
        return x
    return ops.permute(x.operands[0], tuple(x.params[0][axis] for axis in axes)) if x.primitive == "permute" else None


def _reshaped_twice(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """Only the last shape counts, and none at all if it is the first."""
    (x,) = operands
    return ops.reshape(x.operands[0], node.shape) if x.primitive == "reshape" else None


def _of_windows(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A reduction of windows puts their parts together: NumPy is slow to reduce many short axes."""
    (windows,) = operands
    axes, keepdims = node.params
    if windows.primitive != "windows" or keepdims:
        return None
    rank = len(windows.shape) - len(windows.params[0])
    if axes != tuple(range(rank, len(windows.shape))) or not 0 < prod(windows.shape[rank:]) <= MOST_PARTS:
        return None
    parts = ops.window_parts(windows.operands[0], windows.params[0])
    return reduce(partial(ops.binary, _COMBINING[node.primitive]), parts)


PLACES: Rules = {
    "add": (_sum_with_placed, _scatter_onto),
    "gather": (_gather_of_elementwise,),
    "index_put": (_put_onto,),
    "max": (_of_windows,),
    "min": (_of_windows,),
    "permute": (_permuted_twice,),
    "reshape": (_reshaped_twice,),
    "slice": (_part_of_elementwise,),
    "sub": (_difference_from_placed, _scatter_onto),
    "sum": (_sum_of_placed, _sum_of_scattered, _of_windows),
}
