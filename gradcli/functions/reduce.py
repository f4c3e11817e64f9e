"""Sums, means and products, of all elements, along dimensions and running; whether any or all elements hold."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import operators
from gradcli.errors import DTypeMismatch
from gradcli.functions.arguments import Dims
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.diagonal import diagonal_mask, triu
from gradcli.functions.dims import axes_of, names_all
from gradcli.functions.elementwise import div, isnan, logical_not
from gradcli.functions.join import cat, flip
from gradcli.functions.pointwise import wrap_number
from gradcli.functions.repetition import expand
from gradcli.functions.shape import reshape, transpose, unsqueeze, view_as_shape
from gradcli.functions.slices import slice_
from gradcli.lazy import DType, LazyArray, Size, ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import FLOATING, accumulator, int64
from gradcli.lazy.shapes import normalize_dim, reduced

# ── what reductions share ──


def spread(g: Tensor, input_shape: Size, dim: Dims, keepdim: bool) -> Tensor:
    """What a reduction made, repeated over the axes that it reduced: the adjoint of sum."""
    if not names_all(dim) and input_shape:
        g = kept(g, input_shape, dim, keepdim)
    return expand(g, input_shape)


def kept(result: Tensor, input_shape: Size, dim: Dims, keepdim: bool) -> Tensor:
    """What a reduction made, as `keepdim=True` would have given it: it broadcasts against the input."""
    return result if keepdim else view_as_shape(result, reduced(input_shape, axes_of(len(input_shape), dim), keepdims=True))


def count(shape: Size, dim: Dims) -> int:
    """How many elements each result of a reduction takes in."""
    return Size(shape[axis] for axis in axes_of(len(shape), dim)).numel()


def widened(input: Tensor) -> Tensor:
    """The same numbers in what sums of them are kept in."""
    return to(input, accumulator(input.dtype))


def shared_out(g: Tensor, number: int) -> Tensor:
    """g / number, for a number that half precision may not hold."""
    return to(widened(g) / number, g.dtype)


def _sum_dtype(input: Tensor, dtype: DType | None) -> DType:
    return dtype or (input.dtype if input.dtype.kind == FLOATING else int64)


def _refuse_integers(name: str, input: Tensor, dtype: DType | None) -> None:
    if not (dtype or input.dtype).is_floating:
        message = (
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {input.dtype.tensor_type}"
        )
        raise DTypeMismatch.as_torch(message, hint="convert it with .float(), or write its numbers with a point")


def _form(name: str) -> Any:
    return lambda dim: f"{name}Backward{0 if dim is None else 1}"


# ── sums and products ──


@function(
    _form("Sum"),
    examples=("sum(x)", "sum(x, dim=0)", "x.sum((0, 1), keepdim=True)"),
    d_input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim),
)
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> LazyArray:
    """The sum of all elements, or over some dimensions."""
    return ops.reduce("sum", ops.cast(input.array, _sum_dtype(input, dtype)), axes_of(input.ndim, dim), keepdim)


operators["sum"] = sum


@function(
    lambda dim, keepdim: f"MeanBackward{0 if dim is None and not keepdim else 1}",
    examples=("mean(x)", "mean(x, dim=1)"),
    d_input=lambda g, input_shape, dim, keepdim: spread(shared_out(g, count(input_shape, dim)), input_shape, dim, keepdim),
)
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> LazyArray:
    """The mean of all elements, or over some dimensions."""
    _refuse_integers("mean", input, dtype)
    own = dtype or input.dtype
    axes = axes_of(input.ndim, dim)
    total = ops.reduce("sum", ops.cast(input.array, accumulator(own)), axes, keepdim)
    return ops.cast(ops.binary("div", total, ops.constant(ops.size_of(input.array, axes), total.dtype)), own)


def _without_nan(input: Tensor) -> Tensor:
    """0 where the input is nan."""
    return where(isnan(input), wrap_number(0, input.dtype), input)


@function(
    "NansumBackward0",
    examples=("nansum(x)", "nansum(x, 1)"),
    kink="0 where the input is nan",
    d_input=lambda g, input, dim, keepdim: where(isnan(input), 0.0, spread(to(g, input.dtype), input.shape, dim, keepdim)),
)
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum of the elements that are not nan, of all or over some dimensions."""
    return sum(_without_nan(input), dim, keepdim, dtype=dtype)


@function(forms=(nansum, div), examples=("nanmean(x)", "nanmean(x, 1)"))
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean of the elements that are not nan, of all or over some dimensions."""
    if not input.dtype.is_floating:
        kind = input.dtype.tensor_type
        message = f"nanmean(): expected input to have floating point or complex dtype but got {kind}"
        raise DTypeMismatch.as_torch(message, hint="convert it with .float()")
    return div.apply_to(nansum(input, dim, keepdim, dtype=dtype), sum(logical_not(isnan(input)), dim, keepdim))


def product_of_the_others(g: Tensor, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """Each element's derivative is the product of the others: exact also where some are 0."""
    if dim is None or input.ndim == 0:
        flat = reshape(input, (-1,))
        return reshape(_exclusive_product(flat, 0), input.shape) * g
    axis = normalize_dim(dim, input.ndim)
    return _exclusive_product(input, axis) * (g if keepdim else unsqueeze(g, axis))


def _exclusive_product(input: Tensor, axis: int) -> Tensor:
    before = _shifted_product(input, axis)
    after = flip(_shifted_product(flip(input, (axis,)), axis), (axis,))
    return before * after


def _shifted_product(input: Tensor, axis: int) -> Tensor:
    """The product of all elements before each one."""
    length = input.shape[axis]
    if length == 0:
        return input
    first = Tensor(ops.full(Size((*input.shape[:axis], 1, *input.shape[axis + 1 :])), 1, input.dtype))
    return cat((first, cumprod(slice_(input, axis, 0, length - 1, 1), axis)), axis)


@function(
    lambda dim: f"ProdBackward{0 if dim is None else 1}",
    examples=("prod(x)", "prod(x, dim=0)"),
    d_input=product_of_the_others,
    kink="exact where elements are 0",
)
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> LazyArray:
    """The product of all elements, or along a dimension."""
    return ops.reduce("prod", ops.cast(input.array, _sum_dtype(input, dtype)), axes_of(input.ndim, dim), keepdim)


# ── running ──


@function(
    "CumsumBackward0",
    in_place=True,
    examples=("cumsum(x, dim=0)",),
    d_input=lambda g, dim: flip(cumsum(flip(g, (dim,)), dim), (dim,)) if g.ndim else g,
)
def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> LazyArray:
    """The sum of all elements up to each one along a dimension."""
    axis = normalize_dim(dim, input.ndim)
    return ops.scan("cumsum", ops.cast(input.array, _sum_dtype(input, dtype)), axis)


def _cumprod_cotangent(g: Tensor, input: Tensor, result: Tensor, dim: int) -> Tensor:
    """The sum over later products, each without the element: exact where elements are 0."""
    if input.ndim == 0:
        return g
    axis = normalize_dim(dim, input.ndim)
    if not (possible_values(input.array) == 0).any():  # as PyTorch: the quick way where nothing is 0
        return flip(cumsum(flip(g * result, (axis,)), axis), (axis,)) / input
    # products[k, i] is the product up to i without the element k
    length = input.shape[axis]
    last = transpose(input, axis, -1)
    eye = Tensor(diagonal_mask(length, length, 0))
    products = cumprod(where(eye, wrap_number(1, input.dtype), unsqueeze(last, -2)), -1)
    upper = triu(products)
    cotangent = sum(upper * unsqueeze(transpose(g, axis, -1), -2), -1)
    return transpose(cotangent, axis, -1)


@function(
    "CumprodBackward0",
    in_place=True,
    examples=("cumprod(x, dim=0)",),
    d_input=_cumprod_cotangent,
    kink="exact where elements are 0",
)
def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None) -> LazyArray:
    """The product of all elements up to each one along a dimension."""
    axis = normalize_dim(dim, input.ndim)
    return ops.scan("cumprod", ops.cast(input.array, _sum_dtype(input, dtype)), axis)


# ── truth ──


@function(examples=("any(x > 0)",))
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> LazyArray:
    """Whether some element is nonzero."""
    return ops.reduce("any", input.array, axes_of(input.ndim, dim), keepdim)


@function(examples=("all(x > 0)",))
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> LazyArray:
    """Whether every element is nonzero."""
    return ops.reduce("all", input.array, axes_of(input.ndim, dim), keepdim)
