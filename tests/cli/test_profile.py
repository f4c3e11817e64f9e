"""--profile and --max-memory, as a user types them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from gradcli.report import records
from gradcli.session import Session

from .command import run_apart, run_here

LARGE = ["eval", "mean((x+2)*(x+2)*3)", "--let", "x=arange(200000)/1000"]


def test_the_profile_goes_to_stderr_with_a_line_for_each_pass() -> None:
    done = run_here(*LARGE, "--profile", "--threads", "2")
    first, *passes = done.err.splitlines()
    assert first.startswith("profile: mean((x+2)*(x+2)*3)  ") and " ms  " in first
    assert any(line.endswith("200,000 rows in 1 block, 1 thread") for line in passes)
    assert "profile" not in done.out


@pytest.mark.parametrize("width", [45, 60, 80])
def test_the_profile_keeps_to_the_width_of_a_terminal(width: int) -> None:
    from gradcli.report.profile import profile_text

    session = Session(threads=2, profile=True)
    session.bind("x", "arange(200000)/1000")
    session.evaluate("mean((x+2)*(x+2)*3 + 0*x + 0*x + 0*x)")
    assert session.computations is not None
    narrow, wide = profile_text(session.computations, width=width), profile_text(session.computations)
    assert max(map(len, narrow.splitlines())) <= width < max(map(len, wide.splitlines()))
    assert wide.split()[:1] == narrow.split()[:1] == ["profile:"]
    passes = " ".join(wide.splitlines()[1:]).split()
    assert narrow.split()[-len(passes) :] == passes


def test_the_plan_is_shown_where_details_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "r0 = " not in run_here(*LARGE, "--profile").err
    monkeypatch.setenv("GRADCLI_DEBUG", "1")
    lines = [line.strip() for line in run_here(*LARGE, "--profile").err.splitlines()]
    assert any(line.startswith("r0 = arange(row)  (200000,) int64  in slot ") for line in lines)
    assert any(line.startswith("r") and line.endswith("(200000,) float32  stored") for line in lines)
    assert any(" = sum_of_products(" in line and line.endswith("() float32  added up") for line in lines)


def test_the_profile_is_in_the_record_with_json(tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    np.save(file, np.ones(200_000, np.float32))
    record = run_here(*LARGE[:2], "--data", f"x={file}", "--profile", "--json").record
    jsonschema.validate(record, json.loads(records.json_schema()))
    (computation,) = record["profile"]
    assert computation["statement"] == "mean((x+2)*(x+2)*3)"
    assert [each["rows"] for each in computation["passes"] if each["rows"] is not None] == [200_000]
    assert sum(each["read"] for each in computation["passes"]) >= 800_000
    assert sum(each["written"] for each in computation["passes"]) >= 800_000


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell how much memory is held at the peak")
@pytest.mark.parametrize("text", ["mean((x+2)*(x+2)*3)", "sum(F.gelu(x).sin())", "(x.exp() / x.exp().sum()).log().mean()"])
def test_the_profile_tells_the_memory_that_was_planned_and_that_was_taken(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.npz"
    np.savez(file, x=np.random.default_rng(0).standard_normal(5_000_000))
    done = run_apart(["eval", text, "--data", str(file), "--profile", "--threads", "2"])
    found = re.search(r"  ([\d.]+) MB planned, ([\d.]+) MB taken\n", done.err)
    assert found is not None
    planned, taken = map(float, found.groups())
    assert 75 < planned < 200
    assert 0.6 * planned < taken < 1.15 * planned


def test_the_pages_of_a_file_that_is_streamed_are_planned_too(tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    np.save(file, np.ones((1_000_000, 16), np.float32))
    line = ["eval", "mean((x @ w)**2)", "--const-data", f"x={file}", "--let", "w=ones(16)", "--profile"]
    record = run_here(*line, "--threads", "1", "--json").record
    (computation,) = record["profile"]
    assert 32_000_000 < computation["planned"] < file.stat().st_size
    assert run_here(*line, "--threads", "1").err.splitlines()[0].count(" planned") == 1


def test_no_profile_is_in_the_record_that_did_not_ask() -> None:
    assert "profile" not in run_here(*LARGE, "--json").record


def test_a_script_s_profile_names_the_statements_that_asked_for_numbers(tmp_path: Path) -> None:
    script = tmp_path / "script.grad"
    script.write_text("x = ones(3) * 2\nprint(x.sum())\ny = x * 3\ny\n")
    done = run_here("run", str(script), "--profile")
    assert [line.split("  ")[0] for line in done.err.splitlines() if line.startswith("profile")] == [
        "profile: print(x.sum())",
        "profile: y",
    ]
    last = json.loads(run_here("run", str(script), "--profile", "--json").out.splitlines()[-1])
    jsonschema.validate(last, json.loads(records.json_schema()))
    assert [each["statement"] for each in last["profile"]] == ["print(x.sum())", "y"]


@pytest.mark.parametrize(("size", "status"), [("8023999B", 5), ("8024000", 0), ("8024 KB", 0), ("7.65MiB", 5), ("1g", 0)])
def test_what_needs_more_memory_than_allowed_is_refused_where_it_is_asked_for(size: str, status: int) -> None:
    outer = ["x[:,None].exp()*x.exp()", "--const", "x=[1.]*1000", "--dtype", "float64", "--no-grad"]
    done = run_here("eval", *outer, "--max-memory", size, "--json")  # x, two exponentials, and their product
    assert done.status == status
    if status:
        error = done.record["error"]
        assert (error["code"], error["span"]["start"], error["span"]["end"]) == ("limit", 0, len(outer[0]))
        assert "mul (1000, 1000) with 8,000,000 bytes" in error["hint"]


@pytest.mark.parametrize("size", ["", "-1", "5foo", "much", "1e400", "nan", "5 5"])
def test_a_size_that_is_none_is_a_usage_error(size: str) -> None:
    done = run_here("eval", "1", "--max-memory", size)
    assert done.status == 2
    assert "--max-memory takes a size" in done.err


def test_the_profile_of_a_comparison_is_refused() -> None:
    assert run_here("eval", "1", "--profile", "--compare", "cpu,cpu").status == 2


PROGRAMS = ["mean((x+2)*(x+2)*3)", "x.sort().values.cumsum(0).sum()", "x[:300].outer(x[:300]).exp().sum()"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_planned_peak_is_the_least_that_max_memory_may_be(program: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.linspace(0, 1, 200_000, dtype=np.float32))
    command = ["eval", f"({program}).detach()", "--data", f"x={tmp_path / 'x.npy'}", "--json"]
    (computation,) = run_here(*command, "--profile").record["profile"]
    sizes = (computation["planned"] - 1, computation["planned"], computation["planned"] + 1)
    assert [run_here(*command, "--max-memory", str(size)).status for size in sizes] == [5, 0, 0]
