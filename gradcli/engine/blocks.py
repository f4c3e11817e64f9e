"""The block executor: the passes of a plan on the CPU, blocks of rows shared out to threads.

The bits of a result depend on the shapes, not on the number of threads: blocks are cut by size alone, and so are lanes, runs
of blocks that one thread takes one after the other, adding up what they accumulate; lanes are merged in order, two by two.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from functools import partial
from itertools import count
from math import prod
from time import perf_counter
from typing import Any

import numpy as np

from gradcli.engine import recycled, scratch
from gradcli.engine.blas import one_thread
from gradcli.engine.evaluation import LEAST_ELEMENTS
from gradcli.engine.mapped import MappedPages
from gradcli.engine.memory import (
    bytes_held,
    bytes_of_chunks,
    bytes_of_pages,
    check_peak,
    inputs_of,
    peak_of_plan,
)
from gradcli.engine.order import Step, held_elsewhere
from gradcli.engine.plan import Stage
from gradcli.engine.primitives import IMPLEMENTATIONS, NUMPY_DTYPE, UFUNCS
from gradcli.engine.profile import profiled_whole
from gradcli.engine.program import BLOCK_BYTES, Frame, Program, rows_of, value_of
from gradcli.engine.progress import RowsDone
from gradcli.engine.schedule import Schedule, scheduled
from gradcli.engine.sums import pairwise
from gradcli.engine.threads import interruptibly, is_heard, share
from gradcli.lazy.array import LazyArray
from gradcli.lazy.settings import PassProfile, settings

Array = np.ndarray

# What is computed by the matrix library.
WITH_BLAS = ("matmul", "sum", "sum_of_products")

# What merges the parts of an accumulated value.
_MERGE: dict[str, Any] = {
    "all": np.logical_and,
    "any": np.logical_or,
    "index_put": np.add,
    "matmul": np.add,
    "max": np.maximum,
    "min": np.minimum,
    "prod": np.multiply,
    "sum": np.add,
    "sum_of_products": np.add,
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
    held = held_elsewhere(steps, canonical)
    found = scheduled(steps, [*held, *[canonical.get(root, root) for root in pending]], least_elements)
    if found is None:
        return False
    schedule, instead, values = found
    run_schedule(schedule, values, rows)
    for node in held:
        node.keep(np.asarray(value_of(instead[node], values)))
    for root in pending:
        if root.buffer is None:
            root.keep(np.asarray(value_of(instead[canonical.get(root, root)], values)))
    return True


def run_schedule(schedule: Schedule, values: dict[LazyArray, Array], rows: int | None = None) -> None:
    """Compute the stages of a schedule one after the other, from and into `values`."""
    planned = schedule.plan
    _check_memory(schedule, values)
    done = RowsDone(planned.length * sum(bool(stage.streamed) for stage in planned.stages))
    with np.errstate(all="ignore"):
        for stage, program in zip(planned.stages, schedule.programs, strict=True):
            if stage.whole:
                compute = partial(_compute_whole, stage.whole, values)
                with profiled_whole(stage.whole):
                    compute() if _is_quick(stage.whole) else interruptibly(compute)
            if stage.streamed:
                _Pass(stage, program, planned.length, values, rows).run(values, done)
            for array in stage.released:
                values.pop(array, None)


def _check_memory(schedule: Schedule, values: dict[LazyArray, Array]) -> None:
    """Refuse a schedule that needs more memory than it may take."""
    planned, programs = schedule
    workers = _workers()
    inputs = [*values.values(), *inputs_of(planned.steps())]
    working = [program.working_bytes(planned.length, workers) for program in programs]
    beside = workers * bytes_of_chunks(planned) + bytes_of_pages(inputs, BLOCK_BYTES * workers)
    check_peak(bytes_held(inputs), peak_of_plan(planned, working) + beside, planned.steps())


def _is_quick(steps: list[Step]) -> bool:
    """Whether steps have small arrays alone, so that nobody needs to interrupt them."""
    return all(prod(array.shape) < LEAST_ELEMENTS for node, operands in steps for array in (node, *operands))


def _compute_whole(steps: list[Step], values: dict[LazyArray, Array]) -> None:
    with np.errstate(all="ignore"):
        for node, operands in steps:
            inputs = [value_of(operand, values) for operand in operands]
            ufunc = UFUNCS.get(node.primitive)
            values[node] = ufunc(*inputs) if ufunc is not None else IMPLEMENTATIONS[node.primitive](node, inputs)


class _Pass:
    """One pass: the streamed axis is cut into blocks, each goes through all instructions, and the parts are put together."""

    def __init__(self, stage: Stage, program: Program, length: int, values: dict[LazyArray, Array], rows: int | None) -> None:
        self.length = length
        self.outputs = {array: recycled.empty(array.shape, NUMPY_DTYPE[array.dtype]) for array in stage.outputs}
        self.program = program
        self.values = values
        self.cut = [(register, rows_of(array, values), axis) for register, array, axis in program.cut]
        self.cut += [(register, self.outputs[array], axis) for register, array, axis in program.stored]
        primitives = {step.array.primitive for step in stage.streamed}
        self.has_products = "matmul" in primitives
        self.uses_blas = not primitives.isdisjoint(WITH_BLAS)
        self.rows = min(length, rows if rows is not None else self.program.rows_of_a_block(length))
        self.blocks = -(-length // self.rows)
        lanes = program.lanes(self.blocks)
        self.lanes = [range(self.blocks * lane // lanes, self.blocks * (lane + 1) // lanes) for lane in range(lanes)]
        self.parts: list[dict[LazyArray, Array]] = [{} for _ in self.lanes]

    def run(self, values: dict[LazyArray, Array], done: RowsDone) -> None:
        """Share the lanes out to threads, then merge what they accumulated."""
        start = perf_counter()
        pages = MappedPages([array for _, array, _ in self.cut], self.length)
        workers = min(len(self.lanes), _workers())
        next_lane = count().__next__
        failures: list[BaseException] = []

        def work() -> None:
            try:
                with np.errstate(all="ignore"):
                    frames: dict[int, Frame] = {}
                    memory = self.program.memory(self.rows)
                    while (lane := next_lane()) < len(self.lanes):
                        for number in self.lanes[lane]:
                            if failures:
                                return
                            self._compute(number, self.parts[lane], frames, memory)
                            done.add(self.rows)
                            pages.read(self.rows)
            except BaseException as failure:  # carried to the thread that asked
                failures.append(failure)
            finally:
                scratch.let_go()

        with one_thread() if self.uses_blas and self.blocks > 1 else nullcontext():
            only_waits = self.has_products and is_heard()  # a block of products may take seconds
            try:
                share(work, workers - (not only_waits), joins=not only_waits)
            except BaseException as interruption:  # the others stop after their blocks
                failures.append(interruption)
        if failures:
            raise failures[0]
        values.update(self.outputs)
        for array in self.parts[0]:
            merged = pairwise(partial(_merged, array), [part[array] for part in self.parts])
            values[array] = merged.astype(NUMPY_DTYPE[array.dtype], copy=False)
        if settings.profile is not None:
            read, written = self.program.traffic()
            made = len(self.program.instructions), self.length, self.blocks, workers, read, written
            settings.profile.passes.append(PassProfile(*made, perf_counter() - start, self.program.lines()))

    def _compute(self, number: int, parts: dict[LazyArray, Array], frames: dict[int, Frame], memory: dict[int, Array]) -> None:
        """Send one block through the program, in the frame and the memory of this thread."""
        start = number * self.rows
        rows = min(self.rows, self.length - start)
        frame = frames.get(rows)
        if frame is None:
            frame = frames[rows] = Frame(self.program, rows, memory, self.values)
        registers = frame.registers
        registers[self.program.first_row] = start
        for register, array, axis in self.cut:
            registers[register] = array[(slice(None),) * axis + (slice(start, start + rows),)]
        for position, step in enumerate(self.program.instructions):
            sources = step.sources
            if step.writes:
                if len(sources) == 2:  # most are so; the less is done here, the less threads wait for each other
                    first, second = sources
                    step.function(registers[first], registers[second], out=registers[position])
                else:
                    step.function(*[registers[source] for source in sources], out=registers[position])
                continue
            result = step.function(frame.locals[position], [registers[source] for source in sources])
            if step.axis is None:
                result = np.asarray(result)
                earlier = parts.setdefault(step.array, result)
                if earlier is not result:
                    _merged(step.array, earlier, result)
            else:
                registers[position] = result
                if step.stored is not None:
                    registers[step.stored][...] = result
            for register in step.released:
                registers[register] = None


def _merged(array: LazyArray, part: Array, other: Array) -> Array:
    """The part of an accumulated value, into which another one is put."""
    result: Array = _MERGE[array.primitive](part, other, out=part)
    return result


def _workers() -> int:
    """How many threads may work."""
    return settings.threads or _processors()


def _processors() -> int:
    """The processors that this process may use; all of them where the system cannot tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
