"""The cross entropy of a linear layer's outputs, and what may be said of how PyTorch saves memory in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, DTypeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import type_name
from gradcli.functions.classification import cross_entropy
from gradcli.functions.declare import function
from gradcli.functions.linalg import linear
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import flatten, view
from gradcli.lazy import DType
from gradcli.lazy.dtypes import float16, float32, int64


@dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """How PyTorch cuts a batch into chunks. Here a batch is streamed anyway: the options are checked, and change nothing."""

    allow_retain_graph: bool
    batch_chunk_size: int | None
    chunking_method: str | None
    acc_policy: str
    acc_dtype: DType | None


POLICIES = ("auto", "accurate", "balanced", "compact")


@function(name="LinearCrossEntropyOptions", namespace="torch.nn", method=False)
def linear_cross_entropy_options(
    allow_retain_graph: bool = False,
    batch_chunk_size: int | None = None,
    chunking_method: str | None = "auto",
    acc_policy: str = "auto",
    acc_dtype: DType | None = None,
) -> LinearCrossEntropyOptions:
    """Options of linear_cross_entropy, which say how PyTorch saves memory: they are checked, and change no result."""
    if acc_policy not in POLICIES:
        raise ValueFault.as_torch(f"invalid acc_policy: {acc_policy!r}")
    if chunking_method not in (None, "auto") and _chunks_wanted(chunking_method) is None:
        raise ValueFault.as_torch(f"invalid chunking_method: {chunking_method!r}")
    if batch_chunk_size is not None and batch_chunk_size <= 0:
        raise ValueFault.as_torch(f"batch_chunk_size must be positive int or None, got {batch_chunk_size!r}")
    if acc_dtype is not None and not acc_dtype.is_floating:
        message = (
            f"acc_dtype must be one of {{None, torch.float16, torch.bfloat16, torch.float32, torch.float64}}, got {acc_dtype!r}. "
            "Pass acc_dtype=None to let the op pick automatically."
        )
        raise ValueFault.as_torch(message)
    return LinearCrossEntropyOptions(allow_retain_graph, batch_chunk_size, chunking_method, acc_policy, acc_dtype)


def _chunks_wanted(method: str) -> int | None:
    """The number N of a method "aspect_ratio:N", 1 where it is left out, or None if it is another one."""
    name, colon, factor = method.partition(":")
    number = factor if colon else "1"
    return int(number) if name == "aspect_ratio" and number.isdecimal() and int(number) > 0 else None


def _check_options(options: LinearCrossEntropyOptions, input: Tensor, classes: int) -> None:
    """What PyTorch refuses of options when it knows the sizes and the dtype of a batch."""
    features, batch = input.shape[-1], input.shape[0] if input.ndim == 2 else 1
    given, method = options.batch_chunk_size, options.chunking_method
    parts = None if method is None else _chunks_wanted(method)
    if parts is not None and given is not None:
        rows = -(-batch // -(-classes // features))
        size = min((1 << (rows - 1).bit_length()) // parts, batch)
        if given != size:
            message = (
                f"batch_chunk_size (={given}) and chunking_method ('{method}') give different chunk sizes ({given} vs {size}); "
                "pass only one."
            )
            raise ValueFault.as_torch(message)
    wide = options.acc_dtype
    if wide not in (None, input.dtype) and (input.dtype, wide) != (float16, float32):
        message = (
            "linear_cross_entropy supports float32 acc_dtype with float16/bfloat16 inputs, "
            f"but got {wide} acc_dtype and {input.dtype} inputs."
        )
        raise DTypeMismatch.as_torch(message)


def _check_shapes(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> None:
    if input.ndim not in (1, 2):
        raise misfit(f"expected input with dimensionality 1 or 2, got {input.ndim}", input, linear_weight)
    if linear_weight.ndim < 2:
        message = f"expected linear_weight with dimensionality at least 2, got {linear_weight.ndim}"
        raise misfit(message, input, linear_weight)
    if input.shape[-1] != linear_weight.shape[-1]:
        message = (
            "expected equal input and linear_weight last dimensions (in_features), "
            f"got {input.shape[-1]} and {linear_weight.shape[-1]}, respectively"
        )
        raise misfit(message, input, linear_weight)
    if linear_bias is not None and linear_bias.shape != linear_weight.shape[:-1]:
        message = f"expected linear_bias shape {tuple(linear_weight.shape[:-1])}, got {tuple(linear_bias.shape)}"
        raise misfit(message, input, linear_weight)
    if linear_weight.ndim > 2 and input.ndim == 1:
        message = (
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, "
            f"(N, {input.shape[-1]}), got unbatched input with shape {tuple(input.shape)}"
        )
        raise misfit(message, input, linear_weight)


@function(
    namespace=NN,
    forms=(cross_entropy, linear),
    examples=("F.linear_cross_entropy(x, y, tensor([0, 1]))",),
)
def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """cross_entropy(linear(input, linear_weight, linear_bias), target); the options are checked, and change nothing."""
    _check_shapes(input, linear_weight, linear_bias)
    shape = (*input.shape[:-1], *linear_weight.shape[:-1])
    if target.shape == shape and ignore_index is not None:
        raise ValueFault.as_torch("ignore_index cannot be specified when target contains probabilities")
    if options is not None and not isinstance(options, LinearCrossEntropyOptions):
        hint = "torch.nn.LinearCrossEntropyOptions(...) makes them; they change no result"
        raise ArgumentError(f"options must be LinearCrossEntropyOptions, not {type_name(options)}", hint=hint)
    if options is not None and linear_weight.ndim == 2 and target.dtype is int64 and not label_smoothing:
        _check_options(options, input, linear_weight.shape[0])
    bias = None if linear_bias is None else flatten(linear_bias)
    logits = view(linear(input, flatten(linear_weight, 0, -2), bias), shape)
    ignored = ignore_index if ignore_index is not None else -100
    return cross_entropy(logits, target, weight, None, ignored, None, reduction, label_smoothing)
