"""Arithmetic on constants, done while arrays are built, gives the bits that the engine and NumPy give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradcli.engine.whole import evaluate
from gradcli.lazy import DType, LazyArray, Size, ops
from gradcli.lazy.dtypes import float16, float32, float64

UFUNCS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
LARGEST = float(np.finfo(np.float32).max)
TINIEST = float(np.finfo(np.float32).smallest_subnormal)
CORNERS = [0.0, -0.0, 1.0, -1.0, 3.0, 1e-45, TINIEST, -TINIEST, 1.1754944e-38, LARGEST, -LARGEST, 16777217.0, 0.1, 1e308, 5e-324]
NUMBERS = st.one_of(st.sampled_from([*CORNERS, float("inf"), float("-inf"), float("nan")]), st.floats(), st.floats(width=32))
DTYPES = st.sampled_from([float16, float32, float64])
STEPS = st.lists(st.tuples(st.sampled_from(sorted(UFUNCS)), NUMBERS, st.booleans()), min_size=1, max_size=6)


def bits(array: np.ndarray) -> bytes:
    """The bytes of an array; there are many nans, and they count as one."""
    return np.where(np.isnan(array), np.asarray(np.nan, array.dtype), array).tobytes()


def unfolded(primitive: str, a: LazyArray, b: LazyArray) -> LazyArray:
    """The operation as the engine does it."""
    return LazyArray(primitive, (a, b), (), a.shape, a.dtype)


@settings(max_examples=400, deadline=None)
@given(DTYPES, NUMBERS, STEPS)
@example(float32, LARGEST, [("add", 1.0141204801825835e31, False)])
@example(float32, LARGEST, [("mul", 2.0, False), ("div", 2.0, False)])
@example(float32, TINIEST, [("div", 2.0, False), ("mul", 2.0, False)])
@example(float64, -0.0, [("add", 0.0, False), ("mul", -0.0, True)])
@example(float64, 1.0, [("div", 0.0, False), ("sub", float("inf"), False)])
@example(float32, 1.0, [("sub", 1.0, False), ("mul", -1.0, False)])
def test_folded_constants_have_the_engines_bits(dtype: DType, start: float, steps: list[tuple[str, float, bool]]) -> None:
    shape = Size((2,))
    folded = plain = ops.full(shape, start, dtype)
    with np.errstate(all="ignore"):
        expected = np.full(2, start).astype(dtype.name)
        for primitive, value, is_left in steps:
            constant, number = ops.full(shape, value, dtype), np.full(2, value).astype(dtype.name)
            folded = ops.binary(primitive, *((constant, folded) if is_left else (folded, constant)))
            plain = unfolded(primitive, *((constant, plain) if is_left else (plain, constant)))
            expected = UFUNCS[primitive](*((number, expected) if is_left else (expected, number)))
        values = evaluate([folded, plain])
    assert bits(values[0]) == bits(values[1]) == bits(expected)


@pytest.mark.parametrize("value", CORNERS)
@pytest.mark.parametrize("dtype", [float16, float32, float64], ids=str)
def test_a_constant_keeps_its_value_and_sign_under_other_shapes(value: float, dtype: DType) -> None:
    with np.errstate(over="ignore"):
        expected = np.full((1, 1), value).astype(dtype.name)
    constant = ops.full(Size((1,)), value, dtype)
    shapes = [ops.reshape(constant, Size((1, 1))), ops.broadcast_to(constant, Size((1, 1)))]
    for array in evaluate(shapes):
        assert bits(array) == bits(expected)
