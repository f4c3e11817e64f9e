"""Patches of images as columns, and their adjoint, images put together of patches."""

from __future__ import annotations

from math import prod

from gradcli.autograd import Tensor
from gradcli.errors import ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Sizes
from gradcli.functions.declare import function
from gradcli.functions.refusals import misfit
from gradcli.functions.windows import Slide, fitted
from gradcli.lazy import LazyArray, Size, ops

# ── where patches lie ──


def _pair(name: str, value: Sizes) -> tuple[int, int]:
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2:
        raise ValueFault.as_torch(f"It is expected {name} equals to 2, but got size {len(both)}")
    return both[0], both[1]


def _slide(sizes: tuple[int, ...], kernel: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Slide:
    """How patches slide over the last two axes of images of a size, among four."""
    kernels, gaps = _pair("kernel_size", kernel), _pair("dilation", dilation)
    margins, steps = _pair("padding", padding), _pair("stride", stride)
    named = {"kernel size": ("kernel", kernels, 1), "dilation": ("dilation", gaps, 1)}
    named |= {"padding": ("pad", margins, 0), "stride": ("stride", steps, 1)}
    for title, (name, (height, width), least) in named.items():
        if min(height, width) < least:
            needs = "greater than zero" if least else "non-negative"
            raise ValueFault.as_torch(f"{title} should be {needs}, but got {name}_height: {height} {name}_width: {width}")
    each = zip(sizes, kernels, gaps, margins, steps, strict=True)
    counts = tuple((size + 2 * margin - gap * (length - 1) - 1) // step + 1 for size, length, gap, margin, step in each)
    return Slide(2, sizes, counts, kernels, steps, margins, gaps)


def _told(slide: Slide) -> str:
    return f"kernel_size={slide.kernel}, dilation={slide.dilation}, padding={slide.padding}"


# ── patches as columns ──


@function(
    "Im2ColBackward0",
    namespace=NN,
    examples=("F.unfold(b, (2, 2))", "F.unfold(b, 2, padding=1, stride=2)"),
    d_input=lambda g, input_shape, kernel_size, dilation, padding, stride: fold(
        g, tuple(input_shape[-2:]), kernel_size, dilation, padding, stride
    ),
)
def unfold(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> LazyArray:
    """The patches that a kernel of some size would look at, each as a column."""
    if input.ndim not in (3, 4) or 0 in input.shape[-3:]:
        message = (
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(input.shape)}"
        )
        raise misfit(message, input)
    slide = _slide(tuple(input.shape[-2:]), kernel_size, dilation, padding, stride)
    if min(slide.counts) < 1:
        message = (
            f"Given input with spatial size {slide.sizes}, {_told(slide)}, calculated shape of the array of sliding blocks as "
            f"{slide.counts}, but its components must be at least one."
        )
        raise misfit(message, input)
    channels = input.shape[-3]
    batch = ops.reshape(input.array, Size((prod(input.shape[:-3]), channels, *slide.sizes)))
    found = ops.permute(ops.windows(fitted(batch, slide.margins), slide.along), (0, 1, 4, 5, 2, 3))
    return ops.reshape(found, Size((*input.shape[:-3], channels * prod(slide.kernel), prod(slide.counts))))


@function(
    "Col2ImBackward0",
    namespace=NN,
    examples=("F.fold(F.unfold(b, (2, 2)), (2, 3), (2, 2))",),
    d_input=lambda g, kernel_size, dilation, padding, stride: unfold(g, kernel_size, dilation, padding, stride),
)
def fold(
    input: Tensor, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> LazyArray:
    """Images with the columns put back as the patches that they are, added where these overlap."""
    slide = _slide(_pair("output_size", output_size), kernel_size, dilation, padding, stride)
    if input.ndim not in (2, 3):
        message = f"Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size, but got: {list(input.shape)}"
        raise misfit(message, input)
    length = prod(slide.kernel)
    if input.shape[-2] % length:
        message = (
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={input.shape[-2]} and kernel_size={slide.kernel}."
        )
        raise misfit(message, input)
    if input.shape[-1] != prod(slide.counts):
        raise _miscounted(input, slide)
    shape = (prod(input.shape[:-2]), input.shape[-2] // length, *slide.kernel, *slide.counts)
    patches = ops.permute(ops.reshape(input.array, Size(shape)), (0, 1, 4, 5, 2, 3))
    whole = ops.overlap_add(patches, slide.along, slide.spans)
    images = fitted(whole, [(-before, -after) for before, after in slide.margins])
    return ops.reshape(images, Size((*input.shape[:-2], shape[1], *slide.sizes)))


def _miscounted(input: Tensor, slide: Slide) -> ShapeMismatch:
    height, width = slide.counts
    message = (
        f"Given output_size={slide.sizes}, {_told(slide)}, stride={slide.stride}, expected size of input's dimension 2 to match "
        f"the calculated number of sliding blocks {height} * {width} = {height * width}, but got input.size(2)={input.shape[-1]}."
    )
    return misfit(message, input)
