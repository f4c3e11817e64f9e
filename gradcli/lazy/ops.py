"""The primitives: for each one its operands, its parameters and its rule for shape and dtype.

Operands of an elementwise primitive have one dtype already (the functions room promotes) and broadcast as in NumPy.
Axes are counted from the front. How a primitive is computed is the engine's table; its derivative is the functions room's.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import copysign, prod
from typing import TYPE_CHECKING

from gradcli.errors import LimitExceeded, OperandLabel, ShapeMismatch, ValueFault
from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import DType, accumulator, bool_, int64
from gradcli.lazy.shapes import SCALAR, Size, broadcast, describe, reduced
from gradcli.lazy.simplify import folded, rounded

if TYPE_CHECKING:
    import numpy as np

    from gradcli.lazy.stored import Stored

MOST_AXES = 64
MOST_ELEMENTS = 2**60

Scalar = bool | int | float
Slice = tuple[int, int, int]  # start, number of elements, step > 0
Window = tuple[int, int, int, int]  # axis, length, how far apart windows start, how far apart their elements are
Entry = int | None  # of an advanced index: which index array stands there, or None for a whole axis

COMPARISONS = frozenset({"equal", "not_equal", "less", "less_equal"})
LOGIC = frozenset({"logical_not", "logical_and", "logical_or", "logical_xor"})
PREDICATES = COMPARISONS | LOGIC | {"isnan", "isinf", "isfinite"}


# ── sources ──


def constant(value: Scalar, dtype: DType) -> LazyArray:
    """A number, shape []."""
    return full(SCALAR, value, dtype)


def full(shape: Size, value: Scalar, dtype: DType) -> LazyArray:
    """One number everywhere. Equal parameters mean equal arrays, so that -0.0, which equals 0.0, says so."""
    _check_size(shape)
    if dtype.is_floating:
        value = rounded(_as_float(value), dtype)
    elif not -(2**63) <= value < 2**63:
        message = "value cannot be converted to type int64_t without overflow"
        raise ValueFault.as_torch(message, hint="write it with a point to make it floating")
    params = (value, shape, "negative") if value == 0 and copysign(1.0, value) < 0 else (value, shape)
    return LazyArray("constant", (), params, shape, dtype)


def _as_float(value: Scalar) -> float:
    try:
        return float(value)
    except OverflowError:
        message = f"value cannot be converted to a floating-point number without overflow: it has {int(value).bit_length()} bits"
        raise ValueFault(message, torch_message="int too big to convert") from None


def _check_size(shape: Size) -> None:
    """Refuse what no array library holds: ranks beyond NumPy's, more elements than there are addresses."""
    if len(shape) > MOST_AXES:
        raise LimitExceeded(f"a tensor of {len(shape)} dimensions is beyond the limit of {MOST_AXES}")
    if len(shape) > 1 and prod(shape) > MOST_ELEMENTS:
        raise LimitExceeded(f"a tensor of shape {tuple(shape)} is beyond any memory", hint="make it smaller")


def from_buffer(buffer: np.ndarray, dtype: DType) -> LazyArray:
    """An array that exists already."""
    array = LazyArray("buffer", (), (), Size(buffer.shape), dtype)
    array.buffer = buffer
    return array


def stored(source: Stored, dtype: DType) -> LazyArray:
    """An array that is stored elsewhere, and read when it is computed with."""
    return LazyArray("stored", (), (source,), Size(source.shape), dtype)


def placeholder(shape: Size, dtype: DType) -> LazyArray:
    """What has no value until `batching` puts a batch in its place."""
    array = LazyArray("placeholder", (), (), shape, dtype)
    array.params = (array.serial,)  # no two are the same
    return array


def arange(start: Scalar, step: Scalar, length: int, dtype: DType) -> LazyArray:
    """start, start + step, ...: `length` numbers."""
    return LazyArray("arange", (), (start, step, length), Size((length,)), dtype)


def random(kind: str, seed: int, stream: int, limits: tuple[int, ...], shape: Size, dtype: DType) -> LazyArray:
    """Random numbers named by (seed, stream): computing them again gives the same ones.

    Kinds: uniform, normal, integers within the limits, permutation.
    """
    _check_size(shape)
    return LazyArray("random", (), (kind, seed, stream, limits, shape), shape, dtype)


# ── elementwise ──


def unary(primitive: str, x: LazyArray) -> LazyArray:
    """One operand, same shape; boolean for predicates."""
    if primitive == "neg" and x.primitive == "constant" and x.dtype.is_floating:
        return full(x.shape, -x.params[0], x.dtype)
    return LazyArray(primitive, (x,), (), x.shape, bool_ if primitive in PREDICATES else x.dtype)


def binary(primitive: str, a: LazyArray, b: LazyArray) -> LazyArray:
    """Two operands of one dtype, broadcast; boolean for predicates."""
    shape = a.shape
    if b.shape and b.shape != shape:
        shape = broadcast(shape, b.shape)
        _check_size(shape)
    if a.primitive == "constant" and b.primitive == "constant" and (value := folded(primitive, a, b)):
        return LazyArray("constant", (), (value, shape), shape, a.dtype)
    return LazyArray(primitive, (a, b), (), shape, bool_ if primitive in PREDICATES else a.dtype)


def where(condition: LazyArray, a: LazyArray, b: LazyArray) -> LazyArray:
    """a where the condition holds, else b."""
    return LazyArray("where", (condition, a, b), (), broadcast(condition.shape, a.shape, b.shape), a.dtype)


def cast(x: LazyArray, dtype: DType) -> LazyArray:
    """The same numbers as another dtype; floats become integers by truncation."""
    return x if x.dtype is dtype else LazyArray("cast", (x,), (dtype,), x.shape, dtype)


# ── reductions and scans ──


def reduce(primitive: str, x: LazyArray, axes: tuple[int, ...], keepdims: bool = False) -> LazyArray:
    """sum, prod, max, min, any, all over the axes."""
    wide = accumulator(x.dtype)
    if wide is not x.dtype and primitive in ("sum", "prod"):
        return cast(reduce(primitive, cast(x, wide), axes, keepdims), x.dtype)
    dtype = bool_ if primitive in ("any", "all") else x.dtype
    return LazyArray(primitive, (x,), (axes, keepdims), reduced(x.shape, axes, keepdims), dtype)


def arg_reduce(primitive: str, x: LazyArray, axis: int, keepdims: bool = False) -> LazyArray:
    """argmax, argmin along an axis: the first position of the extreme value, nan first of all."""
    return LazyArray(primitive, (x,), (axis, keepdims), reduced(x.shape, (axis,), keepdims), int64)


def scan(primitive: str, x: LazyArray, axis: int) -> LazyArray:
    """cumsum, cumprod, cummax, cummin, logcumsumexp along an axis."""
    wide = accumulator(x.dtype)
    if wide is not x.dtype:
        return cast(scan(primitive, cast(x, wide), axis), x.dtype)
    return LazyArray(primitive, (x,), (axis,), x.shape, x.dtype)


def argsort(x: LazyArray, axis: int, descending: bool) -> LazyArray:
    """The positions that sort an axis; equal values keep their order; nan sorts as the largest."""
    return LazyArray("argsort", (x,), (axis, descending), x.shape, int64)


def searchsorted(sorted_values: LazyArray, values: LazyArray, right: bool) -> LazyArray:
    """Where to insert each value into sorted values so that they stay sorted."""
    return LazyArray("searchsorted", (sorted_values, values), (right,), values.shape, int64)


# ── shape ──


def reshape(x: LazyArray, shape: Size) -> LazyArray:
    """The same elements in the same order under another shape."""
    if shape == x.shape:
        return x
    if x.primitive == "constant":
        return full(shape, x.params[0], x.dtype)
    _check_size(shape)
    return LazyArray("reshape", (x,), (shape,), shape, x.dtype)


def permute(x: LazyArray, axes: tuple[int, ...]) -> LazyArray:
    """Axis i of the result is axis axes[i] of x."""
    return LazyArray("permute", (x,), (axes,), Size(x.shape[axis] for axis in axes), x.dtype)


def broadcast_to(x: LazyArray, shape: Size) -> LazyArray:
    """Axes of size 1 and new leading axes, repeated."""
    if shape == x.shape:
        return x
    if len(shape) < len(x.shape) or broadcast(shape, x.shape) != shape:
        message = f"The expanded size of the tensor {tuple(shape)} must match the existing size {tuple(x.shape)}"
        raise ShapeMismatch(message, operands=[OperandLabel(0, describe(x.shape))])
    if x.primitive == "constant":
        return full(shape, x.params[0], x.dtype)
    if x.primitive == "broadcast_to":  # twice is once
        x = x.operands[0]
    _check_size(shape)
    return LazyArray("broadcast_to", (x,), (shape,), shape, x.dtype)


def slice_(x: LazyArray, slices: tuple[Slice, ...]) -> LazyArray:
    """Every step-th element from start, one (start, number, step) for each axis."""
    if x.primitive == "stored":
        return stored(x.params[0].part(slices), x.dtype)
    return LazyArray("slice", (x,), (slices,), Size(number for _, number, _ in slices), x.dtype)


def place(x: LazyArray, slices: tuple[Slice, ...], shape: Size) -> LazyArray:
    """Zeros of a shape with x put where `slice_` would have taken it: the adjoint of slice."""
    return LazyArray("place", (x,), (slices, shape), shape, x.dtype)


def flip(x: LazyArray, axes: tuple[int, ...]) -> LazyArray:
    """The axes in reverse."""
    return LazyArray("flip", (x,), (axes,), x.shape, x.dtype)


def windows(x: LazyArray, along: tuple[Window, ...]) -> LazyArray:
    """All parts of a length that lie in order on some axes: such an axis counts them, and an axis for each is put last."""
    shape = list(x.shape)
    for axis, length, step, gap in along:
        shape[axis] = (x.shape[axis] - gap * (length - 1) - 1) // step + 1
    _check_size(size := Size((*shape, *(length for _, length, _, _ in along))))
    return LazyArray("windows", (x,), (along,), size, x.dtype)


def window_parts(x: LazyArray, along: tuple[Window, ...]) -> list[LazyArray]:
    """The elements of all windows, an offset within them at a time."""
    counts = {axis: (x.shape[axis] - gap * (length - 1) - 1) // step + 1 for axis, length, step, gap in along}
    parts = []
    for offsets in product(*(range(length) for _, length, _, _ in along)):
        slices = [(0, size, 1) for size in x.shape]
        for (axis, _, step, gap), offset in zip(along, offsets, strict=True):
            slices[axis] = (offset * gap, counts[axis], step)
        parts.append(slice_(x, tuple(slices)))
    return parts


def overlap_add(x: LazyArray, along: tuple[Window, ...], sizes: tuple[int, ...]) -> LazyArray:
    """Zeros with each element added where `windows` would have taken it from axes of these sizes: the adjoint of windows."""
    wide = accumulator(x.dtype)
    if wide is not x.dtype:
        return cast(overlap_add(cast(x, wide), along, sizes), x.dtype)
    shape = list(x.shape[: len(x.shape) - len(along)])
    for (axis, _, _, _), size in zip(along, sizes, strict=True):
        shape[axis] = size
    return LazyArray("overlap_add", (x,), (along, sizes), Size(shape), x.dtype)


def concatenate(arrays: Sequence[LazyArray], axis: int) -> LazyArray:
    """Arrays of one dtype joined along an axis; the other axes agree."""
    first = arrays[0].shape
    total = sum(array.shape[axis] for array in arrays)
    return LazyArray("concatenate", tuple(arrays), (axis,), Size((*first[:axis], total, *first[axis + 1 :])), arrays[0].dtype)


# ── indexing ──


def gather(x: LazyArray, index: LazyArray, axis: int) -> LazyArray:
    """result[i][j] = x[index[i][j]][j] for axis 0: the index has x's rank, and may be smaller in the other axes."""
    return LazyArray("gather", (x, index), (axis,), index.shape, x.dtype)


def scatter(x: LazyArray, index: LazyArray, source: LazyArray, axis: int, accumulate: bool) -> LazyArray:
    """x with result[index[i][j]][j] set to (or increased by) source[i][j] for axis 0."""
    return LazyArray("scatter", (x, index, source), (axis, accumulate), x.shape, x.dtype)


def scatter_reduce(x: LazyArray, index: LazyArray, source: LazyArray, axis: int, primitive: str) -> LazyArray:
    """x with result[index[i][j]][j] combined with source[i][j] for axis 0, by mul, maximum or minimum."""
    return LazyArray("scatter_reduce", (x, index, source), (axis, primitive), x.shape, x.dtype)


def index(x: LazyArray, entries: tuple[Entry, ...], indices: Sequence[LazyArray]) -> LazyArray:
    """Advanced indexing as NumPy's: integer arrays on some axes, whole axes elsewhere."""
    shape = indexed_shape(x.shape, entries, [i.shape for i in indices])
    _check_size(shape)
    return LazyArray("index", (x, *indices), (entries,), shape, x.dtype)


def index_put(
    x: LazyArray, entries: tuple[Entry, ...], indices: Sequence[LazyArray], source: LazyArray, accumulate: bool
) -> LazyArray:
    """x with the elements that `index` would take set to (or increased by) the source, which broadcasts to them."""
    return LazyArray("index_put", (x, source, *indices), (entries, accumulate), x.shape, x.dtype)


def indexed_shape(shape: Size, entries: tuple[Entry, ...], index_shapes: Sequence[Size]) -> Size:
    """The shape of advanced indexing: the index arrays' axes stand where the first was if they are adjacent, else in front."""
    common = _broadcast_indices(index_shapes)
    where_indexed = [axis for axis, entry in enumerate(entries) if entry is not None]
    rest = [shape[axis] for axis in range(len(shape)) if axis not in where_indexed]
    adjacent = where_indexed[-1] - where_indexed[0] + 1 == len(where_indexed)
    front = where_indexed[0] if adjacent else 0
    return Size((*rest[:front], *common, *rest[front:]))


def _broadcast_indices(shapes: Sequence[Size]) -> Size:
    try:
        return broadcast(*shapes)
    except ShapeMismatch as mismatch:
        listing = ", ".join(str(list(shape)) for shape in shapes)
        message = f"shape mismatch: indexing tensors could not be broadcast together with shapes {listing}"
        raise ShapeMismatch.as_torch(message, hint=mismatch.hint) from None


# ── linear algebra ──


def matmul(a: LazyArray, b: LazyArray) -> LazyArray:
    """Products of the last two axes; the axes before them broadcast. Both operands have at least two axes."""
    if a.shape[-1] != b.shape[-2]:
        rows, inner, other, columns = a.shape[-2], a.shape[-1], b.shape[-2], b.shape[-1]
        message = f"mat1 and mat2 shapes cannot be multiplied ({rows}x{inner} and {other}x{columns})"
        raise ShapeMismatch.as_torch(
            message,
            operands=[OperandLabel(0, describe(a.shape)), OperandLabel(1, describe(b.shape))],
            hint=f"the last axis of the first ({inner}) must be as long as the second last of the second ({other})",
        )
    wide = accumulator(a.dtype)
    if wide is not a.dtype:
        return cast(matmul(cast(a, wide), cast(b, wide)), a.dtype)
    batch = broadcast(Size(a.shape[:-2]), Size(b.shape[:-2]))
    return LazyArray("matmul", (a, b), (), Size((*batch, a.shape[-2], b.shape[-1])), a.dtype)


def inverse(a: LazyArray, refusal: str) -> LazyArray:
    """The inverse of square matrices, the last two axes.

    For a singular one there is the error of a sentence, in which `which` of a batch it is and the `order` of what is 0 are
    filled in; infinities if the sentence is empty. So it is in what follows.
    """
    return LazyArray("inverse", (a,), (refusal,), a.shape, a.dtype)


def determinant(a: LazyArray) -> LazyArray:
    """The determinant of square matrices, the last two axes."""
    return LazyArray("determinant", (a,), (), Size(a.shape[:-2]), a.dtype)


def sign_of_determinant(a: LazyArray) -> LazyArray:
    """The sign of the determinant of square matrices, also where that is too large or too small to be a number."""
    return LazyArray("sign_of_determinant", (a,), (), Size(a.shape[:-2]), a.dtype)


def log_determinant(a: LazyArray) -> LazyArray:
    """The logarithm of the size of the determinant of square matrices."""
    return LazyArray("log_determinant", (a,), (), Size(a.shape[:-2]), a.dtype)


def solve(a: LazyArray, b: LazyArray, refusal: str) -> LazyArray:
    """The x of a @ x = b, over the last two axes of both."""
    batch = broadcast(Size(a.shape[:-2]), Size(b.shape[:-2]))
    return LazyArray("solve", (a, b), (refusal,), Size((*batch, *b.shape[-2:])), a.dtype)


def cholesky(a: LazyArray, refusal: str) -> LazyArray:
    """The lower triangular factor of positive-definite matrices, the last two axes."""
    return LazyArray("cholesky", (a,), (refusal,), a.shape, a.dtype)


def matrix_exp(a: LazyArray) -> LazyArray:
    """The exponential of square matrices, the last two axes."""
    wide = accumulator(a.dtype)
    return LazyArray("matrix_exp", (a,), (), a.shape, a.dtype) if wide is a.dtype else cast(matrix_exp(cast(a, wide)), a.dtype)


def factors(primitive: str, a: LazyArray, params: tuple[str | bool, ...], shapes: Sequence[Size]) -> list[LazyArray]:
    """The factors of matrices, the last two axes, which one primitive computes: it lays them one after the other in a row."""
    batch = Size(a.shape[:-2])
    sizes = [shape.numel() for shape in shapes]
    rows = LazyArray(primitive, (a,), params, Size((*batch, sum(sizes))), a.dtype)
    whole = tuple((0, size, 1) for size in batch)
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    parts = [slice_(rows, (*whole, (start, size, 1))) for start, size in zip(starts, sizes, strict=True)]
    return [reshape(part, Size((*batch, *shape))) for part, shape in zip(parts, shapes, strict=True)]


def solve_triangular(a: LazyArray, b: LazyArray, upper: bool, unit: bool) -> LazyArray:
    """The x of a @ x = b, over the last two axes of both, where a is one triangle, with ones on its diagonal if `unit`."""
    batch = broadcast(Size(a.shape[:-2]), Size(b.shape[:-2]))
    return LazyArray("solve_triangular", (a, b), (upper, unit), Size((*batch, *b.shape[-2:])), a.dtype)


def permutation(exchanges: LazyArray, size: int) -> LazyArray:
    """The order of so many rows after each in turn was exchanged for another, counted from 1."""
    return LazyArray("permutation", (exchanges,), (size,), Size((*exchanges.shape[:-1], size)), int64)


def without_last(shape: Size) -> Size:
    """A shape without its last axis."""
    return Size(shape[:-1])


def size_of(x: LazyArray, axes: Sequence[int]) -> int:
    """How many elements a reduction over the axes takes in."""
    return prod(x.shape[axis] for axis in axes)
