"""The error functions and the normal distribution as vector arithmetic over tables, where SciPy goes element by element."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import accumulate
from math import exp, inf, pi, sqrt

import numpy as np

from gradcli.engine.exact import squared
from gradcli.engine.scratch import buffers

Array = np.ndarray


def erf(x: Array, out: Array) -> None:
    """Within 1.5 units in the last place of float64, 1.75 of float32, and odd to the bit."""
    (_erf if out.dtype == np.float64 else _narrow_erf)().look_up(x, out)


def erfc(x: Array, out: Array) -> None:
    """Within 2.5 units in the last place of float64, 1.5 of float32, however small."""
    (_erfc if out.dtype == np.float64 else _narrow_erfc)().look_up(x, out)


def normal_cdf(x: Array, out: Array) -> None:
    """Within 2.5 units in the last place of float64, however small; of float32 within 1.1e-7, the distance of numbers near 1."""
    if out.dtype == np.float64:
        _normal().look_up(x, out)
    else:
        _narrow_normal_cdf(x, out)


# ── float64 ──

# A table has the function and its slope every so many parts of 1. Between two places a step of sixth order is exact.
_STEPS = 1 << 10
# Numbers near this one are as far apart as places of the table: adding it rounds to a place, and the bits count the places.
_COUNTER = 1.5 * 2.0**52 / _STEPS


class _Table:
    """A function whose slope is c * exp(-k*x*x), between bounds beyond which it keeps its value or, beyond `tail`, vanishes.

    Its values are those of the integral of the slope from 0, or from where the tail begins: most of them nearest to exact.
    """

    def __init__(self, c: float, k: float, low: float, high: float, tail: float = inf) -> None:
        self.c, self.k = c, k
        self.low, self.high, self.tail = low, high, tail
        self.first = np.float64(_COUNTER + low).view(np.int64)
        places = np.arange(round(low * _STEPS), round(high * _STEPS) + 1) / _STEPS
        self.slopes = self._slope(places)
        start, value = (0.0, 0.0) if tail == inf else (tail, float(self._vanishing(np.array(tail))))
        before = places < start
        left, right = -self._integrals(places[:-1][before[:-1]][::-1]), self._integrals(places[:-1][~before[:-1]])
        self.values = np.concatenate([_sums(value, left)[:0:-1], _sums(value, right)])
        self.values[self.values == 0] = -0.0  # to which a step of 0.0 or -0.0 adds with the right sign

    def _slope(self, x: Array) -> Array:
        square, rest = squared(x)
        result: Array = self.c * np.exp(-self.k * square) * (1 - self.k * rest)
        return result

    def _integrals(self, places: Array) -> Array:
        """Of the slope, from each place to the next, by Gauss's rule of three points."""
        middles, away = places + 0.5 / _STEPS, sqrt(0.15) / _STEPS
        ends = self._slope(middles - away) + self._slope(middles + away)
        result: Array = (5 * ends + 8 * self._slope(middles)) / (18 * _STEPS)
        return result

    def look_up(self, x: Array, out: Array) -> None:
        """f(a) + f'(a) * (d + d*s), where a is the nearest place, d the rest, and s what the curvatures add.

        By Hermite's polynomials that is -w/2 + w**2/6 - w**3/24 + ... - v * (1/6 - w/8 + w**2/20 - v/40),
        where w = 2*k*a*d and v = 2*k*d*d.
        """
        is_far = x > self.tail if self.tail > 0 else x < self.tail
        far = np.broadcast_to(x, out.shape)[is_far] if is_far.any() else None
        rest, rounded, w, v = buffers(4, out.size)
        np.clip(x, self.low, self.high, out=rest)
        np.add(rest, _COUNTER, out=rounded)
        np.subtract(rounded, _COUNTER, out=w)
        np.subtract(rest, w, out=rest)
        index = rounded.view(np.int64)
        np.subtract(index, self.first, out=index)
        np.multiply(w, rest, out=w)
        np.multiply(w, 2 * self.k, out=w)
        np.multiply(rest, rest, out=v)
        np.multiply(v, 2 * self.k, out=v)
        np.multiply(v, -3 / 20, out=out)
        np.add(out, 1.0, out=out)
        np.multiply(v, out, out=v)
        np.multiply(w, -1 / 20, out=out)
        np.add(out, 1 / 8, out=out)
        np.multiply(out, w, out=out)
        np.subtract(out, 1 / 6, out=out)
        np.multiply(out, v, out=v)
        np.multiply(w, -1 / 720, out=out)
        for term in (1 / 120, -1 / 24, 1 / 6, -1 / 2):
            np.add(out, term, out=out)
            np.multiply(out, w, out=out)
        np.add(out, v, out=out)
        np.multiply(out, rest, out=out)
        np.add(out, rest, out=out)
        np.take(self.slopes, index, out=v, mode="clip")  # what is not a number has any place, and stays what it is
        np.multiply(out, v, out=out)
        np.take(self.values, index, out=v, mode="clip")
        np.add(out, v, out=out)
        if far is not None:
            out[is_far] = self._vanishing(far)

    def _vanishing(self, x: Array) -> Array:
        """|c| * exp(-k*x*x) / (2*k*|x|) * (1 - 1/y + 1*3/y**2 - ...) for y = 2*k*x*x, so far out that the series is exact."""
        x = np.minimum(np.abs(x), 40.0)
        square, rest = squared(x)
        gap = np.zeros(x.shape)  # between 1 and the series
        for factor in range(39, 0, -2):
            gap = (1 - gap) * factor / (2 * self.k * square)
        leading = abs(self.c) / (2 * self.k) / x
        result: Array = np.exp(-self.k * square) * (leading - leading * (gap + self.k * rest))
        return result


def _sums(value: float, steps: Array) -> Array:
    """A value, and the value with the steps added one after the other, each of these rounded once."""
    unit = 2**256
    wholes = (round(step * unit) for step in [value, *steps.tolist()])
    return np.array([whole / unit for whole in accumulate(wholes)])


@cache
def _erf() -> _Table:
    return _Table(2 / sqrt(pi), 1.0, -6.0, 6.0)


@cache
def _erfc() -> _Table:
    return _Table(-2 / sqrt(pi), 1.0, -6.0, 8.0, tail=8.0)


@cache
def _normal() -> _Table:
    return _Table(1 / sqrt(2 * pi), 0.5, -10.0, 8.5, tail=-10.0)


# ── float32 ──

# A second-order step is exact, and takes a dozen operations where a polynomial for the whole range takes three dozen.
_NARROW_STEPS = 1 << 11
_NARROW_COUNTER = np.float32(1.5 * 2**23 / _NARROW_STEPS)


class _NarrowTable:
    """A function and its slope, -2*x times which is its curvature, between bounds where it has the values it keeps beyond."""

    def __init__(self, function: Callable[[float], float], slope_at_0: float, low: float, high: float) -> None:
        places = [number / _NARROW_STEPS for number in range(round(low * _NARROW_STEPS), round(high * _NARROW_STEPS) + 1)]
        self.low, self.high = np.float32(low), np.float32(high)
        self.first = (_NARROW_COUNTER + self.low).view(np.int32)
        # -0.0 for 0, to which a step of 0.0 or -0.0 adds with the right sign.
        self.values = np.array([function(place) or -0.0 for place in places], np.float32)
        self.slopes = np.array([slope_at_0 * exp(-place * place) for place in places], np.float32)

    def look_up(self, x: Array, out: Array) -> None:
        """f(a) + (f'(a)*d - a*d * f'(a)*d), where a is the nearest place and d the rest."""
        rest, rounded, step = buffers(3, out.size, np.float32)
        index = buffers(4, out.size, np.int64)[3]
        np.clip(x, self.low, self.high, out=rest)
        np.add(rest, _NARROW_COUNTER, out=rounded)
        np.subtract(rounded, _NARROW_COUNTER, out=step)
        np.subtract(rest, step, out=rest)
        count = rounded.view(np.int32)
        np.subtract(count, self.first, out=count)
        np.copyto(index, count)
        np.multiply(step, rest, out=step)
        np.take(self.slopes, index, out=rounded, mode="clip")  # what is not a number has any place, and stays what it is
        np.multiply(rounded, rest, out=rounded)
        np.multiply(step, rounded, out=step)
        np.subtract(rounded, step, out=step)
        np.take(self.values, index, out=rounded, mode="clip")
        np.add(rounded, step, out=out, casting="same_kind")


@cache
def _narrow_erf() -> _NarrowTable:
    return _NarrowTable(math.erf, 2 / sqrt(pi), -4.0, 4.0)


@cache
def _narrow_erfc() -> _NarrowTable:
    return _NarrowTable(math.erfc, -2 / sqrt(pi), -4.0, 10.25)


# The normal distribution is (1 + tanh(x * P(x*x))) / 2 for the polynomial P, the lowest power first, that is closest to
# atanh(erf(x / sqrt(2))) / x where that counts, |x| up to 6.2. It grows with x*x, so that nothing overflows to a wrong side.
_BEND_OF_NORMAL = (
    0.797884922,
    0.0363331274,
    -3.26231353e-05,
    -5.52980899e-05,
    3.96362138e-06,
    -1.32190705e-07,
    1.75443214e-09,
)


def _narrow_normal_cdf(x: Array, out: Array) -> None:
    """Within 1.1e-7, which is the distance of numbers near 1."""
    square, value = buffers(2, x.size, np.float32)
    *others, second, first = map(np.float32, _BEND_OF_NORMAL)
    np.multiply(x, x, out=square)
    np.multiply(square, first, out=value)
    np.add(value, second, out=value)
    for coefficient in reversed(others):
        np.multiply(value, square, out=value)
        np.add(value, coefficient, out=value)
    np.multiply(value, x, out=value)
    np.tanh(value, out=value)
    np.multiply(value, np.float32(0.5), out=value)
    np.add(value, np.float32(0.5), out=out)
