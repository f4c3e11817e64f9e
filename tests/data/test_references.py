"""What --data says: a name, a file, an entry; and files that cannot be opened."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gradcli.data import FORMATS, parse_reference
from gradcli.errors import UsageError
from gradcli.lazy.memory import available_memory

from .reading import arrays, fault


@pytest.mark.parametrize(
    ("text", "name", "file", "entry"),
    [
        ("x=a.npy", "x", "a.npy", None),
        ("x=a.NPZ", "x", "a.NPZ", None),
        ("x=a.npz:weights", "x", "a.npz", "weights"),
        ("x=a.npz:", "x", "a.npz", None),
        ("a.npz", None, "a.npz", None),
        (" x =a.json", "x", "a.json", None),
        (r"x=C:\data\a.csv:a,b", "x", r"C:\data\a.csv", "a,b"),
        ("./y=1.npz", None, "./y=1.npz", None),
        ("x=y=1.npz", "x", "y=1.npz", None),
        ("x=a.npz:b.npz:c", "x", "a.npz", "b.npz:c"),
        ("x=a.npy.npz", "x", "a.npy.npz", None),
        ("x=a.zarr/", "x", "a.zarr", None),
        ("x=a.zarr/:b/c", "x", "a.zarr", "b/c"),
        ("x=a.zarr/b.npy", "x", "a.zarr/b.npy", None),
        ("x=line\nbreak.npy", "x", "line\nbreak.npy", None),
    ],
)
def test_a_reference_is_a_name_a_file_and_an_entry(text: str, name: str | None, file: str, entry: str | None) -> None:
    reference = parse_reference(text)
    assert (reference.name, reference.file, reference.entry) == (name, file, entry)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x", "'x' has no known format"),
        ("x=a.txt", "'a.txt' has no known format"),
        ("x=", "'' has no known format"),
        ("a.npy", "what is its name?"),
        ("a.npz:weights", "what is its name?"),
        ("lambda=a.npy", "'lambda' is not a name"),
    ],
)
def test_a_reference_that_makes_no_sense_is_a_usage_error(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match="--const-data") as caught:
        parse_reference(text, "--const-data")
    assert sentence in caught.value.message


def test_the_hint_lists_the_formats() -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference("x=a.txt")
    assert all(f".{suffix}" in (caught.value.hint or "") for suffix in FORMATS)


def test_a_file_that_is_not_there_gets_suggestions(tmp_path: Path) -> None:
    np.save(tmp_path / "weights.npy", np.ones(1))
    error = fault(f"x={tmp_path / 'wieghts.npy'}")
    assert error.exit_code == 6
    assert error.message == f"there is no file {tmp_path / 'wieghts.npy'}"
    assert error.did_you_mean == (str(tmp_path / "weights.npy"),)
    assert fault("x=nowhere/weights.npy").did_you_mean == ()


@pytest.mark.parametrize("suffix", FORMATS)
def test_only_regular_files_are_read_or_folders_where_the_format_is_one(suffix: str, tmp_path: Path) -> None:
    folder, pipe = tmp_path / f"folder.{suffix}", tmp_path / f"pipe.{suffix}"
    folder.mkdir()
    os.mkfifo(pipe)
    assert "folder" in fault(f"x={folder}").message
    assert f"is not a {'folder' if FORMATS[suffix].is_folder else 'regular file'}" in fault(f"x={pipe}").message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.touch(mode=0)
    assert "Permission denied" in fault(f"x={path}").message


def test_a_name_that_no_file_can_have_is_not_there() -> None:
    assert fault("x=a\0b.npy").message == "there is no file 'a\\x00b.npy'"
    assert "cannot be read" in fault(f"x={'a' * 5000}.npy").message


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_empty_file_is_refused(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"x.{suffix}").touch()
    assert fault(f"x={tmp_path / f'x.{suffix}'}").exit_code == 6


def test_a_link_is_followed(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(2))
    (tmp_path / "link.npy").symlink_to(tmp_path / "x.npy")
    assert arrays(f"x={tmp_path / 'link.npy'}")["x"].tolist() == [0, 1]


def test_available_memory_is_known_here() -> None:
    assert (available_memory() or 0) > 1 << 20
