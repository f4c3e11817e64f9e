"""Traces: what an evaluation computes from its bindings, to be computed again from others without running its statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from gradcli.engine.evaluation import evaluate
from gradcli.engine.prepared import Prepared
from gradcli.lazy import LazyArray

if TYPE_CHECKING:
    import numpy as np

by_serial = attrgetter("serial")  # an order in which operands come before their consumers

#: The steps of all traces that a function keeps: a longer computation is kept as none, because it would fill the memory.
MOST_STEPS = 100_000


class Trace:
    """How arrays are made from inputs; what that takes is prepared when it is first done again.

    Of arrays that hold numbers the trace has copies, unless they are `shared`, which nobody changes.
    """

    __slots__ = ("_prepared", "inputs", "roots", "steps")

    def __init__(
        self,
        inputs: Sequence[LazyArray],
        order: Sequence[LazyArray],
        roots: Sequence[LazyArray],
        shared: Collection[LazyArray] = (),
    ) -> None:
        copies = {array: LazyArray("input", (), (), array.shape, array.dtype) for array in inputs}
        self.inputs = list(copies.values())
        copy_graph(order, copies)
        for array in order:
            if array.buffer is not None and array not in shared:  # who gets a result that shows a literal may change it
                copies[array].buffer = array.buffer.copy()
        self.roots = [copies[root] for root in roots]
        self.steps = len(order)
        self._prepared: Prepared | None = None

    def replay(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The values of the roots for other inputs, of the same shapes and dtypes."""
        if self._prepared is None:
            self._prepared = Prepared(self.inputs, self.roots)
        return self._prepared.run(inputs)


class Recorder:
    """The engine's evaluator, which makes a trace of the first computation after it got inputs, if that is the only one.

    Else numbers were looked at on the way to the result, and others might have led elsewhere. Nor is there a trace of random
    numbers.
    """

    def __init__(self, shared: Collection[LazyArray] = ()) -> None:
        self.shared = shared  # by traces, with whoever holds them
        self.inputs: Sequence[LazyArray] | None = None
        self.trace: Trace | None = None

    def __call__(self, roots: Sequence[LazyArray]) -> list[np.ndarray]:
        """The values of the roots."""
        self.trace = None if self.inputs is None else _traced(self.inputs, roots, self.shared)
        self.inputs = None
        return evaluate(roots)


def _traced(inputs: Sequence[LazyArray], roots: Sequence[LazyArray], shared: Collection[LazyArray]) -> Trace | None:
    """How the roots are made from the inputs, if that may be replayed."""
    order = list(islice(arrays_behind(roots, inputs), MOST_STEPS + 1))
    if len(order) > MOST_STEPS or any(array.primitive == "random" for array in order):
        return None
    order.sort(key=by_serial)
    return Trace(inputs, order, roots, shared)


def arrays_behind(roots: Iterable[LazyArray], inputs: Collection[LazyArray]) -> Iterator[LazyArray]:
    """The roots and all that they are made from, each once; of the inputs neither these nor what they are made from."""
    seen = set(inputs)
    stack = list(roots)
    while stack:
        array = stack.pop()
        if array not in seen:
            seen.add(array)
            yield array
            stack += array.operands


def copy_graph(order: Sequence[LazyArray], copies: dict[LazyArray, LazyArray]) -> None:
    """Add copies of arrays, operands before their consumers, to those that stand for some of their operands already."""
    for array in order:
        operands = tuple([copies[operand] for operand in array.operands])
        copy = copies[array] = LazyArray(array.primitive, operands, array.params, array.shape, array.dtype)
        copy.buffer = array.buffer
