"""The whole-array evaluator: every primitive on whole arrays, one after the other; the reference that executors are tested against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import copysign

import numpy as np

from gradcli.engine.primitives import IMPLEMENTATIONS, UFUNCS
from gradcli.lazy.array import LazyArray

# Cheap to make again, so never worth the memory of keeping.
_NEVER_KEPT = frozenset({"constant", "arange", "broadcast_to"})

#: How often each primitive was executed, for tests of what is shared and what is dropped.
executed: Counter[str] = Counter()


def evaluate(roots: Sequence[LazyArray]) -> list[np.ndarray]:
    """The values of all roots; equal subexpressions are computed once, intermediates freed after their last use.

    A root's value is kept in it, and so is any other value that is computed a second time: a loop that asks for a number
    in each iteration therefore does work linear in its iterations.
    """
    order = _reachable(roots)
    canonical, steps = _share(order)
    values = _execute(steps, canonical, {id(canonical[root]) for root in roots if root.buffer is None})
    for root in roots:
        if root.buffer is None:
            root.keep(np.asarray(values[id(canonical[root])]))
    return [root.buffer for root in roots if root.buffer is not None]


def _reachable(roots: Sequence[LazyArray]) -> list[LazyArray]:
    """All arrays that have to be computed, operands before their consumers."""
    seen: set[LazyArray] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen and node.buffer is None:
            seen.add(node)
            stack.extend(node.operands)
    return sorted(seen, key=lambda node: node.serial)


def _share(order: list[LazyArray]) -> tuple[dict[LazyArray, LazyArray], list[LazyArray]]:
    """Common subexpressions: the array that stands for each one, and the arrays to execute."""
    canonical: dict[LazyArray, LazyArray] = {}
    known: dict[object, LazyArray] = {}
    steps: list[LazyArray] = []
    for node in order:
        operands = tuple([id(canonical.get(operand, operand)) for operand in node.operands])
        key = (node.primitive, operands, _parameters(node), node.dtype, node.shape)
        first = known.setdefault(key, node)
        canonical[node] = first
        if first is node:
            steps.append(node)
    return canonical, steps


def _parameters(node: LazyArray) -> object:
    if node.primitive == "constant":  # 0.0 == -0.0, yet they are different numbers
        return (*node.params, copysign(1.0, node.params[0]))
    return node.params


def _execute(steps: list[LazyArray], canonical: dict[LazyArray, LazyArray], wanted: set[int]) -> dict[int, np.ndarray]:
    values: dict[int, np.ndarray] = {}
    uses = Counter(id(canonical.get(operand, operand)) for node in steps for operand in node.operands)
    with np.errstate(all="ignore"):
        for node in steps:
            sources = node.operands
            operands = []
            for operand in sources:
                value = operand.buffer
                operands.append(values[id(canonical[operand])] if value is None else value)
            primitive = node.primitive
            executed[primitive] += 1
            ufunc = UFUNCS.get(primitive)
            result = ufunc(*operands) if ufunc is not None else IMPLEMENTATIONS[primitive](node, operands)
            values[id(node)] = result
            if node.was_computed and primitive not in _NEVER_KEPT:
                node.keep(np.asarray(result))
            node.was_computed = True
            for operand in sources:
                position = id(canonical.get(operand, operand))
                uses[position] -= 1
                if not uses[position] and position not in wanted:
                    values.pop(position, None)
    return values
