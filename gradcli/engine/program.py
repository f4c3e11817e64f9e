"""The program of a pass: what each block of rows goes through, with the memory that its values share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from gradcli.engine.plan import ELEMENTWISE, StreamedStep
from gradcli.engine.primitives import IMPLEMENTATIONS, NUMPY_DTYPE, UFUNCS, WITHOUT_OUT
from gradcli.lazy.array import LazyArray
from gradcli.lazy.shapes import Size

Array = np.ndarray


# The values that a block holds at a time, with what it reads and stores, should stay in a core's own cache.
BLOCK_BYTES = 1 << 21
# The least and the most elements of the widest value in a block; calls on fewer cost more than their work.
LEAST_BLOCK, MOST_BLOCK = 1 << 14, 1 << 17
# Rows of a block with products of matrices, which are slow for few rows.
LEAST_PRODUCT_ROWS, MOST_PRODUCT_ROWS = 1 << 9, 1 << 12


def value_of(array: LazyArray, values: dict[LazyArray, Array]) -> Array:
    """What is computed, in this evaluation or before it."""
    return values[array] if array.buffer is None else array.buffer


class Instruction(NamedTuple):
    """A step as a block executes it: registers hold the block's values, everything else is fetched from arrays in memory."""

    array: LazyArray
    axis: int | None  # where the streamed axis is in the result; None: its part of an accumulated value
    function: Callable[..., Any]
    writes: bool  # whether the function takes out=
    sources: tuple[tuple[int, Array | None, int | None], ...]  # register; or an array, and where it is cut
    output: Array | None  # where the result is stored
    slot: int  # else the memory it is written to, which instructions share one after the other
    released: tuple[int, ...]  # registers that nothing needs any more


def compiled(steps: list[StreamedStep], values: dict[LazyArray, Array], outputs: dict[LazyArray, Array]) -> list[Instruction]:
    """The steps of a pass with every operand resolved: a register of the block, an array to cut, or a whole one."""
    register_of = {step.array: position for position, step in enumerate(steps) if step.role.axis is not None}
    slots = _Slots()
    last_use = {operand: position for position, step in enumerate(steps) for operand in step.operands}
    program = []
    for position, (array, operands, role) in enumerate(steps):
        ufunc = UFUNCS.get(array.primitive)
        writes = ufunc is not None and array.primitive not in WITHOUT_OUT
        sources: list[tuple[int, Array | None, int | None]] = []
        for operand, axis in zip(operands, role.operand_axes, strict=True):
            if axis is not None and operand in register_of:
                sources.append((register_of[operand], None, None))
            elif operand.primitive == "constant" and array.primitive in ELEMENTWISE and writes:
                sources.append((0, np.asarray(operand.params[0]).astype(NUMPY_DTYPE[operand.dtype]), None))
            else:
                sources.append((0, value_of(operand, values), axis))
        if ufunc is None:
            function: Callable[..., Any] = IMPLEMENTATIONS[array.primitive]
        else:
            function = ufunc if writes else _without_node(ufunc)
        released = tuple({register_of[each] for each in operands if each in register_of and last_use[each] == position})
        registers = {register_of[each] for each in operands if each in register_of}
        needs_slot = writes and role.axis is not None and array not in outputs
        slot = slots.take(array, position, registers, released, needs_slot)
        program.append(Instruction(array, role.axis, function, writes, tuple(sources), outputs.get(array), slot, released))
    return program


def _without_node(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of operands alone, called as an implementation is."""
    return lambda node, inputs: function(*inputs)


class _Slots:
    """Gives results memory by liveness: a slot is taken again once no register shows it.

    What an implementation returns may be a view of its operands, so its register shows their slots as well.
    """

    def __init__(self) -> None:
        self.count = 0
        self.shown: dict[int, set[int]] = {}  # the slots that each register shows
        self.free: dict[object, list[int]] = {}  # by shape and dtype
        self.kind: list[object] = []

    def take(self, array: LazyArray, register: int, operands: set[int], released: Sequence[int], writes: bool) -> int:
        """The slot of a result; an elementwise one may take the place of an operand that it uses last."""
        if not writes:
            self.shown[register] = set().union(*(self.shown.get(operand, set()) for operand in operands))
            self._release(released)
            return -1
        if array.primitive in ELEMENTWISE:
            self._release(released)
        kind = (array.shape, array.dtype)
        free = self.free.get(kind)
        if free:
            slot = free.pop()
        else:
            slot = self.count
            self.count += 1
            self.kind.append(kind)
        self.shown[register] = {slot}
        if array.primitive not in ELEMENTWISE:
            self._release(released)
        return slot

    def _release(self, registers: Sequence[int]) -> None:
        freed = set().union(*(self.shown.pop(register, set()) for register in registers))
        for slot in freed.difference(*self.shown.values()):
            self.free.setdefault(self.kind[slot], []).append(slot)


def slot_of(slots: list[Array | None], number: int, local: LazyArray) -> Array:
    """Memory for a result that only this block needs."""
    slot = slots[number]
    if slot is None or slot.shape != local.shape:
        slot = slots[number] = np.empty(local.shape, NUMPY_DTYPE[local.dtype])
    return slot


def rows_of_a_block(program: list[Instruction], length: int) -> int:
    """So many rows that a block stays in cache, within bounds; a function of the shapes alone."""
    slots = {step.slot: step.array for step in program if step.slot >= 0}
    stored = [step.output for step in program if step.output is not None]
    read = {id(array): array for step in program for _, array, axis in step.sources if array is not None and axis is not None}
    held = [prod(array.shape) * array.dtype.itemsize for array in slots.values()]
    row_bytes = (sum(held) + sum(array.nbytes for array in (*stored, *read.values()))) / length
    rows = int(BLOCK_BYTES / max(row_bytes, 1))
    if any(step.array.primitive == "matmul" for step in program):
        return max(LEAST_PRODUCT_ROWS, min(rows, MOST_PRODUCT_ROWS))
    sizes = [prod(array.shape) for array in slots.values()] + [array.size for array in (*stored, *read.values())]
    widest = max([length, *sizes]) // length
    return max(1, LEAST_BLOCK // widest, min(rows, MOST_BLOCK // widest))


def localized(array: LazyArray, axis: int | None, rows: int) -> LazyArray:
    """A step's array as it is for one block: the streamed axis has so many rows."""
    if axis is None:
        return array
    shape = Size((*array.shape[:axis], rows, *array.shape[axis + 1 :]))
    params = array.params
    if array.primitive in ("reshape", "broadcast_to"):
        params = (shape,)
    elif array.primitive in ("slice", "place"):
        slices = (*params[0][:axis], (0, rows, 1), *params[0][axis + 1 :])
        params = (slices, shape) if array.primitive == "place" else (slices,)
    return LazyArray(array.primitive, (), params, shape, array.dtype)
