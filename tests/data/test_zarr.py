"""The .zarr format: what its own library writes is read, versions 2 and 3; what runs code or lies about its size is refused."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numcodecs import Zstd

from gradcli.data import parse_reference, read
from gradcli.data.chunks import AT_ONCE
from gradcli.engine.evaluation import evaluate
from gradcli.errors import GradcliError, InputFault
from gradcli.lazy.dtypes import ALL

from .reading import arrays, changes, fault, prefixes

ROWS = np.arange(35.0).reshape(5, 7)


def written(folder: Path, array: np.ndarray = ROWS, **options: Any) -> str:
    """An array that the library writes."""
    options = {"chunks": tuple(min(3, size) or 1 for size in array.shape), "zarr_format": 3} | options
    zarr.create_array(folder / "x.zarr", data=array, **options)
    return f"x={folder / 'x.zarr'}"


def metadata_changed(reference: str, **changes: Any) -> str:
    """The same array with other metadata."""
    folder = Path(reference.removeprefix("x="))
    file = next(folder / name for name in ("zarr.json", ".zarray") if (folder / name).exists())
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return reference


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("dtype", [*(dtype.name for dtype in ALL), ">i4", ">f8"])
def test_dtypes_are_kept(dtype: str, version: int, tmp_path: Path) -> None:
    array = np.array([[0, 1, 1, 0], [1, 0, 0, 0]], dtype)
    found = arrays(written(tmp_path, array, zarr_format=version))["x"]
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.tolist() == array.tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"compressors": None},
        {"zarr_format": 2, "compressors": None},
        {"compressors": zarr.codecs.GzipCodec()},
        {"compressors": zarr.codecs.BloscCodec(cname="lz4")},
        {"compressors": zarr.codecs.BloscCodec(cname="zstd", shuffle="bitshuffle")},
        {"compressors": [zarr.codecs.ZstdCodec(), zarr.codecs.GzipCodec()]},
        {"zarr_format": 2, "order": "F"},
        {"filters": [zarr.codecs.TransposeCodec(order=(1, 0))]},
        {"chunks": (5, 7)},
        {"chunks": (1, 1)},
        {"chunks": (100, 2)},
        {"chunk_key_encoding": {"name": "v2", "separator": "."}},
        {"chunk_key_encoding": {"name": "v2", "separator": "/"}},
        {"chunk_key_encoding": {"name": "default", "separator": "."}},
        {"serializer": zarr.codecs.BytesCodec(endian="big")},
    ],
    ids=str,
)
@pytest.mark.parametrize("at_once", [0, AT_ONCE])
def test_layouts_and_codecs_of_the_library_are_read(
    options: dict[str, Any], at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradcli.data.chunks.AT_ONCE", at_once)
    assert arrays(written(tmp_path, **options))["x"].tolist() == ROWS.tolist()


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (0, 3), (2, 3, 4, 5)])
def test_arrays_of_any_dimensions_are_read(shape: tuple[int, ...], version: int, tmp_path: Path) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    found = arrays(written(tmp_path, array, zarr_format=version))["x"]
    assert (found.shape, found.tolist()) == (shape, array.tolist())


def test_axes_in_any_order_are_read(tmp_path: Path) -> None:
    array = np.arange(24).reshape(2, 3, 4)
    reference = written(tmp_path, array, filters=[zarr.codecs.TransposeCodec(order=(2, 0, 1))], chunks=(2, 2, 3))
    assert arrays(reference)["x"].tolist() == array.tolist()


@pytest.mark.parametrize("fill", [0, 7, float("nan"), float("inf"), -float("inf"), 0.5])
@pytest.mark.parametrize("version", [2, 3])
def test_chunks_that_are_not_there_have_the_fill_value(fill: float, version: int, tmp_path: Path) -> None:
    array = zarr.create_array(
        tmp_path / "x.zarr", shape=(5,), chunks=(2,), dtype="float32", fill_value=fill, zarr_format=version
    )  # fmt: skip
    array[2:4] = [1, 2]
    np.testing.assert_array_equal(arrays(f"x={tmp_path / 'x.zarr'}")["x"], [fill, fill, 1, 2, fill])


@pytest.mark.parametrize("version", [2, 3])
def test_a_group_binds_its_arrays_by_name(version: int, tmp_path: Path) -> None:
    group = zarr.create_group(tmp_path / "g.zarr", zarr_format=version)
    for name in ("w", "b"):
        group.create_array(name, data=np.arange(2))
    assert {name: found.tolist() for name, found in arrays(f"{tmp_path / 'g.zarr'}/").items()} == {"b": [0, 1], "w": [0, 1]}
    group.create_group("inner").create_array("v", data=np.arange(3))
    assert arrays(f"x={tmp_path / 'g.zarr'}:inner/v")["x"].tolist() == [0, 1, 2]
    error = fault(f"x={tmp_path / 'g.zarr'}")
    assert error.hint == "NAME=FILE:ENTRY takes one of b, inner/v, w"
    assert "there is no entry ../g.zarr/w" in fault(f"x={tmp_path / 'g.zarr'}:../g.zarr/w").message


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    reference = written(tmp_path, zarr_format=2, compressors=None)
    (tmp_path / "x.zarr" / "0.0").write_bytes(b"cos\nsystem\n(S'touch /tmp/gotcha'\ntR.")
    for codec in ("pickle", "json2", "vlen-utf8"):
        assert f"its filter {codec} is not read" in fault(metadata_changed(reference, filters=[{"id": codec}])).message
        metadata_changed(reference, filters=None, compressor={"id": codec})
        assert f"its codec {codec} is not read" in fault(reference).message
        metadata_changed(reference, compressor=None)
    assert "pickled Python objects" in fault(metadata_changed(reference, dtype="|O")).message


@pytest.mark.parametrize(
    ("version", "change", "sentence"),
    [
        (3, {"data_type": "bfloat16"}, "the dtype is bfloat16"),
        (3, {"data_type": "uint16"}, "the dtype is uint16"),
        (3, {"data_type": {"name": "x"}}, "cannot be understood"),
        (3, {"shape": [2**40, 2**30]}, "its shape is beyond any memory"),
        (3, {"shape": [2**50, 7]}, "bytes of memory, and"),
        (3, {"shape": [5]}, "cannot be understood"),
        (3, {"shape": [5, -7]}, "cannot be understood"),
        (3, {"shape": [5, 7.0]}, "cannot be understood"),
        (3, {"chunk_grid": {"name": "rectangular"}}, "chunks are of different shapes"),
        (3, {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0, 1]}}}, "cannot be understood"),
        (3, {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2**40, 1]}}}, "bytes of memory, and"),
        (3, {"codecs": [{"name": "sharding_indexed"}]}, "its codec sharding_indexed is not read"),
        (3, {"codecs": [{"name": "transpose", "configuration": {"order": [0, 0]}}]}, "cannot be understood"),
        (3, {"fill_value": "0x7fc00000"}, "cannot be understood"),
        (3, {"fill_value": [1]}, "cannot be understood"),
        (3, {"node_type": "else"}, "it has no entries"),
        (3, {"zarr_format": 4}, "zarr.json cannot be understood"),
        (3, {"storage_transformers": [1]}, "stored in a way that is not read"),
        (2, {"dtype": "<c8"}, "its numbers are complex"),
        (2, {"dtype": "<U3"}, "the dtype is <U3"),
        (2, {"dtype": [["a", "<f4"]]}, "a structured array"),
        (2, {"dimension_separator": "x"}, "cannot be understood"),
        (2, {"compressor": {"id": "\x1b[2J"}}, "its codec '\\x1b[2J' is not read"),
        (2, {"compressor": 3}, "cannot be understood"),
    ],
)
def test_metadata_that_make_no_sense_are_refused(version: int, change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    error = fault(metadata_changed(written(tmp_path, zarr_format=version), **change))
    assert error.exit_code in (5, 6)
    assert sentence in error.message


def test_a_chunk_that_would_give_more_than_it_says_is_refused(tmp_path: Path) -> None:
    for compressor, pack in (({"id": "gzip"}, gzip.compress), ({"id": "zstd"}, Zstd().encode)):
        reference = written(tmp_path / compressor["id"], np.zeros(3), zarr_format=2)
        metadata_changed(reference, compressor=compressor)
        chunk = tmp_path / compressor["id"] / "x.zarr" / "0"
        chunk.write_bytes(pack(bytes(24)))
        assert arrays(reference)["x"].tolist() == [0, 0, 0]
        for size in (0, 23, 25, 50_000_000):
            chunk.write_bytes(pack(bytes(size)))
            assert "the chunk is damaged" in fault(reference).message
        for content in (b"", b"x", chunk.read_bytes()[:-3]):
            chunk.write_bytes(content)
            assert "the chunk is damaged" in fault(reference).message


@pytest.mark.parametrize("compressor", [None, "gzip", "zstd", "blosc"])
def test_every_prefix_and_change_of_a_chunk_gives_numbers_or_an_error(compressor: str | None, tmp_path: Path) -> None:
    reference = written(tmp_path, np.arange(3, dtype=np.int16), zarr_format=2, compressors=None)
    compressors = {"gzip": zarr.codecs.GzipCodec(), "zstd": zarr.codecs.ZstdCodec(), "blosc": zarr.codecs.BloscCodec()}
    if compressor is not None:
        reference = written(tmp_path / "3", np.arange(3, dtype=np.int16), compressors=compressors[compressor])
    folder = Path(reference.removeprefix("x="))
    (chunk,) = [path for path in folder.rglob("*") if path.is_file() and path.name in ("0",)]
    content = chunk.read_bytes()
    outcomes = set()
    for number, damaged in enumerate([*prefixes(content), *changes(content)]):
        chunk.write_bytes(damaged)
        try:
            arrays(reference)
            outcomes.add((number < len(content), True))
        except GradcliError as error:
            assert error.exit_code in (5, 6)
            outcomes.add((number < len(content), False))
    assert (True, True) not in outcomes


@pytest.mark.parametrize("version", [2, 3])
def test_every_prefix_and_change_of_the_metadata_gives_numbers_or_an_error(version: int, tmp_path: Path) -> None:
    reference = written(tmp_path, np.arange(3, dtype=np.int16), zarr_format=version)
    file = tmp_path / "x.zarr" / ("zarr.json" if version == 3 else ".zarray")
    content = json.dumps(json.loads(file.read_text()), separators=(",", ":")).encode()
    for damaged in (*prefixes(content), *changes(content)):
        file.write_bytes(damaged)
        try:
            arrays(reference)
        except GradcliError as error:
            assert error.exit_code in (5, 6)


def test_other_files_in_the_folder_do_not_matter(tmp_path: Path) -> None:
    reference = written(tmp_path)
    for name in ("c/9/9", "c/0", "notes.txt"):
        path = tmp_path / "x.zarr" / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"hello" if "9" not in name else (tmp_path / "x.zarr" / "c/0/0").read_bytes())
    assert arrays(reference)["x"].tolist() == ROWS.tolist()


def test_a_chunk_that_vanishes_while_others_are_read_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.data.chunks.AT_ONCE", 0)
    (array,) = read(parse_reference(written(tmp_path)), floating=True).values()
    os.unlink(tmp_path / "x.zarr/c/1/1")
    with pytest.raises(InputFault, match=r"there is no file .*x\.zarr"):
        evaluate([array])


def test_a_pipe_in_the_place_of_a_chunk_is_not_waited_for(tmp_path: Path) -> None:
    reference = written(tmp_path)
    os.unlink(tmp_path / "x.zarr/c/0/0")
    os.mkfifo(tmp_path / "x.zarr/c/0/0")
    assert "is not a regular file" in fault(reference).message


def test_a_missing_package_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reference = written(tmp_path)
    monkeypatch.setitem(sys.modules, "numcodecs", None)
    error = fault(reference)
    assert (error.exit_code, error.hint) == (6, "pip install 'gradcli[zarr]'")
