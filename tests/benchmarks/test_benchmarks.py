"""The benchmarks run, and tell all that they promise; how long anything takes is not looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from . import pipes
from .__main__ import main
from .contenders import FORWARD, GRADCLI, PEERS
from .measure import copying, numbers, prepare
from .workloads import WORKLOADS, arrays_of, quick

ONLY = "polynomial, 10^3"


def test_the_command_prints_a_table_and_writes_every_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "benchmarks.json"

    assert main(["--quick", "--rounds", "1", "--only", ONLY, "--peers", "--json", str(file)]) == 0

    printed = capsys.readouterr().out
    assert all(words in printed for words in (ONLY, "copy", "first call", "peak memory"))
    row = json.loads(file.read_text(encoding="utf-8"))["workloads"][ONLY]
    assert len(row["seconds"]["gradcli"]) == len(row["seconds"]["copy"]) == 1
    assert row["first"]["gradcli"] > 0
    assert row["peak"]["gradcli"] >= 0


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_workload_has_a_value_and_a_gradient_for_each_leaf(name: str) -> None:
    workload = quick(WORKLOADS[name])
    arrays = arrays_of(workload)

    value, *gradients = numbers(workload, prepare(GRADCLI, workload, arrays)())

    assert value.shape == (arrays[0].shape[:1] if workload.records else ())
    assert [gradient.shape for gradient in gradients] == list(workload.leaves.values())
    assert {array.dtype for array in (value, *gradients)} == {arrays[0].dtype}


def test_what_knows_the_value_alone_is_asked_for_elementwise_work() -> None:
    workload = quick(WORKLOADS[ONLY])
    arrays = arrays_of(workload)

    assert prepare(FORWARD, workload, arrays)()[0] == pytest.approx(prepare(GRADCLI, workload, arrays)()[0])
    assert [name for name, other in WORKLOADS.items() if FORWARD.takes(other) and not other.elementwise] == []


def test_the_copy_moves_as_many_bytes_as_the_inputs_and_the_results_have(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = []
    monkeypatch.setattr("tests.benchmarks.measure.np.copyto", lambda target, source: moved.extend([target.nbytes, source.nbytes]))
    workload = quick(WORKLOADS["least squares"])
    arrays = arrays_of(workload)

    copying(workload, arrays)()

    assert sum(moved) == pytest.approx(sum(array.nbytes for array in [*arrays, arrays[0]]), abs=1)


def test_what_a_peer_needs_and_is_not_installed_is_told() -> None:
    absent = PEERS[0]._replace(modules=("a_library_that_nobody_has",))

    assert absent.missing() == "a_library_that_nobody_has is not installed"
    assert PEERS[1]._replace(modules=(), tools=("a-compiler-that-nobody-has",)).missing() is not None


def test_records_are_answered_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    pipes.main(["50", "--rounds", "1"])

    header, row, *_ = capsys.readouterr().out.splitlines()
    assert header.split() == ["records", "seconds", "a", "second", "peak", "MB", "times"]
    assert row.split()[:2] == ["50", "gradcli"]
