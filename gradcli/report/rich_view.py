"""An evaluation and an error for a terminal, with rich: standard colours only, and no text ever read as markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rich.text import Text

from gradcli.autograd.tensor import Tensor
from gradcli.report.diagnostics import diagnostic_lines
from gradcli.report.evaluated import second_derivatives
from gradcli.report.styles import DIAGNOSTIC, QUIET, VALUE, VARIABLE, row_segments, value_segments
from gradcli.report.torch_text import elements_text, line_width_within, text_within
from gradcli.report.tree_layout import GAP, glyphs_for, tree_columns
from gradcli.report.visible import cell_width, padded, visible

if TYPE_CHECKING:
    from rich.console import Console

    from gradcli.autograd.node import Node
    from gradcli.errors import GradcliError
    from gradcli.report.evaluated import Evaluated

MOST_LINES: Final = 20  # of the elements of one gradient
FURTHER_HEADINGS: Final = ("shape", "dtype", "value")


def render_evaluation(evaluation: Evaluated, console: Console) -> None:
    """Print the value, the tables of derivatives and the grad_fn tree."""
    sections = [_value(evaluation.value, console.width)]
    tables = {"gradient": evaluation.grads, "jacobian": evaluation.jacobian, "hessian": second_derivatives(evaluation)}
    sections += [_derivatives(heading, table, console.width) for heading, table in tables.items() if table]
    if evaluation.grad_fn is not None:
        sections.append(_tree(evaluation.grad_fn, console))
    _show(console, Text("\n\n").join(sections))


def render_value(value: object, console: Console) -> None:
    """Print one value."""
    _show(console, _value(value, console.width))


def render_error(error: GradcliError, console: Console) -> None:
    """Print a diagnostic in colours."""
    lines = []
    for line in diagnostic_lines(error, console.width, console.width):
        lines.append(Text.assemble(*((part.text, DIAGNOSTIC[part.role]) for part in line)))
    _show(console, Text("\n").join(lines))


def _show(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True, markup=False, emoji=False, highlight=False)


def _value(value: object, width: int) -> Text:
    return Text.assemble(*value_segments(value, visible(text_within(value, width), keep="\n\t")))


def _derivatives(heading: str, grads: Mapping[str, Tensor | None], width: int) -> Text:
    """A table of name, shape, dtype and elements; elements that would not fit beside the rest stand below it."""
    names = [visible(name) for name in grads]
    shapes = ["" if grad is None else str(tuple(grad.shape)) for grad in grads.values()]
    dtypes = ["" if grad is None else grad.dtype.name for grad in grads.values()]
    columns = [[heading, *names], *([title, *cells] for title, cells in zip(FURTHER_HEADINGS, (shapes, dtypes), strict=False))]
    widths = [max(map(cell_width, column)) for column in columns]
    indent = sum(widths) + len(GAP) * len(widths)
    headings, *rows = (
        [padded(text, cells) for text, cells in zip(row, widths, strict=True)] for row in zip(*columns, strict=True)
    )
    lines = [Text(GAP.join([*headings, FURTHER_HEADINGS[-1]]), QUIET)]
    for (name, shape, dtype), grad in zip(rows, grads.values(), strict=True):
        line = Text.assemble((name, VARIABLE), GAP, shape, GAP, (dtype, QUIET))
        value = _elements(grad)
        if max(map(len, value.split("\n"))) <= width - indent:
            line.append(GAP).append(value.replace("\n", "\n" + " " * indent), VALUE)
        else:
            value = _elements(grad, width - len(GAP))
            line.rstrip()
            line.append("\n" + GAP).append(value.replace("\n", "\n" + GAP), VALUE)
        lines.append(line)
    return Text("\n").join(lines)


def _elements(grad: Tensor | None, width: int | None = None) -> str:
    """The elements of a gradient, summarised as PyTorch does, and also where all of them would take too many lines."""
    if grad is None:
        return "None"
    value = grad.numpy()
    if value.size == 0:
        return "[]"
    line_width = line_width_within(width, value.ndim)
    text = elements_text(value, 0, line_width)
    return text if text.count("\n") < MOST_LINES else elements_text(value, 0, line_width, threshold=0)


def _tree(root: Node, console: Console) -> Text:
    """The grad_fn tree in columns."""
    columns = tree_columns(root, glyphs_for(console.encoding), console.width)
    lines = [Text(columns.headings, QUIET)]
    lines += [Text.assemble(*row_segments(row)) for row in columns.rows]
    if columns.note is not None:
        lines.append(Text(columns.note, QUIET))
    return Text("\n").join(lines)
