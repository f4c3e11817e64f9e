"""What convolutions take: numbers for each axis, and shapes and types that fit, refused in PyTorch's sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, DTypeMismatch, ValueFault
from gradcli.functions.arguments import Sizes, type_name
from gradcli.functions.refusals import CONVERT_ONE, misfit


def each_axis(name: str, value: Sizes, rank: int) -> tuple[int, ...]:
    """A number for each axis from one for all or from as many."""
    if isinstance(value, int):
        return (value,) * rank
    if len(value) == 1:
        return tuple(value) * rank
    if len(value) != rank:
        message = (
            f"expected {name} to be a single integer value or a list of {rank} values to match the convolution dimensions, "
            f"but got {name}={list(value)}"
        )
        raise ValueFault.as_torch(message)
    return tuple(value)


def check_types(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    if weight.dtype is not input.dtype:
        message = (
            f"Input type (torch.{input.dtype.tensor_type}Tensor) and weight type (torch.{weight.dtype.tensor_type}Tensor) "
            "should be the same or input should be a MKLDNN tensor and weight is a dense tensor"
        )
        raise DTypeMismatch.as_torch(message, hint=CONVERT_ONE)
    if bias is not None and bias.dtype is not input.dtype:
        message = f"Input type ({input.dtype.cpp_name}) and bias type ({bias.dtype.cpp_name}) should be the same"
        raise DTypeMismatch.as_torch(message, hint=CONVERT_ONE)


def check_weight(input: Tensor, weight: Tensor) -> None:
    if weight.ndim < 3:
        raise misfit("weight should have at least three dimensions", input, weight)
    if weight.ndim != input.ndim:
        message = (
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight {list(weight.shape)}, "
            f"but got {input.ndim}-dimensional input of size {list(input.shape)} instead"
        )
        raise misfit(message, input, weight)
    if 0 in weight.shape[2:]:
        raise misfit(f"kernel size should be greater than zero, but got {list(weight.shape[2:])}", input, weight)


def check_numbers(stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], groups: int) -> None:
    if groups <= 0:
        raise ValueFault.as_torch("non-positive groups is not supported")
    if min(padding) < 0:
        raise ValueFault.as_torch("negative padding is not supported")
    if min(stride) <= 0:
        raise ValueFault.as_torch("non-positive stride is not supported")
    if min(dilation) <= 0:
        raise ValueFault.as_torch(f"dilation should be greater than zero, but got {list(dilation)}")


def check_channels(input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, transposed: bool) -> None:
    """The weight fits the input, and the bias the weight."""
    how = "transposed=1" if transposed else f"groups={groups}"
    size = f"weight of size {list(weight.shape)}"
    if weight.shape[0] < groups:
        message = f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got {size} instead"
        raise misfit(message, input, weight)
    if weight.shape[0] % groups:
        message = f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got {size} instead"
        raise misfit(message, input, weight)
    expected = weight.shape[0] if transposed else weight.shape[1] * groups
    if input.shape[1] != expected:
        message = (
            f"Given {how}, {size}, expected input{list(input.shape)} to have {expected} channels, "
            f"but got {input.shape[1]} channels instead"
        )
        raise misfit(message, input, weight)
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and bias.shape != (channels,):
        given = "Given transposed=1, " if transposed else "Given "
        message = (
            f"{given}{size}, expected bias to be 1-dimensional with {channels} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
        raise misfit(message, input, weight, bias)


def times(sizes: Sequence[int]) -> str:
    return f"({' x '.join(map(str, sizes))})"


def by_axis(name: str, numbers: Sequence[int]) -> str:
    """Numbers as PyTorch lists them: a signal is an image of one row."""
    numbers = numbers if len(numbers) > 1 else (0 if name == "output_padding" else 1, *numbers)
    axes = ("depth", "height", "width")[-len(numbers) :]
    return " ".join(f"{name}_{axis}: {number}" for axis, number in zip(axes, numbers, strict=True))


def margins_of(padding: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> list[tuple[int, int]]:
    """What is added before and after each axis."""
    rank = len(kernel)
    if isinstance(padding, str):
        if padding == "valid":
            return [(0, 0)] * rank
        if padding != "same":
            raise ValueFault.as_torch(f"Invalid padding string: '{padding}'", hint="'same' and 'valid' are known")
        if max(stride) > 1:
            raise ValueFault.as_torch("padding='same' is not supported for strided convolutions")
        totals = [gap * (length - 1) for length, gap in zip(kernel, dilation, strict=True)]
        return [(whole // 2, whole - whole // 2) for whole in totals]
    return [(each, each) for each in each_axis("padding", _integers("padding", padding), rank)]


def _integers(name: str, value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, (list, tuple)) else (value,)
    if not all(isinstance(each, int) for each in values):
        raise ArgumentError.as_torch(f"{name} takes integers, 'same' or 'valid', not {type_name(value)}")
    return tuple(values)


def check_rank(name: str, rank: int, input: Tensor) -> None:
    if input.ndim != rank + 2:
        expected = f"{rank + 1}D (unbatched) or {rank + 2}D (batched)"
        message = f"Expected {expected} input to {name}, but got input of size: {list(input.shape)}"
        raise misfit(message, input)
