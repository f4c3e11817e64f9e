"""gradcli refuses what PyTorch refuses, with the right code and PyTorch's sentence."""

from __future__ import annotations

import re

import pytest

from gradcli.errors import GradcliError

from . import gradcli_side
from .cases import Case
from .errors import TABLES, all_errors, errors_of
from .golden_files import golden
from .observation import sentence

ERRORS = pytest.mark.parametrize("case", all_errors(), ids=lambda case: f"{case.family}: {case.source}")


#: Sentences that are not compared, since gradcli has its own: Python's about names, attributes, unpacking, calls and operators of
#: things that have none, and those in which PyTorch lists the C++ overloads that it tried.
OWN_WORDS = re.compile(
    r"^name '|has no attribute|values to unpack|unsupported operand type|not supported between|"
    r"not callable|invalid combination of arguments"
)


def refusal(case: Case) -> GradcliError:
    """The error that gradcli gives."""
    with pytest.raises(GradcliError) as caught:
        gradcli_side.run(case.program())
    return caught.value


@ERRORS
def test_the_error_has_the_code_of_its_kind(case: Case) -> None:
    assert refusal(case).code == case.family


@ERRORS
def test_the_sentence_is_that_of_pytorch(case: Case) -> None:
    error = refusal(case)
    expected = golden(case.part)[case.source]
    if not OWN_WORDS.search(expected["message"]) and expected["class"] != "AssertionError":
        assert sentence(error.torch_message or error.message) == sentence(expected["message"])


@ERRORS
def test_the_error_points_into_the_program(case: Case) -> None:
    error = refusal(case)
    program = case.program()
    assert error.span is not None and error.source is not None
    assert 0 <= error.span.start < error.span.end <= len(error.source.text)
    assert error.source.text == program
    assert program[: error.span.start].count("\n") >= len(case.leaves), "the error is in the case, not in its bindings"


@pytest.mark.parametrize("table", TABLES)
def test_the_golden_file_holds_exactly_the_errors_of_the_table(table: str) -> None:
    records = golden(table)
    assert list(records) == [case.source for case in errors_of(table)]
    assert all(record["class"] is not None for record in records.values())
