"""The .npy format: a header, checked before anything is allocated, and the numbers, which are mapped instead of read.

Format: NumPy enhancement proposal 1, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import prod
from typing import IO, Any, NamedTuple

import numpy as np

from gradcli.data.files import Contents, DataFile, Metadata, Order, shown
from gradcli.errors import InputFault
from gradcli.lazy.dtypes import ALL, BY_NAME
from gradcli.lazy.memory import check_memory
from gradcli.lazy.ops import MOST_AXES, MOST_ELEMENTS

MAGIC = b"\x93NUMPY"
# How many bytes tell the length of the header, and how its text is encoded, by the format's version.
VERSIONS = {1: (2, "latin-1"), 2: (4, "latin-1"), 3: (4, "utf-8")}
MOST_HEADER = 10_000  # bytes, as NumPy
MOST_DIGITS = 19  # of a dimension
PIECE = 1 << 24  # bytes that are written at once

_FIELD = re.compile(r"'(descr|fortran_order|shape)':(?:'([^']*)'|(True|False)|\(([\dL,]*)\))(?:,|$)")
_SUPPORTED = f"the dtypes are {', '.join(dtype.name for dtype in ALL)}"

CUT_OFF = "the header is cut off"
UNCLEAR = "the header cannot be understood"

Fault = Callable[..., InputFault]  # of a problem, and perhaps a hint


class Layout(NamedTuple):
    """What a header says: where the numbers start, what they are, and how they are arranged."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: Order
    offset: int


class Npy(Contents):
    """A file of one array."""

    def __init__(self, file: DataFile) -> None:
        self._file = file

    def entry(self, name: str) -> np.ndarray:
        """There are none."""
        raise self._file.fault(f"a .npy file is one array, without entries such as {shown(name)}", "leave out the entry")

    def whole(self) -> np.ndarray:
        """The array, mapped."""
        file = self._file
        layout = read_layout(file.stream, file.size, file.fault)
        return native(file.array(layout.dtype, layout.shape, layout.offset, layout.order), file.name)


def write(stream: IO[bytes], arrays: Mapping[str, np.ndarray], metadata: Metadata) -> None:
    """Write one array; there is no place for metadata."""
    (array,) = arrays.values()
    write_array(stream, array)


def write_array(stream: IO[bytes], array: np.ndarray) -> None:
    """Write a header, and the numbers in the order of rows."""
    np.lib.format.write_array_header_1_0(stream, {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape})
    write_numbers(stream, array)


def write_numbers(stream: IO[bytes], array: np.ndarray) -> None:
    """Write the numbers in the order of rows, piece by piece, so that an interrupt is heard."""
    flat = np.ascontiguousarray(array).reshape(-1)
    count = max(1, PIECE // array.itemsize)
    for start in range(0, array.size, count):
        stream.write(flat[start : start + count].tobytes())


def native(array: np.ndarray, name: str) -> np.ndarray:
    """The array in this machine's byte order; a copy, if it has the other one."""
    if array.dtype.isnative:
        return array
    check_memory(array.nbytes, f"{name}, whose numbers have another byte order than this machine,")
    return array.astype(array.dtype.newbyteorder("="))


def read_layout(stream: IO[bytes], size: int, fault: Fault) -> Layout:
    """Read the header at the start of `size` bytes; it must tell of all of them."""
    start = stream.read(len(MAGIC) + 2)
    if start[: len(MAGIC)] != MAGIC[: len(start)]:
        raise fault("it is no .npy file: it starts otherwise")
    if len(start) < len(MAGIC) + 2:
        raise fault(CUT_OFF)
    version = start[len(MAGIC)]
    if version not in VERSIONS:
        raise fault(f"version {version} of the .npy format is not known")
    width, encoding = VERSIONS[version]
    length = int.from_bytes(stream.read(width), "little")
    if length > MOST_HEADER:
        raise fault(f"the header has {length} bytes, and {MOST_HEADER} are the limit")
    header = stream.read(length)
    offset = len(start) + width + length
    if len(header) < length or offset > size:
        raise fault(CUT_OFF)
    dtype, shape, order = _parsed(header.decode(encoding, "replace"), fault)
    expected, found = prod(shape) * dtype.itemsize, size - offset
    if found != expected:
        amount = "cut off" if found < expected else "damaged, or several arrays"
        raise fault(f"it is {amount}: a shape of {shape} takes {expected} bytes, and {found} are there")
    return Layout(dtype, shape, order, offset)


def _parsed(header: str, fault: Fault) -> tuple[np.dtype[Any], tuple[int, ...], Order]:
    """The three fields of a header, which is written as a dict of Python."""
    compact = "".join(header.replace('"', "'").split())
    if "'descr':[" in compact:
        raise fault("it is a structured array, with several fields an element", f"{_SUPPORTED}: save each field by itself")
    fields = list(_FIELD.finditer(compact[1:-1]))
    values = {field[1]: field for field in fields}
    is_whole = "{" + "".join(field[0] for field in fields) + "}" == compact
    if not is_whole or len(fields) != 3 or len(values) != 3:
        raise fault(UNCLEAR)
    descr, order, shape = values["descr"][2], values["fortran_order"][3], values["shape"][4]
    if descr is None or order is None or shape is None:
        raise fault(UNCLEAR)
    return dtype_of(descr, fault), _shape(shape, fault), "F" if order == "True" else "C"


def dtype_of(descr: str, fault: Fault) -> np.dtype[Any]:
    """The dtype of NumPy's short name for it, if it is one of ours."""
    if re.fullmatch(r"[<>|=]?[biuf][1248]", descr):
        try:
            dtype = np.dtype(descr)
        except TypeError:  # b8, f1
            raise fault(f"there is no dtype {descr}", _SUPPORTED) from None
        if dtype.name in BY_NAME:
            return dtype
        hint = f"{_SUPPORTED}: convert it with astype"
        raise fault(f"the dtype is {dtype.name}", hint)
    if "O" in descr:
        raise fault("it holds pickled Python objects, which could run any code and are never read", _SUPPORTED)
    if re.fullmatch(r"[<>|=]?c\d+", descr):
        raise fault("its numbers are complex", f"{_SUPPORTED}: save the real and the imaginary part by themselves")
    raise fault(f"the dtype is {shown(descr)}", _SUPPORTED)


def _shape(text: str, fault: Fault) -> tuple[int, ...]:
    digits = [part.removesuffix("L") for part in text.removesuffix(",").split(",")] if text else []  # Python 2 wrote 3L
    if any(not part.isdecimal() or len(part) > MOST_DIGITS for part in digits):
        raise fault("the shape in the header cannot be understood")
    shape = tuple(map(int, digits))
    if len(shape) > MOST_AXES or max((*shape, prod(shape)), default=0) > MOST_ELEMENTS:
        raise fault(f"a shape of {shape} is beyond any memory")
    return shape
