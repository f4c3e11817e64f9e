"""Taking elements by tensors of positions, and putting them there: gather, scatter, take."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import ArgumentError, DTypeMismatch, IndexOutOfRange, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.arguments import Operand, Shape
from gradcli.functions.declare import function
from gradcli.functions.index import counted_from_front
from gradcli.functions.refusals import misfit, no_derivative, representable
from gradcli.functions.repetition import expand
from gradcli.functions.shape import reshape
from gradcli.functions.slices import slice_backward, spread
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import int32, int64
from gradcli.lazy.shapes import broadcast, describe, normalize_dim

# ── checking positions ──


def check_within(index: Tensor, size: int, message: str, lowest: int = 0, operand: int = 2) -> LazyArray:
    """Positions counted from the front, computed and found to be within bounds; `message` has places for index and size."""
    values = possible_values(index.array)
    outside = (values < lowest) | (values >= size)
    if outside.any():
        text = message.format(index=int(values[outside].flat[0]), size=size)
        raise IndexOutOfRange.as_torch(text, operands=[OperandLabel(operand, f"{lowest} to {size - 1} are valid")])
    if lowest < 0 and (values < 0).any():
        return counted_from_front(index.array, values, size)
    return ops.cast(index.array, int64)


def check_integers(index: Tensor, message: str) -> None:
    """An index has to be int32 or int64."""
    if index.dtype not in (int32, int64):
        labels = [OperandLabel(2, f"this is {index.dtype}")]
        raise DTypeMismatch.as_torch(message, operands=labels, hint="convert it with .long()")


def _misfit(message: str, input: Tensor, index: Tensor) -> ShapeMismatch:
    labels = [OperandLabel(0, describe(input.shape)), OperandLabel(2, describe(index.shape))]
    return ShapeMismatch.as_torch(message, operands=labels)


def _check_rank(index: Tensor, other: Tensor, name: str) -> None:
    if max(index.ndim, 1) != max(other.ndim, 1):
        raise _misfit(f"Index tensor must have the same number of dimensions as {name} tensor", other, index)


def _within_axis(input: Tensor, axis: int, index: Tensor) -> LazyArray:
    size = input.shape[axis] if input.ndim else 1
    return check_within(index, size, f"index {{index}} is out of bounds for dimension {axis} with size {{size}}")


def _raised(array: LazyArray) -> LazyArray:
    """With at least one dimension: a 0-dim tensor is gathered from like one of shape [1]."""
    return array if array.shape else ops.reshape(array, Size((1,)))


# ── gather ──


@function(
    "GatherBackward0",
    examples=("gather(x, 1, tensor([[0, 2], [1, 0]]))",),
    d_input=lambda g, input_shape, dim, index: scatter_add(_zeros(input_shape, g), dim, index, g),
)
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> LazyArray:
    """result[i][j] = input[index[i][j]][j] for dim 0, input[i][index[i][j]] for dim 1.

    The gradient is dense, with sparse_grad=True as well.
    """
    axis = normalize_dim(dim, input.ndim)
    check_integers(index, "gather(): Expected dtype int32/int64 for index")
    if not index.shape.numel():
        return ops.full(index.shape, 0, input.dtype)
    _check_rank(index, input, "input")
    for other, (own, size) in enumerate(zip(input.shape, index.shape, strict=False)):
        if other != axis and size > own:
            message = (
                f"Size does not match at dimension {other} expected index {list(index.shape)} "
                f"to be no larger than self {list(input.shape)} apart from dimension {axis}"
            )
            raise _misfit(message, input, index)
    positions = _within_axis(input, axis, index)
    return ops.reshape(ops.gather(_raised(input.array), _raised(positions), axis), index.shape)


def _zeros(shape: Size, like: Tensor) -> Tensor:
    """Zeros in the dtype of g."""
    return Tensor(ops.full(shape, 0, like.dtype))


@function(forms=(gather,), examples=("take_along_dim(x, argsort(x, 1), 1)",))
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """gather with the dimensions beside `dim` broadcast; without `dim`, from all elements in one dimension."""
    if indices.dtype is not int64:
        message = f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="convert it with .long()")
    if dim is None:
        return gather(reshape(input, (-1,)), 0, reshape(indices, (-1,)))
    if input.ndim != indices.ndim:
        message = (
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
        raise misfit(message, input, indices)
    axis = normalize_dim(dim, input.ndim)
    common = broadcast(Size(_with(input.shape, axis, 1)), Size(_with(indices.shape, axis, 1)))
    size = input.shape[axis]
    counted = Tensor(_counted_from_front(indices, size))
    return gather(expand(input, _with(common, axis, size)), axis, expand(counted, _with(common, axis, indices.shape[axis])))


def _with(shape: Shape, axis: int, size: int) -> tuple[int, ...]:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _counted_from_front(index: Tensor, size: int) -> LazyArray:
    negative = ops.binary("less", index.array, ops.constant(0, int64))
    return ops.where(negative, ops.binary("add", index.array, ops.constant(size, int64)), index.array)


@function(
    "TakeBackward0",
    examples=("take(x, tensor([0, 4]))",),
    d_input=lambda g, input_shape, index: _put_back(g, input_shape, index),
)
def take(input: Tensor, index: Tensor) -> LazyArray:
    """Elements by their position in all of the tensor's elements, row by row."""
    if index.dtype is not int64:
        message = f"take(): Expected a long tensor for index, but got {index.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="convert it with .long()")
    size = input.shape.numel()
    if not size and index.shape.numel():
        raise IndexOutOfRange.as_torch("take(): tried to take from an empty tensor")
    positions = check_within(index, size, "out of range: tried to access index {index} on a tensor of {size} elements.", -size, 1)
    return ops.index(ops.reshape(input.array, Size((size,))), (0,), [positions])


def _put_back(g: Tensor, shape: Size, index: Tensor) -> Tensor:
    """g added at the positions it was taken from."""
    counted = Tensor(_counted_from_front(index, shape.numel()))
    return reshape(spread(g, (shape.numel(),), (0,), (counted,), False), shape)


@function(
    "PutBackward0",
    in_place=True,
    laid_out_as=("input",),
    examples=("put(x, tensor([0, 1]), v[:2])", "put(x, tensor([0, -1]), v[:2], accumulate=True)"),
    d_input=lambda g, index, source_shape, accumulate: g if accumulate else put(g, index, _zeros(source_shape, g)),
    d_source=lambda g, index, source_shape: reshape(take(g, index), source_shape),
)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> LazyArray:
    """The tensor with elements replaced, or added to, by their position in all of its elements, row by row."""
    if index.dtype is not int64:
        message = f"put_(): Expected a long tensor for index, but got {index.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="convert it with .long()")
    if source.dtype is not input.dtype:
        kinds = f"self.dtype = {input.dtype.tensor_type} and source.dtype = {source.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(f"put_(): self and source expected to have the same dtype, but got {kinds}")
    size, count, given = input.shape.numel(), index.shape.numel(), source.shape.numel()
    if given != count:
        numbers = f"source.numel() = {given}, index.numel() = {count}"
        message = f"put_(): Expected source and index to have the same number of elements, but got {numbers}"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(2, describe(source.shape))])
    positions = check_within(index, size, "out of range: tried to access index {index} on a tensor of {size} elements.", -size, 1)
    flat, given_flat = ops.reshape(input.array, Size((size,))), ops.reshape(source.array, Size((count,)))
    filled = ops.index_put(flat, (0,), [ops.reshape(positions, Size((count,)))], given_flat, accumulate)
    return ops.reshape(filled, input.shape)


# ── scatter ──


Combine = Callable[[LazyArray, LazyArray, LazyArray, int], LazyArray]  # of elements, positions, source and axis


def replace(x: LazyArray, index: LazyArray, source: LazyArray, axis: int) -> LazyArray:
    """The source in the place of the elements."""
    return ops.scatter(x, index, source, axis, accumulate=False)


def add(x: LazyArray, index: LazyArray, source: LazyArray, axis: int) -> LazyArray:
    """The source added to the elements."""
    return ops.scatter(x, index, source, axis, accumulate=True)


def multiply(x: LazyArray, index: LazyArray, source: LazyArray, axis: int) -> LazyArray:
    """The elements times the source."""
    return ops.scatter_reduce(x, index, source, axis, "mul")


def scattered(input: Tensor, dim: int, index: Tensor, src: Tensor | None, source: LazyArray, combine: Combine) -> LazyArray:
    """The forward of all kinds of scatter, with their checks; src is None for a number."""
    axis = normalize_dim(dim, input.ndim)
    check_integers(index, "scatter(): Expected dtype int32/int64 for index")
    if src is not None and src.dtype is not input.dtype:
        message = "scatter(): Expected self.dtype to be equal to src.dtype"
        labels = [OperandLabel(0, f"this is {input.dtype}"), OperandLabel(3, f"this is {src.dtype}")]
        raise DTypeMismatch.as_torch(message, operands=labels)
    if not index.shape.numel():
        return input.array
    _check_rank(index, input, "self")
    if src is not None:
        _check_rank(index, src, "src")
    _check_scatter_shape(input, axis, index, src)
    positions = _within_axis(input, axis, index)
    return ops.reshape(combine(_raised(input.array), _raised(positions), _raised(source), axis), input.shape)


def _check_scatter_shape(input: Tensor, axis: int, index: Tensor, src: Tensor | None) -> None:
    pairs = enumerate(zip(input.shape, index.shape, strict=False))
    too_large = [other for other, (own, size) in pairs if other != axis and size > own]
    beyond = src is not None and any(size > own for own, size in zip(src.shape, index.shape, strict=False))
    if too_large or beyond:
        message = f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from dimension {axis}"
        if src is not None:
            message += f" and to be no larger size than src {list(src.shape)}"
        raise _misfit(message, input, index)


def _gathered(g: Tensor, dim: int, index: Tensor, src_shape: Size) -> Tensor:
    """What the source of a scatter gets."""
    return for_all_of_source(gather(g, dim, index), src_shape)


def for_all_of_source(taken: Tensor, src_shape: Size) -> Tensor:
    """A cotangent of the elements of a source that an index used, with zeros for those beyond it."""
    for axis, size in enumerate(src_shape):
        if axis < taken.ndim and taken.shape[axis] != size:
            taken = slice_backward(taken, _with(taken.shape, axis, size), axis, 0, 1)
    return taken


@function(
    "ScatterBackward0",
    name="scatter",
    public=False,
    examples=("scatter(x, 1, tensor([[0, 2], [1, 0]]), x)",),
    d_input=lambda g, dim, index: scatter_number(g, dim, index, 0),
    d_src=lambda g, dim, index, src_shape: _gathered(g, dim, index, src_shape),
)
def scatter_tensor(input: Tensor, dim: int, index: Tensor, src: Tensor) -> LazyArray:
    """input with result[index[i][j]][j] = src[i][j] for dim 0."""
    return scattered(input, dim, index, src, src.array, replace)


@function(
    "ScatterBackward1",
    name="scatter",
    public=False,
    examples=("scatter(x, 1, tensor([[0], [2]]), 5.)",),
    d_input=lambda g, dim, index: scatter_number(g, dim, index, 0),
)
def scatter_number(input: Tensor, dim: int, index: Tensor, value: Scalar) -> LazyArray:
    """input with a number at result[index[i][j]][j] for dim 0."""
    number = ops.full(index.shape, representable(value, input.dtype, 3), input.dtype)
    return scattered(input, dim, index, None, number, replace)


_no_scatter_derivative = no_derivative("derivative for aten::scatter is not implemented", "scatter_reduce() has one")


def _combine_of(reduce: str) -> Combine:
    if reduce not in ("add", "multiply"):
        raise ValueFault.as_torch("reduce argument must be either add or multiply.")
    return add if reduce == "add" else multiply


@function("NotImplemented", name="scatter", public=False, d_input=_no_scatter_derivative, d_src=_no_scatter_derivative)
def scatter_combined(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str) -> LazyArray:
    """input with src[i][j] added to, or multiplied with, result[index[i][j]][j] for dim 0."""
    return scattered(input, dim, index, src, src.array, _combine_of(reduce))


@function("NotImplemented", name="scatter", public=False, d_input=_no_scatter_derivative)
def scatter_number_combined(input: Tensor, dim: int, index: Tensor, value: Scalar, reduce: str) -> LazyArray:
    """input with a number added to, or multiplied with, result[index[i][j]][j] for dim 0."""
    number = ops.full(index.shape, representable(value, input.dtype, 3), input.dtype)
    return scattered(input, dim, index, None, number, _combine_of(reduce))


@function(in_place=True, forms=(scatter_tensor, scatter_number, scatter_combined, scatter_number_combined))
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Operand | None = None,
    *,
    value: Scalar | None = None,
    reduce: str | None = None,
) -> Tensor:
    """input with elements at positions along a dimension replaced by src or a number; reduce: 'add' or 'multiply' them."""
    source = value if src is None else src
    if source is None:
        raise ArgumentError.as_torch('scatter() missing 1 required positional arguments: "src"')
    if reduce is not None:
        combined = scatter_combined if isinstance(source, Tensor) else scatter_number_combined
        return combined(input, dim, index, source, reduce)
    return (scatter_tensor if isinstance(source, Tensor) else scatter_number)(input, dim, index, source)


@function(
    "ScatterAddBackward0",
    in_place=True,
    examples=("scatter_add(x, 1, tensor([[0, 0], [1, 2]]), x)",),
    d_input=lambda g: g,
    d_src=lambda g, dim, index, src_shape: _gathered(g, dim, index, src_shape),
)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> LazyArray:
    """input with src[i][j] added at result[index[i][j]][j] for dim 0."""
    return scattered(input, dim, index, src, src.array, add)
