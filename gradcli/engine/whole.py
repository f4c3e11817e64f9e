"""The whole-array evaluator: every primitive on whole arrays, one after the other; the reference for other executors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from sys import getrefcount

import numpy as np

from gradcli.engine.order import NEVER_KEPT, Step, reachable, references_inside, share
from gradcli.engine.primitives import IMPLEMENTATIONS, UFUNCS
from gradcli.lazy.array import LazyArray

# Bytes of values that are held until the end: freeing small ones would cost more than it saves.
_FREED_BEYOND = 16 << 20

# References to an array while its step is executed: from the list of steps, the loop, the dictionary of values, and the count.
_OWN_REFERENCES = 4

#: How often each primitive was executed, for tests of what is shared and what is dropped.
executed: Counter[str] = Counter()


def evaluate(roots: Sequence[LazyArray]) -> list[np.ndarray]:
    """The values of all roots; equal subexpressions are computed once, large intermediates freed after their last use.

    A root's value is kept in it, and so is the value of any other array that something outside of the evaluation holds: a
    variable, or an operation that saved it for backward. The others can only be asked for through these, so nothing is
    computed twice, and what is held is what the program itself holds.
    """
    pending = [root for root in roots if root.buffer is None]
    if pending:
        compute_steps(pending, *share(reachable(pending)[0]))
    return [root.buffer for root in roots if root.buffer is not None]


def compute_steps(pending: list[LazyArray], steps: list[Step], canonical: dict[LazyArray, LazyArray]) -> None:
    """Compute the steps, and keep the values of the roots and of what is held elsewhere."""
    values = _execute(steps, canonical, {canonical.get(root, root) for root in pending})
    for root in pending:
        if root.buffer is None:
            root.keep(np.asarray(values[canonical.get(root, root)]))


class _Values(dict[LazyArray, "np.ndarray"]):
    """What is computed so far; asked for what was computed earlier, it gives that."""

    def __missing__(self, array: LazyArray) -> np.ndarray:
        assert array.buffer is not None
        return array.buffer


def _execute(steps: list[Step], canonical: dict[LazyArray, LazyArray], wanted: set[LazyArray]) -> dict[LazyArray, np.ndarray]:
    """Compute the steps in order; once they hold many bytes, values are let go after their last use."""
    executed.update([node.primitive for node, _ in steps])
    values = _Values()
    inside: Counter[LazyArray] | None = None
    last_use: dict[int, int] | None = None  # by identity: a reference to an array would count
    ufunc_of = UFUNCS.get
    held = 0
    with np.errstate(all="ignore"):
        for number, (node, operands) in enumerate(steps):
            ufunc = ufunc_of(node.primitive)
            if ufunc is None:
                result = IMPLEMENTATIONS[node.primitive](node, [values[operand] for operand in operands])
            elif len(operands) == 2:  # a long graph of small arrays is mostly these
                first, second = operands
                result = ufunc(values[first], values[second])
            else:
                result = ufunc(*[values[operand] for operand in operands])
            values[node] = result
            if getrefcount(node) > _OWN_REFERENCES + 1 and node.primitive not in NEVER_KEPT:  # more than one consumer
                if inside is None:
                    inside = references_inside(steps, canonical)
                if getrefcount(node) > _OWN_REFERENCES + inside.get(node, -1) + 1:
                    node.keep(np.asarray(result))
            if last_use is not None:
                for operand in operands:
                    if last_use[id(operand)] == number:
                        values.pop(operand, None)  # x * x lets go of x twice
                continue
            held += result.nbytes
            if held > _FREED_BEYOND:
                last_use = {id(source): later for later, (_, sources) in enumerate(steps) for source in sources}
                last_use.update((id(root), len(steps)) for root in wanted)
                for value in [value for value in values if last_use[id(value)] <= number]:
                    del values[value]
    return values
