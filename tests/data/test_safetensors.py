"""The .safetensors format: what its own library writes is read, and the other way round; damage and lies are refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from gradcli.data import safetensors_file
from gradcli.lazy.dtypes import ALL

from .reading import arrays, changes, fault, is_read_or_refused, prefixes

F32 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


def written(folder: Path, header: object, numbers: bytes = b"\0" * 4) -> str:
    """A file of such a header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    (folder / "x.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + numbers)
    return f"x={folder / 'x.safetensors'}"


@pytest.mark.parametrize("dtype", [dtype.name for dtype in ALL])
def test_what_the_library_writes_is_read(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    tensors = {"a": np.array([[0, 1], [1, 0], [1, 1]], dtype), "b": np.array(1, dtype), "none": np.zeros((0, 3), dtype)}
    save_file(tensors, path, metadata={"format": "np"})
    found = arrays(str(path))
    assert {name: array.dtype for name, array in found.items()} == dict.fromkeys(tensors, np.dtype(dtype))
    assert {name: array.tolist() for name, array in found.items()} == {name: each.tolist() for name, each in tensors.items()}


def test_the_library_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    tensors = {dtype.name: np.array([[0, 1, 1]], dtype.name) for dtype in ALL}
    tensors |= {"rows": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "big": np.array([1, 2], ">i4"), "none": np.zeros((2, 0))}
    with path.open("wb") as stream:
        safetensors_file.write(stream, tensors, {"source": "naïve \x1b[31m"})
    with safe_open(path, "np") as file:
        assert file.metadata() == {"source": "naïve \x1b[31m"}
        assert {name: file.get_tensor(name).tolist() for name in file.keys()} == {  # noqa: SIM118
            name: array.tolist() for name, array in tensors.items()
        }
    assert arrays(f"x={path}:rows")["x"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_arrays_are_mapped(tmp_path: Path) -> None:
    save_file({"w": np.arange(3.0)}, tmp_path / "p.safetensors")
    assert not arrays(f"x={tmp_path / 'p.safetensors'}")["x"].flags.owndata


@pytest.mark.parametrize("code", ["BF16", "F8_E4M3", "F8_E5M2", "U16", "U32", "U64", "C64", "f32", "", 3, None, [], "\x1b[2J"])
def test_other_dtypes_are_refused(code: Any, tmp_path: Path) -> None:
    error = fault(written(tmp_path, {"w": F32 | {"dtype": code}}))
    assert error.exit_code == 6
    assert "entry w: the dtype is" in error.message
    assert error.message.isprintable()
    assert (error.hint or "").startswith("the dtypes are bool, uint8")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (b"", "its header is no JSON"),
        (b"{", "its header is no JSON"),
        (b"\xff", "its header is no JSON"),
        (b"[" * 100_000, "its header is no JSON"),
        (b'{"w":' + b"9" * 5000 + b"}", "its header is no JSON"),
        ([F32], "the header cannot be understood"),
        ({"w": 1}, "the header cannot be understood"),
        (b'{"w":{},"w":{}}', "a name twice"),
        ({"w": {}}, "where its numbers are cannot be understood"),
        ({"w": F32 | {"data_offsets": [0, 4.0]}}, "where its numbers are cannot be understood"),
        ({"w": F32 | {"data_offsets": [-4, 0]}}, "where its numbers are cannot be understood"),
        ({"w": F32 | {"data_offsets": [0, 8]}}, "it is cut off: the header tells of"),
        ({"w": F32 | {"data_offsets": [0, 3]}}, "it is damaged: the header tells of"),
        ({"w": F32, "v": F32}, "overlap, or have gaps"),
        ({"w": F32 | {"data_offsets": [2, 4]}}, "overlap, or have gaps"),
        ({"w": F32 | {"shape": [2]}}, "a shape of (2,) takes 8 bytes, and 4 are told"),
        ({"w": F32 | {"shape": [2**62]}}, "is beyond any memory"),
        ({"w": F32 | {"shape": [1] * 65}}, "is beyond any memory"),
        ({"w": F32 | {"shape": [True]}}, "the shape in the header cannot be understood"),
        ({"w": F32 | {"shape": None}}, "the shape in the header cannot be understood"),
    ],
    ids=lambda case: str(case)[:40],
)
def test_headers_that_lie_are_refused(header: object, sentence: str, tmp_path: Path) -> None:
    error = fault(written(tmp_path, header))
    assert error.exit_code == 6
    assert sentence in error.message


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_length_of_the_header_is_limited(more: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = written(tmp_path, {"w": F32})
    monkeypatch.setattr(safetensors_file, "MOST_HEADER", len(json.dumps({"w": F32})) - more)
    if more > 0:
        assert "bytes, and" in fault(text).message
    else:
        assert arrays(text)["x"].tolist() == [0]


def test_a_header_longer_than_the_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes((2**63).to_bytes(8, "little") + b"{}")
    assert "the header is longer than the file" in fault(f"x={tmp_path / 'x.safetensors'}").message


def test_every_prefix_is_refused_and_every_change_gives_numbers_or_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"w": np.array([1, 2], np.float32)}, path)
    content = path.read_bytes()
    assert not any(is_read_or_refused(path, damaged) for damaged in prefixes(content))
    outcomes = [is_read_or_refused(path, damaged) for damaged in changes(content)]
    assert any(outcomes) and not all(outcomes)


def test_arrays_of_any_names_come_back(tmp_path: Path) -> None:
    source = random.Random(0)
    names = ["".join(chr(source.choice([34, 92, 10, 65, 0x202E, 0x1F600])) for _ in range(5)) for _ in range(50)]
    tensors = {name: np.full(index % 4, index, np.int16) for index, name in enumerate(names)}
    with (tmp_path / "p.safetensors").open("wb") as stream:
        safetensors_file.write(stream, tensors, {})
    for name, array in tensors.items():
        assert arrays(f"x={tmp_path / 'p.safetensors'}:{name}")["x"].tolist() == array.tolist()
