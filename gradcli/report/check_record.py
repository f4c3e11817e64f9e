"""The record of a check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.report.checked import Check, CheckedClaim, CheckedGradient, Element, Finding
from gradcli.report.json_numbers import NULL, number_value
from gradcli.report.records import FORMAT_VERSION, Record


def check_record(check: Check, nan: str = NULL) -> Record:
    """The record of `check`: gradients by name, claims and findings."""
    return {
        "format_version": FORMAT_VERSION,
        "ok": True,
        "source": check.source.text,
        "type": "check",
        "order": check.order,
        "tolerance": check.tolerance,
        "agrees": check.agrees,
        "gradients": {gradient.name: _gradient(gradient, nan) for gradient in check.gradients},
        "claims": [_claim(claim, nan) for claim in check.claims],
        "findings": [_finding(finding, check) for finding in check.findings],
    }


def _gradient(gradient: CheckedGradient, nan: str) -> Record:
    return {
        "shape": list(gradient.shape),
        "elements": gradient.elements,
        "checked": gradient.checked,
        "verdict": gradient.verdict,
        "verdicts": gradient.verdicts,
        "worst": None if gradient.worst is None else _element(gradient.worst, nan),
        "directions": [_element(direction, nan) for direction in gradient.directions],
    }


def _element(element: Element, nan: str) -> Record:
    place, *numbers, verdict = element
    names = ("autograd", "differences", "error", "behind", "ahead")
    named = dict(zip(names, numbers, strict=True)) | {"absolute": element.absolute, "relative": element.relative}
    written = {name: number_value(number, nan)[0] for name, number in named.items()}
    return {"element": _place(place), **written, "verdict": verdict}


def _claim(claim: CheckedClaim, nan: str) -> Record:
    worst: Record | None = None
    if claim.worst is not None:
        place, *numbers = claim.worst
        names = ("claimed", "autograd", "differences")
        written = [None if number is None else number_value(number, nan)[0] for number in numbers]
        worst = {"element": _place(place), **dict(zip(names, written, strict=True))}
    return {
        "gradient": claim.name,
        "claim": claim.text,
        "shape": list(claim.shape),
        "elements": claim.elements,
        "checked": claim.checked,
        "against_autograd": claim.against_autograd,
        "against_differences": claim.against_differences,
        "worst": worst,
    }


def _finding(finding: Finding, check: Check) -> Record:
    is_here = finding.source is check.source and finding.span is not None
    related: list[dict[str, Any]] = [
        {"span": list(each.span), "label": each.label} for each in finding.related if each.source is check.source
    ]
    return {
        "verdict": finding.verdict,
        "gradient": finding.gradient,
        "element": _place(finding.place),
        "message": finding.message,
        "grad_fn": finding.grad_fn,
        "span": list(finding.span) if is_here and finding.span is not None else None,
        "label": finding.label or None,
        "related": related,
        "hint": finding.hint,
    }


def _place(place: Sequence[int] | None) -> list[int] | None:
    return None if place is None else list(place)
