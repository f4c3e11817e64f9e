"""The report tests need an evaluator, but no engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.report.values import known_values_evaluator


@pytest.fixture(autouse=True)
def evaluator() -> Iterator[None]:
    """Tensors made from values can be read."""
    with known_values_evaluator():
        yield
