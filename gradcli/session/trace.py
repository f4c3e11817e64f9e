"""Traces: what an evaluation computes from its bindings, to be computed again from others without running its statements."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from gradcli.engine.evaluation import evaluate
from gradcli.lazy import DType, LazyArray, Size

if TYPE_CHECKING:
    import numpy as np

#: A longer computation is not kept as a trace: it would fill the memory.
MOST_STEPS = 10_000


class Step(NamedTuple):
    """How one array is made: from arrays before it, by number; or from numbers that are there already."""

    primitive: str
    operands: tuple[int, ...]
    params: tuple[Any, ...]
    shape: Size
    dtype: DType
    buffer: np.ndarray | None


class Trace:
    """How arrays are made from inputs: by which primitives, in which order."""

    __slots__ = ("_roots", "_steps")

    def __init__(self, inputs: Sequence[LazyArray], order: Sequence[LazyArray], roots: Sequence[LazyArray]) -> None:
        numbers = {array: number for number, array in enumerate([*inputs, *order])}
        self._roots = [numbers[root] for root in roots]
        self._steps = [
            Step(
                array.primitive,
                tuple([numbers[operand] for operand in array.operands]),
                array.params,
                array.shape,
                array.dtype,
                _copy(array.buffer),
            )
            for array in order
        ]

    def replay(self, inputs: Sequence[LazyArray]) -> list[LazyArray]:
        """The roots over other inputs, of the same shapes and dtypes."""
        arrays = list(inputs)
        for primitive, operands, params, shape, dtype, buffer in self._steps:
            array = LazyArray(primitive, tuple([arrays[number] for number in operands]), params, shape, dtype)
            array.buffer = _copy(buffer)
            arrays.append(array)
        return [arrays[root] for root in self._roots]


def _copy(buffer: np.ndarray | None) -> np.ndarray | None:
    """A result may show the numbers of a literal, and who gets the result may change it."""
    return None if buffer is None else buffer.copy()


class Recorder:
    """The engine's evaluator, which makes a trace of the first computation after it got inputs, if that is the only one.

    Else numbers were looked at on the way to the result, and others might have led elsewhere. Nor is there a trace of random
    numbers.
    """

    def __init__(self) -> None:
        self.inputs: Sequence[LazyArray] | None = None
        self.trace: Trace | None = None

    def __call__(self, roots: Sequence[LazyArray]) -> list[np.ndarray]:
        """The values of the roots."""
        self.trace = None if self.inputs is None else _traced(self.inputs, roots)
        self.inputs = None
        return evaluate(roots)


def _traced(inputs: Sequence[LazyArray], roots: Sequence[LazyArray]) -> Trace | None:
    """How the roots are made from the inputs, if that may be replayed."""
    seen = set(inputs)
    order: list[LazyArray] = []
    stack = list(roots)
    while stack:
        array = stack.pop()
        if array in seen:
            continue
        if array.primitive == "random" or len(order) == MOST_STEPS:
            return None
        seen.add(array)
        order.append(array)
        stack += array.operands
    order.sort(key=attrgetter("serial"))
    return Trace(inputs, order, roots)
