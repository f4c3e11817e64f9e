"""The whole-array evaluator: every primitive on whole arrays, one after the other; the reference for other executors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from sys import getrefcount

import numpy as np

from gradcli.engine.primitives import IMPLEMENTATIONS, UFUNCS
from gradcli.lazy.array import LazyArray

# Cheap to make again, so never worth the memory of keeping.
_NEVER_KEPT = frozenset({"constant", "arange", "broadcast_to"})

# Bytes of values that are held until the end: freeing small ones would cost more than it saves.
_FREED_BEYOND = 16 << 20

# References to an array while its step is executed: from the list of steps, the loop, the dictionary of values, and the count.
_OWN_REFERENCES = 4

#: How often each primitive was executed, for tests of what is shared and what is dropped.
executed: Counter[str] = Counter()


Step = tuple[LazyArray, tuple[LazyArray, ...]]  # an array to compute, and the operands that stand for its own
_by_serial = attrgetter("serial")


def evaluate(roots: Sequence[LazyArray]) -> list[np.ndarray]:
    """The values of all roots; equal subexpressions are computed once, large intermediates freed after their last use.

    A root's value is kept in it, and so is the value of any other array that something outside of the evaluation holds: a
    variable, or an operation that saved it for backward. The others can only be asked for through these, so nothing is
    computed twice, and what is held is what the program itself holds.
    """
    pending = [root for root in roots if root.buffer is None]
    if pending:
        steps, canonical = _share(_reachable(pending))
        values = _execute(steps, canonical, {canonical.get(root, root) for root in pending})
        for root in pending:
            if root.buffer is None:
                root.keep(np.asarray(values[canonical.get(root, root)]))
    return [root.buffer for root in roots if root.buffer is not None]


def _reachable(roots: list[LazyArray]) -> list[LazyArray]:
    """All arrays that have to be computed, operands before their consumers."""
    found: list[LazyArray] = []
    seen: set[LazyArray] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen and node.buffer is None:
            seen.add(node)
            found.append(node)
            stack += node.operands
    found.sort(key=_by_serial)  # almost sorted already, which the sort takes advantage of
    return found


def _share(order: list[LazyArray]) -> tuple[list[Step], dict[LazyArray, LazyArray]]:
    """The arrays to compute, without those that equal an earlier one, and what stands for the latter."""
    canonical: dict[LazyArray, LazyArray] = {}
    known: dict[object, LazyArray] = {}
    steps: list[Step] = []
    for node in order:
        operands = node.operands
        if canonical:
            operands = tuple([canonical.get(operand, operand) for operand in operands])
        first = known.setdefault((node.primitive, operands, node.params, node.dtype), node)
        if first is node:
            steps.append((node, operands))
        else:
            canonical[node] = first
    return steps, canonical


def _execute(steps: list[Step], canonical: dict[LazyArray, LazyArray], wanted: set[LazyArray]) -> dict[LazyArray, np.ndarray]:
    """Compute the steps in order; once they hold many bytes, values are let go after their last use."""
    executed.update([node.primitive for node, _ in steps])
    values: dict[LazyArray, np.ndarray] = {}
    inside: Counter[LazyArray] | None = None
    last_use: dict[int, int] | None = None  # by identity: a reference to an array would count
    held = 0
    with np.errstate(all="ignore"):
        for number, (node, operands) in enumerate(steps):
            inputs = [values[operand] if operand.buffer is None else operand.buffer for operand in operands]
            ufunc = UFUNCS.get(node.primitive)
            result = ufunc(*inputs) if ufunc is not None else IMPLEMENTATIONS[node.primitive](node, inputs)
            values[node] = result
            if getrefcount(node) > _OWN_REFERENCES + 1 and node.primitive not in _NEVER_KEPT:  # more than one consumer
                if inside is None:
                    inside = _references_inside(steps, canonical)
                if getrefcount(node) > _OWN_REFERENCES + inside[node]:
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


def _references_inside(steps: list[Step], canonical: dict[LazyArray, LazyArray]) -> Counter[LazyArray]:
    """How often each array is referred to as an operand, as what another one equals, and by this count itself."""
    inside: Counter[LazyArray] = Counter()
    for node, operands in steps:
        inside.update(operands)
        if operands is not node.operands:
            inside.update(node.operands)
    for duplicate, first in canonical.items():
        inside.update(duplicate.operands)
        inside[first] += 1
    for node in inside:
        inside[node] += 1
    return inside
