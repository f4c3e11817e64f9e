"""What every test leaves as it found it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from gradcli.lazy import settings


@pytest.fixture(autouse=True)
def _the_device_afterwards() -> Iterator[None]:
    """A session leaves its evaluator and its device for what is read later."""
    before = settings.evaluator, settings.device
    yield
    settings.evaluator, settings.device = before


@pytest.fixture(autouse=True, scope="session")
def _signals_are_heard() -> None:
    """Commands hear Ctrl-C and a hang-up, also where the tests were started in the background, which ignores them."""
    for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
