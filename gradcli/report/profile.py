"""Profiles: what asked for numbers, and the passes that computed them, with their bytes and their time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from gradcli.autograd.state import Place
from gradcli.lazy.settings import PassProfile
from gradcli.report.visible import one_line

WIDEST_SOURCE = 60


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


def profile_text(computations: Iterable[Computation], steps: bool = False) -> str:
    """The profile as lines of text: a line for each computation, and below it one for each pass, with its steps if asked for."""
    lines = []
    for computation in computations:
        lines.append(f"profile: {_source(computation)}  {_time(computation.seconds)}\n")
        for each in computation.passes:
            work = f"{each.primitives} primitive{'s' * (each.primitives != 1)}"
            traffic = f"{_bytes(each.read)} read, {_bytes(each.written)} written"
            lines.append(f"  {_time(each.seconds):>9}  {work:>14}  {traffic:>34}  {_extent(each)}\n")
            lines += [f"             {line}\n" for line in each.steps if steps]
    return "".join(lines)


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
    text = one_line(place.source.piece(place.span)) if place is not None else "a result"
    return text if len(text) <= WIDEST_SOURCE else text[: WIDEST_SOURCE - 3] + "..."


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
