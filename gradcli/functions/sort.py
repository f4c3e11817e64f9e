"""Sorting, and what is chosen by order: topk, kthvalue, median, running extremes."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, IndexOutOfRange, OperandLabel
from gradcli.functions.along import put_along
from gradcli.functions.declare import function
from gradcli.functions.extreme import put_back_chosen, refuse_empty, shared_by_equals
from gradcli.functions.function import Function
from gradcli.functions.refusals import refuse_booleans
from gradcli.functions.results import ReturnTuple
from gradcli.functions.split import cut
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import bool_, int64
from gradcli.lazy.shapes import describe, normalize_dim, reduced

Chosen = tuple[LazyArray, LazyArray]  # values and where they were
BOTH = ("values", "indices")


def _put_back(g_values: Tensor, indices: Tensor, input_shape: Size, dim: int, distinct: bool = True) -> Tensor:
    """Cotangents of chosen elements at their places, zeros elsewhere."""
    if not input_shape:
        return g_values
    axis = normalize_dim(dim, len(input_shape))
    return put_along(g_values, axis, indices, input_shape[axis], distinct)


def _at(array: LazyArray, positions: LazyArray, axis: int) -> LazyArray:
    return ops.gather(array, positions, axis) if array.shape else array


# ── sort ──


@function(
    lambda stable: "SortBackward0" if stable is None else "SortBackward1",
    results=BOTH,
    kink="equal elements keep their order",
    laid_out_as=("input",),
    examples=("sort(x).values", "sort(x, 0, descending=True).values"),
    d_input=lambda g_values, indices, input_shape, dim: _put_back(g_values, indices, input_shape, dim),
)
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Chosen:
    """The elements along a dimension in order, and where they were; nan is the largest."""
    axis = normalize_dim(dim, input.ndim)
    order = ops.argsort(input.array, axis, descending)
    return _at(input.array, order, axis), order


@function(laid_out_as=("input",), examples=("argsort(x)", "argsort(x, 0, descending=True)"))
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> LazyArray:
    """The positions that put a dimension in order."""
    return ops.argsort(input.array, normalize_dim(dim, input.ndim), descending)


@function(forms=(sort,), examples=("msort(x)",))
def msort(input: Tensor) -> Tensor:
    """The elements along the first dimension in order."""
    result: Tensor = sort(input, 0)[0]
    return result


# ── by rank ──


@function(
    "TopkBackward0",
    results=BOTH,
    kink="of equal elements, the first are chosen",
    examples=("topk(x, 2).values", "topk(x, 1, 0, largest=False).values"),
    d_input=lambda g_values, indices, input_shape, dim: _put_back(g_values, indices, input_shape, dim),
)
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Chosen:
    """The k largest (or smallest) elements along a dimension, the best first, and where they are."""
    axis = normalize_dim(dim, input.ndim)
    if not 0 <= k <= (input.shape[axis] if input.shape else 1):
        message = "selected index k out of range"
        labels = [OperandLabel(0, describe(input.shape)), OperandLabel(1, f"dimension {axis} has fewer than {k}")]
        raise IndexOutOfRange.as_torch(message, operands=labels)
    if input.dtype is bool_:
        raise DTypeMismatch.as_torch("topk does not support bool dtypes on CPU", hint="convert it with .int()")
    order = ops.argsort(input.array, axis, largest)
    best = cut(Tensor(order), axis, 0, k) if input.shape else order
    return _at(input.array, best, axis), best


@function(
    "KthvalueBackward0",
    results=BOTH,
    kink="of equal elements, one is chosen",
    examples=("kthvalue(x, 2).values",),
    d_input=put_back_chosen,
)
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Chosen:
    """The k-th smallest element along a dimension, and where it is."""
    axis = normalize_dim(dim, input.ndim)
    if input.shape:
        refuse_empty("kthvalue", input, (axis,), given=True)
    if not 1 <= k <= (input.shape[axis] if input.shape else 1):
        message = f"kthvalue(): selected number k out of range for dimension {axis}"
        raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(0, describe(input.shape))])
    refuse_booleans("kthvalue_cpu", input)
    order = ops.argsort(input.array, axis, False)
    position = cut(Tensor(order), axis, k - 1, 1) if input.shape else order
    return _one(input, position, axis, keepdim)


def _one(input: Tensor, position: LazyArray, axis: int, keepdim: bool) -> Chosen:
    """The element at one position along an axis, with or without its dimension."""
    shape = reduced(input.shape, (axis,), keepdim) if input.shape else input.shape
    return ops.reshape(_at(input.array, position, axis), shape), ops.reshape(position, shape)


# ── median ──


def _median_position(array: LazyArray, axis: int, ignore_nan: bool) -> LazyArray:
    """Where the median is along an axis: the lower of two; the first nan if there is one, unless those are ignored."""
    count = array.shape[axis]
    order = ops.argsort(array, axis, False)
    nans = ops.reduce("sum", ops.cast(ops.unary("isnan", array), int64), (axis,), keepdims=True)
    first_nan = ops.binary("sub", ops.constant(count, int64), nans)
    if ignore_nan:
        last = ops.binary("sub", first_nan, ops.constant(1, int64))
        middle = ops.binary("floor_divide", ops.binary("maximum", last, ops.constant(0, int64)), ops.constant(2, int64))
        return ops.gather(order, middle, axis)
    none = ops.binary("equal", nans, ops.constant(0, int64))
    return ops.gather(order, ops.where(none, ops.constant((count - 1) // 2, int64), first_nan), axis)


def _declare_median(name: str, ignore_nan: bool) -> Function:
    """median or nanmedian, with its two forms: of all elements, and along a dimension with indices."""
    title = name.title()

    def overall(input: Tensor) -> LazyArray:
        refuse_booleans("median_cpu", input)
        count = input.shape.numel()
        if not count:
            return ops.constant(float("nan") if input.dtype.is_floating else -(2**63), input.dtype)
        flat = ops.reshape(input.array, Size((count,)))
        return ops.reshape(ops.gather(flat, _median_position(flat, 0, ignore_nan), 0), Size(()))

    def along(input: Tensor, dim: int, keepdim: bool = False) -> Chosen:
        refuse_booleans("median_cpu", input)
        axis = normalize_dim(dim, input.ndim)
        if not input.shape:
            return input.array, ops.constant(0, int64)
        refuse_empty("median", input, (axis,), given=True)
        return _one(input, _median_position(input.array, axis, ignore_nan), axis, keepdim)

    overall.__doc__ = "The median of all elements, the lower of two; elements that equal it share the gradient."
    along.__doc__ = "The median along a dimension, the lower of two, and where it is."
    of_all = function(
        f"{title}Backward0",
        name=name,
        public=False,
        kink="equal elements share evenly",
        examples=(f"{name}(x)",),
        d_input=shared_by_equals,
    )(overall)
    of_lines = function(
        f"{title}Backward1",
        name=name,
        public=False,
        results=BOTH,
        kink="of equal elements, one is chosen",
        examples=(f"{name}(x, 1).values",),
        d_input=put_back_chosen,
    )(along)

    def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | ReturnTuple:
        found: Tensor | ReturnTuple = of_all(input) if dim is None else of_lines(input, dim, keepdim)
        return found

    ignoring = ", ignoring nan" if ignore_nan else ""
    median.__doc__ = f"The median, the lower of two{ignoring}; along a dimension with where it is."
    return function(name=name, forms=(of_all, of_lines))(median)


median = _declare_median("median", ignore_nan=False)
nanmedian = _declare_median("nanmedian", ignore_nan=True)


# ── running extremes ──


def _running(primitive: str, input: Tensor, dim: int) -> Chosen:
    """The extreme so far at each place, and the last place where it was met; nan stays."""
    axis = normalize_dim(dim, input.ndim)
    if not input.shape:
        return input.array, ops.constant(0, int64)
    values = ops.scan(primitive, input.array, axis)
    met = ops.binary("logical_or", ops.binary("equal", input.array, values), ops.unary("isnan", input.array))
    places = ops.arange(0, 1, input.shape[axis], int64)
    along = ops.reshape(places, Size(size if position == axis else 1 for position, size in enumerate(input.shape)))
    indices = ops.scan("cummax", ops.where(met, along, ops.constant(0, int64)), axis)
    return values, indices


@function(
    "CummaxBackward0",
    results=BOTH,
    kink="of equal elements, the latest is chosen",
    examples=("cummax(x, 1).values",),
    d_input=lambda g_values, indices, input_shape, dim: _put_back(g_values, indices, input_shape, dim, False),
)
def cummax(input: Tensor, dim: int) -> Chosen:
    """The largest element so far along a dimension, and where it is."""
    return _running("cummax", input, dim)


@function(
    "CumminBackward0",
    results=BOTH,
    kink="of equal elements, the latest is chosen",
    examples=("cummin(x, 1).values",),
    d_input=lambda g_values, indices, input_shape, dim: _put_back(g_values, indices, input_shape, dim, False),
)
def cummin(input: Tensor, dim: int) -> Chosen:
    """The smallest element so far along a dimension, and where it is."""
    return _running("cummin", input, dim)
