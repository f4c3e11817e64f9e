"""The .parquet format: columns by name, read row by row into memory that was checked to be there (extra `parquet`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradcli.data.files import DataFile, shown
from gradcli.data.table import FILL, Table
from gradcli.lazy.dtypes import ALL
from gradcli.lazy.memory import check_memory

ROWS = 1 << 16  # that are decoded at once
MOST_ROWS = 1 << 48

# What Arrow calls our dtypes.
DTYPES = {"float": "float32", "double": "float64", "halffloat": "float16"} | {
    dtype.name: dtype.name for dtype in ALL if not dtype.is_floating
}
_SUPPORTED = f"the dtypes are {', '.join(dtype.name for dtype in ALL)}"


class ParquetFile(Table):
    """A table whose columns have dtypes."""

    def __init__(self, file: DataFile) -> None:
        super().__init__(file)
        try:
            from pyarrow import parquet
        except ImportError:
            raise file.fault("it cannot be read without pyarrow", "pip install 'gradcli[parquet]'") from None
        with self._told():
            self._table = parquet.ParquetFile(file.stream, page_checksum_verification=True)
            self._types = {field.name: str(field.type) for field in self._table.schema_arrow}
        self.names = tuple(self._table.schema_arrow.names)
        if len(self._types) < len(self.names):
            twice = next(name for position, name in enumerate(self.names) if name in self.names[:position])
            raise file.fault("two columns have this name", entry=twice)

    def _columns(self, names: Sequence[str]) -> list[np.ndarray]:
        """The columns of these names, each with its own dtype."""
        dtypes = {name: self._dtype(name) for name in names}
        rows = self._table.metadata.num_rows
        # Of a single column no more is asked: the answer ends the process if the file is damaged. A page has 2 GiB at most.
        if not 0 <= rows <= MOST_ROWS:
            raise self._file.fault(f"it is damaged: it tells of {rows} rows")
        check_memory(rows * sum(dtype.itemsize for dtype in dtypes.values()), self._file.name)
        columns = {name: np.empty(rows, dtype) for name, dtype in dtypes.items()}
        done = 0
        with self._told():
            for batch in self._table.iter_batches(ROWS, columns=list(columns), use_threads=False):
                if done + batch.num_rows > rows:
                    raise self._file.fault(f"it is damaged: it has more than the {rows} rows that it tells of")
                for name, column in columns.items():
                    column[done : done + batch.num_rows] = self._numbers(name, batch.column(name), done)
                done += batch.num_rows
        if columns and done != rows:
            raise self._file.fault(f"it is damaged: it tells of {rows} rows, and {done} are there")
        return [columns[name] for name in names]

    def _numbers(self, name: str, column: Any, before: int) -> np.ndarray:
        """A piece of a column, before which so many rows were read."""
        if column.null_count:
            row = before + column.is_null().index(True).as_py() + 1
            raise self._file.fault(f"row {row}, column {shown(name)}: the value is missing", FILL)
        numbers: np.ndarray = column.to_numpy(zero_copy_only=False)
        return numbers

    def _dtype(self, name: str) -> np.dtype[Any]:
        if self._types[name] not in DTYPES:
            raise self._file.fault(f"its type is {shown(self._types[name])[:80]}", _SUPPORTED, name)
        return np.dtype(DTYPES[self._types[name]])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what Arrow finds as a fault of the file."""
        from pyarrow import ArrowException

        try:
            yield
        except MemoryError:
            raise
        except (ArrowException, OSError, ValueError, OverflowError) as damage:
            reason = " ".join(str(damage).split())
            raise self._file.fault(f"it cannot be read: {reason}") from None
