"""What is evaluated again with other numbers is not planned again, and has the bits that it would have."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import gradcli
from gradcli.engine import schedule
from gradcli.engine.blocks import stream_steps
from gradcli.engine.evaluation import evaluate
from gradcli.engine.order import Step, reachable, share
from gradcli.engine.plan import Plan, plan
from gradcli.errors import LimitExceeded
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import DType, float32, float64
from gradcli.lazy.shapes import Size
from gradcli.lazy.simplify import rounded
from gradcli.session import Session

RNG = np.random.default_rng(0)
SIZE = 200_000

TRAINING = """
for step in range(6):
    loss = ((w * x - t) ** 2 + torch.exp(-w * x)).mean()
    loss.backward()
    with torch.no_grad():
        w -= {rate} * w.grad
    w.grad = None
    last = loss.item()
"""


@pytest.fixture(autouse=True)
def plans(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many steps each plan had that was made, where none is known to start with."""
    made: list[int] = []

    def counted(steps: list[Step], wanted: set[LazyArray], least_elements: int) -> Plan | None:
        made.append(len(steps))
        return plan(steps, wanted, least_elements)

    monkeypatch.setattr(schedule, "plan", counted)
    schedule._known.clear()
    yield made
    schedule._known.clear()


def given(*shape: int, dtype: DType = float64) -> LazyArray:
    return ops.from_buffer(RNG.standard_normal(shape).astype(dtype.name), dtype)


def streamed(*roots: LazyArray) -> list[np.ndarray]:
    steps, canonical = share(reachable(list(roots))[0])
    assert stream_steps(list(roots), steps, canonical, least_elements=100)
    return [root.buffer for root in roots if root.buffer is not None]


def training(rate: str) -> list[np.ndarray]:
    """The weights and the gradient after a few steps."""
    session = Session()
    rng = np.random.default_rng(1)
    for name in ("x", "t", "w"):
        session.bind_value(name, rng.standard_normal(SIZE).astype(np.float32), requires_grad=name == "w")
    session.run(TRAINING.format(rate=rate))
    return [session.scope["w"].numpy(), session.scope["loss"].numpy()]


def test_a_training_loop_is_planned_when_it_is_first_met_and_for_any_numbers_when_it_is_met_again(plans: list[int]) -> None:
    training("0.1")
    first = len(plans)
    assert first <= 5  # the first step and the last update have structures of their own
    training("0.1")
    training("0.1")
    assert len(plans) == first + 2  # those again, for any numbers


def test_a_remembered_plan_gives_the_bits_of_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = training("0.1")
    monkeypatch.setattr(schedule, "MOST_STEPS", 0)
    for found, expected in zip(remembered, training("0.1"), strict=True):
        assert found.tobytes() == expected.tobytes()


def test_a_number_that_changes_in_each_step_is_not_taken_for_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = training("0.1 / (step + 1)")
    monkeypatch.setattr(schedule, "MOST_STEPS", 0)
    for found, expected in zip(remembered, training("0.1 / (step + 1)"), strict=True):
        assert found.tobytes() == expected.tobytes()


def _scaled(factor: float, dtype: DType = float64, rows: int = 500) -> list[LazyArray]:
    x = given(rows, 3, dtype=dtype)
    return [ops.binary("mul", ops.unary("exp", x), ops.constant(rounded(factor, dtype), dtype))]


def _twice(first: bool) -> list[LazyArray]:
    x, y = given(500, 3), given(500, 3)
    return [ops.binary("sub", x, y if first else x)]


DIFFERENT: dict[str, list[Callable[[], list[LazyArray]]]] = {
    "numbers": [lambda: _scaled(2.5), lambda: _scaled(3.5)],
    "signs of zero": [lambda: _scaled(0.0), lambda: _scaled(-0.0)],
    "dtypes": [lambda: _scaled(2.5), lambda: _scaled(2.5, float32)],
    "shapes": [lambda: _scaled(2.5), lambda: _scaled(2.5, rows=501)],
    "axes": [lambda: [ops.reduce("sum", given(500, 3), (0,), False)], lambda: [ops.reduce("sum", given(500, 3), (1,), False)]],
    "what is the same array": [lambda: _twice(True), lambda: _twice(False)],
    "what is wanted": [
        lambda: _scaled(2.5),
        lambda: [_scaled(2.5)[0].operands[0]],
        lambda: [*(r := _scaled(2.5)), r[0].operands[0]],
    ],
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_evaluations_that_differ_are_not_taken_for_each_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for make in DIFFERENT[name] * 3:
        state = RNG.bit_generator.state
        found = streamed(*make())
        RNG.bit_generator.state = state
        with monkeypatch.context() as patch:
            patch.setattr(schedule, "MOST_STEPS", 0)
            expected = streamed(*make())
        assert [array.tobytes() for array in found] == [array.tobytes() for array in expected]


def test_what_has_no_axis_to_stream_over_is_known_too(plans: list[int]) -> None:
    for _ in range(4):
        root = ops.unary("exp", given(5))
        steps, canonical = share(reachable([root])[0])
        assert not stream_steps([root], steps, canonical, least_elements=100)
    assert len(plans) == 2


def test_no_more_structures_are_known_than_agreed() -> None:
    for rows in range(200, 200 + 2 * schedule.MOST_KNOWN):
        streamed(*_scaled(2.5, rows=rows))
    assert len(schedule._known) == schedule.MOST_KNOWN


def test_what_is_used_often_is_not_forgotten_for_what_comes_once(plans: list[int]) -> None:
    for rows in range(200, 200 + 2 * schedule.MOST_KNOWN):
        streamed(*_scaled(2.5, rows=rows))
        streamed(*_scaled(2.5, rows=100))
    assert len(plans) == 2 * schedule.MOST_KNOWN + 2


def test_a_remembered_plan_holds_no_numbers() -> None:
    alive = []
    for _ in range(3):
        (root,) = _scaled(2.5)
        x = root.operands[0].operands[0]
        streamed(root)
        alive += [weakref.ref(array) for array in (x.buffer, root.buffer) if array is not None]
    del root, x
    gc.collect()
    assert [reference() for reference in alive] == [None] * 6


def test_inputs_count_for_the_limit_of_memory_each_time() -> None:
    session = Session(max_memory=SIZE * 4 * 3)
    session.bind_value("x", np.ones(SIZE, np.float32))
    messages = set()
    for _ in range(3):
        session.evaluate("x.exp()", no_grad=True)
        with pytest.raises(LimitExceeded) as caught:
            session.evaluate("(x.exp(), x.sin(), x.cos())", no_grad=True)
        messages.add(caught.value.message)
    assert len(messages) == 1


def test_what_is_small_once_it_is_rewritten_is_computed_as_rewritten() -> None:
    x = ops.from_buffer(np.ones(1), float64)
    root = ops.reduce("sum", ops.broadcast_to(x, Size((10**6, 10**6))), (0, 1))
    (value,) = evaluate([root])  # would take minutes
    assert value == 1e12


def test_the_first_evaluation_has_the_bits_of_the_next_where_the_same_is_written_twice() -> None:
    x = RNG.normal(size=(300, 1000)) * 10
    expression = "((exp(sin(x.t())) * cos(x.t())) * cos(x).sum()).sum()"
    first, *others = (gradcli.evaluate(expression, x=x, dtype="float64").value.tobytes() for _ in range(3))
    assert others == [first, first]
