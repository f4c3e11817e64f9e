"""The grad_fn tree in columns: node names behind their guides, shapes, and the source or the variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gradcli.report.graph import ASCII, MOST_DEPTH, NARROW, UNICODE, Glyphs, GraphLine, graph_tree
from gradcli.report.visible import fitted, visible

if TYPE_CHECKING:
    from gradcli.autograd.node import Node

GAP: Final = "  "
COMFORTABLE_PIECE: Final = 20  # with less room for the pieces of source the guides become narrow
NARROWEST_PIECE: Final = 6
USUAL_COLUMNS: Final = 36  # what a name, a shape and the shortest piece take
LEAST_DEPTH: Final = 4
HEADINGS: Final = ("grad_fn", "shape", "source")


class TreeRow(NamedTuple):
    """One row, padded so that the columns of all rows stand under each other; joined, the fields are the line."""

    guide: str
    name: str
    reference: str  # which node this is, where several lines lead to it
    shape: str
    piece: str
    variable: str


class TreeColumns(NamedTuple):
    """The headings, the rows below them, and the sentence about what is not shown."""

    headings: str
    rows: list[TreeRow]
    note: str | None


def glyphs_for(encoding: str | None) -> Glyphs:
    """What a stream of this encoding can draw guides with."""
    return UNICODE if (encoding or "").lower().replace("-", "").startswith("utf") else ASCII


def tree_columns(root: Node, glyphs: Glyphs, width: int) -> TreeColumns:
    """The tree of a graph in columns within `width` cells: guides become narrow and pieces of source are cut as needed."""
    columns, room = _columns(root, glyphs, width)
    return columns if room >= COMFORTABLE_PIECE else _columns(root, NARROW[glyphs], width)[0]


def _columns(root: Node, glyphs: Glyphs, width: int) -> tuple[TreeColumns, int]:
    """The columns, and the cells that were left for the pieces of source."""
    most_depth = max(LEAST_DEPTH, min(MOST_DEPTH, (width - USUAL_COLUMNS) // len(glyphs.blank)))
    tree = graph_tree(root, glyphs, most_depth=most_depth)
    firsts = [line.guide + line.name + _reference(line, glyphs) for line in tree.lines]
    shapes = [str(tuple(line.shape)) for line in tree.lines]
    first_width, second_width = max(map(len, [HEADINGS[0], *firsts])), max(map(len, [HEADINGS[1], *shapes]))
    room = width - first_width - second_width - 2 * len(GAP)
    has_pieces = room >= NARROWEST_PIECE
    room = max(room, NARROWEST_PIECE)  # for the names of variables
    rows = []
    for line, first, shape in zip(tree.lines, firsts, shapes, strict=True):
        reference = first[len(line.guide + line.name) :] + " " * (first_width - len(first)) + GAP
        piece = fitted(line.piece, room, glyphs.ellipsis) if has_pieces else ""
        variable = fitted(visible(line.variable or ""), room, glyphs.ellipsis)
        rows.append(TreeRow(line.guide, line.name, reference, shape.ljust(second_width) + GAP, piece, variable))
    headings = GAP.join([HEADINGS[0].ljust(first_width), HEADINGS[1].ljust(second_width), HEADINGS[2] if has_pieces else ""])
    return TreeColumns(headings.rstrip(), rows, tree.note(glyphs)), room


def _reference(line: GraphLine, glyphs: Glyphs) -> str:
    """`#5` where a shared node is shown, `↑ #5` where it is referred to, `…` where a branch is cut; variables have a name."""
    number = "" if line.variable is not None else f" #{line.number}"
    if line.is_reference:
        return f" {glyphs.above}{number}"
    return (number if line.is_shared else "") + (f" {glyphs.ellipsis}" if line.is_cut else "")
