"""Exponentials, logarithms, powers, trigonometry."""

from __future__ import annotations

import mpmath
from mpmath import mp, mpf

from .claim import EVEN, NEAR_0, NEXT_TO_1, Claim, both, even, sizes

ALL_SIZES = both(sizes(1e-20, 1e150))
POSITIVE = [*even(0.5, 2), *sizes(1e-300, 1e300, 41), 1 - 1e-10, 1 + 1e-10]
SMALL = both([1e-300, 1e-20, 1e-8])


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-x))


def softplus(x: mpf) -> mpf:
    return mpmath.log1p(mpmath.exp(x))


def log_of_three(x: mpf) -> mpf:
    return mpmath.log(mpmath.exp(x) + mpmath.exp(-x) + mpmath.e)


def away(points: list[float], *zeros: float) -> list[float]:
    """Those that are not near numbers at which the function or its slope is 0, where it is chance who is nearer."""
    return [point for point in points if all(abs(point - zero) > 0.05 for zero in zeros)]


CLAIMS = [
    # exponentials and logarithms
    Claim("torch.exp(x)", mpmath.exp, [*even(-740, 709), *NEAR_0]),
    Claim("torch.exp2(x)", lambda x: mpf(2) ** x, [*even(-1070, 1023.5), *NEAR_0]),
    Claim("torch.expm1(x)", mpmath.expm1, [*even(-1, 40), *NEAR_0, *even(50, 709), *SMALL], 1, 2),
    Claim("torch.log(x)", mpmath.log, POSITIVE, 1, 1),
    Claim("torch.log2(x)", lambda x: mpmath.log(x, 2), POSITIVE),
    Claim("torch.log10(x)", mpmath.log10, POSITIVE),
    Claim("torch.log1p(x)", mpmath.log1p, [*even(-0.99, 3), *NEAR_0[:-1], *SMALL, *sizes(1, 1e300), -0.999999, -NEXT_TO_1], 1, 2),
    Claim("torch.logit(x)", lambda x: mpmath.log(x) - mpmath.log1p(-x), [*even(0.01, 0.99, 80), *sizes(1e-300, 0.1)], 2, 2),
    Claim("torch.logit(x)", lambda x: mpmath.log(x) - mpmath.log1p(-x), [0.4999999, 0.5000001, 1 - 1e-10, NEXT_TO_1], 2, 2),
    Claim("torch.xlogy(x, x)", lambda x: x * mpmath.log(x), [*away(even(0.01, 5, 99), 1 / mpmath.e), *sizes(1e-300, 0.1)]),
    Claim("torch.xlogy(2.5, x)", lambda x: mpf(2.5) * mpmath.log(x), POSITIVE),
    Claim("torch.special.xlog1py(x, x)", lambda x: x * mpmath.log1p(x), [*even(-0.9, 5, 80), 1e-150, *NEAR_0[:-1]]),
    Claim("torch.special.entr(x)", lambda x: -x * mpmath.log(x), [*away(even(0.01, 5, 99), 1 / mpmath.e), *sizes(1e-300, 0.1)]),
    Claim("torch.sigmoid(x)", sigmoid, [*even(-700, 0), *NEAR_0[:-1]]),
    Claim("torch.sigmoid(x)", sigmoid, even(1, 6), of_result=True, slope=600),
    Claim(
        "torch.logaddexp(x, -x)",
        lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(-x)),
        [0.0, *away(EVEN, 0), *even(50, 700), -800.0, 800.0],
        slope=6,
    ),
    Claim("torch.logaddexp(x, x * 0 + 0.5)", lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(mpf(0.5))), EVEN),
    Claim(
        "torch.logaddexp2(x, -x)",
        lambda x: mpmath.log(mpmath.power(2, x) + mpmath.power(2, -x), 2),
        [*EVEN, 0.0, 800.0, -2000.0, *even(-700, 700)],
    ),
    # powers
    Claim("torch.sqrt(x)", mpmath.sqrt, [*even(0.1, 10), *sizes(1e-300, 1e300)]),
    Claim("torch.rsqrt(x)", lambda x: 1 / mpmath.sqrt(x), [*even(0.1, 10), *sizes(1e-100, 1e200)]),
    Claim("torch.reciprocal(x)", lambda x: 1 / x, [*even(0.1, 10), *sizes(1e-100, 1e100)]),
    Claim("x ** 2.5", lambda x: x ** mpf(2.5), [*even(0.1, 10), *sizes(1e-100, 1e100)]),
    Claim("x ** -3", lambda x: x**-3, [*even(0.1, 10), *sizes(1e-70, 1e70)]),
    Claim("x ** 7", lambda x: x**7, [*even(0.1, 10), *sizes(1e-30, 1e30)]),
    Claim("torch.pow(x, x)", lambda x: x**x, [*sizes(1e-10, 0.3), *even(0.45, 20)]),
    Claim("torch.pow(2.5, x)", lambda x: mpf(2.5) ** x, even(-300, 300)),
    # trigonometry; sine and cosine of many elements come from the tangent, 2.4 units off at most, and many times faster
    Claim("torch.sin(x)", mpmath.sin, [*even(-30, 30, 201), 1e-300, *both(sizes(1e-20, 1e10))], margin=2.5),
    Claim("torch.cos(x)", mpmath.cos, [*even(-30, 30, 201), *both(sizes(1e-20, 1e10))], margin=2.5),
    Claim("torch.tan(x)", mpmath.tan, [*even(-30, 30, 201), 1e-300, *both(sizes(1e-20, 1e10))]),
    Claim("torch.asin(x)", mpmath.asin, [*even(-0.9, 0.9), *SMALL, *NEAR_0[1:20]]),
    Claim("torch.asin(x)", mpmath.asin, [0.999, 1 - 1e-10], slope=200_000),
    Claim("torch.acos(x)", mpmath.acos, [*even(-0.9, 0.9), *NEAR_0[1:20]]),
    Claim("torch.acos(x)", mpmath.acos, [-0.999, 0.999, 1 - 1e-10], slope=200_000),
    Claim("torch.atan(x)", mpmath.atan, [*even(-10, 10), *ALL_SIZES]),
    Claim("torch.sinh(x)", mpmath.sinh, [*even(-30, 30), *SMALL, *both(sizes(1e-20, 700))]),
    Claim("torch.cosh(x)", mpmath.cosh, [*even(-30, 30), *both(sizes(1e-20, 700))]),
    Claim("torch.tanh(x)", mpmath.tanh, [*even(-2, 2), *NEAR_0, *SMALL], slope=30, of_result=True),
    Claim("torch.asinh(x)", mpmath.asinh, [*even(-10, 10), *SMALL, *ALL_SIZES]),
    Claim("torch.acosh(x)", mpmath.acosh, [*even(1.1, 10), *sizes(2, 1e150)]),
    Claim("torch.acosh(x)", mpmath.acosh, [1 + 1e-10, 1.001], slope=130_000),
    Claim("torch.atanh(x)", mpmath.atanh, [*even(-0.9, 0.9), *SMALL, *NEAR_0[1:20]], slope=5),
    Claim("torch.atanh(x)", mpmath.atanh, [0.999, NEXT_TO_1], slope=200),
    Claim("torch.hypot(x, x * 0 + 1)", lambda x: mpmath.sqrt(x * x + 1), [*EVEN, *ALL_SIZES, 1e200], 1, 2),
    Claim("torch.hypot(x, 2 * x)", lambda x: mpmath.sqrt(5) * abs(x), [1e-160, 1e-150, -1e-20, *away(EVEN, 0), 1e150], 1, 2),
    Claim("torch.atan2(x, x * 0 + 1)", mpmath.atan, [*EVEN, *ALL_SIZES, 1e-300], 1, 2),
    Claim("torch.atan2(x * 0 + 1, x)", lambda x: mpmath.atan2(1, x), [*EVEN, *both(sizes(1e-20, 1e100))], 1, 2),
    Claim("torch.atan2(x, x * x)", lambda x: mpmath.atan2(x, x * x), [1e-100, *both(sizes(1e-20, 0.1))], 1, 3),
    Claim("torch.sinc(x)", lambda x: mpmath.sinc(mp.pi * x), both(sizes(1e-20, 0.09))),
    Claim("torch.sinc(x)", lambda x: mpmath.sinc(mp.pi * x), [*even(-0.9, 0.9, 80), 0.318, 0.319, 1e-30], value=20, slope=8),
]
