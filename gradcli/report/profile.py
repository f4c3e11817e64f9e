"""Profiles: what asked for numbers, and the passes that computed them, with their bytes and their time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from gradcli.autograd.state import Place
from gradcli.lazy.settings import PassProfile
from gradcli.report.visible import fitted, one_line

TITLE = "profile: "
GAP = "  "
CUT = "..."
WIDEST_SOURCE = 60
STEPS_INDENT = 13
# Of what was to take less it is not told what it took: what the interpreter takes meanwhile counts for more.
LEAST_TOLD = 1_000_000


class Computation(Protocol):
    """One call of the evaluator: the place in the program that asked for it, if known, and what it took."""

    @property
    def place(self) -> Place | None:
        """Where it was asked for."""

    @property
    def passes(self) -> tuple[PassProfile, ...]:
        """What it took, in order."""

    @property
    def seconds(self) -> float:
        """How long it took, planning included."""

    @property
    def planned(self) -> int | None:
        """The bytes that were to be held at the peak, inputs included; None if nobody planned."""

    @property
    def taken(self) -> int | None:
        """The bytes that were; None if the system does not tell."""


def profile_text(computations: Sequence[Computation], steps: bool = False, width: int | None = None) -> str:
    """The profile as lines of text: a line for each computation, and below it one for each pass, with its steps if asked for.

    Of lines that are longer than `width`, what does not fit goes on below.
    """
    rows = [_cells(each) for computation in computations for each in computation.passes]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = iter(rows)
    lines: list[str] = []
    for computation in computations:
        seconds = _time(computation.seconds)
        room = WIDEST_SOURCE if width is None else min(WIDEST_SOURCE, width - len(TITLE + seconds) - 2)
        lines += _lines(
            [TITLE + fitted(_source(computation), room, CUT), seconds, *_memory(computation)], width, len(TITLE) - len(GAP)
        )
        for each in computation.passes:
            *aligned, extent = next(cells)
            time, *aligned = map(str.rjust, aligned, widths)
            lines += _lines([GAP + time, *aligned, extent], width, len(GAP + time))
            lines += [f"{' ' * STEPS_INDENT}{line}" for line in each.steps if steps]
    return "".join(f"{line}\n" for line in lines)


def _lines(cells: Sequence[str], width: int | None, indent: int) -> Iterator[str]:
    """The cells side by side; those that do not fit stand below, indented."""
    line = cells[0]
    for cell in cells[1:]:
        if width is not None and len(line + GAP + cell) > width:
            yield line
            line, cell = " " * indent, cell.lstrip()
        line += GAP + cell
    yield line


def _cells(each: PassProfile) -> tuple[str, ...]:
    work = f"{each.primitives} primitive{'s' * (each.primitives != 1)}"
    return _time(each.seconds), work, f"{_bytes(each.read)} read, {_bytes(each.written)} written", _extent(each)


def profile_entries(computations: Iterable[Computation]) -> list[dict[str, Any]]:
    """The profile as records have it."""
    return [
        {
            "statement": computation.place.source.piece(computation.place.span) if computation.place is not None else None,
            "seconds": computation.seconds,
            "planned": computation.planned,
            "taken": computation.taken,
            "passes": [each._asdict() for each in computation.passes],
        }
        for computation in computations
    ]


def profile_record(computations: Sequence[Computation]) -> dict[str, Any]:
    """The record of a script's profile."""
    from gradcli.report.records import FORMAT_VERSION

    return {"format_version": FORMAT_VERSION, "ok": True, "type": "profile", "profile": profile_entries(computations)}


def _source(computation: Computation) -> str:
    place = computation.place
    return one_line(place.source.piece(place.span)) if place is not None else "a result"


def _extent(each: PassProfile) -> str:
    if each.rows is None:
        return "whole arrays"
    blocks = f"{each.blocks} block{'s' * (each.blocks != 1)}"
    return f"{each.rows:,} rows in {blocks}, {each.threads} thread{'s' * (each.threads != 1)}"


def _memory(computation: Computation) -> tuple[str, ...]:
    """What was to be held at the peak, and what was, as far as these are known."""
    if computation.planned is None:
        return ()
    told = f"{_bytes(computation.planned)} planned"
    if computation.taken is None or computation.planned < LEAST_TOLD:
        return (told,)
    return (f"{told}, {_bytes(computation.taken)} taken",)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def _bytes(number: float) -> str:
    if number < 1000:
        return f"{number:.0f} B"
    units = ["kB", "MB", "GB", "TB"]
    while (number := number / 1000) >= 1000 and len(units) > 1:
        units.pop(0)
    return f"{number:.1f} {units[0]}"
