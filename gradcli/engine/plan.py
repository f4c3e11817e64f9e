"""The plan of a streamed evaluation: passes over one axis, in which rows flow through a program block by block.

Every array to compute has a role. *Streamed* ones have the axis (its length is the plan's) and are computed block by block;
*accumulated* ones reduce over it, each block adding its part; *whole* ones are computed at once, between passes. An array
that needs an accumulated value runs in the pass after it. A streamed array that a later pass needs is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

from gradcli.engine.order import Step
from gradcli.engine.primitives import REDUCTIONS, SCANS, UFUNCS
from gradcli.lazy.array import LazyArray

_ROUNDING = frozenset({"ceil", "floor", "round", "sign", "trunc", "remainder"})
ELEMENTWISE = (frozenset(UFUNCS) - {"matmul"}) | _ROUNDING | {"cast", "exponent", "mantissa"}

# A leading axis shorter than this is not worth cutting into blocks, unless its rows are as long as a block.
LEAST_ROWS = 32
LONG_ROW = 1 << 14


class Role(NamedTuple):
    """How a step takes part in a pass.

    `axis` is where the streamed axis is in the result (None: it is accumulated), `operand_axes` where each operand is cut
    into blocks (None: it is needed whole).
    """

    axis: int | None
    operand_axes: tuple[int | None, ...]


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


def _elementwise(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    rank = len(node.shape)
    from_right = {len(operand.shape) - axis for operand, axis in zip(operands, axes, strict=True) if axis is not None}
    if len(from_right) > 1:
        return None
    axis = _own_axis(node, rank - from_right.pop() if from_right else None, length)
    if axis is None or node.shape[axis] != length:
        return None
    cut: list[int | None] = []
    for operand in operands:
        own = axis - rank + len(operand.shape)
        cut.append(own if own >= 0 and operand.shape[own] == length else None)
    return Role(axis, tuple(cut)) if any(own is not None for own in cut) else None


def _reduction(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _common_axis(operands, axes, length)
    reduced_axes, keepdims = node.params
    if axis is None:
        return None
    cut = (axis,) * len(operands)
    if axis in reduced_axes:
        return Role(None, cut)
    return Role(axis if keepdims else axis - sum(other < axis for other in reduced_axes), cut)


def _common_axis(operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> int | None:
    """Where operands of one rank are all streamed."""
    axis = next((own for own in axes if own is not None), None)
    axis = _own_axis(operands[0], axis, length)
    if axis is None or any(own not in (None, axis) for own in axes):
        return None
    return axis if all(operand.shape[axis] == length for operand in operands) else None


def _own_axis(operand: LazyArray, axis: int | None, length: int) -> int | None:
    """Where an array is streamed: where it is already, else its first axis of the length."""
    if axis is not None:
        return axis
    return operand.shape.index(length) if length in operand.shape else None


def _along_another_axis(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Scans, sorts, arg-reductions, gathers: independent rows, as long as they work along another axis."""
    axis = _common_axis(operands, axes, length)
    if axis is None or node.params[0] == axis:
        return None
    moved = axis
    if node.primitive in ("argmax", "argmin") and not node.params[1] and node.params[0] < axis:
        moved -= 1
    return Role(moved, (axis,) * len(operands))


def _permutation(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _own_axis(operands[0], axes[0], length)
    return None if axis is None else Role(node.params[0].index(axis), (axis,))


def _reshaping(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Only what leaves the leading axis alone."""
    leads = _own_axis(operands[0], axes[0], length) == 0 and node.shape[:1] == (length,)
    return Role(0, (0,)) if leads else None


def _slicing(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Slices and their adjoint, if they leave the streamed axis whole."""
    axis = _own_axis(operands[0], axes[0], length)
    if axis is None or node.params[0][axis] != (0, length, 1) or node.shape[axis] != length:
        return None
    return Role(axis, (axis,))


def _adding_a_part(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Along an axis that the part has whole."""
    axis = _common_axis(operands, axes, length)
    return None if axis is None or node.params[0][axis] != (0, length, 1) else Role(axis, (axis, axis))


def _windowing(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Windows and their adjoint, if they lie along other axes."""
    axis = _own_axis(operands[0], axes[0], length)
    rank = min(len(node.shape), len(operands[0].shape))
    return None if axis is None or axis >= rank or axis in [along for along, *_ in node.params[0]] else Role(axis, (axis,))


def _flipping(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _own_axis(operands[0], axes[0], length)
    return Role(axis, (axis,)) if axis is not None and axis not in node.params[0] else None


def _repetition(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _own_axis(operands[0], axes[0], length)
    if axis is None:
        return None
    moved = axis + len(node.shape) - len(operands[0].shape)
    return Role(moved, (axis,)) if node.shape[moved] == length else None


def _joining(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    axis = _common_axis(operands, axes, length)
    return None if axis is None or node.params[0] == axis else Role(axis, (axis,) * len(operands))


def _product(node: LazyArray, operands: Sequence[LazyArray], axes: Sequence[int | None], length: int) -> Role | None:
    """Rows of the left operand, columns of the right one, or a sum over what they share; of batches, some of the products."""
    a, b = operands
    if len(a.shape) != 2 or len(b.shape) != 2:
        role = _elementwise(node, operands, axes, length)
        return role if role is not None and role.axis is not None and role.axis < len(node.shape) - 2 else None
    if axes[0] == 1 or axes[1] == 0:  # one of them is streamed along what they share
        fits = axes[0] in (None, 1) and axes[1] in (None, 0) and a.shape[1] == length
        return Role(None, (1, 0)) if fits else None
    if axes[0] == 0 or (axes[0] is None and axes[1] is None and a.shape[0] == length):
        return Role(0, (0, None)) if axes[1] is None else None
    return Role(1, (None, 1)) if axes[1] == 1 else None


Rule = Callable[[LazyArray, Sequence[LazyArray], Sequence[int | None], int], Role | None]

RULES: dict[str, Rule] = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(SCANS, _along_another_axis),
    "add_part": _adding_a_part,
    "argmax": _along_another_axis,
    "argmin": _along_another_axis,
    "argsort": _along_another_axis,
    "broadcast_to": _repetition,
    "concatenate": _joining,
    "flip": _flipping,
    "gather": _along_another_axis,
    "matmul": _product,
    "overlap_add": _windowing,
    "permute": _permutation,
    "place": _slicing,
    "reshape": _reshaping,
    "slice": _slicing,
    "sum_of_products": _reduction,
    "windows": _windowing,
}


def plan(steps: list[Step], wanted: set[LazyArray], least_elements: int) -> Plan | None:
    """The stages of an evaluation, streamed over the axis that holds the most elements; None if nothing is large.

    `wanted` are the arrays whose values outlive the evaluation; arrays of fewer than `least_elements` are not streamed.
    """
    length = _streamed_length(steps, least_elements)
    if length is None:
        return None
    planner = _Planner(length, least_elements)
    used = {operand for _, operands in steps for operand in operands}
    for array, operands in steps:
        if array.primitive == "broadcast_to" and array not in used:  # a view when it is asked for, with no memory of its own
            planner.add_whole(array, operands)
        else:
            planner.add(array, operands)
    return planner.finish(wanted)


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

    def __init__(self, length: int, least_elements: int) -> None:
        self.length = length
        self.least_elements = least_elements
        self.axes: dict[LazyArray, int] = {}  # of streamed arrays
        self.stage_of: dict[LazyArray, int] = {}  # of streamed and accumulated arrays: their pass; of whole ones: before it
        self.available: dict[LazyArray, int] = {}  # from which stage on an array exists in memory
        self.stored: set[LazyArray] = set()
        self.whole: dict[int, list[Step]] = {}
        self.streamed: dict[int, list[StreamedStep]] = {}

    def add(self, array: LazyArray, operands: tuple[LazyArray, ...]) -> None:
        """Place a step whose operands are placed."""
        role = self._role(array, operands)
        if role is None:
            self.add_whole(array, operands)
            return
        stage = 0
        for operand, axis in zip(operands, role.operand_axes, strict=True):
            in_pass = axis is not None and self.axes.get(operand) == axis
            stage = max(stage, self.stage_of[operand] if in_pass else self._in_memory(operand))
        for operand in operands:  # what an earlier pass streamed is read from memory
            if operand in self.axes and self.stage_of[operand] < stage:
                self.stored.add(operand)
        self.stage_of[array] = stage
        if role.axis is None:
            self.available[array] = stage + 1
        else:
            self.axes[array] = role.axis
        self.streamed.setdefault(stage, []).append(StreamedStep(array, operands, role))

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

    def finish(self, wanted: set[LazyArray]) -> Plan:
        """The stages in order."""
        kept = self.stored | wanted
        last_stage: dict[LazyArray, int] = {}
        stages = []
        for number in range(max([-1, *self.whole, *self.streamed]) + 1):
            whole, streamed = self.whole.get(number, []), self.streamed.get(number, [])
            outputs = [step.array for step in streamed if step.role.axis is not None and step.array in kept]
            in_memory = [array for array, _ in whole] + outputs + [step.array for step in streamed if step.role.axis is None]
            last_stage.update(dict.fromkeys(in_memory, number))
            for operands in [operands for _, operands in whole] + [step.operands for step in streamed]:
                last_stage.update((operand, number) for operand in operands if operand in last_stage)
            stages.append(Stage(whole, streamed, outputs, []))
        for array, number in last_stage.items():
            if array not in wanted:
                stages[number].released.append(array)
        return Plan(stages, self.length)
