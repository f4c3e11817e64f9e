"""Files that are large are streamed: memory does not grow with the rows, and a terminal gets a bar."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import zarr
from pyarrow import parquet

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1 << 20
# The highest amount of memory that the process had resident, pages of files included.
PROGRAM = """
import sys
from gradcli.cli import entry
status = entry(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
sys.stderr.write(f"peak {int(peak.split()[1]) * 1024}\\n")
sys.exit(status)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of 400 MB, as files with holes that take little of the disk, and in chunks; and their targets."""
    made = tmp_path_factory.mktemp("large")
    for name, fortran in (("X", False), ("F", True)):
        rows = np.lib.format.open_memmap(made / f"{name}.npy", "w+", np.float32, (1_000_000, 100), fortran)
        rows[:10] = 1
        del rows
    np.save(made / "y.npy", np.ones((1_000_000, 1), np.float32))
    for version in (2, 3):
        rows = np.load(made / "X.npy", mmap_mode="r")
        zarr.create_array(made / f"X{version}.zarr", data=rows, chunks=(15_000, 100), zarr_format=version, write_data=True)
    return made


@pytest.fixture(scope="module")
def columns(folder: Path) -> Path:
    """Columns of 400 MB in groups of rows."""
    schema = pa.schema([(f"c{number}", pa.float32()) for number in range(100)])
    with parquet.ParquetWriter(folder / "X.parquet", schema) as writer:
        for start in range(0, 1_000_000, 20_000):
            rows = np.zeros((20_000, 100), np.float32)
            rows[: max(0, 10 - start)] = 1
            writer.write_table(pa.Table.from_arrays(list(map(pa.array, rows.T.copy())), schema=schema))
    return folder


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell what is resident")
@pytest.mark.parametrize("name", ["X.npy", "F.npy", "X2.zarr", "X3.zarr", "X.parquet"])
@pytest.mark.parametrize("formula", ["mean((X@w - y)**2)", "mean((X - mean(X, 0))**2 @ w)"])
def test_memory_does_not_grow_with_the_rows(name: str, formula: str, columns: Path) -> None:
    words = [formula, "--const-data", f"X={name}", "--const-data", "y=y.npy", "--let", "w=zeros(100,1)", "--wrt", "w"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "eval", *words],
        capture_output=True, cwd=columns, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=100, check=True, text=True,
    )  # fmt: skip
    assert "w.grad = tensor" in done.stdout
    assert int(done.stderr.split()[-1]) < 200 * MEGABYTE
