"""Pages of mapped files are let go while rows are streamed, and only where nothing can be lost by that."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from gradcli.engine.mapped import BYTES_BETWEEN, MappedPages, mapping_of

pytestmark = pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="the system lets pages go by itself")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", np.arange(4 << 20, dtype=np.float32).reshape(-1, 4))
    return tmp_path / "x.npy"


def resident(kind: str = "RssFile") -> int:
    """The bytes of files that this process has in memory."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(kind))


def test_the_file_behind_views_is_found(saved: Path) -> None:
    array = np.load(saved, mmap_mode="r")
    for view in (array, np.asarray(array), array[10:20], array.T, np.asarray(array).reshape(-1)[::2]):
        found = mapping_of(view)
        assert found is not None
        assert mapping_of(array) is found


@pytest.mark.parametrize("mode", ["r+", "c"])
def test_what_can_be_written_is_left_alone(mode: str, saved: Path) -> None:
    array = np.load(saved, mmap_mode=mode)
    array[0] = 7
    assert mapping_of(array) is None
    assert mapping_of(np.asarray(array)[:10]) is None


def test_arrays_in_memory_have_no_file(saved: Path) -> None:
    for array in (np.ones(3), np.ones((3, 4)).T, np.frombuffer(b"12345678"), np.frombuffer(mmap.mmap(-1, 4096))):
        assert mapping_of(array) is None


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell what is resident")
def test_pages_are_let_go_once_enough_was_read(saved: Path) -> None:
    array = np.load(saved, mmap_mode="r")
    pages = MappedPages([array, None, array[:5], np.ones(3)], len(array))
    rows = len(array) * BYTES_BETWEEN // (2 * array.nbytes)
    total = array.sum(dtype=np.float64)
    before = resident()
    pages.read(rows)
    assert resident() >= before
    pages.read(rows)
    assert resident() < before - array.nbytes // 2
    assert array.sum(dtype=np.float64) == total
