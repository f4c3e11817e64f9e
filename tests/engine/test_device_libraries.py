"""What is done with CuPy, over a CuPy that is NumPy: a GPU's threads assign in any order, and so does this one; and with JAX."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.special

from gradcli.engine.devices.libraries import CuPy, Jax

compat = pytest.importorskip("array_api_compat", reason="CuPy's namespace is array-api-compat's")


class Shuffled(np.ndarray):
    """An array whose elements are assigned in any order: of several for one place any may be the last."""

    random = np.random.default_rng(0)

    def __setitem__(self, index: Any, values: Any) -> None:
        order = self.random.permutation(len(index)) if isinstance(index, np.ndarray) else slice(None)
        super().__setitem__(index[order], values[order])


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> Iterator[CuPy]:
    import array_api_compat.numpy as namespace

    runtime = SimpleNamespace(getDeviceCount=lambda: 1)
    cuda = SimpleNamespace(is_available=lambda: True, runtime=runtime, Device=lambda number: nullcontext())
    scipy_of_it = SimpleNamespace(special=scipy.special)
    modules = {
        "cupy": SimpleNamespace(cuda=cuda, frexp=np.frexp, asnumpy=np.asarray),
        "cupyx": SimpleNamespace(scipy=scipy_of_it),
        "cupyx.scipy": scipy_of_it,
        "array_api_compat.cupy": namespace,
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(compat, "cupy", namespace, raising=False)
    return CuPy("cuda", 0)


def test_sums_at_repeated_positions_have_the_same_bits_in_every_run(cupy: CuPy) -> None:
    random = np.random.default_rng(7)
    positions = random.integers(0, 40, 3000)
    values = random.standard_normal(3000).astype(np.float32) * np.float32(10) ** random.integers(-6, 6, 3000)
    runs = [cupy.join_at(np.zeros(50, np.float32).view(Shuffled), positions, values, "add") for _ in range(5)]
    expected = np.zeros(50)
    np.add.at(expected, positions, values)
    for run in runs:
        np.testing.assert_array_equal(run, runs[0])
        np.testing.assert_allclose(run, expected, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32, np.int64, np.float16, np.float64])
@pytest.mark.parametrize("count", [1, 2, 3, 17])
def test_every_element_type_has_sums_at_repeated_positions(dtype: Any, count: int, cupy: CuPy) -> None:
    positions, values = np.arange(count) % 3, np.arange(count).astype(dtype)
    expected = np.ones(4, dtype)
    np.add.at(expected, positions, values)
    found = cupy.join_at(np.ones(4, dtype).view(Shuffled), positions, values, "add")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


def test_a_full_memory_that_cupy_only_writes_about_is_an_error(cupy: CuPy, monkeypatch: pytest.MonkeyPatch) -> None:
    def sorted_without_memory(array: Any, **options: Any) -> Any:
        error = MemoryError("Out of memory allocating 1,024 bytes")
        sys.unraisablehook(SimpleNamespace(exc_value=error))  # type: ignore[arg-type]
        return np.full_like(array, 7)

    monkeypatch.setattr(cupy, "xp", SimpleNamespace(argsort=sorted_without_memory))
    before = sys.unraisablehook
    with pytest.raises(MemoryError, match="Out of memory"):
        cupy.argsort(np.array([3, 1, 2]), 0)
    assert sys.unraisablehook is before


@pytest.mark.parametrize("primitive", ["add", "maximum", "minimum", "mul"])
def test_jax_compiles_many_repeated_positions_in_useful_time(primitive: str) -> None:
    jax = pytest.importorskip("jax")
    library = Jax("cpu", 0)
    positions, values = np.arange(1 << 20) % 7, np.resize([1.0, -1.0, 1.0], 1 << 20)
    with library.working():
        joined = jax.jit(lambda *arrays: library.join_at(*arrays, primitive))
        found = library.fetch(joined(*map(library.send, (np.ones(8), positions, values))))
    expected = np.ones(8)
    {"add": np.add, "maximum": np.maximum, "minimum": np.minimum, "mul": np.multiply}[primitive].at(expected, positions, values)
    np.testing.assert_array_equal(found, expected)
