"""The README says what is so."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from gradcli.cli.main import EXAMPLES

from .readme import README, console_examples, output_of, python_example


@pytest.mark.parametrize(("command", "output"), console_examples())
def test_an_example_prints_what_stands_below_it(monkeypatch: pytest.MonkeyPatch, command: str, output: str) -> None:
    monkeypatch.chdir(README.parent)
    assert output_of(command) == output


def test_the_python_example_runs() -> None:
    done = subprocess.run([sys.executable, "-c", python_example()], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("27.0 [[4.5 4.5]\n [4.5 4.5]] MeanBackward0\n")
    assert done.stdout.endswith("\n12.0\n")


def test_the_first_two_shell_blocks_install_run_and_test() -> None:
    first, second = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert "gradcli eval 'mean((x+2)*(x+2)*3)' --let 'x=ones(2,2)'" in first
    assert "-m pytest" in second
    assert all("python3 -m venv .venv" in block for block in (first, second))


def test_every_exit_status_of_the_help_is_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    for status in re.findall(r"\b(\d+) ", EXAMPLES.split("Exit status:")[1]):
        assert f"| {status} |" in text
