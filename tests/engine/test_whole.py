"""The whole-array evaluator computes nothing twice, and keeps what the program can ask for again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from gradcli.engine.whole import evaluate
from gradcli.functions import METHODS, OPERATORS, tensor
from gradcli.lazy import LazyArray, compute, settings
from gradcli.session import Session

exp, mul = METHODS["exp"], OPERATORS["*"]


@pytest.fixture(autouse=True)
def _evaluator() -> Iterator[None]:
    before, settings.evaluator = settings.evaluator, evaluate
    yield
    settings.evaluator = before


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The primitives whose values were kept."""
    primitives: list[str] = []
    keep = LazyArray.keep

    def recording(self: LazyArray, buffer: np.ndarray) -> None:
        primitives.append(self.primitive)
        keep(self, buffer)

    monkeypatch.setattr(LazyArray, "keep", recording)
    return primitives


def test_what_a_variable_holds_is_kept(executed: Counter[str]) -> None:
    held = exp(tensor([1.0, 2.0]))
    METHODS["sum"](mul(held, held)).numpy()
    executed.clear()
    held.numpy()
    assert not executed


def test_what_nothing_holds_is_not_kept(kept: list[str]) -> None:
    exp(mul(exp(tensor([1.0, 2.0])), 3.0)).numpy()
    assert kept == ["exp"]  # the root


def test_an_operand_used_twice_is_not_kept_for_that(kept: list[str]) -> None:
    inner = exp(tensor([1.0, 2.0]))
    square = METHODS["sin"](mul(inner, inner))
    del inner
    square.numpy()
    assert kept == ["sin"]


def test_what_backward_will_need_is_kept(kept: list[str]) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    loss = METHODS["sum"](exp(x))
    loss.numpy()
    assert sorted(kept) == ["exp", "sum"]


def test_a_loop_that_asks_in_each_iteration_does_linear_work(executed: Counter[str]) -> None:
    def steps(iterations: int) -> int:
        executed.clear()
        source = f"y = tensor([1., 2.])\nfor i in range({iterations}):\n    y = y * 1.5 + 1\n    n = y.norm().item();"
        Session().run(source)
        return executed["mul"] + executed["add"]

    assert steps(80) == 2 * steps(40)


def test_values_of_many_bytes_are_the_same_when_they_are_let_go_early() -> None:
    y = tensor([1.0])
    value = METHODS["reshape"](mul(exp(y), 0.0), (1,))
    start = METHODS["expand"](value, (1 << 20,))
    ours, theirs = start, np.zeros(1 << 20, np.float32)
    for _ in range(12):
        ours = mul(OPERATORS["+"](ours, 1.0), ours)
        theirs = (theirs + np.float32(1)) * theirs
    np.testing.assert_array_equal(compute([ours.array])[0], theirs)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32"])
@pytest.mark.parametrize("function", ["cumsum", "cumprod"])
def test_running_sums_and_products_are_of_the_type_that_is_asked_for(function: str, dtype: str) -> None:
    session = Session(evaluator=evaluate)
    value = session.evaluate(f"torch.tensor([100, 3, 2], dtype=torch.{dtype}).{function}(0, dtype=torch.{dtype})").value.numpy()
    assert value.dtype == dtype
    assert value.tolist() == getattr(np, function)(np.array([100, 3, 2]), dtype=dtype).tolist()
