"""Softmax and its logarithm, and the logarithm of a sum of exponentials, without overflow."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Dims
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.dims import axes_of
from gradcli.functions.elementwise import exp, isinf, log, neg, sub
from gradcli.functions.extreme import amax
from gradcli.functions.reduce import kept, spread, widened
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import require_floating
from gradcli.functions.shape import view_as_shape
from gradcli.lazy import DType, settings
from gradcli.lazy.shapes import normalize_dim, reduced

# ── softmax ──


def _shifted(input: Tensor, dim: int) -> tuple[Tensor, tuple[int, ...]]:
    """The input with the largest element along a dimension at 0, wide enough to sum exponentials, and the axes of the sum."""
    axis = normalize_dim(dim, input.ndim)
    axes = (axis,) if input.ndim else ()
    wide = widened(input)
    return (sub(wide, amax(wide, axes, True)) if axes else wide * 0), axes


def _check_kernel(name: str, input: Tensor, dim: int) -> None:
    """Refuse whole numbers, unless there are none: PyTorch asks its kernel only for tensors with elements."""
    axis = normalize_dim(dim, input.ndim)
    if input.shape.numel():
        is_last = axis == max(input.ndim - 1, 0)
        require_floating(f"{name}_lastdim_kernel_impl" if is_last else f"{name}_kernel_impl", input)


def softmax_cotangent(g: Tensor, result: Tensor, dim: int) -> Tensor:
    """(g - sum(g * result, dim)) * result, where g - sum is as exact as it can be near 1."""
    weighted = g * result
    return (g - (total(weighted, dim, True) if g.ndim else weighted)) * result


@function("SoftmaxBackward0", name="softmax", public=False, examples=("softmax(x, 1)",), d_input=softmax_cotangent)
def softmax_along(input: Tensor, dim: int) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension, without overflow."""
    _check_kernel("softmax", input, dim)
    if not input.shape.numel():
        return input
    shifted, axes = _shifted(input, dim)
    weights = exp(shifted)
    return to(weights / total(weights, axes, True) if axes else weights, input.dtype)


@function(
    "LogSoftmaxBackward0",
    name="log_softmax",
    public=False,
    examples=("log_softmax(x, 1)",),
    d_input=lambda g, result, dim: g - exp(result) * (total(g, dim, True) if g.ndim else g),
)
def log_softmax_along(input: Tensor, dim: int) -> Tensor:
    """The logarithm of softmax along a dimension, without overflow."""
    _check_kernel("log_softmax", input, dim)
    if not input.shape.numel():
        return input
    shifted, axes = _shifted(input, dim)
    return to(shifted - log(total(exp(shifted), axes, True)) if axes else shifted, input.dtype)


@function(aliases=("torch.special.softmax",), forms=(softmax_along,))
def softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension, without overflow."""
    return softmax_along(to(input, dtype) if dtype is not None else input, dim)


@function(aliases=("torch.special.log_softmax",), forms=(log_softmax_along,))
def log_softmax(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
    """The logarithm of softmax along a dimension, without overflow."""
    return log_softmax_along(to(input, dtype) if dtype is not None else input, dim)


def _usual_dim(input: Tensor, dim: int | None) -> int:
    """The dimension that PyTorch takes where none is given."""
    return dim if dim is not None else 0 if input.ndim in (0, 1, 3) else 1


@function(name="softmax", namespace=NN, forms=(softmax_along,), examples=("F.softmax(x, dim=1)",))
def functional_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension, without overflow."""
    return softmax(input, _usual_dim(input, dim), dtype)


@function(name="log_softmax", namespace=NN, forms=(log_softmax_along,), examples=("F.log_softmax(x, dim=1)",))
def functional_log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """The logarithm of softmax along a dimension, without overflow."""
    return log_softmax(input, _usual_dim(input, dim), dtype)


@function(namespace=NN, forms=(softmax_along,), examples=("F.softmin(x, dim=1)",))
def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """softmax of -x."""
    return softmax(neg(input), _usual_dim(input, dim), dtype)


# ── log-sum-exp ──


@function(
    "LogsumexpBackward0",
    aliases=("torch.special.logsumexp",),
    examples=("logsumexp(x, 1)",),
    d_input=lambda g, input, result, dim, keepdim: (
        spread(g, input.shape, dim, keepdim) * exp(input - kept(result, input.shape, dim, keepdim))
    ),
)
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """log(total(exp(x))) along dimensions, without overflow."""
    axes = axes_of(input.ndim, dim)
    if not input.dtype.is_floating:
        input = to(input, settings.default_dtype)
    if not input.shape.numel():  # no element to shift by
        return log(total(exp(input), axes or None, keepdim))
    wide = widened(input)
    largest = amax(wide, axes, True) if input.ndim else wide
    shift = where(isinf(largest), 0.0, largest)
    result = log(total(exp(wide - shift), axes or None, bool(axes))) + shift
    return to(view_as_shape(result, reduced(input.shape, axes, keepdim)), input.dtype)
