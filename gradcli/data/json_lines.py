"""JSON Lines: an object of fields a line, read as they arrive."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, NamedTuple

from orjson import JSONDecodeError, loads

from gradcli.data.files import shown
from gradcli.errors import InputFault

MOST_LINE = 1 << 24  # bytes
PIECE = 1 << 18  # bytes that are read at once, at most
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Fields = dict[str, Any]


class Arrived(NamedTuple):
    """Lines that can be worked on without waiting for more, and the number of the first; one that is too long is cut."""

    first: int
    lines: list[bytes]


@contextmanager
def opened(file: str) -> Iterator[tuple[str, BinaryIO]]:
    """A file, or standard input for -, with the name that it is shown under."""
    if file == "-":
        if sys.stdin is None:
            raise InputFault("<stdin> cannot be read: standard input is closed")
        yield "<stdin>", sys.stdin.buffer
        return
    name = shown(file)
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(open(file, "rb"))
        except FileNotFoundError:
            raise InputFault(f"there is no file {name}") from None
        except (OSError, ValueError) as fault:  # the latter of a name with characters that none has
            raise InputFault(f"{name} cannot be read: {getattr(fault, 'strerror', fault)}") from None
        yield name, stream


def arriving(stream: BinaryIO, name: str) -> Iterator[Arrived]:
    """The lines of a stream, as many at a time as are there."""
    number = 1
    held: list[bytes] = []  # the beginning of a line
    is_skipping = False  # the rest of a line that was too long
    while piece := _read(stream, name):
        *lines, rest = piece.split(b"\n")
        if is_skipping and lines:
            del lines[0]
            is_skipping = False
        elif lines:
            lines[0] = b"".join([*held, lines[0]])
            held = []
        if not is_skipping:
            held.append(rest)
            if sum(map(len, held)) > MOST_LINE + len(_BYTE_ORDER_MARK):
                lines.append(b"".join(held))
                held = []
                is_skipping = True
        if lines:
            yield _marked(number, lines)
            number += len(lines)
    if any(held):
        yield _marked(number, [b"".join(held)])


def _read(stream: BinaryIO, name: str) -> bytes:
    """What is there, or what comes next; nothing at the end."""
    try:
        piece: bytes = stream.read1(PIECE)  # type: ignore[attr-defined]
    except OSError as fault:
        raise InputFault(f"{name} cannot be read: {fault.strerror or fault}") from None
    return piece


def _marked(number: int, lines: list[bytes]) -> Arrived:
    """Lines, without the mark that a file may start with."""
    if number == 1:
        lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
    return Arrived(number, lines)


def fields_of(line: bytes) -> Fields:
    """The fields of a line, by name; raises InputFault, which says where and why."""
    if len(line) > MOST_LINE:
        raise InputFault(f"the line has more than {MOST_LINE // 2**20} MiB", hint="--data reads large arrays from files")
    try:
        fields = loads(line)
    except JSONDecodeError as damage:
        raise _no_json(line, damage) from None
    if type(fields) is not dict:
        raise InputFault(f"this is {_kind(fields)}, not an object of bindings", hint='a line is like {"x": [1, 2], "y": 3}')
    if line.count(b":") != len(fields):  # there may be a name twice, of which the last one would count
        literal_fields(line)
    return fields


def literal_fields(line: bytes) -> Fields:
    """The same with whole numbers of any size; of those beyond 64 bits `fields_of` makes floating ones."""
    try:
        fields: Fields = json.loads(line, object_pairs_hook=_members)
    except ValueError:  # int() of too many digits
        raise InputFault("a whole number has too many digits", hint="write it with a point to make it floating") from None
    except RecursionError:
        raise InputFault("its lists nest too deeply") from None
    return fields


def _members(pairs: list[tuple[str, Any]]) -> Fields:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for position, name in enumerate(names) if name in names[:position])
        raise InputFault(f"the field {shown(twice)} is there twice", hint="keep one of them")
    return members


def _no_json(line: bytes, damage: json.JSONDecodeError) -> InputFault:
    """What is wrong with a line, and where."""
    try:
        text = line.decode()
    except UnicodeDecodeError as wrong:
        return InputFault(f"this is not a text in UTF-8: byte {wrong.start + 1} of the line is 0x{line[wrong.start]:02x}")
    column = damage.pos + 1
    rest = text[damage.pos :].lstrip("-")
    for name in ("NaN", "Infinity"):
        if rest.startswith(name):
            return InputFault(f"column {column}: {name} is not in JSON", hint="inf and nan can be made by statements")
    return InputFault(f"column {column}: this is no JSON: {damage.msg}", hint='a line is like {"x": [1, 2], "y": 3}')


def _kind(value: Any) -> str:
    """What a JSON value is, in words."""
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
