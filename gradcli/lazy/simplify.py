"""Rewriting while arrays are built: arithmetic on uniform arrays is done at once, so that it never becomes work.

Gradients of sums and means start uniform (one number everywhere) and stay so through every linear operation.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, inf, isfinite
from operator import add, mul, sub, truediv
from struct import Struct

from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import DType, float16, float32, float64

_FOLDED: dict[str, Callable[[float, float], float]] = {"add": add, "div": truediv, "mul": mul, "sub": sub}
_float32 = Struct("f")
_pack, _unpack = _float32.pack, _float32.unpack
_LAYOUTS = {float16: Struct("e"), float32: _float32}


def rounded(value: float, dtype: DType) -> float:
    """A number as a floating dtype holds it."""
    layout = _LAYOUTS.get(dtype)
    if layout is None:
        return value
    try:
        number: float = layout.unpack(layout.pack(value))[0]
    except OverflowError:
        return copysign(inf, value)
    return number


def folded(primitive: str, a: LazyArray, b: LazyArray) -> float | None:
    """The number that an operation on two constants gives everywhere, as their dtype holds it; None if left to the engine.

    Rounding a float64 result of + - * / on float32 numbers once more to float32 gives the correctly rounded result.
    """
    operation = _FOLDED.get(primitive)
    if operation is None or (a.dtype is not float32 and a.dtype is not float64):
        return None
    try:
        value = operation(a.params[0], b.params[0])
        if a.dtype is float32:
            value = _unpack(_pack(value))[0]
    except (OverflowError, ZeroDivisionError):
        return None  # the engine knows infinities
    return value if isfinite(value) else None
