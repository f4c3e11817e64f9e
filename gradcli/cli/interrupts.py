"""Ctrl-C ends the process within a second, also inside of a long call of NumPy's: Python's own handler waits for its end."""

from __future__ import annotations

import os
import signal
import sys
from _thread import start_new_thread
from contextlib import suppress
from time import sleep

# How long the ordinary way out may take: an exception that ends the statements and flushes what is written.
GRACE_SECONDS = 0.5


def watch_for_interrupt(status: int) -> None:
    """Let a thread wait for SIGINT, which ends the process with a status if it is still there after the grace."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    start_new_thread(_end_late, (reading, status))


def _end_late(reading: int, status: int) -> None:
    while number := os.read(reading, 1):
        if number[0] == signal.SIGINT:
            sleep(GRACE_SECONDS)
            _flush()
            os._exit(status)


def _flush() -> None:
    """Write what a reader still takes."""
    from select import select

    with suppress(AttributeError, OSError, ValueError):
        if select([], [sys.stdout], [], 0)[1]:
            sys.stdout.flush()
