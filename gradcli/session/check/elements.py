"""A gradient compared with differences: each element, or some of them and all together along random directions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import isfinite, nan
from typing import NamedTuple

import numpy as np

from gradcli.report.checked import AGREES, MISMATCH, UNDEFINED, VERDICTS, CheckedGradient, Element
from gradcli.session.check.differences import (
    QUIET,
    Line,
    Noise,
    WeightedSum,
    along_direction,
    along_element,
    attempted,
    noise_of,
    scales_of,
)
from gradcli.session.check.verdicts import examined

#: Of a tensor with more elements than this, some are checked, and all together along random directions.
EACH_UP_TO, SAMPLES, DIRECTIONS = 1000, 100, 2
#: What the differences of one gradient may cost, in microseconds by a rough count, before fewer elements are checked.
BUDGET, LEAST_SAMPLES, EVALUATIONS = 1e6, 8, 8
#: How many elements of each verdict are remembered.
REMEMBERED = 3


class Compared(NamedTuple):
    """A gradient that was compared, and some elements of each verdict."""

    gradient: CheckedGradient
    examples: dict[str, list[Element]]
    values: dict[int, Element]  # by position


def number_of_samples(size: int, samples: int | None, cost: float) -> int:
    """How many elements to check, where one evaluation costs so many microseconds, unless somebody said how many."""
    if samples is not None:
        return min(size, samples)
    affordable = max(LEAST_SAMPLES, int(BUDGET / (EVALUATIONS * cost)))
    return min(size, affordable, size if size <= EACH_UP_TO else SAMPLES)


def compared(
    name: str,
    total: WeightedSum,
    number: int,
    gradient: np.ndarray,
    tolerance: float,
    samples: int,
    advance: Callable[[], None],
) -> Compared:
    """The gradient of a weighted sum with respect to one of its arrays, compared; `advance` is called for each element."""
    array = total.at[number]
    own_scales, scales = scales_of(array)
    generator = np.random.default_rng(0)
    noise = _noise(total, number, own_scales, generator) if array.size else QUIET
    elements: dict[int, Element] = {}

    def told(line: Line, own: float, place: tuple[int, ...] | None) -> Element:
        verdict = examined(line, own, tolerance, noise)
        if verdict.kind == MISMATCH and not total.is_finite:  # what is nan stays so, whatever moves
            verdict = verdict._replace(kind=UNDEFINED, value=nan)
        return Element(place, own, verdict.value, verdict.error, verdict.behind, verdict.ahead, verdict.kind)

    def examine(position: int) -> None:
        line = along_element(total, number, position, float(own_scales.flat[position]), float(scales.flat[position]))
        place = tuple(map(int, np.unravel_index(position, array.shape)))
        elements[position] = told(line, float(gradient.flat[position]), place)
        advance()

    for position in _positions(gradient, samples, generator):
        examine(position)
    directions = []
    if samples < array.size:
        for _ in range(DIRECTIONS):
            line, direction = _random_line(total, number, own_scales, generator)
            slope = float((gradient * direction)[np.isfinite(gradient)].sum())
            directions.append(told(line, slope, None))
            if directions[-1].verdict == MISMATCH and all(element.verdict != MISMATCH for element in elements.values()):
                examine(_located(total, number, gradient, direction))
    return _summary(name, array.shape, elements, directions, tolerance)


def _noise(total: WeightedSum, number: int, scales: np.ndarray, generator: np.random.Generator) -> Noise:
    """The noise of a sum: that with half of the elements moved, or with the others, or with all, if one has a singularity."""
    halves = generator.permutation(scales.size).reshape(scales.shape) % 2
    masks = [halves, 1 - halves, np.ones_like(halves)] if 1 < scales.size <= EACH_UP_TO else [np.ones_like(halves)]
    noise = min(noise_of(_random_line(total, number, scales, generator, mask)[0]) for mask in masks)
    return noise if isfinite(noise.amount) else QUIET


def _random_line(
    total: WeightedSum, number: int, scales: np.ndarray, generator: np.random.Generator, mask: np.ndarray | float = 1.0
) -> tuple[Line, np.ndarray]:
    """A line on which the elements of an array move by about their scales, and the direction."""
    exponents = np.round(np.log2(scales))
    direction = np.ldexp(generator.choice([-1.0, 1.0], scales.shape), exponents.astype(int)) * mask
    directions: list[np.ndarray | None] = [None] * len(total.at)
    directions[number] = direction
    return along_direction(total, directions), direction


def _positions(gradient: np.ndarray, samples: int, generator: np.random.Generator) -> list[int]:
    """Which elements to check: all, or what is not finite, the largest, and others by chance."""
    if samples >= gradient.size:
        return list(range(gradient.size))
    flat = gradient.reshape(-1)
    not_finite = np.flatnonzero(~np.isfinite(flat))[: samples // 2]
    largest = [int(np.argmax(np.where(np.isfinite(flat), np.abs(flat), -1.0)))]
    chosen = dict.fromkeys([*not_finite.tolist(), *largest, *generator.permutation(gradient.size)[:samples].tolist()])
    return sorted(list(chosen)[:samples])


def _located(total: WeightedSum, number: int, gradient: np.ndarray, direction: np.ndarray) -> int:
    """The element to which halves of a direction lead in which gradient and differences are further apart."""
    positions = np.arange(gradient.size)
    while len(positions) > 1:
        halves = positions[: len(positions) // 2], positions[len(positions) // 2 :]
        positions = max(halves, key=lambda half: _gap(total, number, gradient, direction, half))
    return int(positions[0])


def _gap(total: WeightedSum, number: int, gradient: np.ndarray, direction: np.ndarray, positions: np.ndarray) -> float:
    part = np.zeros(direction.size)
    part[positions] = direction.reshape(-1)[positions]
    directions: list[np.ndarray | None] = [None] * len(total.at)
    directions[number] = part.reshape(direction.shape)
    line = along_direction(total, directions)
    found = attempted(line, line.first_step, QUIET)
    slopes = (gradient.reshape(-1) * part)[positions]
    gap = abs(found.value - float(slopes[np.isfinite(slopes)].sum())) - found.error
    return gap if isfinite(gap) else 0.0


def joined(name: str, parts: Sequence[tuple[tuple[int, ...], Compared]], tolerance: float) -> Compared:
    """Comparisons whose elements get further indices in front, as one; a single one as it is."""
    if len(parts) == 1 and not parts[0][0]:
        return parts[0][1]._replace(gradient=parts[0][1].gradient._replace(name=name))
    elements: dict[int, Element] = {}
    for front, part in parts:
        for element in part.values.values():
            assert element.place is not None
            elements[len(elements)] = element._replace(place=(*front, *element.place))
    first = parts[0][1].gradient
    fronts = [front for front, _ in parts]
    shape = tuple(size + 1 for size in map(max, zip(*fronts, strict=True)))
    return _summary(name, (*shape, *first.shape), elements, [], tolerance)


def _summary(
    name: str, shape: tuple[int, ...], elements: dict[int, Element], directions: Sequence[Element], tolerance: float
) -> Compared:
    counts = Counter(element.verdict for element in elements.values())
    verdicts = {kind: counts[kind] for kind in VERDICTS if counts[kind]}
    ranked = sorted(elements.values(), key=lambda element: _badness(element, tolerance), reverse=True)
    examples: dict[str, list[Element]] = {}
    for element in (*ranked, *directions):
        examples.setdefault(element.verdict, []).append(element)
    size = int(np.prod(shape, dtype=np.int64))
    worst = ranked[0] if ranked else None
    checked = CheckedGradient(name, shape, size, len(elements), verdicts, worst, tuple(directions))
    return Compared(checked, {kind: found[:REMEMBERED] for kind, found in examples.items()}, elements)


def _badness(element: Element, tolerance: float) -> tuple[int, float, float]:
    """Mismatches first, then what was compared, by how far beyond reach both are apart; last what has no derivative."""
    rank = {MISMATCH: 2, AGREES: 1}.get(element.verdict, 0)
    allowed = tolerance * max(abs(element.autograd), abs(element.differences)) + element.error
    ratio = element.absolute / allowed if allowed > 0 else 0.0
    position = element.place or ()
    return rank, ratio if isfinite(ratio) else 0.0, -sum(position)
