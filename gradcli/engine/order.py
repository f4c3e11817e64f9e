"""What an evaluation has to compute, in which order, and which values outlive it."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from math import prod
from operator import attrgetter

from gradcli.lazy.array import LazyArray

Step = tuple[LazyArray, tuple[LazyArray, ...]]  # an array to compute, and the operands that stand for its own

# Cheap to make again, so never worth the memory of keeping.
NEVER_KEPT = frozenset({"constant", "arange", "broadcast_to"})

_by_serial = attrgetter("serial")


def reachable(roots: list[LazyArray]) -> tuple[list[LazyArray], int]:
    """All arrays that have to be computed, operands before their consumers; and the size of the largest array they start from."""
    found: list[LazyArray] = []
    seen: set[LazyArray] = set()
    stack = list(roots)
    largest = 0
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        operands = node.operands
        if not operands:
            largest = max(largest, prod(node.shape))
            if node.buffer is not None:
                continue
        found.append(node)
        stack += operands
    found.sort(key=_by_serial)  # almost sorted already, which the sort takes advantage of
    return found, largest


def share(order: list[LazyArray]) -> tuple[list[Step], dict[LazyArray, LazyArray]]:
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


def references_inside(steps: list[Step], canonical: dict[LazyArray, LazyArray]) -> Counter[LazyArray]:
    """How often each array is referred to as an operand, and as what another one equals.

    An array that is in the count is referred to by it once more; so `count[array] + 1` are inside, for what is counted.
    """
    inside = Counter(chain.from_iterable([operands for _, operands in steps]))
    if canonical:
        for node, operands in steps:
            if operands is not node.operands:
                inside.update(node.operands)
        for duplicate, first in canonical.items():
            inside.update(duplicate.operands)
            inside[first] += 1
    return inside
