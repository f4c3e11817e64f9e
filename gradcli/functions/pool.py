"""Pools of torch.nn.functional: the mean or the norm of the elements in each window."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import ValueFault
from gradcli.functions.activation import NN, relu
from gradcli.functions.arguments import Sizes
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.division import true_divide
from gradcli.functions.elementwise import abs as magnitude
from gradcli.functions.elementwise import mul, sign
from gradcli.functions.padding import padded
from gradcli.functions.pool_arguments import check_signal, one_number, pool_slide
from gradcli.functions.power import pow
from gradcli.functions.reduce import sum as total
from gradcli.functions.reduce import widened
from gradcli.functions.refusals import no_kernel
from gradcli.functions.repetition import expand
from gradcli.functions.shape import squeeze, unsqueeze
from gradcli.functions.windows import Slide, overlap_add, windows
from gradcli.lazy import ops
from gradcli.lazy.dtypes import int64

# ── means ──


def _divisor(slide: Slide, count_include_pad: bool, divisor_override: int | None) -> Tensor | int:
    """By what the sum of each window is divided: how many elements it has, or a number that was given."""
    if divisor_override is not None:
        return divisor_override
    counted = np.ones((), np.int64)
    for count, size, length, step, pad in zip(slide.counts, slide.sizes, slide.kernel, slide.stride, slide.padding, strict=True):
        start = np.arange(count) * step - pad
        stop = np.minimum(start + length, size + pad)
        if not count_include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, size)
        counted = np.multiply.outer(counted, stop - start)
    same = int(counted.flat[0])
    return same if (counted == same).all() else Tensor(ops.from_buffer(counted, int64))


def _mean_cotangent(g: Tensor, slide: Slide, count_include_pad: bool, divisor_override: int | None) -> Tensor:
    """Each cotangent shared out to all elements of its window."""
    share = true_divide(widened(g), _divisor(slide, count_include_pad, divisor_override))
    for (axis, length, step, gap), span in zip(slide.along, slide.spans, strict=True):
        everywhere = expand(unsqueeze(share, -1), (*share.shape, length))
        share = overlap_add(everywhere, ((axis, length, step, gap),), (span,))
    return to(padded(share, [(-before, -after) for before, after in slide.margins]), g.dtype)


@function(
    lambda slide: f"AvgPool{len(slide.kernel)}DBackward0",
    name="avg_pool",
    public=False,
    examples=("F.avg_pool2d(b, 2, 1)",),
    d_input=lambda g, input, slide, count_include_pad, divisor_override: _mean_cotangent(
        g, slide, count_include_pad, divisor_override
    ),  # saves the input, as PyTorch does
)
def mean_of_windows(input: Tensor, slide: Any, count_include_pad: bool, divisor_override: int | None) -> Tensor:
    """The means of all windows."""
    sums = padded(widened(input), slide.margins)
    for window in slide.along:
        sums = total(windows(sums, (window,)), -1)
    divisor = _divisor(slide, count_include_pad, divisor_override)
    rounding = None if input.dtype.is_floating else "trunc"
    return to(true_divide(sums, divisor, rounding_mode=rounding), input.dtype)


def _averaged(
    rank: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    if divisor_override == 0:
        raise ValueFault.as_torch("divisor must be not zero")
    slide = pool_slide(f"avg_pool{rank}d", rank, input, kernel_size, stride, padding, 1, ceil_mode)
    if not input.dtype.is_floating and input.dtype is not int64:
        kernel = "avg_pool2d" if rank == 2 else "avg_pool3d_out_frame"
        raise no_kernel(kernel, input.dtype, "convert it with .float(), or write its numbers with a point")
    return mean_of_windows(input, slide, count_include_pad, divisor_override)


@function(
    namespace=NN,
    aliases=("avg_pool1d",),
    forms=(mean_of_windows,),
    examples=("F.avg_pool1d(x, 2)", "F.avg_pool1d(b, 2, 1, padding=1, count_include_pad=False)"),
)
def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The means of all windows of signals."""
    check_signal("avg_pool1d", input)
    length, pad = one_number("avg_pool1d", "kernel_size", kernel_size), one_number("avg_pool1d", "padding", padding)
    step = length if stride is None or stride == () else one_number("avg_pool1d", "stride", stride)
    image = unsqueeze(input, -2)
    return squeeze(_averaged(2, image, (1, length), (1, step), (0, pad), ceil_mode, count_include_pad, None), -2)


@function(
    namespace=NN,
    forms=(mean_of_windows,),
    examples=("F.avg_pool2d(b, 2)", "F.avg_pool2d(b, (1, 2), 2, padding=(0, 1), ceil_mode=True)"),
)
def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The means of all windows of images."""
    return _averaged(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@function(namespace=NN, forms=(mean_of_windows,), examples=("F.avg_pool3d(b.unsqueeze(0), 2)",))
def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The means of all windows of volumes."""
    return _averaged(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


# ── norms ──


def _root_of_means(means: Tensor, norm_type: float, number: int) -> Tensor:
    return pow(mul(mul(sign(means), relu(magnitude(means))), number), 1 / norm_type)


def _power_mean(rank: int, input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None, ceil_mode: bool) -> Tensor:
    powers = pow(input, norm_type)
    if rank == 1:
        means = avg_pool1d(powers, kernel_size, stride, 0, ceil_mode)
    else:
        means = (avg_pool2d if rank == 2 else avg_pool3d)(powers, kernel_size, stride, 0, ceil_mode)
    number = kernel_size**rank if isinstance(kernel_size, int) else prod(kernel_size)
    return _root_of_means(means, norm_type, number)


@function(namespace=NN, forms=(mean_of_windows, pow, mul, sign), examples=("F.lp_pool1d(x * x + 1, 2, 2)",))
def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """The norms of order norm_type of all windows of signals."""
    return _power_mean(1, input, norm_type, kernel_size, stride, ceil_mode)


@function(namespace=NN, forms=(mean_of_windows, pow, mul, sign), examples=("F.lp_pool2d(b * b + 1, 2, 2)",))
def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """The norms of order norm_type of all windows of images."""
    return _power_mean(2, input, norm_type, kernel_size, stride, ceil_mode)


@function(namespace=NN, forms=(mean_of_windows, pow, mul, sign), examples=("F.lp_pool3d(b.unsqueeze(0) ** 2 + 1, 2, 2)",))
def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """The norms of order norm_type of all windows of volumes."""
    return _power_mean(3, input, norm_type, kernel_size, stride, ceil_mode)
