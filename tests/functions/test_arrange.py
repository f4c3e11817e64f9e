"""Stacks and their kin: how many dimensions tensors are raised to, and by which views."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import Node
from gradcli.errors import DimensionOutOfRange
from tests.functions.derivatives import leaf

torch = f.NAMESPACES["torch"]


def views_below(node: Node) -> list[str]:
    """The names from a node's first edge down to the leaf."""
    names = []
    while node.next_functions:
        below = node.next_functions[0][0]
        assert below is not None
        names.append(below.name)
        node = below
    return names


@pytest.mark.parametrize(
    ("stack", "rank", "views"),
    [
        ("hstack", 0, ["ViewBackward0"]),
        ("vstack", 0, ["ViewBackward0"]),
        ("dstack", 0, ["ViewBackward0"]),
        ("hstack", 1, []),
        ("vstack", 1, ["UnsqueezeBackward0"]),
        ("dstack", 1, ["UnsqueezeBackward0", "UnsqueezeBackward0"]),
        ("dstack", 2, ["UnsqueezeBackward0"]),
    ],
)
def test_a_stack_raises_its_tensors_by_the_views_of_pytorch(stack: str, rank: int, views: list[str]) -> None:
    x = leaf(np.ones((2,) * rank))
    assert views_below(torch[stack]([x, x]).grad_fn) == [*views, "AccumulateGrad"]


def test_what_has_no_dimension_cannot_be_unflattened() -> None:
    with pytest.raises(DimensionOutOfRange, match="Dimension specified as 0 but tensor has no dimensions"):
        torch["unflatten"](leaf(np.float64(1)), 0, (1, 1))
