"""Elements chosen by a mask, and slices chosen by an index vector: masked_select, masked_fill, index_select and its kind."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, OperandLabel, ShapeMismatch
from gradcli.functions.arguments import Operand
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.gather import check_integers, check_within
from gradcli.functions.index import Positions, positions_of
from gradcli.functions.refusals import representable
from gradcli.functions.shape import reshape
from gradcli.functions.slices import along_axis, slice_backward, spread, take_at
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import bool_, int64
from gradcli.lazy.shapes import broadcast, describe, normalize_dim

# ── masks ──


def _where_it_holds(shape: Size, mask: Tensor) -> Positions:
    """The positions where a mask holds, after broadcasting; a single element counts as one dimension."""
    common = broadcast(mask.shape, shape) or Size((1,))
    return positions_of(common, {0: Tensor(ops.broadcast_to(mask.array, common))})


def _put_where_it_holds(g: Tensor, shape: Size, mask: Tensor) -> Tensor:
    """g at the places where the mask holds."""
    return spread(g, broadcast(mask.shape, shape) or (1,), *_where_it_holds(shape, mask))


@function(
    "MaskedSelectBackward0",
    examples=("masked_select(x, x > 0)",),
    d_input=lambda g, input_shape, mask: _put_where_it_holds(g, input_shape, mask),
)
def masked_select(input: Tensor, mask: Tensor) -> LazyArray:
    """The elements where a mask holds, in one dimension."""
    if mask.dtype is not bool_:
        raise _no_mask("masked_select: expected BoolTensor for mask", mask)
    common = broadcast(mask.shape, input.shape) or Size((1,))
    entries, indices, _ = _where_it_holds(input.shape, mask)
    return ops.index(ops.broadcast_to(input.array, common), entries, [index.array for index in indices])


def _no_mask(message: str, mask: Tensor) -> DTypeMismatch:
    labels = [OperandLabel(1, f"this is {mask.dtype}")]
    return DTypeMismatch.as_torch(message, operands=labels, hint="compare it with something: mask != 0")


def _filled(input: Tensor, mask: Tensor, value: LazyArray) -> LazyArray:
    shape = broadcast(mask.shape, input.shape)
    if mask.dtype is not bool_:
        raise _no_mask(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype.cpp_name}", mask)
    return ops.where(ops.broadcast_to(mask.array, shape), ops.cast(value, input.dtype), input.array)


@function(
    "MaskedFillBackward0",
    name="masked_fill",
    public=False,
    examples=("masked_fill(x, x > 0.5, 0.)",),
    d_input=lambda g, mask: where(mask, 0.0, g),
)
def masked_fill_number(input: Tensor, mask: Tensor, value: Scalar) -> LazyArray:
    """The tensor with a number where a mask holds."""
    return _filled(input, mask, ops.constant(representable(value, input.dtype, 2), input.dtype))


@function(
    "MaskedFillBackward1",
    name="masked_fill",
    public=False,
    examples=("masked_fill(x, x > 0.5, sum(x))",),
    d_input=lambda g, mask: where(mask, 0.0, g),
    d_value=lambda g, mask: where(mask, g, 0.0),
)
def masked_fill_tensor(input: Tensor, mask: Tensor, value: Tensor) -> LazyArray:
    """The tensor with the number in a 0-dim tensor where a mask holds."""
    if value.ndim:
        message = f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(2, describe(value.shape))], hint="use where")
    return _filled(input, mask, value.array)


@function(in_place=True, forms=(masked_fill_number, masked_fill_tensor))
def masked_fill(input: Tensor, mask: Tensor, value: Operand) -> Tensor:
    """The tensor with a number where a mask holds."""
    return (masked_fill_tensor if isinstance(value, Tensor) else masked_fill_number)(input, mask, value)


@function(
    "MaskedScatterBackward0",
    in_place=True,
    examples=("masked_scatter(x, x > 0, y)",),
    d_input=lambda g, mask: where(mask, 0.0, g),
    d_source=lambda g, mask, source_shape: _in_front(masked_select(g, mask), source_shape),
)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> LazyArray:
    """The tensor with the elements where a mask holds replaced by the first ones of source, in order."""
    if source.dtype is not input.dtype:
        kinds = f"{input.dtype.tensor_type} and {source.dtype.tensor_type}"
        message = f"masked_scatter: expected self and source to have same dtypes but got{kinds}"
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(2, f"this is {source.dtype}")])
    if mask.dtype is not bool_:
        message = f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.tensor_type}"
        raise _no_mask(message, mask)
    shape = broadcast(mask.shape, input.shape)
    entries, indices, _ = _where_it_holds(input.shape, mask)
    count, given = indices[0].shape.numel(), source.shape.numel()
    if given < count:
        message = "Number of elements of source < number of ones in mask"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(2, f"this has {given}, the mask holds {count} times")])
    first = ops.slice_(ops.reshape(source.array, Size((given,))), ((0, count, 1),))
    whole = ops.reshape(ops.broadcast_to(input.array, shape), _raised(shape))
    return ops.reshape(ops.index_put(whole, entries, [index.array for index in indices], first, False), shape)


def _in_front(g: Tensor, shape: Size) -> Tensor:
    """Zeros of a shape whose first elements are given."""
    return reshape(slice_backward(g, (shape.numel(),), 0, 0, 1), shape)


# ── index vectors ──


def _raised(shape: Size) -> Size:
    return shape or Size((1,))


def _check_vector(index: Tensor, message: str) -> None:
    if index.ndim > 1:
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(2, describe(index.shape))])


def _positions(input: Tensor, axis: int, index: Tensor, message: str, lowest: int = 0) -> LazyArray:
    size = _raised(input.shape)[axis]
    return ops.reshape(check_within(index, size, message, lowest * size), Size((index.shape.numel(),)))


def _put_slices(g: Tensor, input_shape: Size, dim: int, index: Tensor) -> Tensor:
    """Zeros with slices added where they were taken: the adjoint of index_select."""
    if not input_shape:
        return reshape(g, ())
    axis = normalize_dim(dim, len(input_shape))
    return spread(g, input_shape, along_axis(axis, max(g.ndim, 1)), (reshape(index, (-1,)),), False)


def _take_slices(g: Tensor, dim: int, index: Tensor) -> Tensor:
    """index_select for rules, where an index may count from the end."""
    axis = normalize_dim(dim, g.ndim)
    position = _positions(g, axis, index, "index {index} is out of range", -1)
    return take_at(reshape(g, _raised(g.shape)), along_axis(axis, max(g.ndim, 1)), (Tensor(position),), False)


@function(
    "IndexSelectBackward0",
    examples=("index_select(x, 1, tensor([0, 2, 2]))",),
    d_input=lambda g, input_shape, dim, index: _put_slices(g, input_shape, dim, index),
)
def index_select(input: Tensor, dim: int, index: Tensor) -> LazyArray:
    """Slices along a dimension, chosen by a vector of positions."""
    axis = normalize_dim(dim, input.ndim)
    _check_vector(index, "index_select(): Index is supposed to be a vector")
    check_integers(index, "index_select(): Expected dtype int32 or int64 for index")
    if not input.ndim:
        if index.shape.numel() != 1:
            message = f"index_select(): Index to scalar can have only 1 value, got {index.shape.numel()} value(s)"
            raise ShapeMismatch.as_torch(message, operands=[OperandLabel(2, describe(index.shape))])
        return input.array
    positions = _positions(input, axis, index, "index out of range in self")
    return ops.index(input.array, along_axis(axis, max(input.ndim, 1)), [positions])


def _without_slices(g: Tensor, dim: int, index: Tensor) -> Tensor:
    """g with 0 at the slices that were replaced."""
    return index_fill_number(g, dim, index, 0)


def _filled_slices(input: Tensor, dim: int, index: Tensor, value: LazyArray) -> LazyArray:
    axis = normalize_dim(dim, input.ndim)
    if index.dtype is not int64:
        message = "index_fill_(): Expected dtype int64 for index."
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(2, f"this is {index.dtype}")])
    _check_vector(index, "Index is supposed to be a vector")
    size = _raised(input.shape)[axis]
    message = f"index {{index}} is out of bounds for dimension {axis} with size {size}"
    positions = _positions(input, axis, index, message, -1)
    flat = ops.reshape(input.array, _raised(input.shape))
    return ops.reshape(
        ops.index_put(flat, along_axis(axis, max(input.ndim, 1)), [positions], ops.cast(value, input.dtype), False), input.shape
    )


def _filled_mask(g: Tensor, dim: int, index: Tensor) -> Tensor:
    """Where an index_fill put its value; a slice named twice is filled once."""
    return index_fill_number(Tensor(ops.full(g.shape, False, bool_)), dim, index, True)


@function(
    "IndexFillBackward0",
    name="index_fill",
    public=False,
    laid_out_as=("input",),
    examples=("index_fill(x, 1, tensor([0]), 5.)",),
    d_input=_without_slices,
)
def index_fill_number(input: Tensor, dim: int, index: Tensor, value: Scalar) -> LazyArray:
    """The tensor with a number in some slices."""
    return _filled_slices(input, dim, index, ops.constant(representable(value, input.dtype, 3), input.dtype))


@function(
    "IndexFillBackward1",
    name="index_fill",
    public=False,
    laid_out_as=("input",),
    examples=("index_fill(x, 1, tensor([0]), sum(x))",),
    d_input=_without_slices,
    d_value=lambda g, dim, index: where(_filled_mask(g, dim, index), g, 0.0),
)
def index_fill_tensor(input: Tensor, dim: int, index: Tensor, value: Tensor) -> LazyArray:
    """The tensor with the number in a 0-dim tensor in some slices."""
    if value.ndim:
        message = f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(3, describe(value.shape))])
    return _filled_slices(input, dim, index, value.array)


@function(in_place=True, forms=(index_fill_number, index_fill_tensor))
def index_fill(input: Tensor, dim: int, index: Tensor, value: Operand) -> Tensor:
    """The tensor with a number in some slices along a dimension."""
    return (index_fill_tensor if isinstance(value, Tensor) else index_fill_number)(input, dim, index, value)


@function(
    "IndexAddBackward0",
    in_place=True,
    examples=("index_add(x, 0, tensor([0, 0]), x)", "index_add(x, 0, tensor([1]), x[:1], alpha=2)"),
    d_input=lambda g: g,
    d_source=lambda g, dim, index, source_shape, alpha: reshape(_take_slices(g, dim, index) * alpha, source_shape),
)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Scalar = 1) -> LazyArray:
    """The tensor with slices of source added to some slices along a dimension."""
    axis = normalize_dim(dim, input.ndim)
    check_index_vector("index_add_()", input, axis, index, source)
    positions = _positions(input, axis, index, f"index {{index}} is out of bounds for dimension {axis} with size {{size}}")
    factor = alpha if input.dtype.is_floating else int(alpha)
    scaled = source.array if factor == 1 else ops.binary("mul", source.array, ops.constant(factor, input.dtype))
    return _put(input, axis, positions, scaled, accumulate=True)


def _put(input: Tensor, axis: int, positions: LazyArray, source: LazyArray, accumulate: bool) -> LazyArray:
    flat = ops.reshape(input.array, _raised(input.shape))
    slices = ops.reshape(source, _raised(source.shape))
    return ops.reshape(ops.index_put(flat, along_axis(axis, max(input.ndim, 1)), [positions], slices, accumulate), input.shape)


def check_index_vector(name: str, input: Tensor, axis: int, index: Tensor, source: Tensor) -> None:
    """Refuse an index that is no vector of integers, and a source that does not fit it and the tensor."""
    _check_vector(
        index,
        f"{name}: Index is supposed to be a vector, but got dim: {index.ndim} "
        f"with type: {index.dtype.tensor_type} and size: {list(index.shape)}",
    )
    check_integers(index, f"{name}: Expected dtype int32/int64 for index but got: {index.dtype.tensor_type}")
    if source.dtype is not input.dtype:
        kinds = f"self ({input.dtype.tensor_type}) and source ({source.dtype.tensor_type})"
        message = f"{name}: {kinds} must have the same scalar type"
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(3, f"this is {source.dtype}")])
    count, given = index.shape.numel(), _raised(source.shape)[normalize_dim(axis, source.ndim)]
    if count != given:
        message = f"{name}: Number of indices ({count}) should be equal to source.size(dim): ({given}), for dim: {axis}"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(3, describe(source.shape))])
    if _other_sizes(input, source, axis) != _other_sizes(source, input, axis):
        message = (
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {list(input.shape)} source.shape = {list(source.shape)}"
        )
        raise ShapeMismatch.as_torch(message, operands=_both(input, source))


def _other_sizes(tensor: Tensor, other: Tensor, axis: int) -> list[int]:
    """The sizes outside of a dimension, if both tensors have dimensions."""
    return [size for own, size in enumerate(tensor.shape) if own != axis or not other.ndim]


def _both(input: Tensor, source: Tensor) -> list[OperandLabel]:
    return [OperandLabel(0, describe(input.shape)), OperandLabel(3, describe(source.shape))]


@function(
    "IndexCopyBackward0",
    in_place=True,
    examples=("index_copy(x, 0, tensor([1]), x[:1])",),
    d_input=_without_slices,
    d_source=lambda g, dim, index, source_shape: reshape(_take_slices(g, dim, index), source_shape),
)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> LazyArray:
    """The tensor with some slices along a dimension replaced by those of source."""
    axis = normalize_dim(dim, input.ndim)
    if index.dtype is not int64:
        message = f"index_copy_(): Expected a long tensor for index, but got {index.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(2, f"this is {index.dtype}")])
    _check_vector(index, f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if input.ndim and source.ndim and input.ndim != source.ndim:
        message = (
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. "
            f"Source dimensionality ({source.ndim}), destination dimensionality ({input.ndim})"
        )
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(3, describe(source.shape))])
    if source.dtype is not input.dtype:
        kinds = f"(self) {input.dtype.tensor_type} and (source) {source.dtype.tensor_type}"
        message = f"index_copy_(): self and source expected to have the same dtype, but got {kinds}"
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(3, f"this is {source.dtype}")])
    _check_copied(input, axis, index, source)
    bounds = f"index_copy_(): index {{index}} is out of bounds for dimension {axis} with size {{size}}"
    return _put(input, axis, _positions(input, axis, index, bounds), source.array, accumulate=False)


def _check_copied(input: Tensor, axis: int, index: Tensor, source: Tensor) -> None:
    """Refuse slices that are not as many as the index names, or of another shape than those they take the place of."""
    count, given = index.shape.numel(), _raised(source.shape)[axis if source.ndim else 0]
    if not source.ndim and count != 1:
        message = f"index_copy_(): When source is scalar, index should have one element (got {count})"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(2, describe(index.shape))])
    if count != given:
        message = f"index_copy_(): Number of indices ({count}) should be equal to source.size(dim) ({given})"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(3, describe(source.shape))])
    own, other = _other_sizes(input, input, axis), _other_sizes(source, source, axis)
    if own != other:
        slices = [" ".join(map(str, sizes)) for sizes in (own, other)]
        message = (
            "index_copy_(): Source/destination tensor must have same slice shapes. "
            f"Destination slice shape: {slices[0]} at dimension {axis} and source slice shape: {slices[1]} at dimension 0."
        )
        raise ShapeMismatch.as_torch(message, operands=_both(input, source))
