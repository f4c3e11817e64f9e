"""Where a command writes, and how: results to stdout, everything else to stderr, colours only where they are wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, TextIO

from gradcli.cli import debugging
from gradcli.cli.terminal import USUAL_HEIGHT, is_decorated, wants_color, width_of
from gradcli.errors import GradcliError, Span
from gradcli.lazy import settings

if TYPE_CHECKING:
    from rich.console import Console

    from gradcli.report.profile import Computation
    from gradcli.report.styles import Segment

NOTE = "note: "


class Streams:
    """The layout that was asked for (`json`, `plain` or `rich`) and the two streams it is written to."""

    __slots__ = ("_notes", "color", "is_plain", "layout")

    def __init__(self, *, json: bool = False, plain: bool = False, color: str = "auto") -> None:
        self.color = color
        self.is_plain = plain
        self._notes: set[str] = set()
        self.layout = "json" if json else "plain" if plain or not is_decorated(sys.stdout, color) else "rich"
        prepare(sys.stdout, json=json)
        prepare(sys.stderr, json=False)

    def write(self, text: str) -> None:
        """Write text to stdout, as it is unless that is a terminal."""
        _write(sys.stdout, text)

    def write_styled(self, segments: Iterable[Segment]) -> None:
        """Write text to stdout, in its styles where colours are wanted."""
        if self.is_plain or not wants_color(sys.stdout, self.color):
            _write(sys.stdout, "".join(text for text, _ in segments))
            return
        from rich.text import Text

        shown = ((_shown(sys.stdout, text), style) for text, style in segments)
        self.console(sys.stdout).print(Text.assemble(*shown), end="", soft_wrap=True)

    def width(self) -> int | None:
        """How many cells a line on stdout has; None where it may be of any length."""
        return width_of(sys.stdout) if self.layout == "rich" else None

    def write_record(self, record: dict[str, Any]) -> None:
        """Write one line of JSON to stdout."""
        from gradcli.report import records

        sys.stdout.write(records.dump(record) + "\n")

    def note_printed(self, text: str) -> None:
        """Write what a program prints to stderr, where stdout belongs to a record."""
        _write(sys.stderr, text)

    def note(self, text: str) -> None:
        """Write a remark to stderr, once."""
        if text in self._notes:
            return
        self._notes.add(text)
        sys.stdout.flush()
        from gradcli.report.visible import wrapped

        width = width_of(sys.stderr) if sys.stderr.isatty() else None
        lines = wrapped(text, width, len(NOTE))
        sys.stderr.write(NOTE + f"\n{' ' * len(NOTE)}".join(lines) + "\n")

    def error(self, error: GradcliError, *, statement: Span | None = None, record: bool = True) -> None:
        """Tell people on stderr, and programs on stdout if they asked for JSON."""
        if self.layout == "json" and record:
            from gradcli.report import records

            self.write_record(records.error_record(error, statement=statement))
        sys.stdout.flush()
        if is_decorated(sys.stderr, self.color) or wants_color(sys.stderr, self.color):
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
        width = width_of(sys.stderr) if sys.stderr.isatty() else None
        sys.stderr.write(profile.profile_text(computations, debugging(), width))

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
        return Console(
            file=stream,
            force_terminal=True,
            no_color=not colored,
            color_system="standard" if colored else None,  # None: no escape sequence at all
            width=width_of(stream),
            height=USUAL_HEIGHT,  # both are given since rich looks at TERM before COLUMNS
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
        )


def _write(stream: TextIO, text: str) -> None:
    """Write what a program prints."""
    stream.write(_shown(stream, text))


def _shown(stream: TextIO, text: str) -> str:
    """The text for a stream: characters that steer a terminal are shown to it instead."""
    if not stream.isatty():
        return text
    from gradcli.report.visible import visible

    return visible(text, keep="\n\r\t")


def prepare(stream: TextIO, *, json: bool) -> None:
    """No character may stop a stream: JSON is UTF-8 always, elsewhere an escape stands for what the encoding lacks."""
    if isinstance(stream, TextIOWrapper):
        if json:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
        else:
            stream.reconfigure(errors="backslashreplace")
