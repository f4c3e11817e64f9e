"""Files that are written whole or not at all, whatever stands in their place and whatever happens meanwhile."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gradcli.data import replace
from gradcli.data.replace import check_place, remove_unfinished, replacing
from gradcli.errors import OutputFault


def write(path: Path | str, content: bytes = b"new") -> None:
    with replacing(str(path)) as stream:
        stream.write(content)


def refusal(path: Path | str) -> str:
    """Why a place cannot be written, which is told before as well as when it is written."""
    with pytest.raises(OutputFault) as early:
        check_place(str(path))
    with pytest.raises(OutputFault) as late:
        write(path)
    assert early.value.message == late.value.message
    return early.value.message


def test_a_new_file_gets_the_content_and_the_usual_permissions(tmp_path: Path) -> None:
    write(tmp_path / "a")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").read_bytes() == b"new"
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o640)
    write(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_nothing_else(stop: type[BaseException], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(stop), replacing(str(tmp_path / "a")) as stream:
        stream.write(b"half")
        assert len(os.listdir(tmp_path)) == 2
        raise stop
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_failure_of_the_system_leaves_the_old_file_and_nothing_else(
    step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OutputFault, match="a cannot be written: No space left on device"):
        write(tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_what_is_half_written_is_removed_by_a_process_that_ends_at_once(tmp_path: Path) -> None:
    with pytest.raises(OutputFault), replacing(str(tmp_path / "a")):
        assert os.listdir(tmp_path) != []
        remove_unfinished()
        assert os.listdir(tmp_path) == []
    assert os.listdir(tmp_path) == []
    assert not replace._unfinished


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_bytes(b"old")
    (tmp_path / "link").symlink_to("folder/a")
    (tmp_path / "twice").symlink_to("link")
    write(tmp_path / "twice")
    assert (tmp_path / "twice").is_symlink() and (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "a").read_bytes() == b"new"


def test_a_link_that_leads_nowhere_makes_its_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a")
    write(tmp_path / "link")
    assert (tmp_path / "a").read_bytes() == b"new"
    (tmp_path / "far").symlink_to("nowhere/a")
    assert "there is no folder" in refusal(tmp_path / "far")


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "cannot be written" in refusal(tmp_path / "a")


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "folder").endswith("it is a folder")
    assert refusal(tmp_path / "pipe").endswith("it is not a regular file")
    assert refusal("/dev/null").endswith("it is not a regular file")
    assert "there is no folder" in refusal(tmp_path / "nowhere" / "a")
    (tmp_path / "file").touch()
    assert "there is no folder" in refusal(tmp_path / "file" / "a")
    assert refusal("a\0b") == "'a\\x00b' cannot be written: no file can have this name"
    with pytest.raises(OutputFault, match="cannot be written"):
        write(tmp_path / ("a" * 300))


@pytest.fixture
def without_privileges(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers that a user gets: to root everything is open."""
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "access", lambda path, mode: os.stat(path).st_mode >> 6 & mode == mode)


@pytest.mark.usefixtures("without_privileges")
def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o444)
    assert refusal(tmp_path / "a").endswith("it is read-only")
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.usefixtures("without_privileges")
def test_a_read_only_folder_takes_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_bytes(b"old")
    (tmp_path / "folder").chmod(0o555)
    assert refusal(tmp_path / "folder" / "a").endswith("its folder takes no new files")
    assert refusal(tmp_path / "folder" / "b").endswith("its folder takes no new files")
    (tmp_path / "folder").chmod(0o755)
    assert (tmp_path / "folder" / "a").read_bytes() == b"old"


def test_a_file_of_the_current_folder_needs_no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    write("a")
    assert os.listdir() == ["a"]
