"""gather, scatter, take, embedding, one_hot; masks and index vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import Tensor, gradients
from gradcli.errors import DTypeMismatch, GradcliError, IndexOutOfRange, ShapeMismatch, ValueFault
from gradcli.lazy.dtypes import int64
from tests.functions.derivatives import agrees_with_differences, grad, is_adjoint, leaf

TABLE = np.array([[3.0, 1.0, 2.0], [2.0, 2.5, 5.0]])
torch = f.NAMESPACES["torch"]
nn = f.NAMESPACES["torch.nn.functional"]


def integers(values: Any) -> Tensor:
    """An index tensor."""
    return f.tensor(values, dtype=int64)


MASK = [[True, False, True], [False, True, True]]

LINEAR: dict[str, Callable[[Tensor], Tensor]] = {
    "gather": lambda x: torch["gather"](x, 1, integers([[0, 2, 2], [1, 0, 0]])),
    "gather of fewer rows": lambda x: torch["gather"](x, 0, integers([[0, 1]])),
    "take_along_dim": lambda x: torch["take_along_dim"](x, integers([[0], [-1]]), 1),
    "take_along_dim broadcast": lambda x: torch["take_along_dim"](x, integers([[2, 0]]), 1),
    "take_along_dim of all": lambda x: torch["take_along_dim"](x, integers([5, 5, 0])),
    "take": lambda x: torch["take"](x, integers([[0, 5], [5, -1]])),
    "scatter a number": lambda x: torch["scatter"](x, 1, integers([[0], [2]]), 0.0),
    "scatter a part": lambda x: torch["scatter"](torch["zeros"](2, 4), 1, integers([[0, 3], [1, 2]]), x),
    "scatter_add": lambda x: torch["scatter_add"](x, 1, integers([[0, 0, 1], [2, 2, 2]]), x),
    "embedding": lambda x: nn["embedding"](integers([[0, 1], [1, 1]]), x),
    "masked_select": lambda x: torch["masked_select"](x, f.tensor(MASK)),
    "masked_select broadcast": lambda x: torch["masked_select"](x, f.tensor([True, False, True])),
    "masked_fill": lambda x: torch["masked_fill"](x, f.tensor(MASK), 0.0),
    "masked_fill with a tensor": lambda x: torch["masked_fill"](x, f.tensor(MASK), torch["sum"](x)),
    "index_select": lambda x: torch["index_select"](x, 1, integers([2, 2, 0])),
    "index_fill": lambda x: torch["index_fill"](x, 1, integers([-1, 2]), 0.0),
    "index_fill with a tensor": lambda x: torch["index_fill"](x, 1, integers([0, 0]), torch["sum"](x)),
    "index_add": lambda x: torch["index_add"](x, 0, integers([1, 1]), x, alpha=3),
    "index_copy": lambda x: torch["index_copy"](x, 0, integers([1]), f.getitem(x, slice(0, 1))),
}


@pytest.mark.parametrize("name", LINEAR)
def test_the_pullback_is_the_adjoint(name: str) -> None:
    assert is_adjoint(LINEAR[name], TABLE)


@pytest.mark.parametrize("name", LINEAR)
def test_the_derivative_can_be_differentiated_again(name: str) -> None:
    assert agrees_with_differences(lambda x: LINEAR[name](x * x), TABLE)


def test_gather_picks_along_a_dimension() -> None:
    assert torch["gather"](leaf(TABLE), 1, integers([[0, 2], [1, 0]])).tolist() == [[3, 2], [2.5, 2]]
    assert torch["gather"](leaf(TABLE), 0, integers([[0, 1, 0]])).tolist() == [[3, 2.5, 2]]
    assert torch["gather"](leaf(4.0), 0, integers([0, 0])).tolist() == [4, 4]


def test_scatter_puts_along_a_dimension() -> None:
    zeros = torch["zeros"](3)
    assert torch["scatter"](zeros, 0, integers([2, 0]), leaf([1.0, 2.0, 9.0])).tolist() == [2, 0, 1]
    assert torch["scatter"](zeros, 0, integers([2, 0]), 5).tolist() == [5, 0, 5]
    assert torch["scatter_add"](zeros, 0, integers([2, 2]), leaf([1.0, 2.0])).tolist() == [0, 0, 3]


def test_scatter_names_its_node_by_what_it_scatters() -> None:
    index = integers([[0], [2]])
    assert torch["scatter"](leaf(TABLE), 1, index, leaf(TABLE)).grad_fn.name == "ScatterBackward0"
    assert torch["scatter"](leaf(TABLE), 1, index, 1.0).grad_fn.name == "ScatterBackward1"
    assert torch["masked_fill"](leaf(TABLE), f.tensor(MASK), 1.0).grad_fn.name == "MaskedFillBackward0"
    assert torch["masked_fill"](leaf(TABLE), f.tensor(MASK), leaf(1.0)).grad_fn.name == "MaskedFillBackward1"


def test_scatter_sources_beyond_the_index_get_no_gradient() -> None:
    source = leaf(TABLE)
    result = torch["scatter"](torch["zeros"](2, 3), 1, integers([[0, 2]]), source)
    (gradient,) = gradients([torch["sum"](result)], [source])
    assert gradient is not None
    assert gradient.tolist() == [[1, 1, 0], [0, 0, 0]]


def test_a_slice_that_is_filled_twice_passes_its_gradient_once() -> None:
    value = leaf(1.0)
    filled = torch["index_fill"](leaf(TABLE), 1, integers([0, 0]), value)
    (gradient,) = gradients([torch["sum"](filled)], [value])
    assert gradient is not None
    assert gradient.item() == 2


def test_padding_gets_no_gradient_and_frequent_rows_get_less() -> None:
    rows = integers([0, 1, 1])
    assert grad(lambda x: nn["embedding"](rows, x, padding_idx=1), TABLE).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert grad(lambda x: nn["embedding"](rows, x, padding_idx=-2), TABLE).tolist() == [[0, 0, 0], [2, 2, 2]]
    assert grad(lambda x: nn["embedding"](rows, x, scale_grad_by_freq=True), TABLE).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_one_hot_has_a_one_at_each_class() -> None:
    assert nn["one_hot"](integers([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert nn["one_hot"](integers(1), 4).tolist() == [0, 1, 0, 0]


def test_masks_broadcast_both_ways() -> None:
    assert torch["masked_select"](leaf([1.0, 2.0, 3.0]), f.tensor(MASK)).tolist() == [1, 3, 2, 3]
    assert torch["masked_fill"](leaf([1.0, 2.0, 3.0]), f.tensor(MASK), 0.0).tolist() == [[0, 2, 0], [1, 0, 0]]
    assert torch["masked_select"](leaf(2.0), f.tensor(True)).tolist() == [2]


def test_in_place_variants_change_the_tensor() -> None:
    y = leaf(TABLE) * 1.0
    f.METHODS["masked_fill_"](y, f.tensor(MASK), 0.0)
    f.METHODS["index_add_"](y, 0, integers([0]), torch["ones"](1, 3))
    f.METHODS["scatter_"](y, 1, integers([[2], [0]]), 7.0)
    assert y.tolist() == [[1, 2, 7], [7, 0, 0]]
    assert y.grad_fn is not None
    assert y.grad_fn.name == "ScatterBackward1"


REFUSED: list[tuple[Callable[[Tensor], Any], type[GradcliError], str]] = [
    (lambda x: torch["gather"](x, 1, integers([[3]])), IndexOutOfRange, "index 3 is out of bounds for dimension 1 with size 3"),
    (lambda x: torch["gather"](x, 1, integers([[-1]])), IndexOutOfRange, "index -1 is out of bounds for dimension 1 with size 3"),
    (
        lambda x: torch["gather"](x, 1, integers([0])),
        ShapeMismatch,
        "Index tensor must have the same number of dimensions as input tensor",
    ),
    (
        lambda x: torch["gather"](x, 1, integers([[0], [1], [2]])),
        ShapeMismatch,
        "Size does not match at dimension 0 expected index [3, 1] to be no larger than self [2, 3] apart from dimension 1",
    ),
    (lambda x: torch["gather"](x, 1, x), DTypeMismatch, "gather(): Expected dtype int32/int64 for index"),
    (
        lambda x: torch["scatter"](x, 1, integers([[0], [1], [2]]), torch["zeros"](3, 3)),
        ShapeMismatch,
        "Expected index [3, 1] to be no larger than self [2, 3] apart from dimension 1 and to be no larger size than src [3, 3]",
    ),
    (lambda x: torch["index_select"](x, 0, integers([-1])), IndexOutOfRange, "index out of range in self"),
    (lambda x: nn["embedding"](integers([7]), x), IndexOutOfRange, "index out of range in self"),
    (
        lambda x: torch["take"](x, integers([-7])),
        IndexOutOfRange,
        "out of range: tried to access index -7 on a tensor of 6 elements.",
    ),
    (
        lambda x: torch["masked_fill"](x, integers([[1, 0, 1], [1, 0, 1]]), 0.0),
        DTypeMismatch,
        "masked_fill_ only supports boolean masks, but got mask with dtype long int",
    ),
    (
        lambda x: torch["masked_select"](x, f.tensor([[True, False], [True, False]])),
        ShapeMismatch,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1",
    ),
    (lambda x: nn["one_hot"](integers([-1])), ValueFault, "Class values must be non-negative."),
    (lambda x: nn["one_hot"](integers([3]), 2), ValueFault, "Class values must be smaller than num_classes."),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_PyTorchs_words_for_what_is_refused(call: Callable[[Tensor], Any], kind: type[GradcliError], message: str) -> None:
    with pytest.raises(kind) as refusal:
        call(leaf(TABLE))
    assert refusal.value.torch_message == message
