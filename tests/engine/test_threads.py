"""Threads that compute beside the one that asked: they stay, and nobody waits for one that came too late."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Event, get_ident

import numpy as np
import pytest

import gradcli
from gradcli.engine import threads
from gradcli.engine.threads import interruptibly, share


def idents(others: int, joins: bool = True) -> set[int]:
    """Who does a work that takes a while."""
    found: list[int] = []
    everybody = Event()

    def work() -> None:
        found.append(get_ident())
        if len(found) == others + joins:
            everybody.set()
        everybody.wait(10)

    share(work, others, joins)
    return set(found)


@pytest.fixture(autouse=True)
def _crew_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_crew", threads._Crew())


def test_the_threads_of_one_computation_do_the_next() -> None:
    assert len(idents(3)) == 4
    assert idents(3) == idents(3)
    assert get_ident() in idents(2)
    assert idents(2, joins=False) < idents(3)


def test_whoever_comes_when_all_is_done_is_not_waited_for() -> None:
    busy, over = Event(), Event()

    def long() -> None:
        busy.set()
        over.wait(30)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(share, long, 1, False)
        assert busy.wait(30)
        done: list[int] = []
        share(lambda: done.append(get_ident()), 1)  # whose other thread is busy
        assert done == [get_ident()]
        over.set()
        first.result(30)
    assert len(idents(1)) == 2  # it is still there, and took no second part in what was over
    assert done == [get_ident()]


def test_nothing_that_was_computed_is_held_by_threads_that_rest() -> None:
    class Result:
        """Something that weak references can be made to."""

    gone = Event()
    result = Result()
    weakref.finalize(result, gone.set)
    share(lambda held=result: None, 2, joins=False)  # type: ignore[misc]
    del result
    assert gone.wait(10)


def test_an_interruption_leaves_others_alone_and_the_next_work_has_threads() -> None:
    over = Event()

    def long() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        over.wait(30)

    with pytest.raises(KeyboardInterrupt):
        interruptibly(long)
    assert len(idents(1)) == 2
    assert not over.is_set()
    over.set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_process_that_is_forked_computes_too() -> None:
    program = """
import os, sys
import numpy as np, gradcli
x = np.ones(2_000_000)
text = "sum(x * 3)"
gradcli.evaluate(text, x=x, threads=2)
child = os.fork()
value = float(gradcli.evaluate(text, x=x, threads=2).value)
if child:
    _, status = os.waitpid(child, 0)
    print(value, os.waitstatus_to_exitcode(status))
else:
    os._exit(value != 6e6)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "6000000.0 0\n"


def test_many_callers_share_the_threads() -> None:
    x = np.random.default_rng(0).standard_normal(1_000_000)
    expected = gradcli.evaluate("sum(x.tanh() * x)", x=x, threads=1)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: gradcli.evaluate("sum(x.tanh() * x)", x=x, threads=3), range(8)))
    assert expected.grads is not None
    for result in results:
        assert result.grads is not None
        np.testing.assert_array_equal(result.grads["x"], expected.grads["x"])
        assert result.value == expected.value
