"""Shapes, element types, numbers and derivatives that functions refuse, in PyTorch's sentences."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, NotSupported, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.arguments import MOST_BITS, Operand
from gradcli.lazy import DType, Size
from gradcli.lazy.dtypes import BOOLEAN, FLOATING, LIMITS, bool_, int32, promote, uint8
from gradcli.lazy.shapes import describe

Refuse = Callable[..., None]

INVERT_HINT = "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."


CONVERT_ONE = "convert one of them, for example with .double() or .float()"


# ── shapes ──


def misfit(message: str, *tensors: Tensor, hint: str | None = None) -> ShapeMismatch:
    """The error for tensors whose shapes do not fit, each labelled with its shape; they are the first operands, in order."""
    labels = [OperandLabel(position, describe(tensor.shape)) for position, tensor in enumerate(tensors)]
    return ShapeMismatch.as_torch(message, operands=labels, hint=hint)


def unlike_slice(src: Tensor, expected: Size) -> ShapeMismatch:
    """The error for what is to replace a part of a tensor that has another shape."""
    message = (
        f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = {list(expected)}"
    )
    return ShapeMismatch.as_torch(message, operands=[OperandLabel(1, describe(src.shape))])


# ── element types ──


def no_kernel(kernel: str, dtype: DType, hint: str | None = None) -> DTypeMismatch:
    """The error for an element type that PyTorch has no kernel for."""
    return DTypeMismatch.as_torch(f"\"{kernel}\" not implemented for '{dtype.tensor_type}'", hint=hint)


def require_floating(kernel: str, input: Tensor) -> None:
    """Refuse whole numbers where PyTorch's kernel has no form for them."""
    if not input.dtype.is_floating:
        raise no_kernel(kernel, input.dtype, "convert it with .float(), or write its numbers with a point")


def refuse_booleans(kernel: str, input: Tensor) -> None:
    """Refuse truth values where PyTorch's kernel has no form for them."""
    if input.dtype.kind == BOOLEAN:
        raise no_kernel(kernel, input.dtype, "convert it first, for example with .int() or .float()")


def _is_boolean(operand: Operand) -> bool:
    return operand.dtype.kind == BOOLEAN if isinstance(operand, Tensor) else isinstance(operand, bool)


def booleans_in_subtraction(x: Operand, y: Operand) -> None:
    """Refuse to subtract with truth values."""
    count = _is_boolean(x) + _is_boolean(y)
    if count == 2:
        raise DTypeMismatch.as_torch(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    if count:
        raise DTypeMismatch.as_torch(f"Subtraction, the `-` operator, with a bool tensor is not supported. {INVERT_HINT}")


def booleans_in_negation(x: Tensor) -> None:
    """Refuse to negate truth values."""
    if _is_boolean(x):
        raise DTypeMismatch.as_torch(f"Negation, the `-` operator, on a bool tensor is not supported. {INVERT_HINT}")


def booleans(message: str) -> Refuse:
    """Refuse a function of truth values."""

    def refuse(x: Tensor) -> None:
        if _is_boolean(x):
            raise DTypeMismatch.as_torch(message, hint="convert it, for example with .long()")

    return refuse


def booleans_in(kernel: str) -> Refuse:
    """Refuse a function of truth values that PyTorch has no kernel for."""
    return booleans(f"\"{kernel}\" not implemented for 'Bool'")


def fractional_factor(x: Operand, y: Operand, alpha: Scalar) -> None:
    """Refuse a factor with a fraction in a sum of whole numbers."""
    whole = not any(value.dtype.is_floating if isinstance(value, Tensor) else isinstance(value, float) for value in (x, y))
    if whole and isinstance(alpha, float):
        raise DTypeMismatch.as_torch("For integral input tensors, argument alpha must not be a floating point number.")


def division_of_whole_numbers() -> None:
    """Refuse addcdiv where the numbers that it divides both lack a fraction."""
    raise DTypeMismatch.as_torch(
        "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true division "
        "of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / "
        "tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future "
        "addcdiv behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all dtypes.",
        hint="convert tensor1 or tensor2 with .float()",
    )


def only_booleans(kernel: str) -> Refuse:
    """Refuse a function of two operands that are both truth values."""

    def refuse(x: Operand, y: Operand) -> None:
        if _is_boolean(x) and _is_boolean(y):
            raise no_kernel(kernel, bool_, "convert one of them, for example with .long()")

    return refuse


def only_whole_numbers(kernel: str) -> Refuse:
    """Refuse a function of two tensors that both lack a fraction."""

    def refuse(x: Tensor, y: Tensor) -> None:
        dtype = promote(x.dtype, y.dtype)
        if dtype.kind != FLOATING:
            raise no_kernel(kernel, dtype, "convert one of them with .float()")

    return refuse


HINTS_OF_BITS = {"bitwise_xor_cpu": "a power is written **, as in x**2; ^ joins whole numbers bit by bit"}


def floats_in_bits(kernel: str, dtype: DType) -> None:
    """Refuse a bit by bit function of numbers with a fraction."""
    if dtype.kind == FLOATING:
        raise no_kernel(kernel, dtype, HINTS_OF_BITS.get(kernel, "compare first, for example (x > 0) & (y > 0)"))


def floats_in_inversion(x: Tensor) -> None:
    """Refuse `~` of numbers with a fraction."""
    if x.dtype.kind == FLOATING:
        raise DTypeMismatch.as_torch("~ (operator.invert) is only implemented on integer and Boolean-type tensors")


# ── numbers ──


def representable(value: Scalar, dtype: DType, operand: int | None = None) -> Scalar:
    """A number that elements are to hold; it is refused where PyTorch finds that they cannot."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise ValueFault.as_torch("int too big to convert", operands=_held_by(dtype, operand))
    if not holds(dtype, value):
        name = dtype.cpp_name if dtype.is_floating or dtype is int32 else f"{dtype.name}_t"
        raise cannot_hold(name, dtype, operand)
    return value != 0 if dtype.kind == BOOLEAN else value


def holds(dtype: DType, value: Scalar) -> bool:
    """Whether elements can hold a number: bool takes all, and uint8 also integers down to -255, which wrap around."""
    if dtype.kind == BOOLEAN:
        return True
    if isinstance(value, float) and not isfinite(value):
        return dtype.is_floating
    lowest, highest = LIMITS[dtype]
    return lowest <= value <= highest or (dtype is uint8 and isinstance(value, int) and -highest <= value < 0)


def cannot_hold(name: str, dtype: DType, operand: int | None = None) -> ValueFault:
    """The error for a number beyond the limits of an element type."""
    lowest, highest = LIMITS[dtype]
    message = f"value cannot be converted to type {name} without overflow"
    return ValueFault.as_torch(message, operands=_held_by(dtype, operand), hint=f"{dtype.name} holds {lowest} to {highest}")


def _held_by(dtype: DType, operand: int | None) -> list[OperandLabel]:
    return [] if operand is None else [OperandLabel(operand, f"the tensor's elements are {dtype}")]


# ── derivatives ──


def no_derivative(message: str, hint: str = "detach() its operands to take them as constants") -> Callable[[Tensor], Tensor]:
    """The rule of what PyTorch does not differentiate either: an error when a cotangent arrives."""

    def refuse(g: Tensor) -> Tensor:
        """None, as in PyTorch: a backward that needs it is an error."""
        raise NotSupported.as_torch(message, hint=hint)

    return refuse
