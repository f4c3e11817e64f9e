"""Every program on device libraries: the values and gradients of the whole-array evaluator, whichever library computes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING
from unittest.mock import patch
from zlib import crc32

import pytest

from gradcli.engine import whole
from gradcli.engine.devices import evaluate_on, namespace
from gradcli.engine.devices.special import OWN_PRIMITIVES
from gradcli.errors import GradcliError
from gradcli.lazy import settings

from . import gradcli_side
from .cases import Case, all_cases
from .observation import Record, differences

if TYPE_CHECKING:
    from gradcli.engine.order import Step
    from gradcli.lazy import LazyArray
    from gradcli.lazy.settings import Evaluator

NEEDS = {
    "strict": ("array_api_strict",),
    "torch:cpu": ("array_api_compat", "torch"),
    "jax:cpu": ("jax",),
}
#: JAX compiles each operation on each shape, which takes a hundred times as long as computing it: of so many cases it tries one.
ONE_OF = 50

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


@cache
def expected(case: Case) -> tuple[Record, frozenset[str]]:
    """What a program gives with the whole-array evaluator, and the primitives that it computes."""
    computed: set[str] = set()
    execute = whole.execute

    def noting(steps: Sequence[Step], wanted: set[LazyArray], values: whole.Values) -> None:
        computed.update(array.primitive for array, _ in steps)
        execute(steps, wanted, values)

    with patch.object(whole, "execute", noting):
        return observed(case, whole.evaluate), frozenset(computed)


@cache
def shortest_of_primitives() -> dict[str, Case]:
    """The shortest case that computes each primitive."""
    found: dict[str, Case] = {}
    for case in sorted(all_cases(), key=lambda case: (len(case.source), case.source)):
        for primitive in expected(case)[1]:
            found.setdefault(primitive, case)
    return found


def is_standard(case: Case) -> bool:
    """The array API has no float16."""
    return re.search(r"half|float16", case.source) is None


def is_sampled(case: Case) -> bool:
    """Which cases are does not depend on others, but that a primitive's shortest may be replaced by a shorter one."""
    return crc32(case.source.encode()) % ONE_OF == 0 or case in shortest_of_primitives().values()


def is_near_zero(case: Case) -> bool:
    """XLA takes numbers for 0 that are nearer to it than the exponents of a dtype reach."""
    return re.search(r"e-3[12]\d", case.source) is not None


@pytest.fixture(autouse=True)
def _evaluator_afterwards() -> Iterator[None]:
    before = settings.evaluator
    yield
    settings.evaluator = before


CHOSEN: dict[str, Callable[[Case], bool]] = {
    "strict": is_standard,
    "jax:cpu": lambda case: is_sampled(case) and not is_near_zero(case),
}


def test_every_primitive_of_the_devices_is_tried() -> None:
    """But for what only rewriting makes, and what has no value."""
    everywhere = {*namespace.IMPLEMENTATIONS, *OWN_PRIMITIVES}
    tried = {primitive for primitive, case in shortest_of_primitives().items() if not is_near_zero(case)}
    assert everywhere - tried == {"add_part", "placeholder"}


@pytest.mark.parametrize("device", NEEDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_device_library_computes_what_numpy_computes(family: str, device: str) -> None:
    evaluate = evaluator(device)
    chosen = CHOSEN.get(device, lambda case: True)
    for case in all_cases():
        if case.family == family and chosen(case):
            found = differences(expected(case)[0], observed(case, evaluate), precision=case.precision)
            assert not found, case.source
