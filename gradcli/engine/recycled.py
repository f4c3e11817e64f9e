"""Memory that is taken again: the system gives fresh pages of zeros, which cost more than what is computed into them."""

from __future__ import annotations

import weakref
from math import prod
from typing import Any

import numpy as np

# Smaller arrays are recycled by the allocator below NumPy; it may give larger ones back to the system, each time anew.
LEAST_BYTES = 1 << 17
# So many bytes wait to be taken again at most; those that wait longest are let go first.
MOST_IDLE = 128 << 20
CACHE_LINE = 64
# Memory is taken for an array that fills at least this part of it.
FILLED = 3 / 4

# By identity. Arrays come back whenever the last reference to them goes, even within the functions below: these rely on
# operations of dicts that no other code runs in the midst of.
_idle: dict[int, np.ndarray] = {}


class _Loan:
    """What arrays in borrowed memory are based on: once it is gone, so are they."""

    __slots__ = ("__array_interface__", "__weakref__")

    def __init__(self, memory: np.ndarray) -> None:
        self.__array_interface__: dict[str, Any] = memory.__array_interface__


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """An array whose elements are anything, as numpy.empty gives it; its memory is recycled if it is large."""
    size = prod(shape) * dtype.itemsize
    if size < LEAST_BYTES:
        return np.empty(shape, dtype)
    memory = _taken(size)
    if memory is None:
        memory = aligned(size)
    loan = _Loan(memory)
    weakref.finalize(loan, _return, memory).atexit = False
    return np.asarray(loan)[:size].view(dtype).reshape(shape)


def aligned(size: int) -> np.ndarray:
    """Fresh memory that starts with a line of the cache, as vector operations like it."""
    memory = np.empty(size + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size]


def _taken(size: int) -> np.ndarray | None:
    """Idle memory of at least so many bytes that is not much larger."""
    for memory in list(_idle.values()):
        if size <= memory.size <= size / FILLED and _idle.pop(id(memory), None) is not None:
            return memory
    return None


def _return(memory: np.ndarray) -> None:
    if memory.size > MOST_IDLE:
        return
    _idle[id(memory)] = memory
    while sum([each.size for each in list(_idle.values())]) > MOST_IDLE:
        _idle.pop(next(iter(_idle)), None)
