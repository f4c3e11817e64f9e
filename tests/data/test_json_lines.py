"""JSON Lines: lines as they arrive, however they are cut into pieces, and the fields of a line."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradcli.data import json_lines
from gradcli.data.json_lines import Arrived, arriving, fields_of
from gradcli.errors import InputFault


class Pipe(io.RawIOBase):
    """A stream that gives one piece at a time."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]

    def read1(self, size: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def numbered(batches: Sequence[Arrived]) -> list[tuple[int, bytes]]:
    """Each line with its number."""
    return [(first + offset, line) for first, lines in batches for offset, line in enumerate(lines)]


@given(st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"", b"\xef\xbb\xbf", b"d\ne", b"\n\n"]), max_size=12))
def test_lines_are_those_of_the_text_wherever_it_is_cut(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    start, *others = text.split(b"\n")
    expected = [start.removeprefix(b"\xef\xbb\xbf") if others else text.removeprefix(b"\xef\xbb\xbf"), *others]
    expected = expected if others and expected[-1] else expected[:-1] if others else [expected[0]] * bool(text)
    found = numbered(list(arriving(Pipe(pieces), "pipe")))
    assert [(number, line) for number, line in found if line] == [
        (number, line) for number, line in enumerate(expected, 1) if line
    ]


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(1, 12))
@example([b"\xef\xbb\xbfa", b"b\n"], 3)
def test_a_line_beyond_the_limit_is_cut_and_the_others_keep_their_numbers(pieces: list[bytes], most: int) -> None:
    expected = b"".join(pieces).removeprefix(b"\xef\xbb\xbf").split(b"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "MOST_LINE", most)
        found = dict(numbered(list(arriving(Pipe(pieces), "pipe"))))
    for number, line in enumerate(expected, 1):
        if len(line) <= most:
            assert found.get(number, b"") == line
        else:
            assert len(found[number]) > most


def test_lines_that_are_there_do_not_wait_for_the_rest() -> None:
    lines = arriving(Pipe([b'{"x": 1}\n{"x"', b": 2}\n"]), "pipe")
    assert next(lines) == (1, [b'{"x": 1}'])
    assert next(lines) == (2, [b'{"x": 2}'])


def test_a_stream_that_cannot_be_read_is_told() -> None:
    class Broken(io.RawIOBase):
        def read1(self, size: int) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(InputFault, match="pipe cannot be read: Input/output error"):
        list(arriving(Broken(), "pipe"))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4), st.booleans())
def test_fields_are_what_pythons_reader_makes_of_a_line(fields: dict[str, object], ascii_only: bool) -> None:
    line = json.dumps(fields, ensure_ascii=ascii_only).encode("utf-8", "replace")
    try:
        expected = json.loads(line)
        json.dumps(expected, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # halves of surrogate pairs are no text
        with pytest.raises(InputFault):
            fields_of(line)
    else:
        assert fields_of(line) == expected


@given(st.binary(max_size=40))
def test_any_bytes_are_fields_or_a_fault(line: bytes) -> None:
    try:
        fields = fields_of(line)
    except InputFault as fault:
        assert fault.message
    else:
        assert isinstance(fields, dict)


@pytest.mark.parametrize("line", [b'{"a": 1, "b": 2, "a": 3}', b'{"a:": 1, "a:": 2}', b'{"a": 1, "a": [1]}', b'{"": 1, "": 1}'])
def test_a_name_that_is_there_twice_is_a_fault(line: bytes) -> None:
    with pytest.raises(InputFault, match="is there twice"):
        fields_of(line)


def test_a_name_may_be_there_again_in_another_object() -> None:
    assert fields_of(b'{"a": {"a": 1}, "b": {"a": ":"}}') == {"a": {"a": 1}, "b": {"a": ":"}}
