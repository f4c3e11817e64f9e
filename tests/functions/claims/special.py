"""Special functions: gamma and its kin, Bessel functions, error functions and the normal distribution."""

from __future__ import annotations

import mpmath
from mpmath import mp, mpf

from .claim import NEAR_0, NEXT_TO_1, Claim, both, even, sizes
from .elementwise import away


def normal_cdf(x: mpf) -> mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def log_of_gamma(x: mpf) -> mpf:
    return mpmath.log(abs(mpmath.gamma(x)))


def log_of_gammas(x: mpf, p: int) -> mpf:
    return sum(log_of_gamma(x - mpf(j) / 2) for j in range(p)) + mpf(p * (p - 1)) / 4 * mpmath.log(mp.pi)


def erfcx(x: mpf) -> mpf:
    return mpmath.exp(x * x) * mpmath.erfc(x)


def ndtri(x: mpf) -> mpf:
    return mpmath.sqrt(2) * mpmath.erfinv(2 * x - 1)


def i0(x: mpf) -> mpf:
    return mpmath.besseli(0, x)


def i1(x: mpf) -> mpf:
    return mpmath.besseli(1, x)


def scaled(x: mpf) -> mpf:
    return mpmath.exp(-abs(x))


TO_10 = both(even(0.02, 10, 121))
NEAR_8_AND_30 = both([*even(7.9, 8.1, 11), *even(29.9, 30.1, 11)])

CLAIMS = [
    # gamma
    Claim("torch.lgamma(x)", log_of_gamma, [*even(0.501, 0.98), *even(1.02, 1.98, 80), *even(2.02, 2.499)]),
    Claim("torch.lgamma(x)", log_of_gamma, [1 - 1e-10, 1 + 1e-15, 2 - 1e-10, 2 + 1e-14]),
    Claim("torch.lgamma(x)", log_of_gamma, [*sizes(1e-300, 0.499), *even(2.5, 100, 121), *sizes(100, 1e15)]),
    Claim("torch.lgamma(x)", log_of_gamma, [-0.5, -10.3, -1.5, -0.1]),
    Claim("torch.digamma(x)", mpmath.digamma, [*even(0.1, 1.35), *even(1.6, 5), 1e-150, *sizes(1e-10, 0.1), *sizes(5, 1e15)]),
    Claim("torch.digamma(x)", mpmath.digamma, [-1e-10, -1.3, -10.3, -5.45], slope=4),
    Claim("torch.polygamma(1, x)", lambda x: mpmath.zeta(2, x), [*even(0.1, 20), *sizes(1e-10, 1e5)]),
    Claim("torch.polygamma(2, x)", lambda x: -2 * mpmath.zeta(3, x), [*even(0.1, 20), *sizes(1e-10, 1e5)], slope=5),
    Claim("torch.polygamma(3, x)", lambda x: 6 * mpmath.zeta(4, x), [*even(0.1, 20), *sizes(1e-10, 1e3)], 5, 5),
    Claim("torch.special.zeta(1.1, x)", lambda x: mpmath.zeta(mpf(1.1), x), even(0.1, 20)),
    Claim("torch.special.zeta(2.5, x)", lambda x: mpmath.zeta(mpf("2.5"), x), [*even(0.1, 20), *sizes(1e-10, 1e5)]),
    Claim("torch.special.zeta(30.0, x)", lambda x: mpmath.zeta(30, x), even(0.1, 20, 40), 8),
    Claim("torch.mvlgamma(x, 2)", lambda x: log_of_gammas(x, 2), [*even(0.51, 10), 1e5]),
    Claim("torch.mvlgamma(x, 3)", lambda x: log_of_gammas(x, 3), even(1.1, 20), slope=8),
    # Bessel functions
    Claim("torch.i0(x)", i0, [*TO_10, *NEAR_8_AND_30, *sizes(1e-10, 700)]),
    Claim("torch.special.i0e(x)", lambda x: i0(x) * scaled(x), [*TO_10, *NEAR_8_AND_30], slope=120),
    Claim("torch.special.i0e(x)", lambda x: i0(x) * scaled(x), [1e-10, 1e-5, *even(30.1, 1000)]),
    Claim("torch.special.i1(x)", i1, [*TO_10, *NEAR_8_AND_30, *sizes(1e-10, 700)]),
    Claim("torch.special.i1e(x)", lambda x: i1(x) * scaled(x), [*even(0.02, 1.4, 21), *even(1.7, 10), *NEAR_8_AND_30], slope=120),
    Claim("torch.special.i1e(x)", lambda x: i1(x) * scaled(x), [1e-10, 1e-5, *even(30.1, 1000)], slope=5),
    # error functions
    Claim("torch.erf(x)", mpmath.erf, [*even(-1, 1), *NEAR_0, 1e-300]),
    Claim("torch.erf(x)", mpmath.erf, both(even(1, 5.5)), slope=40),
    Claim("torch.erfc(x)", mpmath.erfc, [*even(-1, 1), *NEAR_0]),
    Claim("torch.erfc(x)", mpmath.erfc, both(even(1, 5.5)), slope=40),
    Claim("torch.erfc(x)", mpmath.erfc, even(5.5, 26), slope=600),
    Claim("torch.erfinv(x)", mpmath.erfinv, [*even(-0.99, 0.99, 101), *NEAR_0[1:20], 1e-300, 0.9999, 1 - 1e-8, NEXT_TO_1]),
    Claim("torch.erfinv(x)", mpmath.erfinv, [*(1 - size for size in sizes(1e-15, 0.01)), -0.999, 1e-10 - 1]),
    Claim("torch.special.erfcx(x)", erfcx, even(-26, -5), 400, 500),
    Claim("torch.special.erfcx(x)", erfcx, [*even(-5, 3), *NEAR_0], 20, 80),
    Claim("torch.special.erfcx(x)", erfcx, even(3, 30), slope=4000),
    # the normal distribution
    Claim("torch.special.ndtr(x)", normal_cdf, [*even(-0.7, 2), *NEAR_0], slope=6),
    Claim("torch.special.ndtr(x)", normal_cdf, even(2, 8), slope=100),
    Claim("torch.special.log_ndtr(x)", lambda x: mpmath.log(normal_cdf(x)), [*even(-6, 3), *NEAR_0]),
    Claim(
        "torch.special.log_ndtr(x)", lambda x: mpmath.log(normal_cdf(x)), [*even(-38, -6), *(-size for size in sizes(38, 1e4))]
    ),
    Claim("torch.special.log_ndtr(x)", lambda x: mpmath.log1p(-normal_cdf(-x)), even(3, 37), 5),
    Claim("torch.special.ndtri(x)", ndtri, away(even(0.01, 0.99, 101), 0.5), slope=20),
    Claim(
        "torch.special.ndtri(x)",
        ndtri,
        [0.499999, 0.500001, *sizes(1e-14, 0.01), *(1 - size for size in sizes(1e-10, 0.01))],
        slope=80,
    ),
]
