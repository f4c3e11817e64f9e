"""A computation that is prepared once: ordered, shared, rewritten and planned, then run with any inputs of the same shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.engine.evaluation import LEAST_ELEMENTS
from gradcli.engine.order import Step, reachable, share
from gradcli.engine.owned import owned, owner_of
from gradcli.engine.whole import Values, execute
from gradcli.lazy.array import LazyArray

if TYPE_CHECKING:
    import numpy as np

    from gradcli.engine.schedule import Schedule


class Prepared:
    """How roots are computed from inputs.

    Inputs are arrays of the primitive "input", whose values are given at each run. All arrays are the computation's own: what
    a run computes is not kept in them.
    """

    __slots__ = ("_fixed", "_inputs", "_kept", "_results", "_schedule", "_steps")

    def __init__(self, inputs: Sequence[LazyArray], roots: Sequence[LazyArray]) -> None:
        self._inputs = inputs
        order, largest = reachable(list(roots))
        steps, canonical = share(order)
        self._results = [canonical.get(root, root) for root in roots]
        self._fixed = Values()
        self._schedule = self._scheduled(steps) if largest >= LEAST_ELEMENTS else None
        self._steps = steps if self._schedule is not None else self._without_fixed(steps)
        known = [operand.buffer for _, operands in steps for operand in operands] + [root.buffer for root in roots]
        self._kept = {owner_of(array) for array in (*self._fixed.values(), *known) if array is not None}

    def _scheduled(self, steps: list[Step]) -> Schedule | None:
        from gradcli.engine.schedule import schedule

        found = schedule(steps, self._results, LEAST_ELEMENTS)
        if found is None:
            return None
        self._results = [found.instead.get(result, result) for result in self._results]
        return found.schedule

    def _without_fixed(self, steps: list[Step]) -> list[Step]:
        """The steps that depend on inputs; what the others give is computed now."""
        depending = set(self._inputs)
        fixed: list[Step] = []
        remaining: list[Step] = []
        for step in steps:
            depends = not depending.isdisjoint(step[1])
            (remaining if depends else fixed).append(step)
            if depends:
                depending.add(step[0])
        execute(fixed, {array for array, _ in fixed}, self._fixed)
        return remaining

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The values of the roots, which are the caller's to change."""
        values = Values(self._fixed)
        values.update(zip(self._inputs, inputs, strict=True))
        if self._schedule is None:
            execute(self._steps, set(self._results), values)
        else:
            from gradcli.engine.blocks import run_schedule

            run_schedule(self._schedule, values)
        taken = self._kept | {owner_of(array) for array in inputs}
        return [owned(values[array] if array.buffer is None else array.buffer, taken) for array in self._results]
