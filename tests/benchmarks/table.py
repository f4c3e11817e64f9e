"""The tables of what was measured: with rules in a terminal, plain when piped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import geometric_mean, median
from typing import Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from .contenders import CONTENDERS, FORWARD

#: A line when piped: nothing is folded.
WIDE = 1000


class Row(NamedTuple):
    """What was measured of a workload, for each contender: seconds in each round, and those before and of the first call.

    Then the bytes of the peak, and notes. Among the seconds in each round are those of the copy.
    """

    seconds: Mapping[str, Sequence[float]]
    start: Mapping[str, float]
    first: Mapping[str, float]
    peak: Mapping[str, int]
    notes: Mapping[str, str]

    def ratio(self, name: str, against: str) -> float | None:
        """How many times as long as another one somebody takes: the median over the rounds."""
        if not self.seconds.get(name) or not self.seconds.get(against):
            return None
        return median(theirs / ours for theirs, ours in zip(self.seconds[name], self.seconds[against], strict=True))

    def ratios(self) -> dict[str, float]:
        """The ratio of each peer to what it is compared with."""
        found = {name: self.ratio(name, contender.against) for name, contender in CONTENDERS.items() if name != contender.against}
        return {name: ratio for name, ratio in found.items() if ratio is not None and name != FORWARD.name}

    def record(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {**self._asdict(), "median": {name: median(each) for name, each in self.seconds.items()}, "ratio": self.ratios()}


def console() -> Console:
    """Where tables are printed."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDE)


def show(rows: Mapping[str, Row], peers: Sequence[str], out: Console) -> None:
    """Print the tables and the notes."""
    contenders = ["gradcli", *peers]
    columns = ["gradcli, ms", "copy, ms", "times copy", *peers]
    out.print("how many times as long as gradcli each peer takes for value and gradients (numexpr: for the value alone)")
    table = _table(columns, out)
    for name, row in rows.items():
        ratios = row.ratios()
        times = [_milliseconds(median(row.seconds[each]) if each in row.seconds else None) for each in ("gradcli", "copy")]
        table.add_row(name, *times, _times(row.ratio("gradcli", "copy")), *(_times(ratios.get(peer)) for peer in peers))
    if peers and len(rows) > 1:
        table.add_row("geometric mean", "", "", "", *(_times(_mean(rows, peer)) for peer in peers), style="bold")
    out.print(table)
    starts = {name: [row.start[name] for row in rows.values() if name in row.start] for name in contenders}
    before = {name: median(each) for name, each in starts.items() if each}
    first = {"imports, before it": before, **{name: row.first for name, row in rows.items()}}
    _show_each("first call, milliseconds", first, contenders, _milliseconds, out)
    _show_each(
        "peak memory above the inputs, megabytes", {name: row.peak for name, row in rows.items()}, contenders, _megabytes, out
    )
    for name, row in rows.items():
        for contender, note in row.notes.items():
            out.print(f"{name}: {contender}: {note}", markup=False, highlight=False)


def _show_each(
    title: str,
    rows: Mapping[str, Mapping[str, Any]],
    contenders: Sequence[str],
    text: Callable[[Any], str],
    out: Console,
) -> None:
    """Print a table with a number for each contender."""
    out.print(f"\n{title}")
    table = _table(contenders, out)
    for name, row in rows.items():
        table.add_row(name, *(text(row.get(contender)) for contender in contenders))
    out.print(table)


def _table(columns: Sequence[str], out: Console) -> Table:
    table = Table(box=SIMPLE_HEAD if out.is_terminal else None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _mean(rows: Mapping[str, Row], peer: str) -> float | None:
    ratios = [row.ratios()[peer] for row in rows.values() if peer in row.ratios()]
    return geometric_mean(ratios) if ratios else None


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e3:,.{1 if seconds >= 1e-2 else 3 if seconds >= 1e-4 else 5}f}"


def _megabytes(count: int | None) -> str:
    return "-" if count is None else f"{count / 1e6:,.1f}"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}"
