"""What is known of the terminal behind a stream: whether there is one, its width, and whether it gets colours."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

USUAL_WIDTH, USUAL_HEIGHT = 80, 25


def wants_color(stream: TextIO, policy: str) -> bool:
    """Whether a stream gets colours: the option decides, then NO_COLOR, FORCE_COLOR, TERM, and whether it is a terminal."""
    if policy != "auto":
        return policy == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "0") not in ("", "0") or is_decorated(stream, policy)


def is_decorated(stream: TextIO, policy: str) -> bool:
    """Whether a stream gets the rich layout: on a terminal, or where the option asks for what that would show."""
    return policy == "always" or (os.environ.get("TERM") != "dumb" and stream.isatty())


def width_of(stream: TextIO) -> int:
    """How many cells a line has: as COLUMNS says, or the terminal that the stream or one beside it is."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    for each in (stream, sys.stderr, sys.stdin):
        with suppress(AttributeError, OSError, ValueError):  # no file, no terminal, or closed
            if columns := os.get_terminal_size(each.fileno()).columns:
                return columns
    return USUAL_WIDTH
