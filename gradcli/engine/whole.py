"""The whole-array evaluator: every primitive on whole arrays, one after the other; the reference for other executors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.engine.order import Step, held_elsewhere, reachable, share
from gradcli.engine.primitives import IMPLEMENTATIONS, UFUNCS
from gradcli.lazy.array import LazyArray

# The allocator below NumPy gives memory back to the system at once, and gets it again page by page, until a block was freed that
# is this large: arrays of 30,000 to 130,000 elements take up to eleven times as long before.
np.empty(4 << 20, np.uint8)

# Bytes of values that are held until the end: freeing small ones would cost more than it saves.
_FREED_BEYOND = 16 << 20


def evaluate(roots: Sequence[LazyArray]) -> list[np.ndarray]:
    """The values of all roots; equal subexpressions are computed once, large intermediates freed after their last use.

    A root's value is kept in it, and so is the value of any other array that something outside of the evaluation holds.
    """
    pending = [root for root in roots if root.buffer is None]
    if pending:
        compute_steps(pending, *share(reachable(pending)[0]))
    return [root.buffer for root in roots if root.buffer is not None]


def compute_steps(pending: list[LazyArray], steps: list[Step], canonical: dict[LazyArray, LazyArray]) -> None:
    """Compute the steps, and keep the values of the roots and of what is held elsewhere."""
    held = held_elsewhere(steps, canonical)
    values = Values()
    execute(steps, {*held, *[canonical.get(root, root) for root in pending]}, values)
    for array in held:
        array.keep(np.asarray(values[array]))
    for root in pending:
        if root.buffer is None:
            root.keep(np.asarray(values[canonical.get(root, root)]))


class Values(dict[LazyArray, "np.ndarray"]):
    """What is computed so far; asked for what was computed earlier, it gives that."""

    def __missing__(self, array: LazyArray) -> np.ndarray:
        assert array.buffer is not None
        return array.buffer


def execute(steps: list[Step], wanted: set[LazyArray], values: Values) -> None:
    """Compute the steps in order; once they hold many bytes, values are let go after their last use."""
    last_use: dict[LazyArray, int] | None = None
    ufunc_of = UFUNCS.get
    bytes_held = 0
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
            if last_use is not None:
                for operand in operands:
                    if last_use[operand] == number:
                        values.pop(operand, None)  # x * x lets go of x twice
                continue
            bytes_held += result.nbytes
            if bytes_held > _FREED_BEYOND:
                last_use = {source: later for later, (_, sources) in enumerate(steps) for source in sources}
                last_use.update(dict.fromkeys(wanted, len(steps)))
                for value in [value for value in values if last_use.get(value, 0) <= number]:
                    del values[value]
