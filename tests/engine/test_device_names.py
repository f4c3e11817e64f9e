"""Devices by name: what is there is found, and what is not there is an error that says what to install."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from gradcli.engine import devices
from gradcli.engine.devices import driver, evaluate_on
from gradcli.engine.evaluation import evaluate
from gradcli.errors import DeviceUnavailable


def without(*packages: str) -> Callable[[str], Any]:
    return lambda name: None if name in packages else find_spec(name)


@pytest.fixture
def with_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "may_be_there", lambda: True)


def test_cpu_is_the_own_engine() -> None:
    assert evaluate_on("cpu") is evaluate


@pytest.mark.parametrize(
    "name", ["gpu", "", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "numpy:cpu", "cuda:0:0", "cuda:99999"]
)
def test_a_name_that_no_device_has_is_an_error_with_the_names(name: str) -> None:
    with pytest.raises(DeviceUnavailable, match="there is no device") as caught:
        evaluate_on(name)
    assert caught.value.exit_code == 5
    assert "cuda:0" in (caught.value.hint or "")


@pytest.mark.usefixtures("with_a_driver")
def test_without_libraries_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", without("cupy", "torch", "jax"))
    with pytest.raises(DeviceUnavailable) as caught:
        evaluate_on("cuda:1")
    assert caught.value.message == (
        "device cuda:1 is not available: CuPy is not installed; PyTorch is not installed; JAX is not installed"
    )
    assert "pip install 'gradcli[cuda]'" in (caught.value.hint or "")


def test_a_library_named_is_the_only_one_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", without("cupy", "torch", "jax"))
    with pytest.raises(DeviceUnavailable, match=r"^device jax:cpu is not available: JAX is not installed$") as caught:
        evaluate_on("jax:cpu")
    assert "pip install jax" in (caught.value.hint or "")


@pytest.mark.usefixtures("with_a_driver")
@pytest.mark.parametrize(
    "error",
    [
        ImportError("libcudart.so.12: cannot open shared object file"),
        OSError("libcublas.so.12: undefined symbol: cublasLtGetStatusString"),
        ValueError("numpy.dtype size changed, may indicate binary incompatibility"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_library_that_cannot_be_imported_says_why(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(package: str, kind: str, number: int) -> None:
        raise error

    monkeypatch.setattr(devices, "_library", broken)
    with pytest.raises(DeviceUnavailable, match=f"CuPy cannot be imported: {error}"):
        evaluate_on("cuda")


@pytest.mark.usefixtures("with_a_driver")
def test_a_driver_that_does_not_fit_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(package: str, kind: str, number: int) -> None:
        raise RuntimeError("cudaErrorInsufficientDriver")

    monkeypatch.setattr(devices, "_library", broken)
    with pytest.raises(DeviceUnavailable, match="CuPy finds no device: cudaErrorInsufficientDriver"):
        evaluate_on("cuda")


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_a_number_beyond_the_devices_says_how_many_there_are(library: str) -> None:
    pytest.importorskip(library)
    pytest.importorskip("array_api_compat")
    with pytest.raises(DeviceUnavailable, match="sees one cpu device, number 0"):
        evaluate_on(f"{library}:cpu:1")


@pytest.mark.parametrize("name", ["cuda", "cuda:1", "cupy:cuda", "torch:cuda", "jax:cuda"])
def test_without_a_driver_no_library_is_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "may_be_there", lambda: False)
    monkeypatch.setattr(devices, "_library", lambda *_: pytest.fail("a library is imported"))
    with pytest.raises(DeviceUnavailable, match=f"device {name} is not available: this machine has no driver of a GPU") as caught:
        evaluate_on(name)
    assert caught.value.exit_code == 5
    assert "pip install" in (caught.value.hint or "")


def test_a_driver_may_be_there_where_a_trace_or_its_library_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not driver.may_be_there([str(tmp_path / "nvidiactl")], ["libnothing.so.1"])
    assert driver.may_be_there([str(tmp_path / "nvidiactl"), str(tmp_path)], ["libnothing.so.1"])
    assert driver.may_be_there([], ["libnothing.so.1", "libc.so.6"])
    monkeypatch.setattr(sys, "platform", "win32")  # where only the libraries know
    assert driver.may_be_there([], [])
