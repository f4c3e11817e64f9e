"""Evenly spaced numbers: arange, linspace, logspace."""

from __future__ import annotations

from math import ceil, isfinite

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import ArgumentError, ValueFault
from gradcli.functions.create import MOST_ELEMENTS, leaf, size_of
from gradcli.functions.declare import function
from gradcli.functions.device import Device
from gradcli.functions.refusals import no_kernel, representable
from gradcli.lazy import DType, LazyArray, Size, ops, settings
from gradcli.lazy.dtypes import BOOLEAN, INTEGER, float64, int64


@function(method=False, examples=("arange(5)", "arange(0, 1, 0.25)"))
def arange(
    start: Scalar | None = None,
    end: Scalar | None = None,
    step: Scalar = 1,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ..., below end."""
    first, last = (0, start) if end is None else (start or 0, end)
    if last is None:
        raise ArgumentError.as_torch('arange() missing 1 required positional arguments: "end"')
    if not all(isfinite(value) for value in (first, last, step)):
        raise ValueFault.as_torch(f"unsupported range: {first} -> {last}")
    if step == 0:
        raise ValueFault.as_torch("step must be nonzero")
    if (last - first) * step < 0:
        raise ValueFault.as_torch("upper bound and lower bound inconsistent with step sign")
    own = dtype or (settings.default_dtype if any(isinstance(v, float) for v in (first, last, step)) else int64)
    if own.kind == BOOLEAN:
        raise no_kernel("arange_cpu", own)
    if own is int64:
        first, last, step = (int(representable(value, int64)) for value in (first, last, step))
        if step == 0:
            raise ValueFault.as_torch("step must be nonzero")
    steps = (last - first) / step
    if own.kind == INTEGER:
        first, step = int(first), int(step)
    length = size_of((max(0, ceil(steps)) if isfinite(steps) else MOST_ELEMENTS + 1,))[0]
    return leaf(ops.arange(first, step, length, own), requires_grad)


@function(method=False, examples=("linspace(0, 1, 5)",))
def linspace(
    start: Scalar,
    end: Scalar,
    steps: int,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Evenly spaced numbers, both ends included."""
    own = dtype or settings.default_dtype
    exact = own if own.is_floating else float64
    return leaf(ops.cast(_evenly_spaced("linspace_cpu", start, end, steps, own, exact), own), requires_grad)


@function(method=False, examples=("logspace(0, 2, 3)",))
def logspace(
    start: Scalar,
    end: Scalar,
    steps: int,
    base: float = 10.0,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """base to the power of evenly spaced numbers."""
    own = dtype or settings.default_dtype
    exponents = _evenly_spaced("logspace_cpu", start, end, steps, own, float64)
    powers = ops.binary("pow", ops.constant(base, float64), exponents)
    return leaf(ops.cast(powers, own), requires_grad)


def _evenly_spaced(kernel: str, start: Scalar, end: Scalar, steps: int, dtype: DType, exact: DType) -> LazyArray:
    """Numbers from both ends to the middle, in the arithmetic of a dtype; as PyTorch, so that rounding is symmetric."""
    if steps < 0:
        raise ValueFault.as_torch("number of steps must be non-negative")
    if dtype.kind == BOOLEAN:
        raise no_kernel(kernel, dtype)
    first, last = (ops.constant(_end(value, dtype), exact) for value in (start, end))
    length = size_of((steps,))[0]
    if length == 1:
        return ops.reshape(first, Size((1,)))
    step = ops.binary("div", ops.binary("sub", last, first), ops.constant(max(length - 1, 1), exact))
    up, down = ops.arange(0, 1, length, exact), ops.arange(length - 1, -1, length, exact)
    from_start = ops.binary("add", first, ops.binary("mul", step, up))
    from_end = ops.binary("sub", last, ops.binary("mul", step, down))
    in_first_half = ops.binary("less", ops.arange(0, 1, length, int64), ops.constant(length // 2, int64))
    return ops.where(in_first_half, from_start, from_end)


def _end(value: Scalar, dtype: DType) -> Scalar:
    """Where evenly spaced numbers start or end, in their dtype."""
    held = representable(value, dtype)
    return int(held) if dtype.kind == INTEGER else held
