"""Half precision: what sums many elements keeps them in single precision and rounds once, as PyTorch does."""

from __future__ import annotations

from functools import partial

import pytest

from gradcli.engine import whole
from gradcli.lazy import settings
from tests.engine.test_blocks import streamed
from tests.oracle import gradcli_side

BINDINGS = """
ones = torch.ones(100000, dtype=torch.float16)
numbers = torch.arange(2000).half()
"""

#: Programs and what PyTorch 2.13 prints for them.
PROGRAMS = {
    "ones.mean()": 1.0,
    "ones.mean(0, keepdim=True)[0]": 1.0,
    "numbers.mean()": 999.5,
    "numbers.std()": 577.5,
    "torch.var_mean(numbers)[1]": 999.5,
    "torch.std_mean(numbers)[0]": 577.5,
    "numbers.norm()": 51616.0,
    "torch.linalg.vector_norm(ones * 300, 3)": 13928.0,
    "(ones * 1.001).cumsum(0)[60000]": 60032.0,
    "(ones * 1.0009765625)[:5000].cumprod(0)[-1]": 131.625,
    "ones[:70000] @ (ones[:70000] * 0.5)": 35008.0,
    "(ones[None, :70000] @ (ones[:70000, None] * 0.5))[0, 0]": 35008.0,
    "F.l1_loss(ones * 300, ones)": 299.0,
    "F.layer_norm(numbers, (2000,))[0]": -1.7314453125,
    "F.softmax(ones, 0)[0]": 1.0013580322265625e-05,
}

GRADIENTS = {
    "(one * ones[:60000]).sum()": 60000.0,
    "one.expand(60000).sum()": 60000.0,
    "(one * ones).mean()": 1.0,
}


@pytest.fixture(params=["whole", "blocks"])
def executor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to compute on the CPU; blocks are short, so that there are many parts to merge."""
    monkeypatch.setattr(settings, "evaluator", whole.evaluate if request.param == "whole" else partial(streamed, rows=500))


@pytest.mark.usefixtures("executor")
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_value_is_that_of_pytorch(program: str) -> None:
    assert gradcli_side.evaluate(BINDINGS + program).item() == pytest.approx(PROGRAMS[program], rel=2e-3)


@pytest.mark.usefixtures("executor")
@pytest.mark.parametrize("program", GRADIENTS)
def test_the_gradient_is_that_of_pytorch(program: str) -> None:
    one = "one = torch.ones(1, dtype=torch.float16, requires_grad=True)\n"
    found = gradcli_side.evaluate(f"{BINDINGS}{one}result = {program}\nresult.backward()\none.grad")
    assert found.item() == pytest.approx(GRADIENTS[program], rel=2e-3)


@pytest.mark.parametrize(
    ("program", "exact"),
    [
        ("torch.logsumexp(ones, 0)", 12.5129),  # PyTorch: inf
        ("torch.log_softmax(ones, 0)[0]", -11.5129),  # PyTorch: -inf
        ("(ones * 1.0009765625)[:5000].prod()", 131.72),  # PyTorch: 111.5
    ],
)
def test_what_pytorch_rounds_on_the_way_is_exact(program: str, exact: float) -> None:
    assert gradcli_side.evaluate(BINDINGS + program).item() == pytest.approx(exact, rel=1e-3)
