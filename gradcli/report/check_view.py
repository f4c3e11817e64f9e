"""A check for people: a table of gradients and one of claims, which become lists where they do not fit, and the findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite, log10
from typing import Final, NamedTuple

from gradcli.report import diagnostics
from gradcli.report.checked import (
    AGREES,
    JUMP,
    KINK,
    MISMATCH,
    STEEP,
    UNCLEAR,
    UNDEFINED,
    Check,
    CheckedClaim,
    CheckedGradient,
    Element,
    Finding,
)
from gradcli.report.diagnostics import Place, told_lines
from gradcli.report.styles import BAD, DIAGNOSTIC, GOOD, QUIET, REMARKABLE, VARIABLE, Segment
from gradcli.report.visible import cell_width, one_line, padded, visible

GRADIENT_HEADINGS: Final = ("gradient", "checked", "worst", "autograd", "differences", "off by", "relative", "verdict")
SECOND_HEADINGS: Final = ("derivative", *GRADIENT_HEADINGS[1:])
CLAIM_HEADINGS: Final = ("claim", "checked", "worst", "claimed", "autograd", "differences", "verdict")
SPARED: Final = "relative"
GAP: Final = "  "
WIDEST_CLAIM: Final = 40

#: How a number of elements with a verdict is called.
COUNTED: Final = {
    MISMATCH: ("disagrees", "disagree"),
    KINK: ("kink", "kinks"),
    JUMP: ("jump", "jumps"),
    STEEP: ("infinite slope", "infinite slopes"),
    UNDEFINED: ("undefined", "undefined"),
    UNCLEAR: ("unclear", "unclear"),
}


class Line(NamedTuple):
    """A line of a table: its cells, the last of which is the verdict, and the verdict's style."""

    cells: tuple[str, ...]
    style: str


def check_segments(check: Check, width: int | None) -> Iterator[Segment]:
    """All of a check, in lines of at most `width` cells, or of any length."""
    headings = GRADIENT_HEADINGS if check.order == 1 else SECOND_HEADINGS
    yield from _table(headings, [line for gradient in check.gradients for line in _gradient_lines(gradient)], width)
    if check.claims:
        yield "\n", ""
        yield from _table(CLAIM_HEADINGS, [_claim_line(claim) for claim in check.claims], width)
    for finding in check.findings:
        yield "\n", ""
        yield from _finding(finding, width)


# ── tables ──


def _table(headings: Sequence[str], lines: Sequence[Line], width: int | None) -> Iterator[Segment]:
    """The lines below their headings, without the column that may be left out if they are too wide; or else as lists."""
    rows = [tuple(headings), *(line.cells for line in lines)]
    if width is not None and _width(rows) > width and SPARED in headings:
        position = headings.index(SPARED)
        rows = [row[:position] + row[position + 1 :] for row in rows]
    if width is not None and _width(rows) > width:
        yield from _lists(headings, lines)
        return
    widths = _widths(rows)
    yield GAP.join(map(padded, rows[0], widths)).rstrip() + "\n", QUIET
    for cells, line in zip(rows[1:], lines, strict=True):
        yield padded(cells[0], widths[0]), VARIABLE
        yield "".join(GAP + padded(cell, own) for cell, own in zip(cells[1:-1], widths[1:-1], strict=True)) + GAP, ""
        yield cells[-1], line.style
        yield "\n", ""


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cell_width, column)) for column in zip(*rows, strict=True)]


def _width(rows: Sequence[Sequence[str]]) -> int:
    return sum(_widths(rows)) + len(GAP) * (len(rows[0]) - 1)


def _lists(headings: Sequence[str], lines: Sequence[Line]) -> Iterator[Segment]:
    """Each line as a list of what its cells are, behind its name and its verdict."""
    indent = max(map(len, headings[1:-1]))
    for number, (cells, style) in enumerate(lines):
        yield "\n" * bool(number) + cells[0], VARIABLE
        yield GAP, ""
        yield f"{cells[-1]}\n", style
        for heading, cell in zip(headings[1:-1], cells[1:-1], strict=True):
            if cell:
                yield f"{GAP}{heading:<{indent}}{GAP}", QUIET
                yield f"{cell}\n", ""


def _gradient_lines(gradient: CheckedGradient) -> Iterator[Line]:
    """A line for its elements, and one for the directions in which all of them were checked together."""
    checked = f"{gradient.checked:,} of {gradient.elements:,}"
    yield _line(visible(gradient.name), checked, gradient.worst, _verdict(gradient.verdicts), gradient.verdicts)
    if gradient.directions:
        worst = max(gradient.directions, key=lambda direction: (direction.verdict == MISMATCH, direction.relative))
        counts = {worst.verdict: sum(direction.verdict == worst.verdict for direction in gradient.directions)}
        yield _line(visible(gradient.name), f"{len(gradient.directions)} directions", worst, _verdict(counts), counts)


def _line(name: str, checked: str, worst: Element | None, verdict: str, verdicts: dict[str, int]) -> Line:
    style = BAD if MISMATCH in verdicts else GOOD if set(verdicts) <= {AGREES} else REMARKABLE
    if worst is None:
        return Line((name, checked, "", "", "", "", "", verdict), style)
    autograd, differences = _numbers(worst.autograd, worst.differences, tells_apart=worst.verdict == MISMATCH)
    if worst.verdict != MISMATCH:
        differences = _known_digits(worst.differences, worst.error)
    gaps = f"{worst.absolute:.2g}", f"{worst.relative:.2g}"
    return Line((name, checked, _place(worst.place), autograd, differences, *gaps, verdict), style)


def _verdict(verdicts: dict[str, int]) -> str:
    """The verdict in a few words: `agrees, 2 kinks`."""
    words = [f"{count:,} {COUNTED[kind][count != 1]}" for kind, count in verdicts.items() if kind != AGREES]
    if AGREES in verdicts or not verdicts:
        words = words if MISMATCH in verdicts else ["agrees", *words]
    return ", ".join(sorted(words, key=lambda word: "disagree" not in word))


def _claim_line(claim: CheckedClaim) -> Line:
    text = one_line(f"{claim.name}: {claim.text}")
    name = text if len(text) <= WIDEST_CLAIM else text[: WIDEST_CLAIM - 3] + "..."
    checked = f"{claim.checked:,} of {claim.elements:,}"
    verdict = _claim_verdict(claim)
    style = GOOD if verdict == "holds" else BAD
    if claim.worst is None:
        return Line((name, checked, "", "", "", "", verdict), style)
    place, *found = claim.worst
    claimed, autograd, differences = _numbers(*found, tells_apart=verdict != "holds")
    return Line((name, checked, _place(place), claimed, autograd, differences, verdict), style)


def _claim_verdict(claim: CheckedClaim) -> str:
    if not claim.against_autograd and not claim.against_differences:
        return "holds"
    if not claim.against_differences and claim.against_autograd and claim.checked == claim.elements:
        return "holds by differences only"
    if not claim.against_autograd:
        return "holds by autograd only"
    wrong = max(claim.against_autograd, claim.against_differences)
    return f"{wrong:,} {COUNTED[MISMATCH][wrong != 1]}"


def _place(place: Sequence[int] | None) -> str:
    return str(list(place)) if place else ""


def _numbers(*numbers: float | None, tells_apart: bool) -> list[str]:
    """Numbers in few digits, or in as many as it takes to tell them apart."""
    known = [number for number in numbers if number is not None]
    for digits in (7, 10, 13):
        texts = [f"{number:.{digits}g}" for number in known]
        if not tells_apart or len(set(texts)) > 1:
            break
    written = iter(texts)
    return ["" if number is None else next(written) for number in numbers]


def _known_digits(number: float, error: float) -> str:
    """A number in as many digits as are known of it, seven at most; 0 if it can't be told from that."""
    size = abs(number)
    if not isfinite(size) or not error > 0:
        return f"{number:.7g}"
    return "0" if size <= error else f"{number:.{max(1, min(7, int(log10(size / error))))}g}"


# ── findings ──


def _finding(finding: Finding, width: int | None) -> Iterator[Segment]:
    """The sentence; of a mismatch also its place in the source."""
    places = []
    if finding.verdict == MISMATCH:
        if finding.source is not None and finding.span is not None:
            places.append(Place(finding.source, finding.span, finding.label, True))
        is_only = len(finding.related) == 1
        for related in finding.related:
            if related.source is not None:
                places.append(Place(related.source, related.span, related.label, is_only))
    message = finding.message
    if finding.label and not places:
        message += f"; {finding.label}"
    remarks = [("hint", finding.hint)] if finding.hint else []
    title = MISMATCH if finding.verdict == MISMATCH else COUNTED[finding.verdict][0]
    styles = {**DIAGNOSTIC, diagnostics.TITLE: BAD if finding.verdict == MISMATCH else REMARKABLE}
    for line in told_lines(title, message, places, remarks, width or diagnostics.WIDTH, width):
        text = [(part.text, styles[part.role]) for part in line]
        yield from text[:-1]
        yield text[-1][0].rstrip() + "\n", text[-1][1]
