"""What ends the process from outside: Ctrl-C, SIGTERM, and the time limit of --timeout.

Each is an exception that takes the ordinary way out. Python's handlers wait for the end of a long call of NumPy's, so a thread
ends the process where that takes too long.
"""

from __future__ import annotations

import os
import signal
import sys
from _thread import start_new_thread
from contextlib import suppress
from time import sleep
from types import FrameType

from gradcli.cli import INTERRUPTED, Stopped, leave_nothing_unfinished
from gradcli.errors import LimitExceeded, UsageError

# How long the ordinary way out may take: an exception that ends the statements and flushes what is written.
GRACE_SECONDS = 0.5
TELLING_SECONDS = 3.0  # more, for a machine that is busy while the time limit is being told

SIGNALLED = 128  # the exit status of what a signal ended, less its number
_ENDING: tuple[int, ...] = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name))
_STATUS_OF: dict[int, int] = {signal.SIGINT: INTERRUPTED} | {number: SIGNALLED + number for number in _ENDING}
_ALARM: int | None = getattr(signal, "SIGALRM", None)


class TimeIsUp(Stopped):
    """The time limit, with the place of what was being computed."""

    def __init__(self, limit: LimitExceeded) -> None:
        super().__init__(limit.exit_code)
        self.limit = limit


class _Timer:
    """The seconds that were asked for, and whether the ordinary way out is telling that they are over."""

    seconds = 0.0
    is_telling = False


def watch_for_interrupt() -> None:
    """Make signals that end the process exceptions, and let a thread end it if it is still there after the grace."""
    for number in _ENDING:
        if signal.getsignal(number) == signal.SIG_DFL:  # else the caller wants it ignored
            signal.signal(number, _stop)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    start_new_thread(_end_late, (reading,))


def start_timer(seconds: float) -> None:
    """Let the time limit run."""
    if _ALARM is None:
        raise UsageError("--timeout needs a timer, which this system does not have")
    _Timer.seconds, _Timer.is_telling = seconds, False
    signal.signal(_ALARM, _time_is_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def stop_timer() -> None:
    """Lift the time limit, if there is one."""
    if _Timer.seconds:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _Timer.seconds = 0.0


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(_STATUS_OF[number])


def _time_is_up(number: int, frame: FrameType | None) -> None:
    from gradcli.autograd import state

    limit, place = _limit(), state.place
    if place is not None:
        limit.at(place.source, place.span)
    _Timer.is_telling = True
    raise TimeIsUp(limit)


def _limit() -> LimitExceeded:
    return LimitExceeded(f"the time limit is over: it took more than {_Timer.seconds:g} s", hint="--timeout sets the limit")


def _end_late(reading: int) -> None:
    while number := os.read(reading, 1):
        is_alarm = number[0] == _ALARM
        if not is_alarm and number[0] not in _STATUS_OF:
            continue
        sleep(GRACE_SECONDS)
        leave_nothing_unfinished()
        if is_alarm and _Timer.is_telling:
            sleep(TELLING_SECONDS)
        elif is_alarm:
            from gradcli.cli.main import failed

            failed(_limit(), sys.argv[1:])
        _flush()
        os._exit(LimitExceeded.exit_code if is_alarm else _STATUS_OF[number[0]])


def _flush() -> None:
    """Write what a reader still takes."""
    from select import select

    with suppress(AttributeError, OSError, ValueError):
        if select([], [sys.stdout], [], 0)[1]:
            sys.stdout.flush()
