"""What is stored elsewhere is read block by block where it is streamed, and whole only where it is needed so."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from gradcli.engine.evaluation import evaluate
from gradcli.engine.whole import evaluate as evaluate_whole
from gradcli.errors import LimitExceeded
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import float32
from gradcli.lazy.settings import bounded

ROWS = np.random.default_rng(0).standard_normal((40_000, 8), np.float32)


@dataclass(frozen=True, eq=False)
class Kept:
    """An array that tells how many elements are asked of it at a time."""

    array: np.ndarray
    asked: list[int] = field(default_factory=list)
    held: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[np.float32]:
        return self.array.dtype

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
        found = self.array[index]
        self.asked.append(found.size)
        return found

    def part(self, slices: tuple[ops.Slice, ...]) -> Kept:
        return Kept(self.array[tuple([slice(at, at + number * step, step) for at, number, step in slices])], self.asked)

    def bytes_held(self, axis: int) -> int:
        return self.held


def both() -> tuple[LazyArray, LazyArray, list[int]]:
    """The rows stored elsewhere, and in memory, and what is asked of the former."""
    kept = Kept(ROWS)
    return ops.stored(kept, float32), ops.from_buffer(ROWS, float32), kept.asked


def loss(x: LazyArray) -> list[LazyArray]:
    """A value with a gradient."""
    w = ops.from_buffer(np.full((8, 1), 0.5, np.float32), float32)
    error = ops.matmul(x, w)
    return [ops.reduce("sum", ops.binary("mul", error, error), (0, 1)), ops.matmul(ops.permute(x, (1, 0)), error)]


def test_streamed_rows_are_read_in_blocks_with_the_bits_of_rows_in_memory() -> None:
    stored, in_memory, asked = both()
    for found, expected in zip(evaluate(loss(stored)), evaluate(loss(in_memory)), strict=True):
        assert found.tobytes() == expected.tobytes()
    assert sum(asked) == ROWS.size and max(asked) < ROWS.size / 4
    assert stored.buffer is None


def test_a_structure_that_comes_again_reads_the_array_of_its_own() -> None:
    for scale in (1, 2, 3):
        stored = ops.stored(Kept(ROWS * np.float32(scale)), float32)
        (found, _) = evaluate(loss(stored))
        np.testing.assert_allclose(found, np.square(ROWS.sum(1) / 2 * scale).sum(), rtol=1e-4)


def test_a_part_is_read_without_the_rest() -> None:
    stored, in_memory, asked = both()
    slices = ((100, 50, 2), (0, 8, 1))
    assert evaluate([ops.slice_(stored, slices)])[0].tolist() == evaluate([ops.slice_(in_memory, slices)])[0].tolist()
    assert asked == [400]


@pytest.mark.parametrize("formula", [lambda x: x, lambda x: ops.scan("cumsum", x, 0), lambda x: ops.argsort(x, 0, False)])
def test_what_needs_all_rows_at_once_gets_them(formula: object) -> None:
    stored, in_memory, _ = both()
    assert callable(formula)
    total = [formula(stored), ops.reduce("sum", stored, (0,))]
    expected = [formula(in_memory), ops.reduce("sum", in_memory, (0,))]
    for found, right in zip(evaluate(total), evaluate(expected), strict=True):
        assert found.tobytes() == right.tobytes()
    for found, right in zip(evaluate_whole([formula(both()[0])]), evaluate_whole([formula(in_memory)]), strict=True):
        assert found.tobytes() == right.tobytes()


def test_a_product_with_rows_and_all_of_them_reads_both_ways() -> None:
    stored, in_memory, _ = both()
    few = ops.slice_(stored, ((0, 300, 1), (0, 8, 1)))
    few_in_memory = ops.slice_(in_memory, ((0, 300, 1), (0, 8, 1)))
    (found,) = evaluate([ops.matmul(stored, ops.permute(few, (1, 0)))])
    (expected,) = evaluate([ops.matmul(in_memory, ops.permute(few_in_memory, (1, 0)))])
    assert found.tobytes() == expected.tobytes()


def test_what_threads_hold_counts_as_memory() -> None:
    with bounded(2, 100_000_000):
        evaluate(loss(ops.stored(Kept(ROWS, held=1_000_000), float32)))
        with pytest.raises(LimitExceeded, match="100,000,000 are allowed"):
            evaluate(loss(ops.stored(Kept(ROWS, held=60_000_000), float32)))
