"""Functions composed of others that rearrange elements: more dimensions, stacks, grids, repeats, differences, products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, DTypeMismatch, LimitExceeded, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.arguments import KINDS, Tensors, type_name
from gradcli.functions.create import size_of
from gradcli.functions.declare import function, method
from gradcli.functions.elementwise import mul, sub
from gradcli.functions.join import cat, stack
from gradcli.functions.pointwise import common_dtype
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import CONVERT_ONE, misfit, no_kernel
from gradcli.functions.repetition import expand, sum_to
from gradcli.functions.select import index_select, masked_select
from gradcli.functions.shape import clone, flatten, reshape, unsafe_view, unsqueeze, view
from gradcli.functions.slices import narrow
from gradcli.lazy import LazyArray, Size, look_at, ops, settings
from gradcli.lazy.dtypes import bool_, int32, int64
from gradcli.lazy.ops import MOST_AXES
from gradcli.lazy.shapes import describe, existing_dim, normalize_dim


def _raised(tensor: Tensor, rank: int) -> Tensor:
    """At least so many dimensions: new ones in front, but a third one at the end."""
    if tensor.ndim >= rank:
        return tensor
    if tensor.ndim == 0:
        return reshape(tensor, (1,) * rank)
    raised = unsqueeze(tensor, 0) if tensor.ndim == 1 else tensor
    return unsqueeze(raised, -1) if rank == 3 else raised


def _at_least(rank: int) -> Callable[..., Any]:
    """Declare atleast_1d and its like."""

    def raise_rank(*tensors: Tensor) -> Any:
        raised = tuple(_raised(tensor, rank) for tensor in tensors)
        return raised[0] if len(raised) == 1 else raised

    raise_rank.__doc__ = f"Tensors with at least {rank} dimension{'s' * (rank > 1)}."
    return function(name=f"atleast_{rank}d", method=False, examples=(f"atleast_{rank}d(v)",))(raise_rank)


atleast_1d, atleast_2d, atleast_3d = (_at_least(rank) for rank in (1, 2, 3))


@function(method=False, forms=(cat,), examples=("hstack([x, y])",))
def hstack(tensors: Tensors) -> Tensor:
    """Tensors joined side by side."""
    raised = tuple(_raised(tensor, 1) for tensor in tensors)
    return cat(raised, 0 if raised and raised[0].ndim == 1 else 1)


@function(method=False, aliases=("row_stack",), forms=(cat,), examples=("vstack([x, y])",))
def vstack(tensors: Tensors) -> Tensor:
    """Tensors joined one below the other."""
    return cat(tuple(_raised(tensor, 2) for tensor in tensors), 0)


@function(method=False, forms=(cat,), examples=("dstack([x, y])",))
def dstack(tensors: Tensors) -> Tensor:
    """Tensors joined along the third dimension."""
    return cat(tuple(_raised(tensor, 3) for tensor in tensors), 2)


@function(method=False, forms=(cat,), examples=("column_stack([x, y])",))
def column_stack(tensors: Tensors) -> Tensor:
    """Tensors joined side by side; those with one dimension are columns."""
    if not tensors:
        raise ValueFault.as_torch("column_stack expects a non-empty TensorList")
    columns = tuple(tensor if tensor.ndim > 1 else reshape(tensor, (tensor.shape.numel(), 1)) for tensor in tensors)
    return cat(columns, 1)


def _as_matrix(tensor: Tensor) -> LazyArray:
    rows, columns = (1, 1, *tensor.shape)[-2:]
    return ops.reshape(tensor.array, Size((rows, columns)))


def _blocks(g: Tensor, tensors_shape: Sequence[Size]) -> list[Tensor]:
    """The cotangent of each block, cut out."""
    blocks, row, column = [], 0, 0
    for shape in tensors_shape:
        rows, columns = (1, 1, *shape)[-2:]
        block = narrow(narrow(g, 0, row, rows), 1, column, columns)
        blocks.append(block if block.shape == shape else reshape(block, shape))
        row, column = row + rows, column + columns
    return blocks


@function("BlockDiagBackward0", method=False, examples=("block_diag(x, v)",), d_tensors=_blocks)
def block_diag(*tensors: Tensor) -> LazyArray:
    """A matrix with matrices along its diagonal, zeros elsewhere; vectors are rows."""
    for position, tensor in enumerate(tensors):
        if tensor.ndim > 2:
            message = f"Input tensors must have 2 or fewer dimensions. Input {position} has {tensor.ndim} dimensions"
            raise misfit(f"torch.block_diag: {message}", tensor)
    if not tensors:
        return ops.full(Size((1, 0)), 0, settings.default_dtype)
    dtype = common_dtype(*tensors)
    matrices = [ops.cast(_as_matrix(tensor), dtype) for tensor in tensors]
    width = sum(matrix.shape[1] for matrix in matrices)
    bands, column = [], 0
    for matrix in matrices:
        rows, columns = matrix.shape
        bands.append(ops.place(matrix, ((0, rows, 1), (column, columns, 1)), Size((rows, width))))
        column += columns
    return ops.concatenate(bands, 0)


# ── grids ──


@function(method=False, examples=("meshgrid(v, v, indexing='ij')[0]",))
def meshgrid(*tensors: Tensor, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates of a grid from the coordinates along each axis; indexing: 'ij', or 'xy' with the first two axes swapped."""
    if indexing not in ("ij", "xy"):
        raise ValueFault.as_torch(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    if not tensors:
        raise ValueFault.as_torch("meshgrid expects a non-empty TensorList")
    if any(tensor.dtype is not tensors[0].dtype for tensor in tensors):
        raise DTypeMismatch.as_torch("meshgrid expects all tensors to have the same dtype", hint=CONVERT_ONE)
    if any(tensor.ndim > 1 for tensor in tensors):
        labels = [OperandLabel(place, describe(tensor.shape)) for place, tensor in enumerate(tensors) if tensor.ndim > 1]
        raise ShapeMismatch("torch.meshgrid: Expected 0D or 1D tensor in the tensor list", operands=labels)
    axes = list(range(len(tensors)))
    if indexing == "xy" and len(tensors) >= 2:
        axes[:2] = [1, 0]
    shape = [0] * len(tensors)
    for axis, tensor in zip(axes, tensors, strict=True):
        shape[axis] = tensor.shape.numel()
    grids = []
    for axis, tensor in zip(axes, tensors, strict=True):
        along = tuple(-1 if position == axis else 1 for position in range(len(tensors)))
        grids.append(expand(view(tensor, along), tuple(shape)))
    return tuple(grids)


#: Combinations are chosen from a grid of at most so many elements.
MOST_CHOICES = 2**30


def _require_vector(tensor: Tensor) -> None:
    if tensor.ndim != 1:
        raise misfit(f"Expect a 1D vector, but got shape {list(tensor.shape)}", tensor)


@function(method=False, examples=("cartesian_prod(v, v)",))
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All choices of one element from each vector, one a row."""
    for tensor in tensors:
        _require_vector(tensor)
    if len(tensors) == 1:
        return tensors[0]
    return stack(tuple(reshape(grid, (-1,)) for grid in meshgrid(tensors)), 1)


@function(method=False, examples=("combinations(v)", "combinations(v, 2, True)"))
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector in their order, one a row."""
    _require_vector(input)
    if r < 0:
        raise ValueFault.as_torch(f"Expect a non-negative number, but got {r}")
    if not r:
        return Tensor(ops.full(Size((0,)), 0, input.dtype))
    if input.shape[0] ** min(r, MOST_AXES) > MOST_CHOICES:
        raise LimitExceeded(f"combinations() goes through {input.shape[0]}**{r} choices; the limit is {MOST_CHOICES:,}")
    grids = meshgrid((input,) * r)
    mask = Tensor(_ascending(input.shape[0], r, "less_equal" if with_replacement else "less"))
    return stack(tuple(masked_select(grid, mask) for grid in grids), 1)


def _ascending(count: int, rank: int, comparison: str) -> LazyArray:
    """Where the coordinates in a grid ascend."""
    numbers = ops.arange(0, 1, count, int64)
    along = [ops.reshape(numbers, Size(count if axis == own else 1 for axis in range(rank))) for own in range(rank)]
    mask = ops.full(Size((count,) * rank), True, bool_)
    for one, following in pairwise(along):
        mask = ops.binary("logical_and", mask, ops.binary(comparison, one, following))
    return mask


@function(method=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that all shapes broadcast to."""
    result: list[int] = []
    for position, given in enumerate(shapes):
        shape = KINDS["Shape"][1](given)
        if shape is None:
            message = f"Input shapes should be of type ints, a tuple of ints, or a list of ints, got {type_name(given)}"
            raise ArgumentError.as_torch(message, operands=[OperandLabel(position, f"this is {type_name(given)}")])
        if any(size < 0 for size in shape):
            raise ValueFault.as_torch("Attempting to broadcast a dimension with negative length!")
        result = [1] * (len(shape) - len(result)) + result
        for axis in range(-1, -len(shape) - 1, -1):
            if shape[axis] not in (1, result[axis]) and result[axis] != 1:
                raise _no_common_shape(shape[axis], axis, position, shape, result)
            result[axis] = shape[axis] if result[axis] == 1 else result[axis]
    return Size(result)


def _no_common_shape(size: int, axis: int, position: int, shape: Sequence[int], expected: Sequence[int]) -> ShapeMismatch:
    message = (
        f"Attempting to broadcast a dimension of length {size} at {axis}! Mismatching argument at index {position} had "
        f"{tuple(shape)}; but expected shape should be broadcastable to {list(expected)}"
    )
    return ShapeMismatch.as_torch(message, operands=[OperandLabel(position, describe(shape))])


# ── repeats, and their sums ──


@function(examples=("repeat_interleave(x, 2)", "repeat_interleave(x, 2, 0)", "repeat_interleave(v, tensor([1, 0, 2]))"))
def repeat_interleave(input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None) -> Any:
    """Each element repeated, or each slice along a dimension; of a tensor alone, each position as often as it says."""
    if repeats is None:
        return Tensor(_repeated_positions(input, output_size))
    source = (input if input.ndim == 1 else reshape(input, (-1,))) if dim is None else input
    axis = 0 if dim is None else dim
    if isinstance(repeats, Tensor):
        return _interleaved_by(source, repeats, existing_dim(axis, source.ndim), output_size)
    if not isinstance(repeats, int):
        message = f"repeat_interleave(): argument 'repeats' must be Tensor or int, not {type_name(repeats)}"
        raise ArgumentError(message, operands=[OperandLabel(1, f"this is {type_name(repeats)}")])
    if repeats < 0:
        raise ValueFault.as_torch("Repeats must be non-negative")
    return _interleaved(source, repeats, axis, output_size)


def _interleaved(source: Tensor, repeats: int, dim: int, output_size: int | None) -> Tensor:
    axis = normalize_dim(dim, source.ndim)
    apart = unsqueeze(source, axis + 1)
    total = source.shape[axis] * repeats
    if output_size not in (None, total):
        raise ValueFault.as_torch(f"repeat_interleave: Invalid output_size, expected {total} but got {output_size}")
    return flatten(clone(expand(apart, (*apart.shape[: axis + 1], repeats, *apart.shape[axis + 2 :]))), axis, axis + 1)


def _interleaved_by(source: Tensor, repeats: Tensor, axis: int, output_size: int | None) -> Tensor:
    if repeats.ndim > 1:
        raise ShapeMismatch.as_torch("repeats must be 0-dim or 1-dim tensor", operands=[OperandLabel(1, describe(repeats.shape))])
    length = source.shape[axis]
    if repeats.shape.numel() != 1 and repeats.shape[0] != length:
        sizes = f"repeats.size(0) = {repeats.shape[0]} and input.size(0) = {length}"
        message = f"repeats must have the same size as input along dim, but got {sizes}"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(1, describe(repeats.shape))])
    each = expand(reshape(repeats, (-1,)), (length,)) if repeats.shape.numel() == 1 else repeats
    return index_select(source, axis, Tensor(_repeated_positions(each, output_size)))


def _repeated_positions(repeats: Tensor, output_size: int | None) -> LazyArray:
    """Each position as often as a vector says."""
    if repeats.ndim != 1:
        raise misfit("repeat_interleave only accept 1D vector as repeat", repeats)
    if repeats.dtype not in (int32, int64):
        raise no_kernel("repeat_interleave_cpu", repeats.dtype, "convert it with .long()")
    counts = look_at([repeats.array])[0]
    if (counts < 0).any():
        raise ValueFault.as_torch("repeats can not be negative")
    size_of((int(counts.sum()),))
    if output_size not in (None, counts.sum()):
        raise ValueFault.as_torch("allocated size does not match required size", hint=f"output_size would be {counts.sum()}")
    return ops.from_buffer(np.repeat(np.arange(counts.size, dtype=repeats.dtype.name), counts), repeats.dtype)


@method("sum_to_size")
def sum_to_size(input: Tensor, *size: int) -> Tensor:
    """Summed over what a tensor of this size would be broadcast along."""
    wanted = Size(size)
    pairs = zip(reversed(wanted), reversed(input.shape), strict=False)
    if len(wanted) > input.ndim or any(own not in (1, full) for own, full in pairs):
        raise misfit(f"size {{{list(wanted)}}} is not expandable to size {{{list(input.shape)}}}.", input)
    return sum_to(input, wanted) if wanted else total(input)


# ── differences and products ──


@function(examples=("diff(x)", "diff(x, n=2, dim=1)"))
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """The differences of neighbours along a dimension, n times."""
    if input.ndim == 0:
        raise ShapeMismatch.as_torch("diff expects input to be at least one-dimensional")
    if n < 0:
        raise ValueFault.as_torch(f"order must be non-negative but got {n}")
    axis = normalize_dim(dim, input.ndim)
    parts: Tensors = tuple(part for part in (prepend, input, append) if part is not None)
    values = cat(parts, axis) if len(parts) > 1 else input
    for _ in range(n):
        length = values.shape[axis]
        if length == 0:
            break
        values = sub(narrow(values, axis, 1, length - 1), narrow(values, axis, 0, length - 1))
    return values


@function(examples=("kron(x, y)",))
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of input times the whole of other."""
    rank = max(input.ndim, other.ndim)
    a, b = ((1,) * (rank - tensor.ndim) + tuple(tensor.shape) for tensor in (input, other))
    product = mul(
        unsafe_view(input, tuple(part for size in a for part in (size, 1))),
        unsafe_view(other, tuple(part for size in b for part in (1, size))),
    )
    return unsafe_view(product, Size(m * n for m, n in zip(a, b, strict=True)))
