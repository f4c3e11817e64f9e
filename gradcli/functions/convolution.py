"""Convolutions of torch.nn.functional: products of a weight with windows of the input, and their adjoint."""

from __future__ import annotations

from math import prod
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Sizes
from gradcli.functions.convolution_arguments import (
    by_axis,
    check_channels,
    check_numbers,
    check_rank,
    check_types,
    check_weight,
    each_axis,
    margins_of,
    times,
)
from gradcli.functions.declare import function
from gradcli.functions.padding import constant_pad_nd
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import squeeze, unsqueeze
from gradcli.functions.windows import Slide, fitted
from gradcli.lazy import LazyArray, Size, ops

# ── the three products of an input, a weight and a cotangent, each linear in two of them ──


def _matrices(weight: LazyArray, groups: int) -> LazyArray:
    """The weight of each group as a matrix."""
    rows, *columns = weight.shape
    return ops.reshape(weight, Size((groups, rows // groups, prod(columns))))


def _columns(input: LazyArray, slide: Slide, groups: int) -> LazyArray:
    """The windows of the input as columns, for each group."""
    windows = ops.permute(ops.windows(fitted(input, slide.margins), slide.along), _swapped(slide))
    batch, channels = input.shape[:2]
    length = channels // groups * prod(slide.kernel)
    return ops.reshape(windows, Size((batch, groups, length, prod(slide.counts))))


def _swapped(slide: Slide) -> tuple[int, ...]:
    """The order of axes in which those of positions and those within windows have changed places."""
    rank = len(slide.kernel)
    return (0, 1, *range(2 + rank, 2 + 2 * rank), *range(2, 2 + rank))


def _grouped(output: LazyArray, slide: Slide, groups: int) -> LazyArray:
    batch, channels = output.shape[:2]
    return ops.reshape(output, Size((batch, groups, channels // groups, prod(slide.counts))))


def _with_bias(output: LazyArray, bias: Tensor | None) -> LazyArray:
    if bias is None:
        return output
    return ops.binary("add", output, ops.reshape(bias.array, Size((*bias.shape, *(1,) * (len(output.shape) - 2)))))


def _turned(matrix: LazyArray) -> LazyArray:
    """The last two axes exchanged."""
    rank = len(matrix.shape)
    return ops.permute(matrix, (*range(rank - 2), rank - 1, rank - 2))


def _sum_for_each_channel(g: Tensor) -> Tensor:
    """The sum of g over all axes but that of the channels."""
    return total(g, (0, *range(2, g.ndim)))


@function(
    "ConvolutionBackward0",
    name="convolution",
    public=False,
    examples=("F.conv1d(b, b, v[:2], padding=1)",),
    d_input=lambda g, weight, slide, groups: spread_out(g, weight, None, slide, groups),
    d_weight=lambda g, input, slide, groups: weight_between(input, g, slide, groups),
    d_bias=lambda g: _sum_for_each_channel(g),
)
def slid_over(input: Tensor, weight: Tensor, bias: Tensor | None, slide: Any, groups: int) -> LazyArray:
    """The products of the weight with all windows of the input."""
    products = ops.matmul(_matrices(weight.array, groups), _columns(input.array, slide, groups))
    return _with_bias(ops.reshape(products, Size((input.shape[0], weight.shape[0], *slide.counts))), bias)


@function(
    "ConvolutionBackward0",
    name="convolution",
    public=False,
    d_input=lambda g, weight, slide, groups: slid_over(g, weight, None, slide, groups),
    d_weight=lambda g, input, slide, groups: weight_between(g, input, slide, groups),
    d_bias=lambda g: _sum_for_each_channel(g),
)
def spread_out(input: Tensor, weight: Tensor, bias: Tensor | None, slide: Any, groups: int) -> LazyArray:
    """The weight times each element, added up where the window of that element is: the adjoint of sliding over."""
    columns = ops.matmul(_turned(_matrices(weight.array, groups)), _grouped(input.array, slide, groups))
    batch, channels = input.shape[0], weight.shape[1] * groups
    windows = ops.permute(ops.reshape(columns, Size((batch, channels, *slide.kernel, *slide.counts))), _swapped(slide))
    margins = [(-before, -after) for before, after in slide.margins]
    return _with_bias(fitted(ops.overlap_add(windows, slide.along, slide.spans), margins), bias)


@function(
    "ConvolutionBackwardBackward0",
    public=False,
    d_input=lambda g, output, slide, groups: spread_out(output, g, None, slide, groups),
    d_output=lambda g, input, slide, groups: slid_over(input, g, None, slide, groups),
)
def weight_between(input: Tensor, output: Tensor, slide: Any, groups: int) -> LazyArray:
    """What a weight gets of a cotangent of the output: its products with the windows of the input."""
    products = ops.matmul(_grouped(output.array, slide, groups), _turned(_columns(input.array, slide, groups)))
    channels = input.shape[1] // groups
    return ops.reshape(ops.reduce("sum", products, (0,)), Size((output.shape[1], channels, *slide.kernel)))


# ── for each number of axes ──


def _convolved(
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Any,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    """The convolution over so many axes; an input without a batch is a batch of one."""
    if input.ndim == rank + 1:
        batch = _convolved(rank, unsqueeze(input, 0), weight, bias, stride, padding, dilation, groups)
        return squeeze(batch, 0)
    check_rank(f"conv{rank}d", rank, input)
    axes = max(weight.ndim - 2, 0)
    steps, gaps = each_axis("stride", stride, axes), each_axis("dilation", dilation, axes)
    kernel = tuple(weight.shape[2:])
    check_weight(input, weight)
    margins = margins_of(padding, kernel, steps, gaps)
    check_types(input, weight, bias)
    check_numbers(steps, [before for before, _ in margins], gaps, groups)
    extra = [after - before for before, after in margins]
    if any(extra):  # PyTorch's convolution has the same on both sides
        input = constant_pad_nd(input, tuple(margin for after in reversed(extra) for margin in (0, after)))
    check_channels(input, weight, bias, groups, transposed=False)
    sizes, before = tuple(input.shape[2:]), tuple(before for before, _ in margins)
    padded = [size + 2 * each for size, each in zip(sizes, before, strict=True)]
    reach = [gap * (length - 1) + 1 for length, gap in zip(kernel, gaps, strict=True)]
    if any(size < length for size, length in zip(padded, reach, strict=True)):
        message = (
            f"Calculated padded input size per channel: {times(padded)}. Kernel size: {times(reach)}. "
            "Kernel size can't be greater than actual input size"
        )
        raise misfit(message, input, weight)
    counts = tuple((size - length) // step + 1 for size, length, step in zip(padded, reach, steps, strict=True))
    return slid_over(input, weight, bias, Slide(2, sizes, counts, kernel, steps, before, gaps), groups)


def _transposed(
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    """The adjoint of a convolution over so many axes; an input without a batch is a batch of one."""
    if input.ndim == rank + 1:
        batch = _transposed(rank, unsqueeze(input, 0), weight, bias, stride, padding, output_padding, groups, dilation)
        return squeeze(batch, 0)
    check_rank(f"conv_transpose{rank}d", rank, input)
    axes = max(weight.ndim - 2, 0)
    steps, before = each_axis("stride", stride, axes), each_axis("padding", padding, axes)
    gaps, after = each_axis("dilation", dilation, axes), each_axis("output_padding", output_padding, axes)
    check_weight(input, weight)
    check_types(input, weight, bias)
    check_numbers(steps, before, gaps, groups)
    if min(after) < 0:
        raise ValueFault.as_torch("negative output_padding is not supported")
    check_channels(input, weight, bias, groups, transposed=True)
    if any(extra >= max(step, gap) for extra, step, gap in zip(after, steps, gaps, strict=True)):
        listing = {"output_padding": after, "stride": steps, "dilation": gaps}
        listed = " ".join(by_axis(name, numbers) for name, numbers in listing.items())
        raise ValueFault.as_torch(f"output padding must be smaller than either stride or dilation, but got {listed}")
    kernel, counts = tuple(weight.shape[2:]), tuple(input.shape[2:])
    slide = Slide(2, counts, counts, kernel, steps, before, gaps)
    sizes = tuple(span - 2 * each + extra for span, each, extra in zip(slide.spans, before, after, strict=True))
    if min(sizes) < 1:
        message = (
            f"Given input size per channel: {times(counts)}. Calculated output size per channel: {times(sizes)}. "
            "Output size is too small"
        )
        raise ShapeMismatch.as_torch(message)
    return spread_out(input, weight, bias, slide._replace(sizes=sizes), groups)


@function(
    namespace=NN,
    aliases=("conv1d",),
    forms=(slid_over, constant_pad_nd),
    examples=("F.conv1d(b, b)", "F.conv1d(b, b, v[:2], stride=2, padding=1)"),
)
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Any = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The sums of products of a weight with all windows of signals, plus a bias for each channel."""
    return _convolved(1, input, weight, bias, stride, padding, dilation, groups)


@function(
    namespace=NN,
    aliases=("conv2d",),
    forms=(slid_over, constant_pad_nd),
    examples=("F.conv2d(b, b.unsqueeze(0))", "F.conv2d(b.unsqueeze(0), b.unsqueeze(0), padding='same')"),
)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Any = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The sums of products of a weight with all windows of images, plus a bias for each channel."""
    return _convolved(2, input, weight, bias, stride, padding, dilation, groups)


@function(
    namespace=NN,
    aliases=("conv3d",),
    forms=(slid_over, constant_pad_nd),
    examples=("F.conv3d(b.unsqueeze(0), b.unsqueeze(0).unsqueeze(0), padding=1)",),
)
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Any = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The sums of products of a weight with all windows of volumes, plus a bias for each channel."""
    return _convolved(3, input, weight, bias, stride, padding, dilation, groups)


@function(
    namespace=NN,
    aliases=("conv_transpose1d",),
    forms=(spread_out,),
    examples=("F.conv_transpose1d(b, b)", "F.conv_transpose1d(b, b, stride=2, padding=1, output_padding=1)"),
)
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """A weight times each element of signals, added up where the window of that element is: the adjoint of conv1d."""
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@function(
    namespace=NN,
    aliases=("conv_transpose2d",),
    forms=(spread_out,),
    examples=("F.conv_transpose2d(b, b.unsqueeze(1))",),
)
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """A weight times each element of images, added up where the window of that element is: the adjoint of conv2d."""
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@function(
    namespace=NN,
    aliases=("conv_transpose3d",),
    forms=(spread_out,),
    examples=("F.conv_transpose3d(b.unsqueeze(0), b.unsqueeze(0).unsqueeze(0))",),
)
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """A weight times each element of volumes, added up where the window of that element is: the adjoint of conv3d."""
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)
