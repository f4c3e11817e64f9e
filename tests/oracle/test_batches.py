"""Every declared function under vmap: a batch of its examples at once is what one after the other gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pytest
from numpy.testing import assert_allclose

from gradcli import autograd
from gradcli.autograd import Tensor
from gradcli.engine.primitives import IMPLEMENTATIONS, UFUNCS
from gradcli.engine.roles import ELEMENTWISE
from gradcli.errors import GradcliError
from gradcli.functions import NAMESPACES, declared
from gradcli.lazy import batching, ops, settings
from gradcli.lazy.dtypes import float64

from .trials import Arrangement, Arrays, Example, arrange, differentiable, named_tensors, outcome, shapes_of

pytestmark = pytest.mark.usefixtures("double_precision")

SIZE = 3
# What comes into being when all batches are made.
MADE_BY_REWRITING = {"add_part", "sum_of_products"}
ARRANGEMENTS = (
    arrange("matrices", (2, 3)),
    arrange("square matrices", (3, 3)),
    arrange("matrices that can be multiplied", (2, 3), (3, 2), (2, 2)),
    arrange("vectors", (3,)),
    arrange("scalars", ()),
    arrange("three axes", (2, 3, 2)),
    arrange("batches that can be multiplied", (2, 2, 3), (2, 3, 2)),
    arrange("a column and a row", (2, 1), (1, 3), ()),
    arrange("no columns", (2, 0)),
)
#: What depends on the numbers themselves, which a function called once for a whole batch does not have; as in PyTorch.
REFUSED = {
    "argwhere(x > 0)",
    "masked_scatter(x, x > 0, y)",
    "masked_select(x, x > 0)",
    "nonzero(x > 0)",
    "nonzero(x)",
    "x[x > 0]",
}
#: Examples of what takes no floating tensors.
OF_INTEGERS = {"bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor"}
GIVE_NO_TENSORS = {"get_device"}
SOURCES = {"arange", "constant", "placeholder", "random", "stored"}


def stacked(example: Example, arrangement: Arrangement) -> Arrays:
    """A batch of numbers in the function's domain for each tensor that the example names."""
    random = numpy.random.default_rng(len(example.text))
    low, high = max(example.low, -10.0), min(example.high, 10.0)
    shapes = shapes_of(arrangement)
    return {name: random.uniform(low, high, (SIZE, *shapes[name])) for name in named_tensors(example.text)}


def leaves_of(arrays: Arrays) -> dict[str, Tensor]:
    return {name: Tensor(ops.from_buffer(array, float64), True) for name, array in arrays.items()}


def one_by_one(example: Example, arrangement: Arrangement, leaves: dict[str, Tensor]) -> list[Tensor]:
    """The results of the example for each element of a batch, stacked."""
    select, stack = NAMESPACES["torch"]["select"], NAMESPACES["torch"]["stack"]
    results = []
    for position in range(SIZE):
        settings.random_streams_used = 0
        results.append(outcome(example, arrangement, {name: select(leaf, 0, position) for name, leaf in leaves.items()}))
    return [stack(column) for column in zip(*results, strict=True)]


def at_once(example: Example, arrangement: Arrangement, leaves: dict[str, Tensor]) -> list[Tensor]:
    """The results of the example mapped over a batch."""

    def called(*elements: Tensor) -> tuple[Tensor, ...]:
        return tuple(outcome(example, arrangement, dict(zip(leaves, elements, strict=True))))

    settings.random_streams_used = 0
    return list(NAMESPACES["torch"]["vmap"](called, randomness="same")(*leaves.values()))


def gradients(outputs: Sequence[Tensor], leaves: dict[str, Tensor]) -> list[numpy.ndarray]:
    """The gradients of weighted sums of the outputs."""
    recorded = differentiable(outputs)
    if not recorded:
        return []
    weights = [
        Tensor(ops.from_buffer(numpy.random.default_rng(5).standard_normal(output.shape).astype(output.dtype.name), output.dtype))
        for output in recorded
    ]
    found = autograd.gradients(recorded, list(leaves.values()), weights, allow_unused=True)
    return [gradient.numpy() if gradient is not None else numpy.zeros(()) for gradient in found]


EXAMPLES = [
    Example(function, text, *getattr(function, "domain", (-2.0, 2.0)))
    for function in declared()
    for text in function.examples
    if named_tensors(text) and function.name not in OF_INTEGERS | GIVE_NO_TENSORS
]


def label(example: Example) -> str:
    return f"{example.function.qualified_name}: {example.text}"


def mapped(example: Example, arrangement: Arrangement) -> bool:
    """Compare the two ways in one arrangement; whether the example goes with it."""
    leaves = leaves_of(stacked(example, arrangement))
    try:
        expected = one_by_one(example, arrangement, leaves)
        values = [result.numpy() for result in expected]
    except (GradcliError, TypeError):  # the example does not go with these shapes, or gives no tensors
        return False
    again = leaves_of({name: leaf.numpy() for name, leaf in leaves.items()})
    found = at_once(example, arrangement, again)
    for result, value in zip(found, values, strict=True):
        assert_allclose(result.numpy(), value, rtol=1e-10, atol=1e-12, err_msg=arrangement.title)
    for result, value in zip(gradients(found, again), gradients(expected, leaves), strict=True):
        assert_allclose(result, value, rtol=1e-9, atol=1e-11, err_msg=arrangement.title)
    return bool(expected)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.text not in REFUSED], ids=label)
def test_a_batch_at_once_is_what_one_after_the_other_gives(example: Example) -> None:
    accepted = [arrangement.title for arrangement in ARRANGEMENTS if mapped(example, arrangement)]
    assert accepted


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.text in REFUSED], ids=label)
def test_what_depends_on_the_numbers_is_refused_as_in_pytorch(example: Example) -> None:
    with pytest.raises(GradcliError, match="vmap"):
        for arrangement in ARRANGEMENTS:
            mapped(example, arrangement)


@pytest.mark.parametrize("primitive", sorted((set(IMPLEMENTATIONS) | set(UFUNCS)) - MADE_BY_REWRITING))
def test_every_primitive_that_is_not_elementwise_has_a_rule_for_batches(primitive: str) -> None:
    """A primitive without a rule is taken for elementwise."""
    is_elementwise = primitive in ELEMENTWISE
    assert is_elementwise != (primitive in batching.RULES or primitive in SOURCES)
