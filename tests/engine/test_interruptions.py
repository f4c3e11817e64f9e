"""Ctrl-C in Python code: it does not wait for the end of a long call of NumPy's."""

from __future__ import annotations

import os
import signal
from itertools import count
from threading import Event, Timer
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli.engine import primitives
from gradcli.errors import GradcliError

LONG = np.random.default_rng(0).standard_normal(3_000_000)
PROGRAMS = {
    "computed whole": ("argsort", "x.argsort()"),
    "computed whole between passes": ("argsort", "(x.argsort()[:5] + x.sum()).sum()"),
    "a product": ("matmul", "x.reshape(1000, 3000) @ x[:6000].reshape(3000, 2)"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_interruption_does_not_wait_for_a_long_call(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    primitive, program = PROGRAMS[name]
    calls, over = count(), Event()
    table: Any = primitives.UFUNCS if primitive in primitives.UFUNCS else primitives.IMPLEMENTATIONS
    function = table[primitive]

    def long(*operands: Any, **options: Any) -> Any:
        if next(calls) == 0:
            Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        np.sort(LONG, kind="stable")  # about half a second
        over.set()
        return function(*operands, **options)

    monkeypatch.setitem(table, primitive, long)
    with pytest.raises(KeyboardInterrupt):
        gradcli.evaluate(program, x=LONG)
    assert not over.is_set()
    assert over.wait(60)


def test_what_goes_wrong_in_long_work_is_told() -> None:
    with pytest.raises(GradcliError, match="singular"):
        gradcli.evaluate("torch.linalg.inv(x).sum()", x=np.zeros((400, 400)))
