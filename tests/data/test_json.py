"""The .json format: numbers and nested lists, alone or by name, with the place of what does not belong there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradcli.lazy import settings
from gradcli.lazy.dtypes import float64

from .reading import arrays, changes, fault, is_read_or_refused, prefixes


def written(folder: Path, text: str | bytes) -> str:
    path = folder / "x.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return f"x={path}"


@pytest.mark.parametrize(
    ("text", "floating", "dtype", "values"),
    [
        ("[1, 2]", True, "float32", [1.0, 2.0]),
        ("[1, 2]", False, "int64", [1, 2]),
        ("[1, 2.5]", False, "float32", [1.0, 2.5]),
        ("[[1, 2], [3, 4]]", True, "float32", [[1.0, 2.0], [3.0, 4.0]]),
        ("[true, false]", True, "bool", [True, False]),
        ("3", True, "float32", 3.0),
        ("[]", False, "float32", []),
        ("[[], []]", True, "float32", [[], []]),
        ("\ufeff[1e3]", True, "float32", [1000.0]),
        ('{"only": [1]}', True, "float32", [1.0]),
    ],
)
def test_numbers_follow_the_rule_for_literals_or_are_floating(
    text: str, floating: bool, dtype: str, values: object, tmp_path: Path
) -> None:
    found = arrays(written(tmp_path, text), floating=floating)["x"]
    assert (found.dtype.name, found.tolist()) == (dtype, values)


def test_the_default_dtype_decides_what_floating_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "default_dtype", float64)
    assert arrays(written(tmp_path, "[0.1]"))["x"].tolist() == [0.1]


@pytest.mark.filterwarnings("error")
def test_a_number_beyond_the_default_dtype_is_infinite_without_a_warning(tmp_path: Path) -> None:
    assert arrays(written(tmp_path, "[1e300, -1e300]"))["x"].tolist() == [float("inf"), -float("inf")]


def test_an_object_has_entries_by_name(tmp_path: Path) -> None:
    text = written(tmp_path, '{"w": [1, 2], "b": 3, "note": "hello"}')
    assert arrays(f"{text}:b")["x"] == 3
    error = fault(text)
    assert error.hint == "NAME=FILE:ENTRY takes one of w, b, note"
    everything = written(tmp_path, '{"w": [1, 2], "b": 3}').removeprefix("x=")
    assert {name: array.tolist() for name, array in arrays(everything).items()} == {"w": [1, 2], "b": 3}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1, column 1: it is no JSON"),
        ("[1,\n 2,]", "line 2, column"),
        ("[1 2]", "line 1, column 4: it is no JSON: expecting ',' delimiter"),
        ("[1, null]", "[1] is null, not a number"),
        ('[[1], ["two"]]', '[1][0] is the text "two", not a number'),
        ("[[1, 2], [3]]", "[1] is a list of 1, unlike the rows before it"),
        ("[[1], 2]", "[1] is no list, unlike the rows before it"),
        ("[1, [2]]", "[1] is a list of 1, unlike the rows before it"),
        ('[{"a": 1}]', "[0] is an object, not a number"),
        ('"hello"', 'it is the text "hello", not a number'),
        ("[NaN]", "NaN is not in JSON"),
        ("[-Infinity]", "-Infinity is not in JSON"),
        ("[9223372036854775808]", "[0] is a whole number beyond int64"),
        ("[-9223372036854775809, 1.5]", "[0] is a whole number beyond int64"),
        ("[" + "9" * 5000 + "]", "a whole number beyond int64"),
        ("[" * 65 + "]" * 65, "its lists nest more than 64 deep"),
        ("[" * 200_000, "its lists nest too deeply"),
        ('{"a": 1, "a": 2}', "entry a: it is there twice"),
        ("{}", "it has no entries"),
        (b"[\xff]", "it is not a text in UTF-8: byte 1 is 0xff"),
        (b"[1]\x00", "it is no JSON: extra data"),
    ],
    ids=lambda case: str(case[:30]),
)
def test_what_is_no_array_is_refused_with_its_place(text: str | bytes, sentence: str, tmp_path: Path) -> None:
    error = fault(written(tmp_path, text))
    assert error.exit_code == 6
    assert sentence in error.message


def test_a_file_beyond_memory_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = written(tmp_path, "[1, 2, 3]")
    monkeypatch.setattr("gradcli.lazy.memory.available_memory", lambda: 9 * 16)
    assert arrays(text)
    monkeypatch.setattr("gradcli.lazy.memory.available_memory", lambda: 9 * 16 - 1)
    assert fault(text).exit_code == 5


def test_every_prefix_and_every_change_gives_numbers_or_an_error(tmp_path: Path) -> None:
    content = b'{"w": [[1, -2.5e3], [0, 4]]}'
    for damaged in (*prefixes(content), *changes(content)):
        is_read_or_refused(tmp_path / "x.json", damaged)
