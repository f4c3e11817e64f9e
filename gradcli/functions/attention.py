"""Attention of torch.nn.functional: averages of values by how well keys fit queries."""

from __future__ import annotations

from math import inf, sqrt

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arrange import repeat_interleave
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.diagonal import tril
from gradcli.functions.elementwise import add, eq, times_number
from gradcli.functions.layout import strides
from gradcli.functions.linalg import matmul
from gradcli.functions.nn import dropout
from gradcli.functions.reduce import all as holds_everywhere
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import CONVERT_ONE, misfit
from gradcli.functions.shape import reshape, transpose
from gradcli.functions.softmax import softmax_along, softmax_cotangent
from gradcli.lazy import Size, ops
from gradcli.lazy.dtypes import bool_, float32
from gradcli.lazy.shapes import existing_dim

# ── weights ──


def _factor(query: Tensor, scale: float | None) -> float:
    """What the products of queries and keys are multiplied by."""
    return scale if scale is not None else 1 / sqrt(query.shape[-1]) if query.shape[-1] else 1.0


@function("SafeSoftmaxBackward0", public=False, examples=("safe_softmax(x, -1)",), d_input=softmax_cotangent)
def safe_softmax(input: Tensor, dim: int) -> Tensor:
    """softmax, and 0 where all elements are -inf."""
    return where(holds_everywhere(eq(input, -inf), dim, True), 0.0, softmax_along(input, dim))


def _causal(queries: int, keys: int) -> Tensor:
    """A mask by which each query sees the keys up to its own place."""
    return tril(Tensor(ops.full(Size((queries, keys)), True, bool_)))


def _added(mask: Tensor) -> Tensor:
    """A mask as what is added to scores: of truth values, those that are false take -inf."""
    return where(mask, 0.0, -inf) if mask.dtype is bool_ else mask


def _repeated_heads(query: Tensor, tensor: Tensor) -> Tensor:
    """Heads of keys or values, each for several heads of queries next to each other."""
    times = query.shape[-3] // tensor.shape[-3]
    return repeat_interleave(tensor, times, -3) if times > 1 else tensor


# ── as one step, which PyTorch takes for batches of heads ──


def _weights(query: Tensor, key: Tensor, mask: Tensor | None, is_causal: bool, scale: float | None) -> Tensor:
    """softmax(query @ key.mT * scale + mask), the averages that are formed of the values."""
    scores = matmul(query, transpose(_repeated_heads(query, key), -2, -1)) * _factor(query, scale)
    masks = [mask] if mask is not None else []
    masks += [_causal(query.shape[-2], key.shape[-2])] if is_causal else []
    for each in masks:
        scores = scores + to(_added(each), scores.dtype)
    return safe_softmax(scores, -1)


def _scores_cotangent(
    g: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool, scale: float | None
) -> Tensor:
    """dS = W * (dW - sum(dW * W, -1)) * scale, where W = softmax(query @ key.mT * scale + mask) and dW = g @ value.mT."""
    weights = _weights(query, key, mask, is_causal, scale)
    of_weights = matmul(g, transpose(_repeated_heads(query, value), -2, -1))
    return softmax_cotangent(of_weights, weights, -1) * _factor(query, scale)


def _summed_heads(g: Tensor, like: Size) -> Tensor:
    """The cotangents of heads that were repeated, added up."""
    batch, heads, length, width = like
    return g if g.shape[1] == heads else total(reshape(g, (batch, heads, -1, length, width)), 2)


@function(
    "ScaledDotProductFlashAttentionForCpuBackward0",
    public=False,
    examples=("flash_attention(b[None], b[None], b[None], None, True, None)",),
    d_query=lambda g, query, key, value, mask, is_causal, scale: matmul(
        _scores_cotangent(g, query, key, value, mask, is_causal, scale), _repeated_heads(query, key)
    ),
    d_key=lambda g, query, key, value, mask, is_causal, scale: _summed_heads(
        matmul(transpose(_scores_cotangent(g, query, key, value, mask, is_causal, scale), -2, -1), query), key.shape
    ),
    d_value=lambda g, query, key, mask, is_causal, scale, value_shape: _summed_heads(
        matmul(transpose(_weights(query, key, mask, is_causal, scale), -2, -1), g), value_shape
    ),
)
def flash_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool, scale: float | None
) -> Tensor:
    """Attention of each head of each example, as one step."""
    return matmul(_weights(query, key, mask, is_causal, scale), _repeated_heads(query, value))


def _is_one_step(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> bool:
    """Whether PyTorch has one step for it."""
    three = (query, key, value)
    return (
        all(tensor.ndim == 4 and strides(tensor)[-1] == 1 for tensor in three)
        and len({tensor.shape[0] for tensor in three}) == len({tensor.shape[-1] for tensor in three}) == 1
        and key.shape[1] == value.shape[1]
        and query.shape[-1] > 0
        and (mask is None or (mask.ndim in (2, 4) and not mask.requires_grad))
    )


# ── as its parts ──


def _composed(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, is_causal: bool, scale: float | None
) -> Tensor:
    if is_causal:
        if mask is not None:
            message = "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            raise ValueFault.as_torch(message)
        mask = _causal(query.shape[-2], key.shape[-2])
    factor = _factor(query, scale)
    root = sqrt(abs(factor))
    scores = matmul(times_number(query, root if factor >= 0 else -root), times_number(transpose(key, -2, -1), root))
    weights = safe_softmax(scores if mask is None else add(scores, to(_added(mask), scores.dtype)), -1)
    return matmul(dropout(weights, dropout_p) if dropout_p > 0 else weights, value)


def _nothing(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Zeros where nothing is looked at, in a graph all the same."""
    zeros = Tensor(ops.full(Size((*query.shape[:-1], value.shape[-1])), 0.0, query.dtype))
    return add(zeros, times_number(total(query) + total(key) + total(value), 0))


def _check(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, enable_gqa: bool) -> None:
    three = {"query": query, "key": key, "value": value}
    if len({tensor.dtype for tensor in three.values()}) > 1:
        found = [f"{name}.dtype: {tensor.dtype.cpp_name}" for name, tensor in three.items()]
        message = "Expected query, key, and value to have the same dtype, but got {} {} and {} instead."
        raise DTypeMismatch.as_torch(message.format(*found), hint=CONVERT_ONE)
    if any(tensor.ndim < 2 for tensor in three.values()):
        found = [f"{name}.dim: {tensor.ndim}" for name, tensor in three.items()]
        message = "Expected query, key, and value to all be  at least 2 dimensional, but got {} {} and {} instead."
        raise misfit(message.format(*found), query, key, value)
    if mask is not None and mask.dtype not in (bool_, float32, query.dtype):
        message = (
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{mask.dtype.cpp_name} and  query.dtype: {query.dtype.cpp_name} instead."
        )
        raise DTypeMismatch.as_torch(message, hint="convert the mask, for example with .bool()")
    if not query.dtype.is_floating:
        raise DTypeMismatch.as_torch(f"expected scalar type Float but found {query.dtype.tensor_type}")
    if mask is not None and query.ndim == 4:
        existing_dim(-2, mask.ndim)
    if enable_gqa and any(query.shape[-3] % max(tensor.shape[-3], 1) for tensor in (key, value)):
        raise misfit("Number of heads in key and value must divide the number of heads in", query, key, value)


@function(
    namespace=NN,
    forms=(flash_attention, safe_softmax, matmul),
    examples=("F.scaled_dot_product_attention(x, x, y)", "F.scaled_dot_product_attention(x, x, y, is_causal=True, scale=0.5)"),
)
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query @ key.mT / sqrt(E)) @ value: for each query an average of the values, by how well their keys fit it."""
    _check(query, key, value, attn_mask, enable_gqa)
    if value.shape.numel() == 0 or 0 in query.shape[:-1]:
        return _nothing(query, key, value)
    has_heads = query.ndim == 4 and (enable_gqa or query.shape[1] == key.shape[1])
    if not dropout_p and has_heads and _is_one_step(query, key, value, attn_mask):
        return flash_attention(query, key, value, attn_mask, is_causal, scale)
    if enable_gqa:
        key, value = _repeated_heads(query, key), _repeated_heads(query, value)
    return _composed(query, key, value, attn_mask, dropout_p, is_causal, scale)
