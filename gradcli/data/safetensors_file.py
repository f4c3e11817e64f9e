"""The .safetensors format: a header in JSON, checked before anything is allocated, and the numbers, which are mapped.

Format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any, BinaryIO

import numpy as np

from gradcli.data.files import METADATA, Contents, DataFile, Metadata, shown
from gradcli.data.npy import native, write_numbers
from gradcli.lazy.dtypes import ALL
from gradcli.lazy.memory import check_memory
from gradcli.lazy.ops import MOST_AXES, MOST_ELEMENTS

LENGTH = 8  # bytes that tell the length of the header
MOST_HEADER = 100_000_000  # bytes, as the library that defines the format
MEMORY_PER_BYTE = 40  # bytes of memory that a byte of the header takes at most: of small lists

DTYPES = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}
_NAMES = {np.dtype(text): name for name, text in DTYPES.items()}
_SUPPORTED = f"the dtypes are {', '.join(dtype.name for dtype in ALL)}"


class SafetensorsFile(Contents):
    """A file of several arrays by name."""

    def __init__(self, file: DataFile) -> None:
        self._file = file
        length = int.from_bytes(file.stream.read(LENGTH), "little")
        self._start = LENGTH + length
        if file.size < LENGTH or self._start > file.size:
            raise file.fault("it is cut off, or no .safetensors file: the header is longer than the file")
        if length > MOST_HEADER:
            raise file.fault(f"the header has {length} bytes, and {MOST_HEADER} are the limit")
        check_memory(length * MEMORY_PER_BYTE, f"the header of {file.name}")
        try:
            header = json.loads(file.stream.read(length).decode(), object_pairs_hook=self._object)
        except (ValueError, RecursionError):
            raise file.fault("it is no .safetensors file: its header is no JSON") from None
        if not isinstance(header, dict) or not all(isinstance(entry, dict) for entry in header.values()):
            raise file.fault("the header cannot be understood")
        header.pop(METADATA, None)
        self._entries: dict[str, dict[str, Any]] = header
        self.names = tuple(header)
        self._check_that_numbers_fill_the_file()

    def whole(self) -> np.ndarray:
        """The only entry."""
        return self.entry(self._file.only(self.names))

    def entry(self, name: str) -> np.ndarray:
        """The array of a name, mapped."""
        if name not in self._entries:
            raise self._file.no_entry(name, self.names)
        entry = self._entries[name]
        code, shape = entry.get("dtype"), entry.get("shape")
        if not isinstance(code, str) or code not in DTYPES:
            raise self._file.fault(f"the dtype is {shown(str(code)[:40])}", f"{_SUPPORTED}: convert it where it was saved", name)
        if not isinstance(shape, list) or not all(_is_size(size) for size in shape):
            raise self._file.fault("the shape in the header cannot be understood", entry=name)
        if len(shape) > MOST_AXES or max((*shape, prod(shape)), default=0) > MOST_ELEMENTS:
            raise self._file.fault(f"a shape of {tuple(shape)} is beyond any memory", entry=name)
        dtype = np.dtype(DTYPES[code])
        begin, end = entry["data_offsets"]
        expected = prod(shape) * dtype.itemsize
        if end - begin != expected:
            raise self._file.fault(f"a shape of {tuple(shape)} takes {expected} bytes, and {end - begin} are told", entry=name)
        return native(self._file.array(dtype, tuple(shape), self._start + begin, "C"), self._file.name)

    def _check_that_numbers_fill_the_file(self) -> None:
        """The bytes of the entries follow each other, without gaps, up to the end of the file."""
        ranges = []
        for name, entry in self._entries.items():
            offsets = entry.get("data_offsets")
            if not isinstance(offsets, list) or len(offsets) != 2 or not all(_is_size(offset) for offset in offsets):
                raise self._file.fault("where its numbers are cannot be understood", entry=name)
            ranges.append((offsets[0], offsets[1]))
        end = 0
        for begin, after in sorted(ranges):
            if begin != end or after < begin:
                raise self._file.fault("the header is damaged: the numbers of its entries overlap, or have gaps")
            end = after
        expected, found = self._start + end, self._file.size
        if found != expected:
            amount = "cut off" if found < expected else "damaged"
            raise self._file.fault(f"it is {amount}: the header tells of {expected} bytes, and {found} are there")

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            raise self._file.fault("the header is damaged: it has a name twice")
        return members


def write(stream: BinaryIO, arrays: Mapping[str, np.ndarray], metadata: Metadata) -> None:
    """Write arrays by name, the largest elements first, so that all of them are aligned."""
    ordered = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))
    header: dict[str, object] = {METADATA: dict(metadata)}
    end = 0
    for name, array in ordered.items():
        begin, end = end, end + array.nbytes
        code = _NAMES[array.dtype.newbyteorder("<")]
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % LENGTH)
    stream.write(len(text).to_bytes(LENGTH, "little") + text)
    for array in ordered.values():
        write_numbers(stream, array.astype(array.dtype.newbyteorder("<"), copy=False))


def _is_size(value: object) -> bool:
    return type(value) is int and value >= 0
