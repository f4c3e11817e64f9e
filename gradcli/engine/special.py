"""Special functions of SciPy, which is imported when one is first computed, and better formulas where SciPy loses digits.

They are called as ufuncs are: operands, and `out=` if there is memory for the result, which may be an operand's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import factorial, log, pi, sqrt
from typing import Any

import numpy as np

from gradcli.engine.error_functions import normal_cdf
from gradcli.engine.exact import squared

Array = np.ndarray
Region = tuple[Callable[[Array], Array], Callable[[Array], Array]]

#: Primitives that are functions of SciPy under its name for them.
SPECIAL = ("digamma", "erfcx", "erfinv", "i0", "i0e", "i1", "i1e", "ndtri", "zeta")


def special(name: str) -> Callable[..., Any]:
    """A function of scipy.special."""

    def function(*operands: Array, out: Array | None = None) -> Any:
        import scipy.special

        result = getattr(scipy.special, name)(*operands, out=out)
        return result.astype(operands[-1].dtype, copy=False)  # SciPy gives a wider number for float16

    return function


def _refined(name: str, *regions: Region) -> Callable[..., Any]:
    """A function of scipy.special, and for float64 in some regions other formulas."""
    general = special(name)

    def function(x: Array, out: Array | None = None) -> Any:
        if x.dtype != np.float64:
            return general(x, out=out)
        places = [(is_there(x), formula) for is_there, formula in regions]
        elsewhere = ~np.logical_or.reduce([place for place, _ in places])
        if elsewhere.all():
            return general(x, out=out)
        refined = [(place, formula(x[place])) for place, formula in (*places, (elsewhere, general)) if place.any()]
        result = np.empty(x.shape) if out is None else out
        for place, values in refined:
            result[place] = values
        return result

    return function


def _polynomial(coefficients: Sequence[float], x: Array) -> Array:
    """By its coefficients, the highest power first."""
    result = np.full(x.shape, coefficients[0])
    for coefficient in coefficients[1:]:
        result *= x
        result += coefficient
    return result


# ── gamma ──


def _near_two(x: Array) -> Array:
    """lgamma(2 + y) = y * (1 - euler) + y**2 * (zeta(2) - 1) / 2 - ..., and lgamma(1 + y) = lgamma(2 + y) - log(1 + y)."""
    is_lower = x < 1.5
    y = x - np.where(is_lower, 1.0, 2.0)
    series: Array = _polynomial(_coefficients(2), y) * y
    return series - np.where(is_lower, np.log1p(y), 0.0)


_LOG_OF_GAMMA_OF_3_2 = -0.12078223763524522


def _between(x: Array) -> Array:
    """lgamma(3/2 + y), a series about its minimum nearly, where the one above cancels."""
    y = x - 1.5
    return _LOG_OF_GAMMA_OF_3_2 + _polynomial(_coefficients(1.5), y) * y


@cache
def _coefficients(middle: float) -> list[float]:
    """Those of lgamma(middle + y) from the first power on, the highest first; exact to float64 for |y| up to middle / 4."""
    import scipy.special

    powers = range(27, 1, -1)
    higher = [float((-1) ** power * scipy.special.zeta(power, middle) / power) for power in powers]
    return [*higher, float(scipy.special.digamma(middle))]


# Stirling's series in 1 / x**2, times x, the highest power first; exact to float64 from 13 on.
_STIRLING = (-3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)


def _far(x: Array) -> Array:
    """(x - 1/2) * (log(x) - 1) + log(2 * pi) / 2 - 1/2 + 1 / (12 * x) - ..., of which nothing cancels."""
    inverse = 1 / x
    rest = _polynomial(_STIRLING, inverse * inverse) * inverse + (log(2 * pi) - 1) / 2
    result: Array = (x - 0.5) * (np.log(x) - 1) + rest
    return result


_log_of_gamma = _refined(
    "gammaln",
    (lambda x: np.abs(x) < 1e-300, lambda x: -np.log(np.abs(x))),  # SciPy's is inf where 1 / x is
    (lambda x: (x > 0.5) & (x < 2.5), _near_two),  # where it is 0, SciPy's has no relative accuracy
    (lambda x: (x > 1.25) & (x < 1.75), _between),
    (lambda x: (x >= 13) & (x < 1e300), _far),
)


def lgamma(x: Array, out: Array | None = None) -> Any:
    """log|gamma(x)|."""
    return _log_of_gamma(np.maximum(x, np.finfo(x.dtype).min), out)  # at -inf SciPy's is -inf, not the limit


# ── Bessel functions ──


def _bessel_series(order: int, is_scaled: bool) -> Callable[[Array], Array]:
    """The sum of (x/2)**(2*k + order) / (k! * (k + order)!), of which nothing cancels, times exp(-|x|) if it is scaled."""
    coefficients = [1 / (factorial(k) * factorial(k + order)) for k in range(26, 0, -1)]  # exact to float64 for |x| up to 8
    middle = order + 0.5

    def series(x: Array) -> Array:
        half = x * 0.5
        square, rest = squared(half)
        result: Array = _polynomial(coefficients, square) * square
        # The slope over the sum, by which what is left of the square counts, is near to this one (Amos 1974).
        result += (1 + result) * rest * (2 / (middle + np.sqrt(x * x + middle * middle)))
        result = half + half * result if order else 1 + result
        if is_scaled:
            result *= np.exp(-np.abs(x))
        return result

    return series


def _bessel(name: str, order: int) -> Callable[..., Any]:
    return _refined(name, (lambda x: np.abs(x) < 8, _bessel_series(order, name.endswith("e"))))


# ── the normal distribution ──


def _corrected_ndtri(x: Array) -> Array:
    """One of Newton's steps further than SciPy, where the distribution is better known than its inverse."""
    import scipy.special

    found = scipy.special.ndtri(x)
    below, reached = -np.abs(found), np.empty(x.shape)
    normal_cdf(below, reached)
    density = np.exp(below * below * -0.5) / sqrt(2 * pi)
    result: Array = np.copysign(below - (reached - np.minimum(x, 1 - x)) / density, found)
    return result


#: Those with regions of their own, by primitive.
REFINED = {
    "i0": _bessel("i0", 0),
    "i0e": _bessel("i0e", 0),
    "i1": _bessel("i1", 1),
    "i1e": _bessel("i1e", 1),
    "lgamma": lgamma,
    "ndtri": _refined("ndtri", (lambda x: (np.abs(x - 0.5) > 0.36) & (np.abs(x - 0.5) < 0.5) & (x > 1e-300), _corrected_ndtri)),
}
