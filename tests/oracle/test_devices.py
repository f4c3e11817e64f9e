"""Every program on device libraries: the values and gradients of the whole-array evaluator, whichever library computes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from gradcli.engine import whole
from gradcli.engine.devices import evaluate_on
from gradcli.errors import GradcliError
from gradcli.lazy import settings

from . import gradcli_side
from .cases import Case, all_cases
from .observation import Record, differences

if TYPE_CHECKING:
    from gradcli.lazy.settings import Evaluator

NEEDS = {
    "strict": ("array_api_strict",),
    "torch:cpu": ("array_api_compat", "torch"),
    "jax:cpu": ("jax",),
}
#: JAX compiles each operation on each shape, which takes a hundred times as long as computing it; so many cases are one tried.
ONE_OF = {"jax:cpu": 25}

FAMILIES = tuple(dict.fromkeys(case.family for case in all_cases()))


@cache
def evaluator(device: str) -> Evaluator:
    missing = [package for package in NEEDS[device] if find_spec(package) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}")
    if device != "strict":
        return evaluate_on(device)
    from gradcli.engine.devices.evaluator import DeviceEvaluator
    from tests.engine.strict_device import Strict

    return DeviceEvaluator(Strict())


def observed(case: Case, evaluate: Evaluator) -> Record:
    """What a program gives with an evaluator, its text left out: printed digits may differ by rounding."""
    settings.evaluator, settings.seed, settings.random_streams_used = evaluate, 1, 0
    try:
        record = gradcli_side.observe(case.program())
    except GradcliError as error:
        return {"error": error.message}
    return {aspect: value for aspect, value in record.items() if aspect not in ("text", "printed")}


def is_standard(case: Case) -> bool:
    """The array API has no float16."""
    return re.search(r"half|float16", case.source) is None


@pytest.fixture(autouse=True)
def _evaluator_afterwards() -> Iterator[None]:
    before = settings.evaluator
    yield
    settings.evaluator = before


CHOSEN: dict[str, Callable[[Case], bool]] = {"strict": is_standard}


@pytest.mark.parametrize("device", NEEDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_device_library_computes_what_numpy_computes(family: str, device: str) -> None:
    evaluate = evaluator(device)
    chosen = CHOSEN.get(device, lambda case: True)
    for case in all_cases()[:: ONE_OF.get(device, 1)]:
        if case.family == family and chosen(case):
            found = differences(observed(case, whole.evaluate), observed(case, evaluate), precision=case.precision)
            assert not found, case.source
