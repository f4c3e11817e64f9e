"""Convolutions of torch.nn.functional: products of a weight with windows of the input, and their adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, DTypeMismatch, ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Sizes, type_name
from gradcli.functions.declare import function
from gradcli.functions.nn import constant_pad_nd
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import CONVERT_ONE, misfit
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


# ── checks, with PyTorch's sentences ──


def each_axis(name: str, value: Sizes, rank: int) -> tuple[int, ...]:
    """A number for each axis from one for all or from as many."""
    if isinstance(value, int):
        return (value,) * rank
    if len(value) == 1:
        return tuple(value) * rank
    if len(value) != rank:
        message = (
            f"expected {name} to be a single integer value or a list of {rank} values to match the convolution dimensions, "
            f"but got {name}={list(value)}"
        )
        raise ValueFault.as_torch(message)
    return tuple(value)


def _check_types(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    if weight.dtype is not input.dtype:
        message = (
            f"Input type (torch.{input.dtype.tensor_type}Tensor) and weight type (torch.{weight.dtype.tensor_type}Tensor) "
            "should be the same or input should be a MKLDNN tensor and weight is a dense tensor"
        )
        raise DTypeMismatch.as_torch(message, hint=CONVERT_ONE)
    if bias is not None and bias.dtype is not input.dtype:
        message = f"Input type ({input.dtype.cpp_name}) and bias type ({bias.dtype.cpp_name}) should be the same"
        raise DTypeMismatch.as_torch(message, hint=CONVERT_ONE)


def _check_weight(input: Tensor, weight: Tensor) -> None:
    if weight.ndim < 3:
        raise misfit("weight should have at least three dimensions", input, weight)
    if weight.ndim != input.ndim:
        message = (
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight {list(weight.shape)}, "
            f"but got {input.ndim}-dimensional input of size {list(input.shape)} instead"
        )
        raise misfit(message, input, weight)
    if 0 in weight.shape[2:]:
        raise misfit(f"kernel size should be greater than zero, but got {list(weight.shape[2:])}", input, weight)


def _check_numbers(stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], groups: int) -> None:
    if groups <= 0:
        raise ValueFault.as_torch("non-positive groups is not supported")
    if min(padding) < 0:
        raise ValueFault.as_torch("negative padding is not supported")
    if min(stride) <= 0:
        raise ValueFault.as_torch("non-positive stride is not supported")
    if min(dilation) <= 0:
        raise ValueFault.as_torch(f"dilation should be greater than zero, but got {list(dilation)}")


def _check_channels(input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, transposed: bool) -> None:
    """The weight fits the input, and the bias the weight."""
    how = "transposed=1" if transposed else f"groups={groups}"
    size = f"weight of size {list(weight.shape)}"
    if weight.shape[0] < groups:
        message = f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got {size} instead"
        raise misfit(message, input, weight)
    if weight.shape[0] % groups:
        message = f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got {size} instead"
        raise misfit(message, input, weight)
    expected = weight.shape[0] if transposed else weight.shape[1] * groups
    if input.shape[1] != expected:
        message = (
            f"Given {how}, {size}, expected input{list(input.shape)} to have {expected} channels, "
            f"but got {input.shape[1]} channels instead"
        )
        raise misfit(message, input, weight)
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and bias.shape != (channels,):
        given = "Given transposed=1, " if transposed else "Given "
        message = (
            f"{given}{size}, expected bias to be 1-dimensional with {channels} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
        raise misfit(message, input, weight, bias)


def _times(sizes: Sequence[int]) -> str:
    return f"({' x '.join(map(str, sizes))})"


def _by_axis(name: str, numbers: Sequence[int]) -> str:
    """Numbers as PyTorch lists them: a signal is an image of one row."""
    numbers = numbers if len(numbers) > 1 else (0 if name == "output_padding" else 1, *numbers)
    axes = ("depth", "height", "width")[-len(numbers) :]
    return " ".join(f"{name}_{axis}: {number}" for axis, number in zip(axes, numbers, strict=True))


# ── for each number of axes ──


def _padding_of(padding: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> list[tuple[int, int]]:
    """What is added before and after each axis."""
    rank = len(kernel)
    if isinstance(padding, str):
        if padding == "valid":
            return [(0, 0)] * rank
        if padding != "same":
            raise ValueFault.as_torch(f"Invalid padding string: '{padding}'", hint="'same' and 'valid' are known")
        if max(stride) > 1:
            raise ValueFault.as_torch("padding='same' is not supported for strided convolutions")
        totals = [gap * (length - 1) for length, gap in zip(kernel, dilation, strict=True)]
        return [(whole // 2, whole - whole // 2) for whole in totals]
    return [(each, each) for each in each_axis("padding", _integers("padding", padding), rank)]


def _integers(name: str, value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, (list, tuple)) else (value,)
    if not all(isinstance(each, int) for each in values):
        raise ArgumentError.as_torch(f"{name} takes integers, 'same' or 'valid', not {type_name(value)}")
    return tuple(values)


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
    _check_rank(f"conv{rank}d", rank, input)
    axes = max(weight.ndim - 2, 0)
    steps, gaps = each_axis("stride", stride, axes), each_axis("dilation", dilation, axes)
    kernel = tuple(weight.shape[2:])
    _check_weight(input, weight)
    margins = _padding_of(padding, kernel, steps, gaps)
    _check_types(input, weight, bias)
    _check_numbers(steps, [before for before, _ in margins], gaps, groups)
    extra = [after - before for before, after in margins]
    if any(extra):  # PyTorch's convolution has the same on both sides
        input = constant_pad_nd(input, tuple(margin for after in reversed(extra) for margin in (0, after)))
    _check_channels(input, weight, bias, groups, transposed=False)
    sizes, before = tuple(input.shape[2:]), tuple(before for before, _ in margins)
    padded = [size + 2 * each for size, each in zip(sizes, before, strict=True)]
    reach = [gap * (length - 1) + 1 for length, gap in zip(kernel, gaps, strict=True)]
    if any(size < length for size, length in zip(padded, reach, strict=True)):
        message = (
            f"Calculated padded input size per channel: {_times(padded)}. Kernel size: {_times(reach)}. "
            "Kernel size can't be greater than actual input size"
        )
        raise misfit(message, input, weight)
    counts = tuple((size - length) // step + 1 for size, length, step in zip(padded, reach, steps, strict=True))
    return slid_over(input, weight, bias, Slide(2, sizes, counts, kernel, steps, before, gaps), groups)


def _check_rank(name: str, rank: int, input: Tensor) -> None:
    if input.ndim != rank + 2:
        expected = f"{rank + 1}D (unbatched) or {rank + 2}D (batched)"
        message = f"Expected {expected} input to {name}, but got input of size: {list(input.shape)}"
        raise misfit(message, input)


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
    _check_rank(f"conv_transpose{rank}d", rank, input)
    axes = max(weight.ndim - 2, 0)
    steps, before = each_axis("stride", stride, axes), each_axis("padding", padding, axes)
    gaps, after = each_axis("dilation", dilation, axes), each_axis("output_padding", output_padding, axes)
    _check_weight(input, weight)
    _check_types(input, weight, bias)
    _check_numbers(steps, before, gaps, groups)
    if min(after) < 0:
        raise ValueFault.as_torch("negative output_padding is not supported")
    _check_channels(input, weight, bias, groups, transposed=True)
    if any(extra >= max(step, gap) for extra, step, gap in zip(after, steps, gaps, strict=True)):
        listing = {"output_padding": after, "stride": steps, "dilation": gaps}
        listed = " ".join(_by_axis(name, numbers) for name, numbers in listing.items())
        raise ValueFault.as_torch(f"output padding must be smaller than either stride or dilation, but got {listed}")
    kernel, counts = tuple(weight.shape[2:]), tuple(input.shape[2:])
    slide = Slide(2, counts, counts, kernel, steps, before, gaps)
    sizes = tuple(span - 2 * each + extra for span, each, extra in zip(slide.spans, before, after, strict=True))
    if min(sizes) < 1:
        message = (
            f"Given input size per channel: {_times(counts)}. Calculated output size per channel: {_times(sizes)}. "
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
