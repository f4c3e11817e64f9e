"""How much memory an evaluation will take at its peak, known before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import TYPE_CHECKING

from gradcli.engine.mapped import BYTES_BETWEEN, mapping_of
from gradcli.engine.order import Step
from gradcli.engine.plan import Plan
from gradcli.lazy.array import LazyArray
from gradcli.lazy.memory import check_memory
from gradcli.lazy.settings import settings

if TYPE_CHECKING:
    import numpy as np

# Whoever needs less is not asked how much there is.
UNQUESTIONED = 64 << 20

# What shows elements of its operand, or one number everywhere.
VIEWS = frozenset({"broadcast_to", "constant", "flip", "permute", "reshape", "slice"})

LISTED = 3


def bytes_of(array: LazyArray) -> int:
    """What the result of a step takes, beyond what its operands have."""
    return 0 if array.primitive in VIEWS else prod(array.shape) * array.dtype.itemsize


def bytes_held(buffers: Iterable[np.ndarray]) -> int:
    """What arrays take, each once; parts of files are read when they are needed, and let go."""
    return _bytes(buffers, mapped=False)


def bytes_of_pages(buffers: Iterable[np.ndarray], between: int) -> int:
    """What arrays take that show files: pages are let go after so many bytes, and what threads read meanwhile."""
    return min(_bytes(buffers, mapped=True), BYTES_BETWEEN + between)


def _bytes(buffers: Iterable[np.ndarray], mapped: bool) -> int:
    """Of the arrays that show files, or of the others, each once."""
    once = {id(buffer): buffer for buffer in buffers}.values()
    return sum(buffer.nbytes for buffer in once if (mapping_of(buffer) is not None) == mapped)


def inputs_of(steps: Iterable[Step]) -> list[np.ndarray]:
    """What steps start from."""
    return [operand.buffer for _, operands in steps for operand in operands if operand.buffer is not None]


def peak_of_steps(steps: list[Step], wanted: Iterable[LazyArray]) -> int:
    """The most bytes that steps computed one after the other hold beside their inputs, each value until its last use."""
    last_use = {operand: number for number, (_, operands) in enumerate(steps) for operand in operands}
    last_use.update(dict.fromkeys(wanted, len(steps)))
    ending: dict[int, list[LazyArray]] = {}
    for array, number in last_use.items():
        if array.buffer is None:
            ending.setdefault(number, []).append(array)
    held = peak = 0
    for number, (array, _) in enumerate(steps):
        held += bytes_of(array)
        peak = max(peak, held)
        held -= sum(bytes_of(last) for last in ending.get(number, ()))
    return peak


def peak_of_plan(planned: Plan, working: Sequence[int]) -> int:
    """The most bytes that a plan holds beside its inputs; `working` is what each pass holds beside what it reads and stores."""
    held = peak = 0
    sizes: dict[LazyArray, int] = {}
    for stage, beside in zip(planned.stages, working, strict=True):
        sizes |= {array: bytes_of(array) for array, _ in stage.whole}
        stored = [*stage.outputs, *(step.array for step in stage.streamed if step.role.axis is None)]
        sizes |= {array: prod(array.shape) * array.dtype.itemsize for array in stored}
        held += sum(sizes[array] for array in (*(array for array, _ in stage.whole), *stored))
        peak = max(peak, held + beside)
        held -= sum(sizes[array] for array in stage.released)
    return peak


def bytes_of_chunks(planned: Plan) -> int:
    """What a thread holds beside its block of what is stored elsewhere, at most."""
    reads = {
        (operand, axis)
        for stage in planned.stages
        for step in stage.streamed
        for operand, axis in zip(step.operands, step.role.operand_axes, strict=True)
        if axis is not None and operand.primitive == "stored"
    }
    return sum(operand.params[0].bytes_held(axis) for operand, axis in reads)


def check_peak(held: int, more: int, steps: Iterable[Step]) -> None:
    """Refuse an evaluation whose inputs and what it holds beside them are more than it may take; name the largest arrays."""
    peak = held + more
    if settings.profile is not None:
        settings.profile.held, settings.profile.planned = held, peak
    if peak > UNQUESTIONED or settings.max_memory is not None:
        largest = sorted({array for array, _ in steps if bytes_of(array)}, key=bytes_of, reverse=True)[:LISTED]
        listing = ", ".join(f"{array.primitive} {tuple(array.shape)} with {bytes_of(array):,} bytes" for array in largest)
        check_memory(peak, "this", hint=f"the largest arrays: {listing}" if largest else None)
