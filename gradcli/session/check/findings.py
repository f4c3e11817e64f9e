"""Findings: the words for elements that disagree, and for those that have no derivative to compare with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradcli.autograd import Tensor
from gradcli.language import tree
from gradcli.lazy import LazyArray
from gradcli.report.checked import JUMP, KINK, MISMATCH, STEEP, UNCLEAR, UNDEFINED, Element, Finding
from gradcli.session.check.blame import (
    Blame,
    Graph,
    cuts,
    faulty_rule,
    guilty_hook,
    is_right_within_the_graph,
    singular_function,
    source_of_nan,
)

NOT_FOUND = "each operation that could be looked at has the derivative of what it computes"
CUT = "the result depends on what is outside of the graph, and autograd does not follow it there"

CONVENTIONS = "what autograd takes for the slope at a kink is a convention, and together conventions need not make a derivative"


class About(NamedTuple):
    """An element that needs words: whose it is, what it is called, and how many others are like it."""

    element: Element
    name: str  # of its leaf
    title: str
    others: int
    leaf: Tensor
    array: LazyArray
    function: str  # what is differentiated, in words


def finding_of(about: About, graph: Graph, program: tree.Program, tolerance: float) -> Finding:
    """The words for one element, which stands for the others of its verdict."""
    return _mismatch(about, graph, program, tolerance) if about.element.verdict == MISMATCH else _remark(about, graph)


def _mismatch(about: About, graph: Graph, program: tree.Program, tolerance: float) -> Finding:
    """What autograd and the differences say, and what is to blame for it."""
    element = about.element
    finding = _finding(about, f": autograd gives {_number(element.autograd)}, differences give {_number(element.differences)}")
    blame = None
    if not np.isfinite(element.autograd):
        blame = source_of_nan(graph)
    elif element.place is not None:
        blame = guilty_hook(graph, about.name, about.leaf, element, tolerance)
    blame = blame or faulty_rule(graph, tolerance)
    if blame is not None:
        return _blamed(finding, blame)
    related = tuple(cuts(program))
    if related and element.place is not None and is_right_within_the_graph(graph, about.array, element, tolerance):
        return finding._replace(related=related, hint=CUT)
    singular = singular_function(graph, about.array, element, KINK) if element.place is not None else None
    if singular is None:
        unknown = sorted({node.name for node in graph.nodes() if node.kept is None})
        return finding._replace(hint=f"{NOT_FOUND}; not looked at: {', '.join(unknown)}" if unknown else NOT_FOUND)
    node, name, convention = singular
    return _blamed(finding, Blame(node, f"{name} is at a kink{f' ({convention})' if convention else ''}", CONVENTIONS))


def _remark(about: About, graph: Graph) -> Finding:
    """What an element is that has no derivative to compare with."""
    element, name, convention, node = about.element, about.function, "", None
    if element.verdict in (KINK, JUMP, STEEP) and element.place is not None:
        singular = singular_function(graph, about.array, element, element.verdict)
        if singular is not None:
            node, name, convention = singular
    autograd = f"autograd gives {_number(element.autograd)}"
    sides = f"the slopes on both sides are {_number(element.behind)} and {_number(element.ahead)}"
    message = {
        KINK: f" is at a kink of {name}: {autograd}{f', its convention ({convention})' if convention else ''}; {sides}",
        JUMP: f" is where {name} jumps: {autograd}{f', its convention ({convention})' if convention else ''}",
        STEEP: f" is where {name} is infinitely steep: {autograd}",
        UNDEFINED: f" has no numbers to compare: {autograd}, differences give {_number(element.differences)}",
        UNCLEAR: f" is unclear: differences give {_number(element.differences)}, give or take {element.error:.1g}; {autograd}",
    }[element.verdict]
    finding = _finding(about, message)
    return finding if node is None else _blamed(finding, Blame(node, ""))


def _finding(about: About, message: str) -> Finding:
    more = f" (and {about.others:,} more)" if about.others else ""
    return Finding(about.element.verdict, about.name, about.element.place, f"{about.title}{more}{message}")


def _blamed(finding: Finding, blame: Blame) -> Finding:
    node = blame.node
    finding = finding._replace(label=blame.label, hint=blame.hint)
    return finding if node is None else finding._replace(grad_fn=node.name, source=node.source, span=node.span)


def _number(number: float) -> str:
    return f"{number:.6g}"
