"""The block executor: the passes of a plan on the CPU, blocks of rows shared out to threads.

The bits of a result depend on the shapes, not on the number of threads: blocks are cut by size alone, and so are lanes, runs
of blocks that one thread takes one after the other, adding up what they accumulate; lanes are merged in order, two by two.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from math import prod
from sys import getrefcount
from threading import Thread
from typing import Any, NamedTuple

import numpy as np

from gradcli.engine.order import NEVER_KEPT, Step, references_inside
from gradcli.engine.plan import ELEMENTWISE, Stage, StreamedStep, plan
from gradcli.engine.primitives import IMPLEMENTATIONS, NUMPY_DTYPE, UFUNCS
from gradcli.lazy.array import LazyArray
from gradcli.lazy.settings import settings
from gradcli.lazy.shapes import Size

Array = np.ndarray

# The values that one block holds at a time should stay in a core's own cache.
BLOCK_BYTES = 1 << 20
# The least and the most rows of one element in a block; calls on fewer elements cost more than their work.
LEAST_BLOCK, MOST_BLOCK = 1 << 12, 1 << 16
# Rows of a block with products of matrices, which are slow for few rows.
PRODUCT_ROWS = 1 << 10
# Lanes, where what each accumulates is small or large.
MANY_LANES, FEW_LANES = 64, 8

# References to an array before its evaluation: from the list of steps, the loop, and the count.
_OWN_REFERENCES = 3

# What merges the parts of an accumulated value.
_MERGE: dict[str, Any] = {
    "all": np.logical_and,
    "any": np.logical_or,
    "matmul": np.add,
    "max": np.maximum,
    "min": np.minimum,
    "prod": np.multiply,
    "sum": np.add,
}


def stream_steps(
    pending: list[LazyArray],
    steps: list[Step],
    canonical: dict[LazyArray, LazyArray],
    least_elements: int,
    rows: int | None = None,
) -> bool:
    """Compute and keep the roots in passes of blocks; False, and nothing done, if there is no axis to stream over.

    `rows` sets the number of rows in a block, for tests; without, it follows from the sizes.
    """
    wanted = {canonical.get(root, root) for root in pending}
    inside = references_inside(steps, canonical)
    held = [
        node
        for node, _ in steps
        if getrefcount(node) > _OWN_REFERENCES + inside.get(node, -1) + 1 and node.primitive not in NEVER_KEPT
    ]
    planned = plan(steps, wanted | set(held), least_elements)
    if planned is None:
        return False
    values: dict[LazyArray, Array] = {}
    with np.errstate(all="ignore"):
        for stage in planned.stages:
            _compute_whole(stage.whole, values)
            if stage.streamed:
                _Pass(stage, planned.length, values, rows).run(values)
    for node in held:
        node.keep(np.asarray(values[node]))
    for root in pending:
        if root.buffer is None:
            root.keep(np.asarray(values[canonical.get(root, root)]))
    return True


def _value(array: LazyArray, values: dict[LazyArray, Array]) -> Array:
    return values[array] if array.buffer is None else array.buffer


def _compute_whole(steps: list[Step], values: dict[LazyArray, Array]) -> None:
    for node, operands in steps:
        inputs = [_value(operand, values) for operand in operands]
        ufunc = UFUNCS.get(node.primitive)
        values[node] = ufunc(*inputs) if ufunc is not None else IMPLEMENTATIONS[node.primitive](node, inputs)


class _Instruction(NamedTuple):
    """A step as a block executes it: registers hold the block's values, everything else is fetched from arrays in memory."""

    array: LazyArray
    axis: int | None  # where the streamed axis is in the result; None: its part of an accumulated value
    function: Callable[..., Any]
    writes: bool  # whether the function takes out=
    sources: tuple[tuple[int, Array | None, int | None], ...]  # register; or an array, and where it is cut
    output: Array | None  # where the result is stored
    slot: int  # else the memory it is written to, which instructions share one after the other
    released: tuple[int, ...]  # registers that nothing needs any more


class _Pass:
    """One pass: the streamed axis is cut into blocks, each goes through all instructions, and the parts are put together."""

    def __init__(self, stage: Stage, length: int, values: dict[LazyArray, Array], rows: int | None) -> None:
        self.length = length
        self.outputs = {array: np.empty(array.shape, NUMPY_DTYPE[array.dtype]) for array in stage.outputs}
        self.program = _compiled(stage.streamed, values, self.outputs)
        self.has_products = any(step.array.primitive == "matmul" for step in stage.streamed)
        self.rows = min(length, rows if rows is not None else _rows_of_a_block(stage.streamed, length))
        self.blocks = -(-length // self.rows)
        accumulated = sum(prod(step.array.shape) for step in stage.streamed if step.role.axis is None)
        lanes = min(self.blocks, MANY_LANES if accumulated < LEAST_BLOCK else FEW_LANES)
        self.lanes = [range(self.blocks * lane // lanes, self.blocks * (lane + 1) // lanes) for lane in range(lanes)]
        self.parts: list[dict[LazyArray, Array]] = [{} for _ in self.lanes]

    def run(self, values: dict[LazyArray, Array]) -> None:
        """Share the lanes out to threads, then merge what they accumulated."""
        workers = min(len(self.lanes), settings.threads or _processors())
        next_lane = count().__next__
        failures: list[BaseException] = []

        def work() -> None:
            try:
                with np.errstate(all="ignore"):
                    slots: list[Array | None] = [None] * len(self.program)
                    local: dict[int, list[LazyArray]] = {}
                    while (lane := next_lane()) < len(self.lanes):
                        for number in self.lanes[lane]:
                            if failures:
                                return
                            self._compute(number, self.parts[lane], slots, local)
            except BaseException as failure:  # carried to the thread that asked
                failures.append(failure)

        with _one_thread_for_blas() if self.has_products else nullcontext():
            threads = [Thread(target=work, daemon=True) for _ in range(workers - 1)]
            for thread in threads:
                thread.start()
            work()
            for thread in threads:
                thread.join()
        if failures:
            raise failures[0]
        values.update(self.outputs)
        for array in self.parts[0]:
            merged = _merged(_MERGE[array.primitive], [part[array] for part in self.parts])
            values[array] = merged.astype(NUMPY_DTYPE[array.dtype], copy=False)

    def _compute(
        self, number: int, parts: dict[LazyArray, Array], slots: list[Array | None], local: dict[int, list[LazyArray]]
    ) -> None:
        """Send one block through the program; `slots` is memory that each block of this thread uses again."""
        start = number * self.rows
        stop = min(start + self.rows, self.length)
        shaped = local.get(stop - start)
        if shaped is None:
            shaped = local[stop - start] = [_localized(step.array, step.axis, stop - start) for step in self.program]
        registers: list[Any] = [None] * len(self.program)
        for position, step in enumerate(self.program):
            inputs = [
                registers[register] if array is None else _cut(array, axis, start, stop) for register, array, axis in step.sources
            ]
            axis = step.axis
            if axis is None:
                part = np.asarray(step.function(*inputs) if step.writes else step.function(step.array, inputs))
                earlier = parts.get(step.array)
                parts[step.array] = part if earlier is None else np.asarray(_MERGE[step.array.primitive](earlier, part))
            elif step.writes:
                target = (
                    _slot(slots, step.slot, shaped[position]) if step.output is None else _cut(step.output, axis, start, stop)
                )
                registers[position] = step.function(*inputs, out=target)
            else:
                result = registers[position] = step.function(shaped[position], inputs)
                if step.output is not None:
                    _cut(step.output, axis, start, stop)[...] = result
            for register in step.released:
                registers[register] = None


def _processors() -> int:
    """The processors that this process may use; all of them where the system cannot tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one_thread_for_blas() -> AbstractContextManager[Any]:
    """The blocks are the parallelism: a BLAS with threads of its own would compete with them, and change the bits."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits


def _compiled(steps: list[StreamedStep], values: dict[LazyArray, Array], outputs: dict[LazyArray, Array]) -> list[_Instruction]:
    """The steps of a pass with every operand resolved: a register of the block, an array to cut, or a whole one."""
    register_of = {step.array: position for position, step in enumerate(steps) if step.role.axis is not None}
    slots = _Slots()
    last_use = {operand: position for position, step in enumerate(steps) for operand in step.operands}
    program = []
    for position, (array, operands, role) in enumerate(steps):
        ufunc = UFUNCS.get(array.primitive)
        writes = isinstance(ufunc, np.ufunc)
        sources: list[tuple[int, Array | None, int | None]] = []
        for operand, axis in zip(operands, role.operand_axes, strict=True):
            if axis is not None and operand in register_of:
                sources.append((register_of[operand], None, None))
            elif operand.primitive == "constant" and array.primitive in ELEMENTWISE and writes:
                sources.append((0, np.asarray(operand.params[0]).astype(NUMPY_DTYPE[operand.dtype]), None))
            else:
                sources.append((0, _value(operand, values), axis))
        if ufunc is None:
            function: Callable[..., Any] = IMPLEMENTATIONS[array.primitive]
        else:
            function = ufunc if writes else _without_node(ufunc)
        released = tuple({register_of[each] for each in operands if each in register_of and last_use[each] == position})
        registers = {register_of[each] for each in operands if each in register_of}
        needs_slot = writes and role.axis is not None and array not in outputs
        slot = slots.take(array, position, registers, released, needs_slot)
        program.append(_Instruction(array, role.axis, function, writes, tuple(sources), outputs.get(array), slot, released))
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


def _slot(slots: list[Array | None], number: int, local: LazyArray) -> Array:
    """Memory for a result that only this block needs."""
    slot = slots[number]
    if slot is None or slot.shape != local.shape:
        slot = slots[number] = np.empty(local.shape, NUMPY_DTYPE[local.dtype])
    return slot


def _cut(value: Array, axis: int | None, start: int, stop: int) -> Array:
    return value if axis is None else value[(slice(None),) * axis + (slice(start, stop),)]


def _rows_of_a_block(steps: list[StreamedStep], length: int) -> int:
    """So many rows that the values of a block stay in cache, within bounds; a function of the shapes alone."""
    widest = max(prod(array.shape) for step in steps for array in (step.array, *step.operands) if length in array.shape)
    living = max(4, len(steps) // 4)  # a guess at the values that are alive at a time
    if any(step.array.primitive == "matmul" for step in steps):
        return max(128, min(PRODUCT_ROWS, length // FEW_LANES))
    elements = min(MOST_BLOCK, max(LEAST_BLOCK, BLOCK_BYTES // (4 * living)))
    return max(1, elements * length // widest)


def _localized(array: LazyArray, axis: int | None, rows: int) -> LazyArray:
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


def _merged(merge: Any, parts: list[Array]) -> Array:
    """The parts of an accumulated value put together, neighbours first, so that rounding errors stay small."""
    while len(parts) > 1:
        pairs = [merge(left, right) for left, right in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[len(pairs) * 2 :]
    return np.asarray(parts[0])
