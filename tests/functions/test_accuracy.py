"""Values and slopes in double precision against mpmath, at points where plain formulas overflow or lose their digits.

The bounds are in units in the last place of the exact number. Where one is large, so it is in PyTorch, whose formula has no more
digits to give there; elsewhere ours is at least as exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from gradcli.autograd import Tensor
from tests.oracle import gradcli_side

Exact = Callable[[mpf], mpf]


class Claim(NamedTuple):
    """An expression in x, what it is exactly, where it is looked at, and how far its value and its slope may be off."""

    expression: str
    exact: Exact
    points: list[float]
    value: float
    slope: float


def normal_cdf(x: mpf) -> mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-x))


def softplus(x: mpf) -> mpf:
    return mpmath.log1p(mpmath.exp(x))


def log_of_gamma(x: mpf) -> mpf:
    return mpmath.log(abs(mpmath.gamma(x)))


def log_of_three(x: mpf) -> mpf:
    return mpmath.log(mpmath.exp(x) + mpmath.exp(-x) + mpmath.e)


NEXT_TO_1 = 1 - 2.0**-53

CLAIMS = [
    # exponentials and their logarithms
    Claim("torch.expm1(x)", mpmath.expm1, [1e-300, 1e-20, 1e-8, 0.1, 700.0, -1e-20, -0.5], 1, 2),
    Claim("torch.log1p(x)", mpmath.log1p, [1e-300, 1e-20, 1e-8, 1e300, -1e-20, -0.999999, -NEXT_TO_1], 1, 1),
    Claim("torch.sigmoid(x)", sigmoid, [0.0, 1e-10, 1.0, -1.0, -20.0, -40.0, -700.0], 1, 3),
    Claim("torch.tanh(x)", mpmath.tanh, [1e-300, 1e-10, 0.1, 1.0, -0.5], 1, 3),
    Claim("F.softplus(x)", softplus, [0.0, 1e-10, 19.0, -1.0, -20.0, -40.0, -700.0], 1, 1),
    Claim("F.logsigmoid(x)", lambda x: -softplus(-x), [0.0, 1e-10, 1.0, 40.0, 700.0, -20.0, -800.0], 1, 1),
    Claim(
        "F.binary_cross_entropy_with_logits(x, x.detach() * 0 + 1, reduction='none')",
        lambda x: softplus(-x),
        [0.0, 1e-10, 1.0, -1.0, -20.0, -800.0],
        1,
        2,
    ),
    Claim("torch.logsumexp(torch.stack([x, -x, x * 0 + 1]), 0)", log_of_three, [0.0, 1.0, 2.0, 800.0, -800.0], 1, 4),
    Claim("torch.logcumsumexp(torch.stack([x, -x, x * 0 + 1]), 0)[2]", log_of_three, [0.0, 1.0, 2.0, 800.0, -800.0], 1, 4),
    Claim("torch.log_softmax(torch.stack([x, x * 0]), 0)[0]", lambda x: -softplus(-x), [0.0, 1e-10, -1.0, -40.0, -800.0], 1, 2),
    Claim("torch.logaddexp(x, -x)", lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(-x)), [0.0, 1.0, 2.0, 800.0, -800.0], 1, 4),
    Claim(
        "torch.logaddexp2(x, -x)",
        lambda x: mpmath.log(mpmath.power(2, x) + mpmath.power(2, -x), 2),
        [0.0, 1.0, 2.0, 800.0, -2000.0],
        1,
        4,
    ),
    Claim(
        "torch.logit(x)",
        lambda x: mpmath.log(x) - mpmath.log1p(-x),
        [1e-300, 0.24, 0.26, 0.4999999, 0.5000001, 0.6, 1 - 1e-10, NEXT_TO_1],
        2,
        2,
    ),
    Claim("torch.special.xlog1py(x, x)", lambda x: x * mpmath.log1p(x), [1e-150, 1e-10, 0.1, 1e5, -0.5], 1, 2),
    Claim("torch.special.entr(x)", lambda x: -x * mpmath.log(x), [1e-300, 0.1, 0.5, 0.999, 1.001, 5.0], 1, 4),
    # activations
    Claim("F.gelu(x)", lambda x: x * normal_cdf(x), [1e-300, 1e-10, 0.1, 1.0, 5.0, -0.5, -1.0, -2.0], 4, 4),
    Claim("F.gelu(x)", lambda x: x * normal_cdf(x), [-5.0, -8.0], 50, 4),
    Claim("F.silu(x)", lambda x: x * sigmoid(x), [1e-300, 1e-10, 1.0, 20.0, -1.0, -20.0, -700.0], 1, 8),
    Claim("F.mish(x)", lambda x: x * mpmath.tanh(softplus(x)), [1e-300, 1e-10, 1.0, 20.0, -1.0, -10.0, -40.0], 1, 10),
    Claim("F.elu(x)", mpmath.expm1, [-1e-300, -1e-10, -0.1, -1.0, -20.0], 1, 1),
    Claim("F.celu(x, 2.0)", lambda x: 2 * mpmath.expm1(x / 2), [-1e-300, -1e-10, -0.1, -1.0, -20.0], 1, 1),
    # trigonometry
    Claim(
        "torch.sinc(x)",
        lambda x: mpmath.sin(mp.pi * x) / (mp.pi * x),
        [1e-30, 1e-10, 1e-8, 1e-6, 1e-4, 0.01, 0.1, 0.318, 0.319, 0.5, -1e-5, -0.25],
        2,
        20,
    ),
    Claim("torch.hypot(x, x * 0 + 1)", lambda x: mpmath.sqrt(x * x + 1), [1e-30, 1e-8, 0.1, 1e8, 1e200, -3.0], 1, 1),
    Claim("torch.atan2(x, x * 0 + 1)", mpmath.atan, [1e-300, 1e-8, 0.1, 1.0, 1e8, -3.0], 1, 2),
    # gamma
    Claim(
        "torch.lgamma(x)",
        log_of_gamma,
        [1e-300, 0.1, 0.501, 0.9, 1 - 1e-10, 1 + 1e-15, 1.1, 1.499, 1.501, 2 - 1e-10, 2 + 1e-14, 2.499, 3.0, 10.0, -0.5, -10.3],
        4,
        4,
    ),
    Claim("torch.digamma(x)", mpmath.digamma, [1e-150, 1e-10, 0.1, 1.0, 1.4, 1.5, 10.0, 1e5, -1e-10, -1.5, -10.3], 4, 4),
    Claim("torch.polygamma(1, x)", lambda x: mpmath.zeta(2, x), [1e-10, 0.1, 1.0, 2.0, 10.0, 1e5], 3, 3),
    Claim("torch.special.zeta(2.5, x)", lambda x: mpmath.zeta(mpf("2.5"), x), [1e-5, 0.1, 1.0, 10.0, 1e5], 4, 5),
    # error functions and the normal distribution
    Claim("torch.erfinv(x)", mpmath.erfinv, [1e-300, 1e-8, 0.1, 0.5, 0.9, 0.9999, 1 - 1e-8, NEXT_TO_1, -0.7], 2, 40),
    Claim("torch.special.erfcx(x)", lambda x: mpmath.exp(x * x) * mpmath.erfc(x), [0.0, 1e-10, 0.1, 1.0, 30.0, -5.0], 2, 4000),
    Claim("torch.special.log_ndtr(x)", lambda x: mpmath.log(normal_cdf(x)), [0.0, 1e-10, 1.0, -0.9, -1.1, -20.0, -1e4], 4, 4),
    Claim("torch.special.log_ndtr(x)", lambda x: mpmath.log1p(-normal_cdf(-x)), [5.0, 10.0, 20.0, 37.0], 4, 2),
    Claim(
        "torch.special.ndtri(x)",
        lambda x: mpmath.sqrt(2) * mpmath.erfinv(2 * x - 1),
        [1e-10, 0.01, 0.3, 0.499999, 0.6, 0.9, 1 - 1e-10],
        2,
        40,
    ),
    # Bessel functions
    Claim("torch.i0(x)", lambda x: mpmath.besseli(0, x), [1e-10, 0.1, 1.0, 7.9, 8.1, 700.0, -3.0], 2, 7),
    Claim("torch.special.i0e(x)", lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)), [1e-10, 0.1, 1.0, 7.9, 8.1, -3.0], 3, 90),
    Claim("torch.special.i1(x)", lambda x: mpmath.besseli(1, x), [1e-10, 1e-5, 0.1, 7.9, 8.1, 700.0, -3.0], 7, 5),
    Claim("torch.special.i1e(x)", lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)), [1e-5, 0.1, 7.9, 8.1, -3.0], 6, 200),
    # norms of small and large numbers
    Claim("torch.stack([x, x * 2]).norm()", lambda x: mpmath.sqrt(5) * abs(x), [1e-140, 1.0, -5.0, 1e140], 1, 1),
    Claim("torch.stack([x, x * 2]).norm(p=3)", lambda x: mpmath.cbrt(9) * abs(x), [1.0, -5.0, 1e20, 1e-20], 30, 60),
]


def in_last_places(found: float, exact: mpf) -> float:
    """How far a number is from the exact one."""
    nearest = float(exact)
    return float(abs(mpf(found) - exact) / mpf(np.spacing(abs(nearest))))


def value_and_slope(expression: str, point: float) -> tuple[float, float]:
    """What gradcli gives at a point."""
    leaf = f"x = torch.tensor({point!r}, dtype=torch.float64, requires_grad=True)\n"
    found = gradcli_side.evaluate(f"{leaf}result = {expression}\nresult.backward()\n(result.detach(), x.grad)")
    value, slope = (tensor.item() for tensor in found if isinstance(tensor, Tensor))
    return value, slope


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.expression} at {claim.points[0]:g}")
def test_value_and_slope_are_exact_within_bounds(claim: Claim) -> None:
    for point in claim.points:
        value, slope = value_and_slope(claim.expression, point)
        x = mpf(point)
        with mp.workdps(100):
            exact, exact_slope = claim.exact(x), mpmath.diff(claim.exact, x, h=mpf(10) ** -32 * (abs(x) or 1))
            assert in_last_places(value, exact) <= claim.value, f"the value at {point!r} is {value!r}, not {float(exact)!r}"
            assert in_last_places(slope, exact_slope) <= claim.slope, f"the slope at {point!r} is {slope!r}, not {exact_slope}"


def test_a_variance_does_not_lose_its_digits_to_a_large_mean() -> None:
    numbers = [1e8 + part for part in (0.25, -1.5, 3.0, 0.125)]
    mean = sum(map(mpf, numbers)) / 4
    exact = sum((number - mean) ** 2 for number in map(mpf, numbers)) / 3
    found = gradcli_side.evaluate(f"torch.var(torch.tensor({numbers!r}, dtype=torch.float64))").item()
    assert in_last_places(found, exact) <= 1
