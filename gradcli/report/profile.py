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


def profile_text(computations: Sequence[Computation], steps: bool = False, width: int | None = None) -> str:
    """The profile as lines of text: a line for each computation, and below it one for each pass, with its steps if asked for.

    Of lines that are longer than `width`, what does not fit goes on below.
    """
    rows = [_cells(each) for computation in computations for each in computation.passes]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = iter(rows)
    lines = []
    for computation in computations:
        seconds = _time(computation.seconds)
        room = WIDEST_SOURCE if width is None else min(WIDEST_SOURCE, width - len(TITLE + seconds) - 2)
        lines.append(f"{TITLE}{fitted(_source(computation), room, CUT)}  {seconds}")
        for each in computation.passes:
            *aligned, extent = next(cells)
            lines += _lines([*map(str.rjust, aligned, widths), extent], width)
            lines += [f"{' ' * STEPS_INDENT}{line}" for line in each.steps if steps]
    return "".join(f"{line}\n" for line in lines)


def _lines(cells: Sequence[str], width: int | None) -> Iterator[str]:
    """The cells side by side; those that do not fit stand below, under the second."""
    line = GAP + cells[0]
    indent = len(line)
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


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def _bytes(number: float) -> str:
    if number < 1000:
        return f"{number:.0f} B"
    units = ["kB", "MB", "GB", "TB"]
    while (number := number / 1000) >= 1000 and len(units) > 1:
        units.pop(0)
    return f"{number:.1f} {units[0]}"
