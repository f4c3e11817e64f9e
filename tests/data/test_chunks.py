"""Arrays in chunks: any part is read as the array has it, and a chunk is decoded once for a thread that reads row after row."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from threading import Barrier, Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.data.chunks import Chunks, Part


def chunked(array: np.ndarray, starts: list[list[int]], decoded: Counter[tuple[int, ...]] | None = None) -> Chunks:
    """An array in chunks that start at some elements along each axis."""

    def decode(number: tuple[int, ...]) -> np.ndarray:
        if decoded is not None:
            decoded[number] += 1
        ends = [[*own, size] for own, size in zip(starts, array.shape, strict=True)]
        return np.array(array[tuple([slice(*end[place : place + 2]) for end, place in zip(ends, number, strict=True)])])

    return Chunks(array.shape, array.dtype, starts, decode)


def whole(chunks: Chunks) -> Part:
    return Part(chunks, tuple([(0, size, 1) for size in chunks.shape]))


@given(st.data())
def test_any_part_of_a_part_is_read_as_the_array_has_it(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(0, 7), max_size=3))
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    starts = [sorted({0, *data.draw(st.lists(st.integers(1, max(1, size - 1))))}) if size > 1 else [0] * size for size in shape]
    part, expected = whole(chunked(array, starts)), array
    for _ in range(2):
        slices = []
        for size in expected.shape:
            first, step = data.draw(st.integers(0, size)), data.draw(st.integers(1, 3))
            slices.append((first, data.draw(st.integers(0, len(range(first, size, step)))), step))
        part = part.part(tuple(slices))
        expected = expected[tuple([slice(first, first + number * step, step) for first, number, step in slices])]
    assert (part.shape, part[()].tolist()) == (expected.shape, expected.tolist())
    if part.shape:
        ends = sorted(data.draw(st.tuples(st.integers(0, part.shape[0]), st.integers(0, part.shape[0]))))
        assert part[(slice(*ends),)].tolist() == expected[slice(*ends)].tolist()


@pytest.mark.parametrize("rows", [1, 3, 7, 25, 100])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_thread_that_reads_row_after_row_decodes_each_chunk_once(rows: int, axis: int) -> None:
    decoded: Counter[tuple[int, ...]] = Counter()
    array = np.arange(10_000).reshape(100, 100)
    part = whole(chunked(array, [list(range(0, 100, 16)), list(range(0, 100, 40))], decoded))
    found = [part[(slice(None),) * axis + (slice(start, start + rows),)] for start in range(0, 100, rows)]
    assert np.concatenate(found, axis).tolist() == array.tolist()
    assert set(decoded.values()) == {1}


def test_threads_that_read_the_same_rows_decode_them_once() -> None:
    decoded: Counter[tuple[int, ...]] = Counter()
    array = np.arange(400).reshape(100, 4)
    part = whole(chunked(array, [list(range(0, 100, 50)), [0]], decoded))
    together = Barrier(4)
    found = []

    def read() -> None:
        for start, stop in pairwise(range(0, 101, 10)):
            together.wait(10)
            rows = part[(slice(start, stop),)]
            together.wait(10)
            found.append(rows.tolist() == array[start:stop].tolist())

    threads = [Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40 and all(found)
    assert set(decoded.values()) == {1}
