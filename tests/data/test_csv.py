"""The .csv format: columns by the names in the header; what is missing or no number is refused with line and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .reading import arrays, changes, fault, is_read_or_refused, prefixes

TABLE = "a,b,name,c\n1,0.5,one,10\n2,1.5,two,20\n3,2.5,three,30\n"


def written(folder: Path, text: str | bytes) -> str:
    path = folder / "t.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return f"x={path}"


@pytest.mark.parametrize(
    ("selection", "floating", "dtype", "values"),
    [
        ("a", False, "int64", [1, 2, 3]),
        ("a", True, "float32", [1.0, 2.0, 3.0]),
        ("b", False, "float32", [0.5, 1.5, 2.5]),
        ("c,a", False, "int64", [[10, 1], [20, 2], [30, 3]]),
        ("a, b", True, "float32", [[1.0, 0.5], [2.0, 1.5], [3.0, 2.5]]),
        ("a,a", False, "int64", [[1, 1], [2, 2], [3, 3]]),
    ],
)
def test_columns_are_chosen_by_name_and_order(
    selection: str, floating: bool, dtype: str, values: list[object], tmp_path: Path
) -> None:
    found = arrays(f"{written(tmp_path, TABLE)}:{selection}", floating=floating)["x"]
    assert (found.dtype.name, found.tolist()) == (dtype, values)


def test_without_a_selection_all_columns_are_the_matrix(tmp_path: Path) -> None:
    assert arrays(written(tmp_path, "a,b\n1,2\n3,4\n"))["x"].tolist() == [[1, 2], [3, 4]]


def test_without_a_name_each_column_is_bound(tmp_path: Path) -> None:
    found = arrays(written(tmp_path, "a,b\n1,2.5\n3,4\n").removeprefix("x="), floating=False)
    assert {name: array.tolist() for name, array in found.items()} == {"a": [1, 3], "b": [2.5, 4.0]}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("\ufeffa,b\r\n1,2\r\n", [[1, 2]]),
        ('"a","b"\n"1","2"\n', [[1, 2]]),
        ("a,b\n\n1,2\n\n", [[1, 2]]),
        ("a,b\n 1 , 2e0\n-1,+.5", [[1, 2], [-1, 0.5]]),
        ("a,b\ninf,-Infinity\n", [[np.inf, -np.inf]]),
        ("a,b\n", []),
    ],
)
def test_files_of_other_programs_are_read(text: str, values: list[object], tmp_path: Path) -> None:
    assert arrays(written(tmp_path, text))["x"].tolist() == values


def test_whole_numbers_are_exact_and_those_beyond_int64_floating(tmp_path: Path) -> None:
    text = written(tmp_path, f"a,b\n{2**63 - 1},{2**63}\n1,1\n")
    assert arrays(f"{text}:a", floating=False)["x"].tolist() == [2**63 - 1, 1]
    assert arrays(f"{text}:b", floating=False)["x"].tolist() == [2.0**63, 1.0]


def test_a_column_of_quoted_names_with_commas_can_be_chosen(tmp_path: Path) -> None:
    text = written(tmp_path, '"a,b",c\n1,2\n')
    assert arrays(f"{text}:a,b")["x"].tolist() == [1]
    assert arrays(f'{text}:c,"a,b"')["x"].tolist() == [[2, 1]]


@pytest.mark.parametrize("missing", ["", " ", "NA", "n/a", "null", "None", "?", "-"])
def test_a_missing_value_is_refused_with_line_and_column(missing: str, tmp_path: Path) -> None:
    error = fault(f"{written(tmp_path, f'a,b,c{chr(10)}1,2,3{chr(10)}4,{missing},6{chr(10)}')}:a,b")
    assert error.exit_code == 6
    assert error.message.endswith("t.csv: line 3, column 2 (b): the value is missing")
    assert error.hint == "fill in a number, or leave out the row"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "it has no header"),
        ("\n\n", "it has no header"),
        ("1,2\n3,4\n", "its first line has numbers"),
        ("a,a\n1,2\n", "two columns have the name 'a'"),
        ("a;b\n1;2\n", "its header has no comma"),
        ("a\tb\n1\t2\n", "its header has no comma"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cell, and the header 2"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells, and the header 2"),
        ("a,b\n1,x\n", "line 2, column 2 (b): 'x' is not a number"),
        ("a,b\n1,0x10\n", "line 2, column 2 (b): '0x10' is not a number"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ('a,b\n1,"2"3\n', "line 2: ',' expected after '\"'"),
        (b"a,b\n1,\xff\n", "line 2, column 2 (b): '\\udcff' is not a number"),
        (b"a,b\r1,2\r", "new-line character"),
        ("a,b\n1," + "9" * 200_000 + "\n", "field larger than field limit"),
    ],
    ids=lambda case: str(case[:30]),
)
def test_what_is_no_table_of_numbers_is_refused_with_its_place(text: str | bytes, sentence: str, tmp_path: Path) -> None:
    error = fault(written(tmp_path, text))
    assert error.exit_code == 6
    assert sentence in error.message


def test_text_matters_only_in_columns_that_are_asked_for(tmp_path: Path) -> None:
    text = written(tmp_path, b"name,a\n\xfcber,1\n,2\n")
    assert arrays(f"{text}:a")["x"].tolist() == [1, 2]
    assert "line 2, column 1 (name)" in fault(f"{text}:name").message


def test_a_column_that_is_not_there_gets_suggestions(tmp_path: Path) -> None:
    error = fault(f"{written(tmp_path, 'height,weight' + chr(10))}:wieght")
    assert (error.did_you_mean, error.hint) == (("weight",), "it has height, weight")


def test_a_line_may_be_as_long_as_the_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("gradcli.data.csv_file.MOST_LINE", 100)
    assert arrays(written(tmp_path, f"a,b\n1,{'2'.rjust(97)}\n"))["x"].tolist() == [[1, 2]]
    assert "line 2 has more than 100 bytes" in fault(written(tmp_path, f"a,b\n1,{'2'.rjust(98)}\n")).message


def test_a_table_may_have_very_many_columns(tmp_path: Path) -> None:
    text = ",".join(f"c{number}" for number in range(20_000)) + "\n" + ",".join(["1"] * 20_000)
    assert len(arrays(written(tmp_path, text).removeprefix("x="))) == 20_000


def test_every_prefix_and_every_change_gives_numbers_or_an_error(tmp_path: Path) -> None:
    content = b'a,"b"\r\n1,-2.5\r\n3,4e1\r\n'
    for damaged in (*prefixes(content), *changes(content)):
        is_read_or_refused(tmp_path / "t.csv", damaged)
