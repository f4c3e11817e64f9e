"""What a program needs from the outside: a place to show values and to print, and how values are written."""

from __future__ import annotations

from typing import Any, Protocol

from gradcli.language.tree import ExpressionStatement


class Host(Protocol):
    """Whoever runs a program: the session, for the command line or for Python."""

    def display(self, value: Any, statement: ExpressionStatement) -> None:
        """Show the value of an expression statement that is not silenced."""

    def write(self, text: str) -> None:
        """Write what `print` prints; the line's end is in the text."""

    def text(self, value: Any) -> str:
        """What `str(value)` and `print(value)` show."""

    def representation(self, value: Any) -> str:
        """What `repr(value)` shows, as for elements of a list."""
