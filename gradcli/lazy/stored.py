"""Arrays that are stored elsewhere: they are not in memory, but any part of them can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    from gradcli.lazy.ops import Slice


class Stored(Protocol):
    """An array that is stored elsewhere, and may be read by several threads; equal ones have equal elements."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many elements it has along each axis."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """What its elements are, in this machine's byte order."""

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
        """Read a part, with a step of 1; axes that are not mentioned are read whole. Nobody may write to what is given."""

    def part(self, slices: tuple[Slice, ...]) -> Stored:
        """Every step-th element from start, one slice for each axis, without reading them."""

    def bytes_held(self, axis: int) -> int:
        """The memory that a thread takes, beside what it reads, if it reads one row after the other along an axis."""
