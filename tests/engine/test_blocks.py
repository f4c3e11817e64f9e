"""The block executor gives what the whole-array evaluator gives, whatever the size of a block and the number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from queue import SimpleQueue
from time import sleep
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from gradcli.engine import blocks, evaluation, whole
from gradcli.engine import threads as engine_threads
from gradcli.engine.blas import one_thread
from gradcli.engine.order import reachable, share
from gradcli.lazy import LazyArray, settings
from gradcli.session import Session
from tests.oracle import gradcli_side
from tests.oracle.cases import OWN_GRAPHS, Case, all_cases
from tests.oracle.golden_files import golden
from tests.oracle.observation import differences

Evaluator = Callable[[Sequence[LazyArray]], list[np.ndarray]]


def streamed(roots: Sequence[LazyArray], rows: int) -> list[np.ndarray]:
    """An evaluator that streams everything that it can, however small."""
    pending = [root for root in roots if root.buffer is None]
    steps, canonical = share(reachable(pending)[0])
    if not blocks.stream_steps(pending, steps, canonical, least_elements=1, rows=rows):
        whole.compute_steps(pending, steps, canonical)
    return [root.buffer for root in roots if root.buffer is not None]


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case.family}: {case.source}")
def test_every_program_has_its_value_and_gradients_in_blocks(case: Case, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "evaluator", partial(streamed, rows=rows))
    record = gradcli_side.observe(case.program())
    expected = golden(case.part)[case.source]
    aspects = ("value", "grads") if case.family in OWN_GRAPHS else ("value", "grads", "text")
    both = {aspect for aspect in aspects if aspect in expected and aspect in record}
    found = differences(
        {aspect: expected[aspect] for aspect in both}, {aspect: record[aspect] for aspect in both}, precision=case.precision
    )
    assert not found, case.source + "\n" + "\n".join(found)


PROGRAMS = {
    "polynomial": "mean((x+2)*(x+2)*3)",
    "logistic": "mean(log(1+exp(-x*0.7)) + sin(x)*tanh(x))",
    "softmax cross-entropy": "F.cross_entropy(x, (x.detach()*0).argmax(1))",
    "normalised rows": "F.layer_norm(x, (8,)).pow(2).sum()",
    "least squares": "mean((x @ w - x[:, 0].detach())**2)",
    "network": "F.mse_loss(relu(x @ W) @ w2, x[:, 0].detach())",
    "centred columns": "((x - x.mean(0))**2).sum()",
    "standardised": "((x - x.mean(0)) / x.std(0)).pow(3).mean()",
    "column products": "(x.T @ x).sum()",
    "broadcast row": "(x * b).sum(1).exp().mean()",
    "largest of columns": "x.amax(0).sum() + x.max()",
    "cumulative": "x.cumsum(1).tanh().sum()",
}


def _gradients(program: str, rows_of_x: int, evaluator: Evaluator, threads: int | None = None) -> dict[str, np.ndarray]:
    session = Session(seed=3, dtype="float64", evaluator=evaluator, threads=threads)
    rng = np.random.default_rng(5)
    for name, shape in {"x": (rows_of_x, 8), "w": (8,), "W": (8, 5), "w2": (5,), "b": (8,)}.items():
        session.bind_value(name, rng.standard_normal(shape))
    evaluation = session.evaluate(program)
    assert evaluation.tensor is not None and evaluation.grads is not None
    return {"value": evaluation.tensor.numpy(), **{name: gradient.numpy() for name, gradient in evaluation.grads.items()}}


@pytest.mark.parametrize("rows", [7, 64, 1000])
@pytest.mark.parametrize("name", PROGRAMS)
def test_blocks_of_any_size_agree_with_whole_arrays(name: str, rows: int) -> None:
    expected = _gradients(PROGRAMS[name], 501, whole.evaluate)
    found = _gradients(PROGRAMS[name], 501, partial(streamed, rows=rows))
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-11, atol=1e-13, err_msg=key)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_bits_do_not_depend_on_the_number_of_threads(name: str) -> None:
    results = [_gradients(PROGRAMS[name], 501, partial(streamed, rows=17), threads) for threads in (1, 2, 4)]
    for other in results[1:]:
        for key, value in results[0].items():
            assert value.tobytes() == other[key].tobytes(), key


@pytest.mark.parametrize("name", PROGRAMS)
def test_large_arrays_are_streamed_by_themselves(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _gradients(PROGRAMS[name], 40_000, whole.evaluate)
    streams = []

    def counting(*arguments: object, **keywords: object) -> bool:
        streams.append(stream_steps(*arguments, **keywords))
        return streams[-1]

    stream_steps: Callable[..., bool] = blocks.stream_steps
    monkeypatch.setattr(blocks, "stream_steps", counting)
    found = _gradients(PROGRAMS[name], 40_000, evaluation.evaluate)
    assert any(streams)
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-9, atol=1e-12, err_msg=key)


def test_a_fault_in_a_thread_reaches_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(node: object, values: object) -> None:
        raise ArithmeticError("in a block")

    monkeypatch.setitem(blocks.IMPLEMENTATIONS, "sign", fault)
    with pytest.raises(ArithmeticError, match="in a block"):
        _gradients("x.sign().sum() + x.sum()", 100, partial(streamed, rows=10), threads=2)


@pytest.mark.parametrize("function", [np.negative, np.isnan, np.isinf, np.isfinite], ids=lambda function: function.__name__)
@pytest.mark.parametrize("shape", [(7, 8), (20, 33)])
def test_one_column_at_a_time_is_stored_right(function: np.ufunc, shape: tuple[int, int]) -> None:
    x = np.arange(prod(shape), dtype=np.float64).reshape(shape)
    x[x % 7 == 0], x[x % 5 == 0] = np.nan, np.inf
    session = Session(evaluator=partial(streamed, rows=1))
    session.bind_value("x", x)
    found = session.evaluate(f"x.{function.__name__}()").tensor
    assert found is not None
    np.testing.assert_equal(found.numpy(), function(x))


def test_an_interruption_while_waiting_for_other_threads_stops_them(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    class Interrupted(SimpleQueue):  # type: ignore[type-arg]
        def get(self, *arguments: Any, **options: Any) -> Any:
            if threading.current_thread() is threading.main_thread() and calls:
                raise KeyboardInterrupt
            return super().get(*arguments, **options)

    def slow(node: LazyArray, values: list[np.ndarray]) -> np.ndarray:
        if threading.current_thread() is not threading.main_thread():
            calls.append(threading.get_ident())
            sleep(0.02)
        return np.asarray(np.sign(values[0]))

    monkeypatch.setattr(engine_threads, "SimpleQueue", Interrupted)
    monkeypatch.setitem(blocks.IMPLEMENTATIONS, "sign", slow)
    with pytest.raises(KeyboardInterrupt):
        _gradients("x.sign().sum() + x.sum()", 64_000, partial(streamed, rows=10), threads=2)
    sleep(0.2)
    made = len(calls)
    sleep(0.2)
    assert 0 < made == len(calls)  # a lane alone would take two seconds


def test_evaluations_in_several_threads_share_one_limit_of_the_matrix_library() -> None:
    def threads() -> set[int]:
        return {each["num_threads"] for each in ThreadpoolController().info() if each["user_api"] == "blas"}

    def compute() -> None:
        with one_thread():
            found.append(threads())
            has_begun.set()
            first_has_ended.wait(5)
            found.append(threads())

    found: list[set[int]] = []
    before, has_begun, first_has_ended = threads(), threading.Event(), threading.Event()
    second = threading.Thread(target=compute)
    with one_thread():
        second.start()
        assert has_begun.wait(5)
    first_has_ended.set()
    second.join()
    assert found == [{1}, {1}], "one ended while the other still computed"
    assert threads() == before
