"""Traces: what an evaluation computes from its bindings, to be computed again from others without running its statements."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from gradcli.engine.evaluation import evaluate
from gradcli.engine.prepared import Prepared
from gradcli.lazy import LazyArray

if TYPE_CHECKING:
    import numpy as np

#: A longer computation is not kept as a trace: it would fill the memory.
MOST_STEPS = 10_000


class Trace:
    """How arrays are made from inputs; what that takes is prepared when it is first done again."""

    __slots__ = ("_inputs", "_prepared", "_roots")

    def __init__(self, inputs: Sequence[LazyArray], order: Sequence[LazyArray], roots: Sequence[LazyArray]) -> None:
        copies = {array: LazyArray("input", (), (), array.shape, array.dtype) for array in inputs}
        self._inputs = list(copies.values())
        for array in order:
            operands = tuple([copies[operand] for operand in array.operands])
            copy = copies[array] = LazyArray(array.primitive, operands, array.params, array.shape, array.dtype)
            if array.buffer is not None:  # the numbers of a literal, which who gets a result that shows them may change
                copy.buffer = array.buffer.copy()
        self._roots = [copies[root] for root in roots]
        self._prepared: Prepared | None = None

    def replay(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The values of the roots for other inputs, of the same shapes and dtypes."""
        if self._prepared is None:
            self._prepared = Prepared(self._inputs, self._roots)
        return self._prepared.run(inputs)


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
