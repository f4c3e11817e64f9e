"""Evaluations as plain text and on a terminal."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from typing import Literal

import numpy as np
import pytest
from rich.console import Console

from gradcli.errors import Source, Span, UnknownName
from gradcli.functions.results import ReturnTuple
from gradcli.report.plain import evaluation_text
from gradcli.report.rich_view import render_error, render_evaluation, render_value
from tests.report.values import Evaluation, example, node, tensor

TREE = """\
MeanBackward0                 ()      mean((x+2)*(x+2)*3)
└─ MulBackward0               (2, 2)  (x+2)*(x+2)*3
   └─ MulBackward0            (2, 2)  (x+2)*(x+2)
      ├─ AddBackward0         (2, 2)  x+2
      │  └─ AccumulateGrad    (2, 2)  x
      └─ AddBackward0         (2, 2)  x+2
         └─ AccumulateGrad ↑  (2, 2)  x
"""


def terminal(width: int = 80, color: bool = False) -> Console:
    system: Literal["standard"] | None = "standard" if color else None
    return Console(file=StringIO(), width=width, height=50, force_terminal=True, no_color=not color, color_system=system)


def shown(console: Console) -> str:
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_plain_text_is_the_value_the_gradients_and_the_tree() -> None:
    assert evaluation_text(example()) + "\n" == (
        "tensor(27., grad_fn=<MeanBackward0>)\nx.grad = tensor([[4.5000, 4.5000],\n                 [4.5000, 4.5000]])\n" + TREE
    )


def test_plain_text_keeps_to_ascii_where_the_encoding_has_no_more() -> None:
    assert "\n`- MulBackward0" in evaluation_text(example(), "ascii")
    assert evaluation_text(example(), "iso-8859-1").isascii()


def test_plain_text_of_a_value_without_gradient_is_the_value() -> None:
    assert evaluation_text(Evaluation(Source("x.shape"), (1, [tensor([1.5])]))) == "(1, [tensor([1.5000])])"


def test_the_terminal_shows_value_table_and_tree() -> None:
    console = terminal()
    render_evaluation(example(), console)
    assert shown(console) == (
        "tensor(27., grad_fn=<MeanBackward0>)\n"
        "\n"
        "gradient  shape   dtype    value\n"
        "x         (2, 2)  float32  [[4.5000, 4.5000],\n"
        "                            [4.5000, 4.5000]]\n"
        "\n"
        "grad_fn                       shape   source\n" + TREE
    )


@pytest.mark.parametrize("width", [40, 57, 60, 80])
@pytest.mark.parametrize("elements", [9, 14])
def test_values_keep_to_the_width_of_the_terminal(width: int, elements: int) -> None:
    rows = np.arange(2 * elements, dtype=np.float32).reshape(2, elements) + np.float32(0.1)
    row, both = tensor(rows[0]), tensor(rows, grad_fn=node("MulBackward0"))
    for value in (both, [row, both], (row, 1), ReturnTuple.of("torch.return_types.max", ("values", "indices"), (both, row))):
        console = terminal(width)
        render_value(value, console)
        assert max(map(len, shown(console).splitlines())) <= width


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (50, "(tensor([1.5000]), [tensor([2.5000]), 'a'])"),
        (40, "(tensor([1.5000]),\n [tensor([2.5000]), 'a'])"),
        (20, "(tensor([1.5000]),\n [tensor([2.5000]),\n  'a'])"),
    ],
)
def test_tensors_of_a_tuple_stand_below_each_other_where_they_do_not_fit_on_a_line(width: int, text: str) -> None:
    console = terminal(width)
    render_value((tensor([1.5]), [tensor([2.5]), "a"]), console)
    assert shown(console) == text + "\n"


def test_a_list_that_holds_itself_has_an_end() -> None:
    endless: list[object] = [tensor(np.zeros(30))] * 3
    endless += [endless] * 1000
    console = terminal(40)
    render_value(endless, console)
    assert "[...]" in shown(console)


def large_evaluation() -> Evaluation:
    source = Source("sum(relu(W @ x + bias_of_the_layer).clamp(min=0.0, max=100.0)) + norm(W)")
    weights = np.random.default_rng(0).standard_normal((40, 30)).astype(np.float32)
    leaf = node("AccumulateGrad", shape=(40, 30), variable=tensor(weights, requires_grad=True, name="W"))
    root = node("SumBackward0", leaf, piece=source.text, source=source)
    return Evaluation(
        source, tensor(np.float32(3.25), grad_fn=root), {"W": tensor(weights), "bias": tensor([1.0]), "unused": None}, root
    )


@pytest.mark.parametrize("width", [60, 80, 160])
def test_lines_keep_to_the_width_of_the_terminal(width: int) -> None:
    console = terminal(width)
    render_evaluation(large_evaluation(), console)
    assert max(map(len, shown(console).split("\n"))) <= width
    assert "\nbias      (1,)      float32  [1.]\nunused                       None\n" in shown(console)


def test_large_values_stand_below_their_name_on_a_narrow_terminal() -> None:
    console = terminal(80)
    render_evaluation(large_evaluation(), console)
    assert "\nW         (40, 30)  float32\n  [[ 0.1257, -0.1321,  0.6404,  ..., " in shown(console)


def test_a_wide_terminal_cuts_no_source() -> None:
    console = terminal(160)
    render_evaluation(large_evaluation(), console)
    assert large_evaluation().source.text in shown(console)


def test_a_deep_branching_graph_is_marked_where_it_is_cut() -> None:
    leaf = node("AccumulateGrad", variable=tensor(1.0, name="x"))
    last = leaf
    for _ in range(40):
        last = node("AddBackward0", last, leaf)
    console = terminal(60)
    render_evaluation(Evaluation(Source("x"), tensor(1.0, grad_fn=last), None, last), console)
    text = shown(console)
    assert " AddBackward0 …" in text
    assert text.endswith("more nodes are not shown; --json has all\n")
    assert max(map(len, text.split("\n"))) <= 60


def test_a_gradient_of_many_lines_is_summarised() -> None:
    console = terminal(80)
    render_evaluation(
        Evaluation(Source("x"), tensor(1.0), {"few": tensor(np.ones((20, 2))), "many": tensor(np.ones((21, 2)))}), console
    )
    text = shown(console)
    assert text.count("[1., 1.]") == 20 + 6
    assert text.count("...") == 1


def test_a_narrow_terminal_narrows_the_guides_to_leave_room_for_the_source() -> None:
    last = node("AccumulateGrad", variable=tensor(1.0, name="x"))
    source = Source("some expression of thirty-odd characters")
    for _ in range(9):
        last = node("MulBackward0", last, piece=source.text, source=source, shape=(100, 100))
    console = terminal(60)
    render_evaluation(Evaluation(source, tensor(1.0, grad_fn=last), None, last), console)
    lines = shown(console).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[4].startswith("└ MulBackward0 ")
    assert lines[4].endswith("some expression…")


def test_no_text_is_read_as_markup_or_emoji_and_none_steers_the_terminal() -> None:
    console = terminal(color=True)
    render_value("[red]a[/red] :smile: \x1b[31m\u202e", console)
    name = "[bold]"
    made = node(
        "MulBackward0", node("AccumulateGrad", variable=tensor(1.0, name=name)), piece="[blink]", source=Source("[blink]")
    )
    render_evaluation(Evaluation(Source(""), tensor(1.0, grad_fn=made), {name: tensor(2.0)}, made), console)
    assert r"[red]a[/red] :smile: \x1b[31m\u202e" in shown(console)
    assert shown(console).count("[bold]") == 2
    assert "[blink]" in shown(console)


def test_colours_are_the_terminals_own() -> None:
    import re

    console = terminal(color=True)
    render_evaluation(example(), console)
    error = UnknownName("no such name", span=Span(0, 1), hint="bind it")
    error.source = Source("x")
    render_error(error, console)
    codes = {code for group in re.findall(r"\x1b\[([0-9;]*)m", shown(console)) for code in group.split(";")}
    assert codes <= {"0", "1", "2", "31", "32", "36"}


def test_an_error_on_a_terminal_says_what_its_plain_text_says() -> None:
    from gradcli.report.diagnostics import error_text

    error = UnknownName("no such name: [red]x", span=Span(4, 5), hint="bind it", did_you_mean=["y"])
    error.source = Source("1 + x")
    console = terminal()
    render_error(error, console)
    assert [line.rstrip() for line in shown(console).splitlines()] == error_text(error, 80).split("\n")


def test_rich_and_json_are_not_imported_for_plain_text() -> None:
    program = "import sys, gradcli.report.plain, gradcli.report.diagnostics; print({'rich', 'json'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
