"""Derivatives from differences, and how far off they may be.

The derivative of f along a line is a central difference (f(h) - f(-h)) / 2h with h about cbrt(eps) times the scale of x, where
the errors of rounding, eps * |f| / h, and of truncation, h**2 * f''' / 6, are about as large (W. H. Press et al., Numerical
Recipes, 3rd edition, section 5.7). A second one with h/2 tells how far off the first is, and the two together are more exact
(L. F. Richardson, 1911). Steps are powers of two, so that x + h is a number of float64. How far f itself is off is measured
by differences of high order between close points, in which all that is smooth cancels (J. J. Moré and S. M. Wild, Estimating
computational noise, SIAM Journal on Scientific Computing 33, 2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial, frexp, inf, isfinite, ldexp, nan, sqrt
from typing import NamedTuple

import numpy as np

Arrays = Sequence[np.ndarray]
Function = Callable[[Arrays], Sequence[np.ndarray] | None]  # None where the function has no value

#: Noise is measured at so many points, so far apart.
CLOSE_POINTS, CLOSENESS = 8, 2.0**-40
#: How much the slopes on both sides of a kink differ, at least, relative to the larger.
BEND = 1e-3
#: A slope of 0 is known well enough where it may be off by this, relative to f over the scale of x.
ZERO = 1e-8


class Change(NamedTuple):
    """How much a weighted sum changed, and the size of those of its terms that did."""

    amount: float
    size: float


class WeightedSum:
    """The sum of a function's results times their weights: how it changes when the arrays that the function takes do."""

    def __init__(self, function: Function, at: Arrays, weights: Arrays, epsilon: float, least_size: float = 0.0) -> None:
        self.function = function
        self.at = list(at)
        self.weights = weights
        self.epsilon = epsilon  # of the narrowest dtype on the way
        self.results = function(self.at)
        with np.errstate(all="ignore"):
            terms = [np.abs(weight * result) for weight, result in zip(weights, self.results or (), strict=False)]
        size = float(sum(term[np.isfinite(term)].sum() for term in terms))
        size = size or float(sum(np.abs(weight).sum() for weight in weights))  # results that are all 0 might be about 1
        self.size = max(size, least_size)
        self.is_finite = self.results is not None and all(bool(np.isfinite(term).all()) for term in terms)

    def change(self, moved: Arrays) -> Change:
        """How the sum differs at other arrays; results that are the same, nan included, do not count."""
        results = self.function(moved)
        if results is None or self.results is None:
            return Change(nan, 0.0)
        amount = size = 0.0
        with np.errstate(all="ignore"):
            for weight, before, after in zip(self.weights, self.results, results, strict=True):
                if before.shape != after.shape:
                    return Change(nan, 0.0)
                same = (before == after) | ((before != before) & (after != after))
                amount += float(np.where(same, 0.0, weight * (after - before)).sum())
                size += float(np.where(same, 0.0, np.abs(weight) * np.maximum(np.abs(before), np.abs(after))).sum())
        return Change(amount, size)


class Line(NamedTuple):
    """A straight line through the point of a weighted sum: how the sum changes along it, and how far is far."""

    change: Callable[[float], Change]
    scale: float
    own_scale: float  # of the element, where that of all is larger
    size: float  # of the sum at the point itself
    epsilon: float

    @property
    def first_step(self) -> float:
        """cbrt(eps) times the scale, as a power of two."""
        return power_of_two(self.epsilon ** (1 / 3)) * self.scale


def along_element(total: WeightedSum, number: int, position: int, own_scale: float, scale: float) -> Line:
    """The line on which one element of one array moves."""
    moved = list(total.at)
    own = moved[number] = total.at[number].copy()
    start = own.flat[position]

    def change(distance: float) -> Change:
        own.flat[position] = start + distance
        try:
            return total.change(moved)
        finally:
            own.flat[position] = start

    return Line(change, power_of_two(scale), power_of_two(own_scale), total.size, total.epsilon)


def along_direction(total: WeightedSum, directions: Sequence[np.ndarray | None]) -> Line:
    """The line on which arrays move in directions whose lengths are their scales; None: an array stays."""

    def change(distance: float) -> Change:
        return total.change([at if v is None else at + distance * v for at, v in zip(total.at, directions, strict=True)])

    return Line(change, 1.0, 1.0, total.size, total.epsilon)


def moves(total: WeightedSum, number: int) -> bool:
    """Whether a sum changes with an array at all, in a random direction."""
    array = total.at[number]
    generator = np.random.default_rng(0)
    directions: list[np.ndarray | None] = [None] * len(total.at)
    directions[number] = scales_of(array)[0] * generator.uniform(0.5, 1.5, array.shape)
    line = along_direction(total, directions)
    return any(line.change(distance).amount != 0 for distance in (line.first_step, -line.first_step))


def power_of_two(number: float) -> float:
    """The power of two nearest to a positive number, by its logarithm."""
    mantissa, exponent = frexp(number)
    return ldexp(1.0, max(-1000, min(exponent - (mantissa < sqrt(0.5)), 1000)))


def scales_of(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far is far for each element: its own size where it has one, and at least the mean size of all; 1 if all are 0."""
    sizes = np.array(np.abs(array), np.float64)
    sizes[~np.isfinite(sizes)] = 0.0
    common = (float(sizes.mean()) if sizes.size else 0.0) or 1.0
    return np.where(sizes > 0, sizes, common), np.maximum(sizes, common)


class Noise(NamedTuple):
    """How far off the numbers of a sum are, and the size of the terms that brought it about."""

    amount: float
    size: float

    def of(self, size: float) -> float:
        """The noise that terms of this size bring about."""
        return self.amount * min(1.0, size / self.size) if self.size > 0 else self.amount


QUIET = Noise(0.0, 0.0)


def noise_of(line: Line) -> Noise:
    """The noise of a sum, from differences of high order between close points; infinite if it has no values there."""
    points = range(1, CLOSE_POINTS + 1)  # not the point itself, where there may be a kink
    changes = [line.change(number * CLOSENESS * line.scale) for number in points]
    values = np.array([change.amount for change in changes])
    if not np.isfinite(values).all():
        return Noise(inf, 0.0)
    noise = 0.0
    for order in range(1, CLOSE_POINTS - 2):
        values = np.diff(values)
        if order >= 3:
            noise = max(noise, factorial(order) / sqrt(factorial(2 * order) * len(values)) * float(np.linalg.norm(values)))
    return Noise(noise, max(change.size for change in changes))


class Attempt(NamedTuple):
    """What differences with one step and its half give."""

    step: float
    value: float  # of the derivative
    error: float  # how far off that may be
    ahead: float  # the slope on either side
    behind: float
    error_of_side: float
    change_ahead: float  # of the sum, over one step
    change_behind: float
    natural: float  # the slope with which the terms that change would do so by their own size over the scale
    overall: float  # the same of the whole sum

    def vagueness(self, gradient: float) -> float:
        """The error relative to the derivative, or to the natural slope; a derivative of 0 has no size but that of the whole."""
        natural = max(abs(self.value), self.natural, 0.0 if gradient else self.overall)
        return self.error / natural if isfinite(self.error) and natural > 0 else self.error and inf

    @property
    def is_clear(self) -> bool:
        """Whether the slopes on both sides are surely told apart from noise."""
        larger = max(abs(self.ahead), abs(self.behind))
        return isfinite(larger) and 10 * self.error_of_side <= larger

    @property
    def bends(self) -> bool:
        """Whether the slopes on both sides differ."""
        larger = max(abs(self.ahead), abs(self.behind))
        return abs(self.ahead - self.behind) > BEND * larger + 4 * self.error_of_side

    def agrees(self, gradient: float, tolerance: float) -> bool:
        """Whether a gradient is within reach, and nothing bends."""
        reach = tolerance * max(abs(gradient), abs(self.value)) + self.error
        return isfinite(gradient) and not self.bends and abs(self.value - gradient) <= reach

    def settles(self, gradient: float, precision: float) -> bool:
        """Whether the derivative is known well enough, so that no other step need be tried."""
        if gradient == self.value == 0 and not self.change_ahead and not self.change_behind:
            return True
        larger = max(abs(gradient), abs(self.value))
        return self.error <= max(precision * larger, 0.0 if gradient else ZERO * max(self.natural, self.overall))


def attempted(line: Line, step: float, noise: Noise) -> Attempt:
    """The differences with a step and its half."""
    ahead, behind, near_ahead, near_behind = (line.change(distance) for distance in (step, -step, step / 2, -step / 2))
    size = max(ahead.size, behind.size) or line.size
    rounding = max(noise.of(size), line.epsilon / 2 * size)
    far_slopes = ahead.amount / step, -behind.amount / step
    near_slopes = 2 * near_ahead.amount / step, -2 * near_behind.amount / step
    one_sided = [2 * near - far for near, far in zip(near_slopes, far_slopes, strict=True)]
    error_of_side = 10 * rounding / step
    is_finite = [isfinite(slope) for slope in one_sided]
    if all(is_finite):
        coarse, fine = sum(far_slopes) / 2, sum(near_slopes) / 2
        value, error = fine + (fine - coarse) / 3, abs(fine - coarse) + 8 * rounding / step
    elif any(is_finite):  # at the edge of where the function is defined, its derivative is that of the one side
        side = is_finite.index(True)
        value, error = one_sided[side], 2 * abs(near_slopes[side] - far_slopes[side]) + error_of_side
    else:
        value, error = nan, inf
    slopes, changes = (one_sided[0], one_sided[1]), (ahead.amount, behind.amount)
    return Attempt(
        step, value, error, *slopes, error_of_side, *changes, natural=size / line.scale, overall=line.size / line.scale
    )
