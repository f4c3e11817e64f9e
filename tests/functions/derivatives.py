"""Derivatives of functions from numbers to compare with: differences, and the definition of an adjoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli import functions as f
from gradcli.autograd import Tensor, gradients
from gradcli.lazy import ops
from gradcli.lazy.dtypes import float64

Function = Callable[[Tensor], Tensor]


def leaf(values: Any) -> Tensor:
    """A tensor that requires grad."""
    return Tensor(ops.from_buffer(np.asarray(values, dtype=float), float64), True)


def grad(function: Function, values: Any, weights: Any = None) -> np.ndarray:
    """The gradient of the weighted sum of the result."""
    x = leaf(values)
    return gradient_at(function, x, weights).numpy()


def gradient_at(function: Function, x: Tensor, weights: Any = None, create_graph: bool = False) -> Tensor:
    """The gradient of the weighted sum of the result, itself recorded on request."""
    result = function(x)
    cotangent = leaf(np.broadcast_to(1.0 if weights is None else weights, result.shape)).detach()
    (found,) = gradients([result], [x], [cotangent], create_graph=create_graph)
    assert found is not None
    return found


def is_adjoint(function: Function, values: Any) -> bool:
    """Whether <pullback(g), x> = <g, f(x)>, as it must be for a linear function."""
    x = leaf(values)
    result = function(x)
    g = np.cos(np.arange(1.0, result.shape.numel() + 1)).reshape(result.shape)
    pulled = grad(function, values, g)
    return bool(np.isclose((pulled * x.numpy()).sum(), (g * result.numpy()).sum()))


def agrees_with_differences(function: Function, values: Any, step: float = 1e-6) -> bool:
    """Whether the first derivative, and the derivative of it, are those of central differences."""
    point = np.asarray(values, dtype=float)
    weights = np.sin(np.arange(1.0, function(leaf(point)).shape.numel() + 1)).reshape(function(leaf(point)).shape)

    def total(at: np.ndarray) -> float:
        return float((function(leaf(at)).numpy() * weights).sum())

    def derivative(at: np.ndarray) -> np.ndarray:
        return grad(function, at, weights)

    x = leaf(point)
    first = gradient_at(function, x, weights, create_graph=True)
    if not np.allclose(first.numpy(), _differences(total, point, step), atol=1e-7):
        return False
    if not first.requires_grad:
        return True
    (second,) = gradients([f.METHODS["sum"](first * first)], [x], allow_unused=True)
    expected = _differences(lambda at: float((derivative(at) ** 2).sum()), point, step)
    return np.allclose(0.0 if second is None else second.numpy(), expected, atol=1e-6)


def _differences(total: Callable[[np.ndarray], float], point: np.ndarray, step: float) -> np.ndarray:
    result = np.zeros_like(point)
    for position in np.ndindex(point.shape):
        beside = [point.copy(), point.copy()]
        beside[0][position] += step
        beside[1][position] -= step
        result[position] = (total(beside[0]) - total(beside[1])) / (2 * step)
    return result
