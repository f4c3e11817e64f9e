"""Evaluators by the name of a device: which library computes there, and what to install where none can."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from gradcli.errors import DeviceUnavailable

if TYPE_CHECKING:
    from gradcli.engine.devices.library import Library
    from gradcli.lazy.settings import Evaluator

_NAME = r"(?:(?P<library>cupy|torch|jax):)?(?P<kind>cpu|cuda)(?::(?P<number>\d{1,4}))?"
_INSTALL = {
    None: "pip install 'gradcli[cuda]' brings CuPy; an installed PyTorch or JAX with CUDA is taken as well",
    "cupy": "pip install 'gradcli[cuda]' brings CuPy, which needs an NVIDIA GPU and its driver",
    "torch": "pip install torch array-api-compat; for cuda a PyTorch that is built for it",
    "jax": "pip install jax; for cuda 'jax[cuda12]'",
}

#: The libraries in the order of preference: the package each is imported as, and its name.
NAMES = {"cupy": "CuPy", "torch": "PyTorch", "jax": "JAX"}


def evaluate_on(device: str) -> Evaluator:
    """The evaluator of `cpu`, `cuda` or `cuda:N`; with a library in front, as in `torch:cuda` or `jax:cpu`, of that one.

    `torch:cpu` and `jax:cpu` try a device library without a GPU.

    Raises:
        DeviceUnavailable: the name is none of these, or no library or device is there for it.
    """
    if device == "cpu":
        from gradcli.engine.evaluation import evaluate

        return evaluate
    from gradcli.engine.devices.evaluator import DeviceEvaluator

    return DeviceEvaluator(library_of(device))


def library_of(device: str) -> Library:
    """The library that computes on a device: the one named, or the first that sees it."""
    from gradcli.engine.devices import driver

    match = re.fullmatch(_NAME, device)
    if match is None or (match["kind"] == "cpu" and not match["library"]):
        raise DeviceUnavailable(f"there is no device {device!r}", hint="devices are called cpu, cuda, cuda:0, cuda:1, ...")
    kind, number, install = match["kind"], int(match["number"] or 0), _INSTALL[match["library"]]
    if kind == "cuda" and not driver.may_be_there():
        raise DeviceUnavailable(
            f"device {device} is not available: this machine has no driver of a GPU, neither libcuda.so.1 nor /dev/nvidiactl",
            hint=f"first the driver, which a container gets by --gpus all; then a library: {install}",
        )
    reasons = []
    for package in [match["library"]] if match["library"] else NAMES:
        try:
            return _library(package, kind, number)
        except DeviceUnavailable as reason:
            reasons.append(reason.message)
        except (ImportError, OSError, ValueError) as error:  # the last of what was built for another NumPy
            reasons.append(f"{NAMES[package]} cannot be imported: {error}")
        except RuntimeError as error:  # so CUDA says that its driver is too old
            reasons.append(f"{NAMES[package]} finds no device: {error}")
    raise DeviceUnavailable(f"device {device} is not available: {'; '.join(reasons)}", hint=install)


def _library(package: str, kind: str, number: int) -> Library:
    from importlib.util import find_spec

    from gradcli.engine.devices import libraries

    needed = (package,) if package == "jax" else (package, "array_api_compat")
    for each in needed:
        if find_spec(each) is None:
            raise DeviceUnavailable(f"{NAMES.get(each, each)} is not installed")
    classes: dict[str, Callable[[str, int], Library]] = {
        "cupy": libraries.CuPy,
        "torch": libraries.PyTorch,
        "jax": libraries.Jax,
    }
    return classes[package](kind, number)
