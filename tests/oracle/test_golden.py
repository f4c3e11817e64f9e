"""gradcli says of every case what PyTorch 2.13 said: value, gradients, graph, text, and where a second backward is refused."""

from __future__ import annotations

from functools import cache

import pytest

from gradcli.errors import GradcliError

from . import gradcli_side
from .cases import OWN_GRAPHS, PARTS, Case, all_cases, cases_of
from .golden_files import golden
from .observation import Record, differences


def cases(*without: str) -> pytest.MarkDecorator:
    """Claim something of every case, but for those of the families named."""
    chosen = [case for case in all_cases() if case.family not in without]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: f"{case.family}: {case.source}")


@cache
def observed(case: Case) -> Record:
    """gradcli's record of a case, made once for all claims about it."""
    return gradcli_side.observe(case.program())


def compare(case: Case, *aspects: str) -> None:
    """Claim that the named parts of gradcli's record are PyTorch's."""
    expected = golden(case.part)[case.source]
    try:
        record = observed(case)
    except GradcliError:
        if "value" in aspects:
            raise
        pytest.skip("there is no value to look at: test_value_is_that_of_pytorch fails")
    wanted = {aspect: expected[aspect] for aspect in aspects if aspect in expected}
    got = {aspect: record[aspect] for aspect in aspects if aspect in record}
    found = differences(wanted, got, precision=case.precision)
    assert not found, case.source + "\n" + "\n".join(found)


@cases()
def test_value_is_that_of_pytorch(case: Case) -> None:
    compare(case, "value")


@cases()
def test_gradients_are_those_of_pytorch(case: Case) -> None:
    compare(case, "grads", "backward_error")


@cases(*OWN_GRAPHS)
def test_graph_has_the_nodes_and_edges_of_pytorch(case: Case) -> None:
    compare(case, "graph")


@cases(*OWN_GRAPHS)
def test_text_is_that_of_pytorch(case: Case) -> None:
    compare(case, "text", "printed")


@cases(*OWN_GRAPHS)
def test_a_second_backward_is_refused_exactly_where_pytorch_refuses_it(case: Case) -> None:
    compare(case, "second_backward")


@pytest.mark.parametrize("part", PARTS)
def test_the_golden_file_holds_exactly_the_cases_of_the_table(part: str) -> None:
    assert list(golden(part)) == [case.source for case in cases_of(part)]
