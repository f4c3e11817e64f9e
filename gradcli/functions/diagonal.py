"""Triangles and diagonals of matrices: taken, embedded in zeros, and replaced."""

from __future__ import annotations

import numpy as np

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import operators
from gradcli.errors import ShapeMismatch, ValueFault
from gradcli.functions.arguments import Shape
from gradcli.functions.create import size_of
from gradcli.functions.declare import function
from gradcli.functions.device import Device
from gradcli.functions.layout import along_diagonal
from gradcli.functions.limits import check_length
from gradcli.functions.refusals import misfit, no_kernel, unlike_slice
from gradcli.functions.shape import contiguous, view
from gradcli.lazy import DType, LazyArray, Size, ops
from gradcli.lazy.dtypes import BOOLEAN, FLOATING, bool_, int64
from gradcli.lazy.shapes import normalize_dim

# ── triangles ──


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


def _triangle_indices(upper: bool, row: int, col: int, offset: int, dtype: DType | None) -> LazyArray:
    for what, size in (("row", row), ("col", col)):
        if size < 0:
            raise ValueFault.as_torch(f"{what} must be non-negative, got{size}")
    own = int64 if dtype is None else dtype
    if own.kind in (BOOLEAN, FLOATING):
        raise no_kernel(f"tri{'ul'[not upper]}_indices", own)
    check_length(row)
    numbers = np.arange(row)
    offset = max(-row, min(offset, col))
    first = np.clip(numbers + offset, 0, col) if upper else np.zeros_like(numbers)
    last = np.full_like(numbers, col) if upper else np.clip(numbers + offset + 1, 0, col)
    ends = np.cumsum(last - first)
    places = ops.arange(0, 1, size_of((int(ends[-1]) if row else 0,))[0], int64)
    rows = ops.searchsorted(ops.from_buffer(ends, int64), places, True)
    before = ops.index(ops.from_buffer(ends - last, int64), (0,), [rows])  # places less this are columns
    each = Size((1, *places.shape))
    found = ops.concatenate([ops.reshape(rows, each), ops.reshape(ops.binary("sub", places, before), each)], 0)
    return ops.cast(found, own)


@function(method=False, examples=("tril_indices(3, 3)",))
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: Device | None = None) -> LazyArray:
    """The positions of the lower triangle of a matrix: a row of row numbers, and one of column numbers."""
    return _triangle_indices(False, row, col, offset, dtype)


@function(method=False, examples=("triu_indices(3, 3, 1)",))
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: Device | None = None) -> LazyArray:
    """The positions of the upper triangle of a matrix: a row of row numbers, and one of column numbers."""
    return _triangle_indices(True, row, col, offset, dtype)


# ── diagonals ──


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
    return ops.index(moved, (*[None] * len(rest), 0, 1), _along(offset, length))


def _along(offset: int, length: int) -> list[LazyArray]:
    """The rows and the columns of a diagonal."""
    if not length:
        offset = 0  # which may be beyond all integers
    return [ops.arange(max(-offset, 0), 1, length, int64), ops.arange(max(offset, 0), 1, length, int64)]


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
    entries = (*[None] * len(rest), 0, 1)
    filled = ops.index_put(target, entries, _along(offset, input.shape[-1]), input.array, accumulate=False)
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
    if a == b:
        raise ValueFault.as_torch(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rest = iter(input.shape[:-1])
    side = input.shape[-1] + (offset if offset > 0 else -offset)
    return embed_diagonal(input, offset, a, b, tuple(side if axis in (a, b) else next(rest) for axis in range(rank)))


@function(forms=(diagonal_copy, diag_embed))
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or a matrix with a vector as its diagonal."""
    if input.ndim not in (1, 2):
        raise ShapeMismatch.as_torch(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return diag_embed(input, diagonal) if input.ndim == 1 else diagonal_copy(input, diagonal)


@function(forms=(diag_embed,), examples=("diagflat(x)", "diagflat(v, 1)"))
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements as its diagonal."""
    return diag_embed(view(contiguous(input), (-1,)), offset)


@function(
    "DiagonalScatterBackward0",
    laid_out_as=("input",),
    examples=("diagonal_scatter(x, diagonal(y))",),
    d_input=lambda g, src_shape, offset, dim1, dim2: diagonal_scatter(g, _zeros(src_shape, g), offset, dim1, dim2),
    d_src=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2),
)
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> LazyArray:
    """The tensor with the diagonal of two dimensions replaced."""
    expected = _diagonal_array(input, offset, dim1, dim2).shape
    if src.shape != expected:
        raise unlike_slice(src, expected)
    a, b = normalize_dim(dim1, input.ndim), normalize_dim(dim2, input.ndim)
    placed, inside = (
        embed_diagonal(tensor, offset, a, b, input.shape) for tensor in (src, Tensor(ops.full(src.shape, True, bool_)))
    )
    return ops.where(inside.array, ops.cast(placed.array, input.dtype), input.array)


def _zeros(shape: Size, like: Tensor) -> Tensor:
    """Zeros in the dtype of g."""
    return Tensor(ops.full(shape, 0, like.dtype))


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
