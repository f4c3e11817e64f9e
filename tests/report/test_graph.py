"""The grad_fn graph as records and as a tree."""

from __future__ import annotations

import time

from gradcli.errors import Source
from gradcli.report.graph import ASCII, MOST_LINES, graph_records, graph_tree
from tests.report.values import example, node, tensor


def shown(tree_lines: list) -> list[str]:
    return [line.guide + line.name + (" ^" if line.is_reference else "") for line in tree_lines]


def test_records_are_breadth_first_with_spans_and_the_variable() -> None:
    evaluation = example()
    source, root = evaluation.source, evaluation.grad_fn
    assert root is not None
    assert graph_records(root, source) == [
        {"id": 0, "name": "MeanBackward0", "shape": [], "span": [0, 19], "next": [1]},
        {"id": 1, "name": "MulBackward0", "shape": [2, 2], "span": [5, 18], "next": [2]},
        {"id": 2, "name": "MulBackward0", "shape": [2, 2], "span": [5, 16], "next": [3, 4]},
        {"id": 3, "name": "AddBackward0", "shape": [2, 2], "span": [6, 9], "next": [5]},
        {"id": 4, "name": "AddBackward0", "shape": [2, 2], "span": [12, 15], "next": [5]},
        {"id": 5, "name": "AccumulateGrad", "shape": [2, 2], "span": None, "variable": "x", "next": []},
    ]


def test_a_span_into_another_source_is_left_out() -> None:
    elsewhere = Source("x*2", "--let y")
    made = node("MulBackward0", piece="x*2", source=elsewhere)
    assert graph_records(made, Source("y*y"))[0]["span"] is None


def test_edges_to_nothing_are_left_out() -> None:
    made = node("MulBackward0", node("AccumulateGrad", variable=tensor(1.0)))
    made.next_functions = (*made.next_functions, (None, 0))
    assert graph_records(made, None)[0]["next"] == [1]


def test_a_shared_node_is_shown_once_and_referred_to_afterwards() -> None:
    root = example().grad_fn
    assert root is not None
    tree = graph_tree(root, ASCII)
    assert shown(tree.lines) == [
        "MeanBackward0",
        "`- MulBackward0",
        "   `- MulBackward0",
        "      |- AddBackward0",
        "      |  `- AccumulateGrad",
        "      `- AddBackward0",
        "         `- AccumulateGrad ^",
    ]
    assert [line.number for line in tree.lines if line.is_shared] == [5, 5]
    assert tree.note(ASCII) is None


def test_a_tree_says_the_piece_of_source_on_one_line() -> None:
    source = Source("y = sum(x *\n      2)\x1b")
    made = node("SumBackward0", piece="sum(x *\n      2)\x1b", source=source)
    assert graph_tree(made).lines[0].piece == r"sum(x * 2)\x1b"


def test_a_long_chain_stops_indenting() -> None:
    last = node("AccumulateGrad", variable=tensor(1.0, name="x"))
    for _ in range(40):
        last = node("MulBackward0", last)
    guides = [line.guide for line in graph_tree(last, ASCII).lines]
    assert len(guides) == 41
    assert guides[8] == "   " * 7 + "`- "
    assert set(guides[9:]) == {"   " * 7 + "v  "}


def test_a_graph_of_100_000_nodes_is_cut_with_a_note() -> None:
    last = node("AccumulateGrad", variable=tensor(1.0, name="x"))
    for _ in range(100_000):
        last = node("MulBackward0", last)
    started = time.perf_counter()
    tree = graph_tree(last)
    records = graph_records(last, None)
    assert time.perf_counter() - started < 5
    assert len(tree.lines) == MOST_LINES
    assert tree.note(ASCII) == f"... {100_001 - MOST_LINES:,} more nodes are not shown; --json has all"
    assert records[-1]["id"] == 100_000


def test_a_deep_chain_of_branches_is_cut_before_it_leaves_the_screen() -> None:
    leaf = node("AccumulateGrad", variable=tensor(1.0, name="x"))
    last = leaf
    for _ in range(1000):
        last = node("AddBackward0", last, leaf)
    tree = graph_tree(last)
    assert max(len(line.guide) for line in tree.lines) <= 48
    assert tree.hidden + len({line.number for line in tree.lines}) == 1001
