"""What stands below the options of a help: examples, lists and paragraphs, laid out for the width of the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from gradcli.cli.shell import INDENT, command_lines
from gradcli.report.visible import wrapped

_ROW = re.compile(r"  (\S+(?: \S+)*)  +(.*)")  # a term, and what it means


def epilog_lines(text: str, width: int) -> Iterator[str]:
    """The lines of an epilog: indented lines are commands, or rows of two columns; what is not indented is filled."""
    for kind, lines in groupby(text.strip("\n").split("\n"), _kind):
        yield from _LAYOUTS[kind](lines, width)


def _kind(line: str) -> str:
    return "row" if _ROW.fullmatch(line) else "command" if line.startswith(INDENT) else "text" if line else "empty"


def _empty(lines: Iterable[str], width: int) -> Iterator[str]:
    yield from lines


def _paragraph(lines: Iterable[str], width: int) -> Iterator[str]:
    yield from wrapped(" ".join(lines), width)


def _rows(lines: Iterable[str], width: int) -> Iterator[str]:
    rows = [match.groups() for line in lines if (match := _ROW.fullmatch(line))]
    indent = max(len(term) for term, _ in rows) + 2 * len(INDENT)
    for term, meaning in rows:
        first, *rest = wrapped(meaning, width, indent)
        yield f"{INDENT}{term}".ljust(indent) + first
        yield from (" " * indent + line for line in rest)


def _commands(lines: Iterable[str], width: int) -> Iterator[str]:
    """Each command, on several lines if need be."""
    for command in lines:
        yield from (INDENT + line for line in command_lines(command.strip(), width - len(INDENT)))


_LAYOUTS = {"row": _rows, "command": _commands, "text": _paragraph, "empty": _empty}
