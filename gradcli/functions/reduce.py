"""Reductions and scans: sums, means, products, extremes, variances, cumulative sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar, operators
from gradcli.errors import DTypeMismatch, IndexOutOfRange, OperandLabel, ShapeMismatch
from gradcli.functions.along import put_along
from gradcli.functions.arguments import Dims, Operand
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq, exp, isinf, isnan, log, logical_and, logical_or, maximum, minimum, sqrt
from gradcli.functions.join import cat, cut_tensor, diagonal_mask, flip, triu
from gradcli.functions.pointwise import wrap_number
from gradcli.functions.shape import expand, reshape, transpose, unsqueeze, view_as_shape
from gradcli.lazy import DType, LazyArray, Size, ops, settings
from gradcli.lazy.dtypes import FLOATING, int64
from gradcli.lazy.shapes import describe, normalize_dim, normalize_dims, reduced

# ── what reductions share ──


def axes_of(input: Tensor, dim: Dims) -> tuple[int, ...]:
    """The axes that a `dim` argument names; all for None and for an empty tuple, as PyTorch."""
    if dim is None or dim == ():
        return tuple(range(input.ndim))
    axes = normalize_dims((dim,) if isinstance(dim, int) else dim, input.ndim)
    return tuple(axis for axis in axes if axis < input.ndim)  # a 0-dim tensor has none


def spread(g: Tensor, input_shape: Size, dim: Dims, keepdim: bool) -> Tensor:
    """What a reduction made, repeated over the axes that it reduced: the adjoint of sum."""
    if not keepdim and dim is not None and dim != () and input_shape:
        axes = normalize_dims((dim,) if isinstance(dim, int) else dim, len(input_shape))
        g = view_as_shape(g, reduced(input_shape, axes, keepdims=True))
    return expand(g, input_shape)


def _kept(result: Tensor, input_shape: Size, dim: Dims, keepdim: bool) -> Tensor:
    """A result as `keepdim=True` would have given it, so that it broadcasts against the input."""
    axes = (
        tuple(range(len(input_shape)))
        if dim is None or dim == ()
        else normalize_dims((dim,) if isinstance(dim, int) else dim, len(input_shape))
    )
    return result if keepdim else view_as_shape(result, reduced(input_shape, axes if input_shape else (), True))


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
    return ops.reduce("sum", ops.cast(input.array, _sum_dtype(input, dtype)), axes_of(input, dim), keepdim)


operators["sum"] = sum


@function(
    lambda dim, keepdim: f"MeanBackward{0 if dim is None and not keepdim else 1}",
    examples=("mean(x)", "mean(x, dim=1)"),
    d_input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim) / _count(input_shape, dim),
)
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> LazyArray:
    """The mean of all elements, or over some dimensions."""
    _refuse_integers("mean", input, dtype)
    array = ops.cast(input.array, dtype or input.dtype)
    axes = axes_of(input, dim)
    total = ops.reduce("sum", array, axes, keepdim)
    return ops.binary("div", total, ops.constant(ops.size_of(input.array, axes), array.dtype))


def _count(shape: Size, dim: Dims) -> int:
    axes = range(len(shape)) if dim is None or dim == () else normalize_dims((dim,) if isinstance(dim, int) else dim, len(shape))
    return Size(shape[axis] for axis in axes if shape).numel()


def _product_of_the_others(g: Tensor, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """Each element's derivative is the product of the others: exact also where some are 0."""
    if dim is None or input.ndim == 0:
        flat = reshape(input, (-1,))
        return reshape(_exclusive_product(flat, 0), input.shape) * g
    axis = normalize_dim(dim, input.ndim)
    return _exclusive_product(input, axis) * (g if keepdim else unsqueeze(g, axis))


def _exclusive_product(input: Tensor, axis: int) -> Tensor:
    before = _shifted_product(input, axis)
    after = flip(_shifted_product(flip(input, axis), axis), axis)
    return before * after


def _shifted_product(input: Tensor, axis: int) -> Tensor:
    """The product of all elements before each one."""
    length = input.shape[axis]
    if length == 0:
        return input
    first = Tensor(ops.full(Size((*input.shape[:axis], 1, *input.shape[axis + 1 :])), 1, input.dtype))
    return cat((first, cumprod(cut_tensor(input, axis, 0, length - 1), axis)), axis)


@function(
    lambda dim: f"ProdBackward{0 if dim is None else 1}",
    examples=("prod(x)", "prod(x, dim=0)"),
    d_input=_product_of_the_others,
    kink="exact where elements are 0",
)
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> LazyArray:
    """The product of all elements, or along a dimension."""
    return ops.reduce("prod", ops.cast(input.array, _sum_dtype(input, dtype)), axes_of(input, dim), keepdim)


# ── scans ──


@function(
    "CumsumBackward0",
    in_place=True,
    examples=("cumsum(x, dim=0)",),
    d_input=lambda g, dim: flip(cumsum(flip(g, dim), dim), dim) if g.ndim else g,
)
def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None) -> LazyArray:
    """The sum of all elements up to each one along a dimension."""
    axis = normalize_dim(dim, input.ndim)
    return ops.scan("cumsum", ops.cast(input.array, _sum_dtype(input, dtype)), axis)


def _cumprod_cotangent(g: Tensor, input: Tensor, result: Tensor, dim: int) -> Tensor:
    if input.ndim == 0:
        return g
    axis = normalize_dim(dim, input.ndim)
    if not (input.numpy() == 0).any():  # as PyTorch: the quick way where nothing is 0
        return flip(cumsum(flip(g * result, axis), axis), axis) / input
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


# ── extremes ──


def refuse_empty(name: str, input: Tensor, axes: Sequence[int], given: bool) -> None:
    """An error if there is no element to choose from."""
    for axis in axes:
        if input.shape[axis] == 0:
            if given:
                message = f"{name}(): Expected reduction dim {axis} to have non-zero size."
                raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(0, describe(input.shape))])
            message = f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
            if not name.startswith("arg"):
                message += " Specify the reduction dim with the 'dim' argument."
            raise ShapeMismatch.as_torch(message, operands=[OperandLabel(0, describe(input.shape))])


def _shared_by_ties(g: Tensor, input: Tensor, result: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    """The cotangent split evenly between the elements that are the extreme."""
    extreme = _kept(result, input.shape, dim, keepdim)
    ties = to(eq(input, extreme), input.dtype)
    axes = None if dim is None or dim == () else dim
    return spread(g, input.shape, dim, keepdim) * ties / sum(ties, axes, keepdim=axes is not None)


@function("AmaxBackward0", examples=("amax(x, 1)",), d_input=_shared_by_ties, kink="ties share evenly")
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> LazyArray:
    """The largest element, or along dimensions; ties share the gradient evenly."""
    refuse_empty("amax", input, axes_of(input, dim), dim not in (None, ()))
    return ops.reduce("max", input.array, axes_of(input, dim), keepdim)


@function("AminBackward0", examples=("amin(x, 1)",), d_input=_shared_by_ties, kink="ties share evenly")
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> LazyArray:
    """The smallest element, or along dimensions; ties share the gradient evenly."""
    refuse_empty("amin", input, axes_of(input, dim), dim not in (None, ()))
    return ops.reduce("min", input.array, axes_of(input, dim), keepdim)


def _at_chosen(g_values: Tensor, indices: Tensor, input_shape: Size, dim: int, keepdim: bool) -> Tensor:
    """The cotangent at the elements that were chosen, 0 elsewhere."""
    if not input_shape:
        return g_values
    axis = normalize_dim(dim, len(input_shape))
    index, source = (value if keepdim else unsqueeze(value, axis) for value in (indices, g_values))
    return put_along(source, axis, index, input_shape[axis])


def _choose(primitive: str, input: Tensor, dim: int, keepdim: bool) -> tuple[LazyArray, LazyArray]:
    axis = normalize_dim(dim, input.ndim)
    if not input.shape:
        return input.array, ops.full(Size(()), 0, int64)
    indices = ops.arg_reduce(primitive, input.array, axis, keepdims=True)
    values = ops.gather(input.array, indices, axis)
    shape = reduced(input.shape, (axis,), keepdim)
    return ops.reshape(values, shape), ops.reshape(indices, shape)


def _shared_by_ties_or_nan(g: Tensor, input: Tensor, result: Tensor) -> Tensor:
    """The same for the extreme of all elements, which is nan if one of them is."""
    ties = to(logical_or(eq(input, result), logical_and(isnan(input), isnan(result))), input.dtype)
    return g * ties / sum(ties)


def _extreme(name: str, primitive: str, choose: str) -> tuple[Any, Any]:
    """The forms of max and min: of all elements, and along a dimension with indices."""

    def overall(input: Tensor) -> LazyArray:
        refuse_empty(name, input, range(input.ndim), given=False)
        return ops.reduce(primitive, input.array, tuple(range(input.ndim)))

    def along(input: Tensor, dim: int, keepdim: bool = False) -> tuple[LazyArray, LazyArray]:
        refuse_empty(name, input, axes_of(input, dim), given=True)
        return _choose(choose, input, dim, keepdim)

    overall.__doc__ = f"The {name}imum of all elements; ties share the gradient evenly."
    along.__doc__ = f"The {name}imum along a dimension and where it is; the gradient goes to the chosen element."
    title = name.title()
    declared_overall = function(
        f"{title}Backward1",
        name=name,
        public=False,
        examples=(f"{name}(x)",),
        kink="ties share evenly",
        d_input=_shared_by_ties_or_nan,
    )(overall)
    declared_along = function(
        f"{title}Backward0",
        name=name,
        public=False,
        results=("values", "indices"),
        examples=(f"{name}(x, 0).values",),
        kink="the gradient goes to the first of equals",
        d_input=_at_chosen,
    )(along)
    return declared_overall, declared_along


_max_overall, _max_along = _extreme("max", "max", "argmax")
_min_overall, _min_along = _extreme("min", "min", "argmin")


def _max_or_min(
    forms: tuple[Any, Any], pair: Any, input: Tensor, dim: Operand | None, keepdim: bool, other: Tensor | None
) -> Any:
    second = other if other is not None else dim
    if isinstance(second, Tensor):
        return pair(input, second)
    return forms[0](input) if second is None else forms[1](input, second, keepdim)


@function(forms=(_max_overall, _max_along))
def max(input: Tensor, dim: Operand | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The largest of all elements; along a dimension, with indices; or of two tensors."""
    return _max_or_min((_max_overall, _max_along), maximum, input, dim, keepdim, other)


@function(forms=(_min_overall, _min_along))
def min(input: Tensor, dim: Operand | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The smallest of all elements; along a dimension, with indices; or of two tensors."""
    return _max_or_min((_min_overall, _min_along), minimum, input, dim, keepdim, other)


def _position(name: str, input: Tensor, dim: int | None, keepdim: bool) -> LazyArray:
    refuse_empty(name, input, axes_of(input, dim), dim is not None)
    if dim is None or not input.shape:
        flat = ops.reshape(input.array, Size((input.shape.numel(),)))
        found = ops.arg_reduce(name, flat, 0)
        return ops.reshape(found, Size((1,) * input.ndim)) if keepdim else found
    return ops.arg_reduce(name, input.array, normalize_dim(dim, input.ndim), keepdim)


@function(examples=("argmax(x)", "argmax(x, 1)"))
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> LazyArray:
    """Where the largest element is: the first of equals."""
    return _position("argmax", input, dim, keepdim)


@function(examples=("argmin(x)", "argmin(x, 1)"))
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> LazyArray:
    """Where the smallest element is: the first of equals."""
    return _position("argmin", input, dim, keepdim)


@function(examples=("any(x > 0)",))
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> LazyArray:
    """Whether some element is nonzero."""
    return ops.reduce("any", input.array, axes_of(input, dim), keepdim)


@function(examples=("all(x > 0)",))
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> LazyArray:
    """Whether every element is nonzero."""
    return ops.reduce("all", input.array, axes_of(input, dim), keepdim)


# ── variance ──


def _variance(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    _refuse_integers_in_variance(input)
    centred = _centred(input, dim)
    total = sum(centred * centred, axes_of(input, dim) or None, keepdim)
    return total / builtin_max(0.0, _count(input.shape, dim) - correction)


def _centred(input: Tensor, dim: Dims) -> Tensor:
    """How far each element is from the mean. Counted from the first element, so that equal elements are at exactly 0."""
    axes = axes_of(input, dim)
    firsts = tuple((0, 1 if size and axis in axes else size, 1) for axis, size in enumerate(input.shape))
    shifted = input - Tensor(ops.slice_(input.array, firsts))
    return shifted - mean(shifted, axes or None, keepdim=bool(input.ndim))


def _refuse_integers_in_variance(input: Tensor) -> None:
    if not input.dtype.is_floating:
        message = "std and var only support floating point and complex dtypes"
        raise DTypeMismatch.as_torch(message, hint="convert it with .float()")


def builtin_max(a: float, b: float) -> float:
    """The larger of two Python numbers."""
    return a if a > b else b


def _variance_cotangent(g: Tensor, input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    centred = _centred(input, dim)
    scale = (
        2.0 / builtin_max(0.0, _count(input.shape, dim) - correction) if _count(input.shape, dim) > correction else float("nan")
    )
    return spread(g, input.shape, dim, keepdim) * centred * scale


def _deviation_cotangent(g: Tensor, input: Tensor, result: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    slope = where(eq(result, 0), 0.0, g / (result * 2))
    return _variance_cotangent(slope, input, dim, correction, keepdim)


@function("VarBackward0", public=False, name="var", examples=("var(x)", "var(x, 1)"), d_input=_variance_cotangent)
def variance(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> Tensor:
    """The variance with a correction to the number of degrees of freedom."""
    return _variance(input, dim, correction, keepdim)


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
    return sqrt(_variance(input, dim, correction, keepdim))


def _mean_cotangent(g_mean: Tensor, input_shape: Size, dim: Dims, keepdim: bool) -> Tensor:
    return spread(g_mean, input_shape, dim, keepdim) / _count(input_shape, dim)


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
def variance_and_mean(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> tuple[LazyArray, LazyArray]:
    """The variance and the mean."""
    average = mean(input, axes_of(input, dim) or None, keepdim)
    return _variance(input, dim, correction, keepdim).array, average.array


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
def deviation_and_mean(input: Tensor, dim: Dims, correction: Scalar, keepdim: bool) -> tuple[LazyArray, LazyArray]:
    """The standard deviation and the mean."""
    average = mean(input, axes_of(input, dim) or None, keepdim)
    return sqrt(_variance(input, dim, correction, keepdim)).array, average.array


def _spread_function(name: str, form: Any, doc: str) -> Any:
    """Declare var, std and their pairs with the mean, which all take dim, unbiased, correction and keepdim alike."""

    def measure(
        input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Scalar | None = None
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


# ── log-sum-exp ──


@function(
    "LogsumexpBackward0",
    aliases=("torch.special.logsumexp",),
    examples=("logsumexp(x, 1)",),
    d_input=lambda g, input, result, dim, keepdim: (
        spread(g, input.shape, dim, keepdim) * exp(input - _kept(result, input.shape, dim, keepdim))
    ),
)
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) along dimensions, without overflow."""
    axes = axes_of(input, dim)
    if not input.dtype.is_floating:
        input = to(input, settings.default_dtype)
    if not input.shape.numel():  # no element to shift by
        return log(sum(exp(input), axes or None, keepdim))
    largest = amax(input, axes, True) if input.ndim else input
    shift = where(isinf(largest), 0.0, largest)
    total = log(sum(exp(input - shift), axes or None, bool(axes))) + shift
    return view_as_shape(total, reduced(input.shape, axes, keepdim))
