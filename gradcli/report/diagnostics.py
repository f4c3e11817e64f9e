"""An error as text for people: the sentence, the source line with the culprit underlined, the related places, and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from gradcli.errors import GradcliError, Source, Span
from gradcli.report.visible import cell_width, visible, wrapped

# What a part of a line is; the terminal view has a style for each.
PLAIN: Final = ""
TITLE: Final = "title"
MESSAGE: Final = "message"
GUTTER: Final = "gutter"
CULPRIT: Final = "culprit"
RELATED: Final = "related"
HELP: Final = "help"

WIDTH: Final = 100
NARROWEST: Final = 20
TAB: Final = "    "
CUT: Final = "..."
MOST_CHARACTERS: Final = 2000  # of a sentence, and of a source line on each side of the culprit
MOST_LINES_OF_A_SPAN: Final = 4


class Part(NamedTuple):
    """A part of a line, and what it is."""

    text: str
    role: str = PLAIN


Line = list[Part]


class Mark(NamedTuple):
    """Characters of one source line to underline, and what to say there."""

    start: int
    end: int
    label: str
    is_culprit: bool


class Place(NamedTuple):
    """A span in a source, and what to say about it."""

    source: Source
    span: Span
    label: str
    is_culprit: bool


def error_text(error: GradcliError, width: int = WIDTH) -> str:
    """The whole diagnostic as plain text, without a newline at its end."""
    return "\n".join("".join(part.text for part in line).rstrip() for line in diagnostic_lines(error, width))


def diagnostic_lines(error: GradcliError, width: int = WIDTH, wrap: int | None = None) -> list[Line]:
    """The lines of the diagnostic: sentence, snippets, PyTorch's sentence if it says more, suggestions, hint.

    Source lines are cut to `width` cells. Sentences are wrapped to `wrap` cells; without it, which suits logs and searches,
    each of them is one line.
    """
    return told_lines("error", error.message, _places(error), list(_help(error)), width, wrap)


def told_lines(
    title: str, message: str, places: Sequence[Place], remarks: Sequence[tuple[str, str]], width: int, wrap: int | None = None
) -> list[Line]:
    """A titled sentence, the places in sources that it speaks of, and remarks on it, each after a label."""
    lines = _labelled(title, message, TITLE, MESSAGE, wrap)
    digits = max((len(str(place.source.position(place.span.end).line)) for place in places), default=1)
    for source in dict.fromkeys(place.source for place in places):
        lines += _snippet([place for place in places if place.source is source], digits, width)
    for label, text in remarks:
        lines += _labelled(label, text, HELP, PLAIN, wrap)
    return lines


def _labelled(label: str, text: str, label_role: str, role: str, wrap: int | None) -> list[Line]:
    """A label and its text, the further lines indented below it."""
    indent = len(label) + 2
    first, *rest = [line for part in _shown(text).split("\n") for line in wrapped(part, wrap, indent)]
    below = [[Part(" " * indent + line, role)] for line in rest]
    return [[Part(f"{label}: ", label_role), Part(first, role)], *below]


def _shown(text: str) -> str:
    text = text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + CUT
    return visible(text, keep="\n").strip("\n")


def _help(error: GradcliError) -> Iterator[tuple[str, str]]:
    """What comes under the snippets: a label and its text."""
    if error.torch_message and _normal(error.torch_message) not in _normal(error.message):
        yield "PyTorch says", error.torch_message
    if error.did_you_mean:
        yield "did you mean", ", ".join(error.did_you_mean)
    if error.hint:
        yield "hint", error.hint


def _normal(sentence: str) -> str:
    """A sentence without what does not change its meaning."""
    return " ".join(sentence.casefold().split()).rstrip(".")


def _places(error: GradcliError) -> list[Place]:
    """The culprit, then the related places that have a text to point into."""
    places = []
    if error.source is not None and error.span is not None:
        places.append(Place(error.source, _within(error.source, error.span), "", True))
    for related in error.related:
        source = related.source or error.source
        if source is not None:
            places.append(Place(source, _within(source, related.span), related.label, False))
    return places


def _within(source: Source, span: Span) -> Span:
    """A span that points at something: one behind the last word of the text moves to where that word ends."""
    end_of_words = len(source.text.rstrip())
    return Span(min(span.start, end_of_words), min(max(span.start, span.end), end_of_words))


def _snippet(places: Sequence[Place], digits: int, width: int) -> list[Line]:
    """The lines of one source that its places touch, each with its marks below it."""
    source = places[0].source
    position = source.position(places[0].span.start)
    gutter = Part(" " * digits + " | ", GUTTER)
    location = f"{visible(source.name)}:{position.line}:{position.column}"
    lines = [[Part(" " * digits + "--> ", GUTTER), Part(location)], [gutter]]
    marks: dict[int, list[Mark]] = {}
    for place in places:
        for line, mark in _marks(place):
            marks.setdefault(line, []).append(mark)
    before = None
    for line in sorted(marks):
        if before is not None and line > before + 1:
            lines.append([Part(CUT, GUTTER)])
        before = line
        text, *below = _marked_line(source.line_text(line), marks[line], max(width - digits - 3, NARROWEST))
        lines.append([Part(f"{line:>{digits}} | ", GUTTER), Part(text.text)])
        lines += [[gutter, part] for part in below]
    lines.append([gutter])
    return lines


def _marks(place: Place) -> Iterator[tuple[int, Mark]]:
    """The marks of a place, line by line; of a long span only the first and the last line, the label at the last."""
    source, span = place.source, place.span
    start, end = source.position(span.start), source.position(span.end)
    last = end.line if end.column > 1 or end.line == start.line else end.line - 1
    numbers = list(range(start.line, last + 1))
    if len(numbers) > MOST_LINES_OF_A_SPAN:
        numbers = [start.line, last]
    for number in numbers:
        text = source.line_text(number)
        first = start.column - 1 if number == start.line else len(text) - len(text.lstrip())
        behind = end.column - 1 if number == end.line else len(text.rstrip())
        if first < behind or number == start.line:
            yield number, Mark(first, max(behind, first), place.label if number == last else "", place.is_culprit)


def _marked_line(text: str, marks: Sequence[Mark], width: int) -> list[Part]:
    """A source line, cut around its first mark if it is long, and a line below it for each mark."""
    skipped = max(0, marks[0].start - MOST_CHARACTERS)
    near = text[skipped : marks[0].start + MOST_CHARACTERS]
    shown = [TAB if character == "\t" else visible(character) for character in near]
    cells = [0, *accumulate(map(cell_width, shown))]  # where each character starts, and where the last one ends
    first, behind = _window(cells, marks[0].start - skipped, marks[0].end - skipped, width)
    lead = CUT if first + skipped > 0 else ""
    tail = CUT if behind + skipped < len(text) else ""
    content = "".join(shown[first:behind])
    parts = [Part(lead + content + tail)]
    for mark in marks:
        start, end = mark.start - skipped, mark.end - skipped
        if end <= first and lead:  # left of what is shown: point at the cut
            indent, length = 0, len(CUT)
        elif start >= behind and tail:
            indent, length = len(lead) + cell_width(content), len(CUT)
        else:
            left, right = cells[max(start, first)], cells[max(min(end, behind), first)]
            indent, length = len(lead) + left - cells[first], max(right - left, 1)
        underline = ("^" if mark.is_culprit else "-") * length
        label = _shown(mark.label).replace("\n", " ")
        parts += _underlined(indent, underline, label, width, CULPRIT if mark.is_culprit else RELATED)
    return parts


def _underlined(indent: int, underline: str, label: str, width: int, role: str) -> list[Part]:
    """An underline with its label beside it, or below it where the line is too short for both."""
    if not label:
        return [Part(" " * indent + underline, role)]
    if indent + len(underline) + 1 + cell_width(label) <= width:
        return [Part(f"{' ' * indent}{underline} {label}", role)]
    lines = wrapped(label, width)
    label_indent = max(0, min(indent, width - max(map(cell_width, lines))))
    return [Part(" " * indent + underline, role), *(Part(" " * label_indent + line, role) for line in lines)]


def _window(cells: Sequence[int], start: int, end: int, width: int) -> tuple[int, int]:
    """The characters of a line to show: all if they fit, else some before `start`, and what fits after it."""
    count = len(cells) - 1
    if cells[-1] <= width:
        return 0, count
    start, end = min(start, count), min(end, count)
    room = width - 2 * len(CUT)
    lead = max(room // 4, (room - cells[end] + cells[start]) // 2)
    first = start
    while first > 0 and (cells[start] - cells[first - 1] <= lead or cells[count] - cells[first - 1] <= room):
        first -= 1
    behind = first
    while behind < count and cells[behind + 1] - cells[first] <= room:
        behind += 1
    return first, behind
