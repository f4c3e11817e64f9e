"""Every wrong program in `wrong/` ends with the error that is written below it.

A file holds a program, a line of dashes, and the error: its code and message, its place with the text there, the other
places with what is said about them, the hint and what was probably meant.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.helpers import described, failure

PROGRAMS = sorted(Path(__file__).with_name("wrong").glob("*.txt"))
RULE = "\n----\n"


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_wrong_program_ends_with_the_expected_error(path: Path) -> None:
    program, expected = path.read_text(encoding="utf-8").split(RULE)
    assert described(failure(program)) == expected.rstrip("\n")


def test_there_are_wrong_programs() -> None:
    assert len(PROGRAMS) > 100
