"""--out: value and gradients in files of each format, which --data reads again; whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from gradcli import __version__

from .command import run_here

SQUARES = ["eval", "sum(x**2)", "--let", "x=[1,2,3]", "--seed", "7"]
WRITTEN = ("npz", "json", "safetensors")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(path: str) -> dict[str, Any]:
    """What a file holds, read without gradcli."""
    if path.endswith("npz"):
        with np.load(path) as file:
            return {name: file[name] for name in file.files if name != "metadata.json"}
    if path.endswith("json"):
        return {name: np.array(value) for name, value in json.loads(Path(path).read_text()).items() if name != "__metadata__"}
    with safe_open(path, "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def metadata(path: str) -> dict[str, Any]:
    """What a file tells of its arrays."""
    if path.endswith("npz"):
        with np.load(path) as file:
            found: dict[str, Any] = json.loads(file["metadata.json"])
            return found
    if path.endswith("json"):
        found = json.loads(Path(path).read_text())["__metadata__"]
        return found
    with safe_open(path, "np") as file:
        return dict(file.metadata())


@pytest.mark.parametrize("suffix", WRITTEN)
def test_value_and_gradients_are_saved_with_what_made_them(suffix: str) -> None:
    path = f"o.{suffix}"
    done = run_here(*SQUARES, "--out", path)
    assert (done.status, done.out) == (0, run_here(*SQUARES).out)
    assert {name: array.tolist() for name, array in saved(path).items()} == {"value": 14, "x.grad": [2, 4, 6]}
    assert metadata(path) == {"source": "sum(x**2)", "gradcli": __version__, "dtype": "float32", "seed": "7"}


@pytest.mark.parametrize("suffix", WRITTEN)
def test_an_entry_is_bound_again_by_its_name(suffix: str) -> None:
    run_here(*SQUARES, "--out", f"o.{suffix}")
    assert run_here("eval", "g", "--const-data", f"g=o.{suffix}:x.grad", "--json").record["value"] == [2, 4, 6]


def test_a_npy_file_has_the_value_or_the_entry_that_is_named() -> None:
    assert run_here(*SQUARES, "--out", "v.npy").status == 0
    assert run_here(*SQUARES, "-o", "g.npy:x.grad").status == 0
    assert (np.load("v.npy").tolist(), np.load("g.npy").tolist()) == (14, [2, 4, 6])


def test_other_files_have_one_entry_if_one_is_named() -> None:
    run_here(*SQUARES, "--out", "o.npz:x.grad")
    assert list(saved("o.npz")) == ["x.grad"]


def test_an_entry_that_is_not_there_is_a_usage_error_and_nothing_is_written() -> None:
    done = run_here(*SQUARES, "--out", "o.npz:x.gard")
    assert (done.status, done.out, os.listdir()) == (2, "", [])
    assert "did you mean: x.grad" in done.err


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_dtypes_are_kept(suffix: str) -> None:
    words = ["--const", "a=[1,2]", "--const", "b=[True]", "--dtype", "float64"]
    run_here("eval", "(a, b, tensor([1.]), tensor([1.]).half(), 3, 0.5, np.array([1, 2]))", *words, "--out", f"o.{suffix}")
    dtypes = {name: array.dtype.name for name, array in saved(f"o.{suffix}").items()}
    assert dict(sorted(dtypes.items())) == {
        "value[0]": "int64", "value[1]": "bool", "value[2]": "float64", "value[3]": "float16",
        "value[4]": "int64", "value[5]": "float64", "value[6]": "int64",
    }  # fmt: skip


def test_jacobians_and_hessians_are_saved_too() -> None:
    words = ["--let", "x=[1,2]", "--let", "y=3", "--hessian", "x", "--hessian", "y", "--jacobian", "x"]
    run_here("eval", "sum(x**2)*y", *words, "--out", "o.npz")
    assert list(saved("o.npz")) == [
        "value", "x.grad", "y.grad", "jacobian[x]", "hessian[x, x]", "hessian[x, y]", "hessian[y, y]",
    ]  # fmt: skip


def test_json_has_numbers_that_read_back_and_tells_of_what_it_has_none_for() -> None:
    run_here("eval", "x/y", "--const", "x=[0.1, 1, -1, 0]", "--const", "y=[1, 0, 0, 0]", "--out", "o.json")
    text = json.loads(Path("o.json").read_text())
    assert text["value"] == [0.1, None, None, None]
    assert text["__metadata__"]["nonfinite"] == {"value": [[[1], "inf"], [[2], "-inf"], [[3], "nan"]]}
    run_here("eval", "x", "--const", "x=inf", "--out", "o.json", "--nan", "string")
    assert json.loads(Path("o.json").read_text())["value"] == "inf"
    before = Path("o.json").read_text()
    assert run_here("eval", "x", "--const", "x=inf", "--out", "o.json", "--nan", "error").status == 1
    assert Path("o.json").read_text() == before


@pytest.mark.parametrize("suffix", ["npz", "npy", "json", "safetensors"])
def test_the_input_may_be_the_output(suffix: str) -> None:
    run_here("eval", "arange(200000.)", "--out", f"x.{suffix}")
    entry = "" if suffix == "npy" else ":value"
    for _ in range(2):
        words = ["--data", f"x=x.{suffix}{entry}", "--no-grad", "--out", f"x.{suffix}"]
        assert run_here("eval", "x + 1", *words).status == 0
        assert run_here("eval", "x", *words).status == 0
    assert run_here("eval", "x[-1]", "--const-data", f"x=x.{suffix}{entry}", "--json").record["value"] == 200_001
    assert os.listdir() == [f"x.{suffix}"]


def test_files_of_the_same_evaluation_have_the_same_bytes() -> None:
    run_here(*SQUARES, "--out", "a.npz")
    run_here(*SQUARES, "--out", "b.npz")
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()


def test_a_seed_that_was_not_given_is_told_so_that_numbers_can_be_made_again() -> None:
    first = run_here("eval", "rand(3)", "--out", "o.npz").out
    assert run_here("eval", "rand(3)", "--seed", metadata("o.npz")["seed"]).out == first


def test_a_script_s_tensors_and_gradients_are_saved_but_not_what_was_given_to_it() -> None:
    Path("fit.grad").write_text(
        "loss = ((x * w)**2).sum()\nloss.backward()\nwith torch.no_grad():\n    w -= 0.5 * w.grad\nn = 3\nx.size();\n"
    )
    done = run_here("run", "fit.grad", "--const", "x=[1.,2.]", "--let", "w=1", "--let", "u=2", "--out", "o.npz")
    assert (done.status, done.err) == (0, "")
    assert {name: array.tolist() for name, array in saved("o.npz").items()} == {"w": -4, "w.grad": 10, "loss": 5}
    assert metadata("o.npz")["source"] == Path("fit.grad").read_text()
    Path("more.grad").write_text("print(w)")
    assert run_here("run", "more.grad", "--data", "w=o.npz:w").out == "tensor(-4., requires_grad=True)\n"


def test_a_script_that_names_nothing_or_fails_saves_nothing() -> None:
    Path("s.grad").write_text("1 + 1\n")
    done = run_here("run", "s.grad", "--out", "o.npz")
    assert done.status == 2 and "this one gives none" in done.err
    Path("s.grad").write_text("x = ones(2)\nx @ 3\n")
    assert run_here("run", "s.grad", "--out", "o.npz").status == 1
    Path("s.grad").write_text("__metadata__ = ones(2)\n")
    assert "keeps the name __metadata__" in run_here("run", "s.grad", "--out", "o.npz").err
    assert os.listdir() == ["s.grad"]


@pytest.mark.parametrize("statement", ["'text'", "print(1)", "(ones(1), None)", "sin"])
def test_what_is_no_tensor_is_not_saved(statement: str) -> None:
    done = run_here("eval", statement, "--out", "o.npz")
    assert done.status == 2 and "--out saves tensors and numbers" in done.err
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("out", "status", "sentence"),
    [
        ("o.txt", 2, "'o.txt' has no format that is written"),
        ("o.csv", 2, "the formats are .npy .npz .json .safetensors"),
        ("", 2, "has no format that is written"),
        ("nowhere/o.npz", 7, "there is no folder nowhere"),
        ("folder.npz", 7, "it is a folder"),
        ("a\x1b[31m/o.npz", 7, "'a\\x1b[31m'"),
    ],
)
@pytest.mark.parametrize("command", ["eval", "run"])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_computed(
    out: str, status: int, sentence: str, command: str
) -> None:
    os.mkdir("folder.npz")
    Path("s.grad").write_text("x = 1/0\n")
    done = run_here(command, *(["s.grad"] if command == "run" else ["1/0"]), "--out", out, "--json")
    assert done.status == status
    assert sentence in done.err
    assert "\x1b" not in done.err + done.out
    assert done.record["error"]["code"] == ("usage" if status == 2 else "output")


def test_a_failure_while_it_is_written_is_told_in_the_place_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    Path("o.npz").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    done = run_here(*SQUARES, "--out", "o.npz", "--json")
    assert (done.status, done.record["error"]["code"]) == (7, "output")
    assert done.record["error"]["message"] == "o.npz cannot be written: No space left on device"
    assert (os.listdir(), Path("o.npz").read_bytes()) == (["o.npz"], b"old")


def test_an_interrupt_that_meets_the_cleaning_up_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = os.unlink

    def interrupted(path: str) -> None:
        monkeypatch.setattr(os, "unlink", unlink)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "unlink", interrupted)
    monkeypatch.setattr(os, "replace", lambda *_: None)
    assert run_here(*SQUARES, "--out", "o.npz").status == 130
    assert os.listdir() == []


def test_nothing_is_saved_of_a_comparison() -> None:
    done = run_here("eval", "ones(1)", "--compare", "cpu,cpu", "--out", "o.npz")
    assert done.status == 2 and "--compare and --out contradict" in done.err
