"""Finding and counting: nonzero, unique, searchsorted, isin, bincount, histc. Their results have no derivative."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.arguments import Dims, Operand, Shape
from gradcli.functions.create import size_of
from gradcli.functions.declare import function
from gradcli.functions.dims import axes_of
from gradcli.functions.pointwise import common_dtype, wrap_number
from gradcli.functions.refusals import no_derivative, no_kernel
from gradcli.lazy import DType, LazyArray, Size, compute, ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import BOOLEAN, INTEGER, bool_, float32, float64, int32, int64
from gradcli.lazy.shapes import describe, normalize_dim


def _tensor(values: np.ndarray, dtype: DType) -> Tensor:
    return Tensor(ops.from_buffer(np.asarray(values, order="C"), dtype))


# ── where elements are nonzero ──


@function(examples=("nonzero(x)", "nonzero(x > 0)"))
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of the nonzero elements, one a row; or with as_tuple, one tensor for each dimension."""
    values = compute([input.array])[0]
    if as_tuple:
        return tuple(_tensor(positions, int64) for positions in np.nonzero(np.atleast_1d(values)))
    if not input.ndim:
        return _tensor(np.zeros((int(bool(values)), 0), np.int64), int64)
    return _tensor(np.argwhere(values), int64)


@function(examples=("argwhere(x > 0)",))
def argwhere(input: Tensor) -> Tensor:
    """The positions of the nonzero elements, one a row."""
    found: Tensor = nonzero(input)
    return found


@function(method=False, examples=("unravel_index(tensor([4, 5]), (2, 3))",))
def unravel_index(indices: Tensor, shape: Shape) -> tuple[LazyArray, ...]:
    """Positions counted through all elements of a shape, as positions along each dimension."""
    if indices.dtype.kind != INTEGER:
        message = f"expected 'indices' to be integer dtype, but got {indices.dtype}"
        raise DTypeMismatch.as_torch(message, hint="convert it with .long()")
    if any(size < 0 for size in shape):
        raise ValueFault.as_torch(f"'shape' cannot have negative values, but got {tuple(shape)}")
    found, step = [], Size(shape).numel()
    for size in shape:
        step = step // size if size else 0
        whole = ops.binary("floor_divide", indices.array, ops.constant(step, indices.dtype))
        found.append(ops.binary("remainder", whole, ops.constant(size, indices.dtype)))
    return tuple(found)


@function(examples=("count_nonzero(x)", "count_nonzero(x, 0)"))
def count_nonzero(input: Tensor, dim: Dims = None) -> LazyArray:
    """How many elements are nonzero, or along dimensions."""
    is_nonzero = ops.binary("not_equal", input.array, ops.constant(0, input.dtype))
    return ops.reduce("sum", ops.cast(is_nonzero, int64), axes_of(input.ndim, dim))


# ── unique ──


THREE = ("output", "inverse_indices", "counts")


def _no_unique_derivative(name: str) -> Callable[[Tensor], Tensor]:
    return no_derivative(f"the derivative for '{name}' is not implemented.", "detach() the result, or sort and index instead")


@function("Unique2Backward0", name="_unique2", public=False, results=THREE, d_input=_no_unique_derivative("_unique2"))
def _unique_elements(input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The distinct elements in order, which of them each element is, and how often each occurs."""
    values, inverse, counts = np.unique(compute([input.array])[0], return_inverse=True, return_counts=True, equal_nan=False)
    return _tensor(values, input.dtype), _tensor(inverse.reshape(input.shape), int64), _tensor(counts, int64)


@function("UniqueDimBackward0", name="unique_dim", public=False, results=THREE, d_input=_no_unique_derivative("unique_dim"))
def _unique_slices(input: Tensor, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """The distinct slices along a dimension in order, which of them each slice is, and how often each occurs."""
    values, axis = compute([input.array])[0], normalize_dim(dim, input.ndim)
    unique_slices, inverse, counts = np.unique(values, return_inverse=True, return_counts=True, axis=axis)
    return _tensor(unique_slices, input.dtype), _tensor(inverse.reshape(-1), int64), _tensor(counts, int64)


@function(forms=(_unique_elements, _unique_slices), examples=("unique(tensor([3, 1, 3]))",))
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The distinct elements (or slices along a dimension) in order; on request also where each went, and how many there were."""
    output, inverse, counts = _unique_elements(input) if dim is None else _unique_slices(input, dim)
    result = (output, *([inverse] if return_inverse else []), *([counts] if return_counts else []))
    return result if len(result) > 1 else output


@function("UniqueConsecutiveBackward0", public=False, results=THREE, d_input=_no_unique_derivative("unique_consecutive"))
def _unique_runs(input: Tensor, dim: int | None) -> tuple[Tensor, Tensor, Tensor]:
    """The elements (or slices) without those that repeat the one before, which run each is in, and the lengths of the runs."""
    values = compute([input.array])[0]
    axis = None if dim is None else normalize_dim(dim, input.ndim)
    lines = values.reshape(-1, 1) if axis is None else np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    starts = np.ones(len(lines), bool)
    starts[1:] = (lines[1:] != lines[:-1]).any(axis=1)
    kept = values.reshape(-1)[starts] if axis is None else np.compress(starts, values, axis)
    run = np.cumsum(starts) - 1
    lengths = np.bincount(run, minlength=int(starts.sum()))
    return _tensor(kept, input.dtype), _tensor(run.reshape(values.shape) if axis is None else run, int64), _tensor(lengths, int64)


@function(forms=(_unique_runs,), examples=("unique_consecutive(tensor([3, 3, 1, 3]))",))
def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
    """The elements (or slices) without those that repeat the one before; on request also where each went, how many there were."""
    output, inverse, counts = _unique_runs(input, dim)
    result = (output, *([inverse] if return_inverse else []), *([counts] if return_counts else []))
    return result if len(result) > 1 else output


# ── sorted sequences ──


@function(method=False, examples=("searchsorted(tensor([1., 2., 3.]), x)",))
def searchsorted(
    sorted_sequence: Tensor,
    input: Operand,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> LazyArray:
    """Where to insert values into sorted sequences so that they stay sorted: before equals, or after them if `right`."""
    _check_side(side, right)
    dtype = common_dtype(sorted_sequence, input)
    values = input if isinstance(input, Tensor) else wrap_number(input, dtype)
    _check_sequence(sorted_sequence, values)
    sequence = sorted_sequence.array
    if sorter is not None:
        sequence = ops.gather(sequence, sorter.array, sorted_sequence.ndim - 1)
    sequence, wanted = ops.cast(sequence, dtype), ops.cast(values.array, dtype)
    after = right or side == "right"
    find = ops.searchsorted if sorted_sequence.ndim == 1 else _counted
    found = find(sequence, wanted, after)
    return ops.cast(found, int32) if out_int32 else found


def _counted(sequence: LazyArray, wanted: LazyArray, after: bool) -> LazyArray:
    """For rows of sequences: how many elements are below (or not above) each value."""
    elements = ops.reshape(sequence, Size((*sequence.shape[:-1], 1, sequence.shape[-1])))
    column = ops.reshape(wanted, Size((*wanted.shape, 1)))
    below = ops.binary("less_equal" if after else "less", elements, column)
    return ops.reduce("sum", ops.cast(below, int64), (len(wanted.shape),))


def _check_side(side: str | None, right: bool) -> None:
    if side not in (None, "left", "right"):
        raise ValueFault.as_torch(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        message = "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        raise ValueFault.as_torch(message)


def _check_sequence(sequence: Tensor, values: Tensor) -> None:
    labels = [OperandLabel(0, describe(sequence.shape)), OperandLabel(1, describe(values.shape))]
    if not sequence.ndim:
        message = "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
    elif sequence.ndim == 1 or (values.ndim and values.shape[:-1] == sequence.shape[:-1]):
        return
    elif not values.ndim:
        message = (
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, "
            f"but we got boundaries tensor dim({sequence.ndim}) and input value's dim(0) numel(1)"
        )
    else:
        message = (
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and "
            f"input value tensor must match, but we got boundaries tensor {list(sequence.shape)} "
            f"and input value tensor {list(values.shape)}"
        )
    raise ShapeMismatch.as_torch(message, operands=labels)


@function(method=False, examples=("bucketize(x, tensor([0., 1.]))",))
def bucketize(input: Operand, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the bucket that each value falls into."""
    if boundaries.ndim != 1:
        message = f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(1, describe(boundaries.shape))])
    found: Tensor = searchsorted(boundaries, input, out_int32=out_int32, right=right)
    return found


@function(method=False, examples=("isin(x, tensor([0.5, 2.]))",))
def isin(elements: Operand, test_elements: Operand, *, assume_unique: bool = False, invert: bool = False) -> LazyArray:
    """Whether each element is among the test elements."""
    dtype = common_dtype(elements, test_elements)
    tensors = [value if isinstance(value, Tensor) else wrap_number(value, dtype) for value in (elements, test_elements)]
    for tensor in tensors:
        if tensor.dtype.kind == BOOLEAN:
            raise DTypeMismatch.as_torch("Unsupported input type encountered for isin(): Bool", hint="convert it with .int()")
    wanted, tests = (ops.cast(tensor.array, dtype) for tensor in tensors)
    count = tests.shape.numel()
    if not count:
        return ops.full(wanted.shape, invert, bool_)
    flat = ops.reshape(tests, Size((count,)))
    in_order = ops.gather(flat, ops.argsort(flat, 0, False), 0)
    nearest = ops.binary("minimum", ops.searchsorted(in_order, wanted, False), ops.constant(count - 1, int64))
    return ops.binary("not_equal" if invert else "equal", ops.index(in_order, (0,), [nearest]), wanted)


# ── counting ──


@function(
    "NotImplemented",
    examples=("bincount(tensor([0, 2, 2]))",),
    d_weights=no_derivative(
        "derivative for aten::bincount is not implemented", "zeros(n).index_add(0, input, weights) can be differentiated"
    ),
)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> LazyArray:
    """How often each integer occurs, or the sum of the weights of its occurrences."""
    if minlength < 0:
        raise ValueFault.as_torch("minlength should be >= 0")
    if input.dtype.kind != INTEGER:
        raise no_kernel("bincount_cpu", input.dtype, "convert it with .long()")
    values = compute([input.array])[0]
    if input.ndim != 1 or (values < 0).any():
        message = "bincount only supports 1-d non-negative integral inputs."
        raise ValueFault.as_torch(message, operands=[OperandLabel(0, describe(input.shape))])
    if weights is not None and weights.shape != input.shape:
        message = "weights should be 1-d and have the same length as input"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(1, describe(weights.shape))])
    length = max(minlength, int(values.max(initial=-1)) + 1)
    dtype = int64 if weights is None else float32 if weights.dtype is float32 else float64
    added = ops.full(input.shape, 1, int64) if weights is None else ops.cast(weights.array, dtype)
    return ops.index_put(ops.full(Size((length,)), 0, dtype), (0,), [input.array], added, accumulate=True)


@function(examples=("histc(x, 4)", "histc(x, 4, -1, 1)"))
def histc(input: Tensor, bins: int = 100, min: Scalar = 0, max: Scalar = 0) -> LazyArray:
    """How many elements are in each of some intervals of one length, from min to max, or over all elements if these are equal."""
    if bins <= 0:
        raise ValueFault.as_torch(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if not input.dtype.is_floating:
        raise no_kernel("histogram_cpu", input.dtype, "convert it with .float()")
    low, high = _histogram_range(input, float(min), float(max))
    flat = ops.reshape(input.array, Size((input.shape.numel(),)))
    scale = ops.constant(bins, input.dtype)
    inside = ops.binary("logical_and", ops.binary("less_equal", low, flat), ops.binary("less_equal", flat, high))
    place = ops.binary("div", ops.binary("mul", ops.binary("sub", flat, low), scale), ops.binary("sub", high, low))
    bin_number = ops.cast(ops.where(inside, place, scale), int64)  # what is outside goes to a bin more
    last = ops.where(inside, ops.constant(bins - 1, int64), ops.constant(bins, int64))
    counts = ops.index_put(
        ops.full(size_of((bins + 1,)), 0, input.dtype),
        (0,),
        [ops.binary("minimum", bin_number, last)],
        ops.full(flat.shape, 1, input.dtype),
        accumulate=True,
    )
    return ops.slice_(counts, ((0, bins, 1),))


def _histogram_range(input: Tensor, lowest: float, highest: float) -> tuple[LazyArray, LazyArray]:
    """The ends that were given, those of the elements if they are equal, and one to each side if these are, too."""
    if lowest > highest:
        raise ValueFault.as_torch("torch.histc: max must be larger than min")
    low, high = ops.constant(lowest, input.dtype), ops.constant(highest, input.dtype)
    if lowest == highest and input.shape.numel():
        low, high = (ops.reduce(primitive, input.array, tuple(range(input.ndim))) for primitive in ("min", "max"))
    for first, last in zip(*(possible_values(end).reshape(-1).tolist() for end in (low, high)), strict=True):
        if not (isfinite(first) and isfinite(last)):
            raise ValueFault.as_torch(f"torch.histc: range of [{first:g}, {last:g}] is not finite")
    one = ops.where(ops.binary("equal", low, high), ops.constant(1, input.dtype), ops.constant(0, input.dtype))
    return ops.binary("sub", low, one), ops.binary("add", high, one)
