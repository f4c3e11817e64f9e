"""A table: columns by name, each a vector; several are a matrix, in the order in which they are asked for."""

from __future__ import annotations

import csv
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from gradcli.data.files import Contents, DataFile
from gradcli.lazy.stored import Stored

FILL = "fill in a number, or leave out the row"  # what to do about a missing value


class Table(Contents):
    """A file of columns, whose names the reader sets."""

    def __init__(self, file: DataFile) -> None:
        self._file = file

    @abstractmethod
    def _read(self, names: Sequence[str]) -> np.ndarray | Stored:
        """One column as a vector, several as a matrix; the names are there."""

    def whole(self) -> np.ndarray | Stored:
        """All columns."""
        return self._columns(self.names)

    def entry(self, name: str) -> np.ndarray | Stored:
        """One column, or several whose names are separated by commas."""
        return self._columns((name,) if name in self.names else next(csv.reader([name], skipinitialspace=True), ()))

    def _columns(self, names: Sequence[str]) -> np.ndarray | Stored:
        known = set(self.names)
        for name in names:
            if name not in known:
                raise self._file.no_entry(name, self.names)
        if not names:
            raise self._file.fault("it has no columns")
        return self._read(names)
