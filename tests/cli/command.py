"""Running a command line: in this process, which is quick, or in one of its own, as a user does."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gradcli.cli import entry


class Outcome(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self) -> dict[str, Any]:
        """The only record on stdout."""
        (only,) = self.records
        assert isinstance(only, dict)
        return only


def run_here(*words: str) -> Outcome:
    """Run a command line in this process, with stdout and stderr that are no terminals."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = entry(words)
    return Outcome(status, _written_to(out), _written_to(err))


def _written_to(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def run_apart(
    words: Sequence[str], *, text: str | bytes = "", environment: Mapping[str, str] | None = None, timeout: float = 60
) -> Outcome:
    """Run a command line in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "GRADCLI_DEBUG")}
    done = subprocess.run(
        [sys.executable, "-m", "gradcli", *words],
        input=text.encode() if isinstance(text, str) else text,
        capture_output=True,
        env=clean | dict(environment or {}),
        timeout=timeout,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
