"""Finding and counting: nonzero, unique, searchsorted, bincount."""

from __future__ import annotations

from math import nan

import pytest

from gradcli import functions as f
from gradcli.autograd import backward
from gradcli.errors import NotSupported, ShapeMismatch, ValueFault
from tests.functions.derivatives import leaf

torch = f.NAMESPACES["torch"]


def test_nonzero_gives_a_row_for_each_element() -> None:
    x = f.tensor([[0.0, 2.0], [3.0, 0.0]])
    assert torch["nonzero"](x).tolist() == [[0, 1], [1, 0]]
    assert [positions.tolist() for positions in torch["nonzero"](x, as_tuple=True)] == [[0, 1], [1, 0]]
    assert torch["nonzero"](f.tensor(3.0)).shape == (1, 0)
    assert torch["argwhere"](f.tensor([0.0])).shape == (0, 1)


def test_count_nonzero_counts_over_dimensions() -> None:
    x = f.tensor([[0.0, 2.0], [3.0, 4.0]])
    assert torch["count_nonzero"](x).item() == 3
    assert torch["count_nonzero"](x, 0).tolist() == [1, 2]


def test_unique_sorts_and_says_where_elements_went() -> None:
    x = f.tensor([[3, 1], [2, 1]])
    assert torch["unique"](x).tolist() == [1, 2, 3]
    values, inverse, counts = torch["unique"](x, return_inverse=True, return_counts=True)
    assert [values.tolist(), inverse.tolist(), counts.tolist()] == [[1, 2, 3], [[2, 0], [1, 0]], [2, 1, 1]]
    assert torch["unique"](f.tensor([[1, 2], [1, 2]]), dim=0).tolist() == [[1, 2]]
    assert torch["unique"](f.tensor([nan, nan])).shape == (2,)


def test_unique_has_no_derivative() -> None:
    values = torch["unique"](leaf([1.0, 2.0]))
    assert values.grad_fn.name == "Unique2Backward0"
    with pytest.raises(NotSupported, match="the derivative for '_unique2' is not implemented"):
        backward([torch["sum"](values)])


def test_searchsorted_inserts_before_equals_or_after_them() -> None:
    sequence, values = f.tensor([1.0, 2.0, 3.0]), f.tensor([0.0, 2.0, 5.0])
    assert torch["searchsorted"](sequence, values).tolist() == [0, 1, 3]
    assert torch["searchsorted"](sequence, values, right=True).tolist() == [0, 2, 3]
    assert torch["bucketize"](values, sequence, right=True).tolist() == [0, 2, 3]
    assert torch["searchsorted"](sequence, 2).item() == 1


def test_searchsorted_takes_a_sequence_for_each_row() -> None:
    sequences, values = f.tensor([[1.0, 2.0, 3.0], [1.0, 5.0, 6.0]]), f.tensor([[0.0, 2.0], [1.0, 5.5]])
    assert torch["searchsorted"](sequences, values).tolist() == [[0, 1], [0, 2]]
    with pytest.raises(ShapeMismatch, match="boundaries tensor should be 1 dimension or the first N-1 dimensions"):
        torch["searchsorted"](sequences, f.tensor([0.0, 2.0]))


def test_bincount_counts_or_adds_weights() -> None:
    x = f.tensor([3, 1, 1])
    assert torch["bincount"](x).tolist() == [0, 2, 0, 1]
    assert torch["bincount"](x, f.tensor([0.5, 1.0, 2.0]), minlength=5).tolist() == [0, 3, 0, 0.5, 0]
    assert torch["bincount"](f.tensor([0]), minlength=2).tolist() == [1, 0]
    with pytest.raises(ValueFault, match="bincount only supports 1-d non-negative integral inputs"):
        torch["bincount"](f.tensor([-1]))
