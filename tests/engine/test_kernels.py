"""The vector kernels: as exact as they say, the same bits wherever a block is cut, and called like ufuncs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

from gradcli.engine import kernels
from gradcli.engine.kernels import Kernel
from gradcli.engine.primitives import power

# With the units in the last place that each may be off.
NARROW = {"erf": (kernels.erf, scipy.special.erf, 1.75), "erfc": (kernels.erfc, scipy.special.erfc, 1.5)}
# With the units in the last place that the vector form may be off, besides the half unit of what it is compared with.
TRIGONOMETRIC = {"sin": (kernels.sin, np.sin, 2.9), "cos": (kernels.cos, np.cos, 2.6)}
RANDOM = np.random.default_rng(0)
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-45, -1e-45, 3e38, -3e38]


def in_block(kernel: Kernel, *operands: np.ndarray) -> np.ndarray:
    """The vector form, however few elements there are."""
    with np.errstate(all="ignore"):
        result: np.ndarray = kernel(*operands, out=np.empty(operands[-1].shape, operands[-1].dtype))
    return result


def every_exponent(dtype: Any) -> np.ndarray:
    """Numbers of both signs over all exponents, subnormal ones included, and many of ordinary size."""
    exponents = RANDOM.uniform(np.log2(np.finfo(dtype).smallest_subnormal), np.log2(np.finfo(dtype).max) - 0.01, 40_000)
    sizes = np.concatenate([2**exponents, RANDOM.uniform(0, 12, 200_000), RANDOM.uniform(0, 2**-9, 200_000)]).astype(dtype)
    return np.concatenate([sizes, -sizes])


def units_off(value: np.ndarray, exact: np.ndarray) -> float:
    """The largest error in units in the last place of `value`'s dtype."""
    unit = np.spacing(np.abs(exact).astype(value.dtype)).astype(np.float64)
    return float(np.max(np.abs(value.astype(np.float64) - exact) / unit))


@pytest.mark.parametrize("name", NARROW)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_error_functions_are_within_their_units_for_all_exponents(name: str, dtype: Any) -> None:
    kernel, reference, units = NARROW[name]
    x = every_exponent(dtype)
    assert units_off(in_block(kernel, x), reference(x.astype(np.float64))) <= units


@pytest.mark.parametrize(("name", "reference"), [("erf", math.erf), ("erfc", math.erfc)])
def test_error_functions_of_float64_are_within_their_units_of_the_library_for_all_exponents(
    name: str, reference: Callable[[float], float]
) -> None:
    x = every_exponent(np.float64)[::10]
    x = np.concatenate([x, RANDOM.uniform(5, 27, 20_000), np.arange(-6, 8, 1 / 512)])
    exact = np.array([reference(number) for number in x.tolist()])
    assert units_off(in_block(NARROW[name][0], x), exact) <= 4  # the library is up to one and a half off itself


def test_the_normal_distribution_of_float64_is_within_its_units_however_small() -> None:
    x = np.concatenate([RANDOM.uniform(-38, 9, 1000), np.arange(-11, 9, 1 / 32), [-10 - 2**-40, -10 + 2**-40]])
    with mpmath.workdps(40):
        exact = [mpmath.erfc(-mpmath.mpf(number) / mpmath.sqrt(2)) / 2 for number in x.tolist()]
        off = [
            abs(found - number) / np.spacing(float(number))
            for found, number in zip(in_block(kernels.normal_cdf, x), exact, strict=True)
        ]
    assert max(off) <= 3


def test_error_functions_of_float64_have_their_limits_and_signs() -> None:
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324])
    np.testing.assert_array_equal(in_block(kernels.erf, x), [0, 0, 1, -1, np.nan, 5e-324])
    np.testing.assert_array_equal(in_block(kernels.erfc, x), [1, 1, 0, 2, np.nan, 1])
    np.testing.assert_array_equal(in_block(kernels.normal_cdf, x), [0.5, 0.5, 1, 0, np.nan, 0.5])
    assert np.signbit(in_block(kernels.erf, x)[:2]).tolist() == [False, True]
    many = every_exponent(np.float64)
    np.testing.assert_array_equal(in_block(kernels.erf, -many), -in_block(kernels.erf, many))


def test_error_functions_turn_back_by_no_more_than_their_error() -> None:
    x = np.sort(every_exponent(np.float32))
    for values in (in_block(kernels.erf, x), -in_block(kernels.erfc, x)):
        assert (np.diff(values) >= -2 * np.spacing(np.abs(values[1:]))).all()


def test_error_functions_stay_within_their_bounds() -> None:
    x = np.linspace(-12, 12, 1_000_001, dtype=np.float32)
    assert np.abs(in_block(kernels.erf, x)).max() == 1
    assert in_block(kernels.erfc, x).max() == 2
    assert in_block(kernels.erfc, x).min() == 0


@pytest.mark.parametrize("name", NARROW)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_error_functions_have_the_special_values_of_scipy(name: str, dtype: Any) -> None:
    kernel, reference, _ = NARROW[name]
    with np.errstate(all="ignore"):
        x = np.array(SPECIAL).astype(dtype)
        expected = reference(x).astype(dtype)
    found = in_block(kernel, x)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


def test_the_normal_distribution_is_as_exact_as_numbers_near_1() -> None:
    x = np.linspace(-12, 12, 300_001).astype(np.float32)
    distance = np.abs(in_block(kernels.normal_cdf, x).astype(np.float64) - scipy.special.ndtr(x.astype(np.float64)))
    assert distance.max() < 1.2e-7
    ends = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e30, -1e30], np.float32)
    np.testing.assert_array_equal(in_block(kernels.normal_cdf, ends), np.array([1, 0, np.nan, 0.5, 0.5, 1, 0], np.float32))


def test_erf_is_odd_to_the_bit() -> None:
    x = every_exponent(np.float32)
    np.testing.assert_array_equal(in_block(kernels.erf, -x), -in_block(kernels.erf, x))


@pytest.fixture(params=TRIGONOMETRIC)
def trigonometric(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Kernel, Callable[..., Any], float]:
    """Sine and cosine in their vector form, on whatever processor."""
    kernel, reference, units = TRIGONOMETRIC[request.param]
    monkeypatch.setattr(kernel, "pays", None)
    return kernel, reference, units


def test_sine_and_cosine_are_within_their_units_for_all_exponents(trigonometric: tuple[Kernel, Any, float]) -> None:
    kernel, reference, units = trigonometric
    quarters = np.arange(1, 4000) * (np.pi / 2)
    near = [quarters, np.nextafter(quarters, 0), quarters * (1 + 1e-11)]
    x = np.concatenate([every_exponent(np.float64), *near, RANDOM.uniform(-3.2, 3.2, 2_000_000)])
    assert units_off(in_block(kernel, x), reference(x)) <= units


def test_sine_and_cosine_stay_within_one(trigonometric: tuple[Kernel, Any, float]) -> None:
    near = np.linspace(-1e-7, 1e-7, 100_001)
    for quarters in range(-3, 4):
        assert np.abs(in_block(trigonometric[0], quarters * (np.pi / 2) + near)).max() <= 1


def test_sine_and_cosine_have_the_special_values_of_numpy(trigonometric: tuple[Kernel, Any, float]) -> None:
    kernel, reference, _ = trigonometric
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan])
    with np.errstate(all="ignore"):
        expected = reference(x)
    found = in_block(kernel, x)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found[:2]), np.signbit(expected[:2]))


def test_sine_is_odd_and_cosine_even_to_the_bit(trigonometric: tuple[Kernel, Any, float]) -> None:
    kernel, reference, _ = trigonometric
    x = every_exponent(np.float64)
    mirrored = in_block(kernel, -x)
    np.testing.assert_array_equal(in_block(kernel, x), -mirrored if reference is np.sin else mirrored)


def test_a_cosine_beside_its_sine_is_the_cosine_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    for kernel in (kernels.sin, kernels.cos, kernels.cos_beside_sin):
        monkeypatch.setattr(kernel, "pays", None)
    x = np.concatenate([every_exponent(np.float64), [0.0, -0.0, np.inf, -np.inf, np.nan]])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(in_block(kernels.cos_beside_sin, x, in_block(kernels.sin, x)), in_block(kernels.cos, x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logaddexp_is_that_of_numpy(dtype: Any) -> None:
    x, y = (RANDOM.standard_normal((2, 50_000)) * 20).astype(dtype)
    special = np.array([np.inf, -np.inf, np.nan, 0.0, 700.0, -3e38], dtype)
    x, y = np.concatenate([x, np.repeat(special, 6)]), np.concatenate([y, np.tile(special, 6)])
    with np.errstate(all="ignore"):
        expected = np.logaddexp(x, y)
    np.testing.assert_allclose(
        in_block(kernels.logaddexp, x, y), expected, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps
    )


BITS = {
    "float32": np.uint32,
    "float64": np.uint64,
    "int32": np.uint32,
    "int64": np.uint64,
    "float16": np.uint16,
    "bool": np.uint8,
}


@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.parametrize("zeros", ["neither", "x", "y", "both"])
def test_where_moves_bits_unchanged(dtype: str, zeros: str) -> None:
    bits = RANDOM.integers(0, 2, (2, 5000)) if dtype == "bool" else RANDOM.integers(0, 1 << 62, (2, 5000))
    x, y = bits.astype(BITS[dtype]).view(dtype)  # not-a-numbers with a payload among them
    x = np.zeros((), dtype) if zeros in ("x", "both") else x
    y = np.zeros((), dtype) if zeros in ("y", "both") else y
    condition = RANDOM.random(5000) < 0.5
    found = kernels.where(condition, x, y, out=np.empty(5000, dtype))
    assert found.tobytes() == np.where(condition, x, y).tobytes()


def test_where_keeps_negative_zero() -> None:
    condition = np.array([True, False])
    found = kernels.where(condition, np.float32(-0.0), np.float32(0.0), out=np.empty(2, np.float32))
    assert np.signbit(found).tolist() == [True, False]


def test_where_broadcasts_its_operands() -> None:
    condition, x, y = RANDOM.random((60, 1)) < 0.5, RANDOM.random((1, 70)), RANDOM.random((60, 70))
    np.testing.assert_array_equal(kernels.where(condition, x, y), np.where(condition, x, y))


# ── every kernel ──

KERNELS = {
    "cos": (kernels.cos, ("float64",)),
    "erf": (kernels.erf, ("float32",)),
    "erf of float64": (kernels.erf, ("float64",)),
    "erfc": (kernels.erfc, ("float32",)),
    "erfc of float64": (kernels.erfc, ("float64",)),
    "normal_cdf": (kernels.normal_cdf, ("float32",)),
    "normal_cdf of float64": (kernels.normal_cdf, ("float64",)),
    "logaddexp": (kernels.logaddexp, ("float32", "float32")),
    "sin": (kernels.sin, ("float64",)),
    "where": (kernels.where, ("bool", "float64", "float64")),
}


def operands_of(name: str, shape: tuple[int, ...]) -> list[np.ndarray]:
    made = [RANDOM.standard_normal(shape) * 3 for _ in KERNELS[name][1]]
    return [x > 0 if dtype == "bool" else x.astype(dtype) for x, dtype in zip(made, KERNELS[name][1], strict=True)]


@pytest.mark.parametrize("name", KERNELS)
def test_the_bits_of_an_element_do_not_depend_on_its_block(name: str) -> None:
    kernel = KERNELS[name][0]
    operands = operands_of(name, (kernels.CHUNK + 777,))
    whole = kernel(*operands)
    for length in (1, 3, 7, 16, 1000):
        for start in (0, 5, 3001, kernels.CHUNK - 2):
            part = in_block(kernel, *(operand[start : start + length].copy() for operand in operands))
            assert part.tobytes() == whole[start : start + length].tobytes()


@pytest.mark.parametrize("name", KERNELS)
def test_the_result_may_take_the_place_of_the_last_operand(name: str) -> None:
    kernel = KERNELS[name][0]
    operands = operands_of(name, (kernels.CHUNK + 777,))
    expected = kernel(*operands)
    target = operands[-1]
    assert kernel(*operands, out=target) is target
    assert target.tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", KERNELS)
def test_operands_and_result_need_not_be_contiguous(name: str) -> None:
    kernel = KERNELS[name][0]
    operands = operands_of(name, (300, 40))
    expected = kernel(*operands)
    turned = [np.asfortranarray(operand)[::-1][:, 3:30] for operand in operands]
    out = np.zeros((600, 27), expected.dtype)
    kernel(*turned, out=out[::2])
    np.testing.assert_array_equal(out[::2], expected[::-1][:, 3:30])
    assert not out[1::2].any()


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (2, 3)])
def test_small_and_empty_arrays_have_their_shape_and_dtype(name: str, shape: tuple[int, ...]) -> None:
    operands = operands_of(name, shape)
    for result in (KERNELS[name][0](*operands), in_block(KERNELS[name][0], *operands)):
        assert (result.shape, result.dtype) == (shape, operands[-1].dtype)


@pytest.mark.parametrize("name", KERNELS)
def test_a_scalar_operand_is_broadcast_over_the_result(name: str) -> None:
    kernel = KERNELS[name][0]
    operands = [operand.reshape(())[()] for operand in operands_of(name, (1,))]
    expected = in_block(kernel, *map(np.asarray, operands))
    found = kernel(*map(np.asarray, operands), out=np.empty((2, 3), expected.dtype))
    np.testing.assert_array_equal(found, np.full((2, 3), expected))


# ── powers ──

EXPONENTS = {-2: lambda x: 1 / (x * x), -1: lambda x: 1 / x, -0.5: lambda x: 1 / np.sqrt(x), 0.5: np.sqrt, 3: lambda x: x * x * x}


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_power_is_the_product_or_root_that_pytorch_takes(exponent: float, dtype: Any) -> None:
    x = np.concatenate([RANDOM.standard_normal(1000), SPECIAL]).astype(dtype)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(power(x, np.array(exponent, dtype)), EXPONENTS[exponent](x))


@pytest.mark.parametrize("kernel", [kernels.sin, kernels.logaddexp, kernels.where])
def test_an_operand_may_lie_in_the_memory_of_the_result_in_another_order(kernel: Kernel) -> None:
    x = RANDOM.standard_normal((1, kernels.CHUNK + 1000))
    flipped = {kernels.sin: (x[:, ::-1],), kernels.logaddexp: (x, x[:, ::-1]), kernels.where: (x < 0, x, x[:, ::-1])}[kernel]
    expected = in_block(kernel, *[operand.copy() for operand in flipped])
    np.testing.assert_array_equal(kernel(*flipped, out=x), expected)
