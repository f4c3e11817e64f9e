"""Numbers that are counted or drawn are the same, whichever rows of them are made at a time, and by whom."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli import Session, evaluate
from gradcli.engine.generated import MAKERS, PAGE
from gradcli.engine.primitives import IMPLEMENTATIONS
from gradcli.lazy import Size, ops
from gradcli.lazy.dtypes import float16, float32, float64, int32, int64

ARRAYS = {
    "counted": ops.arange(2, 3, 3 * PAGE, int64),
    "counted in parts of 1": ops.arange(-1.0, 0.1, 3 * PAGE, float32),
    "counted down, small": ops.arange(5, -1, 3 * PAGE, float16),
    "whole parts of halves": ops.arange(0.5, 0.5, 3 * PAGE, int32),
    "uniform": ops.random("uniform", 7, 3, (), Size((3 * PAGE,)), float32),
    "uniform, double": ops.random("uniform", 7, 3, (), Size((3 * PAGE,)), float64),
    "normal": ops.random("normal", 7, 3, (), Size((PAGE, 3)), float32),
    "normal, double": ops.random("normal", 7, 3, (), Size((PAGE // 100, 7, 50)), float64),
    "normal, half": ops.random("normal", 7, 3, (), Size((3 * PAGE,)), float16),
    "few integers": ops.random("integers", 7, 3, (-5, 250), Size((3 * PAGE,)), int64),
    "wide integers": ops.random("integers", 7, 3, (-(2**62), 2**62 + 1), Size((PAGE, 3)), int64),
    "integers as floats": ops.random("integers", 7, 3, (0, 10), Size((3 * PAGE,)), float32),
}


@pytest.mark.parametrize("rows", [100, 1000, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
@pytest.mark.parametrize("name", ARRAYS)
def test_rows_are_those_of_the_whole(name: str, rows: int) -> None:
    array = ARRAYS[name]
    whole = IMPLEMENTATIONS[array.primitive](array, [])
    make = MAKERS[array.primitive](array)
    for first in range(0, len(whole), rows):
        expected = whole[first : first + rows]
        assert make(first, np.empty_like(expected)).tobytes() == expected.tobytes()


def test_pages_differ() -> None:
    numbers = IMPLEMENTATIONS["random"](ARRAYS["uniform"], [])
    assert len(np.unique(numbers)) > 0.99 * len(numbers)
    assert abs(numbers.reshape(3, PAGE).mean(1) - 0.5).max() < 0.01


PROGRAMS = [
    "sum(sin(arange(300000.)))",
    "arange(300000).sum()",
    "(randn(3000, 100) * rand(3000, 1)).sum(0)",
    "randint(0, 9, (300000,)).double().mean()",
    "x = randn(1000, 300, requires_grad=True)\nmean((x - x.mean(0))**2)",
    "y = arange(300000.)\n((y - y.mean())**2).mean() + y[-1]",
    "rand(3, 100000).sum(1)",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_threads_make_the_same_numbers(program: str) -> None:
    results = [evaluate(program, seed=3, threads=threads) for threads in (1, 2, 3)]
    assert len({result.value.tobytes() for result in results}) == 1
    assert len({str([gradient.tobytes() for gradient in (result.grads or {}).values()]) for result in results}) == 1


@pytest.mark.parametrize("program", ["sum(sin(arange(2e7)))", "(randn(20000, 1000) * arange(1000.)).mean()"])
def test_what_is_made_and_used_at_once_takes_no_memory(program: str) -> None:
    Session(seed=3, threads=2, max_memory=40 << 20).evaluate(program)  # 80 MB of numbers


def test_a_permutation_is_made_whole() -> None:
    result = evaluate("(randperm(300000) * 2).sum()", seed=3)
    assert result.value == 300000 * 299999
