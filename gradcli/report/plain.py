"""An evaluation as PyTorch's own text: the value, `x.grad = tensor(...)` for each gradient, and the grad_fn tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradcli.report.evaluated import labelled
from gradcli.report.torch_text import format_value, represent_value
from gradcli.report.tree_layout import glyphs_for, tree_columns

if TYPE_CHECKING:
    from gradcli.report.evaluated import Evaluated

WIDTH: Final = 100  # of the tree


def evaluation_text(evaluation: Evaluated, encoding: str | None = "utf-8") -> str:
    """The text of an evaluation for a stream of this encoding, without a newline at its end."""
    lines = [format_value(evaluation.value)]
    lines += [assignment_text(label, derivative) for label, derivative in labelled(evaluation).items()]
    if evaluation.grad_fn is not None:
        columns = tree_columns(evaluation.grad_fn, glyphs_for(encoding), WIDTH)
        lines += ["".join(row).rstrip() for row in columns.rows]
        if columns.note is not None:
            lines.append(columns.note)
    return "\n".join(lines)


def assignment_text(name: str, value: object) -> str:
    """`name = value`, the further lines of the value indented so that its brackets stand under each other."""
    prefix = f"{name} = "
    return prefix + represent_value(value).replace("\n", "\n" + " " * len(prefix))
