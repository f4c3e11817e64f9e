"""x[index]: what it takes, what it records, what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import Node, Tensor
from gradcli.errors import DTypeMismatch, GradcliError, IndexOutOfRange, ShapeMismatch, TypeMismatch, ValueFault
from tests.functions.derivatives import agrees_with_differences, grad, is_adjoint, leaf

CUBE = np.arange(24.0).reshape(2, 3, 4)
ROWS = [0, 1, 1]


def chain(node: Node | None) -> list[str]:
    """The names from a result down to the leaf."""
    names = []
    while node is not None:
        names.append(node.name.removesuffix("Backward0"))
        node = node.next_functions[0][0] if node.next_functions else None
    return names[:-1]


def positions(values: Any) -> Tensor:
    return f.tensor(values)


INDICES: list[tuple[Any, Any, list[str]]] = [
    (0, 0, ["Select"]),
    (-1, -1, ["Select"]),
    ((0, 1), (0, 1), ["Select", "Select"]),
    (slice(None), slice(None), ["Slice"]),
    (slice(0, 1), slice(0, 1), ["Slice"]),
    (slice(-5, 9), slice(-5, 9), ["Slice"]),
    ((slice(None), 1), (slice(None), 1), ["Select"]),
    ((slice(None), slice(None)), ..., ["Alias"]),
    ((slice(None), slice(None, None, 2)), (slice(None), slice(None, None, 2)), ["Slice"]),
    ((slice(1, None), 0), (slice(1, None), 0), ["Select", "Slice"]),
    (None, None, ["Unsqueeze"]),
    (..., ..., ["Alias"]),
    ((..., 0), (..., 0), ["Select"]),
    ((0, None, slice(1, None), 2), (0, None, slice(1, None), 2), ["Select", "Slice", "Unsqueeze", "Select"]),
    (True, True, ["Index", "Unsqueeze"]),
    (False, False, ["Index", "Unsqueeze"]),
    ([1, 0, -1], [1, 0, -1], ["Index"]),
    ((slice(None), ROWS), (slice(None), ROWS), ["Index"]),
    ((ROWS, 0), (ROWS, 0), ["Index", "Select"]),
    ((ROWS, slice(None), ROWS), (ROWS, slice(None), ROWS), ["Index"]),
    ((slice(None), None, ROWS), (slice(None), None, ROWS), ["Index", "Unsqueeze"]),
    ((slice(0, 1), ROWS, ROWS), (slice(0, 1), ROWS, ROWS), ["Index", "Slice"]),
    ([[0, 1], [1, 2]], ([0, 1], [1, 2]), ["Index"]),
    ([True, False], [True, False], ["Index"]),
    ([], np.array([], int), ["Index"]),
]


@pytest.mark.parametrize(("index", "expected", "names"), INDICES, ids=lambda value: str(value))
def test_it_takes_what_numpy_takes_and_records_one_node_for_each_step(index: Any, expected: Any, names: list[str]) -> None:
    x = leaf(CUBE)
    taken = f.getitem(x, index)
    np.testing.assert_array_equal(taken.numpy(), CUBE[expected])
    assert chain(taken.grad_fn) == names


@pytest.mark.parametrize("index", [index for index, _, _ in INDICES], ids=str)
def test_its_pullback_is_the_adjoint(index: Any) -> None:
    assert is_adjoint(lambda x: f.getitem(x, index), CUBE)


def test_a_0_dim_tensor_stands_for_a_number_or_a_bool() -> None:
    x = leaf(CUBE)
    assert chain(f.getitem(x, positions(1)).grad_fn) == ["Select"]
    assert f.getitem(x, positions(True)).shape == (1, 2, 3, 4)


def test_a_mask_takes_the_elements_where_it_holds() -> None:
    x = leaf([3.0, -1.0, 2.0])
    assert f.getitem(x, x > 0).tolist() == [3, 2]
    assert grad(lambda t: f.getitem(t, t > 0), [3.0, -1.0, 2.0]).tolist() == [1, 0, 1]


def test_an_element_taken_twice_gets_both_gradients() -> None:
    assert grad(lambda x: f.getitem(x, [2, 2, 0]), [1.0, 2.0, 3.0], [1.0, 10.0, 100.0]).tolist() == [100, 0, 11]


def test_indexing_can_be_differentiated_twice() -> None:
    assert agrees_with_differences(lambda x: f.getitem(x * x * x, (0, slice(1, None))), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert agrees_with_differences(lambda x: f.getitem(x * x * x, [1, 1, 0]), [1.0, 2.0, 3.0])
    assert agrees_with_differences(lambda x: f.getitem(x * x * x, x > 1.5), [1.0, 2.0, 3.0])


REFUSED: list[tuple[Any, type[GradcliError], str]] = [
    (2, IndexOutOfRange, "index 2 is out of bounds for dimension 0 with size 2"),
    (-3, IndexOutOfRange, "index -3 is out of bounds for dimension 0 with size 2"),
    ((None, 5), IndexOutOfRange, "index 5 is out of bounds for dimension 1 with size 2"),
    ((0, 0, 0, 0), IndexOutOfRange, "too many indices for tensor of dimension 3"),
    ([5], IndexOutOfRange, "index 5 is out of bounds for dimension 0 with size 2"),
    (
        [True, False, True],
        ShapeMismatch,
        "The shape of the mask [3] at index 0 does not match the shape of the indexed tensor [2, 3, 4] at index 0",
    ),
    (([0, 1], [0, 1, 2]), ShapeMismatch, "shape mismatch: indexing tensors could not be broadcast together with shapes [2], [3]"),
    (slice(None, None, -1), ValueFault, "step must be greater than zero"),
    (slice(None, None, 0), ValueFault, "slice step cannot be zero"),
    (slice(1.5, None), TypeMismatch, "slice indices must be integers or None or have an __index__ method"),
    (
        1.5,
        TypeMismatch,
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got float)",
    ),
    ("a", TypeMismatch, "new(): invalid data type 'str'"),
]


@pytest.mark.parametrize(("index", "kind", "message"), REFUSED, ids=str)
def test_a_wrong_index_is_refused_in_PyTorchs_words(index: Any, kind: type[GradcliError], message: str) -> None:
    with pytest.raises(kind) as refusal:
        f.getitem(leaf(CUBE), index)
    assert refusal.value.torch_message == message


def test_floating_tensors_do_not_index() -> None:
    with pytest.raises(DTypeMismatch) as refusal:
        f.getitem(leaf(CUBE), f.tensor([0.0]))
    assert refusal.value.torch_message == "tensors used as indices must be long, int, byte or bool tensors"


def test_a_number_has_no_elements_to_index() -> None:
    with pytest.raises(IndexOutOfRange, match=r"invalid index of a 0-dim tensor"):
        f.getitem(leaf(3.0), 0)
    assert f.getitem(leaf(3.0), None).shape == (1,)


def test_narrow_is_a_slice_and_checks_its_ends() -> None:
    x = leaf(CUBE)
    narrow, select = f.METHODS["narrow"], f.METHODS["select"]
    np.testing.assert_array_equal(narrow(x, 2, -3, 2).numpy(), CUBE[:, :, 1:3])
    with pytest.raises(IndexOutOfRange, match=r"start \(1\) \+ length \(2\) exceeds dimension size \(2\)\."):
        narrow(x, 0, 1, 2)
    with pytest.raises(IndexOutOfRange, match=r"select\(\): index 2 out of range for tensor of size \[2, 3, 4\] at dimension 0"):
        select(x, 0, 2)
