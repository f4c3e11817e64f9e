"""The .zarr format: a folder of chunks, decoded when they are needed into memory that was checked to be there (extra `zarr`).

Formats: https://zarr-specs.readthedocs.io, versions 2 and 3. Codecs that this file does not name are refused: there are some that
run code, and some that do not tell how much they will give.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NamedTuple

import numpy as np

from gradcli.data.chunks import Chunks
from gradcli.data.files import Contents, DataFolder, opened, shown
from gradcli.data.npy import dtype_of
from gradcli.errors import InputFault
from gradcli.lazy.dtypes import ALL
from gradcli.lazy.memory import check_memory
from gradcli.lazy.ops import MOST_AXES, MOST_ELEMENTS
from gradcli.lazy.stored import Stored

MOST_METADATA = 1 << 20  # bytes
DEEPEST_GROUP = 20
SPECIAL = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}

Decode = Callable[[bytes, int], bytes | bytearray]  # what a chunk holds, and how many bytes it must give


class Layout(NamedTuple):
    """What the metadata of an array say."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    axes: tuple[int, ...]  # the order in which a chunk has them
    fill: Any
    decoders: list[Decode]  # to be applied one after the other
    separator: str  # of the numbers in a chunk's name
    prefix: str  # of its name

    def name_of(self, chunk: tuple[int, ...]) -> str:
        """The file of a chunk, by its number along each axis; slashes are folders."""
        return self.separator.join([self.prefix] * bool(self.prefix) + [str(number) for number in chunk]) or "0"


class ZarrFolder(Contents):
    """One array, or a group of several by name."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._paths = dict(_arrays_in(folder.path, folder, ""))
        self.names = tuple(name for name in self._paths if name)

    def whole(self) -> np.ndarray | Stored:
        """The array of this folder, or the only one in it."""
        return self._array("") if "" in self._paths else self.entry(self._folder.only(self.names))

    def entry(self, name: str) -> np.ndarray | Stored:
        """The array of a name; groups in groups are told apart by slashes."""
        if name not in self.names:
            raise self._folder.no_entry(name, self.names)
        return self._array(name)

    def _array(self, name: str) -> np.ndarray | Stored:
        def fault(problem: str, hint: str | None = None) -> InputFault:
            return self._folder.fault(problem, hint, name or None)

        path = self._paths[name]
        metadata = _metadata_of(path, fault)
        try:
            layout = (_layout_2 if metadata["zarr_format"] == 2 else _layout_3)(metadata, fault)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            raise fault("its metadata cannot be understood") from None
        check_memory(2 * prod(layout.chunk) * layout.dtype.itemsize, self._folder.name)
        files = dict(_files_in(path))  # what is not there now has the fill value, and what vanishes later is missed
        missing = np.broadcast_to(layout.fill, layout.chunk)

        def decoded(chunk: tuple[int, ...]) -> np.ndarray:
            file = files.get(layout.name_of(chunk))
            return missing if file is None else _decoded(file, layout)

        starts = [range(0, size, step) for size, step in zip(layout.shape, layout.chunk, strict=True)]
        return Chunks(layout.shape, layout.dtype.newbyteorder("="), starts, decoded).array(self._folder.name)


def _arrays_in(path: str, folder: DataFolder, name: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The arrays of a folder and of the groups in it, by name."""
    if depth > DEEPEST_GROUP:
        raise folder.fault(f"its groups nest more than {DEEPEST_GROUP} deep")
    kind = _metadata_of(path, folder.fault)["node_type"]
    if kind == "array":
        yield name, path
    elif kind == "group":
        for inner in sorted(os.listdir(path)):
            if any(os.path.exists(os.path.join(path, inner, file)) for file in ("zarr.json", ".zarray", ".zgroup")):
                yield from _arrays_in(os.path.join(path, inner), folder, f"{name}/{inner}" if name else inner, depth + 1)


def _metadata_of(path: str, fault: Callable[[str], InputFault]) -> dict[str, Any]:
    """What describes the array or the group in a folder; for version 2 with the kind, as version 3 has it."""
    for name, kind in (("zarr.json", None), (".zarray", "array"), (".zgroup", "group")):
        file = os.path.join(path, name)
        if not os.path.exists(file):
            continue
        with opened(file) as opened_file:
            if opened_file.size > MOST_METADATA:
                raise fault(f"{name} has {opened_file.size} bytes, and {MOST_METADATA} are the limit")
            try:
                found = json.loads(opened_file.stream.read())
            except (ValueError, RecursionError):
                raise fault(f"{name} is no JSON") from None
        if not isinstance(found, dict) or found.get("zarr_format") != (3 if kind is None else 2):
            raise fault(f"{name} cannot be understood")
        return {"node_type": kind} | found
    raise fault("it is no .zarr folder: it has neither zarr.json nor .zarray nor .zgroup")


def _layout_2(metadata: dict[str, Any], fault: Callable[..., InputFault]) -> Layout:
    if not isinstance(metadata["dtype"], str):
        raise fault("it is a structured array, with several fields an element")
    dtype = dtype_of(metadata["dtype"], fault)
    shape, chunk = _shapes(metadata["shape"], metadata["chunks"], fault)
    for codec in metadata.get("filters") or ():
        raise fault(f"its filter {shown(str(codec.get('id')))[:40]} is not read")
    compressor = metadata["compressor"]
    decoders = [] if compressor is None else [_decoder(compressor["id"], fault)]
    axes = tuple(range(len(shape)))
    fill = 0 if metadata["fill_value"] is None else _fill(metadata["fill_value"], dtype)
    separator = {".": ".", "/": "/"}[metadata.get("dimension_separator", ".")]
    return Layout(dtype, shape, chunk, axes[::-1] if metadata["order"] == "F" else axes, fill, decoders, separator, "")


def _layout_3(metadata: dict[str, Any], fault: Callable[..., InputFault]) -> Layout:
    if metadata["data_type"] not in {dtype.name for dtype in ALL}:
        raise fault(f"the dtype is {shown(str(metadata['data_type']))[:40]}", f"the dtypes are {', '.join(map(str, ALL))}")
    dtype = np.dtype(metadata["data_type"])
    if metadata["chunk_grid"]["name"] != "regular":
        raise fault("its chunks are of different shapes")
    shape, chunk = _shapes(metadata["shape"], metadata["chunk_grid"]["configuration"]["chunk_shape"], fault)
    if metadata.get("storage_transformers"):
        raise fault("its chunks are stored in a way that is not read")
    axes = tuple(range(len(shape)))
    decoders: list[Decode] = []
    for codec in metadata["codecs"]:
        name, configuration = codec["name"], codec.get("configuration", {})
        if name == "bytes":
            dtype = dtype.newbyteorder({"little": "<", "big": ">"}[configuration.get("endian", "little")])
        elif name == "transpose":
            axes = tuple(axes[axis] for axis in configuration["order"])
            if sorted(axes) != list(range(len(shape))):
                raise ValueError
        else:
            decoders.insert(0, _decoder(name, fault))
    encoding = metadata["chunk_key_encoding"]
    by_default, prefix = {"default": ("/", "c"), "v2": (".", "")}[encoding["name"]]
    separator = {".": ".", "/": "/"}[encoding.get("configuration", {}).get("separator", by_default)]
    return Layout(dtype, shape, chunk, axes, _fill(metadata["fill_value"], dtype), decoders, separator, prefix)


def _shapes(shape: Any, chunk: Any, fault: Callable[..., InputFault]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if len(shape) != len(chunk) or any(type(size) is not int or size < 0 for size in (*shape, *chunk)) or 0 in chunk:
        raise ValueError
    if len(shape) > MOST_AXES or max((*shape, *chunk, prod(shape), prod(chunk)), default=0) > MOST_ELEMENTS:
        raise fault("its shape is beyond any memory")
    return tuple(shape), tuple(chunk)


def _fill(value: Any, dtype: np.dtype[Any]) -> Any:
    """The number that stands where no chunk is."""
    if isinstance(value, str):
        value = SPECIAL[value]
    if not isinstance(value, (bool, int, float)) or (isinstance(value, float) and dtype.kind != "f"):
        raise ValueError
    return np.array(value, dtype)


def _files_in(path: str) -> Iterator[tuple[str, str]]:
    """All files below a folder, by their path from there, with slashes."""
    for folder, _, files in os.walk(path):
        inner = os.path.relpath(folder, path).replace(os.sep, "/")
        for file in files:
            yield (file if inner == "." else f"{inner}/{file}"), os.path.join(folder, file)


def _decoded(path: str, layout: Layout) -> np.ndarray:
    """The elements of a chunk."""
    size = prod(layout.chunk) * layout.dtype.itemsize
    with opened(path) as file:
        if file.size > size:
            check_memory(file.size, file.name)
        found: bytes | bytearray = file.stream.read()
        try:
            for decode in layout.decoders:
                found = decode(bytes(found), size)
        except (ValueError, RuntimeError, zlib.error) as damage:
            raise file.fault(f"the chunk is damaged: {' '.join(str(damage).split())}") from None
        if len(found) != size:
            raise file.fault(f"the chunk is damaged: it has {len(found)} bytes instead of {size}")
    stored = np.frombuffer(found, layout.dtype).reshape([layout.chunk[axis] for axis in layout.axes])
    return stored.transpose(np.argsort(layout.axes).tolist()).astype(layout.dtype.newbyteorder("="), copy=False)


def _decoder(name: str, fault: Callable[..., InputFault]) -> Decode:
    """What undoes a codec, within bounds."""
    if name in ("gzip", "zlib"):
        return _inflated
    if name not in ("blosc", "zstd"):
        raise fault(f"its codec {shown(str(name))[:40]} is not read", "blosc, gzip, zlib and zstd are, and no compression")
    try:
        from numcodecs import blosc, zstd
    except ImportError:
        raise fault("it cannot be read without numcodecs", "pip install 'gradcli[zarr]'") from None

    def unpacked(content: bytes, size: int) -> bytearray:
        target = bytearray(size)
        if name == "zstd":
            if _told_by_zstd(content) not in (size, None):
                raise ValueError("its header tells of another size")
            zstd.decompress(content, target)
        elif len(content) < 16 or int.from_bytes(content[4:8], "little") != size:
            raise ValueError("its header tells of another size")
        elif int.from_bytes(content[12:16], "little") != len(content):
            raise ValueError("it is cut off")
        else:
            blosc.decompress(content, target)
        return target

    return unpacked


def _inflated(content: bytes, size: int) -> bytes:
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # either header
    found = stream.decompress(content, size + 1)
    if not stream.eof:
        raise ValueError("it holds more or less than it should")
    return found


def _told_by_zstd(content: bytes) -> int | None:
    """The size that the header of a frame tells (RFC 8878, section 3.1.1.1), if it does; the library checks the rest."""
    descriptor = content[4] if len(content) > 4 else 0
    is_single = descriptor >> 5 & 1
    width = (is_single, 2, 4, 8)[descriptor >> 6]
    start = 6 - is_single + (0, 1, 2, 4)[descriptor & 3]
    return int.from_bytes(content[start : start + width], "little") + 256 * (width == 2) if width else None
