"""Rewriting gives the numbers of what was asked for, with less work: each rule is seen to fire where it may, and only there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from gradcli.engine import whole
from gradcli.engine.order import reachable, share
from gradcli.engine.rewrite import rewrite
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import DType, float16, float32, float64, int64
from gradcli.lazy.shapes import SCALAR, Size

RNG = np.random.default_rng(0)


def given(*shape: int) -> LazyArray:
    return ops.from_buffer(RNG.standard_normal(shape), float64)


def number(value: float) -> LazyArray:
    return ops.constant(value, float64)


def rewritten(*roots: LazyArray) -> tuple[Counter[str], list[np.ndarray]]:
    """Which primitives are left, and the values they give."""
    steps, canonical = share(reachable(list(roots))[0])
    steps, instead = rewrite(steps, {canonical.get(root, root) for root in roots})
    left = Counter(node.primitive for node, _ in steps)
    return left, whole.evaluate([instead[canonical.get(root, root)] for root in roots])


def assert_same(roots: Sequence[LazyArray], values: Sequence[np.ndarray]) -> None:
    for expected, value in zip(whole.evaluate(roots), values, strict=True):
        assert value.shape == expected.shape
        np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_equal_products_are_added_by_doubling_their_factor() -> None:
    x = ops.unary("exp", given(5))
    root = ops.binary("add", ops.binary("mul", number(3), x), ops.binary("mul", number(3), x))
    left, values = rewritten(root)
    assert (left["add"], left["mul"]) == (0, 1)
    assert_same([root], values)


def test_a_factor_of_two_joins_another_factor() -> None:
    root = ops.binary("mul", number(0.1), ops.binary("mul", given(5), number(2)))
    left, values = rewritten(root)
    assert left["mul"] == 1
    assert_same([root], values)


def test_factors_that_round_stay_apart() -> None:
    root = ops.binary("mul", number(0.1), ops.binary("mul", given(5), number(3)))
    assert rewritten(root)[0]["mul"] == 2


@pytest.mark.parametrize("primitive", ["mul", "div"])
def test_one_is_no_factor_and_no_divisor(primitive: str) -> None:
    root = ops.unary("exp", ops.binary(primitive, given(5), number(1)))
    left, values = rewritten(root)
    assert left[primitive] == 0
    assert_same([root], values)


def test_one_divided_is_not_left_out() -> None:
    root = ops.binary("div", number(1), given(5))
    left, values = rewritten(root)
    assert left["div"] == 1
    assert_same([root], values)


def test_one_that_broadcasts_is_not_left_out() -> None:
    root = ops.binary("mul", ops.full(Size((4, 1)), 1, float64), given(5))
    assert_same([root], rewritten(root)[1])


def log_softmax(x: LazyArray) -> tuple[LazyArray, LazyArray]:
    shifted = ops.binary("sub", x, ops.reduce("max", x, (1,), keepdims=True))
    total = ops.reduce("sum", ops.unary("exp", shifted), (1,), keepdims=True)
    return ops.binary("sub", shifted, ops.unary("log", total)), total


def test_a_softmax_takes_its_exponentials_from_the_logarithm_s() -> None:
    logarithm, _ = log_softmax(given(4, 6))
    softmax = ops.unary("exp", logarithm)
    root = ops.binary("mul", softmax, given(4, 1))
    part = ops.slice_(logarithm, ((0, 4, 1), (2, 1, 1)))
    left, values = rewritten(root, part)
    assert left["exp"] == 1
    assert_same([root, part], values)


def test_an_exponential_of_what_was_not_shifted_by_its_largest_stays() -> None:
    x = given(4, 6)
    total = ops.reduce("sum", ops.unary("exp", x), (1,), keepdims=True)
    root = ops.unary("exp", ops.binary("sub", x, ops.unary("log", total)))
    left, values = rewritten(root)
    assert left["exp"] == 2
    assert_same([root], values)


def test_a_part_of_an_elementwise_result_is_computed_alone() -> None:
    whole_result = ops.binary("add", ops.unary("exp", given(4, 6)), ops.binary("mul", given(6), given(4, 1)))
    root = ops.slice_(whole_result, ((0, 4, 1), (1, 2, 3)))
    steps, _ = share(reachable([root])[0])
    instead = rewrite(steps, [root])[0]
    assert all(node.shape != (4, 6) for node, _ in instead)
    assert_same([root], rewritten(root)[1])


def test_what_is_used_elsewhere_is_computed_whole() -> None:
    whole_result = ops.unary("exp", given(4, 6))
    part = ops.slice_(whole_result, ((0, 4, 1), (1, 2, 3)))
    left, values = rewritten(part, whole_result)
    assert left["exp"] == 1
    assert_same([part, whole_result], values)


def test_the_sum_of_a_part_among_zeros_is_that_of_the_part() -> None:
    root = ops.reduce("sum", ops.place(given(4, 1), ((0, 4, 1), (2, 1, 1)), Size((4, 6))), (1,), keepdims=True)
    left, values = rewritten(root)
    assert left["place"] == 0
    assert_same([root], values)


def test_zeros_that_stay_after_a_sum_are_placed() -> None:
    root = ops.reduce("sum", ops.place(given(4, 1), ((0, 4, 1), (2, 1, 1)), Size((4, 6))), (0,), keepdims=True)
    left, values = rewritten(root)
    assert left["place"] == 1
    assert_same([root], values)


def test_the_sum_of_one_number_is_its_multiple() -> None:
    root = ops.reduce("sum", ops.full(Size((4, 6)), 0.3, float32), (1,))
    left, values = rewritten(root)
    assert left["sum"] == 0
    np.testing.assert_allclose(values[0], np.float32(1.8))


@pytest.mark.parametrize("factor", [1.0, 0.25, -3.0])
def test_a_product_with_one_number_everywhere_is_a_sum(factor: float) -> None:
    a, b = given(2, 3, 4), given(4, 5)
    roots = [
        ops.matmul(ops.full(Size((3, 4)), factor, float64), b),
        ops.matmul(a, ops.full(Size((4, 7)), factor, float64)),
        ops.matmul(a, ops.full(Size((6, 1, 4, 7)), factor, float64)),
    ]
    left, values = rewritten(*roots)
    assert left["matmul"] == 0
    assert_same(roots, values)


def test_what_was_asked_for_twice_is_given_twice() -> None:
    x = given(3)
    first, second = ops.unary("exp", x), ops.unary("exp", x)
    assert_same([first, second], rewritten(first, second)[1])


def test_a_root_that_is_an_input_is_given() -> None:
    x = given(3)
    root = ops.binary("mul", x, number(1))
    steps, _ = share(reachable([root])[0])
    assert rewrite(steps, [root])[1][root] is x


def test_an_empty_shape_is_no_matter() -> None:
    root = ops.reduce("sum", ops.full(Size((0, 3)), 2.0, float64), (0, 1))
    assert root.shape == SCALAR
    assert_same([root], rewritten(root)[1])


@pytest.mark.parametrize(("dtype", "large"), [(float16, 2.0**10), (float32, 2.0**100), (float64, 2.0**600)])
def test_factors_whose_product_the_dtype_does_not_hold_stay_apart(dtype: DType, large: float) -> None:
    for factor in (large, 1 / large):
        x = ops.from_buffer(np.array([1 / factor], dtype.name), dtype)
        root = ops.binary("mul", ops.constant(factor, dtype), ops.binary("mul", ops.constant(factor, dtype), x))
        assert_same([root], rewritten(root)[1])


@pytest.mark.parametrize("dtype", [float16, float32, float64], ids=str)
def test_a_factor_that_cannot_be_doubled_is_not(dtype: DType) -> None:
    x = ops.from_buffer(np.array([0.25], dtype.name), dtype)
    product = ops.binary("mul", ops.constant(float(np.finfo(dtype.name).max), dtype), x)
    root = ops.binary("add", product, product)
    assert_same([root], rewritten(root)[1])


def test_a_part_of_what_is_made_of_numbers_alone_has_its_shape() -> None:
    root = ops.slice_(ops.unary("exp", ops.full(Size((4, 6)), 2, float64)), ((0, 4, 1), (1, 2, 3)))
    assert_same([root], rewritten(root)[1])


def test_a_sum_over_nothing_is_zero() -> None:
    root = ops.reduce("sum", ops.full(Size((0, 3)), float("inf"), float64), (0,))
    assert_same([root], rewritten(root)[1])


def test_only_the_sum_of_the_exponentials_makes_a_softmax() -> None:
    x, y = given(4, 6), ops.from_buffer(RNG.standard_normal((4, 6)) * 300, float64)
    for shift in (
        ops.reduce("max", x, (1,), keepdims=True),  # of something else
        ops.reduce("max", y, (0, 1), keepdims=True),  # of more than the sum takes in
        ops.reduce("max", y, (1,), keepdims=True),
    ):
        shifted = ops.binary("sub", y, shift)
        weights = ops.unary("exp", shifted)
        total = ops.reduce("sum", weights, (1,), keepdims=True)
        for divisor in (total, ops.unary("neg", total)):
            softmax = ops.unary("exp", ops.binary("sub", shifted, ops.unary("log", divisor)))
            scaled = ops.binary("mul", ops.binary("div", weights, divisor), number(1e300))
            assert_same([softmax, scaled], rewritten(softmax, scaled)[1])


def test_products_that_are_only_summed_are_not_stored() -> None:
    x, y = ops.unary("exp", given(40, 6)), ops.unary("sin", given(40, 6))
    for axes in ((1,), (0,), (0, 1)):
        root = ops.reduce("sum", ops.binary("mul", x, y), axes, keepdims=True)
        left, values = rewritten(root)
        assert (left["mul"], left["sum_of_products"]) == (0, 1)
        assert_same([root], values)


def test_products_that_are_used_elsewhere_are_stored() -> None:
    product = ops.binary("mul", given(40, 6), given(40, 6))
    root = ops.reduce("sum", product, (1,))
    left, values = rewritten(root, ops.unary("exp", product))
    assert (left["mul"], left["sum"]) == (1, 1)
    assert_same([root], values[:1])


def test_products_that_broadcast_are_stored() -> None:
    root = ops.reduce("sum", ops.binary("mul", given(40, 6), given(6)), (1,))
    assert rewritten(root)[0]["mul"] == 1


@pytest.mark.parametrize(("factor", "after"), [(3.0, True), (-3.0, False), (0.5, False), (0.0, False), (float("inf"), False)])
def test_a_factor_that_is_not_small_is_multiplied_after_the_sum(factor: float, after: bool) -> None:
    root = ops.reduce("sum", ops.binary("mul", number(factor), ops.unary("exp", given(40, 6))), (1,))
    steps, _ = share(reachable([root])[0])
    products = [node.shape for node, _ in rewrite(steps, [root])[0] if node.primitive == "mul"]
    assert products == [(40,) if after else (40, 6)]
    assert_same([root], rewritten(root)[1])


PLACES = ((0, 4, 1), (2, 1, 1))


@pytest.mark.parametrize("primitive", ["add", "sub"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_part_among_zeros_is_added_where_it_belongs(primitive: str, swapped: bool) -> None:
    placed, y = ops.place(given(4, 1), PLACES, Size((4, 6))), ops.unary("exp", given(4, 6))
    root = ops.binary(primitive, *((y, placed) if swapped else (placed, y)))
    left, values = rewritten(root)
    assert left["place"] == (primitive == "sub" and swapped)
    assert_same([root], values)


def test_zero_minus_zero_among_the_placed_is_no_negative_zero() -> None:
    root = ops.binary("sub", ops.place(given(4, 1), PLACES, Size((4, 6))), ops.unary("abs", ops.full(Size((4, 6)), 0.0, float64)))
    (value,) = rewritten(root)[1]
    assert not np.signbit(value[:, 0]).any()


def positions(*shape: int) -> LazyArray:
    return ops.from_buffer(RNG.integers(0, 6, shape), int64)


def test_permutations_are_joined_and_undone() -> None:
    x = given(4, 5, 6)
    once = ops.unary("exp", ops.permute(ops.permute(x, (1, 2, 0)), (0, 2, 1)))
    left, values = rewritten(once)
    assert left["permute"] == 1
    assert_same([once], values)
    undone = ops.unary("exp", ops.permute(ops.permute(x, (1, 2, 0)), (2, 0, 1)))
    assert rewritten(undone)[0]["permute"] == 0
    assert_same([undone], rewritten(undone)[1])


def test_only_the_last_shape_counts() -> None:
    x = given(4, 6)
    root = ops.unary("exp", ops.reshape(ops.reshape(x, Size((2, 12))), Size((4, 6))))
    left, values = rewritten(root)
    assert left["reshape"] == 0
    assert_same([root], values)


def test_a_sum_over_axes_of_length_one_is_another_shape() -> None:
    root = ops.reduce("sum", ops.unary("exp", given(4, 1, 6)), (1,))
    left, values = rewritten(root)
    assert (left["sum"], left["reshape"]) == (0, 1)
    assert_same([root], values)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2), (2,)])
def test_a_sum_of_the_same_rows_is_a_multiple_of_one(axes: tuple[int, ...], keepdims: bool) -> None:
    row = ops.unary("exp", given(5, 1))
    root = ops.reduce("sum", ops.broadcast_to(row, Size((4, 5, 6))), axes, keepdims)
    left, values = rewritten(root)
    assert left["mul"] == (axes != (1,))
    assert_same([root], values)


def test_zero_is_no_summand_where_that_makes_no_difference() -> None:
    exponential = ops.unary("exp", given(5))
    for root in (ops.binary("add", exponential, number(0.0)), ops.binary("sub", ops.unary("sin", exponential), number(0.0))):
        left, values = rewritten(root)
        assert (left["add"], left["sub"]) == (0, 0)
        assert_same([root], values)


def test_zero_makes_minus_zero_positive() -> None:
    root = ops.binary("add", ops.unary("neg", ops.from_buffer(np.zeros(5), float64)), number(0.0))
    assert not np.signbit(rewritten(root)[1][0]).any()


@pytest.mark.parametrize("exponent", [2, 3])
def test_small_powers_are_products(exponent: int) -> None:
    root = ops.binary("pow", ops.unary("sin", given(5)), number(exponent))
    left, values = rewritten(root)
    assert (left["pow"], left["mul"]) == (0, exponent - 1)
    assert_same([root], values)


def scattered_among_zeros(accumulate: bool = True, width: int = 1) -> LazyArray:
    return ops.scatter(ops.full(Size((4, 6)), 0.0, float64), positions(4, width), given(4, width), 1, accumulate)


@pytest.mark.parametrize("primitive", ["add", "sub"])
@pytest.mark.parametrize(("accumulate", "width"), [(True, 1), (False, 1), (True, 3)])
def test_what_is_scattered_among_zeros_goes_to_what_it_is_added_to(primitive: str, accumulate: bool, width: int) -> None:
    root = ops.binary(primitive, scattered_among_zeros(accumulate, width), ops.unary("exp", given(4, 6)))
    left, values = rewritten(root)
    assert (left["add"], left["constant"], left["scatter"]) == (0, primitive == "sub", 1)
    assert_same([root], values)


def test_what_is_put_twice_at_a_place_is_not_scattered_onto_anything() -> None:
    root = ops.binary("add", scattered_among_zeros(accumulate=False, width=3), ops.unary("exp", given(4, 6)))
    left, values = rewritten(root)
    assert left["add"] == 1
    assert_same([root], values)


@pytest.mark.parametrize("axes", [(1,), (0, 1), (0,)])
def test_the_sum_of_what_is_scattered_is_the_sum_of_it(axes: tuple[int, ...]) -> None:
    root = ops.reduce("sum", scattered_among_zeros(width=3), axes)
    left, values = rewritten(root)
    assert left["scatter"] == (axes == (0,))
    assert_same([root], values)


def test_what_is_added_at_places_of_x_is_added_to_zeros_first() -> None:
    x = ops.unary("exp", given(6, 2))
    root = ops.index_put(x, (0, None), [positions(40)], given(40, 2), accumulate=True)
    left, values = rewritten(root)
    assert (left["add"], left["index_put"]) == (1, 1)
    assert_same([root], values)


def test_gathered_elements_are_computed_alone() -> None:
    whole_result = ops.binary("sub", ops.unary("exp", given(4, 6)), ops.binary("add", given(4, 1), given(6)))
    root = ops.gather(whole_result, positions(4, 2), 1)
    steps, _ = share(reachable([root])[0])
    assert all(node.shape != (4, 6) for node, _ in rewrite(steps, [root])[0] if node.primitive != "broadcast_to")
    assert_same([root], rewritten(root)[1])


def test_gathered_elements_of_what_is_used_elsewhere_are_taken_from_it() -> None:
    whole_result = ops.unary("exp", given(4, 6))
    root = ops.gather(whole_result, positions(4, 2), 1)
    left, values = rewritten(root, whole_result)
    assert left["exp"] == 1
    assert_same([root], values[:1])


@pytest.mark.parametrize("primitive", ["add", "sub"])
@pytest.mark.parametrize("shape", [(1, 6), (6,)])
def test_a_part_among_zeros_that_is_repeated_stays_among_them(primitive: str, shape: tuple[int, ...]) -> None:
    slices = tuple((0, size, 1) for size in shape[:-1])
    placed = ops.place(given(*shape[:-1], 4), (*slices, (1, 4, 1)), Size(shape))
    index = ops.from_buffer(RNG.integers(0, 6, (*shape[:-1], 3)), int64)
    scattered = ops.scatter(ops.full(Size(shape), 0.0, float64), index, given(*shape[:-1], 3), len(shape) - 1, accumulate=True)
    for repeated in (placed, scattered):
        root = ops.binary(primitive, repeated, ops.unary("exp", given(4, 6)))
        assert_same([root], rewritten(root)[1])


def test_a_sum_of_negative_multiples_of_zero_is_not_negative() -> None:
    root = ops.reduce("sum", ops.binary("mul", number(-2), ops.unary("abs", ops.from_buffer(np.zeros((4, 6)), float64))), (1,))
    assert np.signbit(rewritten(root)[1][0]).all() == np.signbit(whole.evaluate([root])[0]).all()


def test_elements_taken_along_an_axis_of_one_may_be_none() -> None:
    index = ops.from_buffer(np.zeros((5, 0), np.int64), int64)
    root = ops.reduce("sum", ops.gather(ops.unary("round", given(5, 1)), index, 1), (1,))
    assert_same([root], rewritten(root)[1])


def test_a_division_by_zero_beyond_the_part_is_refused() -> None:
    divisor = ops.from_buffer(np.array([[1, 2, 3, 0]]), int64)
    quotient = ops.binary("floor_divide", ops.from_buffer(np.array([[5, 6, 7, 8]]), int64), divisor)
    left, _ = rewritten_only(ops.slice_(quotient, ((0, 1, 1), (0, 1, 1))))
    assert left["slice"] == 1


def rewritten_only(root: LazyArray) -> tuple[Counter[str], LazyArray]:
    """What is left of a root, which is not computed."""
    steps, instead = rewrite(share(reachable([root])[0])[0], [root])
    return Counter(node.primitive for node, _ in steps), instead[root]
