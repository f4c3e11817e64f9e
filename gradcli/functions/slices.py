"""Elements by their places: one of a dimension, a slice of it, or those at positions; the operations that indexing records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import IndexOutOfRange, OperandLabel, ValueFault
from gradcli.functions.arguments import Shape, Tensors
from gradcli.functions.declare import function
from gradcli.functions.layout import removed, stretched
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.ops import Slice
from gradcli.lazy.shapes import describe, normalize_dim


def one_slice(shape: Sequence[int], axis: int, part: Slice) -> tuple[Slice, ...]:
    """Part of one axis, all of the others."""
    return tuple(part if position == axis else (0, size, 1) for position, size in enumerate(shape))


def along_axis(axis: int, rank: int) -> tuple[int | None, ...]:
    """The entries of an index with one tensor, which stands on one axis."""
    return tuple(0 if position == axis else None for position in range(rank))


def _without(shape: Sequence[int], axis: int) -> Size:
    return Size((*shape[:axis], *shape[axis + 1 :]))


def valid_indices(dim: int, size: int) -> str:
    """Which indices a dimension has, to stand beside one that it has not."""
    return f"dimension {dim} has size {size}" + (f": {-size} to {size - 1} are valid" if size else "")


@function(
    "SelectBackward0",
    view=True,
    strides=removed,
    examples=("select(x, 0, 1)", "x[0]"),
    d_input=lambda g, input_shape, dim, index: select_backward(g, input_shape, dim, index),
)
def select(input: Tensor, dim: int, index: int) -> LazyArray:
    """One slice along a dimension."""
    if input.ndim == 0:
        raise IndexOutOfRange.as_torch("select() cannot be applied to a 0-dim tensor.")
    axis = normalize_dim(dim, input.ndim)
    size = input.shape[axis]
    if not -size <= index < size:
        message = f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {axis}"
        raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(2, valid_indices(axis, size))])
    part = ops.slice_(input.array, one_slice(input.shape, axis, (index % size, 1, 1)))
    return ops.reshape(part, _without(input.shape, axis))


@function(
    "SelectBackwardBackward0",
    public=False,
    examples=("select_backward(v, (2, 3), 0, 1)",),
    d_input=lambda g, dim, index: select(g, dim, index),
)
def select_backward(input: Tensor, shape: Shape, dim: int, index: int) -> LazyArray:
    """Zeros with the tensor as one slice: the adjoint of select."""
    size = Size(shape)
    axis = normalize_dim(dim, len(size))
    kept = ops.reshape(input.array, Size((*size[:axis], 1, *size[axis + 1 :])))
    return ops.place(kept, one_slice(size, axis, (index % size[axis], 1, 1)), size)


@function(
    "SliceBackward0",
    name="slice",
    public=False,
    view=True,
    strides=stretched,
    examples=("x[:, 1:]", "x[0:1]"),
    d_input=lambda g, input_shape, dim, start, step: slice_backward(g, input_shape, dim, start, step),
)
def slice_(input: Tensor, dim: int, start: int, length: int, step: int) -> LazyArray:
    """Every step-th slice along a dimension."""
    return ops.slice_(input.array, one_slice(input.shape, dim, (start, length, step)))


@function(
    "SliceBackwardBackward0",
    public=False,
    examples=("slice_backward(v, (7,), 0, 1, 2)",),
    d_input=lambda g, input_shape, dim, start, step: slice_(g, dim, start, input_shape[dim], step),
)
def slice_backward(input: Tensor, shape: Shape, dim: int, start: int, step: int) -> LazyArray:
    """Zeros with the tensor where slice would have taken it: the adjoint of slice."""
    return ops.place(input.array, one_slice(shape, dim, (start, input.shape[dim], step)), Size(shape))


@function(forms=(slice_,), examples=("narrow(x, 1, 0, 2)",))
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Part of a dimension, from a start on."""
    return slice_(input, *_narrowed(input, dim, start, length))


@function(
    "NarrowCopyBackward0",
    examples=("narrow_copy(x, 1, 0, 2)",),
    d_input=lambda g, input_shape, dim, start: _put_narrowed(g, input_shape, dim, start),
)
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> LazyArray:
    """Part of a dimension, from a start on, as a copy."""
    axis, *part = _narrowed(input, dim, start, length)
    return ops.slice_(input.array, one_slice(input.shape, axis, (part[0], part[1], part[2])))


def _put_narrowed(g: Tensor, shape: Size, dim: int, start: int) -> Tensor:
    """g in the place of what was cut out of zeros."""
    axis = normalize_dim(dim, len(shape))
    return slice_backward(g, shape, axis, start % max(shape[axis], 1), 1)


def _narrowed(input: Tensor, dim: int, start: int, length: int) -> tuple[int, int, int, int]:
    """The slice that narrow means: its axis, start, length and step."""
    if input.ndim == 0:
        raise IndexOutOfRange.as_torch("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ValueFault.as_torch("narrow(): length must be non-negative.")
    axis = normalize_dim(dim, input.ndim)
    size = input.shape[axis]
    if not -size <= start <= size:
        message = f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(2, valid_indices(axis, size))])
    first = start + size if start < 0 else start
    if first + length > size:
        message = f"start ({first}) + length ({length}) exceeds dimension size ({size})."
        raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(0, describe(input.shape))])
    return axis, first, length, 1


@function(
    "IndexBackward0",
    name="index",
    public=False,
    examples=("x[[0, 1], [2, 0]]", "x[x > 0]"),
    d_input=lambda g, input_shape, entries, indices, distinct: spread(g, input_shape, entries, indices, distinct),
)
def take_at(input: Tensor, entries: Any, indices: Tensors, distinct: bool) -> LazyArray:
    """The elements at computed positions; `distinct` promises that no element is taken twice."""
    return ops.index(input.array, entries, [index.array for index in indices])


@function(
    "IndexPutImplBackward0",
    public=False,
    examples=("spread(v, (5,), (0,), (tensor([4, 0, 0]),), False)",),
    d_source=lambda g, entries, indices, distinct: take_at(g, entries, indices, distinct),
)
def spread(source: Tensor, shape: Shape, entries: Any, indices: Tensors, distinct: bool) -> LazyArray:
    """Zeros with the source added at positions: the adjoint of taking them."""
    zeros = ops.full(Size(shape), 0, source.dtype)
    return ops.index_put(zeros, entries, [index.array for index in indices], source.array, accumulate=not distinct)
