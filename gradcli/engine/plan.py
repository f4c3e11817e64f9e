"""The plan of a streamed evaluation: passes over one axis, in which rows flow through a program block by block.

Every array to compute has a role. *Streamed* ones have the axis (its length is the plan's) and are computed block by block;
*accumulated* ones reduce over it, each block adding its part; *whole* ones are computed at once, between passes. An array
that needs an accumulated value runs in the pass after it. A streamed array that a later pass needs is computed there again,
or stored, whichever moves fewer bytes. What is stored elsewhere is read block by block where it is streamed.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from gradcli.engine.order import Step
from gradcli.engine.roles import RULES, Role
from gradcli.lazy.array import LazyArray

# A leading axis shorter than this is not worth cutting into blocks, unless its rows are as long as a block.
LEAST_ROWS = 32
LONG_ROW = 1 << 14

# What costs next to nothing to compute again, and what costs about a third of moving the bytes of its result.
VIEWS = frozenset({"broadcast_to", "flip", "permute", "reshape", "slice"})
CHEAP = VIEWS | {"abs", "add", "arange", "cast", "div", "equal", "less", "less_equal", "logical_and", "logical_not", "logical_or"}
CHEAP |= {"maximum", "minimum", "mul", "neg", "not_equal", "sub", "where"}
CHEAP_COST = 1 / 3
# Storing moves a line of the cache to it and back to memory, and reads it later.
STORING_COST = 3
# No more steps are computed again for a value.
MOST_REPEATED = 6


class StreamedStep(NamedTuple):
    """A step of a pass: the array, its operands, and its role."""

    array: LazyArray
    operands: tuple[LazyArray, ...]
    role: Role


class Stage(NamedTuple):
    """What is computed at once, and then the pass that may need it.

    `outputs` are the streamed arrays that are stored; `released` are arrays in memory that no later stage needs.
    """

    whole: list[Step]
    streamed: list[StreamedStep]
    outputs: list[LazyArray]
    released: list[LazyArray]


class Plan(NamedTuple):
    """The stages, and the length of the streamed axis."""

    stages: list[Stage]
    length: int

    def steps(self) -> list[Step]:
        """The steps of all stages."""
        whole = [step for stage in self.stages for step in stage.whole]
        return whole + [(step.array, step.operands) for stage in self.stages for step in stage.streamed]


def plan(steps: list[Step], wanted: set[LazyArray], least_elements: int) -> Plan | None:
    """The stages of an evaluation, streamed over the axis that holds the most elements; None if nothing is large.

    `wanted` are the arrays whose values outlive the evaluation; arrays of fewer than `least_elements` are not streamed.
    """
    length = _streamed_length(steps, least_elements)
    if length is None:
        return None
    planner = _Planner(length, least_elements, wanted)
    used = {operand for _, operands in steps for operand in operands}
    for array, operands in steps:
        if array.primitive == "stored":
            continue
        if array.primitive == "broadcast_to" and array not in used:  # a view when it is asked for, with no memory of its own
            planner.add_whole(array, operands)
        else:
            planner.add(array, operands)
    return planner.finish()


def _streamed_length(steps: list[Step], least_elements: int) -> int | None:
    """The length of the leading axes, or of the longest where those are short, of most elements that are computed or read."""
    elements: dict[int, int] = {}
    for node, operands in steps:
        for array in (node, *operands):
            size = prod(array.shape)
            if array.shape and size >= least_elements:
                is_long = array.shape[0] >= min(LEAST_ROWS, size) or size >= array.shape[0] * LONG_ROW
                length = array.shape[0] if is_long else max(array.shape)
                elements[length] = elements.get(length, 0) + size
    elements.pop(1, None)
    return max(elements, key=lambda length: elements[length]) if elements else None


class _Planner:
    """Gives each step its role and its stage, in order."""

    def __init__(self, length: int, least_elements: int, wanted: set[LazyArray]) -> None:
        self.length = length
        self.least_elements = least_elements
        self.wanted = wanted
        self.step_of: dict[LazyArray, StreamedStep] = {}
        self.axes: dict[LazyArray, int] = {}  # of streamed arrays
        self.stage_of: dict[LazyArray, int] = {}  # of streamed and accumulated arrays: their pass; of whole ones: before it
        self.available: dict[LazyArray, int] = {}  # from which stage on an array exists in memory
        self.stored: set[LazyArray] = set()
        self.whole: dict[int, list[Step]] = {}
        self.streamed: dict[int, list[StreamedStep]] = {}
        self.repeated: set[tuple[int, LazyArray]] = set()  # what a later stage computes again

    def add(self, array: LazyArray, operands: tuple[LazyArray, ...]) -> None:
        """Place a step whose operands are placed."""
        role = self._role(array, operands)
        if role is None:
            self.add_whole(array, operands)
            return
        flowing = {
            operand
            for operand, axis in zip(operands, role.operand_axes, strict=True)
            if axis is not None and self.axes.get(operand) == axis
        }
        stage = max([self.stage_of[each] if each in flowing else self._in_memory(each) for each in operands], default=0)
        for operand in operands:
            if operand in self.axes and self.stage_of[operand] < stage:
                self._bring(operand, stage, operand in flowing)
        self.stage_of[array] = stage
        if role.axis is None:
            self.available[array] = stage + 1
        else:
            self.axes[array] = role.axis
        step = self.step_of[array] = StreamedStep(array, operands, role)
        self.streamed.setdefault(stage, []).append(step)

    def _role(self, array: LazyArray, operands: tuple[LazyArray, ...]) -> Role | None:
        rule = RULES.get(array.primitive)
        is_large = any(operand in self.axes or prod(operand.shape) >= self.least_elements for operand in operands)
        if rule is None or not (is_large or prod(array.shape) >= self.least_elements):
            return None
        return rule(array, operands, [self.axes.get(operand) for operand in operands], self.length)

    def add_whole(self, array: LazyArray, operands: tuple[LazyArray, ...]) -> None:
        """Compute a step at once, between passes."""
        stage = 0
        for operand in operands:
            stage = max(stage, self._in_memory(operand))
            if operand in self.axes:
                self.stored.add(operand)
        self.stage_of[array] = self.available[array] = stage
        self.whole.setdefault(stage, []).append((array, operands))

    def _in_memory(self, operand: LazyArray) -> int:
        """From which stage on an operand can be read from memory; a streamed one after its pass."""
        return self.stage_of[operand] + 1 if operand in self.axes else self.available.get(operand, 0)

    def _bring(self, operand: LazyArray, stage: int, flows: bool) -> None:
        """Make what an earlier pass streamed available in this one."""
        if operand in self.stored or (stage, operand) in self.repeated:
            return
        steps = self._repetition(operand, stage) if flows else None
        if steps is None:
            self.stored.add(operand)
            return
        self.streamed.setdefault(stage, []).extend(sorted(steps, key=lambda step: step.array.serial))
        self.repeated.update((stage, step.array) for step in steps)

    def _repetition(self, operand: LazyArray, stage: int) -> list[StreamedStep] | None:
        """The steps that compute a streamed value again; None if storing it moves fewer bytes."""
        steps: dict[LazyArray, StreamedStep] = {}
        read: set[LazyArray] = set()
        stack = [operand]
        while stack:
            array = stack.pop()
            if array in steps or (stage, array) in self.repeated:
                continue
            step = steps[array] = self.step_of[array]
            if array.primitive not in CHEAP or len(steps) > MOST_REPEATED:
                return None
            for source, axis in zip(step.operands, step.role.operand_axes, strict=True):
                if axis is not None and self.axes.get(source) == axis and source not in self.stored:
                    stack.append(source)
                elif axis is not None and source.primitive != "constant":
                    read.add(source)
        already = {source for step in self.streamed.get(stage, ()) for source in step.operands}
        moved = sum(bytes_of(source) for source in read - already)
        computed = sum(bytes_of(array) for array in steps if array.primitive not in VIEWS)
        stored = bytes_of(operand) * (1 if operand in self.wanted else STORING_COST)
        return list(steps.values()) if moved + CHEAP_COST * computed < stored else None

    def finish(self) -> Plan:
        """The stages in order."""
        self._read_whole()
        kept = self.stored | self.wanted
        last_stage: dict[LazyArray, int] = {}
        stages = []
        for number in range(max([-1, *self.whole, *self.streamed]) + 1):
            whole, streamed = self.whole.get(number, []), self.streamed.get(number, [])
            made = {step.array for step in streamed if step.role.axis is not None and self.stage_of[step.array] == number}
            outputs = [step.array for step in streamed if step.array in made and step.array in kept]
            streamed = _needed(streamed, outputs)
            in_memory = [array for array, _ in whole] + outputs + [step.array for step in streamed if step.role.axis is None]
            last_stage.update(dict.fromkeys(in_memory, number))
            for operands in [operands for _, operands in whole] + [step.operands for step in streamed]:
                last_stage.update((operand, number) for operand in operands if operand in last_stage)
            stages.append(Stage(whole, streamed, outputs, []))
        for array, number in last_stage.items():
            if array not in self.wanted:
                stages[number].released.append(array)
        return Plan(stages, self.length)

    def _read_whole(self) -> None:
        """Read what is stored elsewhere, and wanted or not cut into blocks, into memory where it is needed first."""
        needed = {array: 0 for array in self.wanted if array.primitive == "stored"}
        for stage in sorted({*self.whole, *self.streamed}):
            used = [operand for _, operands in self.whole.get(stage, ()) for operand in operands]
            for step in self.streamed.get(stage, ()):
                used += [each for each, axis in zip(step.operands, step.role.operand_axes, strict=True) if axis is None]
            for array in used:
                if array.primitive == "stored" and array not in needed:
                    needed[array] = stage
        for array, stage in needed.items():
            self.whole.setdefault(stage, []).insert(0, (array, ()))


def _needed(steps: list[StreamedStep], outputs: list[LazyArray]) -> list[StreamedStep]:
    """The steps of a pass without those that only later passes need, which compute them again."""
    needed = set(outputs)
    for step in reversed(steps):
        if step.role.axis is None or step.array in needed:
            needed.update((step.array, *step.operands))
    return [step for step in steps if step.array in needed]


def bytes_of(array: LazyArray) -> int:
    """What all elements take."""
    return prod(array.shape) * array.dtype.itemsize
