"""Variances and standard deviations, alone and together with the mean."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch
from gradcli.functions.arguments import Dims
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.dims import axes_of
from gradcli.functions.elementwise import eq, sqrt
from gradcli.functions.reduce import count, mean, shared_out, spread, sum, widened
from gradcli.lazy import Size, ops


def _variance(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    """The variance, wide enough for sums of squares."""
    _refuse_integers("std and var", input)
    centred = _centred(input, dim)
    total = sum(centred * centred, axes_of(input.ndim, dim) or None, keepdim)
    return total / max(0.0, count(input.shape, dim) - correction)


def _centred(input: Tensor, dim: Dims) -> Tensor:
    """How far each element is from the mean. Counted from the first element, so that equal elements are at exactly 0."""
    input = widened(input)
    axes = axes_of(input.ndim, dim)
    firsts = tuple((0, 1 if size and axis in axes else size, 1) for axis, size in enumerate(input.shape))
    shifted = input - Tensor(ops.slice_(input.array, firsts))
    return shifted - mean(shifted, axes or None, keepdim=bool(input.ndim))


def _refuse_integers(name: str, input: Tensor) -> None:
    if not input.dtype.is_floating:
        message = f"{name} only support floating point and complex dtypes"
        raise DTypeMismatch.as_torch(message, hint="convert it with .float()")


def _variance_cotangent(g: Tensor, input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    """2 * g * (x - mean) / (n - correction)."""
    centred = _centred(input, dim)
    scale = 2.0 / max(0.0, count(input.shape, dim) - correction) if count(input.shape, dim) > correction else float("nan")
    return to(spread(g, input.shape, dim, keepdim) * centred * scale, input.dtype)


def _deviation_cotangent(g: Tensor, input: Tensor, result: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    """g * (x - mean) / ((n - correction) * result), and 0 where the variance is 0."""
    is_zero = eq(result, 0)
    slope = g * where(is_zero, 0.0, 0.5 / where(is_zero, 1.0, result))  # the inner choice keeps further derivatives finite
    return _variance_cotangent(slope, input, dim, correction, keepdim)


@function("VarBackward0", public=False, name="var", examples=("var(x)", "var(x, 1)"), d_input=_variance_cotangent)
def variance(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    """The variance with a correction to the number of degrees of freedom."""
    return to(_variance(input, dim, correction, keepdim), input.dtype)


@function(
    "StdBackward0",
    public=False,
    name="std",
    examples=("std(x)", "std(x, 1)"),
    d_input=_deviation_cotangent,
    kink="0 where the variance is 0",
)
def deviation(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    """The standard deviation with a correction to the number of degrees of freedom."""
    return to(sqrt(_variance(input, dim, correction, keepdim)), input.dtype)


def _mean_cotangent(g_mean: Tensor, input_shape: Size, dim: Dims, keepdim: bool) -> Tensor:
    """g spread over the n elements, divided by n."""
    return spread(shared_out(g_mean, count(input_shape, dim)), input_shape, dim, keepdim)


@function(
    "VarMeanBackward0",
    public=False,
    name="var_mean",
    results=("var", "mean"),
    returns_named=False,
    examples=("var_mean(x, 1)[0]",),
    d_input=lambda g_var, g_mean, input, dim, correction, keepdim: (
        _variance_cotangent(g_var, input, dim, correction, keepdim) + _mean_cotangent(g_mean, input.shape, dim, keepdim)
    ),
)
def variance_and_mean(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
    _refuse_integers("var_mean", input)
    average = mean(input, axes_of(input.ndim, dim) or None, keepdim)
    return variance(input, dim, correction, keepdim), average


@function(
    "StdMeanBackward0",
    public=False,
    name="std_mean",
    results=("std", "mean"),
    returns_named=False,
    examples=("std_mean(x, 1)[0]",),
    d_input=lambda g_std, g_mean, input, std, dim, correction, keepdim: (
        _deviation_cotangent(g_std, input, std, dim, correction, keepdim) + _mean_cotangent(g_mean, input.shape, dim, keepdim)
    ),
)
def deviation_and_mean(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
    _refuse_integers("std_mean", input)
    average = mean(input, axes_of(input.ndim, dim) or None, keepdim)
    return deviation(input, dim, correction, keepdim), average


def _spread_function(name: str, form: Any, doc: str) -> Any:
    """Declare var, std and their pairs with the mean, which all take dim, unbiased, correction and keepdim alike."""

    def measure(
        input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Scalar | None = None
    ) -> Any:
        if isinstance(dim, bool):  # var(x, False) is var(x, unbiased=False)
            dim, unbiased = None, dim
        degrees = correction if correction is not None else 0 if unbiased is False else 1
        return form(input, dim, degrees, keepdim)

    measure.__doc__ = doc
    return function(name=name, forms=(form,))(measure)


var = _spread_function("var", variance, "The variance, over all elements or some dimensions.")
std = _spread_function("std", deviation, "The standard deviation, over all elements or some dimensions.")
var_mean = _spread_function("var_mean", variance_and_mean, "The variance and the mean.")
std_mean = _spread_function("std_mean", deviation_and_mean, "The standard deviation and the mean.")
