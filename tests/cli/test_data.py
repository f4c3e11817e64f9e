"""--data and --const-data: what files bind, what gradients they get, and how faults of files end a command."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from .command import run_apart, run_here

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a file of each format."""
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.array([[1, 2], [3, 4]], np.float32))
    np.save("labels.npy", np.array([0, 1]))
    np.savez("fit.npz", w=np.array([0.5, 1.0]), b=np.array(2.0, np.float16), n=np.array(3))
    Path("p.json").write_text('{"rate": 0.5, "steps": [1, 2]}')
    Path("t.csv").write_text("a,b,y\n1,2,0\n3,4,1\n")
    Path("s.grad").write_text("loss = (x @ w).sum()\nloss.backward()\nprint(w.grad)\n")
    return tmp_path


def test_a_file_is_a_leaf_that_requires_grad_and_keeps_its_dtype(folder: Path) -> None:
    record = run_here("eval", "sum(x**2)", "--data", "x=x.npy", "--json").record
    assert record["value"] == 30
    assert record["grads"]["x"]["value"] == [[2, 4], [6, 8]]
    assert record["grads"]["x"]["dtype"] == "float32"
    assert run_here("eval", "w", "--data", "w=fit.npz:w", "--json", "--dtype", "float32").record["dtype"] == "float64"


def test_const_data_has_no_gradient(folder: Path) -> None:
    record = run_here("eval", "sum(x)", "--const-data", "x=x.npy", "--json").record
    assert (record["requires_grad"], record["grads"]) == (False, None)


def test_whole_numbers_of_a_file_have_no_gradient(folder: Path) -> None:
    record = run_here("eval", "labels", "--data", "labels=labels.npy", "--json").record
    assert (record["dtype"], record["requires_grad"]) == ("int64", False)


def test_a_container_binds_all_its_entries(folder: Path) -> None:
    record = run_here("eval", "sum(w) * b * n", "--data", "fit.npz", "--json").record
    assert record["value"] == 9
    assert list(record["grads"]) == ["w", "b"]


def test_expressions_may_use_what_files_bind(folder: Path) -> None:
    done = run_here(
        "eval", "sum(x @ w)", "--const-data", "x=x.npy", "--let", "w=zeros(2) + rate", "--const-data", "p.json", "--json"
    )
    assert (done.record["value"], list(done.record["grads"])) == (5, ["w"])


def test_gradients_come_in_the_order_of_binding(folder: Path) -> None:
    words = ["--let", "c=1", "--data", "b=fit.npz:b", "--data", "a=fit.npz:w"]
    assert list(run_here("eval", "sum(a*b*c)", *words, "--json").record["grads"]) == ["b", "a", "c"]


def test_columns_of_a_table_are_a_matrix(folder: Path) -> None:
    words = ["--const-data", "X=t.csv:a,b", "--data", "Z=t.csv:b,a", "--const-data", "y=t.csv:y"]
    assert run_here("eval", "X", *words).out == "tensor([[1, 2],\n        [3, 4]])\n"
    assert run_here("eval", "y.dtype", *words).out == "torch.int64\n"
    record = run_here("eval", "F.cross_entropy(Z, y)", *words, "--json").record
    assert list(record["grads"]) == ["Z"]


def test_the_default_dtype_is_that_of_numbers_in_texts(folder: Path) -> None:
    assert run_here("eval", "rate", "--data", "p.json", "--dtype", "float64", "--json").record["dtype"] == "float64"


def test_scripts_have_data_too(folder: Path) -> None:
    done = run_here("run", "s.grad", "--const-data", "x=x.npy", "--let", "w=[1,1]")
    assert (done.status, done.out) == (0, "tensor([4., 6.])\n")


@pytest.mark.parametrize("command", [["eval", "x"], ["run", "s.grad"]])
@pytest.mark.parametrize(
    ("reference", "status", "sentence"),
    [
        ("x=nowhere.npy", 6, "there is no file nowhere.npy"),
        ("x=x.npi", 2, "has no known format"),
        ("x.npy", 2, "what is its name?"),
        ("x=fit.npz", 6, "fit.npz: it has 3 entries, and none is named"),
        ("x=fit.npz:v", 6, "fit.npz: there is no entry v"),
        ("x=t.csv:z", 6, "t.csv: there is no entry z"),
        ("x=p.json:rates", 6, "p.json: there is no entry rates"),
        ("x=.npy", 6, "there is no file .npy"),
    ],
)
@pytest.mark.parametrize("option", ["--data", "--const-data"])
def test_faults_of_files_have_an_exit_status_and_a_sentence(
    command: list[str], reference: str, status: int, sentence: str, option: str, folder: Path
) -> None:
    done = run_here(*command, option, reference)
    assert (done.status, done.out) == (status, "")
    assert done.err.startswith("error: ")
    assert sentence in done.err
    assert "Traceback" not in done.err


def test_a_fault_of_a_file_is_a_record_too(folder: Path) -> None:
    Path("t.csv").write_text("a\n1\n\n?\n")
    record = run_here("eval", "x", "--data", "x=t.csv", "--json").record
    assert record["ok"] is False
    assert record["error"]["code"] == "input-data"
    assert record["error"]["message"] == "t.csv: line 4, column 1 (a): the value is missing"


def test_suggestions_for_files_and_entries(folder: Path) -> None:
    assert "did you mean: labels.npy" in run_here("eval", "x", "--data", "x=lables.npy").err
    assert "did you mean: rate" in run_here("eval", "x", "--data", "x=p.json:rat").err


@pytest.mark.parametrize("name", ["a\x1b[31mb.npy", "a\u202eb.npy", "[red]b[red].npy", ":boom:.npy", "a\nb.npy"])
@pytest.mark.parametrize("color", ["always", "never"])
def test_names_from_outside_are_shown_visibly(name: str, color: str, folder: Path) -> None:
    Path(name).write_bytes(b"\x93NUMPY\x01\x00")
    done = run_here("eval", "x", "--data", f"x={name}", "--color", color)
    assert done.status == 6
    shown = name if name.isprintable() else repr(name)
    assert f"error: {shown}: the header is cut off" in re.sub("\x1b\\[[0-9;]*m", "", done.err)


def test_names_of_entries_are_shown_visibly(folder: Path) -> None:
    np.savez("e.npz", **{"w\x1b[2J": np.ones(1)})
    assert "'w\\x1b[2J': no name for a variable" in run_here("eval", "x", "--data", "e.npz").err


def test_a_file_name_that_is_no_text_is_told(folder: Path) -> None:
    name = os.fsdecode(b"x=\xff.npy")
    done = run_apart(["eval", "x", "--json", "--data", name], environment={"PYTHONPATH": str(ROOT)})
    assert done.status == 6
    assert json.loads(done.out)["error"]["code"] == "input-data"


def test_a_name_is_bound_once(folder: Path) -> None:
    np.savez("b.npz", x=np.ones(1), y=np.ones(1))
    words = {
        "--let x=1 --let x=2": "x is bound by --let twice",
        "--const x=1 --let x=2": "x is bound by --const and by --let",
        "--data b.npz --let x=2": "x is bound by --data and by --let",
        "--const-data y=b.npz:x --data b.npz": "y is bound by --const-data and by --data",
    }
    for options, sentence in words.items():
        done = run_here("eval", "x", *options.split())
        assert (done.status, done.err.splitlines()[0]) == (2, f"error: {sentence}")


def test_what_a_script_saved_is_bound_whole_but_for_what_is_no_name(folder: Path) -> None:
    Path("w.grad").write_text("w = tensor([1., 2.], requires_grad=True)\n(w*w).sum().backward()\n")
    assert run_here("run", "w.grad", "--out", "s.npz").status == 0
    done = run_here("eval", "w*2", "--const-data", "s.npz", "--json")
    assert (done.status, done.record["value"]) == (0, [2.0, 4.0])
    assert done.err == "note: s.npz: w.grad: no name for a variable, and so not bound; NAME=s.npz:w.grad binds it\n"


@pytest.mark.parametrize("nan", ["null", "string"])
def test_numbers_that_are_not_finite_come_back_from_json(nan: str, folder: Path) -> None:
    numbers = "tensor([[1., inf], [-inf, nan]])"
    for expression, entry in ((numbers, "value"), (f"{numbers}[0, 1]", "value"), (f"{numbers}[1, 1]", "value")):
        assert run_here("eval", expression, "--nan", nan, "--out", "r.json").status == 0
        written = run_here("eval", expression).out
        assert run_here("eval", "v", "--const-data", f"v=r.json:{entry}").out == written


def test_what_stands_for_a_number_that_is_not_finite_says_where_such_are_kept(folder: Path) -> None:
    for text in ("[1, null]", '["nan"]', '[["-Infinity"]]'):
        Path("r.json").write_text(text)
        assert "hint: what is not finite is kept by .npz files" in run_here("eval", "x", "--data", "x=r.json").err
    for places in (
        "[[[1], 7]]",
        "[[[9], 0]]",
        '[[[0], "inf"]]',
        '[[["a"], "inf"]]',
        "7",
        '[[[1], "inf", 3]]',
        '[[[1, 0], "inf"]]',
    ):
        Path("r.json").write_text(f'{{"x": [1, null], "__metadata__": {{"nonfinite": {{"x": {places}}}}}}}')
        done = run_here("eval", "x", "--data", "r.json")
        assert (done.status, "what __metadata__ tells of its numbers that are not finite is wrong" in done.err) == (6, True)
