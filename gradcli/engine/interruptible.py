"""Long work that Ctrl-C ends at once: Python hears of it in the main thread only, and not before a call of NumPy's is over."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread, current_thread, main_thread


def is_heard() -> bool:
    """Whether this is the thread that is interrupted, so that others had better do what takes long."""
    return current_thread() is main_thread()


def interruptibly(work: Callable[[], object]) -> None:
    """Do the work; if that takes another thread, one interrupted leaves it alone with the call that it is in."""
    if not is_heard():
        work()
        return
    failures: list[BaseException] = []

    def attempt() -> None:
        try:
            work()
        except BaseException as failure:  # carried to the thread that asked
            failures.append(failure)

    thread = Thread(target=attempt, daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
