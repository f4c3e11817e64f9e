"""The .parquet format: columns by name with their dtypes; missing values, other types, damage and lies are refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from gradcli.data.chunks import AT_ONCE
from gradcli.lazy.dtypes import ALL

from .reading import arrays, changes, fault, is_read_or_refused, prefixes


def written(folder: Path, columns: dict[str, Any], **options: Any) -> str:
    parquet.write_table(pa.table(columns), folder / "t.parquet", **options)
    return f"x={folder / 't.parquet'}"


@pytest.mark.parametrize("dtype", [dtype.name for dtype in ALL])
@pytest.mark.parametrize("options", [{}, {"use_dictionary": False, "compression": "none"}, {"compression": "zstd"}], ids=str)
def test_dtypes_are_kept(dtype: str, options: dict[str, Any], tmp_path: Path) -> None:
    found = arrays(written(tmp_path, {"a": np.array([0, 1, 1], dtype)}, **options))["x"]
    assert (found.dtype.name, found.tolist()) == (dtype, [0, 1, 1])


def test_columns_are_chosen_by_name_and_order(tmp_path: Path) -> None:
    columns = {"a": np.arange(3), "b": np.arange(3) / 2, "name": ["x", "y", "z"], "c,d": np.ones(3, np.float32)}
    text = written(tmp_path, columns)
    assert arrays(f"{text}:b")["x"].tolist() == [0, 0.5, 1]
    assert arrays(f"{text}:b, a, a")["x"].tolist() == [[0, 0, 0], [0.5, 1, 1], [1, 2, 2]]
    assert arrays(f"{text}:c,d")["x"].tolist() == [1, 1, 1]
    assert "entry name: its type is string" in fault(text).message
    error = fault(f"{text}:bb")
    assert (error.did_you_mean, error.hint) == ((), "it has a, b, name, c,d")
    everything = written(tmp_path, {"a": np.arange(2), "b": np.zeros(2, np.float32)}).removeprefix("x=")
    assert {name: array.dtype.name for name, array in arrays(everything).items()} == {"a": "int64", "b": "float32"}


@pytest.mark.parametrize("at_once", [0, AT_ONCE])
def test_many_rows_in_groups_come_in_order(at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.data.chunks.AT_ONCE", at_once)
    rows = np.arange(200_000)
    halves = arrays(written(tmp_path, {"a": rows, "b": rows / 2}, row_group_size=70_000))["x"]
    assert (halves == np.column_stack([rows, rows / 2])).all()
    assert (arrays(written(tmp_path, {"a": rows}, row_group_size=30_000))["x"] == rows).all()


def test_a_table_without_rows_has_empty_columns(tmp_path: Path) -> None:
    assert arrays(written(tmp_path, {"a": np.zeros((0,)), "b": np.zeros((0,))}))["x"].shape == (0, 2)


@pytest.mark.parametrize("at_once", [0, AT_ONCE])
@pytest.mark.parametrize("group", [1000, 1_000_000])
def test_a_missing_value_is_refused_with_row_and_column(
    at_once: int, group: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradcli.data.chunks.AT_ONCE", at_once)
    values = np.arange(100_000, dtype=object)
    values[70_000] = None
    error = fault(written(tmp_path, {"a": np.arange(100_000), "b": pa.array(values, pa.int64())}, row_group_size=group))
    assert error.message.endswith("t.parquet: row 70001, column b: the value is missing")
    assert error.hint == "fill in a number, or leave out the row"


@pytest.mark.parametrize(
    "column",
    [
        ["text"],
        [b"bytes"],
        [[1, 2]],
        [{"a": 1}],
        pa.array([1], pa.uint16()),
        pa.array([1], pa.timestamp("s")),
        pa.array([1], pa.decimal128(5)),
        pa.array(["a"]).dictionary_encode(),
        pa.nulls(1),
    ],
    ids=str,
)
def test_what_are_no_numbers_of_ours_is_refused(column: Any, tmp_path: Path) -> None:
    error = fault(written(tmp_path, {"a\x1b[2J": column}))
    assert error.exit_code == 6 and "its type is" in error.message
    assert error.message.isprintable()


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    parquet.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), tmp_path / "t.parquet")
    assert "two columns have this name" in fault(f"x={tmp_path / 't.parquet'}:a").message


def test_what_expands_beyond_the_memory_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = written(tmp_path, {"a": np.zeros(1_000_000)})
    assert (tmp_path / "t.parquet").stat().st_size < 100_000
    monkeypatch.setattr("gradcli.lazy.memory.available_memory", lambda: 7_900_000)
    error = fault(text)
    assert error.exit_code == 5 and "7,900,000 are available" in error.message


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1PAR1", b"PAR1\xff\xff\xff\xffPAR1", b"hello" * 100])
def test_what_is_no_parquet_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(content)
    error = fault(f"x={tmp_path / 't.parquet'}")
    assert error.exit_code == 6 and "it cannot be read" in error.message


def test_every_prefix_is_refused_and_every_change_gives_numbers_or_an_error(tmp_path: Path) -> None:
    written(tmp_path, {"a": np.arange(3, dtype=np.int16)}, store_schema=False, write_page_checksum=True)
    content = (tmp_path / "t.parquet").read_bytes()
    path = tmp_path / "damaged.parquet"
    assert not any(is_read_or_refused(path, damaged) for damaged in prefixes(content))
    outcomes = [is_read_or_refused(path, damaged) for damaged in changes(content)]
    assert any(outcomes) and not all(outcomes)


def test_a_missing_package_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = written(tmp_path, {"a": [1]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    error = fault(text)
    assert (error.exit_code, error.hint) == (6, "pip install 'gradcli[parquet]'")
