"""Rewriting a large evaluation before it is planned: less work and fewer bytes for the same numbers, up to rounding.

Rules are applied until none fits any more, because one makes room for another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gradcli.engine.algebra import ALGEBRA
from gradcli.engine.order import Step, reachable, share
from gradcli.engine.places import PLACES
from gradcli.engine.rules import Known, Rules
from gradcli.lazy.array import LazyArray

# Places come first: a sum that is known by where its terms are needs no calculation.
RULES: Rules = {name: PLACES.get(name, ()) + ALGEBRA.get(name, ()) for name in {**PLACES, **ALGEBRA}}


def rewrite(steps: list[Step], wanted: Iterable[LazyArray]) -> tuple[list[Step], dict[LazyArray, LazyArray]]:
    """The steps that give the wanted arrays, and what stands for each of these."""
    steps, own = _with_operands(steps)
    stands_for = {array: own.get(array, array) for array in wanted}
    while True:
        uses = Counter(operand for _, operands in steps for operand in operands)
        uses.update(stands_for.values())
        known = Known(uses, {operands[0]: node for node, operands in steps if node.primitive == "exp"})
        instead: dict[LazyArray, LazyArray] = {}
        for node, operands in steps:
            operands = tuple([instead.get(operand, operand) for operand in operands])
            new = next((new for rule in RULES.get(node.primitive, ()) if (new := rule(node, operands, known)) is not None), None)
            if new is None and operands != node.operands:
                new = LazyArray(node.primitive, operands, node.params, node.shape, node.dtype)
            if new is not None:
                instead[node] = new
        if not instead:
            return steps, stands_for
        roots = {array: instead.get(current, current) for array, current in stands_for.items()}
        steps, canonical = share(reachable([root for root in roots.values() if root.buffer is None])[0])
        stands_for = {array: canonical.get(root, root) for array, root in roots.items()}


def _with_operands(steps: list[Step]) -> tuple[list[Step], dict[LazyArray, LazyArray]]:
    """Steps whose arrays have the operands that stand for theirs, and the new arrays: all of them, so that they stay in order."""
    own: dict[LazyArray, LazyArray] = {}
    if all(operands == node.operands for node, operands in steps):
        return steps, own
    for node, operands in steps:
        operands = tuple([own.get(operand, operand) for operand in operands])
        own[node] = LazyArray(node.primitive, operands, node.params, node.shape, node.dtype)
    return [(node, node.operands) for node in own.values()], own
