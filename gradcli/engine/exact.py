"""Squares with what their rounding leaves out, for exponentials, which raise it."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def squared(x: Array) -> tuple[Array, Array]:
    """x*x as rounded, and the rest (Dekker 1971)."""
    square = x * x
    high = x * (2.0**27 + 1)
    high = high - (high - x)
    low = x - high
    return square, (high * high - square) + 2 * high * low + low * low
