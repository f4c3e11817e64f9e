"""The .json format: a number or nested lists of them, or an object of these by name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from gradcli.data.files import METADATA, Contents, DataFile, Metadata
from gradcli.lazy.memory import check_memory
from gradcli.lazy.ops import MOST_AXES

# Bytes of memory that a byte of text takes at most: a list of one-digit numbers.
MEMORY_PER_BYTE = 16

NONFINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_IS_NONFINITE = re.compile(r' null,|"-?(nan|inf)(inity)?"', re.IGNORECASE)


class JsonFile(Contents):
    """A file of one array, or of several by name."""

    def __init__(self, file: DataFile) -> None:
        self._file = file
        check_memory(file.size * MEMORY_PER_BYTE, f"{file.name}, as JSON,")
        try:
            self._value = json.loads(
                file.stream.read().decode("utf-8-sig"), parse_constant=self._constant, object_pairs_hook=self._object
            )
        except json.JSONDecodeError as damage:
            raise file.fault(f"line {damage.lineno}, column {damage.colno}: it is no JSON: {damage.msg.lower()}") from None
        except UnicodeDecodeError as damage:
            raise file.fault(f"it is not a text in UTF-8: byte {damage.start} is 0x{damage.object[damage.start]:02x}") from None
        except ValueError:  # int() of too many digits
            raise file.fault("it has a whole number beyond int64") from None
        except RecursionError:
            raise file.fault("its lists nest too deeply") from None
        self._nonfinite: dict[str, Any] = {}  # places by name, as `--out` tells them
        if isinstance(self._value, dict):
            metadata = self._value.pop(METADATA, None)
            nonfinite = metadata.get("nonfinite") if isinstance(metadata, dict) else None
            self._nonfinite = nonfinite if isinstance(nonfinite, dict) else {}
            self.names = tuple(self._value)

    def whole(self) -> np.ndarray:
        """The numbers, or the only entry."""
        if isinstance(self._value, dict):
            return self.entry(self._file.only(self.names))
        return self._array(self._value, None)

    def entry(self, name: str) -> np.ndarray:
        """The numbers of a name."""
        if not isinstance(self._value, dict) or name not in self._value:
            raise self._file.no_entry(name, self.names)
        return self._array(self._value[name], name)

    def _array(self, value: Any, entry: str | None) -> np.ndarray:
        """A number or nested lists as an array: bool, int64 or float64."""
        if entry in self._nonfinite:
            try:
                value = _with_nonfinite(value, self._nonfinite.pop(entry))
            except (LookupError, TypeError, ValueError):
                raise self._file.fault(
                    f"what {METADATA} tells of its numbers that are not finite is wrong", entry=entry
                ) from None
        try:
            array = np.array(value)
        except (ValueError, OverflowError):  # rows of different lengths
            array = None
        if array is None or array.dtype.kind not in "bif":
            problem = culprit(value) or "it has numbers that do not fit together"
            hint = (
                "what is not finite is kept by .npz files, and by those that --out writes"
                if _IS_NONFINITE.search(problem)
                else None
            )
            raise self._file.fault(problem, hint, entry)
        return array

    def _constant(self, name: str) -> None:
        raise self._file.fault(f"{name} is not in JSON", "inf and nan can be made by statements, or kept in a .npy file")

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            last = {name: position for position, (name, _) in enumerate(pairs)}
            twice = next(name for position, (name, _) in enumerate(pairs) if last[name] != position)
            raise self._file.fault("it is there twice", entry=twice)
        return members


def _with_nonfinite(value: Any, places: list[tuple[list[int], str]]) -> Any:
    """Nested lists with numbers that are not finite where null or a text stands for them."""
    whole = [value]
    for index, kind in places:
        row, *positions = whole, 0, *index
        for position in positions[:-1]:
            row = row[position]
        if row[positions[-1]] not in (None, kind):
            raise ValueError
        row[positions[-1]] = NONFINITE[kind]
    return whole[0]


def write(stream: BinaryIO, values: Mapping[str, Any], metadata: Metadata) -> None:
    """Write nested lists by name, and the metadata as a last member."""
    for number, (name, value) in enumerate({**values, METADATA: metadata}.items()):
        text = json.dumps({name: value}, allow_nan=False, separators=(",", ":"))
        stream.write(("{" if number == 0 else ",\n").encode() + text[1:-1].encode())
    stream.write(b"}\n")


def culprit(value: Any, of_any_size: bool = False) -> str | None:
    """What keeps a value from being an array, and where: it has something else than numbers, or uneven rows.

    Whole numbers beyond int64 are numbers if they may be `of_any_size`.
    """
    shape: list[int] = []
    first = value
    while isinstance(first, list) and len(shape) <= MOST_AXES:
        shape.append(len(first))
        first = first[0] if first else None
    if len(shape) > MOST_AXES:
        return f"its lists nest more than {MOST_AXES} deep"
    stack: list[tuple[Any, tuple[int, ...]]] = [(value, ())]
    while stack:
        item, place = stack.pop()
        where = "".join(f"[{index}]" for index in place)
        if isinstance(item, list) != (len(place) < len(shape)) or (isinstance(item, list) and len(item) != shape[len(place)]):
            found = f"a list of {len(item)}" if isinstance(item, list) else "no list"
            return f"{where} is {found}, unlike the rows before it" if where else f"it is {found}"
        if isinstance(item, list):
            stack += [(inner, (*place, index)) for index, inner in reversed(list(enumerate(item)))]
        elif not isinstance(item, (bool, int, float)):
            found = "null" if item is None else "an object" if isinstance(item, dict) else f"the text {json.dumps(item)[:40]}"
            return f"{where} is {found}, not a number" if where else f"it is {found}, not a number"
        elif isinstance(item, int) and not of_any_size and not -(2**63) <= item < 2**63:
            return f"{where or 'it'} is a whole number beyond int64"
    return None
