"""Nested tuples and lists of tensors: what functions that transform functions take and give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gradcli.autograd import Tensor


def leaves(tree: Any) -> list[Any]:
    """What is in nested tuples and lists, in order."""
    if isinstance(tree, (list, tuple)):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [tree]


def with_leaves(tree: Any, values: Iterator[Any]) -> Any:
    """The same nesting with other leaves."""
    if isinstance(tree, tuple):
        return tuple(with_leaves(branch, values) for branch in tree)
    if isinstance(tree, list):
        return [with_leaves(branch, values) for branch in tree]
    return next(values)


def changed(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The same nesting of what a function makes of each leaf."""
    return with_leaves(tree, iter([change(leaf) for leaf in leaves(tree)]))


def structure(tree: Any) -> str:
    """The nesting in words, a star for each leaf."""
    if isinstance(tree, (list, tuple)):
        inside = ", ".join(structure(branch) for branch in tree)
        return f"[{inside}]" if isinstance(tree, list) else f"({inside}{',' if len(tree) == 1 else ''})"
    return "*"


def first_of_another_kind(tree: Any) -> Any:
    """The first leaf that is no tensor; None if all are."""
    return next((leaf for leaf in leaves(tree) if not isinstance(leaf, Tensor)), None)
