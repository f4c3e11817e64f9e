"""Threads that compute beside the one that asked.

They stay from one computation to the next: to start one and wait for its end takes longer than many a computation. Python hears
of Ctrl-C in the main thread only, and not before a call of NumPy's is over; so what may take long is better done by others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread, current_thread, main_thread

Task = Callable[[], object]


class _Crew:
    """Threads that take tasks from a queue; those of one that is abandoned end when they are done with theirs."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[Task | None] = SimpleQueue()
        self.size = 0

    def grow(self, size: int) -> None:
        """Have at least so many threads."""
        while self.size < size:
            self.size += 1
            Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while (task := self.tasks.get()) is not None:
            task()
            del task  # it would hold what it computed until the next one

    def abandon(self) -> None:
        """Let the threads end."""
        for _ in range(self.size):
            self.tasks.put(None)


_crew = _Crew()
_lock = Lock()


def is_heard() -> bool:
    """Whether this is the thread that is interrupted."""
    return current_thread() is main_thread()


def share(work: Task, others: int, joins: bool = True) -> None:
    """Have the work done by so many other threads at once, and by this one if it joins; back when all who began are done.

    The work handles its own errors. What interrupts the wait leaves the others alone with what they are doing.
    """
    global _crew
    invitations = [None] * others
    done: SimpleQueue[None] = SimpleQueue()

    def help_out() -> None:
        try:
            invitations.pop()
        except IndexError:  # the others were quick
            return
        try:
            work()
        finally:
            done.put(None)

    with _lock:  # a crew that is abandoned is given no tasks
        crew = _crew
        crew.grow(others)
        for _ in range(others):
            crew.tasks.put(help_out)
    try:
        if joins:
            work()
            others -= _withdrawn(invitations)
        for _ in range(others):
            done.get()
    except BaseException:
        with _lock:
            if crew is _crew:
                _crew = _Crew()
                crew.abandon()
        raise


def _withdrawn(invitations: list[None]) -> int:
    """How many nobody has taken, nor can take any more."""
    number = 0
    while True:
        try:
            invitations.pop()
        except IndexError:
            return number
        number += 1


def interruptibly(work: Task) -> None:
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

    share(attempt, 1, joins=False)
    if failures:
        raise failures[0]


def _forget_threads() -> None:
    """The process that a fork makes has none of them."""
    global _crew, _lock
    _crew, _lock = _Crew(), Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
