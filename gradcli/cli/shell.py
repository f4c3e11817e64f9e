"""Commands as a shell reads them: words in quotes, and lines that are broken where it joins them again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

INDENT = "  "
JOINED = " \\"  # at the end of a line that the shell goes on reading
_PIECE = r"(?:[^\s'\"]|'[^']*'|\"[^\"]*\")+"  # a word, whose quotes may hold spaces
_UNIT = re.compile(rf"(?:(?:--?[\w-]+|[>|]) (?=['\"\w]))?{_PIECE}")  # a word of a command; an option with its value


class Space(NamedTuple):
    """A space within the brackets of a value, where its line may end."""

    depth: int
    is_behind_comma: bool
    position: int


def quoted(word: str) -> str:
    """A word as a shell takes it, in the quotes that are easiest to read."""
    if "'" in word and not set('"$`!\\') & set(word):
        return f'"{word}"'
    return "'" + word.replace("'", "'\"'\"'") + "'"


def command_lines(command: str, width: int | None) -> list[str]:
    """A command on lines of at most `width` cells, which the shell takes for one; the further lines are indented.

    A value goes on within its brackets, where a line's end means nothing. Longer is what cannot be broken so.
    """
    if width is None or len(command) <= width:
        return [command]
    lines = [""]
    for unit in _UNIT.findall(command):
        if lines[-1].strip() and len(lines[-1] + unit + JOINED) > width:
            lines[-1] = lines[-1].rstrip() + JOINED
            lines.append(INDENT)
        *full, last = _value_lines(lines[-1] + unit, width)
        lines[-1:] = [*full, f"{last} "]
    return [line.rstrip() for line in lines]


def _value_lines(line: str, width: int) -> Iterator[str]:
    """A line that ends with a value, broken where its brackets are outermost, and at commas rather than elsewhere."""
    start, indent, spaces = 0, "", list(_spaces(line))
    while len(indent + line[start:] + JOINED) > width:
        fitting = [space for space in spaces if start < space.position <= start + width - len(indent)]
        if not fitting:
            break
        best = min(fitting, key=lambda space: (space.depth, not space.is_behind_comma, -space.position))
        yield indent + line[start : best.position]
        start, indent = best.position + 1, INDENT * 2
    yield indent + line[start:]


def _spaces(line: str) -> Iterator[Space]:
    """The spaces within brackets, but for those of strings, which are in the quotes that are not the word's own."""
    own = next((character for character in line if character in "'\""), "")
    depth, is_string = 0, False
    for position, character in enumerate(line):
        is_string ^= character in "'\"" and character != own
        depth += (character in "([") - (character in ")]")
        if character == " " and depth > 0 and not is_string:
            yield Space(depth, line[position - 1] == ",", position)
