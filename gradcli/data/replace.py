"""Files that are written whole or not at all: under another name beside their place, which they take when they are done."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import BinaryIO

from gradcli.data.files import shown
from gradcli.errors import OutputFault

_unfinished: set[str] = set()


@contextmanager
def replacing(name: str) -> Iterator[BinaryIO]:
    """A stream whose content takes the place of a file at the end of the block; if anything fails, the file stays as it was.

    Where the name is a link, what it leads to is replaced. The content is on the disk before it is given the name.
    """
    with _told(name):
        place = _place(name)
        temporary = os.path.join(os.path.dirname(place), f".gradcli-{token_hex(8)}.tmp")
        _unfinished.add(temporary)  # before it is there: an interrupt may come at any time
        try:
            with open(temporary, "xb") as stream:
                yield stream
                stream.flush()
                with suppress(FileNotFoundError):
                    os.chmod(temporary, stat.S_IMODE(os.stat(place).st_mode))
                os.fsync(stream.fileno())
            os.replace(temporary, place)
        finally:
            _remove(temporary)
        _keep_entries(os.path.dirname(place))


def check_place(name: str) -> None:
    """Refuse a place that will not take a file, before anything is computed for it."""
    with _told(name):
        _place(name)


def remove_unfinished() -> None:
    """Remove what is half written, for a process that ends at once."""
    for temporary in tuple(_unfinished):
        _remove(temporary)


def _place(name: str) -> str:
    """The file that a name leads to, if it may be replaced, or the place where it may be made."""
    if "\0" in name:
        raise OutputFault(f"{shown(name)} cannot be written: no file can have this name")
    place = os.path.realpath(name)
    folder = os.path.dirname(place)
    if not os.path.isdir(folder):
        raise OutputFault(f"{shown(name)} cannot be written: there is no folder {shown(os.path.dirname(name) or folder)}")
    if os.path.lexists(place):
        if os.path.isdir(place):
            raise OutputFault(f"{shown(name)} cannot be written: it is a folder")
        if not os.path.isfile(place):
            raise OutputFault(f"{shown(name)} cannot be written: it is not a regular file")
        if not os.access(place, os.W_OK):
            raise OutputFault(f"{shown(name)} cannot be written: it is read-only", hint="chmod u+w lets it be replaced")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputFault(f"{shown(name)} cannot be written: its folder takes no new files", hint="a new file takes its place")
    return place


def _remove(temporary: str) -> None:
    with suppress(OSError):  # it has its name, or was never made
        os.unlink(temporary)
    _unfinished.discard(temporary)


def _keep_entries(folder: str) -> None:
    """Have the names in a folder on the disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Tell what the system refuses as a fault of the output."""
    try:
        yield
    except OSError as fault:
        raise OutputFault(f"{shown(name)} cannot be written: {fault.strerror or fault}") from None
