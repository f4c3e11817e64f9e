"""A bar for a computation that takes long: how much of it is done, how fast it goes, and how long the rest will take."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PATIENCE = 1.0  # seconds without a bar
INTERVAL = 0.1  # seconds between two pictures of it
WIDEST_BAR = 40


class Progress:
    """Told of rows (or what its unit is) that are done, it shows a bar once that takes long, and removes it when all are.

    A computation starts with `(0, total)` and ends with `(total, total)`; between them any thread may call, at any rate.
    """

    def __init__(self, console: Callable[[], Console], clock: Callable[[], float] = monotonic, unit: str = "rows") -> None:
        self._make_console = console  # made when there is something to show
        self._unit = unit
        self._console: Console | None = None
        self._clock = clock
        self._lock = Lock()
        self._started = 0.0
        self._drawn = 0.0
        self._done = 0

    def __call__(self, done: int, total: int) -> None:
        """So many rows of all are done."""
        with self._lock:
            now = self._clock()
            if done == 0:
                self._started, self._drawn, self._done = now, 0.0, 0
                return
            self._done = max(self._done, done)  # threads may overtake each other
            if self._done >= total:
                self._remove()
            elif now - self._started >= PATIENCE and now - self._drawn >= INTERVAL:
                self._drawn = now
                self._draw(total, now - self._started)

    def clear(self) -> None:
        """Remove the bar, if it is there, whatever is done."""
        with self._lock:
            self._remove()

    def _draw(self, total: int, elapsed: float) -> None:
        console = self._console = self._console or self._make_console()
        rate = self._done / elapsed
        facts = f" {self._done / total:4.0%}  {_amount(rate)} {self._unit}/s  {_time((total - self._done) / rate)} left"
        width = console.width - 1  # the last cell may wrap the line
        bar = _bar(min(WIDEST_BAR, width - len(facts)), self._done / total, is_ascii=console.options.ascii_only)
        line = bar.append(facts)
        line.truncate(width, pad=True)
        console.print(line, end="\r", no_wrap=True, crop=True)

    def _remove(self) -> None:
        if self._console is not None:
            self._console.file.write("\r")  # the terminal may have echoed a ^C
            self._console.print(" " * (self._console.width - 1), end="\r", no_wrap=True)
            self._console = None


def _bar(width: int, share: float, *, is_ascii: bool) -> Text:
    from rich.text import Text

    done = max(0, int(width * share))
    full, empty = ("#", "-") if is_ascii else ("━", "─")
    return Text.assemble((full * done, "bar.complete"), (empty * (width - done), "bar.back"))


def _amount(number: float) -> str:
    """A number of at most four characters, with the prefix of its thousands."""
    for prefix in ("", "k", "M", "G"):
        if number < 999.5:
            return f"{number:.3g}{prefix}"
        number /= 1000
    return f"{number:.3g}T"


def _time(seconds: float) -> str:
    """A duration as hours, minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
