"""x[index] = value: in place, by PyTorch's rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import GradMode, Tensor, gradients
from gradcli.errors import DTypeMismatch, LeafInPlace, ShapeMismatch, TypeMismatch
from tests.functions.derivatives import agrees_with_differences, leaf

TABLE = np.arange(6.0).reshape(2, 3)


def changed(index: Any, value: Any) -> tuple[Tensor, Tensor]:
    """A leaf, and a changed copy of it."""
    x = leaf(TABLE)
    y = x * 1.0
    f.setitem(y, index, value)
    return x, y


CASES: list[tuple[Any, Any, str]] = [
    (0, 5.0, "CopySlices"),
    ((0, 1), 5.0, "CopySlices"),
    ((slice(None), slice(1, None)), 5.0, "CopySlices"),
    ((slice(None), slice(0, 3, 2)), 5.0, "CopySlices"),
    (None, 5.0, "CopySlices"),
    (..., 5.0, "FillBackward3"),
    (slice(None), 5.0, "FillBackward3"),
    ([0], 5.0, "IndexPutBackward0"),
    (([0, 1], [2, 0]), 5.0, "IndexPutBackward0"),
    ([True, False], 5.0, "IndexPutBackward0"),
    ((0, [0, 2]), 5.0, "CopySlices"),
    ((slice(1, None), [0, 2]), 5.0, "CopySlices"),
]


@pytest.mark.parametrize(("index", "value", "name"), CASES, ids=str)
def test_it_puts_the_value_where_numpy_puts_it(index: Any, value: float, name: str) -> None:
    x, y = changed(index, value)
    expected = TABLE.copy()
    expected[index] = value
    np.testing.assert_array_equal(y.numpy(), expected)
    assert y.grad_fn is not None
    assert y.grad_fn.name == name
    (gradient,) = gradients([f.METHODS["sum"](y)], [x])
    kept = np.ones_like(TABLE)
    kept[index] = 0
    assert gradient is not None
    np.testing.assert_array_equal(gradient.numpy(), kept)


@pytest.mark.parametrize("index", [index for index, _, _ in CASES], ids=str)
def test_the_value_gets_the_gradient_of_the_part(index: Any) -> None:
    value = leaf(2.0)
    _, y = changed(index, value)
    (gradient,) = gradients([f.METHODS["sum"](y)], [value])
    assert gradient is not None
    assert gradient.item() == TABLE[index].size


def test_a_row_is_broadcast_and_sums_its_gradient_back() -> None:
    row = leaf([1.0, 2.0, 3.0])
    _, y = changed(slice(0, 2), row)
    assert y.tolist() == [[1, 2, 3], [1, 2, 3]]
    (gradient,) = gradients([f.METHODS["sum"](y)], [row])
    assert gradient is not None
    assert gradient.tolist() == [2, 2, 2]


def test_assignment_can_be_differentiated_twice() -> None:
    for index in (0, [1, 0], (1, [0, 2])):

        def assigned(x: Tensor, index: Any = index) -> Tensor:
            y = x * x * x
            f.setitem(y, index, f.getitem(x, (0, 0)) * f.getitem(x, (0, 0)))
            return y

        assert agrees_with_differences(assigned, TABLE + 1.0)


def test_False_selects_nothing() -> None:
    _, y = changed(False, 5.0)
    assert y.tolist() == TABLE.tolist()


def test_views_show_the_change() -> None:
    y = leaf(TABLE) * 1.0
    row = f.getitem(y, 0)
    f.setitem(y, (0, 1), 9.0)
    assert row.tolist() == [0, 9, 2]


def test_integers_take_the_whole_part_of_a_number() -> None:
    y = f.tensor([1, 2, 3])
    f.setitem(y, 0, 7.9)
    assert y.tolist() == [7, 2, 3]


def test_a_leaf_is_changed_without_recording_only() -> None:
    x = leaf(TABLE)
    with pytest.raises(LeafInPlace, match=r"^a view of a leaf Variable that requires grad is being used in an in-place"):
        f.setitem(x, 0, 1.0)
    with pytest.raises(LeafInPlace, match=r"^a leaf Variable that requires grad is being used in an in-place operation\.$"):
        f.setitem(x, [0], 1.0)
    with GradMode(False):
        f.setitem(x, 0, 1.0)
    assert x.tolist() == [[1, 1, 1], [3, 4, 5]]


def test_what_does_not_fit_is_refused_in_PyTorchs_words() -> None:
    wrong: list[tuple[Any, Any, type[Exception], str]] = [
        (0, f.tensor([1.0, 2.0]), ShapeMismatch, "The expanded size of the tensor (3) must match the existing size (2) at"),
        ([0], f.tensor([1.0, 2.0]), ShapeMismatch, "shape mismatch: value tensor of shape [2] cannot be broadcast"),
        ([0], f.tensor([1, 2, 3]), DTypeMismatch, "Index put requires the source and destination dtypes match, got Double"),
        (0, "a", TypeMismatch, "can't assign a str to a torch.DoubleTensor"),
    ]
    for index, value, kind, message in wrong:
        with pytest.raises(kind) as refusal:
            changed(index, value)
        assert str(refusal.value).startswith(message)


def test_index_put_can_add() -> None:
    index_put = f.METHODS["index_put"]
    x, values = leaf([1.0, 2.0, 3.0]), leaf([10.0, 20.0])
    y = index_put(x, (f.tensor([2, 2]),), values, True)
    assert y.tolist() == [1, 2, 33]
    found = gradients([y], [x, values], [f.tensor([1.0, 2.0, 3.0])])
    assert [gradient.tolist() for gradient in found if gradient is not None] == [[1, 2, 3], [3, 3]]
