"""gradcli check: tables, findings, claims, records and exit statuses, as a user meets them."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from .command import run_here

EXAMPLE = ["check", "mean((x+2)*(x+2)*3)", "--let", "x=ones(2,2)"]
HOOKED = ["check", "h = x * x", "h.register_hook(lambda g: g * 2)", "sum(h * w)", "--let", "x=[1,2,3]", "--let", "w=[1,1,1]"]


def test_a_gradient_that_agrees_is_a_line_of_a_table() -> None:
    done = run_here(*EXAMPLE)
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "gradient  checked  worst   autograd  differences  off by  relative  verdict\n"
        "x         4 of 4   [0, 0]  4.5       4.5          0       0         agrees\n"
    )


def test_a_mismatch_has_status_4_and_points_at_what_is_to_blame() -> None:
    done = run_here(*HOOKED)
    assert (done.status, done.err) == (4, "")
    lines = done.out.splitlines()
    assert lines[1].split() == ["x", "3", "of", "3", "[2]", "12", "6", "6", "0.5", "3", "disagree"]
    assert lines[2].endswith("agrees")
    assert "mismatch: x[2] (and 2 more): autograd gives 12, differences give 6" in lines
    assert "  |     ^^^^^ a hook changes the gradient of this" in lines


def test_a_kink_is_told_and_no_failure() -> None:
    done = run_here("check", "sum(relu(x))", "--let", "x=[-1,0,2]")
    assert done.status == 0
    assert "agrees, 1 kink\n" in done.out
    assert (
        "kink: x[1] is at a kink of relu: autograd gives 0, its convention (0 at 0); the slopes on both sides are 0 and 1"
        in done.out
    )


def test_a_cut_of_the_graph_is_underlined() -> None:
    done = run_here("check", "y = x.detach()", "sum(x * y)", "--let", "x=[1,2]")
    assert done.status == 4
    assert "1 | y = x.detach()\n  |     ^^^^^^^^^^ detached here\n" in done.out


def test_claims_have_a_table_of_their_own() -> None:
    done = run_here(*EXAMPLE, "--claim", "x: 6*(x+2)/numel(x)", "--claim", "x:2*x")
    assert done.status == 4
    assert re.search(r"^x: 6\*\(x\+2\)/numel\(x\)  4 of 4   \[0, 0\]  4\.5 .* holds$", done.out, re.MULTILINE)
    assert re.search(r"^x: 2\*x .* 2 +4\.5 +4\.5 +4 disagree$", done.out, re.MULTILINE)
    assert run_here(*EXAMPLE, "--claim", "x: 6*(x+2)/numel(x)").status == 0


def test_second_derivatives_are_named_by_both_leaves() -> None:
    done = run_here("check", "sum(x**3 * y)", "--let", "x=[1,2]", "--let", "y=3", "--order", "2")
    assert done.status == 0
    assert [line.split("  ")[0] for line in done.out.splitlines()] == ["derivative", "x, x", "x, y", "y, x", "y, y"]


def test_of_a_large_tensor_a_note_says_how_many_elements_were_checked() -> None:
    done = run_here("check", "mean(x*x)", "--let", "x=rand(3000)", "--seed", "1", "--samples", "7")
    assert done.status == 0
    assert "7 of 3,000" in done.out and "2 directions" in done.out
    assert done.err.startswith("note: 7 of the 3,000 elements of x were checked one by one")


def test_the_record_follows_the_schema() -> None:
    validator = Draft202012Validator(json.loads(run_here("eval", "--json-schema").out))
    commands = [
        EXAMPLE,
        HOOKED,
        [*EXAMPLE, "--claim", "x: 2*x"],
        ["check", "sum(sqrt(x))", "--let", "x=[0, 1]"],
        ["check", "x.data * x", "--let", "x=[0, 1]", "--nan", "string"],
        ["check", "sum(x)", "--let", "x=rand(2000)"],
        ["check", "x*x", "--let", "x=2", "--order", "2"],
        ["check", "sum(x)", "--let", "x=zeros(0)"],
    ]
    for words in commands:
        validator.validate(run_here(*words, "--json").record)


def test_the_record_has_numbers_and_spans() -> None:
    record = run_here(*HOOKED, "--json").record
    assert (record["ok"], record["type"], record["agrees"], record["tolerance"]) == (True, "check", False, 1e-6)
    assert record["gradients"]["x"]["verdicts"] == {"mismatch": 3}
    worst = record["gradients"]["x"]["worst"]
    assert (worst["element"], worst["autograd"], worst["differences"], worst["relative"]) == ([2], 12.0, 6.0, 0.5)
    (finding,) = record["findings"]
    start, end = finding["span"]
    assert record["source"][start:end] == "x * x"


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["check"], 2, "usage"),
        (["check", "sum(x"], 3, "syntax"),
        (["check", "sum(x) + maen(x)", "--let", "x=1"], 1, "unknown-name"),
        (["check", "argmax(x)", "--let", "x=[1,2]"], 1, "no-grad-required"),
        (["check", "max(x, 0)", "--let", "x=[1,2]"], 1, "type-mismatch"),
        (["check", "sum(x)", "--const", "x=[1,2]"], 1, "no-grad-required"),
        (["check", "sum(x)", "--let", "x=1", "--order", "3"], 2, "usage"),
        (["check", "sum(x)", "--let", "x=1", "--tolerance", "much"], 2, "usage"),
        (["check", "sum(x)", "--let", "x=1", "--tolerance", "-1"], 2, "usage"),
        (["check", "sum(x)", "--let", "x=1", "--samples", "0"], 2, "usage"),
        (["check", "sum(x)", "--let", "x=1", "--samples", "3", "--all"], 2, "usage"),
        (["check", "sum(x)", "--let", "x=1", "--claim", "x"], 2, "usage"),
        (["check", "sum(x)", "--let", "x=1", "--claim", "y: 1"], 2, "usage"),
        (["check", "sum(x)", "--let", "x=1", "--claim", "x: 1", "--order", "2"], 2, "usage"),
        (["check", "sum(x)", "--let", "x=1", "--claim", "x: ones(3)"], 1, "shape-mismatch"),
        (["check", "sum(x)", "--let", "x=ones(2000,2000)", "--max-memory", "1MB"], 5, "limit"),
        (["check", "assert x > 1", "x", "--let", "x=1"], 4, "assert-failed"),
    ],
)
def test_an_error_is_a_record_on_stdout_and_words_on_stderr(words: list[str], status: int, code: str) -> None:
    done = run_here(*words, "--json")
    assert done.status == status
    assert (done.record["ok"], done.record["error"]["code"]) == (False, code)
    assert "error" in done.err and "Traceback" not in done.err


@pytest.mark.parametrize("words", [["x**2", "--const", "x=3"], ["sum(x > 0)", "--let", "x=[1,2]"]])
def test_what_has_whole_numbers_is_told_how_to_have_a_gradient(words: list[str]) -> None:
    assert "write numbers with a point, such as 2., or bind them with --let" in run_here("check", *words).err


def test_print_goes_to_stderr_where_stdout_is_a_record_and_is_printed_once() -> None:
    done = run_here("check", "print(x.sum().item())", "sum(x*x)", "--let", "x=[1,2]", "--json")
    assert done.record["agrees"]
    assert done.err == "3.0\n"


def test_a_narrow_terminal_gets_lists_instead_of_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    done = run_here(*HOOKED, "--color", "always")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.out)
    assert "x  3 disagree\n  checked      3 of 3\n  worst        [2]\n" in plain
    assert max(map(len, plain.splitlines())) <= 50


def test_colours_come_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run_here(*HOOKED).out
    assert "\x1b[32magrees" in run_here(*HOOKED, "--color", "always").out
    assert "\x1b[1;31m3 disagree" in run_here(*HOOKED, "--color", "always").out
    assert "\x1b" not in run_here(*HOOKED, "--plain").out


def test_text_from_outside_is_shown_as_it_is() -> None:
    done = run_here("check", "y = x.detach()  # [bold]\x1b[31m", "sum(x*y)", "--let", "x=[1,2]", "--color", "always")
    assert "[bold]\\x1b[31m" in done.out


def test_the_same_command_gives_the_same_bytes_on_any_number_of_threads() -> None:
    command = ["check", "mean(sin(x) * x)", "--let", "x=rand(200000)", "--seed", "3", "--samples", "3"]
    assert run_here(*command, "--threads", "1").out == run_here(*command, "--threads", "2").out
