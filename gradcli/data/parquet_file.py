"""The .parquet format: columns by name, a group of rows at a time, into memory that was checked (extra `parquet`)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from threading import Lock
from typing import Any
from weakref import finalize

import numpy as np

from gradcli.data.chunks import Chunks
from gradcli.data.files import DataFile, shown
from gradcli.data.table import FILL, Table
from gradcli.lazy.dtypes import ALL
from gradcli.lazy.memory import check_memory
from gradcli.lazy.stored import Stored

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
            stream = os.fdopen(os.dup(file.stream.fileno()), "rb")  # groups may be read when the file is closed
            finalize(self, stream.close)
            self._table = parquet.ParquetFile(stream, page_checksum_verification=True)
            self._types = {field.name: str(field.type) for field in self._table.schema_arrow}
        self._lock = Lock()
        self.names = tuple(self._table.schema_arrow.names)
        if len(self._types) < len(self.names):
            twice = next(name for position, name in enumerate(self.names) if name in self.names[:position])
            raise file.fault("two columns have this name", entry=twice)

    def _read(self, names: Sequence[str]) -> np.ndarray | Stored:
        dtypes = {name: self._dtype(name) for name in names}
        dtype = np.result_type(*dtypes.values())
        metadata = self._table.metadata
        # Of a single column no more is asked: the answer ends the process if the file is damaged. A page has 2 GiB at most.
        rows = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        if min(rows, default=0) < 0 or sum(rows) != metadata.num_rows or sum(rows) > MOST_ROWS:
            raise self._file.fault(f"it is damaged: it tells of {metadata.num_rows} rows")
        starts = list(accumulate(rows, initial=0))[:-1]
        columns = () if len(names) == 1 else (len(names),)
        check_memory(max(rows, default=0) * len(names) * dtype.itemsize, self._file.name)

        def decoded(chunk: tuple[int, ...]) -> np.ndarray:
            group = chunk[0]
            numbers = np.empty((rows[group], *columns), dtype)
            done = 0
            with self._lock, self._told():
                for batch in self._table.iter_batches(ROWS, row_groups=[group], columns=list(dtypes), use_threads=False):
                    if (after := done + batch.num_rows) > rows[group]:
                        break
                    for place, name in enumerate(names):
                        column = self._numbers(name, batch.column(name), starts[group] + done)
                        numbers[(slice(done, after), place)[: numbers.ndim]] = column
                    done = after
            if done != rows[group]:
                raise self._file.fault(
                    f"it is damaged: the rows from {starts[group] + 1} on are not the {rows[group]} that it tells of"
                )
            return numbers

        return Chunks((sum(rows), *columns), dtype, (starts, *[(0,)] * len(columns)), decoded).array(self._file.name)

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
