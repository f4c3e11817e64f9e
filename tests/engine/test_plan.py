"""What a plan streams, over which axis, and what it leaves in memory."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.engine import whole
from gradcli.engine.blocks import stream_steps
from gradcli.engine.order import reachable, share
from gradcli.engine.plan import Plan, plan
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import float64, int64
from gradcli.lazy.shapes import Size

RNG = np.random.default_rng(0)


def given(*shape: int) -> LazyArray:
    return ops.from_buffer(RNG.standard_normal(shape), float64)


def planned(*roots: LazyArray, least: int = 100) -> Plan | None:
    steps, canonical = share(reachable(list(roots))[0])
    return plan(steps, {canonical.get(root, root) for root in roots}, least)


def test_small_arrays_are_not_streamed() -> None:
    assert planned(ops.unary("exp", given(5))) is None


def test_rows_are_streamed_along_the_leading_axis() -> None:
    made = planned(ops.unary("exp", given(500, 3)))
    assert made is not None and made.length == 500


@pytest.mark.parametrize(("shape", "length"), [((2, 500), 500), ((1, 500), 500), ((3, 2, 500), 500), ((2, 500, 3), 500)])
def test_few_long_rows_are_cut_along_the_longest_axis(shape: tuple[int, ...], length: int) -> None:
    x = given(*shape)
    root = ops.reduce("sum", ops.unary("exp", ops.binary("mul", x, x)), tuple(range(len(shape))))
    made = planned(root)
    assert made is not None and made.length == length
    assert [step.array.primitive for step in made.stages[0].streamed] == ["mul", "exp", "sum"]


def test_a_batch_of_few_images_is_streamed_image_by_image() -> None:
    made = planned(ops.unary("exp", given(4, 3, 90, 90)))
    assert made is not None and made.length == 4


def test_products_of_a_batch_are_streamed_along_the_batch() -> None:
    products = ops.matmul(given(1, 3, 5), ops.unary("exp", given(40, 5, 7)))
    made = planned(ops.reduce("sum", products, (0,)))
    assert made is not None and made.length == 40
    assert [step.array.primitive for step in made.stages[0].streamed] == ["exp", "matmul", "sum"]


def test_windows_are_streamed_along_axes_that_they_do_not_lie_on() -> None:
    windows = ops.windows(given(50, 20), ((1, 3, 1, 1),))
    made = planned(ops.unary("exp", ops.overlap_add(windows, ((1, 3, 1, 1),), (20,))))
    assert made is not None and made.length == 50
    assert [step.array.primitive for step in made.stages[0].streamed] == ["windows", "overlap_add", "exp"]
    along = ops.windows(given(50, 20), ((0, 3, 1, 1),))
    made = planned(along)
    assert made is None or not [step for stage in made.stages for step in stage.streamed]


def test_few_long_rows_have_their_value_in_blocks() -> None:
    x = given(2, 500)
    roots = [ops.reduce("sum", ops.unary("exp", x), (0, 1)), ops.unary("tanh", x), ops.reduce("max", x, (1,), keepdims=True)]
    expected = whole.evaluate([ops.reduce("sum", ops.unary("exp", x), (0, 1)), ops.unary("tanh", x), roots[2]])
    roots[2] = ops.reduce("max", x, (1,), keepdims=True)
    steps, canonical = share(reachable(roots)[0])
    assert stream_steps(roots, steps, canonical, least_elements=100, rows=7)
    for root, value in zip(roots, expected, strict=True):
        assert root.buffer is not None
        np.testing.assert_allclose(root.buffer, value, rtol=1e-13)


def test_a_broadcast_result_takes_no_memory() -> None:
    root = ops.broadcast_to(ops.reduce("sum", given(500, 3), (1,), keepdims=True), Size((500, 3)))
    steps, canonical = share(reachable([root])[0])
    assert stream_steps([root], steps, canonical, least_elements=100)
    assert root.buffer is not None and root.buffer.strides[1] == 0


def test_what_needs_a_sum_of_all_rows_runs_in_the_next_pass() -> None:
    x = given(500)
    centred = ops.binary("sub", x, ops.reduce("sum", x, (0,)))
    made = planned(ops.unary("exp", centred))
    assert made is not None
    assert [[step.array.primitive for step in stage.streamed] for stage in made.stages] == [["sum"], ["sub", "exp"]]


def streamed(made: Plan | None) -> list[list[str]]:
    """The primitives of each pass."""
    assert made is not None
    return [[step.array.primitive for step in stage.streamed] for stage in made.stages if stage.streamed]


def centred(x: LazyArray) -> LazyArray:
    mean = ops.binary("div", ops.reduce("sum", x, (0,)), ops.constant(500.0, float64))
    return ops.binary("sub", x, mean)


def test_what_is_cheap_is_computed_again_in_a_later_pass_instead_of_stored() -> None:
    x = given(500, 3)
    made = planned(ops.reduce("sum", ops.unary("exp", centred(centred(x))), (0,)))
    assert streamed(made) == [["sum"], ["sub", "sum"], ["sub", "sub", "exp", "sum"]]
    assert made is not None and not any(stage.outputs for stage in made.stages)


def test_what_is_expensive_is_stored_for_a_later_pass() -> None:
    y = ops.unary("exp", given(500, 3))
    made = planned(centred(y))
    assert streamed(made) == [["exp", "sum"], ["sub"]]
    assert made is not None and made.stages[0].outputs == [y]


def test_what_takes_many_arrays_to_compute_again_is_stored() -> None:
    y = given(500, 3)
    for _ in range(3):
        y = ops.binary("add", y, given(500, 3))
    made = planned(centred(y))
    assert made is not None and made.stages[0].outputs == [y]


def test_a_step_that_only_later_passes_need_runs_there_alone() -> None:
    x = given(500, 3)
    doubled = ops.binary("mul", x, ops.constant(2.0, float64))
    made = planned(ops.binary("add", doubled, ops.unary("exp", ops.reduce("sum", ops.unary("sin", x), (0,)))))
    assert streamed(made) == [["sin", "sum"], ["mul", "add"]]


def indices(*shape: int, below: int = 4) -> LazyArray:
    return ops.from_buffer(RNG.integers(0, below, shape), int64)


INDEXED = {
    "rows of a table": lambda: ops.index(given(4, 3), (0, None), [indices(500)]),
    "rows of a table by two indices": lambda: ops.index(given(4, 4, 3), (0, 1, None), [indices(500), indices(500)]),
    "an index that broadcasts": lambda: ops.index(given(4, 4, 3), (0, 1, None), [indices(500, 1), indices(2)]),
    "index arrays apart": lambda: ops.index(given(4, 3, 4), (0, None, 1), [indices(500), indices(500)]),
    "columns": lambda: ops.index(given(500, 4), (None, 0), [indices(2)]),
    "columns behind": lambda: ops.index(given(4, 500, 3), (0, None, None), [indices(2)]),
    "elements of each row": lambda: ops.gather(given(500, 4), indices(500, 2), 1),
    "elements of a small table": lambda: ops.gather(given(4, 3), indices(500, 3), 0),
    "scattered in each row": lambda: ops.scatter(given(500, 4), indices(500, 2), given(500, 2), 1, True),
    "the largest in each row": lambda: ops.scatter_reduce(given(500, 4), indices(500, 2), given(500, 2), 1, "maximum"),
    "added to a small table": lambda: ops.index_put(
        ops.full(Size((4, 3)), 0.0, float64), (0, None), [indices(500)], ops.unary("sin", given(500, 3)), True
    ),
    "added by two indices": lambda: ops.index_put(
        ops.full(Size((4, 4)), 0.0, float64), (0, 1), [indices(500), indices(500)], ops.unary("sin", given(500)), True
    ),
}


@pytest.mark.parametrize("rows", [1, 7, 500])
@pytest.mark.parametrize("name", INDEXED)
def test_indexing_is_streamed(name: str, rows: int) -> None:
    root = INDEXED[name]()
    assert streamed(planned(root))[-1][-1] == root.primitive
    expected = whole.IMPLEMENTATIONS[root.primitive](root, whole.evaluate(list(root.operands)))
    (found,) = blockwise(root, rows)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def blockwise(root: LazyArray, rows: int) -> list[np.ndarray]:
    steps, canonical = share(reachable([root])[0])
    assert stream_steps([root], steps, canonical, 100, rows)
    assert root.buffer is not None
    return [root.buffer]


def test_what_is_put_where_it_may_lie_twice_is_not_streamed_along_its_index() -> None:
    zeros = ops.full(Size((4, 3)), 0.0, float64)
    put = ops.index_put(zeros, (0, None), [indices(500)], ops.unary("sin", given(500, 3)), False)
    assert streamed(planned(put)) == [["sin"]]


def test_a_large_target_is_not_added_to_block_by_block() -> None:
    zeros = ops.full(Size((1 << 16, 2)), 0.0, float64)
    put = ops.index_put(zeros, (0, None), [indices(500)], ops.unary("sin", given(500, 2)), True)
    assert not any("index_put" in primitives for primitives in streamed(planned(put)))
