"""The styles of text for people: a terminal's own colours, so that dark and light backgrounds both work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gradcli.autograd.tensor import Tensor
from gradcli.report import diagnostics

if TYPE_CHECKING:
    from gradcli.report.tree_layout import TreeRow

Segment = tuple[str, str]  # a piece of text and its style

NAME: Final = "cyan"
VARIABLE: Final = "bold green"
VALUE: Final = "bold"
QUIET: Final = "dim"
GOOD: Final = "green"
BAD: Final = "bold red"
REMARKABLE: Final = "bold cyan"
DIAGNOSTIC: Final = {
    diagnostics.PLAIN: "",
    diagnostics.TITLE: BAD,
    diagnostics.MESSAGE: "bold",
    diagnostics.GUTTER: QUIET,
    diagnostics.CULPRIT: BAD,
    diagnostics.RELATED: REMARKABLE,
    diagnostics.HELP: "bold",
}


def value_segments(value: object, text: str) -> Iterator[Segment]:
    """The text of a value in bold; what PyTorch writes around a tensor's elements is dim."""
    if not isinstance(value, Tensor):
        yield text, VALUE
        return
    start = text.index("(") + 1
    end = max(text.rfind("]") + 1, start) if value.ndim else _end_of_number(text, start)
    yield from ((text[:start], QUIET), (text[start:end], VALUE), (text[end:], QUIET))


def _end_of_number(text: str, start: int) -> int:
    comma = text.find(",", start)
    return comma if comma >= 0 else len(text) - 1


def row_segments(row: TreeRow) -> Iterator[Segment]:
    """A row of the grad_fn tree."""
    shape = row.shape if row.piece or row.variable else row.shape.rstrip()
    yield from ((row.guide, QUIET), (row.name, NAME), (row.reference, QUIET), (shape, QUIET))
    yield from ((row.piece, ""), (row.variable, VARIABLE))
