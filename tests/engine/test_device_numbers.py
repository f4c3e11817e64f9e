"""Numbers at which libraries go their own ways, on each of them: they are those of the CPU's engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gradcli.engine import whole
from gradcli.engine.devices import evaluate_on
from gradcli.engine.devices.evaluator import DeviceEvaluator
from gradcli.engine.primitives import NUMPY_DTYPE
from gradcli.errors import ValueFault
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import DType, float16, float32, float64, int8, int16, int32, int64, uint8

if TYPE_CHECKING:
    from gradcli.lazy.settings import Evaluator

INTEGERS = (uint8, int8, int16, int32, int64)
INF, NAN = float("inf"), float("nan")


@pytest.fixture(params=["strict", "torch:cpu", "jax:cpu"])
def evaluate(request: pytest.FixtureRequest) -> Evaluator:
    if request.param == "strict":
        pytest.importorskip("array_api_strict", reason="the fake device is array-api-strict's")
        from .strict_device import Strict

        return DeviceEvaluator(Strict())
    library = request.param.partition(":")[0]
    pytest.importorskip(library)
    pytest.importorskip("array_api_compat")
    return evaluate_on(request.param)


def array(values: Any, dtype: DType) -> LazyArray:
    with np.errstate(all="ignore"):
        return ops.from_buffer(np.array(values).astype(NUMPY_DTYPE[dtype]), dtype)


def same(evaluate: Evaluator, made: Callable[[], LazyArray], rtol: float = 0.0) -> None:
    (found,), (expected,) = evaluate([made()]), whole.evaluate([made()])
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=0)
    np.testing.assert_array_equal(np.signbit(found) & ~np.isnan(found), np.signbit(expected) & ~np.isnan(expected))


@pytest.mark.parametrize("source", [float16, float32, float64], ids=repr)
@pytest.mark.parametrize("target", INTEGERS, ids=repr)
def test_floating_numbers_that_integers_do_not_hold_become_what_they_are_on_the_cpu(
    source: DType, target: DType, evaluate: Evaluator
) -> None:
    if source is float16 and getattr(evaluate, "device", "") == "cuda:0":
        pytest.skip("the array API has no float16")
    numbers = [0.9, -0.9, -1.0, 255.0, 256.0, 300.0, -300.0, 7e4, -7e4, 3e9, -(2.0**31), 2.0**31, 1e18, 2.0**63, -INF, INF, NAN]
    same(evaluate, lambda: ops.cast(array(numbers, source), target))


@pytest.mark.parametrize("dtype", INTEGERS, ids=repr)
def test_powers_of_integers_wrap_around_whatever_the_exponent(dtype: DType, evaluate: Evaluator) -> None:
    bases, exponents = [0, 1, 2, 3, 7, 127], [0, 1, 2, 63, 64, 65, 100, 127]
    if dtype is not uint8:
        bases, exponents = [*bases, -1, -2, -7, -128], [*exponents, -1, -2]
    same(evaluate, lambda: ops.binary("pow", array([[base] for base in bases], dtype), array(exponents, dtype)))


@pytest.mark.parametrize("primitive", ["floor_divide", "fmod", "remainder"])
@pytest.mark.parametrize("dtype", INTEGERS, ids=repr)
def test_integers_are_divided_as_integers(dtype: DType, primitive: str, evaluate: Evaluator) -> None:
    x, y = [0, 1, 7, -7, 100, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)], [1, 2, 3, -1, -2, -3, 127, 2**53 - 1, 2**62 + 1]
    same(evaluate, lambda: ops.binary(primitive, array([[each] for each in x], dtype), array(y, dtype)))


@pytest.mark.parametrize("dtype", [int8, int32, int64], ids=repr)
def test_a_common_divisor_with_the_least_integer_is_not_negative(dtype: DType, evaluate: Evaluator) -> None:
    least = -(2 ** (8 * dtype.itemsize - 1))
    same(evaluate, lambda: ops.binary("gcd", array([-7, 6, -128, 0], dtype), array([least] * 4, dtype)))


@pytest.mark.parametrize("dtype", [float32, float64], ids=repr)
def test_quotients_are_rounded_down_exactly(dtype: DType, evaluate: Evaluator) -> None:
    x, y = [1.0, -1.0, 0.3, 7.0, -0.0, 0.0, 1e30, INF, NAN], [0.1, -0.1, 2.0, 0.0, -0.0, 1e-30, INF, -INF, NAN]
    epsilon = float(np.finfo(dtype.name).eps)  # by which XLA divides
    same(evaluate, lambda: ops.binary("floor_divide", array([[each] for each in x], dtype), array(y, dtype)), rtol=epsilon)


def test_the_sign_of_a_zero_is_zero(evaluate: Evaluator) -> None:
    same(evaluate, lambda: ops.unary("sign", array([-0.0, 0.0, NAN, -2.0, INF], float64)))


def test_special_functions_at_poles_and_infinities(evaluate: Evaluator) -> None:
    same(evaluate, lambda: ops.unary("digamma", array([0.0, -0.0, -1.0, -2.5, 1.5, INF, NAN], float64)), rtol=1e-13)
    x, y = [[0.5], [1.0], [1.5], [2.0], [3.0]], [0.0, -0.0, -1.0, -2.0, 0.5, 3.0, INF, NAN]
    same(evaluate, lambda: ops.binary("zeta", array(x, float64), array(y, float64)), rtol=1e-13)


def test_a_normal_distribution_far_below_is_not_zero(evaluate: Evaluator) -> None:
    same(evaluate, lambda: ops.unary("normal_cdf", array([-30.0, -10.0, -3.0, 0.0, 2.0], float64)), rtol=1e-12)


def test_powers_of_two_are_exact(evaluate: Evaluator) -> None:
    same(evaluate, lambda: ops.unary("exp2", array(np.arange(-120.0, 121.0), float32)))


@pytest.mark.parametrize("device", ["torch:cpu", "jax:cpu"])
@pytest.mark.parametrize("primitive", ["digamma", "erfcx", "erfinv", "i0e", "i1e", "lgamma", "ndtri", "normal_cdf", "zeta"])
def test_special_functions_of_half_precision_are_those_of_single_rounded(primitive: str, device: str) -> None:
    pytest.importorskip(device.partition(":")[0])
    pytest.importorskip("array_api_compat")
    numbers = [0.1, 0.25, 0.5, 0.75]
    operands = [array([2.0], float16)] if primitive == "zeta" else []

    def made() -> LazyArray:
        x = array(numbers, float16)
        return ops.binary(primitive, *operands, x) if operands else ops.unary(primitive, x)

    same(evaluate_on(device), made, rtol=1e-3)


@pytest.mark.parametrize("primitive", ["exponent", "mantissa"])
def test_the_parts_of_what_jax_takes_for_zero_are_zero(primitive: str) -> None:
    pytest.importorskip("jax")
    found = evaluate_on("jax:cpu")([ops.unary(primitive, array([1e-310, -1e-310, 0.5], float64))])[0]
    assert found.tolist() == ([0.0, 0.0, 0.0] if primitive == "exponent" else [0.0, 0.0, 0.5])


def test_determinants_of_two_rows_do_not_overflow_on_the_way(evaluate: Evaluator) -> None:
    for size in (1e20, 1e-30):
        same(evaluate, lambda size=size: ops.log_determinant(array([[size, 0.0], [0.0, -size]], float32)), rtol=1e-6)
        same(evaluate, lambda size=size: ops.inverse(array([[size, 0.0], [0.0, -size]], float32), "singular"), rtol=1e-6)


def test_the_inverse_of_what_is_not_a_number_is_not_singular(evaluate: Evaluator) -> None:
    found = evaluate([ops.inverse(array([[NAN, 0.0], [0.0, 1.0]], float64), "singular")])[0]
    assert np.isnan(found[0]).all()


@pytest.mark.parametrize("number", [NAN, INF, -INF])
def test_factors_of_what_is_not_finite_are_refused_in_our_words(number: float, evaluate: Evaluator) -> None:
    matrix = [[number, 0.5], [0.5, 1.0]]
    values, vectors = Size((2,)), Size((2, 2))
    shapes = {"svd": (vectors, values, vectors), "eigh": (values, vectors)}
    for primitive, option in (("svd", True), ("eigh", "L")):
        parts = ops.factors(primitive, array(matrix, float64), (option, "refused"), shapes[primitive])
        with pytest.raises(ValueFault, match="refused"):
            evaluate([*parts])


@pytest.mark.parametrize(
    "matrix",
    [
        [[1.0, 2.0], [2.0, 4.0]],
        [[0.0, 1.0], [1.0, 0.0]],
        [[1.0, 1.0], [1.0, 1.0 - 2.0**-53]],  # whose least eigenvalue is rounded to a positive number by some
        [[NAN, 0.0], [0.0, 1.0]],
        [[-1.0, 0.0], [0.0, -1.0]],
    ],
)
def test_a_matrix_without_a_cholesky_factor_is_refused_in_our_words(matrix: list[list[float]], evaluate: Evaluator) -> None:
    with pytest.raises(ValueFault, match="indefinite"):
        evaluate([ops.cholesky(array(matrix, float64), "indefinite")])
