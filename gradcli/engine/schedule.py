"""Schedules: what a streamed evaluation does, found out once for each structure, however often it comes with other numbers.

A loop evaluates the same steps again and again. They are known by what they compute, from inputs of which shapes; from the
second time on the schedule is made for placeholders, to be run with the inputs of each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from gradcli.engine.order import Step
from gradcli.engine.plan import Plan, Stage, plan
from gradcli.engine.program import Program
from gradcli.engine.rewrite import rewrite
from gradcli.lazy.array import LazyArray

if TYPE_CHECKING:
    import numpy as np

# How many structures are remembered, and of how many steps at most: what is longer grows with its loop.
MOST_KNOWN, MOST_STEPS = 64, 1000

Structure = tuple[object, ...]


class Schedule(NamedTuple):
    """A plan, and the programs of its stages."""

    plan: Plan
    programs: list[Program]


class Scheduled(NamedTuple):
    """The schedule of an evaluation, what stands for each wanted array in it, and the values that it starts from."""

    schedule: Schedule
    instead: dict[LazyArray, LazyArray]
    values: dict[LazyArray, np.ndarray]


class Template(NamedTuple):
    """A schedule for any inputs; None if there is no axis to stream over."""

    schedule: Schedule | None
    inputs: list[LazyArray]
    results: list[LazyArray]


_known: dict[Structure, Template | None] = {}  # the least recently used first; None for what was met only once
_lock = Lock()


def schedule(steps: list[Step], wanted: Iterable[LazyArray], least_elements: int) -> Scheduled | None:
    """The schedule of steps, planned anew; None if there is no axis to stream over, and nothing better to compute."""
    rewritten, instead = rewrite(steps, wanted)
    planned = plan(rewritten, set(instead.values()), least_elements)
    if planned is None and rewritten is steps:
        return None
    if planned is None:  # what is left is small
        planned = Plan([Stage(rewritten, [], [], [])], 0)
    return Scheduled(Schedule(planned, [Program(stage.streamed, stage.outputs) for stage in planned.stages]), instead, {})


def scheduled(steps: list[Step], wanted: Sequence[LazyArray], least_elements: int) -> Scheduled | None:
    """The same, remembered from an evaluation of the same structure if there was one."""
    if len(steps) > MOST_STEPS:
        return schedule(steps, wanted, least_elements)
    structure, sources = _structure(steps, wanted, least_elements)
    with _lock:
        is_new = structure not in _known
        template = _known.pop(structure, None)
        if template is None and not is_new:
            template = _template(steps, sources, wanted, least_elements)
        _known[structure] = template
        if len(_known) > MOST_KNOWN:
            del _known[next(iter(_known))]
    if template is None:
        return schedule(steps, wanted, least_elements)
    if template.schedule is None:
        return None
    buffers = [source.buffer for source in sources]
    values = {array: buffer for array, buffer in zip(template.inputs, buffers, strict=True) if buffer is not None}
    return Scheduled(template.schedule, dict(zip(wanted, template.results, strict=True)), values)


def _structure(steps: list[Step], wanted: Sequence[LazyArray], least_elements: int) -> tuple[Structure, list[LazyArray]]:
    """All that a schedule depends on, and the arrays in memory that the steps start from, in the order they are met."""
    sources: list[LazyArray] = []
    place_of: dict[LazyArray, int] = {}
    structure: list[object] = [least_elements]
    for number, (array, operands) in enumerate(steps):
        for operand in operands:
            if operand not in place_of:
                place_of[operand] = -len(sources)
                sources.append(operand)
                structure += operand.shape, operand.dtype
        place_of[array] = number + 1
        structure += array.primitive, array.params, array.dtype, tuple([place_of[operand] for operand in operands])
    structure.append(tuple([place_of[array] for array in wanted]))
    return tuple(structure), sources


def _template(steps: list[Step], sources: Sequence[LazyArray], wanted: Sequence[LazyArray], least_elements: int) -> Template:
    """The schedule of copies of the steps, which hold no values."""
    copies = {array: LazyArray("input", (), (), array.shape, array.dtype) for array in sources}
    inputs = list(copies.values())
    copied: list[Step] = []
    for array, operands in steps:
        own = tuple([copies[operand] for operand in operands])
        copies[array] = LazyArray(array.primitive, own, array.params, array.shape, array.dtype)
        copied.append((copies[array], own))
    results = [copies[array] for array in wanted]
    found = schedule(copied, results, least_elements)
    if found is None:
        return Template(None, inputs, results)
    return Template(found.schedule, inputs, [found.instead[result] for result in results])
