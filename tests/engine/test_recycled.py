"""Memory is taken again only when no array shows it any more, and no more than a little waits for that."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest

from gradcli import compile as compiled
from gradcli.engine import recycled

ELEMENTS = recycled.LEAST_BYTES  # of four bytes each
FLOAT = np.dtype(np.float32)


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    recycled._idle.clear()
    yield
    recycled._idle.clear()


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def waiting() -> int:
    return sum(memory.size for memory in recycled._idle.values())


def test_memory_is_taken_again_when_the_last_view_is_gone() -> None:
    first = recycled.empty((ELEMENTS,), FLOAT)
    place, view = address(first), first[10:].reshape(-1, 1)
    del first
    assert waiting() == 0
    assert address(recycled.empty((ELEMENTS,), FLOAT)) != place
    recycled._idle.clear()
    del view
    assert address(recycled.empty((ELEMENTS // 2, 2), FLOAT)) == place


def test_small_arrays_are_the_allocator_s() -> None:
    recycled.empty((3,), FLOAT)
    assert waiting() == 0


def test_no_array_takes_memory_that_it_hardly_fills() -> None:
    recycled.empty((4 * ELEMENTS,), FLOAT)
    recycled.empty((ELEMENTS,), FLOAT)
    assert len(recycled._idle) == 2


def test_little_memory_waits() -> None:
    arrays = [recycled.empty((8 * ELEMENTS,), FLOAT) for _ in range(8)]
    arrays.clear()
    assert 0 < waiting() <= recycled.MOST_IDLE
    recycled.empty((recycled.MOST_IDLE + 1,), np.dtype(np.uint8))
    assert waiting() <= recycled.MOST_IDLE


def test_memory_in_a_cycle_comes_back_when_it_is_collected() -> None:
    cycle: list[object] = [recycled.empty((ELEMENTS,), FLOAT)]
    cycle.append(cycle)
    del cycle
    gc.collect()
    assert waiting() == 4 * ELEMENTS


def test_results_that_are_held_are_never_overwritten() -> None:
    f = compiled("sum(x*x)", wrt=["x"])
    x = np.ones(1 << 19, np.float32)
    gradients = [f(x=x * factor).grads["x"] for factor in range(6)]
    for factor, gradient in enumerate(gradients):
        assert (gradient == 2 * factor).all()


def test_a_result_that_is_let_go_leaves_its_memory_to_the_next() -> None:
    f = compiled("sum(x*x)", wrt=["x"])
    x = np.ones(1 << 19, np.float32)
    f(x=x)
    places = {address(f(x=x).grads["x"]) for _ in range(5)}
    assert len(places) == 1
