"""Functions of torch.nn.functional that rearrange channels: into pixels and back, and among each other."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.declare import function
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import permute, reshape


def _check_image(name: str, factor_name: str, input: Tensor, factor: int) -> None:
    if input.ndim < 3:
        message = f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        raise misfit(message, input)
    if factor <= 0:
        raise ValueFault.as_torch(f"{name} expects a positive {factor_name}, but got {factor}")


@function(
    "PixelShuffleBackward0",
    namespace=NN,
    aliases=("pixel_shuffle",),
    method=False,
    examples=("F.pixel_shuffle(x.reshape(-1, 1, 1), 1)", "F.pixel_shuffle(cat([x, y, x, y]).reshape(4, -1, 1), 2)"),
    d_input=lambda g, upscale_factor: pixel_unshuffle(g, upscale_factor),
)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Each group of r^2 channels as the pixels of squares of r by r."""
    _check_image("pixel_shuffle", "upscale_factor", input, upscale_factor)
    *batch, channels, height, width = input.shape
    r = upscale_factor
    if channels % (r * r):
        message = (
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
        raise misfit(message, input)
    squares = reshape(input, (*batch, channels // (r * r), r, r, height, width))
    return reshape(_turned(squares, len(batch) + 1, (2, 0, 3, 1)), (*batch, channels // (r * r), height * r, width * r))


@function(
    "PixelUnshuffleBackward0",
    namespace=NN,
    aliases=("pixel_unshuffle",),
    method=False,
    examples=("F.pixel_unshuffle(cat([x, y, x, y]).reshape(1, -1, 2), 2)",),
    d_input=lambda g, downscale_factor: pixel_shuffle(g, downscale_factor),
)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The pixels of each square of r by r as r^2 channels."""
    _check_image("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    *batch, channels, height, width = input.shape
    r = downscale_factor
    for name, size, axis in (("height", height, -2), ("width", width, -1)):
        if size % r:
            message = f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({axis})={size} "
            raise misfit(f"{message}is not divisible by {r}", input)
    squares = reshape(input, (*batch, channels, height // r, r, width // r, r))
    return reshape(_turned(squares, len(batch) + 1, (1, 3, 0, 2)), (*batch, channels * r * r, height // r, width // r))


def _turned(tensor: Tensor, first: int, order: tuple[int, ...]) -> Tensor:
    """The axes from one on in another order."""
    return permute(tensor, (*range(first), *(first + axis for axis in order)))


@function(
    "ChannelShuffleBackward0",
    namespace=NN,
    aliases=("channel_shuffle",),
    method=False,
    examples=("F.channel_shuffle(cat([x, y], 1).reshape(1, 2, -1), 2)",),
    d_input=lambda g, groups: channel_shuffle(g, g.shape[1] // groups) if g.shape[1] else g,
)
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of some groups by turns: the first of each group, then the second of each, and so on."""
    if input.ndim < 3:
        raise misfit(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}", input)
    if groups <= 0:
        raise ValueFault.as_torch(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    examples, channels, *rest = input.shape
    if channels % groups:
        counts = f"Got {channels} channels and {groups} groups."
        raise misfit(f"Number of channels must be divisible by groups. {counts}", input)
    grouped = reshape(input, (examples, groups, channels // groups, *rest))
    return reshape(permute(grouped, (0, 2, 1, *range(3, 3 + len(rest)))), (examples, channels, *rest))
