"""Joining tensors, and turning them: reversing, rolling and rotating dimensions."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import operators
from gradcli.errors import OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.arguments import Dims, Lengths, Shape, Tensors
from gradcli.functions.declare import function
from gradcli.functions.dims import listed
from gradcli.functions.pointwise import common_dtype
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import reshape
from gradcli.functions.slices import slice_
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.shapes import describe, existing_dim, normalize_dim, normalize_dims

# ── joining ──


def _pieces(g: Tensor, tensors_shape: Sequence[Size], dim: int) -> list[Tensor]:
    """The cotangent of a joined tensor, cut where it was joined."""
    pieces, start = [], 0
    for shape in tensors_shape:
        if shape == (0,) and g.ndim != 1:  # an empty tensor was passed over
            pieces.append(Tensor(ops.full(Size(shape), 0.0, g.dtype)))
            continue
        axis = normalize_dim(dim, g.ndim)
        pieces.append(slice_(g, axis, start, shape[axis], 1))
        start += shape[axis]
    return pieces


@function(
    "CatBackward0",
    method=False,
    aliases=("concat", "concatenate"),
    examples=("cat([x, y])", "cat((x, y), dim=1)"),
    d_tensors=_pieces,
)
def cat(tensors: Tensors, dim: int = 0) -> LazyArray:
    """Tensors joined along a dimension."""
    if not tensors:
        raise ValueFault.as_torch("torch.cat(): expected a non-empty list of Tensors")
    counted = [tensor for tensor in tensors if tensor.shape != (0,)] or [tensors[0]]
    first = counted[0]
    axis = normalize_dim(dim, first.ndim)
    if first.ndim == 0:
        message = f"zero-dimensional tensor (at position {tensors.index(first)}) cannot be concatenated"
        raise ShapeMismatch.as_torch(message, hint="use stack")
    for position, tensor in enumerate(counted):
        _check_joinable(first, tensor, axis, position)
    dtype = common_dtype(*tensors)
    return ops.concatenate([ops.cast(tensor.array, dtype) for tensor in counted], axis)


operators["cat"] = cat


def _check_joinable(first: Tensor, tensor: Tensor, axis: int, position: int) -> None:
    labels = [OperandLabel(0, f"{describe(first.shape)} and {describe(tensor.shape)}")]
    if tensor.ndim != first.ndim:
        message = f"Tensors must have same number of dimensions: got {first.ndim} and {tensor.ndim}"
        raise ShapeMismatch.as_torch(message, operands=labels)
    for other in range(first.ndim):
        if other != axis and tensor.shape[other] != first.shape[other]:
            message = (
                f"Sizes of tensors must match except in dimension {axis}. Expected size {first.shape[other]} "
                f"but got size {tensor.shape[other]} for tensor number {position} in the list."
            )
            hint = f"only along dimension {axis} may they differ, along which they are joined; dim= chooses another"
            raise ShapeMismatch.as_torch(message, operands=labels, hint=hint)


def _unstacked(g: Tensor, tensors_shape: Sequence[Size], dim: int) -> list[Tensor]:
    """The slices of g along the stacked dimension."""
    axis = normalize_dim(dim, g.ndim)
    return [reshape(slice_(g, axis, position, 1, 1), shape) for position, shape in enumerate(tensors_shape)]


@function("StackBackward0", method=False, examples=("stack([x, y])", "stack([x, y], dim=-1)"), d_tensors=_unstacked)
def stack(tensors: Tensors, dim: int = 0) -> LazyArray:
    """Tensors of one shape joined along a new dimension."""
    if not tensors:
        raise ValueFault.as_torch("stack expects a non-empty TensorList")
    axis = normalize_dim(dim, tensors[0].ndim + 1)
    for position, tensor in enumerate(tensors):
        if tensor.shape != tensors[0].shape:
            message = (
                f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 "
                f"and {list(tensor.shape)} at entry {position}"
            )
            raise ShapeMismatch.as_torch(message)
    dtype = common_dtype(*tensors)
    shape = Size((*tensors[0].shape[:axis], 1, *tensors[0].shape[axis:]))
    return ops.concatenate([ops.reshape(ops.cast(tensor.array, dtype), shape) for tensor in tensors], axis)


# ── turning ──


@function(
    "FlipBackward0", one_by_one=True, laid_out_as=("input",), examples=("flip(x, (0,))",), d_input=lambda g, dims: flip(g, dims)
)
def flip(input: Tensor, dims: Lengths) -> LazyArray:
    """Some dimensions in reverse."""
    axes = normalize_dims(dims, input.ndim)
    return ops.flip(input.array, axes) if input.ndim else input.array


@function(
    "RollBackward0",
    examples=("roll(x, 1)", "roll(x, (1, 2), (0, 1))"),
    d_input=lambda g, shifts, dims: roll(g, tuple(-s for s in listed(shifts)), dims),
)
def roll(input: Tensor, shifts: Dims, dims: Dims = None) -> LazyArray:
    """Elements moved along dimensions, around the end."""
    if not listed(shifts):
        raise ValueFault.as_torch("`shifts` required")
    if dims is None and len(listed(shifts)) == 1:
        flat = ops.reshape(input.array, Size((input.shape.numel(),)))
        return ops.reshape(_rolled(flat, sum(listed(shifts)), 0), input.shape)
    array = input.array
    if len(listed(shifts)) != len(listed(dims)):
        raise ValueFault.as_torch(f"shifts and dimensions must align. shifts: {len(listed(shifts))}, dims:{len(listed(dims))}")
    for shift, dim in zip(listed(shifts), listed(dims), strict=True):
        array = _rolled(array, shift, existing_dim(dim, input.ndim))
    return array


def _rolled(array: LazyArray, shift: int, axis: int) -> LazyArray:
    length = array.shape[axis]
    first = -shift % length if length else 0
    if not first:
        return array
    whole = [(0, size, 1) for size in array.shape]
    ends = [(*whole[:axis], part, *whole[axis + 1 :]) for part in ((first, length - first, 1), (0, first, 1))]
    return ops.concatenate([ops.slice_(array, end) for end in ends], axis)


@function(forms=(flip,), examples=("fliplr(x)",))
def fliplr(input: Tensor) -> Tensor:
    """The second dimension in reverse: left becomes right."""
    if input.ndim < 2:
        raise misfit("Input must be >= 2-d.", input)
    return flip(input, (1,))


@function(forms=(flip,), examples=("flipud(x)",))
def flipud(input: Tensor) -> Tensor:
    """The first dimension in reverse: up becomes down."""
    if not input.ndim:
        raise misfit("Input must be >= 1-d.", input)
    return flip(input, (0,))


def _plane(input: Tensor, dims: Sequence[int]) -> tuple[int, int]:
    """The two dimensions that are rotated."""
    if len(dims) != 2:
        raise ValueFault.as_torch(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise misfit(f"expected total dims >= 2, but got total dims = {input.ndim}", input)
    first, second = normalize_dim(dims[0], input.ndim), normalize_dim(dims[1], input.ndim)
    if first == second:
        raise ValueFault.as_torch(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    return first, second


@function("Rot90Backward0", examples=("rot90(x)", "rot90(x, 2)"), d_input=lambda g, k, dims: rot90(g, -k, dims))
def rot90(input: Tensor, k: int = 1, dims: Shape = (0, 1)) -> LazyArray:
    """Two dimensions rotated by k quarter turns, from the first towards the second."""
    first, second = _plane(input, dims)
    reversed_axes = {0: (), 1: (second,), 2: (first, second), 3: (first,)}[k % 4]
    array = ops.flip(input.array, tuple(sorted(reversed_axes))) if reversed_axes else input.array
    order = list(range(input.ndim))
    if k % 2:
        order[first], order[second] = second, first
    return ops.permute(array, tuple(order))
