"""Start-up: what is imported for which command, and the help."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path
from shutil import which

import numpy as np
import pytest

import gradcli

from .command import run_here

WATCHED = (
    "lark",
    "numpy",
    "pydantic",
    "rich",
    "scipy",
    "typer",
    "gradcli.autograd.transforms",
    "gradcli.data",
    "gradcli.engine.devices.driver",
    "gradcli.session",
    "gradcli.report.rich_view",
    "gradcli.cli.run",
)
STORED_NAMES = Path(gradcli.__file__).with_name("functions") / "names.txt"
EVALUATE = ["eval", "mean((x+2)*(x+2)*3)", "--let", "x=ones(2,2)"]


def imported_by(*words: str) -> set[str]:
    """Which of the watched modules a command line imports."""
    program = (
        "import sys; from gradcli.cli import entry\n"
        f"status = entry({list(words)!r})\n"
        f"sys.stderr.write(' '.join(name for name in {WATCHED!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["eval", "--help"], ["check", "--help"], []])
def test_help_and_version_import_neither_numpy_nor_the_engine(words: list[str]) -> None:
    assert imported_by(*words) <= {"typer"}


def test_json_needs_neither_pydantic_nor_rich_nor_lark_nor_scipy() -> None:
    assert imported_by(*EVALUATE, "--json") == {"typer", "numpy", "gradcli.session"}


def test_rich_is_imported_when_something_rich_is_printed() -> None:
    assert "rich" in imported_by(*EVALUATE, "--color", "always")
    assert "rich" not in imported_by(*EVALUATE)


def files_of_functions_imported_by(*words: str) -> set[str]:
    """Which files a command line imports of those that declare functions and are not always there."""
    program = (
        "import sys; from gradcli.cli import entry\n"
        f"status = entry({list(words)!r})\n"
        "sys.stderr.write(' '.join(name.rpartition('.')[2] for name in sys.modules if name.startswith('gradcli.functions.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.split()) & {line.split()[0] for line in STORED_NAMES.read_text().splitlines()}


def test_files_of_functions_are_imported_when_one_of_their_names_is_used() -> None:
    always = {"number_limits"}  # whose class the language knows
    assert files_of_functions_imported_by(*EVALUATE, "--json") == always
    called_and_bound = ["eval", "x = trapezoid(y); softmax = x", "softmax + 1", "--let", "y=[1,2]"]
    assert files_of_functions_imported_by(*called_and_bound) == {"calculus"} | always
    assert len(files_of_functions_imported_by("functions", "sin")) > 50


def test_importing_the_package_imports_nothing_else() -> None:
    program = "import sys, gradcli; print(sorted(name for name in sys.modules if name.startswith(('gradcli', 'numpy', 'typer'))))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "['gradcli']\n"


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("words", ["--help", "eval --help", "run --help", "check --help", "functions -h", ""])
def test_help_has_examples_and_fits_the_width(monkeypatch: pytest.MonkeyPatch, words: str, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = run_here(*words.split())
    assert (done.status, done.err) == (0, "")
    assert "Examples:" in done.out
    assert max(map(len, done.out.splitlines())) <= min(columns, 100)


@pytest.mark.parametrize("words", [["--help"], ["functions", "--help"]])
def test_help_for_a_pager_keeps_to_the_width_of_the_terminal_beside_it(words: list[str]) -> None:
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (25, 50))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [sys.executable, "-m", "gradcli", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, env=environment, text=True, check=True)
    os.close(reader)
    os.close(writer)
    assert 40 < max(map(len, done.stdout.splitlines())) <= 50


@pytest.mark.parametrize("columns", ["40", "100"])
@pytest.mark.parametrize("command", ["", "eval", "run", "check", "functions"])
def test_the_examples_of_the_help_run_as_they_are_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    examples = run_here(*command.split(), "--help").out.split("Examples:\n")[1].partition("\n\n")[0]
    np.save(tmp_path / "rows.npy", np.ones((4, 2), np.float32))
    np.savez(tmp_path / "fit.npz", weights=np.ones(2, np.float32))
    (tmp_path / "rows.jsonl").write_text('{"w": 0.5, "x": [1, 2], "y": [3, 4]}\n')
    for name in ("script.grad", "train.grad"):
        (tmp_path / name).write_text("w = ones(2); w.sum()")
    (tmp_path / "jq").write_text("#!/bin/sh\ncat\n")  # where there is none
    (tmp_path / "jq").chmod(0o755)
    places = f"{Path(sys.executable).parent}:{os.environ['PATH']}:{tmp_path}"
    done = subprocess.run(
        ["sh", "-ec", examples], cwd=tmp_path, env=os.environ | {"PATH": places}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout == "") == (0, False), done.stderr


def test_help_lists_exit_statuses_and_commands() -> None:
    text = run_here("--help").out
    for word in ("eval", "run", "check", "functions", "Exit status", "130", "141", "--version", "--install-completion"):
        assert word in text


def test_options_stand_in_groups() -> None:
    text = run_here("eval", "--help").out
    positions = [
        text.index(f"\n{heading}:") for heading in ("Arguments", "Bindings", "Gradients", "Numbers", "Output", "Examples")
    ]
    assert positions == sorted(positions)


def test_the_version_is_one_line() -> None:
    from gradcli import __version__

    assert run_here("--version").out == f"gradcli {__version__}\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gradcli ev", "eval"),
        ("gradcli eval --no", "--no-grad"),
        ("gradcli eval 'x**2' --let x=3 --dtype f", "float32\nfloat64"),
        ("gradcli check x --color n", "never"),
        ("gradcli functions log_so", "log_softmax"),
        ("gradcli functions torch.linalg.inv", "torch.linalg.inv_ex\ntorch.linalg.inv"),
        ("gradcli functions relu requires", "requires_grad_"),
    ],
)
def test_completion_knows_commands_options_their_values_and_functions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, expected: str
) -> None:
    from gradcli.cli import entry

    monkeypatch.setenv("_GRADCLI_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    with pytest.raises(SystemExit):
        entry([])
    assert sorted(capsys.readouterr().out.split()) == sorted(expected.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_taught_to_complete(tmp_path: Path, shell: str) -> None:
    if which(shell) is None:
        pytest.skip(f"needs {shell}")
    command = f"{Path(sys.executable).with_name('gradcli')} --install-completion; true"  # which keeps the shell there
    environment = os.environ | {"HOME": str(tmp_path)}
    done = subprocess.run([shell, "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert f"{shell} completion installed" in done.stdout
    assert any("_GRADCLI_COMPLETE" in file.read_text() for file in tmp_path.rglob("*") if file.is_file())
