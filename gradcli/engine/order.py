"""What an evaluation has to compute, in which order, and which values outlive it."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from math import prod
from operator import attrgetter
from sys import getrefcount

from gradcli.lazy.array import LazyArray

Step = tuple[LazyArray, tuple[LazyArray, ...]]  # an array to compute, and the operands that stand for its own

# Cheap to make again, or stored elsewhere because there are many of them, so never worth the memory of keeping.
NEVER_KEPT = frozenset({"constant", "arange", "broadcast_to", "stored"})

# References to an array while it is looked at: from the list of steps, the loop, and the argument of getrefcount.
_OWN_REFERENCES = 3

_by_serial = attrgetter("serial")
_shape_of = attrgetter("shape")


def reachable(roots: list[LazyArray]) -> tuple[list[LazyArray], int]:
    """All arrays that have to be computed, operands before their consumers; and the size of the largest of all."""
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
            if node.buffer is not None or node.primitive == "input":
                continue
        found.append(node)
        stack += operands
    found.sort(key=_by_serial)  # almost sorted already, which the sort takes advantage of
    return found, max(largest, max(map(prod, set(map(_shape_of, found))), default=0))


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


def held_elsewhere(steps: list[Step], canonical: dict[LazyArray, LazyArray]) -> list[LazyArray]:
    """The arrays that something outside of the evaluation holds: a variable, or an operation that saved them for backward.

    Only their values can be asked for again; so they are told from the references that are left once those of the steps
    are counted, and nothing is computed twice while what is held is what the program itself holds.
    """
    suspects = [node for node, _ in steps if getrefcount(node) > _OWN_REFERENCES + 1 and node.primitive not in NEVER_KEPT]
    if not suspects:  # all have one consumer
        return suspects
    inside = _references_inside(steps, canonical)  # apart, since its variables refer to arrays as well
    # What is counted is referred to by the count, and by the list of suspects.
    return [node for node in suspects if getrefcount(node) > _OWN_REFERENCES + 1 + inside.get(node, -1) + 1]


def _references_inside(steps: list[Step], canonical: dict[LazyArray, LazyArray]) -> Counter[LazyArray]:
    """How often each array is referred to as an operand, and as what another one equals."""
    inside = Counter(chain.from_iterable([operands for _, operands in steps]))
    if canonical:
        for node, operands in steps:
            if operands is not node.operands:
                inside.update(node.operands)
        for duplicate, first in canonical.items():
            inside.update(duplicate.operands)
            inside[first] += 1
    return inside
