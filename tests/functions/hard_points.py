"""Points where plain formulas overflow or lose their digits: functions, their exact values by mpmath, and PyTorch's errors there.

`python -m tests.functions.hard_points` writes PyTorch's errors into a golden file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from math import inf
from pathlib import Path
from typing import NamedTuple

import mpmath
import numpy as np
from mpmath import mp, mpf

GOLDEN = Path(__file__).with_name("golden_accuracy.json")

Exact = Callable[[mpf], mpf]


class Claim(NamedTuple):
    """An expression in x, what it is exactly, where it is looked at, and how far its value and its slope may be off at most."""

    expression: str
    exact: Exact
    points: list[float]
    value: float = inf
    slope: float = inf

    @property
    def title(self) -> str:
        """What it is called in tests and in the golden file."""
        return f"{self.expression} at {self.points[0]:g}"


def normal_cdf(x: mpf) -> mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-x))


def softplus(x: mpf) -> mpf:
    return mpmath.log1p(mpmath.exp(x))


def log_of_gamma(x: mpf) -> mpf:
    return mpmath.log(abs(mpmath.gamma(x)))


def log_of_gamma_of_2(x: mpf) -> mpf:
    return log_of_gamma(x) + log_of_gamma(x - mpf(1) / 2) + mpmath.log(mp.pi) / 2


def log_of_three(x: mpf) -> mpf:
    return mpmath.log(mpmath.exp(x) + mpmath.exp(-x) + mpmath.e)


#: Many points, since at single ones it is chance whose rounding is nearer.
TO_10 = [-3.0, 7.9, 8.1, *(number / 8 for number in range(1, 80))]
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
    Claim("torch.hypot(x, 2 * x)", lambda x: mpmath.sqrt(5) * abs(x), [1e-160, 1e-150, -1e-20, 1e-8, 1e150], 1, 2),
    Claim("torch.atan2(x, x * x)", lambda x: mpmath.atan2(x, x * x), [1e-100, 1e-20, 1e-8, -1e-8, 0.1], 1, 3),
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
    Claim("torch.erfinv(x)", mpmath.erfinv, [1e-300, 1e-8, 0.1, 0.5, 0.9, 0.9999, 1 - 1e-8, NEXT_TO_1, -0.7], 2, 4),
    Claim("torch.erfinv(x)", mpmath.erfinv, [0.99, -0.999, 0.9999, 1 - 1e-6, 1e-10 - 1, 1 - 1e-12, 1 - 1e-14, NEXT_TO_1], 2, 4),
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
    Claim("torch.i0(x)", lambda x: mpmath.besseli(0, x), [1e-10, *TO_10, 700.0], 2, 8),
    Claim(
        "torch.special.i0e(x)",
        lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)),
        [1e-10, *TO_10],
        3,
        90,
    ),
    Claim(
        "torch.special.i1(x)",
        lambda x: mpmath.besseli(1, x),
        [1e-10, 1e-5, *TO_10, 700.0],
        8,
        5,
    ),
    Claim(
        "torch.special.i1e(x)",
        lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)),
        [1e-5, *TO_10],
        6,
        201,
    ),
    # norms of small and large numbers
    Claim("torch.stack([x, x * 2]).norm()", lambda x: mpmath.sqrt(5) * abs(x), [1e-140, 1.0, -5.0, 1e140], 1, 1),
    Claim("torch.stack([x, x * 0]).norm()", abs, [1e-150, -1e-100, 1e-8], 1, 1),
    Claim("torch.stack([x, x * 2]).norm(p=3)", lambda x: mpmath.cbrt(9) * abs(x), [1.0, -5.0, 1e20, 1e-20], 30, 60),
    # more of the special functions
    Claim("torch.erf(x)", mpmath.erf, [1e-300, 1e-10, 0.1, 1.0, 3.0, -0.5]),
    Claim("torch.erfc(x)", mpmath.erfc, [1e-10, 0.1, 1.0, 3.0, 6.0, -0.5]),
    Claim("torch.erfc(x)", mpmath.erfc, [20.0, 26.0]),
    Claim("torch.special.ndtr(x)", normal_cdf, [0.0, 1e-10, 1.0, 5.0, -0.5, -2.0, -5.0]),
    Claim("torch.special.ndtr(x)", normal_cdf, [-20.0, -37.0]),
    Claim("torch.polygamma(2, x)", lambda x: mpmath.polygamma(2, x), [1e-5, 0.1, 1.0, 2.0, 10.0, 1e5]),
    Claim("torch.polygamma(3, x)", lambda x: mpmath.polygamma(3, x), [1e-5, 0.1, 1.0, 10.0]),
    Claim("torch.mvlgamma(x, 2)", log_of_gamma_of_2, [0.51, 0.9, 1.7, 3.0, 10.0, 1e5]),
    Claim("torch.xlogy(x, x)", lambda x: x * mpmath.log(x), [1e-300, 0.1, 0.999, 1.001, 5.0]),
    Claim("torch.xlogy(2.5, x)", lambda x: mpf(2.5) * mpmath.log(x), [1e-300, 0.1, 0.999, 1 + 1e-10, 5.0]),
    # trigonometry near its ends
    Claim("torch.acos(x)", mpmath.acos, [1e-10, 0.5, 0.999, 1 - 1e-10, -0.999]),
    Claim("torch.asin(x)", mpmath.asin, [1e-300, 1e-10, 0.5, 0.999, 1 - 1e-10]),
    Claim("torch.acosh(x)", mpmath.acosh, [1 + 1e-10, 1.001, 2.0, 1e8, 1e300]),
    Claim("torch.asinh(x)", mpmath.asinh, [1e-300, 1e-10, 0.5, 1e8, 1e300, -3.0]),
    Claim("torch.atanh(x)", mpmath.atanh, [1e-300, 1e-10, 0.5, 0.999, NEXT_TO_1]),
    Claim("torch.sin(x)", mpmath.sin, [1e-300, 0.1, 3.0, 22.0, 1e5, -1e10]),
    Claim("torch.tan(x)", mpmath.tan, [1e-300, 0.1, 1.5, 22.0, 1e5]),
    Claim("torch.sinh(x)", mpmath.sinh, [1e-300, 1e-10, 0.1, 20.0, -700.0]),
    Claim("torch.rsqrt(x)", lambda x: 1 / mpmath.sqrt(x), [1e-200, 0.1, 3.0, 1e200]),
    # sums, deviations and softmax
    Claim("torch.softmax(torch.stack([x, x * 0]), 0)[0]", sigmoid, [0.0, 1e-10, 1.0, -1.0, -20.0, -700.0]),
    Claim("F.softmin(torch.stack([x, x * 0]), 0)[0]", lambda x: sigmoid(-x), [0.0, 1e-10, 1.0, 20.0, 700.0]),
    Claim("torch.var(torch.stack([x, x * 0 + 1e8]))", lambda x: (x - 10**8) ** 2 / 2, [1e8 + 0.25, 1e8 - 1.5, 3.0]),
    Claim("torch.std(torch.stack([x, x * 0 + 1e8]))", lambda x: abs(x - 10**8) / mpmath.sqrt(2), [1e8 + 0.25, 1e8 - 1.5]),
    Claim("torch.linalg.vector_norm(torch.stack([x, -x, x]))", lambda x: mpmath.sqrt(3) * abs(x), [1e-140, 1.0, 1e140]),
    Claim("torch.dist(x, x * 0 + 1)", lambda x: abs(x - 1), [1e-10, 1 + 1e-10, 1e140]),
    # losses
    Claim("F.binary_cross_entropy(x, x * 0 + 1)", lambda x: -mpmath.log(x), [1e-30, 0.1, 0.5, 1 - 1e-10]),
    Claim("F.binary_cross_entropy(x, x * 0)", lambda x: -mpmath.log1p(-x), [1e-30, 1e-10, 0.1, 0.5, 1 - 1e-10]),
    Claim("F.binary_cross_entropy_with_logits(x, x.detach() * 0)", softplus, [0.0, 1e-10, 1.0, -20.0, -700.0]),
    Claim("F.cross_entropy(torch.stack([x, x * 0]), torch.tensor(0))", lambda x: softplus(-x), [0.0, 1e-10, 1.0, 30.0, -800.0]),
    Claim("F.soft_margin_loss(x, x.detach() * 0 + 1)", lambda x: softplus(-x), [0.0, 1e-10, 1.0, 30.0, -20.0]),
    Claim(
        "F.multilabel_soft_margin_loss(torch.stack([x])[None], torch.ones(1, 1, dtype=torch.float64))",
        lambda x: softplus(-x),
        [0.0, 1e-10, 1.0, 30.0, -800.0],
    ),
    Claim(
        "F.gaussian_nll_loss(x, x.detach() * 0 + 1, x.detach() * 0 + 0.25)",
        lambda x: (mpmath.log(mpf(0.25)) + (x - 1) ** 2 * 4) / 2,
        [1e-10, 0.5, 1 + 1e-8, 1e5],
    ),
    Claim("F.gaussian_nll_loss(x * 0 + 1, x * 0, x)", lambda x: (mpmath.log(x) + 1 / x) / 2, [1e-5, 0.1, 0.9, 1e5]),
    Claim("F.poisson_nll_loss(x, x.detach() * 0 + 2)", lambda x: mpmath.exp(x) - 2 * x, [0.1, 1e-10, 20.0, -30.0]),
    Claim(
        "F.poisson_nll_loss(x, x.detach() * 0 + 2, log_input=False, eps=0.0)",
        lambda x: x - 2 * mpmath.log(x),
        [1e-30, 0.1, 1.0, 1e5],
    ),
    Claim("F.kl_div(x, x.detach() * 0 + 0.3, reduction='sum')", lambda x: mpf(0.3) * (mpmath.log(mpf(0.3)) - x), [0.5, -5.0]),
    Claim("F.kl_div(x * 0 - 1, x, reduction='sum')", lambda x: x * (mpmath.log(x) + 1), [1e-300, 0.1, 0.9, 5.0]),
]


def in_last_places(found: float, exact: mpf) -> float:
    """How far a number is from the exact one, in units in the last place of that."""
    nearest = float(exact)
    return float(abs(mpf(found) - exact) / mpf(np.spacing(abs(nearest)))) if np.isfinite(found) else float("inf")


def program(claim: Claim, point: float) -> str:
    """What gives the value and the slope at a point, in both languages."""
    leaf = f"x = torch.tensor({point!r}, dtype=torch.float64, requires_grad=True)\n"
    return f"{leaf}result = {claim.expression}\nresult.backward()\n(result.detach(), x.grad)"


def errors(claim: Claim, point: float, value: float, slope: float) -> list[float]:
    """How far a value and a slope at a point are off."""
    x = mpf(point)
    with mp.workdps(100):
        exact_slope = mpmath.diff(claim.exact, x, h=mpf(10) ** -32 * (abs(x) or 1))
        return [in_last_places(value, claim.exact(x)), in_last_places(slope, exact_slope)]


def worst(claim: Claim, found: Callable[[str], tuple[float, float]]) -> list[float]:
    """How far values and slopes are off at most, over the points of a claim; an infinite error as a large number."""
    off = [errors(claim, point, *found(program(claim, point))) for point in claim.points]
    return [min(round(max(column), 2), 1e300) for column in zip(*off, strict=True)]


@cache
def worst_of_pytorch() -> dict[str, list[float]]:
    """The golden file: how far PyTorch's values and slopes are off at most, by claim."""
    recorded: dict[str, list[float]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return recorded


def main() -> None:
    """Write PyTorch's errors, one line a claim."""
    from tests.oracle import torch_side

    def of_pytorch(program: str) -> tuple[float, float]:
        _, (value, slope) = torch_side.run(program)
        return value.item(), slope.item()

    lines = [f"{json.dumps(claim.title)}: {json.dumps(worst(claim, of_pytorch))}" for claim in CLAIMS]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
