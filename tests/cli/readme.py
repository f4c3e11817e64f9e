"""The README's examples, and what they print; a command may read what an `echo` before it writes.

`python -m tests.cli.readme` runs them and writes their output into the README.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from .command import run_apart, run_here

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
_CONSOLE = re.compile(r"```console\n\$ (.*)\n((?:.*\n)*?)```\n")
_PYTHON = re.compile(r"```python\n((?:.*\n)*?)```\n")


def console_examples() -> list[tuple[str, str]]:
    """The commands of the README and the output that stands below each."""
    return _CONSOLE.findall(README.read_text(encoding="utf-8"))


def python_example() -> str:
    """The README's Python program."""
    (program,) = _PYTHON.findall(README.read_text(encoding="utf-8"))
    assert isinstance(program, str)
    return program


def output_of(command: str) -> str:
    """What a command writes, to stdout first and then to stderr."""
    os.chdir(ROOT)
    echo, pipe, command = command.rpartition(" | ")
    words = shlex.split(command)[1:]
    done = run_apart(words, text=shlex.split(echo)[1] + "\n") if pipe else run_here(*words)
    return done.out + done.err


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(_CONSOLE.sub(lambda match: f"```console\n$ {match[1]}\n{output_of(match[1])}```\n", text), encoding="utf-8")
