"""The program of a pass: what each block of rows goes through, with the memory that its values share."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from gradcli.engine import kernels, recycled
from gradcli.engine.generated import MAKERS
from gradcli.engine.indexing import scatter_into
from gradcli.engine.plan import VIEWS, StreamedStep, bytes_of
from gradcli.engine.primitives import IMPLEMENTATIONS, NUMPY_DTYPE, UFUNCS, WITHOUT_OUT, basic_index
from gradcli.engine.roles import ELEMENTWISE, Role
from gradcli.engine.scratch import bytes_of_buffers
from gradcli.engine.slots import Slots, copies, in_order, is_fresh, made_in_outputs, overwritable
from gradcli.engine.sums import sum_of_block
from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import float64
from gradcli.lazy.shapes import Size
from gradcli.lazy.stored import Stored

Array = np.ndarray

# What a block holds at a time, with what it reads and stores, is to stay in cache; but a thread that comes back from a call
# sleeps if another one holds the interpreter, so that calls of 5 microseconds gain nothing from a second thread, and those of
# 50 gain 1.8 times. Measured on 2 cores with 2 MB of their own: 8 MB were faster than 1, 2 and 4 for all workloads.
BLOCK_BYTES = 1 << 23
# The least and the most elements of the widest value in a block; calls on fewer cost more than their work.
LEAST_BLOCK, MOST_BLOCK = 1 << 14, 1 << 19
# The number of blocks is a multiple of this, so that no thread waits for another one's last: 4 % on 2 cores.
EVEN_BLOCKS = 4
# Many rows are a multiple of this, so that sums over them are made of equal pieces.
EVEN_ROWS = 1 << 7
# Rows of a block with products of matrices, which are slow for few rows.
LEAST_PRODUCT_ROWS, MOST_PRODUCT_ROWS = 1 << 9, 1 << 13
# Lanes, where what each accumulates is small, or larger than so many elements.
MANY_LANES, FEW_LANES, SMALL_PART = 64, 8, 1 << 12


def value_of(array: LazyArray, values: dict[LazyArray, Array]) -> Array:
    """What is computed, in this evaluation or before it."""
    return values[array] if array.buffer is None else array.buffer


def rows_of(array: LazyArray, values: dict[LazyArray, Array]) -> Array | Stored:
    """What gives the rows of a block: what is computed, or stored elsewhere."""
    return array.params[0] if array.primitive == "stored" and array not in values else value_of(array, values)


class Instruction(NamedTuple):
    """A step as a block executes it, on registers: numbered places for arrays. The register of its own number has its result."""

    array: LazyArray
    axis: int | None  # where the streamed axis is in the result; None: its part of an accumulated value
    function: Callable[..., Any]
    writes: bool  # whether it writes into the array that its register holds, by out=
    sources: tuple[int, ...]
    stored: int | None  # the register of the part of an output that is given what was made
    released: tuple[int, ...]  # registers that hold memory of their own which nothing needs any more


class Program:
    """The instructions of a pass, and what its registers hold when a block starts; no values, so that it may run again.

    Results come first among the registers, then the number of the block's first row, then what is read from memory. `numbers`
    and `whole` are the same in every block, `cut` is the block's part of an array in memory, `stored` that of an output,
    `slots` are memory that results share one after the other.
    """

    def __init__(self, steps: list[StreamedStep], outputs: Collection[LazyArray]) -> None:
        self.instructions: list[Instruction] = []
        self.registers = len(steps)
        self.first_row = self._new_register()
        self.numbers: list[tuple[int, Array]] = []
        self.whole: list[tuple[int, LazyArray]] = []
        self.cut: list[tuple[int, LazyArray, int]] = []
        self.stored: list[tuple[int, LazyArray, int]] = []
        self.slots: list[tuple[int, int, LazyArray, int]] = []  # register, number of the slot, what it holds, streamed axis
        self._in_memory: dict[object, int] = {}
        self._localized: dict[int, list[LazyArray]] = {}
        self._working: dict[tuple[int, int], int] = {}
        steps = in_order(_with_sines(steps), outputs)
        result_of = {step.array: position for position, step in enumerate(steps) if step.role.axis is not None}
        last_use = {operand: position for position, step in enumerate(steps) for operand in step.operands}
        made_in = made_in_outputs(steps, outputs, partial(_writes, outputs=outputs))
        slots = Slots()
        found: set[int] = set()  # registers of results whose steps found memory for them
        for position, step in enumerate(steps):
            array, operands, (axis, _) = step
            writes = _writes(step, outputs)
            sources = self._sources(step, result_of)
            stored = self._stored(position, step, made_in.get(array), writes)
            used = [result_of[operand] for operand in dict.fromkeys(operands) if operand in result_of]
            last_used = [register for register in used if last_use[steps[register].array] == position]
            if axis is None or (writes and array in made_in) or (not writes and is_fresh(array, operands)):
                slots.release(last_used)
            elif writes:
                over = {result_of.get(operand) for operand in overwritable(array, operands)}
                self.slots.append((position, slots.take(array, position, last_used, over), array, axis))
            else:
                slots.show(position, used, last_used)
            if axis is not None and not writes:
                found.add(position)
            released = tuple(register for register in last_used if register in found)
            self.instructions.append(Instruction(array, axis, _function(step, writes), writes, sources, stored, released))

    def _sources(self, step: StreamedStep, result_of: dict[LazyArray, int]) -> tuple[int, ...]:
        """The registers of a step's operands: results of this pass, or what is read from memory; of nothing, the first row."""
        if step.array.primitive in MAKERS:
            return (self.first_row,)
        takes_scalars = _takes_out(step.array) and step.array.primitive in ELEMENTWISE
        return tuple(
            [
                result_of[operand] if axis is not None and operand in result_of else self._read(operand, axis, takes_scalars)
                for operand, axis in zip(step.operands, step.role.operand_axes, strict=True)
            ]
        )

    def _stored(self, position: int, step: StreamedStep, output: LazyArray | None, writes: bool) -> int | None:
        """The register of the part of an output that is given what a step makes, unless the step writes there itself."""
        if output is None or step.role.axis is None:
            return None
        register = position if writes else self._new_register()
        self.stored.append((register, output, step.role.axis))
        return None if writes else register

    def _read(self, operand: LazyArray, axis: int | None, takes_scalars: bool) -> int:
        """The register of what is read from memory, whole or cut into blocks; a constant as a number where that will do."""
        is_scalar = takes_scalars and operand.primitive == "constant"
        key = (operand, None if is_scalar else axis, is_scalar)
        register = self._in_memory.get(key)
        if register is None:
            register = self._in_memory[key] = self._new_register()
            if is_scalar:
                self.numbers.append((register, np.asarray(operand.params[0]).astype(NUMPY_DTYPE[operand.dtype])))
            elif axis is None:
                self.whole.append((register, operand))
            else:
                self.cut.append((register, operand, axis))
        return register

    def _new_register(self) -> int:
        self.registers += 1
        return self.registers - 1

    def traffic(self) -> tuple[int, int]:
        """The bytes that all blocks together read from memory, and those they store."""
        stored = {array for _, array, _ in self.stored}
        return sum(bytes_of(array) for _, array, _ in self.cut), sum(map(bytes_of, stored))

    def lines(self) -> tuple[str, ...]:
        """The program for people to read: what blocks start from, then each step with what it makes, and where."""
        sources = [*self.cut, *((register, array, None) for register, array in self.whole)]
        names = {register: f"a{number}" for number, (register, _, _) in enumerate(sources)}
        names[self.first_row] = "row"
        names |= {register: f"{float(value):g}" for register, value in self.numbers}
        names |= {position: f"r{position}" for position in range(len(self.instructions))}
        places = {position: f"in slot {slot}" for position, slot, _, _ in self.slots}
        for register, array, _ in self.stored:
            position = next((own for own, step in enumerate(self.instructions) if register in (own, step.stored)), register)
            is_output = self.instructions[position].array is array
            places[position] = "stored" if is_output else "where the output will be"
        lines = [
            f"{names[register]} = {'all' if axis is None else 'rows'} of {_text(array)}" for register, array, axis in sources
        ]
        for position, step in enumerate(self.instructions):
            operands = ", ".join(names[source] for source in step.sources)
            place = "added up" if step.axis is None else places.get(position, "")
            lines.append(f"r{position} = {step.array.primitive}({operands})  {_text(step.array)}  {place}".rstrip())
        return tuple(lines)

    def memory(self, rows: int) -> dict[int, Array]:
        """Memory for the slots of one thread, in blocks of at most so many rows."""
        held = {slot: localized(array, axis, rows) for _, slot, array, axis in self.slots}
        return {slot: recycled.empty((prod(array.shape),), NUMPY_DTYPE[array.dtype]) for slot, array in held.items()}

    def working_bytes(self, length: int, workers: int) -> int:
        """The most bytes that a pass holds beside what it reads and stores: blocks of so many threads, and their parts."""
        if not self.instructions:
            return 0
        found = self._working.get((length, workers))
        if found is None:
            rows = min(length, self.rows_of_a_block(length))
            lanes = self.lanes(-(-length // rows))
            workers = min(workers, lanes)
            accumulated = sum(bytes_of(step.array) for step in self.instructions if step.axis is None)
            parts = (lanes - 1 + workers) * accumulated  # but for the one that all are merged into; each thread makes another
            found = self._working[length, workers] = workers * self._bytes_of_a_block(rows) + parts
        return found

    def _bytes_of_a_block(self, rows: int) -> int:
        """What a thread holds at most for a block: slots, temporaries, and results that found memory of their own."""
        steps = list(zip(self.localized(rows), self.instructions, strict=True))
        own = [0 if step.writes or step.axis is None or array.primitive in VIEWS else bytes_of(array) for array, step in steps]
        held = most = temporaries = 0
        for position, (array, step) in enumerate(steps):
            held += own[position]
            most = max(most, held)
            held -= sum(own[register] for register in step.released)
            if _takes_buffers(step.function, array):
                temporaries = max(temporaries, bytes_of_buffers(prod(array.shape)))
        slots = {slot: bytes_of(localized(array, axis, rows)) for _, slot, array, axis in self.slots}
        return most + temporaries + sum(slots.values())

    def lanes(self, blocks: int) -> int:
        """How many runs of blocks add up parts of their own; a function of the shapes alone."""
        accumulated = sum(prod(step.array.shape) for step in self.instructions if step.axis is None)
        return min(blocks, MANY_LANES if accumulated < SMALL_PART else FEW_LANES)

    def localized(self, rows: int) -> list[LazyArray]:
        """The steps' arrays as they are for one block of so many rows: the same list at each call."""
        found = self._localized.get(rows)
        if found is None:
            found = self._localized[rows] = [localized(step.array, step.axis, rows) for step in self.instructions]
        return found

    def rows_of_a_block(self, length: int) -> int:
        """So many rows that a block stays in cache, within bounds, and all are alike; a function of the shapes alone."""
        slots = {slot: array for _, slot, array, _ in self.slots}
        arrays = [*slots.values(), *[array for _, array, _ in self.cut], *{array for _, array, _ in self.stored}]
        row_bytes = sum(map(bytes_of, arrays)) / length
        fitting = int(BLOCK_BYTES / max(row_bytes, 1))
        if any(step.array.primitive == "matmul" and len(step.array.shape) == 2 for step in self.instructions):
            least, most = LEAST_PRODUCT_ROWS, MOST_PRODUCT_ROWS
        else:
            widest = max([length, *[prod(array.shape) for array in arrays]]) // length
            least, most = max(1, LEAST_BLOCK // widest), MOST_BLOCK // widest
        blocks = -(-length // max(least, min(fitting, most)))
        rows = max(least, -(-length // (_multiple(blocks, EVEN_BLOCKS) if blocks > 1 else 1)))
        return _multiple(rows, EVEN_ROWS) if rows > 8 * EVEN_ROWS else min(rows, length)


class Frame:
    """What one thread has for blocks of so many rows: the registers, and each step's array as it is for such a block."""

    __slots__ = ("locals", "registers")

    def __init__(self, program: Program, rows: int, memory: dict[int, Array], values: dict[LazyArray, Array]) -> None:
        self.locals = program.localized(rows)
        self.registers: list[Any] = [None] * program.registers
        for register, number in program.numbers:
            self.registers[register] = number
        for register, array in program.whole:
            self.registers[register] = value_of(array, values)
        for register, slot, _, _ in program.slots:
            shape = self.locals[register].shape
            self.registers[register] = memory[slot][: prod(shape)].reshape(shape)


def _multiple(number: int, of: int) -> int:
    """The number, or the next one that is a multiple."""
    return -(-number // of) * of


def _with_sines(steps: list[StreamedStep]) -> list[StreamedStep]:
    """The steps, in which cosines are given the sine of the same operand that a derivative needs beside it, for its sign."""
    sines = {step.operands: step for step in steps if step.array.primitive == "sin" and step.array.dtype is float64}
    if not sines or not kernels.tangent_is_vectorized():
        return steps
    return [
        _beside(step, sines[step.operands]) if step.array.primitive == "cos" and step.operands in sines else step
        for step in steps
    ]


def _beside(cosine: StreamedStep, sine: StreamedStep) -> StreamedStep:
    role = Role(cosine.role.axis, (*cosine.role.operand_axes, sine.role.axis))
    return StreamedStep(cosine.array, (*cosine.operands, sine.array), role)


def _ufunc(step: StreamedStep) -> Callable[..., Any] | None:
    """What computes an elementwise step."""
    has_sine = step.array.primitive == "cos" and len(step.operands) == 2
    return kernels.cos_beside_sin if has_sine else UFUNCS.get(step.array.primitive)


def _takes_buffers(function: Callable[..., Any] | None, array: LazyArray) -> bool:
    """Whether an array is computed by a kernel, in several calls and with temporaries."""
    return isinstance(function, kernels.Kernel) and NUMPY_DTYPE[array.dtype].char in function.dtypes


def _takes_out(array: LazyArray) -> bool:
    """Whether what computes an array can be given memory for it."""
    return array.primitive in WRITERS or (array.primitive in UFUNCS and array.primitive not in WITHOUT_OUT)


def _writes(step: StreamedStep, outputs: Collection[LazyArray]) -> bool:
    """Whether a step writes its result where it is told to."""
    array, axis = step.array, step.role.axis
    return axis is not None and _takes_out(array) and not (array in outputs and _is_scattered(array, axis))


def _text(array: LazyArray) -> str:
    return f"{tuple(array.shape)} {array.dtype.name}"


def _is_scattered(array: LazyArray, axis: int) -> bool:
    """Whether blocks lie in pieces in an array, where loops of NumPy 2.4 write wrong results: those of isnan and of negative."""
    return prod(array.shape[:axis]) != 1


def _function(step: StreamedStep, writes: bool) -> Callable[..., Any]:
    """What computes a step: called as a ufunc is if it writes where it is told to, else with the array and its operands."""
    array, primitive = step.array, step.array.primitive
    ufunc = _ufunc(step)
    if writes:
        return WRITERS[primitive](array) if ufunc is None else ufunc
    if ufunc is not None:
        return lambda node, inputs: ufunc(*inputs)
    if primitive == "sum":
        return sum_of_block
    if copies(array, step.operands):
        return lambda node, inputs: inputs[0][basic_index(node.params[0])].copy()
    return IMPLEMENTATIONS[primitive]


def _added_part(array: LazyArray) -> Callable[..., Array]:
    """x with a part added; the part has all of the streamed axis, so that its slice says how many rows a whole array has."""
    (slices,) = array.params
    whole = tuple([cut == (0, size, 1) for cut, size in zip(slices, array.shape, strict=True)])
    index = tuple([slice(None) if all_of_it else cut for all_of_it, cut in zip(whole, basic_index(slices), strict=True)])

    def add_part(x: Array, part: Array, out: Array) -> Array:
        _copy(x, out)
        out[index] += part
        return out

    return add_part


def _scattered(array: LazyArray) -> Callable[..., Array]:
    """x with elements put at, or added to, positions along an axis."""
    axis, accumulate = array.params

    def scatter(x: Array, index: Array, source: Array, out: Array) -> Array:
        _copy(x, out)
        scatter_into(out, index, source, axis, accumulate)
        return out

    return scatter


def _copy(x: Array, out: Array) -> None:
    """Copy the elements, unless they are where they belong; x may lie in the same memory in another order."""
    if (x.ctypes.data, x.strides, x.shape) != (out.ctypes.data, out.strides, out.shape):
        np.copyto(out, x)


#: What is called as a ufunc is: with an operand of which it changes a few elements, or with the first row to make from nothing.
WRITERS = {**MAKERS, "add_part": _added_part, "scatter": _scattered}


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
