"""Creating tensors, and converting them to other dtypes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.autograd import Tensor, state
from gradcli.autograd.tensor import Scalar, operators
from gradcli.errors import ArgumentError, AutogradError, LimitExceeded, ShapeMismatch, TypeMismatch, ValueFault
from gradcli.functions.arguments import Lengths, type_name
from gradcli.functions.declare import function, method
from gradcli.functions.device import Device, available_device
from gradcli.functions.limits import check_nested, check_range
from gradcli.functions.memory_format import CONTIGUOUS, PRESERVE, MemoryFormat, format_of, lay_out
from gradcli.functions.ndarray import NDArray
from gradcli.functions.pointwise import scalar_dtype
from gradcli.functions.refusals import cannot_hold, holds, representable
from gradcli.lazy import DType, LazyArray, Size, ops, settings
from gradcli.lazy.dtypes import INTEGER, bool_, float16, float32, float64, int8, int16, int32, int64, promote, uint8
from gradcli.lazy.ops import MOST_AXES

MOST_ELEMENTS = 2**40  # beyond any memory: an error at once instead of an allocation


def leaf(array: LazyArray, requires_grad: bool) -> Tensor:
    """A new tensor; only floating ones can require grad."""
    if requires_grad and not array.dtype.is_floating:
        message = "Only Tensors of floating point and complex dtype can require gradients"
        raise AutogradError.as_torch(message, hint="write its numbers with a point: 1. instead of 1")
    made = Tensor(array, requires_grad)
    if requires_grad and state.new_leaf is not None:
        state.new_leaf(made)
    return made


def size_of(shape: Sequence[int]) -> Size:
    """A shape that was asked for, checked."""
    for axis, length in enumerate(shape):
        if length < 0:
            message = f"Trying to create tensor with negative dimension {length}: {list(shape)}"
            raise ValueFault.as_torch(message, hint=f"dimension {axis} is {length}")
    size = Size(shape)
    if max(size.numel(), *size, 0) > MOST_ELEMENTS:
        raise LimitExceeded(f"a tensor of shape {tuple(size)} is beyond any memory", hint="make it smaller")
    return size


# ── from values ──


def from_nested(data: Any, dtype: DType | None) -> LazyArray:
    """A constant array of a number, nested lists of numbers, a NumPy array or a tensor, by PyTorch's literal rules."""
    if isinstance(data, Tensor):
        return ops.cast(data.array, dtype or data.dtype)
    if isinstance(data, NDArray):
        return ops.cast(data.tensor.array, dtype or data.tensor.dtype)
    if isinstance(data, (bool, int, float)):
        own = dtype or scalar_dtype(data)
        return _converted([data], Size(()), own)
    if not isinstance(data, (list, tuple, range)):
        message = f"could not infer dtype of {type_name(data)}"
        raise TypeMismatch.as_torch(message, hint="tensor() takes a number or nested lists of numbers")
    flat: list[Scalar] = []
    shape = _flatten(data, flat)
    return _converted(flat, shape, dtype or _literal_dtype(flat))


def _converted(numbers: list[Scalar], shape: Size, dtype: DType) -> LazyArray:
    """A constant array of Python numbers; whole ones must be within the limits of their element type."""
    if dtype.kind == INTEGER:
        for value in numbers:
            if holds(dtype, value):
                continue
            if isinstance(value, int) and not holds(int64, value):
                raise ValueFault.as_torch("Overflow when unpacking long long", hint="write it with a point to make it floating")
            raise cannot_hold(dtype.name, dtype)
    try:
        exact = np.array(numbers, dtype=np.float64 if any(isinstance(value, float) for value in numbers) else None)
        with np.errstate(over="ignore"):  # a float beyond those of a narrower type is infinite there
            return ops.from_buffer(exact.astype(dtype.name).reshape(shape), dtype)
    except OverflowError as fault:
        raise ValueFault.as_torch(str(fault), hint="floating numbers end at 1.8e308; beyond them is inf") from None


def _literal_dtype(flat: list[Scalar]) -> DType:
    if not flat:
        return settings.default_dtype
    found = bool_
    for kind in {type(value) for value in flat}:
        found = promote(found, scalar_dtype(kind()))
    return found


def _flatten(data: Any, flat: list[Scalar]) -> Size:
    """Append the numbers of nested lists, row by row, and return the shape."""
    shape = _shape_of(data)
    check_nested(data)
    stack: list[tuple[Any, int]] = [(data, 0)]
    while stack:
        item, depth = stack.pop()
        if isinstance(item, (list, tuple, range)):
            if depth >= len(shape):
                raise ShapeMismatch("a list stands among numbers", hint="all rows of a tensor have the same length")
            if len(item) != shape[depth]:
                message = f"expected sequence of length {shape[depth]} at dim {depth} (got {len(item)})"
                raise ShapeMismatch.as_torch(message, hint="all rows of a tensor have the same length")
            stack.extend((inner, depth + 1) for inner in reversed(item))
        elif depth != len(shape):
            message = f"expected sequence of length {shape[depth]} at dim {depth} (got a number)"
            raise ShapeMismatch(message, hint="all rows of a tensor have the same length")
        elif isinstance(item, Tensor):
            flat.append(item.item())
        elif isinstance(item, (bool, int, float)):
            flat.append(item)
        else:
            message = f"could not infer dtype of {type_name(item)}"
            raise TypeMismatch.as_torch(message, hint="tensor() takes a number or nested lists of numbers")
    return shape


def _shape_of(data: Any) -> Size:
    shape = []
    while isinstance(data, (list, tuple, range)):
        if isinstance(data, range):
            check_range(data)
        shape.append(len(data))
        if len(shape) > MOST_AXES:  # a list may hold itself
            raise LimitExceeded(f"lists nested more than {MOST_AXES} deep make no tensor: it has at most {MOST_AXES} dimensions")
        if not data:
            break
        data = data[0]
    return Size(shape)


@function(method=False, examples=("tensor([[1., 2.], [3., 4.]])",))
def tensor(data: Any, *, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False) -> Tensor:
    """A new tensor from a number, nested lists, or a NumPy array."""
    return leaf(from_nested(data, dtype), requires_grad)


@function(method=False, aliases=("asarray",))
def as_tensor(data: Any, dtype: DType | None = None, device: Device | None = None) -> Tensor:
    """A tensor as it is, one that shares memory with a NumPy array, or a new one from numbers."""
    if isinstance(data, NDArray) and dtype in (None, data.tensor.dtype):
        return data.tensor.data()
    return data if isinstance(data, Tensor) and dtype in (None, data.dtype) else Tensor(from_nested(data, dtype))


@function(method=False)
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the elements of a NumPy array: what changes one in place changes the other."""
    if not isinstance(ndarray, NDArray):
        raise TypeMismatch.as_torch(f"expected np.ndarray (got {type_name(ndarray)})")
    return ndarray.tensor.data()


# ── filled ──


@function(method=False, examples=("zeros(2, 3)",))
def zeros(*size: int, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False) -> Tensor:
    """Zeros."""
    return leaf(ops.full(size_of(size), 0, dtype or settings.default_dtype), requires_grad)


@function(method=False, examples=("ones(2, 2)",))
def ones(*size: int, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False) -> Tensor:
    """Ones."""
    return leaf(ops.full(size_of(size), 1, dtype or settings.default_dtype), requires_grad)


@function(method=False)
def empty(
    *size: int,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
    memory_format: MemoryFormat = CONTIGUOUS,
) -> Tensor:
    """A tensor to be filled; here it holds zeros."""
    made = leaf(ops.full(size_of(size), 0, dtype or settings.default_dtype), requires_grad)
    lay_out(made, memory_format, ())
    return made


@function(method=False, examples=("full((2, 2), 3.5)",))
def full(
    size: Lengths, fill_value: Scalar, *, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False
) -> Tensor:
    """One number everywhere."""
    own = dtype or scalar_dtype(fill_value)
    return leaf(ops.full(size_of(size), representable(fill_value, own, 1), own), requires_grad)


@function(method=False, examples=("eye(3)",))
def eye(
    n: int, m: int | None = None, *, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False
) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    size = size_of((n, n if m is None else m))
    rows = ops.reshape(ops.arange(0, 1, size[0], int64), Size((size[0], 1)))
    on_diagonal = ops.binary("equal", rows, ops.arange(0, 1, size[1], int64))
    return leaf(ops.cast(on_diagonal, dtype or settings.default_dtype), requires_grad)


def _as_another(name: str, value: int, what: str) -> None:
    """Declare x.new_zeros(...), zeros_like(x) or their kin, which take the dtype of another tensor, or its shape as well."""

    def new(
        input: Tensor, *size: int, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False
    ) -> Tensor:
        return leaf(ops.full(size_of(size), value, dtype or input.dtype), requires_grad)

    def like(
        input: Tensor,
        *,
        dtype: DType | None = None,
        device: Device | None = None,
        requires_grad: bool = False,
        memory_format: MemoryFormat | None = PRESERVE,
    ) -> Tensor:
        return leaf(ops.full(input.shape, value, dtype or input.dtype), requires_grad)

    new.__doc__ = f"{what} of a shape, in the dtype of another tensor."
    like.__doc__ = f"{what} of the shape and dtype of another tensor."
    method(f"new_{name}")(new)
    function(name=f"{name}_like", method=False, laid_out_as=("input",), examples=(f"{name}_like(x)",))(like)


_as_another("zeros", 0, "Zeros")
_as_another("ones", 1, "Ones")
_as_another("empty", 0, "A tensor to be filled, which holds zeros,")


@function(method=False, laid_out_as=("input",))
def full_like(
    input: Tensor,
    fill_value: Scalar,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
    memory_format: MemoryFormat | None = PRESERVE,
) -> Tensor:
    """One number everywhere, in the shape and dtype of another tensor."""
    own = dtype or input.dtype
    return leaf(ops.full(input.shape, representable(fill_value, own, 1), own), requires_grad)


@method("new_full")
def _new_full(
    input: Tensor,
    size: Lengths,
    fill_value: Scalar,
    *,
    dtype: DType | None = None,
    device: Device | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """One number in a shape, in the dtype of another tensor."""
    return full(size, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad)


@method("new_tensor")
def _new_tensor(
    input: Tensor, data: Any, *, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False
) -> Tensor:
    """A new tensor from a number or nested lists, in the dtype of another tensor."""
    return leaf(from_nested(data, dtype or input.dtype), requires_grad)


@function(method=False)
def scalar_tensor(s: Scalar, *, dtype: DType | None = None, device: Device | None = None, requires_grad: bool = False) -> Tensor:
    """A number as a tensor without dimensions, floating unless another dtype is asked for."""
    return full((), s, dtype=dtype or settings.default_dtype, requires_grad=requires_grad)


# ── conversions ──


@function(
    "ToCopyBackward0",
    method=False,
    public=False,
    examples=("x.double()",),
    laid_out_as=("input",),
    d_input=lambda g, input_dtype: to_dtype(g, input_dtype),
)
def to_dtype(input: Tensor, dtype: DType, *, memory_format: MemoryFormat | None = PRESERVE) -> LazyArray:
    """The same numbers in another dtype."""
    return ops.cast(input.array, dtype)


@function(name="to")
def to(
    input: Tensor,
    *arguments: Any,
    dtype: DType | None = None,
    device: Device | None = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: MemoryFormat | None = PRESERVE,
) -> Tensor:
    """The same numbers in another dtype or memory format; the tensor itself if it has them already."""
    flags = [argument for argument in arguments[1:] if isinstance(argument, bool)][-2:]  # non_blocking, and copy
    copy = copy or flags[1:] == [True]
    for argument in arguments[: len(arguments) - len(flags)]:
        if isinstance(argument, DType):
            dtype = argument
        elif isinstance(argument, Tensor):
            dtype = argument.dtype
        elif available_device(argument) is None:
            raise ArgumentError(f"to() takes a dtype, a device or a tensor, not {type_name(argument)}")
    is_laid_out = memory_format in (None, PRESERVE) or memory_format is format_of(input)
    if dtype in (None, input.dtype) and is_laid_out and not copy:
        return input
    return to_dtype(input, dtype or input.dtype, memory_format=memory_format)


def as_floating(input: Tensor) -> Tensor:
    """The same numbers with a fraction: whole ones in the default dtype."""
    return input if input.dtype.is_floating else to(input, settings.default_dtype)


def _conversion(name: str, dtype: DType) -> None:
    """Declare `x.float()` and its like."""

    def convert(input: Tensor, *, memory_format: MemoryFormat | None = PRESERVE) -> Tensor:
        return to(input, dtype, memory_format=memory_format)

    convert.__doc__ = f"The same numbers as {dtype}."
    function(name=name, forms=(to_dtype,))(convert)


for _name, _dtype in {"float": float32, "double": float64, "int": int32, "long": int64, "bool": bool_}.items():
    _conversion(_name, _dtype)
for _name, _dtype in {"half": float16, "short": int16, "byte": uint8, "char": int8}.items():
    _conversion(_name, _dtype)


@method("type")
def _type(input: Tensor, dtype: DType | None = None) -> Any:
    """The same numbers in another dtype; without one, the name of the tensor's type."""
    place = "" if input.device == "cpu" else "cuda."
    return f"torch.{place}{input.dtype.tensor_type}Tensor" if dtype is None else to(input, dtype)


@function()
def type_as(input: Tensor, other: Tensor) -> Tensor:
    """The same numbers in the dtype of another tensor."""
    return to(input, other.dtype)


@function(method=False)
def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype that an operation on the two has."""
    from gradcli.functions.pointwise import common_dtype

    return common_dtype(tensor1, tensor2)


@function(method=False)
def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest dtype that both convert to."""
    return promote(type1, type2)


operators["to"] = to
