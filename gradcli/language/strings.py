"""String literals: prefixes, escapes, and cutting an f-string into text and fields."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradcli.errors import Source, Span, SyntaxFault

# Compiled by re on first use: a program without strings should not wait for it.
_LITERAL = r"""([a-zA-Z]*)(\"""|'''|"|')"""
_ESCAPE = r"\\(\r?\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^\r\n])"
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Content(NamedTuple):
    """What a string literal holds: whether it is raw, whether it is an f-string, and where its text is."""

    is_raw: bool
    is_formatted: bool
    start: int
    end: int


class RawField(NamedTuple):
    """Where the parts of a field of an f-string are, as offsets in the source; -1 for an end that has no format."""

    start: int
    end: int
    shows_source: bool
    conversion: str
    format_start: int
    stop: int


def content(token: str, start: int) -> Content:
    """Read the prefix and the quotes of a literal that starts at an offset."""
    match = re.match(_LITERAL, token)
    assert match is not None
    prefix, quotes = match[1].lower(), match[2]
    return Content("r" in prefix, "f" in prefix, start + match.end(), start + len(token) - len(quotes))


def unescape(text: str, source: Source, start: int) -> str:
    """The text with its escapes read, as Python reads them; an unknown escape stays as it is."""
    if "\\" not in text:
        return text

    def replacement(match: re.Match[str]) -> str:
        code = match[1]
        if code in _SIMPLE:
            return _SIMPLE[code]
        if code[0] in "01234567":
            return chr(int(code, 8))
        if code[0] in "xuU" and len(code) > 1:
            number = int(code[1:], 16)
            if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
                raise string_fault(
                    source, start + match.start(), start + match.end(), "there is no character with this number", None
                )
            return chr(number)
        return "" if code.endswith("\n") else match[0]

    return re.sub(_ESCAPE, replacement, text)


def string_fault(source: Source, start: int, end: int, message: str, hint: str | None) -> SyntaxFault:
    """An error inside a string."""
    return SyntaxFault(message, hint=hint).at(source, Span(start, max(end, start + 1)))


def pieces(source: Source, start: int, end: int, is_raw: bool, inside_format: bool = False) -> list[str | RawField]:
    """Cut the text of an f-string, or of a format in one, into literal text and fields."""
    text = source.text
    parts: list[str | RawField] = []
    position = literal_start = start
    literal = ""

    def take(upto: int) -> str:
        piece = text[literal_start:upto]
        return literal + (piece if is_raw else unescape(piece, source, literal_start))

    while position < end:
        character = text[position]
        if character not in "{}":
            position += 1
            continue
        if not inside_format and text[position : position + 2] in ("{{", "}}") and position + 1 < end:
            literal = take(position + 1)
            position = literal_start = position + 2
            continue
        if character == "}":
            raise string_fault(
                source, position, position + 1, "a single } in an f-string closes nothing", "write }} for the character itself"
            )
        literal = take(position)
        if literal:
            parts.append(literal)
        field = _field(source, position, end)
        parts.append(field)
        literal, position, literal_start = "", field.stop, field.stop
    literal = take(end)
    if literal:
        parts.append(literal)
    return parts


def _field(source: Source, opening: int, end: int) -> RawField:
    """The parts of the field whose brace opens at an offset."""
    text = source.text
    stop = _expression_end(source, opening, end)
    expression_end, position = stop, stop
    shows_source = text[position] == "="
    if shows_source:
        position += 1
        while position < end and text[position] == " ":
            position += 1
    conversion = ""
    if text[position : position + 1] == "!":
        conversion = text[position + 1 : position + 2]
        position += 2
        if conversion not in ("r", "s", "a"):
            raise string_fault(
                source, position - 2, position, "after ! in an f-string comes r, s or a", "leave the ! out, or write !r"
            )
    format_start = -1
    if text[position : position + 1] == ":" and position < end:
        format_start = position + 1
        position = _format_end(source, opening, format_start, end)
    if position >= end or text[position] != "}":
        raise _unclosed(source, opening)
    if not text[opening + 1 : expression_end].strip():
        raise string_fault(
            source, opening, position + 1, "the braces in this f-string are empty", "write {{}} for the characters themselves"
        )
    return RawField(opening + 1, expression_end, shows_source, conversion, format_start, position + 1)


def _expression_end(source: Source, opening: int, end: int) -> int:
    """Where the expression of a field ends: at `}`, `:`, `!` or `=` outside of brackets and quotes."""
    text = source.text
    closers: list[str] = []
    position = opening + 1
    while position < end:
        character = text[position]
        if character in "'\"":
            closing = text.find(character, position + 1, end)
            if closing < 0:
                raise string_fault(
                    source, position, end, "a string inside this f-string has no end", "close it with the same quote"
                )
            position = closing
        elif character in _CLOSING:
            closers.append(_CLOSING[character])
        elif closers:
            if character == closers[-1]:
                closers.pop()
        elif (
            character in "}:"
            or (character == "!" and text[position + 1 : position + 2] != "=")
            or (character == "=" and text[position + 1 : position + 2] != "=" and text[position - 1] not in "=<>!")
        ):
            return position
        position += 1
    raise _unclosed(source, opening)


def _format_end(source: Source, opening: int, start: int, end: int) -> int:
    """Where the format of a field ends: at its closing brace; a format may hold fields itself."""
    depth = 0
    for position in range(start, end):
        character = source.text[position]
        if character == "{":
            depth += 1
        elif character == "}":
            if depth == 0:
                return position
            depth -= 1
    raise _unclosed(source, opening)


def _unclosed(source: Source, opening: int) -> SyntaxFault:
    return string_fault(
        source, opening, opening + 1, "a closing } is missing for the { here", "write {{ for the character itself"
    )
