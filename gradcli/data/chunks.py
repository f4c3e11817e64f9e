"""Arrays in chunks, which are decoded when their elements are read; memory does not grow with their number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from threading import Lock, local
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from gradcli.lazy.memory import check_memory
from gradcli.lazy.ops import Slice

# Arrays of no more bytes are read at once when they are bound: statements that come again need not decode them again.
AT_ONCE = 64 << 20
# So many chunks may be decoded at the same time.
LOCKS = 16

Decode = Callable[[tuple[int, ...]], np.ndarray]  # of a chunk by its number along each axis


class Chunks:
    """A grid of chunks: where they start along each axis, and how they are decoded.

    A chunk is in memory while it is read, and while a thread holds it. A thread holds those that reach beyond the end of what
    it read last, because it mostly goes on from there.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], starts: Sequence[Sequence[int]], decode: Decode) -> None:
        self.shape = shape
        self.dtype = dtype
        self._starts = starts
        self._decode = decode
        self._decoded: WeakValueDictionary[tuple[int, ...], np.ndarray] = WeakValueDictionary()
        self._locks = [Lock() for _ in range(LOCKS)]
        self._thread = local()

    def array(self, name: str) -> np.ndarray | Part:
        """The whole array, read where it is small, else to be read as it is needed; `name` is that of its file."""
        size = prod(self.shape) * self.dtype.itemsize
        whole = Part(self, tuple([(0, size, 1) for size in self.shape]))
        if size > AT_ONCE:
            return whole
        check_memory(size, name)
        return np.asarray(whole[()], order="C")

    def read(self, slices: tuple[Slice, ...]) -> np.ndarray:
        """The elements of some slices."""
        overlaps = [list(self._overlaps(axis, cut)) for axis, cut in enumerate(slices)]
        result = None
        held: dict[tuple[int, ...], np.ndarray] = {}
        for each in product(*overlaps):
            number = tuple([overlap.chunk for overlap in each])
            chunk = self._chunk(number)
            if any(overlap.goes_on for overlap in each):
                held[number] = chunk
            found = chunk[tuple([overlap.source for overlap in each])]
            if all(len(along) == 1 for along in overlaps):
                result = found
            else:
                result = np.empty([number for _, number, _ in slices], self.dtype) if result is None else result
                result[tuple([overlap.target for overlap in each])] = found
        self._thread.held = held
        return np.empty([number for _, number, _ in slices], self.dtype) if result is None else np.asarray(result)

    def bytes_of_row(self, axis: int) -> int:
        """What the chunks take that have elements of the same row along an axis."""
        longest = max((after - start for start, after in pairwise([*self._starts[axis], self.shape[axis]])), default=0)
        return longest * prod([size for other, size in enumerate(self.shape) if other != axis]) * self.dtype.itemsize

    def _chunk(self, number: tuple[int, ...]) -> np.ndarray:
        with self._locks[hash(number) % LOCKS]:
            chunk = self._decoded.get(number)
            if chunk is None:
                chunk = self._decoded[number] = self._decode(number)
            return chunk

    def _overlaps(self, axis: int, of: Slice) -> Iterator[_Overlap]:
        """Which chunks along an axis have elements of a slice."""
        start, number, step = of
        starts, size = self._starts[axis], self.shape[axis]
        position = 0
        while position < number:
            first = start + position * step
            chunk = bisect_right(starts, first) - 1
            end = starts[chunk + 1] if chunk + 1 < len(starts) else size
            after = min(number, -((start - end) // step))
            source = slice(first - starts[chunk], first - starts[chunk] + (after - position) * step, step)
            yield _Overlap(chunk, source, slice(position, after), after == number and start + number * step < end)
            position = after


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an array in chunks, or all of it."""

    chunks: Chunks
    slices: tuple[Slice, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many elements it has along each axis."""
        return tuple([number for _, number, _ in self.slices])

    @property
    def dtype(self) -> np.dtype[Any]:
        """What its elements are."""
        return self.chunks.dtype

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
        """Read a part, with a step of 1."""
        ends = [cut.indices(number) for cut, number in zip(index, self.shape, strict=False)]
        taken = [(start, max(0, stop - start), 1) for start, stop, _ in ends]
        rest = [(0, number, 1) for number in self.shape[len(taken) :]]
        return self.chunks.read(self.part((*taken, *rest)).slices)

    def part(self, slices: tuple[Slice, ...]) -> Part:
        """Every step-th element from start, one slice for each axis, without reading them."""
        pairs = zip(self.slices, slices, strict=True)
        return Part(
            self.chunks, tuple([(start + step * first, number, step * by) for (start, _, step), (first, number, by) in pairs])
        )

    def bytes_held(self, axis: int) -> int:
        """What a thread holds if it reads one row after the other along an axis."""
        return self.chunks.bytes_of_row(axis)


class _Overlap(NamedTuple):
    """A chunk's number along an axis, its elements that are read and their places, and whether it has more after them."""

    chunk: int
    source: slice
    target: slice
    goes_on: bool
