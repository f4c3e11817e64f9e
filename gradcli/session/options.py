"""The options of an evaluation, checked as Python code gives them."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index
from typing import Any, NamedTuple

from gradcli.errors import UsageError
from gradcli.lazy import DType
from gradcli.lazy.dtypes import float32, float64

DEFAULT_DTYPES = {"float32": float32, "float64": float64}
MOST_SEED = 2**64 - 1


class Options(NamedTuple):
    """What the session of a call is made with, in the order that it takes them."""

    dtype: str
    seed: int | None
    threads: int | None

    def checked(self) -> Options:
        """The same, if every one is what it should be."""
        default_dtype(self.dtype)
        return Options(self.dtype, whole_number("seed", self.seed, 0, MOST_SEED), whole_number("threads", self.threads, 1))


def default_dtype(name: Any) -> DType:
    """The default floating dtype of a name."""
    found = DEFAULT_DTYPES.get(name) if isinstance(name, str) else None
    if found is None:
        raise UsageError(f"the default dtype is float32 or float64, not {name!r}", hint='for example: dtype="float64"')
    return found


def whole_number(option: str, value: Any, lowest: int, highest: int | None = None) -> int | None:
    """The value as an integer from `lowest` to `highest`, if that is given."""
    if value is None:
        return None
    try:
        number = index(value)
    except TypeError:
        number = lowest - 1
    if number < lowest or (highest is not None and number > highest):
        end = "on" if highest is None else f"to {highest}"
        message = f"{option} takes a whole number from {lowest} {end}, not {value!r}"
        raise UsageError(message, hint=f"for example: {option}={lowest + 1}")
    return number


def names_of(wrt: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """The names to differentiate with respect to; None for all."""
    if wrt is None or isinstance(wrt, str):
        return None if wrt is None else (wrt,)
    names = tuple(wrt) if isinstance(wrt, Iterable) else (wrt,)
    if not all(isinstance(name, str) for name in names):
        raise UsageError(f"wrt takes a name, or several in a list, not {wrt!r}", hint='for example: wrt="x", or wrt=["x", "w"]')
    return tuple(map(str, names))
