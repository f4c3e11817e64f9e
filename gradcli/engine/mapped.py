"""Arrays that show bytes of a file: pages that were read are let go, so that memory does not grow with the file."""

from __future__ import annotations

import mmap
from collections.abc import Iterable

import numpy as np

from gradcli.lazy.stored import Stored

# So many bytes may be read before their pages are let go: fewer calls cost nothing, more memory gains nothing.
BYTES_BETWEEN = 32 << 20


class MappedPages:
    """The files behind the arrays that a pass reads, with all of its threads."""

    __slots__ = ("_bytes_of_a_row", "_maps", "_read")

    def __init__(self, arrays: Iterable[np.ndarray | Stored], length: int) -> None:
        mapped = [
            (array, found) for array in arrays if isinstance(array, np.ndarray) and (found := mapping_of(array)) is not None
        ]
        self._maps = tuple({id(found): found for _, found in mapped}.values())
        self._bytes_of_a_row = sum(array.nbytes for array, _ in mapped) / max(1, length)
        self._read = 0.0

    def read(self, rows: int) -> None:
        """So many rows were read; now and then all pages are let go, which the system has still, should a thread need one."""
        self._read += rows * self._bytes_of_a_row  # threads may overwrite each other's count, which only delays
        if self._read >= BYTES_BETWEEN:
            self._read = 0.0
            for each in self._maps:
                each.madvise(mmap.MADV_DONTNEED)


def mapping_of(array: np.ndarray) -> mmap.mmap | None:
    """The file that an array shows and nobody can write through it; None where there is none, or pages cannot be let go."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if not isinstance(base, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED"):
        return None
    return base if memoryview(base).readonly else None  # a private copy of a page would be lost
