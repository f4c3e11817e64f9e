"""Steps of a pass come in an order that holds little memory, and results are made where nothing is overwritten too early."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.engine import kernels, whole
from gradcli.engine.blocks import stream_steps
from gradcli.engine.order import reachable, share
from gradcli.engine.plan import plan
from gradcli.engine.program import Program
from gradcli.engine.slots import MOST_ORDERED, in_order
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import DType, float32, float64, int64
from gradcli.lazy.shapes import Size

RNG = np.random.default_rng(0)


def given(*shape: int) -> LazyArray:
    return ops.from_buffer(RNG.standard_normal(shape), float64)


def program(*roots: LazyArray) -> Program:
    """The program of the only pass."""
    steps, canonical = share(reachable(list(roots))[0])
    planned = plan(steps, {canonical.get(root, root) for root in roots}, 100)
    assert planned is not None
    (stage,) = planned.stages
    return Program(stage.streamed, stage.outputs)


def slots(made: Program) -> int:
    return len({slot for _, slot, _, _ in made.slots})


def test_chains_are_followed_to_their_ends_before_others_begin() -> None:
    x = given(500)
    chains = [ops.unary("exp", ops.binary("mul", x, ops.constant(float(factor), float64))) for factor in range(2, 8)]
    sums = [ops.reduce("sum", chain, (0,)) for chain in chains]
    assert slots(program(*sums)) == 1


def test_long_programs_keep_their_order() -> None:
    x = given(500)
    for _ in range(MOST_ORDERED + 1):
        x = ops.unary("sin", x)
    steps, _ = share(reachable([x])[0])
    planned = plan(steps, {x}, 100)
    assert planned is not None
    assert in_order(planned.stages[0].streamed, [x]) is planned.stages[0].streamed


@pytest.mark.parametrize(("dtype", "operands"), [(float64, 2), (float32, 1)])
def test_a_cosine_of_float64_is_given_the_sine_that_its_pass_has(
    monkeypatch: pytest.MonkeyPatch, dtype: DType, operands: int
) -> None:
    monkeypatch.setattr(kernels, "tangent_is_vectorized", lambda: True)
    x, other = ops.cast(given(500), dtype), ops.cast(given(500), dtype)
    arrays = [ops.unary("cos", x), ops.unary("sin", x), ops.unary("cos", other)]
    made = program(*[ops.reduce("sum", array, (0,)) for array in arrays])
    sources = {step.array: step.sources for step in made.instructions}
    assert [len(sources[array]) for array in arrays] == [operands, 1, 1]


def test_what_an_output_is_made_from_is_made_in_its_memory() -> None:
    x = given(500, 3)
    root = ops.unary("exp", ops.binary("add", ops.unary("sin", x), ops.constant(1.0, float64)))
    made = program(root)
    assert slots(made) == 0
    assert len(made.stored) == 3


def test_what_is_read_again_later_is_not_made_in_the_memory_of_an_output() -> None:
    x = given(500, 3)
    inner = ops.unary("sin", x)
    root = ops.unary("exp", inner)
    later = ops.reduce("sum", ops.binary("div", inner, root), (0,))
    assert slots(program(root, later)) >= 1
    assert_same(root, later)


def test_a_view_keeps_what_it_shows_from_being_written_over() -> None:
    inner = ops.unary("sin", given(500, 4))
    view = ops.reshape(inner, Size((500, 2, 2)))
    root = ops.unary("exp", inner)
    other = ops.reduce("sum", ops.binary("mul", view, ops.reshape(root, Size((500, 2, 2)))), (0,))
    assert_same(root, other)


def test_small_slices_are_copied_so_that_the_whole_can_be_let_go() -> None:
    inner = ops.unary("sin", given(500, 8))
    part = ops.slice_(inner, ((0, 500, 1), (3, 1, 1)))
    root = ops.binary("mul", ops.unary("exp", inner), part)
    assert slots(program(root)) == 0
    assert_same(root)


@pytest.mark.parametrize("y_is_used_again", [False, True])
@pytest.mark.parametrize("rows", [1, 7, 500])
def test_a_part_is_added_in_place(rows: int, y_is_used_again: bool) -> None:
    y = ops.unary("exp", given(500, 4))
    part = LazyArray("add_part", (y, given(500, 1)), (((0, 500, 1), (2, 1, 1)),), Size((500, 4)), float64)
    assert_same(part, *([ops.unary("sin", y)] if y_is_used_again else []), rows=rows)


@pytest.mark.parametrize("is_last", [False, True])
def test_elements_are_scattered_in_place_but_never_over_what_is_scattered(is_last: bool) -> None:
    index = ops.from_buffer(RNG.integers(0, 4, (500, 4)), int64)
    onto, source = ops.unary("exp", given(500, 4)), ops.unary("sin", given(500, 4))
    root = ops.scatter(onto, index, source, 1, accumulate=True)
    root = root if is_last else ops.unary("cos", root)
    assert slots(program(root)) == 1
    assert_same(root)


@pytest.mark.parametrize("rows", [1, 7, 500])
def test_what_is_changed_may_show_its_own_memory_in_another_order(rows: int) -> None:
    flipped = ops.flip(ops.unary("sin", given(500, 4)), (1,))
    part = LazyArray("add_part", (flipped, given(500, 1)), (((0, 500, 1), (2, 1, 1)),), Size((500, 4)), float64)
    assert_same(ops.reduce("sum", ops.unary("exp", part), (0,)), rows=rows)
    turned = ops.permute(ops.unary("sin", given(500, 4, 4)), (0, 2, 1))
    index = ops.from_buffer(RNG.integers(0, 4, (500, 4, 1)), int64)
    scattered = ops.scatter(turned, index, given(500, 4, 1), 2, accumulate=True)
    assert_same(ops.reduce("sum", ops.unary("exp", scattered), (0,)), rows=rows)


def assert_same(*roots: LazyArray, rows: int = 7) -> None:
    expected = [np.array(value) for value in whole.evaluate([copy(root) for root in roots])]
    steps, canonical = share(reachable(list(roots))[0])
    assert stream_steps(list(roots), steps, canonical, 100, rows)
    for root, value in zip(roots, expected, strict=True):
        assert root.buffer is not None
        np.testing.assert_allclose(root.buffer, value, rtol=1e-12, atol=1e-14)


def copy(root: LazyArray) -> LazyArray:
    """The same computation, whose values are kept elsewhere."""
    copies: dict[LazyArray, LazyArray] = {}
    for node in reachable([root])[0]:
        operands = tuple([copies.get(operand, operand) for operand in node.operands])
        copies[node] = LazyArray(node.primitive, operands, node.params, node.shape, node.dtype)
    return copies[root]
