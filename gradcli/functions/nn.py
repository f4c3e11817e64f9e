"""Functions of torch.nn.functional besides activations and losses: normalisation, similarity and dropout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Lengths, Shape, Truth
from gradcli.functions.bounds import clamp_min
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import add, div, mul, rsqrt
from gradcli.functions.norm import norm, vector_norm
from gradcli.functions.pointwise import common_dtype
from gradcli.functions.power import pow
from gradcli.functions.reduce import mean, widened
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.repetition import expand, expand_as
from gradcli.lazy import ops
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
