"""Regions of a program: instructions of one shape, computed element by element, that one kernel can compute together.

An instruction joins the region of an operand of its shape, unless it also needs what comes out of that region by another way;
levels tell that: what leaves a region is a level higher. Nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from math import prod
from typing import NamedTuple

from gradcli.engine.devices.expressions import C_TYPES, REDUCTIONS, expression
from gradcli.engine.devices.program import Program
from gradcli.lazy.dtypes import bool_

# A kernel takes so many bytes of parameters: of an array its address and size, and its length and stride on each axis; and two
# indices, which are not larger.
PARAMETER_BYTES = 4096
MOST_MEMBERS = 100
# A block of threads makes one result of a reduction or some; so many blocks keep a device busy.
LEAST_RESULTS = 1 << 9


class Region(NamedTuple):
    """Slots: the members, in order; arrays and constants that they read; and members that are needed as arrays elsewhere.

    `totals` are reductions of members over all axes. `reduction` is one over some axes; then nothing else is needed.
    """

    members: tuple[int, ...]
    inputs: tuple[int, ...]
    constants: tuple[int, ...]
    outputs: tuple[int, ...]
    totals: tuple[int, ...] = ()
    reduction: int | None = None


Part = Region | int  # a region, or an instruction by its slot


def read_by(program: Program, part: Part) -> tuple[int, ...]:
    """The slots of the arrays that a part reads."""
    return part.inputs if isinstance(part, Region) else program.at(part).operands


def filled_by(part: Part) -> tuple[int, ...]:
    """The slots of the arrays that a part makes."""
    if not isinstance(part, Region):
        return (part,)
    return (*part.outputs, *part.totals) if part.reduction is None else (part.reduction,)


def parts_of(program: Program) -> list[Part]:
    """What computes a program, in order."""
    graph = _Graph(program)
    regions = [region for members in _components(graph) for region in _cut(graph, members)]
    return _in_order(graph, regions)


class _Graph:
    """A program, and who needs what."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.first = len(program.inputs)
        self.wanted = frozenset(program.outputs)
        self.slots = range(self.first, self.first + len(program.instructions))
        self.consumers: dict[int, dict[int, None]] = {slot: {} for slot in range(self.slots.stop)}
        for slot in self.slots:
            for operand in self.program.at(slot).operands:
                self.consumers[operand][slot] = None

    def is_constant(self, slot: int) -> bool:
        return slot >= self.first and self.program.at(slot).primitive == "constant"

    def is_elementwise(self, slot: int) -> bool:
        """Whether a kernel can compute it."""
        instruction = self.program.at(slot)
        dtypes = [self.program.dtype_of(operand) for operand in instruction.operands]
        if not dtypes or not prod(instruction.shape) or not C_TYPES.keys() >= {*dtypes, instruction.dtype}:
            return False
        return expression(instruction.primitive, dtypes[-1]) is not None

    def needs(self, slot: int) -> list[int]:
        """The operands that are computed, constants aside."""
        return [operand for operand in self.program.at(slot).operands if operand >= self.first and not self.is_constant(operand)]

    def reduces(self, slot: int) -> str | None:
        """How a kernel can reduce the operand as it computes it: "all" axes, "some" axes, or not at all."""
        instruction = self.program.at(slot)
        if instruction.primitive not in REDUCTIONS or not instruction.params[0]:
            return None
        operand = self.program.at(instruction.operands[0])
        if instruction.primitive not in ("all", "any") and (operand.dtype is not instruction.dtype or operand.dtype is bool_):
            return None
        return "all" if len(instruction.params[0]) == len(operand.shape) else "some"


def _components(graph: _Graph) -> list[list[int]]:
    """The slots of elementwise instructions, those together that may be one region."""
    level: dict[int, int] = {}
    component: dict[int, list[int]] = {}
    for slot in graph.slots:
        needs, shape = graph.needs(slot), graph.program.at(slot).shape
        beside: list[int] = []
        if graph.is_elementwise(slot):
            beside = [operand for operand in needs if operand in component and graph.program.at(operand).shape == shape]
            component[slot] = [slot]
        level[slot] = max([level[operand] + (operand not in beside) for operand in needs], default=0)
        for operand in beside:
            if level[operand] == level[slot] and component[operand] is not component[slot]:
                few, many = sorted((component[operand], component[slot]), key=len)
                many += few
                component.update(dict.fromkeys(few, many))
    return [sorted(members) for members in {id(members): members for members in component.values()}.values()]


def _cut(graph: _Graph, slots: list[int]) -> Iterator[Region]:
    """Slots that may be one region as regions that are small enough for a kernel, and more than a single instruction."""
    most = PARAMETER_BYTES // (16 * (1 + len(graph.program.at(slots[0]).shape))) - 2
    regions: list[Region] = []
    members: list[int] = []
    for slot in slots:
        if members and (len(members) == MOST_MEMBERS or _parameters(_region(graph, [*members, slot])) > most):
            regions.append(_region(graph, members))
            members = []
        members.append(slot)
    for region in (*regions, _region(graph, members)):
        reduced = _with_reductions(graph, region, most)
        if len(reduced.members) > 1 or reduced is not region:
            yield reduced


def _region(graph: _Graph, members: list[int]) -> Region:
    inside = set(members)
    read = dict.fromkeys(operand for slot in members for operand in graph.program.at(slot).operands if operand not in inside)
    constants = tuple(operand for operand in read if graph.is_constant(operand))
    inputs = tuple(operand for operand in read if not graph.is_constant(operand))
    return Region(tuple(members), inputs, constants, _needed(graph, members, inside))


def _needed(graph: _Graph, members: Sequence[int], inside: Set[int]) -> tuple[int, ...]:
    """The members that are needed as arrays by others than these."""
    return tuple(slot for slot in members if slot in graph.wanted or not inside >= graph.consumers[slot].keys())


def _with_reductions(graph: _Graph, region: Region, most: int) -> Region:
    """The same with the reductions that its kernel can make."""
    reduced = [slot for output in region.outputs for slot in graph.consumers[output] if graph.reduces(slot)]
    totals = tuple(slot for slot in reduced if graph.reduces(slot) == "all")[: most - _parameters(region)]
    if totals:
        return region._replace(outputs=_needed(graph, region.outputs, {*region.members, *totals}), totals=totals)
    if len(reduced) == 1 and region.inputs and not _needed(graph, region.outputs, {*region.members, *reduced}):
        result = graph.program.at(reduced[0])
        is_known = result.primitive not in ("max", "min") or result.dtype.is_floating  # what to start from
        if is_known and prod(result.shape) >= LEAST_RESULTS:
            return region._replace(outputs=(), reduction=reduced[0])
    return region


def _parameters(region: Region) -> int:
    return len(region.inputs) + len(region.constants) + len(region.outputs)


def _in_order(graph: _Graph, regions: list[Region]) -> list[Part]:
    """Regions and what is in none of them, operands before their consumers, and else in the order of the program."""
    covered = {slot for region in regions for slot in (*region.members, *filled_by(region))}
    inside = {slot for region in regions for slot in region.members}
    parts: list[Part] = [*regions]
    for slot in graph.slots:
        is_unused = graph.is_constant(slot) and slot not in graph.wanted and inside >= graph.consumers[slot].keys()
        if slot not in covered and not is_unused:
            parts.append(slot)
    parts.sort(key=lambda part: part.members[0] if isinstance(part, Region) else part)
    maker = {slot: part for part in parts for slot in filled_by(part)}
    ordered: dict[Part, None] = {}
    stack = parts[::-1]
    while stack:
        missing = [maker[slot] for slot in read_by(graph.program, stack[-1]) if slot in maker and maker[slot] not in ordered]
        if missing:
            stack += missing
        else:
            ordered[stack.pop()] = None
    return list(ordered)
