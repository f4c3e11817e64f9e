"""Signals, images and volumes made larger or smaller: along each axis, an element is a weighted sum of some of the input's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor
from typing import Any, NamedTuple

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.adaptive_pool import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from gradcli.functions.arguments import Sizes
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.reduce import widened
from gradcli.functions.refusals import misfit, no_kernel
from gradcli.functions.slices import spread, take_at
from gradcli.lazy import DType, Size, ops
from gradcli.lazy.dtypes import int64, uint8


class Blend(NamedTuple):
    """Along an axis: for each element of the result the positions of those it is made of, a row each, and their weights."""

    positions: np.ndarray
    weights: np.ndarray | None  # none: it is the element itself


# ── which elements, and how much of each ──


def _ratio(size: int, length: int, scale: float | None, align_corners: bool) -> float:
    """How far elements of the result lie apart in the input."""
    if align_corners:
        return (size - 1) / (length - 1) if length > 1 else 0.0
    return 1 / scale if scale is not None and scale > 0 else size / length


def _nearest(size: int, length: int, scale: float | None, offset: float) -> Blend:
    """In single precision, as PyTorch counts."""
    ratio = np.float32(_ratio(size, length, scale, False))
    places = np.floor((np.arange(length, dtype=np.float32) + np.float32(offset)) * ratio).astype(np.int64)
    return Blend(np.minimum(places, size - 1)[None], None)


def _centres(length: int, ratio: float, align_corners: bool, dtype: str) -> np.ndarray:
    count = np.arange(length, dtype=dtype)
    step = np.dtype(dtype).type(ratio)
    return np.asarray(count * step if align_corners else (count + np.dtype(dtype).type(0.5)) * step - np.dtype(dtype).type(0.5))


def _linear(size: int, length: int, scale: float | None, align_corners: bool, dtype: str) -> Blend:
    places = np.maximum(_centres(length, _ratio(size, length, scale, align_corners), align_corners, dtype), 0)
    lower = np.minimum(places.astype(np.int64), size - 1)
    share = np.clip(places - lower, 0, 1).astype(dtype)
    return Blend(np.stack([lower, np.minimum(lower + 1, size - 1)]), np.stack([1 - share, share]))


def cubic_weights(share: Any, near: Callable[[Any], Any], far: Callable[[Any], Any]) -> list[Any]:
    """The weights of four neighbours, for a share of the way from the second to the third."""
    return [far(share + 1), near(share), near(1 - share), far(2 - share)]


SHARPNESS = -0.75  # of the kernel of Keys (1981), as PyTorch has it


def near_cubic(distance: Any) -> Any:
    """The kernel up to a distance of 1."""
    return ((SHARPNESS + 2) * distance - (SHARPNESS + 3)) * distance * distance + 1


def far_cubic(distance: Any) -> Any:
    """The kernel at distances of 1 to 2."""
    return ((SHARPNESS * distance - 5 * SHARPNESS) * distance + 8 * SHARPNESS) * distance - 4 * SHARPNESS


def _cubic(size: int, length: int, scale: float | None, align_corners: bool, dtype: str) -> Blend:
    places = _centres(length, _ratio(size, length, scale, align_corners), align_corners, dtype)
    first = np.floor(places).astype(np.int64)
    positions = np.stack([np.clip(first + offset, 0, size - 1) for offset in (-1, 0, 1, 2)])
    return Blend(positions, np.stack(cubic_weights((places - first).astype(dtype), near_cubic, far_cubic)))


def _triangle(distance: np.ndarray) -> np.ndarray:
    return np.maximum(1 - abs(distance), 0)


def _smooth_cubic(distance: np.ndarray) -> np.ndarray:
    """The kernel with a sharpness of -0.5."""
    x = abs(distance)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _averaged(size: int, length: int, scale: float | None, align_corners: bool, kernel: Any, reach: int) -> Blend:
    """A kernel that is as much wider as the result is smaller, so that no element is left out."""
    ratio = _ratio(size, length, scale, align_corners)
    wide = max(ratio, 1.0)
    centres = ratio * (np.arange(length) + 0.5)
    first = np.maximum((centres - reach * wide + 0.5).astype(np.int64), 0)
    end = np.minimum((centres + reach * wide + 0.5).astype(np.int64), size)
    offsets = np.arange((end - first).max())[:, None]
    weights = np.where(offsets < end - first, kernel((offsets + first - centres + 0.5) / wide), 0)
    return Blend(np.minimum(offsets + first, size - 1), weights / weights.sum(0))


# ── along axes ──


def _entries(axis: int) -> tuple[int | None, ...]:
    return (*(None,) * axis, 0)


def _positions(row: np.ndarray) -> tuple[Tensor]:
    return (Tensor(ops.from_buffer(np.ascontiguousarray(row), int64)),)


def _weights(row: np.ndarray, axis: int, rank: int, dtype: DType) -> Tensor:
    along = np.ascontiguousarray(row.astype(dtype.name)).reshape((-1, *(1,) * (rank - axis - 1)))
    return Tensor(ops.from_buffer(along, dtype))


def _blended(input: Tensor, axis: int, blend: Blend) -> Tensor:
    taken = [take_at(input, _entries(axis), _positions(row), False) for row in blend.positions]
    if blend.weights is None:
        return taken[0]
    parts = [part * _weights(row, axis, input.ndim, input.dtype) for part, row in zip(taken, blend.weights, strict=True)]
    return sum(parts[1:], start=parts[0])


def _unblended(g: Tensor, axis: int, size: int, blend: Blend) -> Tensor:
    """The adjoint: what each element of the input takes of a cotangent."""
    shape = (*g.shape[:axis], size, *g.shape[axis + 1 :])
    rows = zip(blend.positions, blend.weights if blend.weights is not None else (None,), strict=True)
    parts = [
        spread(g if share is None else g * _weights(share, axis, g.ndim, g.dtype), shape, _entries(axis), _positions(row), False)
        for row, share in rows
    ]
    return sum(parts[1:], start=parts[0])


def _name(input: Any, mode: str, antialias: bool) -> str:
    """PyTorch has a node for each kernel and number of axes."""
    if mode == "linear":
        return "UpsampleLinear1DBackward0"
    if mode == "trilinear":
        return "UpsampleTrilinear3DBackward0"
    if mode == "bilinear":
        return "UpsampleBilinear2DAaBackward0" if antialias else "UpsampleBilinear2DBackward0"
    if mode == "bicubic":
        return "UpsampleBicubic2DAaBackward0" if antialias else "UpsampleBicubic2DBackward0"
    rank = len(input.shape)
    if mode == "nearest":
        return {3: "UpsampleNearest1DBackward0", 4: "UpsampleNearest2DBackward0", 5: "UpsampleNearest3DBackward0"}[rank]
    exact = {3: "UpsampleNearestExact1DBackward0", 4: "UpsampleNearestExact2DBackward0", 5: "UpsampleNearestExact3DBackward0"}
    return exact[rank]


def _blends(
    shape: Size, mode: str, sizes: Sequence[int], scales: Any, align_corners: bool, antialias: bool, dtype: str
) -> list[Blend]:
    blends = []
    for size, length, scale in zip(shape[2:], sizes, scales, strict=True):
        if mode.startswith("nearest"):
            blends.append(_nearest(size, length, scale, 0.0 if mode == "nearest" else 0.5))
        elif antialias:
            kernel, reach = (_smooth_cubic, 2) if mode == "bicubic" else (_triangle, 1)
            blends.append(_averaged(size, length, scale, align_corners, kernel, reach))
        else:
            blends.append((_cubic if mode == "bicubic" else _linear)(size, length, scale, align_corners, dtype))
    return blends


def _cotangent(
    g: Tensor, input_shape: Size, mode: str, sizes: Sequence[int], scales: Any, align_corners: bool, antialias: bool
) -> Tensor:
    """For each element the g of those that it was blended into, times its weight in each."""
    wide = widened(g)
    blends = _blends(input_shape, mode, sizes, scales, align_corners, antialias, wide.dtype.name)
    for axis, blend in reversed(list(enumerate(blends, 2))):
        wide = _unblended(wide, axis, input_shape[axis], blend)
    return to(wide, g.dtype)


@function(
    _name,
    public=False,
    examples=(
        "upsampled(b, 'linear', (5,), (None,), False, False)",
        "upsampled(b[None], 'bicubic', (3, 4), (2.0, None), False, False)",
    ),
    d_input=_cotangent,
)
def upsampled(input: Tensor, mode: str, sizes: Sizes, scales: Any, align_corners: bool, antialias: bool) -> Tensor:
    """The input at other sizes of all axes but the first two."""
    result = widened(input)
    lengths = sizes if not isinstance(sizes, int) else (sizes,)
    for axis, blend in enumerate(_blends(input.shape, mode, lengths, scales, align_corners, antialias, result.dtype.name), 2):
        result = _blended(result, axis, blend)
    return to(result, input.dtype)


# ── the functions ──

_RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
_MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact")


def _for_each_axis(input: Tensor, value: Any, what: str, shaped: str) -> tuple[Any, ...]:
    """One value for all axes, or as many as there are."""
    rank = input.ndim - 2
    if not isinstance(value, (list, tuple)):
        return (value,) * rank
    if len(value) != rank:
        wanted = "(o1, o2, ...,oK)" if what == "output" else "(s1, s2, ...,sK)"
        message = (
            f"Input and {what} must have the same number of spatial dimensions, but got input with spatial dimensions of "
            f"{list(input.shape[2:])} and {shaped} {tuple(value)}. Please provide input tensor in (N, C, d1, d2, ...,dK) format "
            f"and {shaped.removesuffix(' of').removesuffix(' of shape')} in {wanted} format."
        )
        raise misfit(message, input)
    return tuple(value)


def _check_mode(input: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        message = "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        raise ValueFault.as_torch(message)
    if antialias and not (mode in ("bilinear", "bicubic") and input.ndim == 4):
        message = "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        raise ValueFault.as_torch(message)
    if input.ndim not in (3, 4, 5) or mode not in _MODES:
        message = (
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the modes: nearest | linear | "
            f"bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
        )
        raise misfit(message, input) if mode in _MODES else ValueFault.as_torch(message)
    if mode in _RANKS and input.ndim != _RANKS[mode]:
        raise misfit(f"Got {input.ndim}D input, but {mode} mode needs {_RANKS[mode]}D input", input)


def _check_sizes(input: Tensor, sizes: tuple[int, ...]) -> None:
    if 0 in input.shape[1:] or min(sizes) <= 0:
        names = ("D", "H", "W")[3 - len(sizes) :]
        if 0 in input.shape[1:2]:
            raise misfit(f"Non-empty {input.ndim}D data tensor expected but got a tensor with sizes {list(input.shape)}", input)
        own = ", ".join(f"{name}: {size}" for name, size in zip(names, input.shape[2:], strict=True))
        wanted = ", ".join(f"{name}: {size}" for name, size in zip(names, sizes, strict=True))
        joined = " and" if len(sizes) == 1 else ""
        raise ShapeMismatch.as_torch(
            f"Input and output sizes should be greater than 0, but got input ({own}){joined} output ({wanted})"
        )


def _check_kernel(input: Tensor, mode: str) -> None:
    is_byte_image = input.dtype is uint8 and mode.startswith("nearest")
    if not input.dtype.is_floating and not is_byte_image:
        kind = "nearest" if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
        raise no_kernel(f"compute_indices_weights_{kind}", input.dtype, "convert it with .float()")


@function(
    namespace=NN,
    forms=(upsampled,),
    examples=("F.interpolate(b, scale_factor=2)", "F.interpolate(b, 5, mode='linear', align_corners=True)"),
)
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Signals, images or volumes of another size: the nearest element, or a blend of its neighbours along each axis."""
    _check_mode(input, mode, align_corners, antialias)
    if (size is None) == (scale_factor is None):
        message = "only one of size or scale_factor should be defined"
        raise ValueFault.as_torch(message if size is not None else "either size or scale_factor should be defined")
    if size is not None:
        if recompute_scale_factor:
            raise ValueFault.as_torch("recompute_scale_factor is not meaningful with an explicit size.")
        sizes = _for_each_axis(input, size, "output", "output size of")
        scales: tuple[Any, ...] = (None,) * len(sizes)
    else:
        scales = _for_each_axis(input, scale_factor, "scale_factor", "scale_factor of shape")
        sizes = tuple(floor(own * scale) for own, scale in zip(input.shape[2:], scales, strict=True))
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[input.ndim - 3](input, sizes)
    _check_sizes(input, sizes)
    _check_kernel(input, mode)
    kept = (None,) * len(sizes) if recompute_scale_factor else scales
    result: Tensor = upsampled(input, mode, sizes, kept, bool(align_corners), antialias)
    return result


@function(namespace=NN, forms=(upsampled,))
def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """Signals, images or volumes of another size."""
    return interpolate(input, size, scale_factor, mode, align_corners)


@function(namespace=NN, forms=(upsampled,), examples=("F.upsample_nearest(b, scale_factor=2)",))
def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Signals, images or volumes of another size: each element is the nearest one."""
    return interpolate(input, size, scale_factor, "nearest")


@function(namespace=NN, forms=(upsampled,), examples=("F.upsample_bilinear(b[None], (3, 5))",))
def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Images of another size, whose corners stay where they are: each element is a blend of the four next to it."""
    return interpolate(input, size, scale_factor, "bilinear", True)
