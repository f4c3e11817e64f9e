"""Functions are tested below the session: with the reference evaluator handed down, in float64."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradcli.engine.whole import evaluate
from gradcli.lazy import settings
from gradcli.lazy.dtypes import float64


@pytest.fixture(autouse=True)
def evaluator() -> Iterator[None]:
    before = settings.evaluator, settings.default_dtype
    settings.evaluator, settings.default_dtype = evaluate, float64
    yield
    settings.evaluator, settings.default_dtype = before
