"""Pools of torch.nn.functional that choose the largest element of each window, and their inverse."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, IndexOutOfRange, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Shape, Sizes
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq
from gradcli.functions.gather import gather, scatter, scatter_add
from gradcli.functions.padding import padded
from gradcli.functions.pool_arguments import pool_slide
from gradcli.functions.refusals import misfit, no_kernel, require_floating
from gradcli.functions.shape import permute, reshape, squeeze, unsqueeze
from gradcli.functions.windows import Slide, overlap_add
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import LIMITS, bool_, int64

# ── the largest of a window, and where it is ──

# Windows of more elements are compared at once, not one offset after the other.
MOST_PARTS = 64


def _chosen(input: Tensor, slide: Slide) -> tuple[LazyArray, LazyArray]:
    """The largest element of each window and its offset in it: the first of equals, the last that is nan."""
    lowest = -inf if input.dtype.is_floating else LIMITS[input.dtype][0]
    around = padded(input, slide.margins, lowest).array
    if prod(slide.kernel) > MOST_PARTS:
        largest, offset = largest_of_last(ops.windows(around, slide.along), len(slide.kernel))
    else:
        largest, offset = _largest_of_parts(input, ops.window_parts(around, slide.along))
    if not any(slide.padding):
        return largest, offset
    is_least = ops.binary("equal", largest, ops.constant(lowest, input.dtype))  # then what is around is no candidate
    return largest, ops.where(is_least, _first_inside(slide, len(largest.shape)), offset)


def _first_inside(slide: Slide, rank: int) -> LazyArray:
    """The offset of the first element of each window that is an element of the input."""
    offset = ops.constant(0, int64)
    for (axis, length, step, gap), count, pad in zip(slide.along, slide.counts, slide.padding, strict=True):
        first = [max(0, -((window * step - pad) // gap)) for window in range(count)]
        numbers = _on_axis(ops.from_buffer(np.array(first, np.int64), int64), axis, rank)
        offset = ops.binary("add", ops.binary("mul", offset, ops.constant(length, int64)), numbers)
    return offset


def _largest_of_parts(input: Tensor, parts: list[LazyArray]) -> tuple[LazyArray, LazyArray]:
    largest, offset = parts[0], ops.full(parts[0].shape, 0, int64)
    for number, part in enumerate(parts[1:], 1):
        is_larger = ops.binary("less", largest, part)
        if input.dtype.is_floating:
            is_larger = ops.binary("logical_or", is_larger, ops.unary("isnan", part))
        largest = ops.binary("maximum", largest, part)
        offset = ops.where(is_larger, ops.full(part.shape, number, int64), offset)
    return largest, offset


def largest_of_last(windows: LazyArray, axes: int) -> tuple[LazyArray, LazyArray]:
    """The largest elements along the last axes, and their offsets in these."""
    rank = len(windows.shape) - axes
    flat = ops.reshape(windows, Size((*windows.shape[:rank], prod(windows.shape[rank:]))))
    return ops.reduce("max", flat, (rank,)), ops.arg_reduce("argmax", flat, rank)


def _on_axis(numbers: LazyArray, axis: int, rank: int) -> LazyArray:
    return ops.reshape(numbers, Size((*(1,) * axis, numbers.shape[0], *(1,) * (rank - axis - 1))))


def _positions(offset: LazyArray, slide: Slide) -> LazyArray:
    """Where the chosen elements are among all positions of the input, from their offsets in the windows."""
    rank, position = len(offset.shape), ops.constant(0, int64)
    within = prod(slide.kernel)
    for (axis, length, step, gap), size, count, pad in zip(slide.along, slide.sizes, slide.counts, slide.padding, strict=True):
        within //= length
        digit = ops.binary("remainder", _whole_part(offset, within), ops.constant(length, int64))
        start = _on_axis(ops.arange(-pad, step, count, int64), axis, rank)
        coordinate = ops.binary("add", start, ops.binary("mul", digit, ops.constant(gap, int64)))
        position = ops.binary("add", ops.binary("mul", position, ops.constant(size, int64)), coordinate)
    return position


def _whole_part(offset: LazyArray, divisor: int) -> LazyArray:
    return offset if divisor == 1 else ops.binary("floor_divide", offset, ops.constant(divisor, int64))


def _put_where_chosen(g: Tensor, input: Tensor, slide: Slide) -> Tensor:
    """Each cotangent at the element that was chosen, 0 at the others of its window."""
    rank, number = g.ndim, prod(slide.kernel)
    offsets = Tensor(_on_axis(ops.arange(0, 1, number, int64), 0, rank + 1))
    each = where(eq(Tensor(_chosen(input, slide)[1]), offsets), g, 0.0)  # first of all the offsets, so that reads are in order
    apart = reshape(each, (*slide.kernel, *g.shape))
    window_axes = len(slide.kernel)
    whole = overlap_add(permute(apart, (*range(window_axes, window_axes + rank), *range(window_axes))), slide.along, slide.spans)
    return padded(whole, [(-before, -after) for before, after in slide.margins])


def put_at(g: Tensor, indices: Tensor, sizes: Sequence[int]) -> Tensor:
    """Each cotangent added at its position among those of the last axes."""
    before = g.shape[: g.ndim - len(sizes)]
    flat = (*before, prod(g.shape[len(before) :]))
    zeros = Tensor(ops.full(Size((*before, prod(sizes))), 0.0, g.dtype))
    return reshape(scatter_add(zeros, -1, reshape(indices, flat), reshape(g, flat)), (*before, *sizes))


def taken_at(input: Tensor, indices: Tensor, axes: int) -> Tensor:
    """The elements at positions among those of the last axes."""
    before = input.shape[: input.ndim - axes]
    flat = reshape(input, (*before, prod(input.shape[len(before) :])))
    return reshape(gather(flat, -1, reshape(indices, (*before, prod(indices.shape[len(before) :])))), indices.shape)


def _put_maxima(g: Tensor, input: Tensor, indices: Tensor, slide: Slide) -> Tensor:
    """For each element the sum of g over the windows of which it is the maximum."""
    if prod(slide.kernel) > MOST_PARTS:
        return put_at(g, indices, slide.sizes)
    return _put_where_chosen(g, input, slide)


@function(
    lambda slide: f"MaxPool{len(slide.kernel)}DWithIndicesBackward0",
    name="max_pool",
    public=False,
    results=("values", "indices"),
    returns_named=False,
    kink="ties go to the first",
    d_input=lambda g_values, input, indices, slide: _put_maxima(g_values, input, indices, slide),
)
def largest_of_windows(input: Tensor, slide: Any) -> tuple[LazyArray, LazyArray]:
    """The largest element of each window, and where it is."""
    largest, offset = _chosen(input, slide)
    return largest, _positions(offset, slide)


def _pooled(
    rank: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    slide = pool_slide(f"max_pool{rank}d", rank, input, kernel_size, stride, padding, dilation, ceil_mode)
    if input.dtype is bool_:
        raise no_kernel("max_pool2d" if rank == 2 else "max_pool3d_out_frame", input.dtype)
    values, indices = largest_of_windows(input, slide)
    return (values, indices) if return_indices else values


# ── for each number of axes ──


def _one(argument: str, value: Sizes, allowed: str = "an int, list of ints or tuple of ints") -> int:
    numbers = (value,) if isinstance(value, int) else tuple(value)
    if len(numbers) != 1:
        raise ValueFault.as_torch(f"max_pool1d() {argument} must be {allowed} of size 1 but got size {len(numbers)}")
    return numbers[0]


def _check_signal(input: Tensor, length: int, step: int, pad: int, gap: int) -> None:
    if input.ndim not in (2, 3):
        ranks = "Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input"
        raise misfit(f"max_pool1d: {ranks}, but got:{list(input.shape)}", input)
    for name, number in (("kernel_size", length), ("stride", step)):
        if number <= 0:
            raise ValueFault.as_torch(f"max_pool1d() {name} must be greater than zero, but got {number}")
    if pad < 0:
        raise ValueFault.as_torch(f"max_pool1d() padding must be non-negative, but got {pad}")
    if pad > length // 2:
        sizes = f"but got padding={pad} and kernel_size={length}"
        raise ValueFault.as_torch(f"max_pool1d() padding should be at most half of kernel size, {sizes}")
    if gap <= 0:
        raise ValueFault.as_torch(f"max_pool1d() dilation must be greater than zero, but got {gap}")
    if input.shape[-1] + 2 * pad < gap * (length - 1) + 1:
        message = f"max_pool1d() Invalid computed output size: {(input.shape[-1] + 2 * pad - gap * (length - 1) - 1) // step + 1}"
        raise misfit(message, input)


@function(
    namespace=NN,
    aliases=("max_pool1d",),
    forms=(largest_of_windows,),
    kink="ties go to the first",
    examples=("F.max_pool1d(x, 2)", "F.max_pool1d(b, 2, 1, padding=1)"),
)
def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest elements of all windows of signals."""
    length, pad, gap = _one("kernel_size", kernel_size), _one("padding", padding), _one("dilation", dilation)
    step = length if stride is None or stride == () else _one("stride", stride, "None, an int, list of ints, or tuple of ints")
    _check_signal(input, length, step, pad, gap)
    if not return_indices:
        require_floating("max_pool1d_impl", input)
    image = unsqueeze(input, -2)
    values, indices = _pooled(2, image, (1, length), (1, step), (0, pad), (1, gap), ceil_mode, True)
    return (squeeze(values, -2), squeeze(indices, -2)) if return_indices else squeeze(values, -2)


@function(
    namespace=NN,
    aliases=("max_pool2d",),
    forms=(largest_of_windows,),
    kink="ties go to the first",
    examples=("F.max_pool2d(b, 2)", "F.max_pool2d(b, 2, 1, padding=1, ceil_mode=True)"),
)
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest elements of all windows of images."""
    return _pooled(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@function(
    namespace=NN,
    aliases=("max_pool3d",),
    forms=(largest_of_windows,),
    kink="ties go to the first",
    examples=("F.max_pool3d(b.unsqueeze(0), 2)",),
)
def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest elements of all windows of volumes."""
    return _pooled(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


# ── back to where they were ──


@function(
    lambda sizes: f"MaxUnpool{len(sizes)}DBackward0",
    name="max_unpool",
    public=False,
    examples=("F.max_unpool2d(b, tensor([[[0, 3, 5], [8, 9, 11]], [[0, 3, 5], [8, 9, 10]]]), 2)",),
    d_input=lambda g, indices, sizes: taken_at(g, indices, len(sizes)),
)
def put_back(input: Tensor, indices: Tensor, sizes: Shape) -> Tensor:
    """Zeros with each element at its position among those of the last axes."""
    before = input.shape[: input.ndim - len(sizes)]
    flat = (*before, prod(input.shape[len(before) :]))
    zeros = Tensor(ops.full(Size((*before, prod(sizes))), 0, input.dtype))
    return reshape(scatter(zeros, -1, reshape(indices, flat), reshape(input, flat)), (*before, *sizes))


def _unpooled(
    rank: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    output_size: Shape | None,
) -> Tensor:
    kernel, before = _repeated(kernel_size, rank), _repeated(padding, rank)
    steps = kernel if stride is None else _repeated(stride, rank)
    own = input.shape[-rank:]
    default = [(n - 1) * step + length - 2 * pad for n, step, length, pad in zip(own, steps, kernel, before, strict=True)]
    sizes = tuple(default) if output_size is None else _wanted_sizes(tuple(output_size), default, steps)
    if rank == 1:
        return squeeze(_put_back_checked(unsqueeze(input, -1), unsqueeze(indices, -1), (*sizes, 1)), -1)
    return _put_back_checked(input, indices, sizes)


def _repeated(value: Sizes, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _wanted_sizes(wanted: tuple[int, ...], default: Sequence[int], steps: Sequence[int]) -> tuple[int, ...]:
    rank = len(default)
    sizes = wanted[2:] if len(wanted) == rank + 2 else wanted
    if len(sizes) != rank:
        expected = f"output_size should be a sequence containing {rank} or {rank + 2} elements"
        raise ValueFault.as_torch(f"{expected}, but it has a length of '{len(sizes)}'")
    for axis, (size, usual, step) in enumerate(zip(sizes, default, steps, strict=True)):
        if not usual - step < size < usual + step:
            limits = f"dim {axis} must be between {usual - step} and {usual + step}"
            raise ValueFault.as_torch(f'invalid output_size "{sizes}" ({limits})')
    return sizes


def _put_back_checked(input: Tensor, indices: Tensor, sizes: tuple[int, ...]) -> Tensor:
    if indices.dtype is not int64:
        message = f"elements in indices should be type int64 but got: {indices.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="convert them with .long()")
    if indices.shape != input.shape:
        message = (
            f"Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) "
            f"but got indices tensor with shape: {list(indices.shape)}"
        )
        raise misfit(message, input, indices)
    values = possible_values(indices.array)
    outside = (values < 0) | (values >= prod(sizes))
    if outside.any():
        volumes = "x".join(map(str, sizes))
        message = f"Found an invalid max index: {int(values[outside].flat[0])} (output volumes are of size {volumes})"
        raise IndexOutOfRange.as_torch(message)
    return put_back(input, indices, sizes)


@function(namespace=NN, forms=(put_back,), examples=("F.max_unpool1d(v[None, :2], tensor([[0, 3]]), 2)",))
def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """Signals that are 0 but where max_pool1d found the elements."""
    return _unpooled(1, input, indices, kernel_size, stride, padding, output_size)


@function(namespace=NN, forms=(put_back,))
def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """Images that are 0 but where max_pool2d found the elements."""
    return _unpooled(2, input, indices, kernel_size, stride, padding, output_size)


@function(namespace=NN, forms=(put_back,))
def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """Volumes that are 0 but where max_pool3d found the elements."""
    return _unpooled(3, input, indices, kernel_size, stride, padding, output_size)
