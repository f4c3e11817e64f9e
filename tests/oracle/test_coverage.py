"""Each argument of each function is given in some case that is compared with PyTorch."""

from __future__ import annotations

from .cases import all_cases
from .coverage import LISTED, arguments_given, function_of

#: What tells where and how results are made, not what they are.
ELSEWHERE = {"device", "out", "requires_grad"}
#: What belongs to another spelling of the same function.
WITHOUT_CASES = {("true_divide", "rounding_mode")}


def test_each_argument_of_each_function_is_given_in_some_case() -> None:
    listed = LISTED.read_text(encoding="utf-8").split()
    functions = {name.rpartition(".")[2]: found for name in listed if (found := function_of(name)) is not None}
    assert len(functions) > 300
    given = arguments_given([case.source for case in all_cases()], functions)
    missing = {
        (own, parameter.name)
        for own, function in functions.items()
        for parameter in function.parameters
        if parameter.name not in given[own] | ELSEWHERE and not parameter.name.startswith("_")  # which no signature shows
    }
    assert missing == WITHOUT_CASES
