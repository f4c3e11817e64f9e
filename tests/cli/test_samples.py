"""The samples print what is written beside them, and that is what PyTorch prints."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from .command import run_here
from .samples import SCRIPTS, SHELL_SCRIPTS, expected, normalised, printed_by_a_shell, printed_by_torch


def name_of(path: Path) -> str:
    return path.stem


def test_there_are_samples() -> None:
    assert "autograd_tour" in {script.stem for script in SCRIPTS}
    assert "records" in {script.stem for script in SHELL_SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_a_sample_prints_what_is_written_beside_it(script: Path) -> None:
    done = run_here("run", str(script))
    assert (done.status, done.err) == (0, "")
    assert normalised(done.out) == expected(script)


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=name_of)
def test_a_sample_for_a_shell_prints_what_is_written_beside_it(script: Path) -> None:
    assert printed_by_a_shell(script) == expected(script)


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")
@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_a_sample_prints_the_same_under_python_with_torch(script: Path) -> None:
    assert printed_by_torch(script) == expected(script)
