"""The .npz format: a zip file of .npy entries; stored ones are mapped, compressed ones read within bounds."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import IO, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from gradcli.data.files import Contents, DataFile, Metadata, shown
from gradcli.data.npy import Fault, native, read_layout, write_array
from gradcli.lazy.memory import check_memory

SUFFIX = ".npy"
METADATA = "metadata.json"
# What deflate can expand a byte to at most; an entry that claims more is a lie.
MOST_EXPANSION = 1032
CHUNK = 1 << 20

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # of an entry: its signature, and the lengths of name and extra field at its end
_ENCRYPTED = 1

# What the standard library raises for zip files that are damaged on purpose or by accident.
_DAMAGE = (BadZipFile, EOFError, OverflowError, RuntimeError, ValueError, struct.error, zlib.error)


class Npz(Contents):
    """A file of several arrays by name."""

    def __init__(self, file: DataFile) -> None:
        self._file = file
        with self._told(None):
            archive = ZipFile(file.stream)
        self._archive = archive
        self._entries: dict[str, ZipInfo] = {}
        for info in archive.infolist():
            if info.filename.endswith(SUFFIX):
                name = info.filename.removesuffix(SUFFIX)
                if name in self._entries:
                    raise file.fault("it is there twice", entry=name)
                self._entries[name] = info
        self.names = tuple(self._entries)

    def whole(self) -> np.ndarray:
        """The only entry."""
        return self.entry(self._file.only(self.names))

    def entry(self, name: str) -> np.ndarray:
        """The array of a name."""
        info = self._entries.get(name)
        if info is None:
            raise self._file.no_entry(name, self.names)
        if info.flag_bits & _ENCRYPTED:
            raise self._file.fault("it is encrypted", entry=name)
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise self._file.fault("it is compressed otherwise than by deflate", "np.savez_compressed uses that", name)
        with self._told(name):
            array = self._stored(name, info) if info.compress_type == ZIP_STORED else self._inflated(name, info)
        return native(array, self._file.name)

    def _stored(self, name: str, info: ZipInfo) -> np.ndarray:
        """An array that lies in the file as it is."""
        stream = self._file.stream
        stream.seek(info.header_offset)
        signature, name_length, extra_length = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
        start = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if signature != b"PK\x03\x04" or info.file_size != info.compress_size or start + info.file_size > self._file.size:
            raise self._file.fault("the zip file is damaged", entry=name)
        stream.seek(start)
        layout = read_layout(stream, info.file_size, self._fault(name))
        return self._file.array(layout.dtype, layout.shape, start + layout.offset, layout.order)

    def _inflated(self, name: str, info: ZipInfo) -> np.ndarray:
        """An array that is decompressed into memory that was checked to be there."""
        if info.file_size > MOST_EXPANSION * info.compress_size or info.compress_size > self._file.size:
            raise self._file.fault(f"it claims {info.file_size} bytes, more than it can hold", entry=name)
        with self._archive.open(info) as stream:
            layout = read_layout(stream, info.file_size, self._fault(name))
            check_memory(info.file_size, f"{self._file.name}, entry {shown(name)}")
            array = np.empty(layout.shape, layout.dtype, layout.order)
            _fill(array, stream)
        return array

    def _fault(self, name: str) -> Fault:
        return partial(self._file.fault, entry=name)

    @contextmanager
    def _told(self, name: str | None) -> Iterator[None]:
        """Tell damage that the standard library finds as a fault of the file."""
        try:
            yield
        except _DAMAGE as damage:
            reason = " ".join(str(damage).split())
            raise self._file.fault(f"the zip file is damaged{': ' * bool(reason)}{reason}", entry=name) from None


def write(stream: BinaryIO, arrays: Mapping[str, np.ndarray], metadata: Metadata) -> None:
    """Write arrays as numpy.savez does, so that they can be mapped, and the metadata as a member of its own, in JSON."""
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(ZipInfo(name + SUFFIX), "w", force_zip64=True) as member:
                write_array(member, array)
        archive.writestr(ZipInfo(METADATA), json.dumps(metadata, indent=1))


def _fill(array: np.ndarray, stream: IO[bytes]) -> None:
    """Read an array's bytes, and the end after them, where the checksum is compared."""
    if array.size:
        target = array.reshape(-1, order="A").view(np.uint8).data
        position = 0
        while position < len(target):
            count = stream.readinto(target[position : position + CHUNK])  # type: ignore[attr-defined]
            if not count:
                raise EOFError("it ends early")
            position += count
    if stream.read(1):
        raise EOFError("it has more bytes than it says")
