"""Memory for what kernels compute on the way: each thread has its own, the same at each call."""

from __future__ import annotations

from threading import local
from typing import Any

import numpy as np

from gradcli.engine import recycled

# Elements that are computed at a time: a whole block mostly, because threads wait for each other between short calls.
CHUNK = 1 << 18
_BUFFERS = 4

_memory = local()


def let_go() -> None:
    """Have the memory of this thread recycled: threads that rest are to hold none."""
    _memory.raw = None


def buffers(number: int, size: int, dtype: Any = np.float64) -> list[np.ndarray]:
    """Temporaries of a chunk."""
    raw: np.ndarray | None = getattr(_memory, "raw", None)
    if raw is None or raw.shape[1] < 8 * size:
        raw = _memory.raw = recycled.empty((_BUFFERS, 8 * size), np.dtype(np.uint8))
    return [row.view(dtype)[:size] for row in raw[:number]]


def bytes_of_buffers(size: int) -> int:
    """The most that temporaries for so many elements take."""
    return _BUFFERS * 8 * min(size, CHUNK)
