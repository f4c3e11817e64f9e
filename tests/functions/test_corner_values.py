"""Values at the corners of floating-point and integer numbers: what PyTorch 2.13 gives there."""

from __future__ import annotations

import pytest

from gradcli.errors import ValueFault
from gradcli.session import Session


def printed(program: str) -> str:
    """What a program prints, in float32."""
    texts: list[str] = []
    Session(write=texts.append).run(program)
    return "".join(texts)


def gradients(expression: str, x: float, y: float) -> str:
    """The gradients of an expression of two leaves."""
    leaves = f"x = tensor([{x!r}], requires_grad=True); y = tensor([{y!r}], requires_grad=True)"
    return printed(f"{leaves}\n({expression}).sum().backward(); print(x.grad, y.grad)")


@pytest.mark.parametrize(
    ("expression", "x", "y", "expected"),
    [
        ("x / y", 1e10, 1e20, "tensor([1.0000e-20]) tensor([-1.0000e-30])\n"),  # y * y would overflow
        ("x / y", 0.0, 1e-40, "tensor([inf]) tensor([-0.])\n"),  # y * y would be 0
        ("x / y * 1e-10", 1e-30, 1e-39, "tensor([1.0000e+29]) tensor([-inf])\n"),  # 1 / y would overflow
        ("x % y", 1.0, 0.1, "tensor([1.]) tensor([-9.])\n"),  # 0.1 is more than a tenth in float32
        ("x % y", 5.0, -float("inf"), "tensor([1.]) tensor([1.])\n"),
    ],
)
def test_gradients_of_quotients_do_not_overflow_on_the_way(expression: str, x: float, y: float, expected: str) -> None:
    assert gradients(expression, x, y) == expected


def test_the_sign_of_nan_is_0() -> None:
    assert printed("print(tensor([nan, -0.0, -inf]).sign(), tensor(nan).sign())") == "tensor([ 0.,  0., -1.]) tensor(0.)\n"


@pytest.mark.parametrize("expression", ["a // b", "a % b", "torch.fmod(a, b)", "torch.div(a, b, rounding_mode='trunc')"])
def test_integers_are_not_divided_by_0(expression: str) -> None:
    with pytest.raises(ValueFault, match="ZeroDivisionError"):
        printed(f"a = tensor([1, 2]); b = tensor([0, 1]); print({expression})")
    assert "tensor(" in printed(f"a = tensor([1., 2.]); b = tensor([0., 1.]); print({expression})")


def test_a_leaf_that_no_longer_requires_grad_gets_none() -> None:
    program = "x = ones(2, requires_grad=True); y = (x * 3).sum(); x.requires_grad_(False); y.backward(); print(x.grad)"
    assert printed(program) == "None\n"
