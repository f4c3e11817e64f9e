"""Claims: gradients written by hand, beside autograd's and the differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import ShapeMismatch, Source, TypeMismatch
from gradcli.functions import tensor
from gradcli.lazy.dtypes import float64
from gradcli.report.checked import AGREES, KINK, CheckedClaim, ClaimedElement, Element
from gradcli.session.check.elements import Compared
from gradcli.session.check.program import Observer
from gradcli.session.values import is_numeric

#: What gradients differ by is nothing, relative to the largest of their elements.
NOTHING = 1e-9


def claimed_numbers(value: Any, shape: tuple[int, ...], name: str, observer: Observer) -> np.ndarray:
    """The value of a claim as numbers of the shape of the gradient."""
    if isinstance(value, (int, float)) or (isinstance(value, (list, tuple)) and is_numeric(value)):
        value = tensor(value, dtype=float64)
    if not isinstance(value, Tensor):
        raise TypeMismatch(f"the claim about {name} is no tensor", hint=f"its gradient has shape {shape}")
    numbers = observer.numbers([value.array])[0].astype(np.float64)
    try:
        return np.broadcast_to(numbers, shape)
    except ValueError:
        message = f"the claim about {name} has shape {numbers.shape}, and its gradient {shape}"
        raise ShapeMismatch(message, hint="every element of the gradient needs a value, or all of them one") from None


def checked_claim(
    name: str, source: Source, claim: np.ndarray, gradient: np.ndarray, comparison: Compared, tolerance: float
) -> CheckedClaim:
    """A claim beside all of autograd's gradient, and beside the differences that were formed."""
    finite = np.abs(gradient[np.isfinite(gradient)])
    nothing = NOTHING * float(finite.max()) if finite.size else 0.0
    gaps = np.abs(claim - gradient)
    allowed = tolerance * np.maximum(np.abs(claim), np.abs(gradient)) + nothing
    same = (claim == gradient) | (np.isnan(claim) & np.isnan(gradient))
    excess = np.where(same, 0.0, np.nan_to_num(gaps / np.maximum(allowed, 1e-300), nan=np.inf)).reshape(-1)
    wrong = {
        position: gap
        for position, element in comparison.values.items()
        if (gap := _beyond(float(claim.flat[position]), element, tolerance)) > 1
    }
    worst = None
    if gradient.size:
        by_autograd = int(np.argmax(excess))
        position = max(wrong, key=lambda position: wrong[position], default=by_autograd)
        if excess[by_autograd] > 1 and excess[by_autograd] > excess[position]:
            position = by_autograd
        index = tuple(map(int, np.unravel_index(position, gradient.shape)))
        known = comparison.values.get(position)
        differences = known.differences if known is not None else None
        worst = ClaimedElement(index, float(claim.flat[position]), float(gradient.flat[position]), differences)
    counts = int((excess > 1).sum()), len(wrong)
    shape = tuple(gradient.shape)
    return CheckedClaim(name, source.text.strip(), shape, gradient.size, len(comparison.values), *counts, worst)


def _beyond(claim: float, element: Element, tolerance: float) -> float:
    """How often what is allowed a claim is from the differences; at a kink any slope between those of both sides is right."""
    if element.verdict == KINK:
        low, high = sorted((element.behind, element.ahead))
        gap = max(low - claim, claim - high, 0.0)
    elif element.error < abs(element.differences) or element.verdict == AGREES:
        gap = abs(claim - element.differences)
    else:
        return 0.0
    return gap / max(tolerance * max(abs(claim), abs(element.differences)) + element.error, 1e-300)
