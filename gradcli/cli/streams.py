"""Where a command writes, and how: results to stdout, everything else to stderr, colours only where they are wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, TextIO

from gradcli.cli import debugging
from gradcli.errors import GradcliError, Span
from gradcli.lazy import settings

if TYPE_CHECKING:
    from rich.console import Console

    from gradcli.report.profile import Computation


USUAL_WIDTH = 80
Segment = tuple[str, str]  # a piece of text and its style: "", "bold" or "dim"


class Streams:
    """The layout that was asked for (`json`, `plain` or `rich`) and the two streams it is written to."""

    __slots__ = ("color", "layout")

    def __init__(self, *, json: bool = False, plain: bool = False, color: str = "auto") -> None:
        self.color = color
        self.layout = "json" if json else "plain" if plain or not is_decorated(sys.stdout, color) else "rich"
        prepare(sys.stdout, json=json)
        prepare(sys.stderr, json=False)

    def write(self, text: str) -> None:
        """Write text to stdout, as it is unless that is a terminal."""
        _write(sys.stdout, text)

    def write_styled(self, segments: Iterable[Segment]) -> None:
        """Write text to stdout, in its styles where the layout is rich."""
        if self.layout != "rich":
            sys.stdout.write("".join(text for text, _ in segments))
            return
        from rich.text import Text

        self.console(sys.stdout).print(Text.assemble(*segments, end=""), soft_wrap=True)

    def width(self) -> int | None:
        """How many cells a line on stdout has; None where it may be of any length."""
        return self.console(sys.stdout).width if self.layout == "rich" else None

    def write_record(self, record: dict[str, Any]) -> None:
        """Write one line of JSON to stdout."""
        from gradcli.report import records

        sys.stdout.write(records.dump(record) + "\n")

    def note_printed(self, text: str) -> None:
        """Write what a program prints to stderr, where stdout belongs to a record."""
        _write(sys.stderr, text)

    def note(self, text: str) -> None:
        """Write a remark to stderr."""
        sys.stdout.flush()
        text = f"note: {text}"
        if sys.stderr.isatty():
            from shutil import get_terminal_size
            from textwrap import fill

            text = fill(text, get_terminal_size().columns - 1, break_long_words=False, break_on_hyphens=False)
        sys.stderr.write(text + "\n")

    def error(self, error: GradcliError, *, statement: Span | None = None, record: bool = True) -> None:
        """Tell people on stderr, and programs on stdout if they asked for JSON."""
        if self.layout == "json" and record:
            from gradcli.report import records

            self.write_record(records.error_record(error, statement=statement))
        sys.stdout.flush()
        if is_decorated(sys.stderr, self.color):
            from gradcli.report import rich_view

            rich_view.render_error(error, self.console(sys.stderr))
        else:
            from gradcli.report import diagnostics

            sys.stderr.write(diagnostics.error_text(error).rstrip("\n") + "\n")

    def profile(self, computations: Sequence[Computation]) -> None:
        """Tell what was computed, and what it took: people on stderr, programs in a record."""
        from gradcli.report import profile

        if self.layout == "json":
            self.write_record(profile.profile_record(computations))
            return
        sys.stdout.flush()
        sys.stderr.write(profile.profile_text(computations, steps=debugging()))

    @contextmanager
    def progress(self, unit: str = "rows") -> Iterator[None]:
        """Show a bar on stderr, if that is a terminal, while something in the block takes long."""
        if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            yield
            return
        from gradcli.report.progress import Progress

        bar = settings.progress = Progress(lambda: self.console(sys.stderr), unit=unit)
        try:
            yield
        finally:
            settings.progress = None
            bar.clear()

    def console(self, stream: TextIO) -> Console:
        """A rich console on one of the streams, with colours as the options and the environment say."""
        from rich.console import Console

        colored = wants_color(stream, self.color)
        console = Console(
            file=stream,
            force_terminal=True,
            no_color=not colored,
            color_system="auto" if stream.isatty() else "256",
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
        )
        if console.width == 0:  # so says a terminal that does not know
            console.width = USUAL_WIDTH
        return console


def _write(stream: TextIO, text: str) -> None:
    """Write what a program prints; characters that steer a terminal are shown to it instead."""
    if stream.isatty():
        from gradcli.report.visible import visible

        text = visible(text, keep="\n\r\t")
    stream.write(text)


def wants_color(stream: TextIO, policy: str) -> bool:
    """Whether a stream gets colours: the option decides, then NO_COLOR, FORCE_COLOR, TERM, and whether it is a terminal."""
    if policy != "auto":
        return policy == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return is_decorated(stream, policy)


def is_decorated(stream: TextIO, policy: str) -> bool:
    """Whether a stream gets the rich layout: on a terminal, or where colours are asked for."""
    if policy == "always":
        return True
    if policy == "auto" and os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def prepare(stream: TextIO, *, json: bool) -> None:
    """No character may stop a stream: JSON is UTF-8 always, elsewhere an escape stands for what the encoding lacks."""
    if isinstance(stream, TextIOWrapper):
        if json:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        else:
            stream.reconfigure(errors="backslashreplace")
