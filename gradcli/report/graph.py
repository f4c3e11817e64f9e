"""The grad_fn graph as records for JSON and as the lines of a tree for text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gradcli.autograd.node import walk
from gradcli.report.visible import one_line

if TYPE_CHECKING:
    from gradcli.autograd.node import Node
    from gradcli.errors import Source

MOST_LINES: Final = 100  # of a tree shown as text
MOST_DEPTH: Final = 16  # of a tree that branches; what lies deeper is not shown
DEPTH_OF_CHAINS: Final = 8  # beyond it an operation that leads to only one other does not indent that further


class Glyphs(NamedTuple):
    """What the guides of a tree are drawn with."""

    branch: str
    last: str
    straight: str
    line: str
    blank: str
    above: str
    ellipsis: str


UNICODE: Final = Glyphs("├─ ", "└─ ", "↓  ", "│  ", "   ", "↑", "…")
ASCII: Final = Glyphs("|- ", "`- ", "v  ", "|  ", "   ", "^", "...")


NARROW: Final = {
    UNICODE: Glyphs("├ ", "└ ", "↓ ", "│ ", "  ", "↑", "…"),
    ASCII: Glyphs("| ", "` ", "v ", "| ", "  ", "^", "..."),
}


class GraphLine(NamedTuple):
    """One line of the tree: the guide before it, and what it says about its node."""

    guide: str
    number: int  # as in the records
    name: str
    piece: str  # of the source that made it
    shape: tuple[int, ...]
    variable: str | None  # the name of the leaf at an AccumulateGrad
    is_shared: bool  # several lines lead here
    is_reference: bool  # the node was shown further up, with everything below it
    is_cut: bool  # what is below it is not shown


class GraphTree(NamedTuple):
    """The lines of a tree and how many nodes had no place in them."""

    lines: list[GraphLine]
    hidden: int

    def note(self, glyphs: Glyphs) -> str | None:
        """The sentence about the nodes that are not shown."""
        if not self.hidden:
            return None
        are = "s are" if self.hidden > 1 else " is"
        return f"{glyphs.ellipsis} {self.hidden:,} more node{are} not shown; --json has all"


def successors(node: Node) -> list[Node]:
    """The nodes that a node hands its gradients to."""
    return [successor for successor, _ in node.next_functions if successor is not None]


def variable_name(node: Node) -> str | None:
    """The name of the leaf that an AccumulateGrad adds to; None for other nodes and for leaves without a name."""
    return node.variable.name if node.variable is not None else None


def source_piece(node: Node) -> str:
    """The piece of source that made a node, on one line."""
    if node.source is None or node.span is None or node.variable is not None:
        return ""
    return one_line(node.source.piece(node.span))


def graph_records(root: Node, source: Source | None) -> list[dict[str, Any]]:
    """One record a node, breadth first; spans are given where they point into `source`."""
    nodes = walk(root)
    numbers = {node: number for number, node in enumerate(nodes)}
    records = []
    for number, node in enumerate(nodes):
        span = node.span if node.span is not None and node.source is source and node.variable is None else None
        record: dict[str, Any] = {
            "id": number,
            "name": node.name,
            "shape": list(node.shape),
            "span": list(span) if span else None,
        }
        if node.variable is not None:
            record["variable"] = variable_name(node)
        record["next"] = [numbers[successor] for successor in successors(node)]
        records.append(record)
    return records


class _Place(NamedTuple):
    """Where a node comes in the tree: the guides of its own line and of the lines below it."""

    node: Node
    guide: str
    below: str
    depth: int


def graph_tree(root: Node, glyphs: Glyphs = UNICODE, most_lines: int = MOST_LINES, most_depth: int = MOST_DEPTH) -> GraphTree:
    """The tree of a graph, depth first; a node that several others lead to is shown once and referred to afterwards."""
    nodes = walk(root)
    numbers = {node: number for number, node in enumerate(nodes)}
    leading_here = [0] * len(nodes)
    for node in nodes:
        for successor in successors(node):
            leading_here[numbers[successor]] += 1
    lines: list[GraphLine] = []
    shown: set[Node] = set()
    pending = [_Place(root, "", "", 0)]
    while pending and len(lines) < most_lines:
        place = pending.pop()
        node = place.node
        below = list(_places_below(place, glyphs, min(DEPTH_OF_CHAINS, most_depth - 1))) if node not in shown else []
        is_cut = bool(below) and below[0].depth > most_depth
        lines.append(_line(place, numbers[node], leading_here[numbers[node]] > 1, node in shown, is_cut))
        if not is_cut:
            pending.extend(below)
        shown.add(node)
    return GraphTree(lines, len(nodes) - len(shown))


def _line(place: _Place, number: int, is_shared: bool, is_reference: bool, is_cut: bool) -> GraphLine:
    node = place.node
    shape, variable = tuple(node.shape), variable_name(node)
    return GraphLine(place.guide, number, node.name, source_piece(node), shape, variable, is_shared, is_reference, is_cut)


def _places_below(place: _Place, glyphs: Glyphs, depth_of_chains: int) -> Iterator[_Place]:
    """The places of a node's successors, the last one first."""
    below = successors(place.node)
    if len(below) == 1 and place.depth >= depth_of_chains and place.guide.endswith((glyphs.last, glyphs.straight)):
        yield _Place(below[0], place.below[: -len(glyphs.blank)] + glyphs.straight, place.below, place.depth)
        return
    for position in range(len(below) - 1, -1, -1):
        is_last = position == len(below) - 1
        connector, guide_below = (glyphs.last, glyphs.blank) if is_last else (glyphs.branch, glyphs.line)
        yield _Place(below[position], place.below + connector, place.below + guide_below, place.depth + 1)
