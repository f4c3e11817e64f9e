"""The memory that results of a pass share: in which order steps take and leave it, and which place is whose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from math import prod

from gradcli.engine.plan import StreamedStep, bytes_of
from gradcli.engine.primitives import REDUCTIONS
from gradcli.engine.roles import ELEMENTWISE
from gradcli.lazy.array import LazyArray

# Longer programs keep their order: finding another one takes time that grows with its square.
MOST_ORDERED = 400

# What changes some elements of its first operand.
CHANGING = frozenset({"add_part", "scatter"})
# What makes memory of its own.
FRESH = frozenset(REDUCTIONS) | {
    "argmax",
    "argmin",
    "cast",
    "concatenate",
    "gather",
    "index",
    "place",
    "scatter",
    "sum_of_products",
}


def copies(array: LazyArray, operands: Sequence[LazyArray]) -> bool:
    """Whether a slice is so small a part that a copy of it costs less than holding on to the whole."""
    return array.primitive == "slice" and 4 * prod(array.shape) <= prod(operands[0].shape)


def overwritable(array: LazyArray, operands: Sequence[LazyArray]) -> Sequence[LazyArray]:
    """The operands that a result may be written over, if it uses them last."""
    if array.primitive in ELEMENTWISE:
        return operands
    return operands[:1] if array.primitive in CHANGING and operands[0] not in operands[1:] else ()


def is_fresh(array: LazyArray, operands: Sequence[LazyArray]) -> bool:
    """Whether a result that finds its own memory can't be a view of its operands."""
    return array.primitive in FRESH or copies(array, operands)


def in_order(steps: list[StreamedStep], outputs: Collection[LazyArray]) -> list[StreamedStep]:
    """The steps, each after its operands, with the next one always that after which least memory is held."""
    if len(steps) > MOST_ORDERED:
        return steps
    made = {step.array: number for number, step in enumerate(steps)}
    uses = Counter(operand for step in steps for operand in set(step.operands) if operand in made)
    missing = [sum(operand in made for operand in set(step.operands)) for step in steps]
    consumers: dict[LazyArray, list[int]] = {}
    for number, step in enumerate(steps):
        for operand in set(step.operands):
            consumers.setdefault(operand, []).append(number)

    def growth(number: int) -> tuple[int, bool, int]:
        """By how many bytes what is held grows; where that is the same, what only reads goes first, then the earliest."""
        step = steps[number]
        freed = sum(bytes_of(operand) for operand in set(step.operands) if uses[operand] == 1 and operand not in outputs)
        takes = step.role.axis is not None and step.array not in outputs
        return (bytes_of(step.array) if takes else 0) - freed, step.role.axis is not None, number

    ready = {number for number, count in enumerate(missing) if not count}
    ordered = []
    while ready:
        number = min(ready, key=growth)
        ready.discard(number)
        step = steps[number]
        ordered.append(step)
        uses.subtract(operand for operand in set(step.operands) if operand in made)
        for consumer in consumers.get(step.array, ()):
            missing[consumer] -= 1
            if not missing[consumer]:
                ready.add(consumer)
    return ordered


def made_in_outputs(
    steps: list[StreamedStep], outputs: Collection[LazyArray], writes: Callable[[StreamedStep], bool]
) -> dict[LazyArray, LazyArray]:
    """Which results are made in the memory of which output: itself, and what is written over on the way to it.

    `writes` tells whether a step writes where it is told to.
    """
    consumers: dict[LazyArray, list[int]] = {}
    for position, step in enumerate(steps):
        for operand in step.operands:
            consumers.setdefault(operand, []).append(position)
    step_of = {step.array: step for step in steps}

    def may_show(step: StreamedStep) -> bool:
        return step.role.axis is not None and not writes(step) and not is_fresh(step.array, step.operands)

    def is_written_over(operand: LazyArray, position: int) -> bool:
        """Whether the step there may write over its operand, which nothing else needs any more."""
        maker, step = step_of.get(operand), steps[position]
        if maker is None or operand in outputs or not writes(maker) or maker.role.axis != step.role.axis:
            return False
        is_alike = (operand.shape, operand.dtype) == (step.array.shape, step.array.dtype)
        used = consumers[operand]
        return is_alike and used[-1] == position and not any(may_show(steps[other]) for other in used)

    made_in = {output: output for output in outputs if output in step_of}
    for position in range(len(steps) - 1, -1, -1):
        step = steps[position]
        if step.array in made_in and writes(step):
            candidates = overwritable(step.array, step.operands)
            over = next((operand for operand in candidates if is_written_over(operand, position)), None)
            if over is not None:
                made_in[over] = made_in[step.array]
    return made_in


class Slots:
    """Gives results memory by liveness: a slot is taken again once no register shows it."""

    def __init__(self) -> None:
        self.count = 0
        self._shown: dict[int, set[int]] = {}  # the slots that each register shows
        self._free: dict[object, list[int]] = {}  # by shape and dtype
        self._kind: list[object] = []

    def show(self, register: int, operands: Collection[int], released: Sequence[int]) -> None:
        """Let a register show what its operands do, of which some are released."""
        self._shown[register] = set().union(*(self._shown.get(operand, set()) for operand in operands))
        self.release(released)

    def take(self, array: LazyArray, register: int, released: Sequence[int], over: Collection[int | None]) -> int:
        """The slot of a result; it may be that of an operand which is released, but only if it may be written over."""
        self.release([each for each in released if each in over])
        kind = (array.shape, array.dtype)
        free = self._free.get(kind)
        if free:
            slot = free.pop()
        else:
            slot = self.count
            self.count += 1
            self._kind.append(kind)
        self._shown[register] = {slot}
        self.release([each for each in released if each not in over])
        return slot

    def release(self, registers: Sequence[int]) -> None:
        """Let registers go, and free the slots that no other one shows."""
        freed = set().union(*(self._shown.pop(register, set()) for register in registers))
        for slot in freed.difference(*self._shown.values()):
            self._free.setdefault(self._kind[slot], []).append(slot)
