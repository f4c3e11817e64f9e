"""--device and --compare: an error where a device is not there, the same results where it is."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest

from gradcli.report import records

from .command import run_here

EXPRESSION = ["mean((x+2)*(x+2)*3)", "--let", "x=ones(2,2)"]

needs_torch = pytest.mark.skipif(
    not (find_spec("torch") and find_spec("array_api_compat")), reason="needs PyTorch and array-api-compat"
)

needs_fake_device = pytest.mark.skipif(not find_spec("array_api_strict"), reason="the fake device is array-api-strict's")


def test_a_device_that_is_not_there_is_an_error_and_never_a_silent_run_on_the_cpu() -> None:
    outcome = run_here("eval", *EXPRESSION, "--device", "cuda:4095", "--json")
    assert outcome.status == 5
    assert outcome.record["error"]["code"] == "device"
    assert "pip install" in outcome.err


@pytest.mark.parametrize("command", ["eval", "run"])
def test_a_device_that_has_no_such_name_is_an_error(command: str, tmp_path: Path) -> None:
    script = tmp_path / "a.grad"
    script.write_text("1 + 1\n")
    outcome = run_here(command, str(script) if command == "run" else "1 + 1", "--device", "gpu")
    assert outcome.status == 5
    assert "there is no device 'gpu'" in outcome.err


def test_the_cpu_compared_with_itself_differs_nowhere() -> None:
    outcome = run_here("eval", *EXPRESSION, "--compare", "cpu,cpu", "--json")
    assert outcome.status == 0
    jsonschema.validate(outcome.record, json.loads(records.json_schema()))
    assert outcome.record["devices"] == ["cpu", "cpu"]
    assert {name: each["ulps"] for name, each in outcome.record["differences"].items()} == {"value": 0, "x.grad": 0}


def test_a_comparison_is_a_table_for_people() -> None:
    outcome = run_here("eval", *EXPRESSION, "--compare", "cpu,cpu")
    lines = outcome.out.splitlines()
    assert lines[0] == "cpu and cpu"
    assert lines[1].split() == ["shape", "dtype", "largest", "difference", "ulps", "at"]
    assert [line.split()[0] for line in lines[2:]] == ["value", "x.grad"]


def test_both_devices_draw_the_same_random_numbers() -> None:
    outcome = run_here("eval", "randn(5)", "--compare", "cpu,cpu", "--json")
    assert outcome.record["differences"]["value"]["ulps"] == 0


def test_a_program_prints_once_though_it_runs_twice() -> None:
    assert run_here("eval", "print('once')", "tensor(1.)", "--compare", "cpu,cpu").out.count("once") == 1


@pytest.mark.parametrize("words", [["--compare", "cpu"], ["--compare", "cpu,"], ["--compare", "a,b,c"]])
def test_a_comparison_takes_two_devices(words: list[str]) -> None:
    outcome = run_here("eval", *EXPRESSION, *words)
    assert outcome.status == 2
    assert "takes two devices" in outcome.err


def test_a_comparison_says_itself_where_it_computes() -> None:
    assert run_here("eval", *EXPRESSION, "--compare", "cpu,cpu", "--device", "cuda").status == 2


def test_a_result_without_tensors_cannot_be_compared() -> None:
    assert run_here("eval", "'text'", "--compare", "cpu,cpu").status == 2


@needs_fake_device
def test_a_comparison_copies_each_input_and_each_result_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.engine.strict_device import Strict

    library = Strict()
    monkeypatch.setattr("gradcli.engine.devices.library_of", {"cuda": library}.__getitem__)
    outcome = run_here(
        "eval", "sum(x.exp() @ w)", "--let", "x=ones(2,3)", "--let", "w=[1,2,3]", "--compare", "cpu,cuda", "--json"
    )
    assert outcome.record["differences"].keys() == {"value", "x.grad", "w.grad"}
    assert sorted(library.fetched) == [(), (2, 3), (3,)]
    assert library.sent == [(3,)]  # what is bound as an expression is computed there


@needs_fake_device
def test_a_script_copies_what_it_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.engine.strict_device import Strict

    library = Strict()
    monkeypatch.setattr("gradcli.engine.devices.library_of", {"cuda": library}.__getitem__)
    script = tmp_path / "a.grad"
    script.write_text(
        "w = torch.zeros(3, requires_grad=True)\nfor step in range(100):\n    loss = ((w - 1) ** 2).sum()\n    loss.backward()\n"
        "    with torch.no_grad():\n        w -= 0.1 * w.grad\n    w.grad = None\nprint(w, loss.item())\n"
    )
    outcome = run_here("run", str(script), "--device", "cuda")
    assert outcome.out.startswith("tensor([1.0000, 1.0000, 1.0000], device='cuda:0', requires_grad=True)"), outcome
    assert (library.sent, sorted(library.fetched)) == ([], [(), (3,)])


@needs_torch
def test_a_device_library_gives_what_the_own_engine_gives() -> None:
    here, there = (run_here("eval", *EXPRESSION, "--device", device, "--json") for device in ("cpu", "torch:cpu"))
    assert here.record == there.record


@needs_torch
def test_a_script_runs_on_a_device_library(tmp_path: Path) -> None:
    script = tmp_path / "a.grad"
    script.write_text("x = tensor([1., 2.], requires_grad=True)\ny = (x * x).sum()\ny.backward()\nprint(x.grad, y.item())\n")
    outcome = run_here("run", str(script), "--device", "torch:cpu")
    assert outcome.out == "tensor([2., 4.]) 5.0\n"


@needs_torch
def test_devices_are_compared_in_ulps() -> None:
    outcome = run_here("eval", "sum(exp(x))", "--let", "x=[0.1, 0.7, 3]", "--compare", "cpu,torch:cpu", "--json")
    assert outcome.status == 0
    assert outcome.record["differences"]["value"]["ulps"] <= 4
