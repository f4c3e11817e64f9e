"""Declarations: what every one of them promises, whichever function it declares."""

from __future__ import annotations

import pytest

from gradcli import functions as f
from gradcli.functions.function import names_taken
from gradcli.functions.general import GeneralFunction
from gradcli.functions.pointwise import Pointwise

GENERAL = [function for function in f.declared() if isinstance(function, GeneralFunction) and function.rules]
POINTWISE = [function for function in f.declared() if isinstance(function, Pointwise)]


def meaningful_names(function: GeneralFunction) -> set[str]:
    """All names that a rule of the function may take."""
    arguments = {parameter.name for parameter in function.parameters}
    about_arguments = {f"{name}_{what}" for name in arguments for what in ("shape", "dtype")}
    return {"g", "gs", "result", *arguments, *about_arguments, *function.results, *(f"g_{name}" for name in function.results)}


@pytest.mark.parametrize("function", GENERAL, ids=lambda function: f"{function.family}.{function.name}")
def test_a_rule_is_of_an_argument_and_takes_only_names_that_mean_something(function: GeneralFunction) -> None:
    assert set(function.rules) <= {parameter.name for parameter in function.parameters}
    for rule in function.rules.values():
        assert set(names_taken(rule)) <= meaningful_names(function)


@pytest.mark.parametrize("function", POINTWISE, ids=lambda function: function.name)
def test_a_partial_takes_only_operands_the_result_and_the_cotangent(function: Pointwise) -> None:
    operands = {"x", "y"} if len(function.partials) == 2 else {"x"}
    for partial in function.partials:
        if callable(partial):
            assert set(names_taken(partial)) <= {*operands, "result", "g"}


def test_every_function_says_in_one_sentence_what_it_computes() -> None:
    assert [function.qualified_name for function in f.declared() if not function.doc] == []
