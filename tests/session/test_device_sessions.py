"""A session on a device: what it evaluates is kept there, and reports fetch each result once."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("array_api_strict", reason="the fake device is array-api-strict's")

import gradcli
from gradcli.engine.devices.evaluator import DeviceEvaluator
from gradcli.errors import DeviceUnavailable, GradcliError
from gradcli.session import Session
from tests.engine.host_kernels import Kernels, needs_compiler
from tests.engine.strict_device import Strict


@pytest.fixture
def library() -> Strict:
    return Strict()


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


#: Each prints a number every tenth time.
LOOPS = {
    "classes of all rows": "loss = F.cross_entropy(x @ w, t)",
    "rows by their numbers": "loss = F.cross_entropy((x @ w)[t], t)",
    "other rows each time": "rows = torch.randperm(3)[:2]\n    loss = F.cross_entropy(x[rows] @ w, t[rows])",
    "a value and gradients of it": "loss = F.mse_loss(torch.tanh(x @ w), torch.sigmoid(x @ w).detach())",
}


@pytest.mark.parametrize("step", LOOPS.values(), ids=LOOPS)
def test_a_hundred_steps_send_their_data_once_and_fetch_what_they_print(step: str, library: Strict) -> None:
    session = Session(evaluator=DeviceEvaluator(library), write=lambda text: None)
    session.bind_value("x", np.linspace(0, 1, 6, dtype=np.float32).reshape(3, 2), requires_grad=False)
    session.bind_value("t", np.array([2, 0, 1]), requires_grad=False)
    session.bind_value("w", np.zeros((2, 4), np.float32))
    session.run(
        f"for step in range(100):\n    {step}\n    loss.backward()\n    with torch.no_grad():\n        w -= 0.1 * w.grad\n"
        "    w.grad = None\n    if step % 10 == 0:\n        print(loss.item())"
    )
    drawn = library.sent.count((3,)) - 1 if "randperm" in step else 0
    assert set(library.fetched) == {()} and len(library.fetched) == 10
    assert len(library.sent) - drawn <= 3 and drawn in (0, 91)  # no step after the last print is computed


#: Expressions, and how many kernels compute them and their gradients.
FUSED = {
    "mean((x+2)*(x+2)*3)": 1,
    "(F.softmax(x, -1) * torch.sigmoid(y)).sum()": 4,
    "F.cross_entropy(x @ y.T, t)": 5,
    "F.gelu(x).sum() + F.layer_norm(y, (4,)).pow(3).sum()": 5,
}


@needs_compiler
@pytest.mark.parametrize("text", FUSED)
def test_kernels_give_the_value_and_the_gradients(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.engine.devices.evaluator.FUSED_AT_ONCE", 1)
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(3, 4)), "y": rng.normal(size=(3, 4)), "t": np.array([2, 0, 1])}
    library = Kernels()
    found, expected = [], []
    for results, evaluator in ((found, DeviceEvaluator(library)), (expected, None)):
        session = Session(evaluator=evaluator, dtype="float64")
        session.bind_values({name: array for name, array in arrays.items() if name in text})
        evaluation = session.evaluate(text)
        assert evaluation.tensor is not None and evaluation.grads is not None
        results += [each.numpy() for each in (evaluation.tensor, *evaluation.grads.values())]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-14)
    assert len(library.made) == FUSED[text]


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


#: What PyTorch says of a tensor on the first GPU.
ON_A_GPU = {
    "x.is_cuda": True,
    "x.is_cpu": False,
    "x.get_device()": 0,
    "x.type()": "torch.cuda.FloatTensor",
    "str(x.to('cuda').device)": "cuda:0",
    "str(x.cuda().device)": "cuda:0",
    "str(x.to('cuda:0', torch.float64).device)": "cuda:0",
    "str(torch.zeros_like(x).device)": "cuda:0",
    "(x.device.type, x.device.index)": ("cuda", 0),
    "x.to('cuda') is x": True,
    "x.cpu().detach().numpy().tolist()": [1.0, 1.0],
    "torch.cuda.current_device()": 0,
    "x.to('cuda:0' if x.is_cuda else 'cpu').device == x.device": True,
}


@pytest.mark.parametrize("text", ON_A_GPU)
def test_a_tensor_says_of_its_device_what_pytorch_says(text: str, library: Strict) -> None:
    session = Session(evaluator=DeviceEvaluator(library))
    session.bind_value("x", np.ones(2, np.float32))
    assert session.evaluate(text).value == ON_A_GPU[text]


def test_a_seed_for_the_gpu_is_the_programs_seed_where_there_is_one(library: Strict) -> None:
    def drawn(session: Session) -> list[float]:
        return [session.evaluate("torch.cuda.manual_seed_all(3)\nrand(1).item()").value for _ in range(2)]

    assert len(set(drawn(Session(evaluator=DeviceEvaluator(library))))) == 1
    assert len(set(drawn(Session(seed=1)))) == 2


def test_a_device_that_the_program_does_not_run_on_is_an_error(library: Strict) -> None:
    session = Session(evaluator=DeviceEvaluator(library))
    session.run("x = torch.ones(2)")
    for text in ("x.to('cuda:1')", "torch.ones(2, device='cuda:7')", "x.cuda(3)"):
        with pytest.raises(GradcliError):
            session.evaluate(text)
    with pytest.raises(DeviceUnavailable, match="CUDA"):
        Session().evaluate("torch.cuda.current_device()")


def test_python_code_names_the_device_and_gets_numpy_arrays(library: Strict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.engine.devices.library_of", {"cuda": library}.__getitem__)
    f = gradcli.compile("sum(x**2)", device="cuda")
    first, second = f(x=[1.0, 2.0]), f(x=np.array([3.0, 4.0]))
    assert (first.value, second.value) == (5.0, 25.0)
    assert first.grads is not None and second.grads is not None
    np.testing.assert_array_equal(first.grads["x"], [2, 4])
    np.testing.assert_array_equal(second.grads["x"], [6, 8])
    assert type(second.grads["x"]) is np.ndarray and second.grads["x"].dtype == np.float64
    assert gradcli.evaluate("x * 2", device="cuda", x=3).value == 6.0


def test_a_device_that_is_not_there_is_an_error_from_python_too() -> None:
    with pytest.raises(DeviceUnavailable, match="there is no device 'gpu'"):
        gradcli.evaluate("1 + x", device="gpu", x=1)
