"""Files that are large are streamed: memory does not grow with the rows, and a terminal gets a bar."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1 << 20
# The highest amount of memory that the process had resident, pages of files included.
PROGRAM = """
import sys
from gradcli.cli import entry
status = entry()
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
sys.stderr.write(f"peak {int(peak.split()[1]) * 1024}\\n")
sys.exit(status)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of 400 MB, in both orders, as a file with holes that takes little of the disk; and their targets."""
    made = tmp_path_factory.mktemp("large")
    for name, fortran in (("X", False), ("F", True)):
        rows = np.lib.format.open_memmap(made / f"{name}.npy", "w+", np.float32, (1_000_000, 100), fortran)
        rows[:10] = 1
        del rows
    np.save(made / "y.npy", np.ones((1_000_000, 1), np.float32))
    return made


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell what is resident")
@pytest.mark.parametrize("name", ["X", "F"])
@pytest.mark.parametrize("formula", ["mean((X@w - y)**2)", "mean((X - mean(X, 0))**2 @ w)"])
def test_memory_does_not_grow_with_the_rows(name: str, formula: str, folder: Path) -> None:
    words = [formula, "--const-data", f"X={name}.npy", "--const-data", "y=y.npy", "--let", "w=zeros(100,1)", "--wrt", "w"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "eval", *words],
        capture_output=True, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=100, check=True, text=True,
    )  # fmt: skip
    assert "w.grad = tensor" in done.stdout
    assert int(done.stderr.split()[-1]) < 200 * MEGABYTE
