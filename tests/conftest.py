"""What every test leaves as it found it."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from gradcli.engine import whole
from gradcli.engine.order import Step
from gradcli.lazy import LazyArray, settings


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


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the whole-array evaluator computes each primitive from now on."""
    counts: Counter[str] = Counter()
    execute = whole.execute

    def counting(steps: list[Step], wanted: set[LazyArray], values: whole.Values) -> None:
        counts.update([array.primitive for array, _ in steps])
        execute(steps, wanted, values)

    monkeypatch.setattr(whole, "execute", counting)
    return counts
