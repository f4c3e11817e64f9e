"""Sums by the matrix library are NumPy's, as exact as these, for every shape and order of elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.engine.sums import FEW, sum_of_block, sum_of_products
from gradcli.lazy import LazyArray
from gradcli.lazy.dtypes import float32, float64, int64
from gradcli.lazy.shapes import Size, reduced

RANDOM = np.random.default_rng(0)
DTYPES = {"float32": float32, "float64": float64, "int64": int64}
SHAPES = [
    ((FEW - 1,), (0,)),
    ((100_003,), (0,)),
    ((1024, 256), (1,)),
    ((1024, 256), (0,)),
    ((1024, 256), (0, 1)),
    ((262, 1000), (1,)),
    ((4, 65_537), (1,)),
    ((65_537, 4), (0,)),
    ((4096, 10), (1,)),
    ((4096, 10), (0,)),
    ((4096, 1), (1,)),
    ((30, 40, 50), (1, 2)),
    ((30, 40, 50), (0, 1)),
    ((30, 40, 50), (1,)),
    ((30, 40, 50), (0, 2)),
    ((0, 5), (0,)),
    ((5000, 0), (1,)),
]


LARGE = [((2000, 256), (1,)), ((2000, 1000), (1,)), ((1000, 2000), (0,)), ((400, 8192), (1,))]


def node(x: np.ndarray, axes: tuple[int, ...], keepdims: bool) -> LazyArray:
    return LazyArray("sum", (), (axes, keepdims), reduced(Size(x.shape), axes, keepdims), DTYPES[x.dtype.name])


def laid_out(x: np.ndarray) -> list[np.ndarray]:
    """The same elements in other orders, with gaps, and all the same."""
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return [x, np.asfortranarray(x), wide[..., ::2], x[::-1], np.broadcast_to(x[:1], x.shape)]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "axes"), SHAPES)
def test_a_sum_is_that_of_numpy(shape: tuple[int, ...], axes: tuple[int, ...], dtype: str, keepdims: bool) -> None:
    for x in laid_out((RANDOM.random(shape) * 100).astype(dtype)):
        found, expected = sum_of_block(node(x, axes, keepdims), [x]), x.sum(axis=axes, keepdims=keepdims)
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, rtol=1e-4 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "axes"), SHAPES)
def test_a_sum_of_products_is_that_of_the_products(
    shape: tuple[int, ...], axes: tuple[int, ...], dtype: str, keepdims: bool
) -> None:
    for x, y in zip(laid_out(RANDOM.random(shape).astype(dtype)), laid_out(RANDOM.random(shape).astype(dtype)), strict=True):
        found, expected = (
            sum_of_products(node(x, axes, keepdims), [x, y]),
            (x * y).sum(axis=axes, keepdims=keepdims, dtype=np.longdouble).astype(dtype),
        )
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, rtol=1e-4 if dtype == "float32" else 1e-12)


def error(found: Any, exact: np.ndarray) -> float:
    """The root of the mean square of relative errors, in units of the dtype's precision."""
    relative = (found.astype(np.longdouble) - exact) / exact
    return float(np.sqrt(np.mean(relative**2)) / np.finfo(found.dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "axes"), [((2000, 256), (1,)), ((2000, 1000), (1,)), ((1000, 2000), (0,)), ((400, 8192), (1,))]
)
def test_a_sum_is_as_exact_as_numpy_s(shape: tuple[int, ...], axes: tuple[int, ...], dtype: str) -> None:
    x = RANDOM.random(shape).astype(dtype)
    exact = x.astype(np.longdouble).sum(axis=axes)
    assert error(sum_of_block(node(x, axes, False), [x]), exact) < 1.1 * error(x.sum(axis=axes), exact)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_in_its_row(special: float) -> None:
    x = np.ones((100, 300), np.float32)
    x[7, 299] = special
    found = sum_of_block(node(x, (1,), False), [x])
    np.testing.assert_array_equal(found, x.sum(axis=1))
    assert np.isfinite(np.delete(found, 7)).all()
