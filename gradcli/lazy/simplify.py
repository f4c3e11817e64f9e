"""Rewriting while arrays are built: arithmetic on uniform arrays is done at once, so that it never becomes work.

Gradients of sums and means start uniform (one number everywhere) and stay so through every linear operation.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from operator import add, mul, sub, truediv
from struct import Struct

from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import float32, float64

_FOLDED: dict[str, Callable[[float, float], float]] = {"add": add, "div": truediv, "mul": mul, "sub": sub}
_float32 = Struct("f")
_pack, _unpack = _float32.pack, _float32.unpack


def folded(primitive: str, a: LazyArray, b: LazyArray) -> float | None:
    """The number that an operation on two constants gives everywhere, rounded as their dtype rounds it; None if left to the engine.

    Rounding a float64 result of + - * / on float32 numbers once more to float32 gives the correctly rounded result.
    """
    operation = _FOLDED.get(primitive)
    if operation is None:
        return None
    x, y = a.params[0], b.params[0]
    try:
        if a.dtype is float32:
            value: float = _unpack(_pack(operation(_unpack(_pack(x))[0], _unpack(_pack(y))[0])))[0]
        elif a.dtype is float64:
            value = operation(float(x), float(y))
        else:
            return None
    except (OverflowError, ZeroDivisionError):
        return None  # the engine knows infinities
    return value if isfinite(value) else None
