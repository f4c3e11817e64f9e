"""The .npy format: what is read, what is mapped, and what is refused before anything is allocated."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from .reading import arrays, changes, fault, is_read_or_refused, prefixes

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
SHAPES: list[tuple[int, ...]] = [(), (1,), (0,), (3, 4), (2, 0, 3), (2, 3, 4)]


def saved(path: Path, array: np.ndarray) -> str:
    np.save(path, array)
    return f"x={path}"


def written(path: Path, header: str, data: bytes = b"", version: int = 1) -> str:
    """A file with any text as its header."""
    text = header.encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    path.write_bytes(b"\x93NUMPY" + bytes([version, 0]) + length + text + data)
    return f"x={path}"


def example(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("endianness", ["<", ">"])
def test_every_dtype_shape_order_and_endianness_is_read(
    dtype: str, shape: tuple[int, ...], order: str, endianness: str, tmp_path: Path
) -> None:
    original = example(shape, dtype)
    stored = np.array(original, np.dtype(dtype).newbyteorder(endianness), order="F" if order == "F" else "C")
    (found,) = arrays(saved(tmp_path / "x.npy", stored)).values()
    assert found.dtype == original.dtype and found.dtype.isnative
    np.testing.assert_array_equal(found, original)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(version: tuple[int, int], tmp_path: Path) -> None:
    with open(tmp_path / "x.npy", "wb") as file:
        np.lib.format.write_array(file, np.arange(3), version)
    assert arrays(f"x={tmp_path / 'x.npy'}")["x"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("array", [np.arange(6.0), np.asfortranarray(np.ones((2, 3), np.float32))], ids=["C", "Fortran"])
def test_numbers_are_mapped_and_cannot_be_written(array: np.ndarray, tmp_path: Path) -> None:
    text = saved(tmp_path / "x.npy", array)
    found = arrays(text)["x"]
    assert not found.flags.owndata and not found.flags.writeable
    with open(tmp_path / "x.npy", "r+b") as file:
        file.seek(-array.itemsize, io.SEEK_END)
        file.write(array.dtype.type(7).tobytes())
    assert found.reshape(-1, order="A")[-1] == 7


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
        '{"descr": "<f4", "fortran_order": False, "shape": (2,)}',
        "{'shape': (2L,), 'fortran_order': True, 'descr': '<f4'}",
        "{'descr':'<f4','fortran_order':False,'shape':(1,2),}    ",
    ],
)
def test_headers_that_other_programs_write_are_read(header: str, tmp_path: Path) -> None:
    assert arrays(written(tmp_path / "x.npy", header, bytes(8)))["x"].size == 2


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.array([1 + 2j]), "its numbers are complex"),
        (np.zeros(2, [("a", "f4"), ("b", "i4")]), "it is a structured array"),
        (np.array([{}], object), "it holds pickled Python objects"),
        (np.array(["a"]), "the dtype is <U1"),
        (np.array([b"a"]), "the dtype is |S1"),
        (np.array([1], np.uint16), "the dtype is uint16"),
        (np.array(["2020-01-01"], "M8[D]"), "the dtype is <M8[D]"),
        (np.zeros(2, np.longdouble), "the dtype is <f16"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_other_dtypes_are_refused_with_a_list_of_those_that_there_are(array: np.ndarray, sentence: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    error = fault(f"x={tmp_path / 'x.npy'}")
    assert error.exit_code == 6
    assert sentence in error.message
    assert "bool, uint8, int8, int16, int32, int64, float16, float32, float64" in (error.hint or "")


GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "cannot be understood"),
        ("()", "cannot be understood"),
        ("[" * 5000, "cannot be understood"),
        (GOOD.replace("descr", "dtype"), "cannot be understood"),
        (GOOD.replace("}", "'shape': (2,), }"), "cannot be understood"),
        (GOOD.replace("}", "'more': 1}"), "cannot be understood"),
        (GOOD.replace("(2,)", "(-2,)"), "cannot be understood"),
        (GOOD.replace("(2,)", "(2.0,)"), "cannot be understood"),
        (GOOD.replace("(2,)", "(2,,)"), "shape in the header cannot be understood"),
        (GOOD.replace("(2,)", f"({'9' * 5000},)"), "shape in the header cannot be understood"),
        (GOOD.replace("(2,)", "__import__('os')"), "cannot be understood"),
        (GOOD.replace("(2,)", f"({2**62}, {2**62})"), "beyond any memory"),
        (GOOD.replace("(2,)", f"(0, {2**62})"), "beyond any memory"),
        (GOOD.replace("(2,)", f"({'1, ' * 65})"), "beyond any memory"),
        (GOOD.replace("(2,)", f"({2**40},)"), "it is cut off"),
        (GOOD.replace("<f4", "<f1"), "there is no dtype <f1"),
        (GOOD.replace("<f4", "<f44"), "the dtype is <f44"),
        (GOOD.replace("<f4", "object"), "the dtype is object"),
        (GOOD.replace("(2,)", "(1,)"), "it is damaged, or several arrays: a shape of (1,) takes 4 bytes, and 8 are there"),
        (GOOD.replace("(2,)", "(3,)"), "it is cut off: a shape of (3,) takes 12 bytes, and 8 are there"),
        (GOOD + " " * 9_943, "the header has 10001 bytes, and 10000 are the limit"),
    ],
    ids=lambda text: text[:60],
)
def test_headers_that_lie_are_refused(header: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in fault(written(tmp_path / "x.npy", header, bytes(8))).message


@pytest.mark.parametrize("length", [9_999, 10_000])
def test_a_header_may_be_as_long_as_the_limit(length: int, tmp_path: Path) -> None:
    assert arrays(written(tmp_path / "x.npy", GOOD.ljust(length - 1), bytes(8)))["x"].tolist() == [0, 0]


def test_a_long_header_of_nonsense_is_refused_at_once(tmp_path: Path) -> None:
    for piece in ("(1,", "'descr':'", "1", " ", "{", "'shape':(", "(1,1L,"):
        assert fault(written(tmp_path / "x.npy", "{'shape': " + piece * (9_900 // len(piece)))).exit_code == 6


@pytest.mark.parametrize("content", [b"", b"\x93NUM", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\xff\xff", b"PK\x03\x04", b"text"])
def test_what_is_no_npy_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    assert not is_read_or_refused(path, content)


def test_a_future_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(b"\x93NUMPY\x04\x00" + bytes(100))
    assert "version 4 of the .npy format is not known" in fault(f"x={path}").message


def test_every_prefix_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.arange(4, dtype=np.float32))
    for content in prefixes(path.read_bytes()):
        assert not is_read_or_refused(path, content)


def test_every_change_of_a_byte_gives_numbers_or_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.arange(4, dtype=np.float32))
    outcomes = [is_read_or_refused(path, content) for content in changes(path.read_bytes())]
    assert any(outcomes) and not all(outcomes)


def test_an_entry_of_a_single_array_is_refused(tmp_path: Path) -> None:
    error = fault(saved(tmp_path / "x.npy", np.ones(2)) + ":weights")
    assert "one array, without entries" in error.message
    assert error.hint == "leave out the entry"


def test_a_mapped_array_outlives_its_file(tmp_path: Path) -> None:
    found = arrays(saved(tmp_path / "x.npy", np.arange(5)))["x"]
    (tmp_path / "x.npy").unlink()
    assert found.tolist() == [0, 1, 2, 3, 4]
