"""What every test leaves as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradcli.lazy import settings


@pytest.fixture(autouse=True)
def _the_device_afterwards() -> Iterator[None]:
    """A session leaves its evaluator and its device for what is read later."""
    before = settings.evaluator, settings.device
    yield
    settings.evaluator, settings.device = before
