"""Who wants to know is told how many rows of all passes are done."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.engine.progress import RowsDone
from gradcli.lazy import settings
from gradcli.session import Session

Told = list[tuple[int, int]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    calls: Told = []
    monkeypatch.setattr(settings, "progress", lambda done, total: calls.append((done, total)))
    return calls


def test_rows_are_counted_up_to_the_total(told: Told) -> None:
    done = RowsDone(10)
    for _ in range(3):
        done.add(4)
    assert told == [(0, 10), (4, 10), (8, 10), (10, 10)]


def test_nobody_needs_to_be_told() -> None:
    RowsDone(10).add(4)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(("program", "passes"), [("mean(x**2)", 1), ("sum((x - mean(x))**2)", 2)])
def test_an_evaluation_tells_of_the_rows_of_all_passes(program: str, passes: int, threads: int, told: Told) -> None:
    session = Session(threads=threads)
    session.bind_value("x", np.ones(1_000_000, np.float32), requires_grad=False)
    session.evaluate(program)
    total = passes * 1_000_000
    assert told[0] == (0, total)
    assert max(told) == (total, total)
    assert len(told) > 3 * passes


def test_a_small_evaluation_tells_nothing(told: Told) -> None:
    Session().evaluate("ones(10).sum()")
    assert told == []
