"""Names that are not here: what is offered instead of them is here."""

from __future__ import annotations

import re

import pytest

from gradcli.functions import ATTRIBUTES, METHODS
from gradcli.language.absent import MEMBERS, NAMES, SPELLINGS, instead_of_name
from gradcli.language.prelude import NAMESPACES, PRELUDE
from tests.language.helpers import failure, value_of


def test_what_is_told_to_be_absent_is_absent() -> None:
    members = {"Tensor": {*METHODS, *ATTRIBUTES}, **{name: set(space.members) for name, space in NAMESPACES.items()}}
    assert {*NAMES, *SPELLINGS}.isdisjoint(PRELUDE)
    assert [(owner, name) for owner, name in MEMBERS if name in members.get(owner, ())] == []


@pytest.mark.parametrize("name", sorted(SPELLINGS))
def test_the_spelling_of_others_leads_to_a_name_of_ours(name: str) -> None:
    error = failure(f"{name}(1)")
    assert error.message == f"{name} is not defined"
    assert error.did_you_mean == (SPELLINGS[name],)
    assert SPELLINGS[name] in PRELUDE or SPELLINGS[name] in ("None", "True", "False")


@pytest.mark.parametrize(
    ("name", "value"),
    [("cbrt", 2.0), ("cot", -0.14706506), ("csc", 1.0107559), ("factorial", 40320.0), ("root", 8.0), ("sec", -6.8728506)],
)
def test_a_formula_that_is_offered_is_right(name: str, value: float) -> None:
    hint = instead_of_name(name)
    assert hint is not None and failure(f"{name}(8.)").hint == hint
    (formula,) = re.findall("write (.*)", hint)
    assert value_of(f"n = 1\nx = tensor(8.)\n({formula}).item()") == pytest.approx(value, rel=1e-5)
