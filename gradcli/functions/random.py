"""Random tensors: each call takes the next stream of the session's seed, so that the same program draws the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import ArgumentError, ValueFault
from gradcli.functions.arguments import KINDS, type_name
from gradcli.functions.create import leaf, size_of
from gradcli.functions.declare import function
from gradcli.functions.device import Device
from gradcli.functions.memory_format import PRESERVE, MemoryFormat
from gradcli.functions.refusals import no_kernel
from gradcli.lazy import DType, LazyArray, Size, ops, settings
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import LIMITS, float16, float32, int64


def next_stream() -> int:
    """The number of the next stream of random numbers; each is used once."""
    stream = settings.random_streams_used
    settings.random_streams_used = stream + 1
    return stream


def drawn(kind: str, limits: tuple[int, ...], shape: Size, dtype: DType) -> Tensor:
    """Numbers of the next stream, computed when they are asked for."""
    return Tensor(_array(kind, limits, shape, dtype))


def _array(kind: str, limits: tuple[int, ...], shape: Size, dtype: DType) -> LazyArray:
    if kind == "uniform" and dtype is float16:
        return _half_uniform(shape)
    return ops.random(kind, settings.seed, next_stream(), limits, shape, dtype)


def _half_uniform(shape: Size) -> LazyArray:
    """Multiples of 1/2048 in [0, 1), as PyTorch's: rounded from single precision, one in 4096 would be 1."""
    steps = ops.constant(2.0**11, float32)
    counted = ops.unary("floor", ops.binary("mul", _array("uniform", (), shape, float32), steps))
    return ops.cast(ops.binary("div", counted, steps), float16)


def _floating(kernel: str, dtype: DType | None) -> DType:
    own = dtype or settings.default_dtype
    if not own.is_floating:
        raise no_kernel(kernel, own, "use randint for integers")
    return own


def _sample(kind: str, kernel: str, shape: Sequence[int], dtype: DType | None, requires_grad: bool) -> Tensor:
    own = _floating(kernel, dtype)
    return leaf(_array(kind, (), size_of(shape), own), requires_grad)


# ── numbers ──


def _distribution(name: str, kind: str, kernel: str, doc: str) -> None:
    """Declare rand(...), rand_like(x) or their kin, which take the shape and dtype of another tensor."""

    def new(*size: int, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False) -> Tensor:
        return _sample(kind, kernel, size, dtype, requires_grad)

    def like(
        input: Tensor,
        *,
        dtype: DType | None = None,
        device: Device | None = None,
        requires_grad: bool = False,
        memory_format: MemoryFormat | None = PRESERVE,
    ) -> Tensor:
        return _sample(kind, kernel, input.shape, dtype or input.dtype, requires_grad)

    new.__doc__ = f"{doc}."
    like.__doc__ = f"{doc}, in the shape and dtype of another tensor."
    function(name=name, method=False, examples=(f"{name}(2, 3)",))(new)
    function(name=f"{name}_like", method=False, laid_out_as=("input",), examples=(f"{name}_like(x)",))(like)


_distribution("rand", "uniform", "check_uniform_bounds", "Numbers distributed evenly over [0, 1)")
_distribution("randn", "normal", "normal_kernel_cpu", "Numbers of the normal distribution with mean 0 and variance 1")


# ── integers ──


def _integers(low: int, high: int, shape: Sequence[int], dtype: DType, requires_grad: bool) -> Tensor:
    if low >= high:
        raise ValueFault.as_torch(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    least, most = (low, high) if dtype.is_floating else LIMITS[dtype]
    for name, value in (("from", low), ("to - 1", high - 1)):
        if not least <= value <= most:
            raise ValueFault(f"{name} is out of bounds for {dtype.name}: it holds {least} to {most}")
    return leaf(_array("integers", (low, high), size_of(shape), dtype), requires_grad)


@function(method=False, examples=("randint(10, (2, 3))", "randint(-5, 5, (2,))"))
def randint(
    low: Any = None,
    high: Any = None,
    size: Any = None,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from low (0 where it is left out) up to, but not including, high."""
    if size is None:
        low, high, size = 0, low, high
    elif low is None or high is None:
        low, high = 0, low if high is None else high
    for name, position, value in (("low", 1, low), ("high", 2, high)):
        if not isinstance(value, int) or isinstance(value, bool):
            message = f"randint(): argument '{name}' (position {position}) must be int, not {type_name(value)}"
            raise ArgumentError.as_torch(message)
    sizes = KINDS["Shape"][1](size)
    if sizes is None or not isinstance(size, (list, tuple)):
        raise ArgumentError.as_torch(f"randint(): argument 'size' (position 3) must be tuple of ints, not {type_name(size)}")
    return _integers(low, high, sizes, dtype or int64, requires_grad)


@function(method=False, laid_out_as=("input",), examples=("randint_like(x, 10)",))
def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
    memory_format: MemoryFormat | None = PRESERVE,
) -> Tensor:
    """Integers from low up to, but not including, high, in the shape and dtype of another tensor."""
    first, last = (0, low) if high is None else (low, high)
    return _integers(first, last, input.shape, dtype or input.dtype, requires_grad)


@function(method=False, examples=("randperm(5)",))
def randperm(n: int, *, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False) -> Tensor:
    """The integers 0 to n - 1 in random order."""
    return leaf(_array("permutation", (), size_of((n,)), dtype or int64), requires_grad)


# ── choices ──


@function("BernoulliBackward0", examples=("bernoulli(sigmoid(x))",), d_input=lambda g: g * 0.0)
def bernoulli(input: Tensor) -> Tensor:
    """1 with the probability that each element gives, else 0."""
    if not input.dtype.is_floating:
        raise no_kernel("bernoulli_tensor_cpu_p_", input.dtype, "probabilities are floating: convert them with .float()")
    values = possible_values(input.array)
    if not ((values >= 0) & (values <= 1)).all():
        message = "Expected p_in >= 0 && p_in <= 1 to be true, but got false."
        raise ValueFault.as_torch(message, hint="probabilities lie between 0 and 1")
    below = drawn("uniform", (), input.shape, input.dtype) < input
    return Tensor(ops.cast(below.array, input.dtype))


@function(method=False, examples=("manual_seed(0)",))
def manual_seed(seed: Scalar) -> None:
    """Begin again with the random numbers of a seed."""
    if not -(2**63) <= seed < 2**64:
        raise ValueFault.as_torch("Overflow when unpacking long long", hint="seeds have 64 bits")
    settings.seed = int(seed) % 2**64
    settings.random_streams_used = 0


@function(method=False)
def initial_seed() -> int:
    """The seed in use."""
    return settings.seed
