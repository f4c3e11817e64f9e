"""Combining elements that are scattered to the same place: scatter_reduce and index_reduce."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import ValueFault
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq, logical_and
from gradcli.functions.gather import (
    add,
    check_within,
    for_all_of_source,
    gather,
    multiply,
    replace,
    scatter,
    scatter_add,
    scattered,
)
from gradcli.functions.repetition import expand
from gradcli.functions.select import check_index_vector, masked_fill
from gradcli.functions.shape import reshape
from gradcli.functions.slices import slice_
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import LIMITS, int64
from gradcli.lazy.shapes import normalize_dim

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")

# ── forward ──


def _combined(x: LazyArray, index: LazyArray, source: LazyArray, axis: int, reduce: str, include_self: bool) -> LazyArray:
    """The elements combined with those of the source that are scattered to them."""
    if not include_self:
        x = replace(x, index, ops.full(index.shape, _neutral(x, reduce), x.dtype), axis)
    if reduce == "prod":
        return multiply(x, index, source, axis)
    if reduce in ("amax", "amin"):
        return ops.scatter_reduce(x, index, source, axis, "maximum" if reduce == "amax" else "minimum")
    total = add(x, index, source, axis)
    if reduce == "sum":
        return total
    count = _count(x.shape, index, axis, include_self)
    return ops.binary("div" if x.dtype.is_floating else "floor_divide", total, ops.cast(count, x.dtype))


def _neutral(x: LazyArray, reduce: str) -> float:
    """What changes nothing that it is combined with."""
    if reduce in ("amax", "amin"):
        lowest, highest = (-float("inf"), float("inf")) if x.dtype.is_floating else LIMITS[x.dtype]
        return lowest if reduce == "amax" else highest
    return 1 if reduce == "prod" else 0


def _count(shape: Size, index: LazyArray, axis: int, include_self: bool) -> LazyArray:
    """How many elements a mean is of, at least one."""
    added = add(ops.full(shape, int(include_self), int64), index, ops.full(index.shape, 1, int64), axis)
    return ops.binary("maximum", added, ops.constant(1, int64))


# ── backward ──


def _counted(shape: Size, dim: int, index: Tensor, include_self: bool, g: Tensor) -> Tensor:
    """How many elements each mean is of, in the dtype of g."""
    start = Tensor(ops.full(shape, int(include_self), g.dtype))
    added = scatter_add(start, dim, index, Tensor(ops.full(index.shape, 1, g.dtype)))
    return masked_fill(added, eq(added, 0), 1)


def _shares(g: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, result: Tensor) -> tuple[Tensor, Tensor]:
    """The cotangents of an extreme: those that equal it, the element and what was scattered to it, share evenly."""
    own, given = to(eq(input, result), g.dtype), to(eq(src, gather(result, dim, index)), g.dtype)
    share = g / scatter_add(own, dim, index, given)
    return own * share, given * gather(share, dim, index)


def _pull_input(
    g: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool, result: Tensor
) -> Tensor:
    """Where it took part: g of a sum, g / count of a mean, g times the others of a product; g / ties at an extreme."""
    used = _used(src, index)
    if reduce == "sum":
        pulled = g
    elif reduce == "prod":
        nonzero = masked_fill(input, eq(input, 0), 1)
        pulled = g * scatter_reduce(nonzero, dim, index, used, "prod", include_self=include_self) / nonzero
    elif reduce == "mean":
        pulled = g / _counted(input.shape, dim, index, include_self, g)
    else:
        pulled = _shares(g, input, dim, index, used, result)[0]
    return pulled if include_self else scatter(pulled, dim, index, 0)


def _pull_src(
    g: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool, result: Tensor
) -> Tensor:
    """From where it went: g of a sum, g / count of a mean, g times the others of a product; g / ties at an extreme."""
    used = _used(src, index)
    if reduce == "sum":
        pulled = gather(g, dim, index)
    elif reduce == "prod":
        pulled = _pull_factor(g, input, dim, index, used, include_self, result)
    elif reduce == "mean":
        pulled = gather(g / _counted(input.shape, dim, index, include_self, g), dim, index)
    else:
        pulled = _shares(g, input, dim, index, used, result)[1]
    return for_all_of_source(pulled, src.shape)


def _pull_factor(g: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, include_self: bool, result: Tensor) -> Tensor:
    """The cotangent of factors: the product of the others, also where a factor is the only zero of its product."""
    zero = eq(src, 0)
    zeros = scatter_add(Tensor(ops.full(input.shape, 0, g.dtype)), dim, index, to(zero, g.dtype))
    only = logical_and(zero, eq(gather(zeros, dim, index), 1))
    others = scatter_reduce(input, dim, index, masked_fill(src, only, 1), "prod", include_self=include_self)
    by_division = gather(g * result, dim, index) / masked_fill(src, zero, 1)
    return where(only, gather(g * others, dim, index), by_division)


def _used(src: Tensor, index: Tensor) -> Tensor:
    """The part of the source that has an index."""
    for axis, size in enumerate(index.shape):
        if src.ndim and src.shape[axis] != size:
            src = slice_(src, axis, 0, size, 1)
    return src


# ── the functions ──


@function(
    "ScatterReduceBackward0",
    in_place=True,
    kink="amax and amin: ties share evenly",
    examples=(
        "scatter_reduce(x, 1, tensor([[0, 0], [1, 0]]), y, 'sum')",
        "scatter_reduce(x, 1, tensor([[0, 0], [1, 0]]), y, 'prod')",
        "scatter_reduce(x, 1, tensor([[0, 0], [1, 0]]), y, 'mean', include_self=False)",
        "scatter_reduce(x, 1, tensor([[0, 0], [1, 0]]), y, 'amax')",
    ),
    d_input=_pull_input,
    d_src=_pull_src,
)
def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> LazyArray:
    """input with result[index[i][j]][j] combined with src[i][j] for dim 0: 'sum', 'prod', 'mean', 'amax' or 'amin'."""
    if reduce not in REDUCTIONS:
        message = f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        raise ValueFault.as_torch(message)

    def combine(x: LazyArray, positions: LazyArray, source: LazyArray, axis: int) -> LazyArray:
        return _combined(x, positions, source, axis, reduce, include_self)

    return scattered(input, dim, index, src, src.array, combine)


def _index_like(index: Tensor, dim: int, source_shape: Size) -> Tensor:
    """An index vector as one for scatter: the same position for all elements of a slice."""
    rank = len(source_shape)
    if not rank:
        return reshape(index, ())
    axis = normalize_dim(dim, rank)
    return expand(reshape(index, tuple(-1 if own == axis else 1 for own in range(rank))), source_shape)


@function(
    "IndexReduceBackward0",
    in_place=True,
    kink="amax and amin: ties share evenly",
    examples=(
        "index_reduce(x, 0, tensor([1, 1]), y, 'prod')",
        "index_reduce(x, 0, tensor([1, 1]), y, 'mean', include_self=False)",
        "index_reduce(x, 0, tensor([1, 1]), y, 'amin')",
    ),
    d_input=lambda g, input, dim, index, source, reduce, include_self, result: _pull_input(
        g, input, dim, _index_like(index, dim, source.shape), source, reduce, include_self, result
    ),
    d_source=lambda g, input, dim, index, source, reduce, include_self, result: _pull_src(
        g, input, dim, _index_like(index, dim, source.shape), source, reduce, include_self, result
    ),
)
def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True) -> LazyArray:
    """The tensor with slices along a dimension combined with those of source: 'prod', 'mean', 'amax' or 'amin'."""
    if reduce not in REDUCTIONS[1:]:
        message = f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}."
        raise ValueFault.as_torch(message)
    axis = normalize_dim(dim, input.ndim)
    check_index_vector("index_reduce_()", input, axis, index, source)
    positions = Tensor(check_within(index, input.shape[axis] if input.ndim else 1, "index out of range in self"))
    combined: Tensor = scatter_reduce(
        input, axis, _index_like(positions, axis, source.shape), source, reduce, include_self=include_self
    )
    return combined.array
