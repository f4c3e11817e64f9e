"""A device library without a device: array-api-strict on its second fake device, which refuses every copy that is not asked for.

It has the functions of the standard and no others; what each library brings itself is made here from its elements.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import array_api_strict
import numpy as np
import scipy.special

from gradcli.engine.devices.library import Library
from gradcli.engine.devices.special import own_functions
from gradcli.engine.special import lgamma

DEVICE = array_api_strict.Device("device1")


def on_elements(function: Callable[..., np.ndarray]) -> Callable[..., Any]:
    """A function of NumPy as one of the device: the result is where the operands are."""

    def on_device(*arrays: Any) -> Any:
        assert all(array.device == DEVICE for array in arrays)
        return array_api_strict.asarray(np.asarray(function(*[array._array for array in arrays])), device=DEVICE)

    return on_device


def _assigned(target: np.ndarray, positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    target[positions] = values
    return target


def _fmod(x: np.ndarray, y: np.ndarray) -> Any:
    assert x.dtype.kind == "f", "CuPy's of integers goes by way of float64"
    return np.fmod(x, y)


def _floor_divide(x: np.ndarray, y: np.ndarray) -> Any:
    assert x.dtype.kind != "f", "CuPy's of floating numbers is the floor of a quotient that may have been rounded up"
    return np.floor_divide(x, y)


class _Namespace:
    """array-api-strict, and the functions that every device library's namespace has besides."""

    exp2, fmax, fmin, fmod = map(staticmethod, map(on_elements, (np.exp2, np.fmax, np.fmin, _fmod)))
    floor_divide = staticmethod(on_elements(_floor_divide))

    def __getattr__(self, name: str) -> Any:
        return getattr(array_api_strict, name)


class Strict(Library):
    """The standard, and what the table expects beyond it; counts the copies between host and device."""

    def __init__(self) -> None:
        super().__init__(_Namespace(), "cuda:0", DEVICE)
        own = {**own_functions(np, scipy.special, np.frexp), "lgamma": lgamma}
        self.own = {primitive: on_elements(function) for primitive, function in own.items()}
        self.sent: list[tuple[int, ...]] = []
        self.fetched: list[tuple[int, ...]] = []

    def working(self) -> AbstractContextManager[Any]:
        """No device warns."""
        return np.errstate(all="ignore")

    def send(self, buffer: np.ndarray) -> Any:
        """A copy on the device, counted."""
        self.sent.append(buffer.shape)
        return self.xp.asarray(buffer, device=DEVICE, copy=True)

    def fetch(self, array: Any) -> np.ndarray:
        """A copy on the host, counted."""
        self.fetched.append(array.shape)
        return np.asarray(array.to_device(array_api_strict.Device("CPU_DEVICE")))

    def assign(self, target: Any, index: Any, values: Any) -> Any:
        """The standard assigns to slices only."""
        if isinstance(index, tuple):
            return super().assign(target, index, values)
        return on_elements(_assigned)(target, index, values)
