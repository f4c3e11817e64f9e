"""The .csv format: a header of names, then rows of numbers; columns are taken by name, text in the others does not matter."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradcli.data.files import DataFile, shown
from gradcli.data.table import FILL, Table
from gradcli.errors import InputFault
from gradcli.lazy.memory import check_memory

MOST_LINE = 1 << 24  # bytes
MISSING = frozenset({"", "-", "?", "n/a", "na", "none", "null"})
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class CsvFile(Table):
    """A table in a text."""

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        header = next((row for _, row in self._rows()), [])
        if not header:
            raise file.fault("it has no header")
        if len(header) == 1 and any(separator in header[0] for separator in ";\t|"):
            raise file.fault("its header has no comma", "columns are separated by commas")
        if all(_is_number(cell) for cell in header):
            raise file.fault("its first line has numbers", "the first line has the names of the columns")
        self._positions = {name: position for position, name in enumerate(header)}
        for position, name in enumerate(header):
            if self._positions[name] != position:
                raise file.fault(f"two columns have the name {name!r}")
        self.names = tuple(header)

    def entries(self, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Each column by itself, all of them in one go."""
        return dict(zip(names, self._vectors(names), strict=True))

    def _read(self, names: Sequence[str]) -> np.ndarray:
        columns = self._vectors(names)
        if len(columns) == 1:
            return columns[0]
        check_memory(2 * sum(column.nbytes for column in columns), self._file.name)
        return np.column_stack(columns)

    def _vectors(self, names: Sequence[str]) -> list[np.ndarray]:
        """The columns of these names: int64 where every number is whole, else float64."""
        columns = [_Column(self._positions[name]) for name in names]
        rows = self._rows()
        next(rows)
        for line, row in rows:
            if len(row) != len(self.names):
                cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
                raise self._file.fault(f"line {line} has {cells}, and the header {len(self.names)}")
            for column in columns:
                if not column.add(row[column.position]):
                    raise self._not_a_number(line, column.position, row[column.position])
        return [column.values() for column in columns]

    def _not_a_number(self, line: int, position: int, cell: str) -> InputFault:
        place = f"line {line}, column {position + 1} ({shown(self.names[position])})"
        if cell.strip().lower() in MISSING:
            return self._file.fault(f"{place}: the value is missing", FILL)
        return self._file.fault(f"{place}: {cell[:40]!r} is not a number")

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows that are not empty, each with its line; the first is the header."""
        reader = csv.reader(self._lines(), strict=True)
        try:
            for row in reader:
                if row:
                    yield reader.line_num, row
        except csv.Error as damage:
            raise self._file.fault(f"line {reader.line_num}: {damage}") from None

    def _lines(self) -> Iterator[str]:
        """The lines as text; bytes that are not UTF-8 matter only where a number is expected."""
        stream = self._file.stream
        stream.seek(len(_BYTE_ORDER_MARK) if stream.read(len(_BYTE_ORDER_MARK)) == _BYTE_ORDER_MARK else 0)
        number = 0
        while line := stream.readline(MOST_LINE + 1):
            number += 1
            if len(line) > MOST_LINE:
                raise self._file.fault(f"line {number} has more than {MOST_LINE} bytes")
            yield line.decode("utf-8", "surrogateescape")


class _Column:
    """The numbers of a column, which are whole as long as all of them are."""

    __slots__ = ("_convert", "_numbers", "position")

    def __init__(self, position: int) -> None:
        self.position = position
        self._convert: Callable[[str], int | float] = int
        self._numbers: array[int] | array[float] = array("q")

    def add(self, cell: str) -> bool:
        """Take a number; False if the cell has none."""
        try:
            self._numbers.append(self._convert(cell))  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            if self._convert is not int or not _is_number(cell):
                return False
            self._convert = float
            self._numbers = array("d", self._numbers)
            self._numbers.append(float(cell))
        return True

    def values(self) -> np.ndarray:
        """The numbers as an array, without a copy."""
        return np.frombuffer(self._numbers, np.int64 if self._convert is int else np.float64)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
