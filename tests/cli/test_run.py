"""gradcli run: what a script shows, in text and as records."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .command import run_apart, run_here

SCRIPT = """\
x = tensor([1., 2.], requires_grad=True)
y = (x * x).sum()
y
y.backward();
x.grad
print("gradient:", x.grad)
None
"text"
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.grad"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def test_expression_statements_display_and_print_prints(script: Path) -> None:
    done = run_here("run", str(script))
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "tensor(5., grad_fn=<SumBackward0>)",
        "tensor([2., 4.])",
        "gradient: tensor([2., 4.])",
        "'text'",
    ]


def test_json_gives_a_record_for_each_display_and_each_print(script: Path) -> None:
    records = run_here("run", str(script), "--json").records
    assert [(record["line"], record["type"]) for record in records] == [(3, "tensor"), (5, "tensor"), (6, "print"), (8, "string")]
    assert records[2]["text"] == "gradient: tensor([2., 4.])"
    assert records[2]["source"] == 'print("gradient:", x.grad)'


def test_dash_is_standard_input() -> None:
    assert run_apart(["run", "-"], text="1 + 2\n").out == "3\n"


def test_an_error_names_the_file_and_the_line(script: Path) -> None:
    script.write_text("x = 1\ny = x + nothing_here\n")
    done = run_here("run", str(script), "--json")
    assert done.status == 1
    assert done.record["line"] == 2
    assert "script.grad" in done.err


def test_what_was_printed_before_an_error_is_kept(script: Path) -> None:
    script.write_text("print(1)\nnothing_here\nprint(2)\n")
    assert run_here("run", str(script)).out == "1\n"


def test_keep_going_runs_the_statements_after_a_failed_one(script: Path) -> None:
    script.write_text("print(1)\nnothing_here\nprint(2)\n")
    done = run_here("run", str(script), "--keep-going", "--json")
    assert done.status == 1
    assert [record["ok"] for record in done.records] == [True, False, True]
    assert done.records[1]["line"] == 2


def test_bindings_reach_the_script(script: Path) -> None:
    script.write_text("print((w * 2).tolist())\n")
    assert run_here("run", str(script), "--let", "w=[1,2]").out == "[2.0, 4.0]\n"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_all_line_endings_are_read(script: Path, ending: str) -> None:
    script.write_bytes(ending.join(["x = 1", "if x:", "    print('yes')", ""]).encode())
    assert run_here("run", str(script)).out == "yes\n"


def test_a_byte_order_mark_is_skipped(script: Path) -> None:
    script.write_bytes(b"\xef\xbb\xbfprint(1)\n")
    assert run_here("run", str(script)).out == "1\n"


@pytest.mark.parametrize(("data", "sentence"), [(b"print(1)\n\xff\n", "line 2 has the byte 0xff"), (None, "cannot be read")])
def test_what_is_no_script_is_input_that_cannot_be_read(tmp_path: Path, data: bytes | None, sentence: str) -> None:
    path = tmp_path / "odd.grad"
    if data is None:
        path.mkdir()
    else:
        path.write_bytes(data)
    done = run_here("run", str(path))
    assert done.status == 6
    assert sentence in done.err


def test_a_misspelt_file_gets_a_suggestion(script: Path) -> None:
    done = run_here("run", str(script.with_name("scirpt.grad")), "--json")
    assert (done.status, done.record["error"]["did_you_mean"]) == (6, ["script.grad"])


def test_an_empty_script_does_nothing() -> None:
    assert run_apart(["run", "-"]) == (0, "", "")


def test_a_closed_standard_input_cannot_be_read() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m gradcli run - <&-"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr == "error: <stdin> cannot be read: standard input is closed\n"
