"""Per-thread settings of a session: the default floating dtype, the evaluator, the random generator's position."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from gradcli.lazy.dtypes import DType, float32

if TYPE_CHECKING:
    import numpy as np

    from gradcli.lazy.array import LazyArray
    from gradcli.lazy.batching import Elements

    Evaluator = Callable[[Sequence[LazyArray]], list[np.ndarray]]
    Progress = Callable[[int, int], object]


class PassProfile(NamedTuple):
    """What one pass over arrays did."""

    primitives: int
    rows: int | None  # of the streamed axis; None if arrays were computed whole
    blocks: int
    threads: int
    read: int  # bytes, of arrays in memory or in files
    written: int
    seconds: float
    steps: tuple[str, ...]  # what was computed, for people to read


class Profile:
    """What an evaluation did and how many bytes it was to hold at its peak, of which there were so many before; filled by it."""

    __slots__ = ("held", "passes", "planned")

    def __init__(self) -> None:
        self.passes: list[PassProfile] = []
        self.planned: int | None = None  # None: nobody planned
        self.held = 0


class Settings(threading.local):
    """What a session hands down to every room below it, kept apart for each thread."""

    default_dtype: DType = float32
    evaluator: Evaluator | None = None
    progress: Progress | None = None  # told how many rows of how many are done: 0 first, then by any thread
    seed: int = 0
    device: str = "cpu"  # where the evaluator keeps what it computes, as PyTorch writes it
    threads: int | None = None  # None: as many as the process may use
    random_streams_used: int = 0
    max_memory: int | None = None  # bytes; None: what the machine has available
    batches: tuple[Elements, ...] = ()  # for which functions are being called now, outermost first
    profile: Profile | None = None  # where somebody wants to know


settings = Settings()


@contextmanager
def bounded(threads: int | None, max_memory: int | None) -> Iterator[None]:
    """What is computed in this block takes no more threads and bytes."""
    before = settings.threads, settings.max_memory
    settings.threads, settings.max_memory = threads, max_memory
    try:
        yield
    finally:
        settings.threads, settings.max_memory = before
