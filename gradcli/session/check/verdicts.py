"""What differences say of a gradient: steps are tried until one settles the matter, and all of them lead to a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, isfinite, log2
from typing import NamedTuple

from gradcli.report.checked import AGREES, JUMP, KINK, MISMATCH, STEEP, UNCLEAR, UNDEFINED
from gradcli.session.check.differences import Attempt, Line, Noise, attempted

#: The steps that are tried until one settles the matter, as powers of two times the first.
LADDER = (0, 6, -6, -12, 12, -18, -24)
LARGER = (0, 6, 12)  # those to start with
#: What changes with less than this power of the step jumps; with less than that power, its slope is infinite.
JUMPS_BELOW, STEEP_BELOW = 0.25, 0.9
#: Differences that may be off by more than this, relative to the derivative or to f over the scale of x, tell nothing.
TOO_VAGUE = 1e-2
#: Where noise keeps a first step from being as precise as the tolerance, it is enough if two are as precise as this.
SECOND_PRECISION = 1e-4
TINIEST = 2.0**-1022


class Verdict(NamedTuple):
    """What differences say of a gradient: whether it agrees, what they give themselves, and how far off that may be."""

    kind: str
    value: float
    error: float
    ahead: float
    behind: float


def examined(line: Line, gradient: float, tolerance: float, noise: Noise) -> Verdict:
    """The verdict on a gradient along a line."""
    attempts: list[Attempt] = []
    for step in _steps(line, gradient, tolerance, noise):
        attempts.append(attempted(line, step, noise))
        if all(attempt.agrees(gradient, tolerance) for attempt in attempts):
            precision = tolerance if len(attempts) == 1 else max(tolerance, SECOND_PRECISION)
            if any(attempt.settles(gradient, precision) for attempt in attempts):
                break
    return judged(attempts, gradient, tolerance)


def _steps(line: Line, gradient: float, tolerance: float, noise: Noise) -> Iterator[float]:
    """The steps to try: a larger one first if noise would drown the gradient, those of the element's own scale last."""
    target = tolerance * abs(gradient) * line.first_step
    rounding = 8 * max(noise.amount, line.epsilon / 2 * line.size)
    first = next((exponent for exponent in LARGER if rounding <= target * 2.0**exponent), 0) if 0 < target < inf else 0
    steps = [line.first_step * 2.0**exponent for exponent in (first, *(other for other in LADDER if other != first))]
    if line.own_scale < line.scale * 2.0 ** LADDER[2]:
        own_step = line.first_step / line.scale * line.own_scale
        steps += [own_step * 2.0**exponent for exponent in LADDER[:3]]
    yield from (step for step in steps if TINIEST <= step < inf)


def judged(attempts: Sequence[Attempt], gradient: float, tolerance: float) -> Verdict:
    """The verdict that attempts with several steps lead to."""
    unbent = [attempt for attempt in attempts if not attempt.bends]  # with no kink nearby, where that can be had
    best = min(unbent or attempts, key=lambda attempt: attempt.vagueness(gradient))
    smallest = min((attempt for attempt in attempts if attempt.is_clear), key=lambda attempt: attempt.step, default=None)
    if smallest is not None and smallest.bends:
        kind = _at_a_bend(attempts, smallest, gradient, tolerance)
        return Verdict(kind, (smallest.ahead + smallest.behind) / 2, smallest.error_of_side, smallest.ahead, smallest.behind)
    return Verdict(_where_smooth(attempts, best, gradient, tolerance), best.value, best.error, best.ahead, best.behind)


def _at_a_bend(attempts: Sequence[Attempt], smallest: Attempt, gradient: float, tolerance: float) -> str:
    power = _power(attempts)
    if power < STEEP_BELOW:
        return JUMP if power < JUMPS_BELOW else STEEP
    if not isfinite(gradient):
        return UNDEFINED
    low, high = sorted((smallest.ahead, smallest.behind))
    slack = tolerance * max(abs(low), abs(high)) + smallest.error_of_side
    return KINK if low - slack <= gradient <= high + slack else MISMATCH


def _where_smooth(attempts: Sequence[Attempt], best: Attempt, gradient: float, tolerance: float) -> str:
    if not isfinite(best.error):
        return UNDEFINED
    larger = max(abs(best.value), abs(gradient) if isfinite(gradient) else 0.0)
    is_vague = best.vagueness(gradient) > TOO_VAGUE
    power = _power(attempts)
    if power < STEEP_BELOW and is_vague:
        return JUMP if power < JUMPS_BELOW else STEEP
    if not isfinite(gradient):
        return UNDEFINED if is_vague else MISMATCH
    off = abs(best.value - gradient)
    if off <= tolerance * larger + best.error:
        return UNCLEAR if is_vague else AGREES
    if is_vague:
        return UNCLEAR
    witnesses = [a for a in attempts if 2 * a.error < off and abs(a.value - best.value) <= a.error + best.error + 1e-3 * off]
    return MISMATCH if len(witnesses) > 1 else UNCLEAR


def _power(attempts: Sequence[Attempt]) -> float:
    """With which power of the step the sum changes, on the side where that is least."""
    least = 1.0
    for side in ("ahead", "behind"):
        changes: dict[float, float] = {}  # by step
        for attempt in sorted(attempts, key=lambda attempt: attempt.step):
            slope, change = getattr(attempt, side), abs(getattr(attempt, f"change_{side}"))
            if isfinite(slope) and change and 10 * attempt.error_of_side * attempt.step <= change:
                changes[attempt.step] = change
        if len(changes) > 1:
            (near, small), (far, large) = list(changes.items())[:2]
            least = min(least, log2(large / small) / log2(far / near))
    return least
