"""The command line: the entry point, which stays small so that Ctrl-C and a closed pipe are handled from the first import on."""

from __future__ import annotations

import gc
import io
import os
import sys
from contextlib import suppress

TYPE_CHECKING = False  # as in the package
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn, TextIO

INTERNAL_FAULT = 1
OUTPUT_FAULT = 7
INTERRUPTED = 130
PIPE_CLOSED = 141


def entry(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return the process's exit status; never a traceback."""
    status = _run(arguments)
    if arguments is None:  # the process is ours
        _leave(status)
    return status


def _leave(status: int) -> NoReturn:
    """End the process as it stands: to take it apart takes time, and a thread may be left in a long call of a library."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)


def _run(arguments: Sequence[str] | None) -> int:
    gc.disable()  # importing makes many objects and no garbage; `collect_sparingly` turns collection on again
    # Blocks of rows are the parallelism here; BLAS threads of its own would compete, and change the bits of results.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.stderr is None:  # closed by the caller
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    elif arguments is None:  # the process is ours
        sys.stderr = _unfailing(sys.stderr)
    if sys.stdout is None:
        return _told("the output cannot be written: standard output is closed", OUTPUT_FAULT)
    try:
        if arguments is None:
            from gradcli.cli.interrupts import watch_for_interrupt

            watch_for_interrupt()
            if isinstance(sys.stdout.buffer, io.RawIOBase):  # PYTHONUNBUFFERED, or python -u
                sys.stdout = _unshortened(sys.stdout)
        from gradcli.cli.main import execute

        status = execute(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except Stopped as stop:
        return stop.status
    except (BrokenPipeError, PipeClosed):
        _forget_what_is_unwritten()
        return PIPE_CLOSED
    except OSError as fault:
        _forget_what_is_unwritten()
        return _told(f"the output cannot be written: {fault.strerror or fault}", OUTPUT_FAULT)
    except Exception as fault:  # even the report of a fault may have one
        return _told(f"an internal fault of gradcli: {type(fault).__name__}", INTERNAL_FAULT)
    finally:
        leave_nothing_unfinished()
        gc.freeze()  # a collection would walk through all that was imported, as soon as one is allowed again
        gc.enable()


class _Unfailing(io.FileIO):
    """A file that takes what it can: where errors cannot be told, results are written all the same, as by grep and sort."""

    def write(self, data: Any) -> int:
        """Write bytes; what a full disk does not take is gone."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            raise
        except OSError:
            return len(data)


def _unfailing(stream: TextIO) -> TextIO:
    """The same stream, which no fault of the system stops."""
    try:
        raw = _Unfailing(stream.fileno(), "wb", closefd=False)
    except (OSError, ValueError):
        return stream
    return io.TextIOWrapper(io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=True)


class _Unshortened(io.FileIO):
    """A file that takes all or fails: a text that is written to it is gone where the system took only its first bytes."""

    def write(self, data: Any) -> int:
        """Write bytes, all of them."""
        rest = memoryview(data).cast("B")
        while rest:
            taken = super().write(rest)
            if taken is None:
                raise BlockingIOError("it takes nothing more at once")
            rest = rest[taken:]
        return len(data)


def _unshortened(stream: TextIO) -> TextIO:
    """The same stream without a buffer, which fails where it would be cut short."""
    return io.TextIOWrapper(
        _Unshortened(stream.fileno(), "wb", closefd=False), stream.encoding, stream.errors, write_through=True
    )


class Stopped(BaseException):
    """The end of the command from outside, other than by Ctrl-C; nothing on the way out takes it for a fault."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class PipeClosed(Exception):
    """A BrokenPipeError on its way through Typer, which would give it an exit status of its own."""


def collect_sparingly() -> None:
    """Turn garbage collection on after start-up: what is imported stays, and graphs are mostly freed without it."""
    gc.freeze()
    gc.set_threshold(400_000, 1000, 20)  # a graph of a million nodes would be walked through once more for nothing
    gc.enable()


def leave_nothing_unfinished() -> None:
    """Remove files that are half written, if any were begun: an exception may have met those who would."""
    if (replace := sys.modules.get("gradcli.data.replace")) is not None:
        replace.remove_unfinished()


def _told(sentence: str, status: int) -> int:
    """Say what ended the command, with nothing but what is surely there."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"error: {sentence}\n")
        sys.stderr.flush()
    return status


def _forget_what_is_unwritten() -> None:
    """Keep the interpreter from complaining at exit that stdout takes nothing more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(AttributeError, OSError, ValueError):  # a stream that is no file has nothing to flush
        os.dup2(nowhere, sys.stdout.fileno())


def debugging() -> bool:
    """Whether the environment asks for details, with GRADCLI_DEBUG=1."""
    return os.environ.get("GRADCLI_DEBUG", "0") not in ("", "0")
