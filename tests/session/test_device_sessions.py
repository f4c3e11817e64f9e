"""A session on a device: what it evaluates is kept there, and reports fetch each result once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("array_api_strict", reason="the fake device is array-api-strict's")

from gradcli.engine.devices.evaluator import DeviceEvaluator
from gradcli.lazy import settings
from gradcli.session import Session
from tests.engine.strict_device import Strict


@pytest.fixture
def library() -> Iterator[Strict]:
    before = settings.evaluator, settings.device
    yield Strict()
    settings.evaluator, settings.device = before


def test_an_evaluation_copies_each_input_and_each_reported_result_once(library: Strict) -> None:
    session = Session(evaluator=DeviceEvaluator(library))
    session.bind_value("x", np.ones((2, 2), np.float32))
    evaluation = session.evaluate("mean((x+2)*(x+2)*3)")
    assert (library.sent, library.fetched) == ([(2, 2)], [])
    assert evaluation.tensor is not None and evaluation.grads is not None
    assert evaluation.tensor.item() == 27.0
    assert evaluation.grads["x"].tolist() == [[4.5, 4.5], [4.5, 4.5]]
    assert (library.sent, library.fetched) == ([(2, 2)], [(), (2, 2)])


def test_a_training_loop_sends_its_data_once_and_fetches_what_it_prints(library: Strict) -> None:
    printed: list[str] = []
    session = Session(evaluator=DeviceEvaluator(library), write=printed.append)
    session.bind_value("x", np.linspace(0, 1, 6, dtype=np.float32).reshape(3, 2), requires_grad=False)
    session.bind_value("w", np.zeros(2, np.float32))
    session.run(
        "for step in range(5):\n    loss = ((x @ w - 1)**2).mean()\n    loss.backward()\n"
        "    with torch.no_grad():\n        w -= 0.1 * w.grad\n    w.grad = None\nprint(loss.item())"
    )
    assert sorted(library.sent) == [(2,), (3, 2)]
    assert library.fetched == [()]
    assert float(printed[0]) < 1


def test_tensors_say_which_device_they_are_on(library: Strict) -> None:
    printed: list[str] = []
    session = Session(evaluator=DeviceEvaluator(library), write=printed.append)
    session.run(
        "device = 'cuda' if torch.cuda.is_available() else 'cpu'\nx = torch.ones(2, device=device)\n"
        "print(x, x.device, x.to(x.device).device == x.device, torch.cuda.device_count())"
    )
    assert printed == ["tensor([1., 1.], device='cuda:0') cuda:0 True 1\n"]


def test_the_next_session_is_on_the_cpu_again(library: Strict) -> None:
    Session(evaluator=DeviceEvaluator(library)).evaluate("1 + tensor(1.)")
    assert Session().evaluate("torch.ones(1).device").value.type == "cpu"
