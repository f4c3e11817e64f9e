"""What a plan streams, over which axis, and what it leaves in memory."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.engine import whole
from gradcli.engine.blocks import stream_steps
from gradcli.engine.order import reachable, share
from gradcli.engine.plan import Plan, plan
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import float64
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
