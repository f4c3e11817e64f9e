"""A table: columns by name, each a vector; several are a matrix, in the order in which they are asked for."""

from __future__ import annotations

import csv
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from gradcli.data.files import Contents, DataFile
from gradcli.lazy.memory import check_memory

FILL = "fill in a number, or leave out the row"  # what to do about a missing value


class Table(Contents):
    """A file of columns, whose names the reader sets."""

    def __init__(self, file: DataFile) -> None:
        self._file = file

    @abstractmethod
    def _columns(self, names: Sequence[str]) -> list[np.ndarray]:
        """The columns of these names, which are there."""

    def whole(self) -> np.ndarray:
        """All columns."""
        return self._joined(self.names)

    def entry(self, name: str) -> np.ndarray:
        """One column, or several whose names are separated by commas."""
        return self._joined((name,) if name in self.names else next(csv.reader([name], skipinitialspace=True), ()))

    def entries(self) -> dict[str, np.ndarray]:
        """Each column by itself."""
        return dict(zip(self.names, self._columns(self.names), strict=True))

    def _joined(self, names: Sequence[str]) -> np.ndarray:
        known = set(self.names)
        for name in names:
            if name not in known:
                raise self._file.no_entry(name, self.names)
        columns = self._columns(names)
        if len(columns) == 1:
            return columns[0]
        if not columns:
            raise self._file.fault("it has no columns")
        check_memory(2 * sum(column.nbytes for column in columns), self._file.name)
        return np.column_stack(columns)
