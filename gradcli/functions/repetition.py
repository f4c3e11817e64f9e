"""Elements repeated: without a copy by broadcasting, or laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import operators
from gradcli.errors import ShapeMismatch
from gradcli.functions.arguments import Lengths
from gradcli.functions.create import size_of
from gradcli.functions.declare import function
from gradcli.functions.layout import repeated
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import reshape, view_as_shape
from gradcli.lazy import LazyArray, Size, ops


@function("ExpandBackward0", view=True, strides=repeated, examples=("v.expand(2, 3)",), d_input=lambda g: g)
def expand(input: Tensor, *size: int) -> LazyArray:
    """Dimensions of size 1 and new leading ones repeated without a copy; -1 keeps a size."""
    lead = len(size) - input.ndim
    if lead < 0:
        message = (
            f"expand(torch.{input.dtype.tensor_type}Tensor{{{list(input.shape)}}}, size={list(size)}): "
            f"the number of sizes provided ({len(size)}) must be greater or equal to the number of dimensions "
            f"in the tensor ({input.ndim})"
        )
        raise ShapeMismatch.as_torch(message)
    for axis, length in enumerate(size):
        if length < 0 and (axis < lead or length < -1):
            message = f"The expanded size of the tensor ({length}) isn't allowed in a leading, non-existing dimension {axis}"
            raise ShapeMismatch.as_torch(message, hint="a size is at least 0; -1 keeps a size that is there")
    shape = Size(input.shape[axis - lead] if length == -1 and axis >= lead else length for axis, length in enumerate(size))
    for axis, own in reversed(list(enumerate(input.shape, lead))):
        if own not in (1, shape[axis]):
            message = (
                f"The expanded size of the tensor ({shape[axis]}) must match the existing size ({own}) "
                f"at non-singleton dimension {axis}.  Target sizes: {list(size)}.  Tensor sizes: {list(input.shape)}"
            )
            raise misfit(message, input)
    return ops.broadcast_to(input.array, shape)


@function(forms=(expand,), examples=("v.expand_as(x)",))
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """Repeated to the shape of another tensor."""
    return expand(input, other.shape)


@function(one_by_one=True, forms=(expand,), examples=("broadcast_to(v, (2, 3))",))
def broadcast_to(input: Tensor, size: Lengths) -> Tensor:
    """Repeated to a shape."""
    return expand(input, size)


@function(forms=(expand,), method=False)
def broadcast_tensors(*tensors: Tensor) -> Any:
    """All tensors repeated to their common shape."""
    from gradcli.lazy.shapes import broadcast

    if not tensors:
        return ()
    shape = broadcast(*[tensor.shape for tensor in tensors])
    return tuple(tensor if tensor.shape == shape else expand(tensor, shape) for tensor in tensors)


def _sum_of_repeats(g: Tensor, input_shape: Size, repeats: Sequence[int]) -> Tensor:
    """The copies of each element, added up."""
    lead = len(repeats) - len(input_shape)
    split = [part for axis, times in enumerate(repeats) for part in (times, input_shape[axis - lead] if axis >= lead else 1)]
    total = operators["sum"](reshape(g, tuple(split)), tuple(range(0, len(split), 2)))
    return reshape(total, input_shape)


@function("RepeatBackward0", examples=("x.repeat(2, 1)",), d_input=_sum_of_repeats)
def repeat(input: Tensor, *repeats: int) -> LazyArray:
    """The tensor laid side by side along each dimension."""
    lead = len(repeats) - input.ndim
    if lead < 0:
        raise ShapeMismatch.as_torch("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    padded = (1,) * lead + tuple(input.shape)
    shape = size_of([times * size for times, size in zip(repeats, padded, strict=True)])
    apart = ops.reshape(input.array, Size(part for size in padded for part in (1, size)))
    spread = Size(part for times, size in zip(repeats, padded, strict=True) for part in (max(times, 0), size))
    repeated = ops.broadcast_to(apart, spread)
    return ops.reshape(repeated, shape)


@function(one_by_one=True, forms=(repeat,), examples=("tile(x, (2,))",))
def tile(input: Tensor, dims: Lengths) -> Tensor:
    """The tensor laid side by side, the last dimensions first."""
    return repeat(input, (1,) * (input.ndim - len(dims)) + tuple(dims))


def sum_to(input: Tensor, shape: Size) -> Tensor:
    """Summed back over the dimensions that were broadcast from a shape: the adjoint of expand."""
    lead = input.ndim - len(shape)
    axes = tuple(axis for axis in range(input.ndim) if axis < lead or (shape[axis - lead] == 1 and input.shape[axis] != 1))
    total = operators["sum"](input, axes, keepdim=True) if axes else input
    return view_as_shape(total, shape) if total.shape != shape else total


operators["sum_to"] = sum_to
