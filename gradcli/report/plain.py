"""An evaluation as text for pipes: PyTorch's own for the value and for gradients, and the grad_fn tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gradcli.report.evaluated import labelled
from gradcli.report.styles import QUIET, VARIABLE, Segment, row_segments, value_segments
from gradcli.report.torch_text import text_within
from gradcli.report.tree_layout import glyphs_for, tree_columns

if TYPE_CHECKING:
    from gradcli.report.evaluated import Evaluated

WIDTH: Final = 100  # of the tree, unless another is given


def evaluation_text(evaluation: Evaluated, encoding: str | None = "utf-8", width: int | None = None) -> str:
    """The text of an evaluation for a stream of this encoding, without a newline at its end."""
    return "".join(text for text, _ in evaluation_segments(evaluation, encoding, width))


def evaluation_segments(evaluation: Evaluated, encoding: str | None = "utf-8", width: int | None = None) -> Iterator[Segment]:
    """The same text in the styles that it has where colours are asked for; within `width` cells, if that is given."""
    yield from value_segments(evaluation.value, text_within(evaluation.value, width))
    for label, derivative in labelled(evaluation).items():
        yield from (("\n", ""), (label, VARIABLE), (" = ", ""))
        indent = len(f"{label} = ")  # so that the brackets of a value stand under each other
        text = text_within(derivative, None if width is None else width - indent)
        yield from value_segments(derivative, text.replace("\n", "\n" + " " * indent))
    if evaluation.grad_fn is not None:
        columns = tree_columns(evaluation.grad_fn, glyphs_for(encoding), width or WIDTH)
        for row in columns.rows:
            yield "\n", ""
            yield from row_segments(row)
        if columns.note is not None:
            yield f"\n{columns.note}", QUIET
