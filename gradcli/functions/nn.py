"""Functions of torch.nn.functional besides activations and losses: normalisation, similarity, padding and dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, NotSupported, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Lengths, Shape, Truth
from gradcli.functions.bounds import clamp_min
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import add, div, mul, rsqrt
from gradcli.functions.index import along_axis, spread, take_at
from gradcli.functions.norm import norm, vector_norm
from gradcli.functions.pointwise import common_dtype
from gradcli.functions.power import pow
from gradcli.functions.reduce import mean, widened
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.shape import expand, expand_as
from gradcli.functions.windows import fitted
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import bool_, int64
from gradcli.lazy.shapes import broadcast

# ── normalisation ──


def _last_axes(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(range(-len(shape), 0))


def _standardized(input: Tensor, normalized_shape: Sequence[int], eps: float) -> tuple[Tensor, Tensor]:
    """The input with mean 0 and variance 1 over its last axes, and the factor that scaled it, wide enough for sums of squares."""
    axes = _last_axes(normalized_shape)
    wide = widened(input)
    centred = wide - mean(wide, axes, True)
    scale = rsqrt(mean(centred * centred, axes, True) + eps)
    return centred * scale, scale


def _layer_norm_cotangent(g: Tensor, input: Tensor, weight: Tensor | None, normalized_shape: Shape, eps: float) -> Tensor:
    """g without its mean and its part along the normalised input, divided by the deviation."""
    axes = _last_axes(normalized_shape)
    normal, scale = _standardized(input, normalized_shape, eps)
    scaled = g if weight is None else g * weight
    cotangent = (scaled - mean(scaled, axes, True) - normal * mean(scaled * normal, axes, True)) * scale
    return to(cotangent, input.dtype)


def _check_normalized_shape(input: Tensor, shape: Shape, weight: Tensor | None, bias: Tensor | None) -> None:
    if not shape:
        message = (
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, "
            "but got normalized_shape = []"
        )
        raise ValueFault.as_torch(message)
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tuple(tensor.shape) != tuple(shape):
            raise misfit(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(tensor.shape)} "
                f"and normalized_shape = {list(shape)}",
                input,
            )
        if tensor is not None and tensor.dtype is not input.dtype:
            message = "mixed dtype (CPU): all inputs must share same datatype."
            raise DTypeMismatch.as_torch(message, hint=f"convert the {name} with .to({input.dtype})")
    if tuple(input.shape[-len(shape) :]) != tuple(shape):
        expected = f"expected input with shape [*, {', '.join(map(str, shape))}]"
        message = f"Given normalized_shape={list(shape)}, {expected}, but got input of size{list(input.shape)}"
        raise misfit(message, input)


@function(
    "NativeLayerNormBackward0",
    namespace=NN,
    aliases=("layer_norm",),
    examples=("F.layer_norm(x, (3,))",),
    d_input=_layer_norm_cotangent,
    d_weight=lambda g, input, normalized_shape, eps: to(g * _standardized(input, normalized_shape, eps)[0], g.dtype),
    d_bias=lambda g: g,
)
def layer_norm(
    input: Tensor, normalized_shape: Lengths, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """The input with mean 0 and variance 1 over its last dimensions, then scaled by a weight and moved by a bias."""
    _check_normalized_shape(input, normalized_shape, weight, bias)
    require_floating("LayerNormKernelImpl", input)
    normal, _ = _standardized(input, normalized_shape, eps)
    scaled = normal if weight is None else normal * weight
    return to(scaled if bias is None else scaled + bias, input.dtype)


@function(namespace=NN, aliases=("rms_norm",), forms=(mul, rsqrt, mean, pow), examples=("F.rms_norm(x, (3,))",))
def rms_norm(input: Tensor, normalized_shape: Lengths, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """The input with mean square 1 over its last dimensions, then scaled by a weight."""
    _check_normalized_shape(input, normalized_shape, weight, None)
    smallest = float(np.finfo(input.dtype.name).eps) if eps is None else eps
    square = mean(pow(input, 2), _last_axes(normalized_shape), True)
    normal = mul(input, rsqrt(add.apply_to(square, smallest, "AddBackward1")))
    result = normal if weight is None else mul(normal, weight)
    result.own_strides = None  # as of an input whose rows lie one after the other
    return result


@function(namespace=NN, forms=(div, vector_norm, clamp_min), examples=("F.normalize(x)", "F.normalize(x, p=1, dim=0)"))
def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """The input divided by its norm along a dimension, where that is not below eps."""
    return div(input, expand_as(clamp_min(norm(input, p, dim, True), eps), input))


# ── similarity ──


@function("CloneBackward0", name="clone", public=False, d_input=lambda g: g)
def clone_at_least(input: Tensor, lowest: float) -> Tensor:
    """A copy that is not below a bound, which its derivative does not know of."""
    return clamp_min(input, lowest)


@function(
    aliases=(f"{NN}.cosine_similarity",),
    method=False,
    forms=(total, mul, div, vector_norm),
    examples=("cosine_similarity(x, y)",),
)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-08) -> Tensor:
    """The cosine of the angle between vectors along a dimension."""
    dtype = common_dtype(x1, x2)
    if not dtype.is_floating:
        message = f"expected common dtype to be floating point, yet common dtype is {dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="convert them with .float()")
    shape = broadcast(x1.shape, x2.shape)
    directions = []
    for x in (x1, x2):
        vectors = x if x1.shape == x2.shape else expand(x, shape)
        directions.append(div(vectors, clone_at_least(vector_norm(vectors, 2, dim, True), eps)))
    return total(mul(*directions), dim)


# ── padding ──


def _check_pad(input: Tensor, pad: Sequence[int]) -> None:
    if len(pad) % 2:
        message = "Padding length must be divisible by 2"
        raise ValueFault.as_torch(message, hint="two numbers for each dimension, before and after, the last first")
    if len(pad) > 2 * input.ndim:
        message = (
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {input.ndim}"
        )
        raise ValueFault.as_torch(message)


def _margins(rank: int, pad: Sequence[int]) -> list[tuple[int, int]]:
    """What is added before and after each dimension, the first dimension first."""
    given = [(pad[2 * position], pad[2 * position + 1]) for position in range(len(pad) // 2)]
    return [(0, 0)] * (rank - len(given)) + given[::-1]


@function(
    "ConstantPadNdBackward0",
    method=False,
    examples=("constant_pad_nd(x, (1, 1))",),
    d_input=lambda g, pad: constant_pad_nd(g, tuple(-margin for margin in pad)),
)
def constant_pad_nd(input: Tensor, pad: Shape, value: Scalar = 0) -> LazyArray:
    """The input with a number around it; negative margins cut it."""
    _check_pad(input, pad)
    margins = _margins(input.ndim, pad)
    for size, (before, after) in zip(input.shape, margins, strict=True):
        if size + min(0, before) + min(0, after) < 0:
            raise misfit("narrow(): length must be non-negative.", input)
    placed = fitted(input.array, margins)
    if value == 0:
        return placed
    inside = fitted(ops.full(input.shape, True, bool_), margins)
    return ops.where(inside, placed, ops.constant(value if input.dtype.is_floating else int(value), input.dtype))


def padded(x: Tensor, margins: Sequence[tuple[int, int]], value: Scalar = 0) -> Tensor:
    """A tensor with a number around it, by margins for each dimension in order; negative ones cut it."""
    if not any(margin for pair in margins for margin in pair):
        return x
    return constant_pad_nd(x, tuple(margin for pair in reversed(margins) for margin in pair), value)


Positions = tuple[tuple[int, ...] | None, ...]  # for each axis which elements are taken, None for all in order


def _each_taken(positions: Positions) -> list[tuple[int, Tensor]]:
    """The axes along which elements are taken, with the positions as tensors."""
    found = [(axis, taken) for axis, taken in enumerate(positions) if taken is not None]
    return [(axis, Tensor(ops.from_buffer(np.array(taken, np.int64), int64))) for axis, taken in found]


def _put_back(g: Tensor, positions: Positions, shape: Size) -> Tensor:
    """Each cotangent added to where its element came from, one axis after the other."""
    for axis, taken in _each_taken(positions):
        wider = (*g.shape[:axis], shape[axis], *g.shape[axis + 1 :])
        g = spread(g, wider, along_axis(axis, g.ndim), (taken,), False)
    return g


@function(
    lambda mode, dimensions: "CopySlices" if mode == "Circular" else f"{mode}Pad{dimensions}DBackward0",
    name="pad",
    public=False,
    d_input=lambda g, positions, input: _put_back(g, positions, input.shape),  # saves the input, as PyTorch does
)
def pad_with_own(input: Tensor, positions: Any, mode: str, dimensions: int) -> Tensor:
    """The input with its own elements around it."""
    for axis, taken in _each_taken(positions):
        input = take_at(input, along_axis(axis, input.ndim), (taken,), False)
    return input


def _check_something_is_left(input: Tensor, margins: Sequence[tuple[int, int]], mode: str) -> None:
    """Refuse negative margins that cut everything away."""
    names, sizes = "DHW"[-len(margins) :], input.shape[-len(margins) :]
    lengths = [size + before + after for size, (before, after) in zip(sizes, margins, strict=True)]
    if min(lengths) > 0:
        return
    if mode == "circular":
        raise misfit("Negative padding value is resulting in an empty dimension", input)
    given, found = ([f"{name}: {number}" for name, number in zip(names, numbers, strict=True)] for numbers in (sizes, lengths))
    raise misfit(f"input ({', '.join(given)}) is too small. Calculated output {' '.join(found)}", input)


def _reflected(input: Tensor, axis: int, before: int, after: int) -> tuple[int, ...]:
    size = input.shape[axis]
    if before >= size or after >= size:
        raise misfit(
            "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {after}) at dimension {axis} of input {list(input.shape)}",
            input,
        )
    inside = [abs(position) for position in range(-before, size + after)]
    return tuple(position if position < size else 2 * (size - 1) - position for position in inside)


def _replicated(input: Tensor, axis: int, before: int, after: int) -> tuple[int, ...]:
    last = input.shape[axis] - 1
    return tuple(min(max(position, 0), last) for position in range(-before, last + 1 + after))


def _wrapped(input: Tensor, axis: int, before: int, after: int) -> tuple[int, ...]:
    size = input.shape[axis]
    if before > size or after > size:
        raise misfit("Padding value causes wrapping around more than once.", input)
    kept = range(max(-before, 0), size - max(-after, 0))
    return tuple(kept[position % len(kept)] for position in range(-max(before, 0), len(kept) + max(after, 0)))


#: What chooses the elements around a tensor from its own, and the mode in the name of the node.
OWN_MARGINS = {
    "circular": (_wrapped, "Circular"),
    "reflect": (_reflected, "Reflection"),
    "replicate": (_replicated, "Replication"),
}


@function(
    namespace=NN,
    forms=(constant_pad_nd, pad_with_own),
    examples=(
        "F.pad(x, (1, 1))",
        "F.pad(x, (1, 1), value=2.0)",
        "F.pad(x, (1, 1), mode='reflect')",
        "F.pad(x, (1, 1), mode='circular')",
    ),
)
def pad(input: Tensor, pad: Shape, mode: str = "constant", value: Scalar | None = None) -> Tensor:
    """The input with margins, before and after each dimension, the last first; mode: constant, reflect, replicate or circular."""
    _check_pad(input, pad)
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if value is not None and value != 0:
        raise ValueFault.as_torch(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in OWN_MARGINS:
        raise NotSupported.as_torch(f"Unrecognised padding mode {mode}", hint=f"modes are constant, {', '.join(OWN_MARGINS)}")
    dimensions = len(pad) // 2
    if not dimensions + 1 <= input.ndim <= dimensions + 2:
        raise NotSupported.as_torch(f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.")
    choose, name = OWN_MARGINS[mode]
    margins = _margins(input.ndim, pad)
    _check_something_is_left(input, margins[-dimensions:], mode)
    positions = tuple(
        choose(input, axis, before, after) if axis >= input.ndim - dimensions else None
        for axis, (before, after) in enumerate(margins)
    )
    return pad_with_own(input, positions, name, dimensions)


# ── dropout ──


@function(namespace=NN, forms=(mul,), examples=("F.dropout(x, 0.5)", "F.dropout(x, training=False)"))
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: Truth = False) -> Tensor:
    """Elements dropped with probability p and the others scaled by 1 / (1 - p); the input itself outside of training."""
    if not 0 <= p <= 1:
        raise ValueFault.as_torch(f"dropout probability has to be between 0 and 1, but got {float(p)}")
    if not training or p == 0 or not input.shape.numel():
        return input
    require_floating("bernoulli_scalar_cpu_", input)
    from gradcli.functions.random import drawn

    kept = drawn("uniform", (), input.shape, input.dtype) >= p
    return mul(input, where(kept, 1 / (1 - p) if p < 1 else 0.0, Tensor(ops.constant(0.0, input.dtype))))


@function(name="dropout", method=False, forms=(mul,))
def torch_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Elements dropped with probability p and the others scaled by 1 / (1 - p); the input itself outside of training."""
    return dropout(input, p, train)
