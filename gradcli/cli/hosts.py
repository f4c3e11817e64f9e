"""What a running script's values and printed texts become: PyTorch's text, or JSON records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcli.autograd import state
from gradcli.errors import Source, Span
from gradcli.report import records
from gradcli.report.torch_text import format_value, represent_value

if TYPE_CHECKING:
    from gradcli.cli.streams import Streams
    from gradcli.language.tree import ExpressionStatement


class TextHost:
    """Writes what Python's interactive prompt and PyTorch would write."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams

    def display(self, value: Any, statement: ExpressionStatement) -> None:
        """Show a value; nothing for None, as at Python's prompt."""
        if value is not None:
            self.streams.write(represent_value(value) + "\n")

    def write(self, text: str) -> None:
        """Write printed text as it is."""
        self.streams.write(text)

    def text(self, value: Any) -> str:
        """PyTorch's text."""
        return format_value(value)

    def representation(self, value: Any) -> str:
        """PyTorch's text, with strings quoted."""
        return represent_value(value)


class JsonHost(TextHost):
    """Writes a record for each displayed value and each printed text."""

    def __init__(self, streams: Streams, source: Source, nan: str) -> None:
        super().__init__(streams)
        self.source = source
        self.nan = nan

    def display(self, value: Any, statement: ExpressionStatement) -> None:
        """Write a record of the value; nothing for None, as in text."""
        if value is not None:
            self.streams.write_record(records.display_record(value, self.source, statement.span, self.nan))

    def write(self, text: str) -> None:
        """Write a record of the printed text, placed at the call that printed it."""
        place = state.place
        source, span = (place.source, place.span) if place is not None else (self.source, Span(0, 0))
        self.streams.write_record(records.print_record(text, source, span))
