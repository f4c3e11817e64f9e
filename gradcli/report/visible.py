"""Text from outside made safe to show: control, bidirectional and other invisible characters become visible escapes."""

from __future__ import annotations

from typing import Final

ELLIPSIS: Final = "…"


def visible(text: str, keep: str = "") -> str:
    """The text with every character that has no glyph written as Python's escape of it (`\\x1b`), except those to keep."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character in keep else escape(character) for character in text)


def escape(character: str) -> str:
    """A character as Python's escape of it."""
    return character.encode("unicode_escape").decode("ascii")


def cell_width(text: str) -> int:
    """How many terminal cells printable text takes: wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1 for character in text)


def padded(text: str, width: int) -> str:
    """The text filled with spaces to a number of cells."""
    return text + " " * (width - cell_width(text))


def fitted(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """The text, cut at the end so that it takes at most `width` cells."""
    if cell_width(text) <= width:
        return text
    taken: list[str] = []
    room = width - len(ellipsis)
    for character in text:
        room -= cell_width(character)
        if room < 0:
            break
        taken.append(character)
    return "".join(taken).rstrip() + ellipsis if width >= len(ellipsis) else ""


def wrapped(text: str, width: int | None, used: int = 0) -> list[str]:
    """A text as lines of whole words that take at most `width` cells, `used` cells being taken already before each of them.

    A word that is longer has a line of its own, which the terminal breaks; without a width everything is one line.
    """
    if width is None or cell_width(text) <= width - used:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_width(longer) > width - used:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def one_line(text: str) -> str:
    """The text with its whitespace collapsed, so that a piece of several source lines fits on one, and made visible."""
    return visible(" ".join(text.split()))
