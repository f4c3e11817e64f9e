"""The command line: the entry point, which stays small so that Ctrl-C and a closed pipe are handled from the first import on."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

INTERRUPTED = 130
PIPE_CLOSED = 141


def entry(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return the process's exit status; never a traceback."""
    gc.disable()  # importing makes many objects and no garbage; `collect_sparingly` turns collection on again
    # Blocks of rows are the parallelism here; BLAS threads of its own would compete, and change the bits of results.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from gradcli.cli.main import execute

        status = execute(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, PipeClosed):
        return _reader_has_gone()
    finally:
        gc.freeze()  # a last collection at exit would walk through all that was imported
        gc.enable()


class PipeClosed(Exception):
    """A BrokenPipeError on its way through Typer, which would give it an exit status of its own."""


def collect_sparingly() -> None:
    """Turn garbage collection on after start-up: what is imported stays, and graphs are mostly freed without it."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()


def _reader_has_gone() -> int:
    """The reader closed the pipe: keep the interpreter from complaining about it when it flushes at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (AttributeError, OSError, ValueError):  # a stream that is no file has nothing to flush
            continue
    return PIPE_CLOSED
