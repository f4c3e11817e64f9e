"""A claim about the accuracy of a function, and the points it is made for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, log
from typing import NamedTuple

from mpmath import mpf

Exact = Callable[[mpf], mpf]


class Claim(NamedTuple):
    """An expression in a vector x, what its elements are exactly, where they are looked at, and how far they may be off at most.

    That is in units in the last place. Inside the margin it is chance whether we or PyTorch are nearer. Where a slope is
    `of_result`, it is made from the result, as PyTorch's is, whose error it raises.
    """

    expression: str
    exact: Exact
    points: Sequence[float]
    value: float = 4
    slope: float = 4
    dtype: str = "float64"
    margin: float = 2
    of_result: bool = False

    @property
    def title(self) -> str:
        """What it is called in tests and in the golden file."""
        kind = "" if self.dtype == "float64" else f", {self.dtype}"
        return f"{self.expression} from {min(self.points):g} to {max(self.points):g}{kind}"


def even(low: float, high: float, count: int = 61) -> list[float]:
    """Numbers that stand equally far apart; many, since at single ones it is chance whose rounding is nearer."""
    return [low + (high - low) * number / (count - 1) for number in range(count)]


def sizes(low: float, high: float, count: int = 21) -> list[float]:
    """Positive numbers of many exponents."""
    return [exp(log(low) + (log(high) - log(low)) * number / (count - 1)) for number in range(count)]


def both(points: Sequence[float]) -> list[float]:
    """With both signs."""
    return [*points, *(-point for point in points)]


#: Of both signs, ever nearer to 0.
NEAR_0 = both(sizes(1e-20, 1.0))
EVEN = even(-6, 6, 121)
NEXT_TO_1 = 1 - 2.0**-53
