"""The .npz format: entries by name, stored and compressed; damage, lies and bombs are refused."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gradcli.data import npz

from .reading import arrays, changes, fault, is_read_or_refused, prefixes

Save = Callable[..., None]


@pytest.fixture(params=["stored", "compressed"])
def save(request: pytest.FixtureRequest) -> Save:
    return np.savez if request.param == "stored" else np.savez_compressed


def test_entries_are_chosen_by_name(save: Save, tmp_path: Path) -> None:
    save(tmp_path / "p.npz", weights=np.ones((2, 3), np.float32), bias=np.array(0.5), order=np.asfortranarray(np.eye(3)[:2]))
    assert arrays(f"w={tmp_path / 'p.npz'}:weights")["w"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert arrays(f"b={tmp_path / 'p.npz'}:bias")["b"].tolist() == 0.5
    everything = arrays(str(tmp_path / "p.npz"))
    assert list(everything) == ["weights", "bias", "order"]
    assert everything["order"].tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64", ">f4", ">i8"])
def test_dtypes_are_kept(dtype: str, save: Save, tmp_path: Path) -> None:
    save(tmp_path / "p.npz", a=np.array([[0, 1], [1, 0], [1, 1]], dtype), empty=np.zeros((0, 2), dtype))
    found = arrays(str(tmp_path / "p.npz"))
    assert found["a"].dtype == np.dtype(dtype).newbyteorder("=")
    assert found["a"].tolist() == [[0, 1], [1, 0], [1, 1]]
    assert found["empty"].shape == (0, 2)


def test_a_single_entry_needs_no_name(save: Save, tmp_path: Path) -> None:
    save(tmp_path / "p.npz", np.arange(3))
    assert arrays(f"x={tmp_path / 'p.npz'}")["x"].tolist() == [0, 1, 2]


def test_of_several_entries_one_must_be_named_and_the_hint_lists_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", a=1.0, b=2.0)
    error = fault(f"x={tmp_path / 'p.npz'}")
    assert "it has 2 entries, and none is named" in error.message
    assert error.hint == "NAME=FILE:ENTRY takes one of a, b"


def test_an_entry_that_is_not_there_gets_suggestions(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", weights=1.0, bias=2.0)
    error = fault(f"x={tmp_path / 'p.npz'}:wieghts")
    assert (error.did_you_mean, error.hint) == (("weights",), "it has weights, bias")


@pytest.mark.parametrize("entry", ["layer.weight", "1", "lambda", "a/b"])
def test_entries_without_a_usable_name_must_be_given_one(entry: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", **{entry: 1.0})
    assert "no name for a variable" in fault(str(tmp_path / "p.npz")).message
    assert arrays(f"x={tmp_path / 'p.npz'}:{entry}")["x"] == 1


def test_stored_entries_are_mapped_and_compressed_ones_are_not(tmp_path: Path) -> None:
    np.savez(tmp_path / "stored.npz", a=np.arange(1000.0))
    np.savez_compressed(tmp_path / "small.npz", a=np.arange(1000.0))
    assert not arrays(f"x={tmp_path / 'stored.npz'}")["x"].flags.owndata
    assert arrays(f"x={tmp_path / 'small.npz'}")["x"].flags.owndata


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", a=np.array([{}], object), allow_pickle=True)
    error = fault(f"x={tmp_path / 'p.npz'}:a")
    assert f"{tmp_path / 'p.npz'}, entry a: it holds pickled Python objects" in error.message


def test_other_members_are_no_entries(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", a=1.0)
    with zipfile.ZipFile(tmp_path / "p.npz", "a") as archive:
        archive.writestr("readme.txt", "hello")
    assert arrays(f"x={tmp_path / 'p.npz'}")["x"] == 1
    assert "there is no entry readme" in fault(f"x={tmp_path / 'p.npz'}:readme").message


def bomb(path: Path, size: int) -> None:
    """A compressed entry whose header tells of so many zeros."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}\n".encode()
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(size)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb(tmp_path / "p.npz", 10_000_000)
    assert (tmp_path / "p.npz").stat().st_size < 20_000
    monkeypatch.setattr("gradcli.lazy.memory.available_memory", lambda: 9_000_000)
    error = fault(f"x={tmp_path / 'p.npz'}")
    assert error.exit_code == 5
    assert "9,000,000 are available" in error.message


def test_a_claim_beyond_what_deflate_can_do_is_a_lie(tmp_path: Path) -> None:
    bomb(tmp_path / "p.npz", 1000)
    content = (tmp_path / "p.npz").read_bytes()
    size = (1000 + 10 + len("{'descr': '|u1', 'fortran_order': False, 'shape': (1000,), }\n")).to_bytes(4, "little")
    (tmp_path / "p.npz").write_bytes(content.replace(size, (2**31).to_bytes(4, "little")))
    assert "more than it can hold" in fault(f"x={tmp_path / 'p.npz'}").message


@pytest.mark.parametrize("more", [-10, 10])
def test_an_entry_that_is_shorter_or_longer_than_it_says_is_refused(more: int, tmp_path: Path) -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (100,), }\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(100 + more)
    with zipfile.ZipFile(tmp_path / "p.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content)
    assert "a shape of (100,) takes 100 bytes" in fault(f"x={tmp_path / 'p.npz'}").message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_without_bounds_is_refused(method: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.npz", "w", method) as archive:
        archive.writestr("a.npy", bytes(100))
    assert "compressed otherwise than by deflate" in fault(f"x={tmp_path / 'p.npz'}").message


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.npz", "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a.npy", b"1")
        archive.writestr("a.npy", b"2")
    assert "entry a: it is there twice" in fault(f"x={tmp_path / 'p.npz'}").message


def test_every_prefix_is_refused(save: Save, tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    save(path, a=np.arange(3, dtype=np.float32))
    for content in prefixes(path.read_bytes()):
        assert not is_read_or_refused(path, content)


def test_every_change_of_a_byte_gives_numbers_or_an_error(save: Save, tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    save(path, a=np.arange(3, dtype=np.float32))
    outcomes = [is_read_or_refused(path, content) for content in changes(path.read_bytes())]
    assert any(outcomes) and not all(outcomes)


def test_the_limit_of_expansion_is_what_deflate_can_do() -> None:
    size = 10_000_000
    assert size / len(zlib.compress(bytes(size), 9)) < npz.MOST_EXPANSION
