"""Programs of fewer calls: traced as one function of the library, or their regions made kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from gradcli.engine.devices.kernels import elementwise_kernel, reduction_kernel, totals_kernel
from gradcli.engine.devices.library import Array, Library
from gradcli.engine.devices.program import Execution, Instruction, Outcome, Program, Refusal, Run, computed, execute
from gradcli.engine.devices.regions import Part, Region, filled_by, parts_of, read_by
from gradcli.engine.primitives import NUMPY_DTYPE
from gradcli.lazy.dtypes import DType
from gradcli.lazy.shapes import SCALAR

# Totals are added up by so many threads at most, each taking so many elements at least.
MOST_THREADS, LEAST_SHARE = 1 << 18, 8

Computing = Callable[[Execution, list[Array]], list[Array]]  # what a part reads to what it fills


def traced(library: Library, compiled: Callable[[Callable[..., Any]], Callable[..., Any]], program: Program) -> Run:
    """A program as one function that the library compiles; its refusals are those that were met while it was traced."""
    met: list[Refusal] = []

    def function(inputs: list[Array]) -> tuple[list[Array], list[Array]]:
        outputs, refusals = execute(library, program, inputs)
        met[:] = [refusal for _, refusal in refusals]
        return outputs, [flag for flag, _ in refusals]

    compiled_function = compiled(function)

    def run(inputs: Sequence[Array]) -> Outcome:
        outputs, flags = compiled_function(list(inputs))
        return outputs, list(zip(flags, met, strict=True))

    return run


def by_region(library: Library, kernels: Any, program: Program) -> Run:
    """A program whose regions are kernels of CuPy, or of what has its two classes; what is in no region is as ever."""
    parts = parts_of(program)
    last_use = {slot: number for number, part in enumerate(parts) for slot in read_by(program, part)}
    last_use.update(dict.fromkeys(program.outputs, len(parts)))
    steps = []
    for number, part in enumerate(parts):
        read = read_by(program, part)
        released = [slot for slot in dict.fromkeys(read) if last_use[slot] == number]
        steps.append((read, _computing(library, kernels, program, part), filled_by(part), released))

    def run(inputs: Sequence[Array]) -> Outcome:
        execution = Execution(library)
        values = dict(enumerate(inputs))
        for read, compute, filled, released in steps:
            values.update(zip(filled, compute(execution, [values[slot] for slot in read]), strict=True))
            for slot in released:
                del values[slot]
        return [values[output] for output in program.outputs], execution.refusals

    return run


def _computing(library: Library, kernels: Any, program: Program, part: Part) -> Computing:
    if not isinstance(part, Region):
        instruction = program.at(part)
        return lambda execution, operands: [computed(execution, instruction, operands)]
    constants = [program.at(slot) for slot in part.constants]
    numbers = [np.asarray(each.params[0]).astype(NUMPY_DTYPE[each.dtype])[()] for each in constants]
    if part.reduction is not None:
        return _reduced(library, kernels, program, part, program.at(part.reduction), numbers)
    if part.totals:
        return _with_totals(library, kernels, program, part, numbers)
    kernel = kernels.ElementwiseKernel(*elementwise_kernel(program, part), name="gradcli_elementwise")
    results = [program.at(slot) for slot in part.outputs]

    def compute(execution: Execution, operands: list[Array]) -> list[Array]:
        arrays = [_empty(library, each.shape, each.dtype) for each in results]
        kernel(*operands, *numbers, *arrays)
        return arrays

    return compute


def _with_totals(library: Library, kernels: Any, program: Program, region: Region, numbers: list[Any]) -> Computing:
    """One kernel for all elements and a part of each total for each thread; then the parts are reduced."""
    kernel = kernels.ElementwiseKernel(*totals_kernel(program, region), name="gradcli_totals")
    results, totals = [program.at(slot) for slot in region.outputs], [program.at(slot) for slot in region.totals]
    shape = program.at(region.members[0]).shape
    length = prod(shape)
    threads = min(MOST_THREADS, -(-length // LEAST_SHARE))
    last = [Instruction(total.primitive, ((0,), False), SCALAR, total.dtype, (), ()) for total in totals]

    def compute(execution: Execution, operands: list[Array]) -> list[Array]:
        whole = [library.xp.broadcast_to(operand, tuple(shape)) for operand in operands]
        arrays = [_empty(library, each.shape, each.dtype) for each in results]
        parts = [_empty(library, (threads,), each.dtype) for each in totals]
        kernel(*whole, *numbers, length, *arrays, *parts, size=threads)
        reduced = [computed(execution, instruction, [part]) for instruction, part in zip(last, parts, strict=True)]
        shaped = [library.xp.reshape(each, tuple(total.shape)) for each, total in zip(reduced, totals, strict=True)]
        return [*arrays, *shaped]

    return compute


def _reduced(
    library: Library, kernels: Any, program: Program, region: Region, reduction: Instruction, numbers: list[Any]
) -> Computing:
    *source, preamble = reduction_kernel(program, region, reduction)
    kernel = kernels.ReductionKernel(*source, name="gradcli_reduction", preamble=preamble)
    shape, (axes, keepdims) = program.at(region.members[0]).shape, reduction.params

    def compute(execution: Execution, operands: list[Array]) -> list[Array]:
        whole = [library.xp.broadcast_to(operand, tuple(shape)) for operand in operands]
        return [kernel(*whole, *numbers, axis=axes, keepdims=keepdims)]

    return compute


def _empty(library: Library, shape: Sequence[int], dtype: DType) -> Array:
    return library.xp.empty(tuple(shape), dtype=library.dtype(dtype), device=library.device)
