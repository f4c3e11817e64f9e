"""Logarithms of sums and of odds, exact where the plain formula overflows or loses its digits."""

from __future__ import annotations

from math import log as ln

from gradcli.autograd import Tensor
from gradcli.functions.conditional import where
from gradcli.functions.create import as_floating
from gradcli.functions.declare import function
from gradcli.functions.elementwise import (
    abs,
    eq,
    exp,
    exp2,
    isnan,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    mul,
    reciprocal,
    sigmoid,
)
from gradcli.functions.join import cat
from gradcli.functions.pointwise import binary, unary
from gradcli.functions.refusals import only_whole_numbers, require_floating
from gradcli.functions.slices import slice_
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.shapes import normalize_dim

# ── two operands ──

logaddexp = binary(
    "logaddexp",
    "log(exp(x) + exp(y)) without overflow",
    lambda x, y: sigmoid(x - y),
    lambda x, y: sigmoid(y - x),
    in_place=False,
    tensors_only=True,
    refuse=only_whole_numbers("logaddexp_cpu"),
)


def _logaddexp2(x: Tensor, y: Tensor) -> Tensor:
    """The larger plus log2(1 + 2**-|x - y|); two equal infinities stay what they are."""
    gap = where(eq(x, y), 0.0, abs(x - y))
    return maximum(x, y) + log1p(exp2(-gap)) / ln(2)


logaddexp2 = binary(
    "logaddexp2",
    "log2(2**x + 2**y) without overflow",
    lambda x, y: reciprocal(exp2(y - x) + 1),
    lambda x, y: reciprocal(exp2(x - y) + 1),
    formula=_logaddexp2,
    in_place=False,
    tensors_only=True,
    refuse=only_whole_numbers("logaddexp2_cpu"),
)
xlog1py = binary(
    "xlog1py",
    "x * log(1 + y), and 0 where x is 0",
    lambda x, y: where(logical_and(eq(x, 0), y <= -1), 0.0, log1p(y)),
    lambda x, y: x / (y + 1),
    formula=lambda x, y: where(logical_and(eq(x, 0), logical_not(isnan(y))), 0.0, x * log1p(y)),
    namespace="torch.special",
    grad_fn="SpecialXlog1PyBackward0",
    names_with_number=("SpecialXlog1PyBackward1", "SpecialXlog1PyBackward2"),
    floating=True,
    domain=(-0.6, 3.0),
)

# ── one operand ──

entr = unary(
    "entr",
    "-x * log(x), 0 where x is 0 and -inf where it is negative",
    lambda x: -(log(x) + 1),
    formula=lambda x: where(x < 0, float("-inf"), where(eq(x, 0), 0.0, -x * log(x))),
    namespace="torch.special",
    grad_fn="SpecialEntrBackward0",
    domain=(0.3, 3.0),
)


def _slope_of_logit(input: Tensor, eps: float | None) -> Tensor:
    """1 / (x * (1 - x)); beyond the bounds 0, or nan where there are none."""
    low, beyond = (0.0, float("nan")) if eps is None else (eps, 0.0)
    is_beyond = logical_or(input < low, input > 1 - low)
    return where(is_beyond, beyond, reciprocal(input * (1 - input)))


@function(
    "LogitBackward0",
    in_place=True,
    aliases=("torch.special.logit",),
    laid_out_as=("input",),
    examples=("logit(x.sigmoid())", "logit(x, 0.1)"),
    kink="0 beyond eps and 1 - eps, 1 / (x * (1 - x)) at them",
    d_input=lambda g, input, eps: g * _slope_of_logit(input, eps),
)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)), the inverse of sigmoid; with eps, of x moved to between eps and 1 - eps."""
    x = as_floating(input)
    if eps is not None:
        x = where(x < eps, eps, where(x > 1 - eps, 1 - eps, x))
    odds = x / (1 - x)
    return where(x < 0.25, log(odds), log1p((x * 2 - 1) / (1 - x)))  # 2*x - 1 is exact: so is the logarithm of odds near 1


# ── running ──


def _decayed_sum(g: Tensor, result: Tensor, axis: int) -> Tensor:
    """The sum of g[i] * exp(result[k] - result[i]) over all i from k on, along an axis where the result never falls.

    Each step adds to the sum of a stretch that of the stretch behind it, and makes the stretches twice as long.
    """
    length = result.shape[axis]
    sums, width = g, 1
    while width < length:
        here, there = slice_(result, axis, 0, length - width, 1), slice_(result, axis, width, length - width, 1)
        decay = where(eq(here, there), 1.0, exp(here - there))
        added = slice_(sums, axis, 0, length - width, 1) + mul(decay, slice_(sums, axis, width, length - width, 1))
        sums = cat((added, slice_(sums, axis, length - width, width, 1)), axis)
        width *= 2
    return sums


@function(
    "LogcumsumexpBackward0",
    examples=("logcumsumexp(x, 0)",),
    d_input=lambda g, input, result, dim: (
        (_decayed_sum(g, result, normalize_dim(dim, input.ndim)) if input.ndim else g) * exp(input - result)
    ),
)
def logcumsumexp(input: Tensor, dim: int) -> LazyArray:
    """log(cumsum(exp(x))) along a dimension, without overflow."""
    axis = normalize_dim(dim, input.ndim)
    require_floating("logcumsumexp_out_cpu", input)
    return ops.scan("logcumsumexp", input.array, axis)
