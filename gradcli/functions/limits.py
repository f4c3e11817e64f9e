"""How long strings and lists may be, so that a program ends with an error instead of the machine's memory."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from gradcli.errors import LimitExceeded

#: A string or list has at most this many elements.
SEQUENCE_LENGTH = 10_000_000


def check_length(length: int) -> None:
    """Refuse a string or list that would be too long, before it is made."""
    if length > SEQUENCE_LENGTH:
        raise LimitExceeded(
            f"this would have {length:,} elements; the limit is {SEQUENCE_LENGTH:,}", hint="a tensor can be larger: zeros(n)"
        )


def check_range(numbers: range) -> None:
    """Refuse to go through a range that is too long; its length may be beyond what len() can say."""
    beyond = numbers.stop - numbers.start + numbers.step - (1 if numbers.step > 0 else -1)
    check_length(max(0, beyond // numbers.step))


def check_nested(data: Any) -> None:
    """Refuse nested lists of too many numbers, as their first rows tell; a list may hold itself, or another many times."""
    count = 1
    while isinstance(data, (list, tuple)) and 0 < count <= SEQUENCE_LENGTH:
        count *= len(data)
        data = data[0] if data and data[0] is not data else None
    check_length(count)


def collected(items: Iterable[Any]) -> list[Any]:
    """The items as a list, unless there are too many; they may go on for ever."""
    found = list(islice(items, SEQUENCE_LENGTH + 1))
    if len(found) > SEQUENCE_LENGTH:
        raise LimitExceeded(f"this has more than {SEQUENCE_LENGTH:,} elements, the limit of a list")
    return found
