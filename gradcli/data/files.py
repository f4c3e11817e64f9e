"""A data file that is open for reading: its size is known, and what is wrong with it is told with its name."""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from typing import Any, BinaryIO, Literal

import numpy as np

from gradcli.errors import InputFault, LimitExceeded, close_matches
from gradcli.lazy.stored import Stored

Order = Literal["C", "F"]
Metadata = Mapping[str, Any]  # what is told of the arrays of a file: what made them
METADATA = "__metadata__"  # the name that it has among them


class Contents(ABC):
    """What a file holds: one array, or several by name."""

    names: tuple[str, ...] = ()

    @abstractmethod
    def entry(self, name: str) -> np.ndarray | Stored:
        """The array of a name."""

    @abstractmethod
    def whole(self) -> np.ndarray | Stored:
        """The file as one array."""

    def entries(self, names: Sequence[str]) -> Mapping[str, np.ndarray | Stored]:
        """Several arrays by name."""
        return {name: self.entry(name) for name in names}


class Named:
    """A file or folder, and what can be wrong with it."""

    def __init__(self, name: str) -> None:
        self.name = name  # as it is shown

    def fault(self, problem: str, hint: str | None = None, entry: str | None = None) -> InputFault:
        """What is wrong with it, or with one of its entries."""
        return InputFault(f"{self.name}{'' if entry is None else f', entry {shown(entry)}'}: {problem}", hint=hint)

    def no_entry(self, name: str, names: tuple[str, ...]) -> InputFault:
        """An entry that was asked for, and those that there are."""
        error = self.fault(f"there is no entry {shown(name)}", f"it has {listed(names)}" if names else "it has no entries")
        error.did_you_mean = close_matches(name, names)
        return error

    def only(self, names: tuple[str, ...]) -> str:
        """The name of the only entry."""
        if len(names) == 1:
            return names[0]
        if not names:
            raise self.fault("it has no entries")
        raise self.fault(f"it has {len(names)} entries, and none is named", f"NAME=FILE:ENTRY takes one of {listed(names)}")


class DataFolder(Named):
    """A folder whose files belong together."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self.path = path


class DataFile(Named):
    """A regular file, open; arrays in it may be mapped, and stay so when it is closed."""

    def __init__(self, name: str, stream: BinaryIO) -> None:
        super().__init__(name)
        self.stream = stream
        self.size = os.fstat(stream.fileno()).st_size
        self._map: mmap | None = None

    def array(self, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int, order: Order) -> np.ndarray:
        """An array that shows bytes of the file, which are read when they are used."""
        if 0 in shape:
            return np.empty(shape, dtype, order)
        if self._map is None:
            try:
                self._map = mmap(self.stream.fileno(), self.size, access=ACCESS_READ)
            except ValueError:
                raise self.fault("it became shorter while it was read") from None
        return np.ndarray(shape, dtype, self._map, offset, order=order)


@contextmanager
def opened(name: str) -> Iterator[DataFile]:
    """Open a regular file."""
    # A pipe would otherwise be waited for.
    with _told(name), open(name, "rb", opener=lambda path, flags: os.open(path, flags | getattr(os, "O_NONBLOCK", 0))) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise InputFault(f"{shown(name)} is not a regular file")
        yield DataFile(shown(name), stream)


@contextmanager
def opened_folder(name: str) -> Iterator[DataFolder]:
    """Look into a folder."""
    with _told(name):
        if not stat.S_ISDIR(os.stat(name).st_mode):
            raise InputFault(f"{shown(name)} is not a folder")
        yield DataFolder(shown(name), name)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Tell what the system refuses, now or while something is read, as a fault of the file."""
    label = shown(name)
    if "\0" in name:
        raise InputFault(f"there is no file {label}")
    try:
        yield
    except FileNotFoundError:
        raise InputFault(f"there is no file {label}", did_you_mean=_beside(name)) from None
    except MemoryError:
        raise LimitExceeded(f"{label} needs more memory than there is") from None
    except OSError as fault:
        raise InputFault(f"{label} cannot be read: {fault.strerror or fault}") from None


def _beside(name: str) -> tuple[str, ...]:
    """Files of about this name."""
    folder, file = os.path.split(name)
    try:
        return tuple(os.path.join(folder, other) for other in close_matches(file, sorted(os.listdir(folder or "."))))
    except OSError:
        return ()


def shown(name: str) -> str:
    """A name from outside for a sentence: quoted, and on one line, where it is empty or has characters that cannot be seen."""
    return name if name and name.isprintable() else repr(name)


def listed(names: tuple[str, ...], most: int = 20) -> str:
    """Names for a sentence; of many only the first."""
    return ", ".join(map(shown, names[:most])) + (f" and {len(names) - most} more" if len(names) > most else "")
