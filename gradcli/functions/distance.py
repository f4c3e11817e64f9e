"""Distances between rows: of all pairs, and of those that stand side by side."""

from __future__ import annotations

from math import inf

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import abs as magnitude
from gradcli.functions.elementwise import add, eq, ne, sign, sqrt, sub
from gradcli.functions.extreme import amax
from gradcli.functions.norm import norm_cotangent, vector_norm
from gradcli.functions.power import pow
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.select import index_add, index_select
from gradcli.functions.shape import unsqueeze
from gradcli.lazy import ops
from gradcli.lazy.dtypes import int64


def _length(difference: Tensor, p: float) -> Tensor:
    """The p-norm along the last axis."""
    size = magnitude(difference)
    if p == 0:
        return total(to(ne(difference, 0), difference.dtype), -1)
    if p == 2:
        return sqrt(total(difference * difference, -1))
    return amax(size, -1) if p == inf else pow(total(pow(size, p), -1), 1 / p)


def _slope(g: Tensor, difference: Tensor, length: Tensor, p: float) -> Tensor:
    """The cotangent of differences, from that of their lengths; 0 where two rows are equal."""
    length = unsqueeze(length, -1)
    same = eq(length, 0)
    safe = where(same, 1.0, length)
    if p == 0:
        slope = difference * 0
    elif p == 2:
        slope = difference / safe
    elif p == inf:
        slope = sign(difference) * where(eq(magnitude(difference), length), 1.0, length * 0)
    else:
        slope = sign(difference) * pow(magnitude(difference) / safe, p - 1)
    return unsqueeze(g, -1) * where(same, 0.0, slope)


def _check_order(name: str, p: float) -> None:
    if not p >= 0:
        raise ValueFault.as_torch(f"{name} only supports non-negative p values")


# ── all rows of one with all rows of another ──


def _all_differences(x1: Tensor, x2: Tensor) -> Tensor:
    """Each row of x1 minus each row of x2."""
    return unsqueeze(x1, -2) - unsqueeze(x2, -3)


#: When PyTorch computes Euclidean distances by a product of matrices, which is faster and less exact.
COMPUTE_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


@function(
    "CdistBackward0",
    method=False,
    kink="0 where two rows are equal",
    examples=("cdist(x, y)",),
    d_x1=lambda g, x1, x2, result, p: total(_slope(g, _all_differences(x1, x2), result, p), -2),
    d_x2=lambda g, x1, x2, result, p: -total(_slope(g, _all_differences(x1, x2), result, p), -3),
)
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = COMPUTE_MODES[0]) -> Tensor:
    """The distance of each row of x1 from each row of x2, in the p-norm; the mode changes no result."""
    if compute_mode not in COMPUTE_MODES:
        raise ValueFault.as_torch(f"{compute_mode} is not a valid value for compute_mode")
    for name, tensor in (("X1", x1), ("X2", x2)):
        if tensor.ndim < 2:
            raise ShapeMismatch.as_torch(f"cdist only supports at least 2D tensors, {name} got: {tensor.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        message = f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        raise misfit(message, x1, x2)
    _check_order("cdist", p)
    return _length(_all_differences(x1, x2), p)


# ── all pairs of rows of one ──


def _pairs(count: int) -> tuple[Tensor, Tensor]:
    """The numbers of the first and of the second row of each pair."""
    first, second = np.triu_indices(count, 1)
    return Tensor(ops.from_buffer(first.astype(np.int64), int64)), Tensor(ops.from_buffer(second.astype(np.int64), int64))


def _pair_differences(input: Tensor) -> Tensor:
    first, second = _pairs(input.shape[0])
    return index_select(input, 0, first) - index_select(input, 0, second)


def _pdist_cotangent(g: Tensor, input: Tensor, result: Tensor, p: float) -> Tensor:
    """What each pair gives its first row, and takes from its second."""
    first, second = _pairs(input.shape[0])
    slope = _slope(g, _pair_differences(input), result, p)
    return index_add(index_add(input * 0, 0, first, slope), 0, second, -slope)


@function(
    "PdistBackward0",
    aliases=(f"{NN}.pdist",),
    method=False,
    kink="0 where two rows are equal",
    examples=("pdist(x)",),
    d_input=_pdist_cotangent,
)
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances of all pairs of rows, in the p-norm: of the first row from those after it, then of the second, and so on."""
    if input.ndim != 2:
        raise misfit(f"pdist only supports 2D tensors, got: {input.ndim}D", input)
    require_floating("pdist", input)
    _check_order("pdist", p)
    return _length(_pair_differences(input), p)


# ── rows side by side ──


@function(
    "NormBackward1",
    public=False,
    kink="0 where the norm is 0",
    examples=("row_norm(x, 2.0, False)",),
    d_input=lambda g, input, result, p, keepdim: norm_cotangent(g, input, result, p, -1, keepdim),
)
def row_norm(input: Tensor, p: float, keepdim: bool) -> Tensor:
    """The norm along the last axis, as pairwise_distance records it."""
    return vector_norm(input, p, -1, keepdim)


@function(
    aliases=(f"{NN}.pairwise_distance",),
    method=False,
    forms=(row_norm, sub, add),
    examples=("pairwise_distance(x, y)", "pairwise_distance(x, y, 1.0, keepdim=True)"),
)
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2, eps: float = 1e-06, keepdim: bool = False) -> Tensor:
    """The norm of x1 - x2 + eps along the last dimension; eps keeps its derivative finite."""
    return row_norm(add.apply_to(sub(x1, x2), eps, "AddBackward1"), float(p), keepdim)
