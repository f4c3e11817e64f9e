"""Joining and splitting tensors, reversing and rolling their dimensions, and their diagonals."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import operators
from gradcli.errors import OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.arguments import Dims, Shape, Tensors
from gradcli.functions.declare import function
from gradcli.functions.dims import listed
from gradcli.functions.index import one_slice, slice_
from gradcli.functions.layout import along_diagonal, removed
from gradcli.functions.pointwise import common_dtype
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import reshape
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import int64
from gradcli.lazy.shapes import describe, existing_dim, normalize_dim, normalize_dims


def cut(input: Tensor, dim: int, start: int, length: int) -> LazyArray:
    """Part of one dimension."""
    return ops.slice_(input.array, one_slice(input.shape, dim, (start, length, 1)))


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
            raise ShapeMismatch.as_torch(message, operands=labels)


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


# ── splitting ──


def _joined(gs: list[Tensor], dim: int) -> Tensor:
    """The cotangents of the parts, joined again."""
    return cat(tuple(gs), dim)


def _require_dimensions(input: Tensor, name: str) -> None:
    if not input.ndim:
        raise ShapeMismatch.as_torch(f"{name} expects at least a 1-dimensional tensor")


@function("SplitBackward0", name="split", public=False, view=True, examples=("split(x, 1)[0]",), d_input=_joined)
def split_evenly(input: Tensor, split_size: int, dim: int = 0) -> tuple[LazyArray, ...]:
    """Parts of one size; the last may be smaller."""
    _require_dimensions(input, "split")
    axis = normalize_dim(dim, input.ndim)
    length = input.shape[axis]
    if split_size < 0:
        raise ValueFault.as_torch(f"split expects split_size be non-negative, but got split_size={split_size}")
    if split_size == 0 and length:
        raise ValueFault.as_torch(f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}")
    starts = range(0, length, split_size) if length else (0,)
    return tuple(cut(input, axis, start, min(split_size, length - start)) for start in starts)


@function(
    "SplitWithSizesBackward0",
    public=False,
    name="split_with_sizes",
    view=True,
    examples=("split(x, [1, 2], 1)[1]",),
    d_input=_joined,
)
def split_with_sizes(input: Tensor, split_sizes: Shape, dim: int = 0) -> tuple[LazyArray, ...]:
    """Parts of given sizes."""
    _require_dimensions(input, "split_with_sizes")
    axis = normalize_dim(dim, input.ndim)
    if sum(split_sizes) != input.shape[axis]:
        message = (
            f"split_with_sizes expects split_sizes to sum exactly to {input.shape[axis]} "
            f"(input tensor's size at dimension {axis}), but got split_sizes={list(split_sizes)}"
        )
        raise ShapeMismatch.as_torch(message)
    return tuple(cut(input, axis, sum(split_sizes[:part]), size) for part, size in enumerate(split_sizes))


@function(forms=(split_evenly, split_with_sizes))
def split(tensor: Tensor, split_size_or_sections: Dims, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of one size, or of given sizes."""
    if isinstance(split_size_or_sections, int):
        return split_evenly(tensor, split_size_or_sections, dim)
    return split_with_sizes(tensor, split_size_or_sections, dim)


@function(forms=(split_evenly, split_with_sizes), examples=("chunk(x, 2, 1)[0]",))
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many parts of one size."""
    _require_dimensions(input, "chunk")
    if chunks < 1:
        raise ValueFault.as_torch(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    length = input.shape[normalize_dim(dim, input.ndim)]
    if not length:
        return split_with_sizes(input, (0,) * chunks, dim)
    return split_evenly(input, max(1, -(-length // chunks)), dim)


@function(
    "UnbindBackward0",
    view=True,
    strides=removed,
    examples=("unbind(x)[0]",),
    d_input=lambda gs, dim: stack(tuple(gs), dim),
)
def unbind(input: Tensor, dim: int = 0) -> tuple[LazyArray, ...]:
    """The slices along a dimension."""
    axis = existing_dim(dim, input.ndim)
    shape = Size(size for position, size in enumerate(input.shape) if position != axis)
    return tuple(ops.reshape(cut(input, axis, start, 1), shape) for start in range(input.shape[axis]))


# ── reversing and rolling ──


@function("FlipBackward0", examples=("flip(x, (0,))",), d_input=lambda g, dims: flip(g, dims))
def flip(input: Tensor, *dims: int) -> LazyArray:
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
    if dims is None:
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


# ── diagonals and triangles ──


def _triangle(input: Tensor, diagonal: int, upper: bool) -> LazyArray:
    if input.ndim < 2:
        raise ShapeMismatch.as_torch(f"{'triu' if upper else 'tril'}: input tensor must have at least 2 dimensions")
    rows = ops.reshape(ops.arange(0, 1, input.shape[-2], int64), Size((input.shape[-2], 1)))
    diagonal = max(-input.shape[-2], min(diagonal, input.shape[-1]))  # those further away are all outside
    columns = ops.arange(-diagonal, 1, input.shape[-1], int64)
    kept = ops.binary("less_equal", rows, columns) if upper else ops.binary("less_equal", columns, rows)
    return ops.where(kept, input.array, ops.constant(0, input.dtype))


@function("TrilBackward0", in_place=True, examples=("tril(x)", "tril(x, -1)"), d_input=lambda g, diagonal: tril(g, diagonal))
def tril(input: Tensor, diagonal: int = 0) -> LazyArray:
    """The lower triangle of matrices, zeros above."""
    return _triangle(input, diagonal, upper=False)


@function("TriuBackward0", in_place=True, examples=("triu(x)", "triu(x, 1)"), d_input=lambda g, diagonal: triu(g, diagonal))
def triu(input: Tensor, diagonal: int = 0) -> LazyArray:
    """The upper triangle of matrices, zeros below."""
    return _triangle(input, diagonal, upper=True)


def diagonal_mask(rows: int, columns: int, offset: int) -> LazyArray:
    """Where a matrix has its diagonal."""
    column = ops.reshape(ops.arange(offset, 1, rows, int64), Size((rows, 1)))
    return ops.binary("equal", column, ops.arange(0, 1, columns, int64))


def _diagonal_array(input: Tensor, offset: int, dim1: int, dim2: int) -> LazyArray:
    a, b = normalize_dim(dim1, input.ndim), normalize_dim(dim2, input.ndim)
    if a == b:
        raise ValueFault.as_torch(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rest = tuple(axis for axis in range(input.ndim) if axis not in (a, b))
    moved = ops.permute(input.array, (*rest, a, b))
    rows, columns = moved.shape[-2:]
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    along_rows, along_columns = ops.arange(max(-offset, 0), 1, length, int64), ops.arange(max(offset, 0), 1, length, int64)
    entries = (*[None] * len(rest), 0, 1)
    return ops.index(moved, entries, [along_rows, along_columns])


def _spread_diagonal(g: Tensor, input_shape: Size, offset: int, dim1: int, dim2: int) -> Tensor:
    """g on the diagonal of zeros."""
    a, b = normalize_dim(dim1, len(input_shape)), normalize_dim(dim2, len(input_shape))
    return embed_diagonal(g, offset, a, b, input_shape)


@function(
    "DiagonalBackward0",
    view=True,
    strides=along_diagonal,
    aliases=("torch.linalg.diagonal",),
    examples=("diagonal(x)", "diagonal(x, 1)"),
    d_input=_spread_diagonal,
)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> LazyArray:
    """The diagonal of two dimensions, as the last dimension."""
    return _diagonal_array(input, offset, dim1, dim2)


@function("DiagonalBackward0_copy", public=False, name="diag", examples=("diag(x)",), d_input=_spread_diagonal)
def diagonal_copy(input: Tensor, offset: int, dim1: int = 0, dim2: int = 1) -> LazyArray:
    """The diagonal of a matrix."""
    return _diagonal_array(input, offset, dim1, dim2)


@function("EmbedDiagonalBackward0", public=False, d_input=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2))
def embed_diagonal(input: Tensor, offset: int, dim1: int, dim2: int, shape: Shape) -> LazyArray:
    """Zeros of a shape with the tensor's last dimension as a diagonal: the adjoint of diagonal."""
    size = Size(shape)
    rest = tuple(axis for axis in range(len(size)) if axis not in (dim1, dim2))
    order = (*rest, dim1, dim2)
    target = ops.full(Size(size[axis] for axis in order), 0, input.dtype)
    length = input.shape[-1]
    indices = [ops.arange(max(-offset, 0), 1, length, int64), ops.arange(max(offset, 0), 1, length, int64)]
    filled = ops.index_put(target, (*[None] * len(rest), 0, 1), indices, input.array, accumulate=False)
    return ops.permute(filled, tuple(sorted(range(len(order)), key=order.__getitem__)))


@function(
    "DiagEmbedBackward0",
    examples=("diag_embed(x)",),
    d_input=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2),
)
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices with the last dimension as their diagonal."""
    rank = input.ndim + 1
    a, b = normalize_dim(dim1, rank), normalize_dim(dim2, rank)
    rest = iter(input.shape[:-1])
    side = input.shape[-1] + (offset if offset > 0 else -offset)
    return embed_diagonal(input, offset, a, b, tuple(side if axis in (a, b) else next(rest) for axis in range(rank)))


@function(forms=(diagonal_copy, diag_embed))
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or a matrix with a vector as its diagonal."""
    if input.ndim not in (1, 2):
        raise ShapeMismatch.as_torch(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return diag_embed(input, diagonal) if input.ndim == 1 else diagonal_copy(input, diagonal)


@function("TraceBackward0", examples=("trace(x)",), d_input=lambda g, input_shape: _diagonal_of(g, input_shape))
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    if input.ndim != 2:
        message = f"trace: expected a matrix, but got tensor with dim {input.ndim}"
        raise misfit(message, input)
    return operators["sum"](Tensor(_diagonal_array(input, 0, 0, 1)))


def _diagonal_of(g: Tensor, shape: Size) -> Tensor:
    """A cotangent on the diagonal of zeros."""
    mask = Tensor(ops.cast(diagonal_mask(shape[0], shape[1], 0), g.dtype))
    return g * mask
