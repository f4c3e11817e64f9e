"""A part of a tensor replaced by another tensor, windows, and parts that are described by their layout in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.autograd.in_place import overlap, overlaps, places_in_memory, stepped
from gradcli.errors import IndexOutOfRange, NotSupported, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.arguments import Shape
from gradcli.functions.assign import copy_slices
from gradcli.functions.create import size_of
from gradcli.functions.declare import function, method
from gradcli.functions.layout import is_contiguous, unfolded
from gradcli.functions.pointwise import wrap_number
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import unlike_slice
from gradcli.functions.registry import METHODS
from gradcli.functions.shape import clone, reshape
from gradcli.functions.slices import one_slice, select, slice_, spread, take_at
from gradcli.functions.windows import overlap_add
from gradcli.lazy import LazyArray, Size, look_at, ops
from gradcli.lazy.dtypes import int64
from gradcli.lazy.ops import Slice, Window
from gradcli.lazy.shapes import describe, normalize_dim

# ── slices ──


def _slices(shape: Size, dim: int, start: int | None, end: int | None, step: int) -> tuple[int, Slice]:
    """The axis that is sliced, and the slice of it."""
    if not shape:
        raise IndexOutOfRange.as_torch("slice() cannot be applied to a 0-dim tensor.")
    axis = normalize_dim(dim, len(shape))
    if step <= 0:
        raise ValueFault.as_torch("slice step must be positive")
    first, last, _ = slice(start, end).indices(shape[axis])
    return axis, (first, len(range(first, last, step)), step)


def _without(g: Tensor, slices: tuple[Slice, ...], shape: Size) -> Tensor:
    """g with 0 in the part that was replaced."""
    return copy_slices(g, wrap_number(0, g.dtype), slices, shape)


def _with_part(input: Tensor, src: Tensor, slices: tuple[Slice, ...], shape: Size) -> Tensor:
    """The tensor with src in slices that have a shape to the user."""
    if src.shape != shape:
        raise unlike_slice(src, shape)
    replaced: Tensor = copy_slices(input, src, slices, shape)
    return replaced


def _pull_slice_input(g: Tensor, src_shape: Size, dim: int, start: int | None, end: int | None, step: int) -> Tensor:
    """g with 0 in the slice that was replaced."""
    axis, part = _slices(g.shape, dim, start, end, step)
    return _without(g, one_slice(g.shape, axis, part), src_shape)


def _pull_slice_src(g: Tensor, dim: int, start: int | None, end: int | None, step: int) -> Tensor:
    """The slice of g that was replaced."""
    axis, part = _slices(g.shape, dim, start, end, step)
    return slice_(g, axis, *part)


@function(
    "SliceScatterBackward0",
    laid_out_as=("input",),
    examples=("slice_scatter(x, y[:1], 0, 1, 2)", "slice_scatter(x, y[:, ::2], dim=1, step=2)"),
    d_input=_pull_slice_input,
    d_src=_pull_slice_src,
)
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """The tensor with some slices along a dimension replaced: those from start to end, each step-th."""
    axis, part = _slices(input.shape, dim, start, end, step)
    slices = one_slice(input.shape, axis, part)
    return _with_part(input, src, slices, Size(number for _, number, _ in slices))


def _one(shape: Size, dim: int, index: int) -> tuple[Slice, ...]:
    """One slice of a dimension, all of the others."""
    axis = normalize_dim(dim, len(shape))
    return one_slice(shape, axis, (index % shape[axis], 1, 1))


@function(
    "SelectScatterBackward0",
    laid_out_as=("input",),
    examples=("select_scatter(x, y[0], 0, 1)",),
    d_input=lambda g, src_shape, dim, index: _without(g, _one(g.shape, dim, index), src_shape),
    d_src=lambda g, dim, index: select(g, dim, index),
)
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """The tensor with one slice along a dimension replaced."""
    part = select(input, dim, index)
    return _with_part(input, src, _one(input.shape, dim, index), part.shape)


# ── windows ──


def _windows(shape: Size, dimension: int, size: int, step: int) -> tuple[Window, ...]:
    """The windows that slide along a dimension; a 0-dim tensor has one."""
    axis = normalize_dim(dimension, len(shape))
    length = shape[axis] if shape else 1
    if size < 0:
        raise ValueFault.as_torch(f"size is {size} but must be >= 0")
    if size > length:
        raise ShapeMismatch.as_torch(f"maximum size for tensor at dimension {axis} is {length} but size is {size}")
    if step <= 0:
        raise ValueFault.as_torch(f"step is {step} but must be > 0")
    return ((axis, size, step, 1),)


def _folded(g: Tensor, shape: Size, dimension: int, size: int, step: int) -> Tensor:
    """The cotangents of windows, added where they overlap."""
    if not shape:
        return reshape(total(g), ())
    windows = _windows(shape, dimension, size, step)
    return overlap_add(g, windows, (shape[windows[0][0]],))


@function(
    "UnfoldBackward0",
    public=False,
    view=True,
    strides=unfolded,
    examples=("x.unfold(0, 2, 1)", "x.unfold(-1, 1, 2)"),
    d_input=lambda g, input_shape, dimension, size, step: _folded(g, input_shape, dimension, size, step),
)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> LazyArray:
    """All parts of a size along a dimension, each a step after the one before, with their elements as the last dimension."""
    windows = _windows(input.shape, dimension, size, step)
    if not input.shape:
        return ops.slice_(ops.reshape(input.array, Size((1,))), ((0, size, 1),))
    return ops.windows(input.array, windows)


METHODS["unfold"] = unfold


# ── layout in memory ──


@method("storage_offset")
def offset_of(input: Tensor) -> int:
    """Where the first element stands in memory."""
    shown = places_in_memory(input)[1]
    return int(look_at([shown.array])[0].flat[0]) if input.shape.numel() else 0


def _wanted_places(size: Sequence[int], stride: Sequence[int], offset: int, memory: Tensor) -> LazyArray:
    """Where the elements of a tensor with these strides stand in the memory of another one."""
    if len(size) != len(stride):
        raise ValueFault.as_torch("mismatch in length of strides and shape")
    if any(step < 0 for step in stride):
        message = f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}"
        raise ValueFault.as_torch(message)
    if offset < 0:
        raise ValueFault.as_torch(f"Tensor: invalid storage offset {offset}")
    if any(length < 0 for length in size):
        message = f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}"
        raise ValueFault.as_torch(message)
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if Size(size).numel() and last >= memory.shape.numel():
        raise _beyond_memory(size, stride, offset, last, memory)
    return stepped(size_of(size), tuple(stride), offset)


def _beyond_memory(size: Sequence[int], stride: Sequence[int], offset: int, last: int, memory: Tensor) -> ShapeMismatch:
    count, each = memory.shape.numel(), memory.dtype.itemsize
    message = (
        f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {each} "
        f"requiring a storage size of {(last + 1) * each} are out of bounds for storage of size {count * each}"
    )
    return ShapeMismatch.as_torch(message, hint=f"the last element would be number {last} of {count}, counted from 0")


def _positions(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None) -> LazyArray:
    """Which elements, counted through all dimensions, stand in memory from an offset on with these strides."""
    memory, shown = places_in_memory(input)
    offset = offset_of(input) if storage_offset is None else storage_offset
    places = _wanted_places(size, stride, offset, memory)
    return places if memory is input and is_contiguous(input) else _shown_at(input, memory, shown, places)


def _shown_at(input: Tensor, memory: Tensor, shown: Tensor, places: LazyArray) -> LazyArray:
    """Which elements of a view, counted through all dimensions, stand at places in memory."""
    elements = np.full(memory.shape.numel(), -1)
    elements[look_at([shown.array])[0].reshape(-1)] = np.arange(shown.shape.numel())
    found = ops.index(ops.from_buffer(elements, int64), (0,), [places])
    hidden = ops.reduce("any", ops.binary("less", found, ops.constant(0, int64)), tuple(range(len(places.shape))))
    if look_at([hidden])[0]:
        message = "as_strided() of a view reaches elements that the view does not show"
        labels = [OperandLabel(0, describe(input.shape))]
        raise NotSupported(message, operands=labels, hint="take as_strided() of the tensor itself")
    return found


@function(
    "AsStridedBackward0",
    name="as_strided",
    public=False,
    view=True,
    strides=lambda stride: stride,
    examples=("as_strided(b, (2, 2), (1, 1))", "as_strided(x.t(), (2,), (1,))"),
    d_input=lambda g, input_shape, positions: _added_at(g, input_shape, positions),
)
def strided_view(input: Tensor, positions: Any, stride: Shape) -> LazyArray:
    """Elements by their positions, counted through all dimensions; they stand in memory with some strides."""
    return ops.index(ops.reshape(input.array, Size((input.shape.numel(),))), (0,), [positions])


def _added_at(g: Tensor, shape: Size, positions: LazyArray) -> Tensor:
    """Zeros of a shape with g added at positions."""
    return reshape(spread(g, (shape.numel(),), (0,), (Tensor(positions),), False), shape)


@function(forms=(strided_view,))
def as_strided(input: Tensor, size: Shape, stride: Shape, storage_offset: int | None = None) -> Tensor:
    """The elements that stand in memory from an offset on, with these strides; what overlaps adds up in backward."""
    return strided_view(input, _positions(input, size, stride, storage_offset), stride)


@function(
    "AsStridedScatterBackward0",
    name="as_strided_scatter",
    public=False,
    laid_out_as=("input",),
    examples=("as_strided_scatter(x, v[:2], (2,), (1,))",),
    d_input=lambda g, src_shape, positions: with_strided(g, Tensor(ops.full(src_shape, 0, g.dtype)), positions),
    d_src=lambda g, positions: take_at(reshape(g, (-1,)), (0,), (Tensor(positions),), True),
)
def with_strided(input: Tensor, src: Tensor, positions: Any) -> LazyArray:
    """The tensor with elements replaced by their positions, counted through all dimensions."""
    flat = ops.reshape(input.array, Size((input.shape.numel(),)))
    source = ops.cast(src.array, input.dtype)
    return ops.reshape(ops.index_put(flat, (0,), [positions], source, accumulate=False), input.shape)


@function(forms=(with_strided,))
def as_strided_scatter(input: Tensor, src: Tensor, size: Shape, stride: Shape, storage_offset: int | None = None) -> Tensor:
    """The tensor with the elements that as_strided would take replaced."""
    positions = _positions(clone(input) if overlaps(input) else input, size, stride, storage_offset)
    if any(step == 0 and length > 1 for length, step in zip(size, stride, strict=True)):
        raise overlap()
    if src.shape != positions.shape:
        raise unlike_slice(src, positions.shape)
    replaced: Tensor = with_strided(input, src, positions)
    return replaced
