"""How far an evaluation is: rows that are done, of those of all passes, told to whoever wants to know."""

from __future__ import annotations

from threading import Lock

from gradcli.lazy.settings import settings


class RowsDone:
    """Counts rows for all threads of an evaluation, and tells `settings.progress` of the thread that asked for it."""

    __slots__ = ("_done", "_lock", "_tell", "_total")

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._lock = Lock()
        self._tell = settings.progress
        self.add(0)

    def add(self, rows: int) -> None:
        """So many more are done; the last block of a pass may be counted as a full one."""
        if self._tell is not None:
            with self._lock:
                self._done = min(self._done + rows, self._total)
            self._tell(self._done, self._total)
