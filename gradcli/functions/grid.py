"""Images and volumes looked up at points of a grid, and grids of affine maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.autograd.transforms import pulled_through
from gradcli.errors import DTypeMismatch, NotSupported, ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.along import take_along
from gradcli.functions.arguments import Shape
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import abs as magnitude
from gradcli.functions.elementwise import floor, ge, le, logical_and, lt
from gradcli.functions.interpolation import cubic_weights, far_cubic, near_cubic
from gradcli.functions.linalg import matmul
from gradcli.functions.refusals import misfit, no_kernel
from gradcli.functions.repetition import expand
from gradcli.functions.shape import matrix_transposed, reshape, unsqueeze
from gradcli.functions.slices import select
from gradcli.lazy import ops
from gradcli.lazy.dtypes import int64

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


@dataclass(frozen=True)
class Lookup:
    """How points are looked up: by the numbers that PyTorch gives modes and paddings."""

    mode: int
    padding: int
    align_corners: bool


# ── where the points lie ──


def _within(place: Tensor, size: int) -> Tensor:
    """Moved to the nearest end of an axis, with a slope of 0 there."""
    return where(le(place, 0), 0.0, where(ge(place, size - 1), float(size - 1), place))


def _reflected(place: Tensor, twice_low: int, twice_high: int) -> Tensor:
    """Thrown back at both ends, as often as it takes."""
    if twice_low == twice_high:
        return place * 0
    low, span = twice_low / 2, (twice_high - twice_low) / 2
    distance = magnitude(place - low)
    times = floor(distance / span).detach()
    rest = distance - times * span
    return where(lt(times - 2 * floor(times / 2), 0.5), rest + low, span - rest + low)


def _padded(place: Tensor, size: int, how: Lookup) -> Tensor:
    """Where padding looks for a place outside."""
    if how.padding == 1:
        return _within(place, size)
    if how.padding == 2:
        ends = (0, 2 * (size - 1)) if how.align_corners else (-1, 2 * size - 1)
        return _within(_reflected(place, *ends), size)
    return place


def _places(grid: Tensor, sizes: Sequence[int], how: Lookup) -> list[Tensor]:
    """The places along each axis of the image; a grid counts from -1 to 1, the last axis first."""
    places = []
    for number, size in enumerate(reversed(sizes)):
        at = select(grid, grid.ndim - 1, number)
        places.append((at + 1) / 2 * (size - 1) if how.align_corners else ((at + 1) * size - 1) / 2)
    return places[::-1]


# ── what is found there ──


def _nearest(place: Tensor) -> Tensor:
    """The nearest whole place, of two the even one."""
    return Tensor(ops.unary("round", place.array))


def _found(input: Tensor, places: Sequence[Tensor]) -> Tensor:
    """The elements at whole places (example, point), for each channel; 0 outside of the image."""
    examples, channels, *sizes = input.shape
    inside: Tensor | None = None
    position: Tensor | None = None
    for place, size in zip(places, sizes, strict=True):
        here = logical_and(ge(place, 0), le(place, size - 1))
        inside = here if inside is None else logical_and(inside, here)
        whole = to(_within(place.detach(), size), int64)
        position = whole if position is None else position * size + whole
    assert inside is not None and position is not None
    flat = reshape(input, (examples, channels, prod(sizes)))
    index = expand(unsqueeze(reshape(position, (examples, -1)), 1), (examples, channels, prod(places[0].shape[1:])))
    values = reshape(take_along(flat, 2, index, False), (examples, channels, *places[0].shape[1:]))
    return where(unsqueeze(inside, 1), values, 0.0)


def _neighbours(place: Tensor, size: int, how: Lookup) -> list[tuple[Tensor, Tensor]]:
    """Along an axis the whole places that a point is made of, and their weights."""
    first = floor(place).detach()
    share = place - first
    if how.mode == 0:
        return [(first, 1 - share), (first + 1, share)]
    weights = cubic_weights(share, near_cubic, far_cubic)
    return [(_padded(first + offset, size, how), weight) for offset, weight in zip((-1, 0, 1, 2), weights, strict=True)]


def _looked_up(input: Tensor, grid: Tensor, how: Lookup) -> Tensor:
    sizes = input.shape[2:]
    places = _places(grid, sizes, how)
    if how.mode != 2:
        places = [_padded(place, size, how) for place, size in zip(places, sizes, strict=True)]
    if how.mode == 1:
        return _found(input, [_nearest(place) for place in places])
    along = [_neighbours(place, size, how) for place, size in zip(places, sizes, strict=True)]
    result: Tensor | None = None
    for corner in product(*along):
        weight = corner[0][1]
        for _, more in corner[1:]:
            weight = weight * more
        part = _found(input, [place for place, _ in corner]) * unsqueeze(weight, 1)
        result = part if result is None else result + part
    assert result is not None
    return result


def _name(input: Any) -> str:
    return "GridSampler2DBackward0" if len(input.shape) == 4 else "GridSampler3DBackward0"


def _image_cotangent(g: Tensor, input: Tensor, grid: Tensor, how: Lookup) -> Tensor:
    """For each element of the image the g of the points whose blend it is part of, times its weight in each."""
    return pulled_through(lambda image: _looked_up(image, grid, how), (input,), g)[0]


def _grid_cotangent(g: Tensor, input: Tensor, grid: Tensor, how: Lookup) -> Tensor:
    """For each point the sum over the channels of g times the slope of the blend at it; 0 where the nearest element is taken."""
    return pulled_through(lambda points: _looked_up(input, points, how), (grid,), g)[0]


@function(
    _name,
    public=False,
    d_input=_image_cotangent,
    d_grid=_grid_cotangent,
)
def looked_up(input: Tensor, grid: Tensor, how: Any) -> Tensor:
    """The image at the points of the grid."""
    return _looked_up(input, grid, how)


def _check(input: Tensor, grid: Tensor, how: Lookup) -> None:
    start = "grid_sampler(): expected"
    if input.ndim not in (4, 5) or input.ndim != grid.ndim:
        sizes = f"sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        if input.shape[:1] != grid.shape[:1]:
            raise misfit(f"{start} grid and input to have same batch size, but got input with {sizes}", input, grid)
        if grid.ndim and grid.shape[-1] != input.ndim - 2:
            message = f"{start} grid to have size {input.ndim - 2} in last dimension, but got grid with sizes {list(grid.shape)}"
            raise misfit(message, input, grid)
        raise misfit(f"{start} 4D or 5D input and grid with same number of dimensions, but got input with {sizes}", input, grid)
    if input.shape[0] != grid.shape[0]:
        sizes = f"sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        raise misfit(f"{start} grid and input to have same batch size, but got input with {sizes}", input, grid)
    if grid.shape[-1] != input.ndim - 2:
        message = f"{start} grid to have size {input.ndim - 2} in last dimension, but got grid with sizes {list(grid.shape)}"
        raise misfit(message, input, grid)
    if 0 in input.shape[2:]:
        message = f"{start} input to have non-empty spatial dimensions, but input has sizes {list(input.shape)}"
        raise misfit(message, input, grid)
    if how.mode == 2 and input.ndim == 5:
        raise NotSupported.as_torch("grid_sampler(): bicubic interpolation only supports 4D input")
    if not input.dtype.is_floating:
        raise no_kernel("grid_sampler_2d_cpu_kernel_impl", input.dtype, "convert it with .float()")
    if input.dtype is not grid.dtype:
        message = f"expected scalar type {input.dtype.tensor_type} but found {grid.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message)


@function(method=False, forms=(looked_up,))
def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """Images or volumes looked up at points, by numbers of modes and paddings."""
    how = Lookup(interpolation_mode, padding_mode, align_corners)
    for name, number, count in (("interpolation_mode", how.mode, 3), ("padding_mode", how.padding, 3)):
        if not 0 <= number < count:
            raise ValueFault(f"grid_sampler(): {name} is {number}, and there are 0 to {count - 1}")
    _check(input, grid, how)
    result: Tensor = looked_up(input, grid, how)
    return result


def _of_rank(name: str, rank: int, input: Tensor, grid: Tensor, mode: int, padding: int, align_corners: bool) -> Tensor:
    if input.ndim != rank:
        raise misfit(f"{name}(): expected {rank}D input, got {input.ndim}D", input, grid)
    return grid_sampler(input, grid, mode, padding, align_corners)


@function(method=False, forms=(looked_up,))
def grid_sampler_2d(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """Images looked up at points, by numbers of modes and paddings."""
    return _of_rank("grid_sampler_2d", 4, input, grid, interpolation_mode, padding_mode, align_corners)


@function(method=False, forms=(looked_up,))
def grid_sampler_3d(input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    """Volumes looked up at points, by numbers of modes and paddings."""
    return _of_rank("grid_sampler_3d", 5, input, grid, interpolation_mode, padding_mode, align_corners)


@function(
    namespace=NN,
    forms=(looked_up,),
    examples=(
        "F.grid_sample(x[None, None], F.affine_grid(x[None], (1, 1, 1, 2)))",
        "F.grid_sample(b[None], F.affine_grid(x[:2, :3][None], (1, 2, 2, 2)), 'bicubic', 'border')",
    ),
)
def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """Images or volumes looked up at points, which the grid gives between -1 and 1, the place along the last axis first."""
    if mode not in MODES:
        message = f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        raise ValueFault.as_torch(message)
    if padding_mode not in PADDINGS:
        names = "'zeros', 'border', or 'reflection'"
        message = f"nn.functional.grid_sample(): expected padding_mode to be {names}, but got: '{padding_mode}'"
        raise ValueFault.as_torch(message)
    return grid_sampler(input, grid, MODES.index(mode), PADDINGS.index(padding_mode), bool(align_corners))


# ── grids of affine maps ──


def _base(sizes: Sequence[int], align_corners: bool, like: Tensor) -> Tensor:
    """All points of a grid, the place along the last axis first, and 1: as many rows."""
    ends = [np.linspace(-1, 1, size) if size > 1 else np.zeros(1) for size in sizes]
    if not align_corners:
        ends = [each * (size - 1) / size for each, size in zip(ends, sizes, strict=True)]
    points = np.meshgrid(*ends, indexing="ij")[::-1]
    rows = np.stack([*points, np.ones_like(points[0])], -1).reshape(-1, len(sizes) + 1)
    return Tensor(ops.from_buffer(rows.astype(like.dtype.name), like.dtype))


@function(
    "AffineGridGeneratorBackward0",
    namespace=NN,
    examples=("F.affine_grid(x[:2, :3][None], (1, 2, 2, 2))",),
    d_theta=lambda g, size, align_corners, theta_shape: matmul(
        matrix_transposed(reshape(g, (theta_shape[0], -1, theta_shape[1]))), _base(size[2:], bool(align_corners), g)
    ),
)
def affine_grid(theta: Tensor, size: Shape, align_corners: bool | None = None) -> Tensor:
    """The grid of points that affine maps, a matrix each, send the points of images or volumes of a size to."""
    if not theta.dtype.is_floating:
        raise ValueFault.as_torch(f"Expected theta to have floating point type, but got {theta.dtype}")
    rank = len(size) - 2
    if rank not in (2, 3):
        message = (
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size {tuple(size)}."
        )
        raise NotSupported.as_torch(message)
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (rank, rank + 1):
        wanted = (
            f"Expected a batch of {rank}D affine matrices of shape Nx{rank}x{rank + 1} for size {tuple(size)}. Got {theta.shape}."
        )
        raise misfit(wanted, theta)
    if theta.shape[0] != size[0]:
        raise ShapeMismatch.as_torch(
            f"Expected size for first two dimensions of batch2 tensor to be: [{size[0]}, {rank + 1}] "
            f"but got: [{theta.shape[0]}, {rank + 1}]."
        )
    points = matmul(_base(size[2:], bool(align_corners), theta), matrix_transposed(theta))
    return reshape(points, (size[0], *size[2:], rank))
