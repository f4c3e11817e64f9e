"""The threads of the matrix library: one while blocks are computed, which are the parallelism and would compete with more.

The library has one number for the whole process. So evaluations that run at a time share one limit: the first sets it, the
last one to end lifts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

_lock = Lock()
_limits: list[Any] = []  # the limit that is set, once for each evaluation that needs it


@contextmanager
def one_thread() -> Iterator[None]:
    """Let the library use one thread in this block, so that the bits of its results do not depend on how many there are."""
    with _lock:
        _limits.append(_limits[0] if _limits else _limit())
    try:
        yield
    finally:
        with _lock:
            limit = _limits.pop()
            if not _limits:
                _take_control()
                limit.restore_original_limits()
                _take_control()


def _limit() -> Any:
    _take_control()
    return _libraries().limit(limits=1, user_api="blas")


def _take_control() -> None:
    """Let this thread set limits: newer versions of threadpoolctl silently ignore all but the one that set the last."""
    from threadpoolctl import OpenBLASController

    if hasattr(OpenBLASController, "clear_controlling_thread"):
        OpenBLASController.clear_controlling_thread(force=True)


@cache
def _libraries() -> Any:
    """The libraries with threads of their own in this process; finding them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
