"""Order: sort, topk, kthvalue, median, running extremes."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import Tensor
from gradcli.errors import GradcliError, IndexOutOfRange
from tests.functions.derivatives import agrees_with_differences, grad, leaf

TABLE = [[3.0, 1.0, 2.0], [2.0, 2.5, 5.0]]
TIES = [2.0, 1.0, 2.0, 2.0, 3.0]
torch = f.NAMESPACES["torch"]


def both(result: Any) -> list[Any]:
    """Values and indices as lists."""
    return [part.tolist() for part in result]


def test_sort_says_where_the_elements_were() -> None:
    assert both(torch["sort"](leaf(TABLE))) == [[[1, 2, 3], [2, 2.5, 5]], [[1, 2, 0], [0, 1, 2]]]
    assert both(torch["sort"](leaf(TABLE), 0)) == [[[2, 1, 2], [3, 2.5, 5]], [[1, 0, 0], [0, 1, 1]]]
    assert both(torch["sort"](leaf(7.0))) == [7, 0]
    assert both(torch["sort"](leaf([]))) == [[], []]


def test_equal_elements_keep_their_order() -> None:
    assert torch["sort"](leaf(TIES))[1].tolist() == [1, 0, 2, 3, 4]
    assert torch["sort"](leaf(TIES), descending=True)[1].tolist() == [4, 0, 2, 3, 1]


def test_nan_is_the_largest() -> None:
    assert torch["argsort"](leaf([3.0, nan, inf, 1.0])).tolist() == [3, 0, 2, 1]
    assert torch["argsort"](leaf([3.0, nan, inf, 1.0]), descending=True).tolist() == [1, 2, 0, 3]


def test_the_node_of_sort_tells_whether_stable_was_given() -> None:
    assert torch["sort"](leaf(TIES))[0].grad_fn.name == "SortBackward0"
    assert torch["sort"](leaf(TIES), stable=True)[0].grad_fn.name == "SortBackward1"
    assert torch["msort"](leaf(TABLE)).grad_fn.name == "SortBackward0"


def test_only_values_have_a_gradient() -> None:
    values, indices = torch["topk"](leaf(TABLE), 2)
    assert values.requires_grad
    assert not indices.requires_grad
    assert values.grad_fn.name == "TopkBackward0"


def test_topk_gives_the_best_first() -> None:
    assert both(torch["topk"](leaf(TABLE), 2)) == [[[3, 2], [5, 2.5]], [[0, 2], [2, 1]]]
    assert both(torch["topk"](leaf(TABLE), 1, 0, largest=False)) == [[[2, 1, 2]], [[1, 0, 0]]]
    assert torch["topk"](leaf(TABLE), 0)[0].shape == (2, 0)


def test_kthvalue_counts_from_the_smallest() -> None:
    assert both(torch["kthvalue"](leaf(TABLE), 2)) == [[2, 2.5], [2, 1]]
    assert both(torch["kthvalue"](leaf(TABLE), 1, 0, True)) == [[[2, 1, 2]], [[1, 0, 0]]]


def test_median_is_the_lower_of_two() -> None:
    assert torch["median"](leaf([4.0, 1.0, 2.0, 3.0])).item() == 2
    assert both(torch["median"](leaf(TABLE), 0)) == [[2, 1, 2], [1, 0, 0]]
    assert both(torch["median"](leaf(TABLE), 1, True)) == [[[2], [2.5]], [[2], [1]]]


def test_one_nan_makes_the_median_nan_unless_it_is_ignored() -> None:
    values = [3.0, nan, 2.0, 1.0]
    assert np.isnan(torch["median"](leaf(values)).item())
    assert torch["median"](leaf(values), 0)[1].item() == 1
    assert torch["nanmedian"](leaf(values)).item() == 2
    assert grad(lambda x: torch["median"](x), values).tolist() == [0, 1, 0, 0]
    assert grad(lambda x: torch["nanmedian"](x), values).tolist() == [0, 0, 1, 0]


def test_median_of_all_splits_the_gradient_between_equals() -> None:
    third = 1 / 3
    np.testing.assert_allclose(grad(lambda x: torch["median"](x), TIES), [third, 0, third, third, 0])


def test_median_along_a_dimension_gives_it_to_one() -> None:
    assert grad(lambda x: torch["median"](x, 0)[0], TIES).tolist() == [0, 0, 1, 0, 0]


def test_running_extremes_are_met_last_where_elements_are_equal() -> None:
    assert both(torch["cummax"](leaf([1.0, 2.0, 2.0, 1.0, 3.0]), 0)) == [[1, 2, 2, 2, 3], [0, 1, 2, 2, 4]]
    assert both(torch["cummin"](leaf([1.0, 2.0, 2.0, 1.0, 1.0]), 0)) == [[1, 1, 1, 1, 1], [0, 0, 0, 3, 4]]
    assert grad(lambda x: torch["cummax"](x, 0)[0], TIES).tolist() == [2, 0, 1, 1, 1]


def test_nan_stays_in_running_extremes() -> None:
    assert torch["cummax"](leaf([3.0, nan, 2.0]), 0)[1].tolist() == [0, 1, 1]


DIFFERENTIABLE: dict[str, Callable[[Tensor], Tensor]] = {
    "sort": lambda x: torch["sort"](x, 0)[0],
    "sort descending": lambda x: torch["sort"](x, 1, True)[0],
    "msort": lambda x: torch["msort"](x),
    "topk": lambda x: torch["topk"](x, 2)[0],
    "kthvalue": lambda x: torch["kthvalue"](x, 2, 1)[0],
    "kthvalue keepdim": lambda x: torch["kthvalue"](x, 1, 0, True)[0],
    "median": lambda x: torch["median"](x),
    "median along": lambda x: torch["median"](x, 1)[0],
    "nanmedian": lambda x: torch["nanmedian"](x),
    "cummax": lambda x: torch["cummax"](x, 1)[0],
    "cummin": lambda x: torch["cummin"](x, 0)[0],
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_are_those_of_differences(name: str) -> None:
    distinct = [[3.0, 1.0, 2.0], [2.2, 2.5, 5.0]]
    assert agrees_with_differences(lambda x: DIFFERENTIABLE[name](x * x), distinct)


REFUSED: list[tuple[Callable[[Tensor], Any], type[GradcliError], str]] = [
    (lambda x: torch["topk"](x, 4), IndexOutOfRange, "selected index k out of range"),
    (lambda x: torch["kthvalue"](x, 0), IndexOutOfRange, "kthvalue(): selected number k out of range for dimension 1"),
    (
        lambda x: torch["median"](torch["zeros"](2, 0), 1),
        IndexOutOfRange,
        "median(): Expected reduction dim 1 to have non-zero size.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_PyTorchs_words_for_what_is_refused(call: Callable[[Tensor], Any], kind: type[GradcliError], message: str) -> None:
    with pytest.raises(kind) as refusal:
        call(leaf(TABLE))
    assert refusal.value.torch_message == message
