"""Lists and tuples compared in steps: in one call of Python's, lists that hold each other many times would take for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_SEQUENCES = (list, tuple)


def equal(left: Any, right: Any) -> bool:
    """`left == right`"""
    if not _same_kind(left, right) or not (_is_nested(left) and _is_nested(right)):
        return bool(left == right)
    return len(left) == len(right) and all(one is other or equal(one, other) for one, other in zip(left, right, strict=True))


def ordered(order: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
    """`left < right` and its like, by the order of items: the first that differ decide."""
    if not _same_kind(left, right) or not (_is_nested(left) and _is_nested(right)):
        return bool(order(left, right))
    for one, other in zip(left, right, strict=False):
        if one is not other and not equal(one, other):
            return ordered(order, one, other)
    return bool(order(len(left), len(right)))


def positions(items: list[Any] | tuple[Any, ...], value: Any, first: int = 0, end: int | None = None) -> Iterator[int]:
    """The positions of the items that equal a value, one after the other."""
    return (position for position in range(len(items))[first:end] if items[position] is value or equal(items[position], value))


def _same_kind(left: Any, right: Any) -> bool:
    return any(isinstance(left, kind) and isinstance(right, kind) for kind in _SEQUENCES)


def _is_nested(items: list[Any] | tuple[Any, ...]) -> bool:
    return any(isinstance(item, _SEQUENCES) for item in items)
