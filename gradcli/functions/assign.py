"""Assigning in place: `x[...] = value`, `fill_`, `zero_`, `copy_`, and index_put."""

from __future__ import annotations

from math import ceil
from typing import Any

from gradcli.autograd import Tensor, change_in_place, state
from gradcli.autograd.in_place import overlaps, places, refuse_overlap
from gradcli.autograd.tensor import Scalar, operators
from gradcli.errors import ArgumentError, DTypeMismatch, LeafInPlace, OperandLabel, ShapeMismatch, TypeMismatch
from gradcli.functions.arguments import Operand, Shape, Tensors, type_name
from gradcli.functions.declare import function, method
from gradcli.functions.elementwise import zeros_like
from gradcli.functions.index import MASKS, Plan, Positions, no_dimensions, not_an_index, plan_of, positions_of
from gradcli.functions.pointwise import wrap_number
from gradcli.functions.refusals import misfit, representable
from gradcli.functions.repetition import expand
from gradcli.functions.shape import reshape, unsqueeze, view
from gradcli.functions.slices import select, take_at
from gradcli.lazy import DType, LazyArray, Size, ops
from gradcli.lazy.dtypes import bool_, int64
from gradcli.lazy.ops import Slice
from gradcli.lazy.shapes import broadcast, describe

# ── the operations that assignment records ──


def _whole(value: Tensor, shape: Size, dtype: DType) -> LazyArray:
    return ops.broadcast_to(ops.cast(value.array, dtype), shape)


@function(
    "CopyBackwards",
    public=False,
    examples=("copy_all(b, v)",),
    d_input=lambda g: zeros_like(g),
    d_value=lambda g: g,
)
def copy_all(input: Tensor, value: Tensor) -> LazyArray:
    """A tensor's value, in the dtype of the one it takes the place of."""
    return _whole(value, input.shape, input.dtype)


@function(
    "FillBackward3",
    public=False,
    examples=("fill_all(b, sum(v))",),
    d_input=lambda g: zeros_like(g),
    d_value=lambda g: g,
)
def fill_all(input: Tensor, value: Tensor) -> LazyArray:
    """One number in every place."""
    return _whole(value, input.shape, input.dtype)


@function("FillBackward2", public=False, examples=("fill_with_number(x, 3)",), d_input=lambda g: zeros_like(g))
def fill_with_number(input: Tensor, value: Scalar) -> LazyArray:
    """A Python number in every place."""
    return ops.full(input.shape, representable(value, input.dtype, 1), input.dtype)


@function("ZeroBackward0", public=False, examples=("zeroed(x)",), d_input=lambda g: zeros_like(g))
def zeroed(input: Tensor) -> LazyArray:
    """0 in every place."""
    return ops.full(input.shape, 0, input.dtype)


@method("fill_", of_torch=True)
def _fill_in_place(input: Tensor, value: Operand) -> Tensor:
    """Set every element to one value."""
    if isinstance(value, Tensor) and value.ndim:
        raise ShapeMismatch.as_torch(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    fill = fill_all if isinstance(value, Tensor) else fill_with_number
    return change_in_place(input, lambda snapshot: fill(snapshot, value), uniform=True)


@method("zero_", of_torch=True)
def _zero_in_place(input: Tensor) -> Tensor:
    """Set every element to 0."""
    return change_in_place(input, zeroed, uniform=True)


@method("copy_")
def _copy_in_place(input: Tensor, src: Tensor) -> Tensor:
    """Take over the elements of another tensor, broadcast."""
    return change_in_place(input, lambda snapshot: copy_all(snapshot, src))


@method("fill_diagonal_")
def _fill_diagonal_in_place(input: Tensor, fill_value: Scalar, wrap: bool = False) -> Tensor:
    """Set the elements whose indices are all equal; with wrap, the diagonal of a tall matrix begins again below each square."""
    if input.ndim < 2:
        raise misfit("dimensions must larger than 1", input)
    if input.ndim > 2 and len(set(input.shape)) > 1:
        raise misfit("all dimensions of input must be of equal length", input)
    rows, columns = input.shape[0], input.shape[-1]
    step = sum(columns**axis for axis in range(input.ndim))
    is_wrapped = wrap and input.ndim == 2 and rows > columns
    count = ceil(input.shape.numel() / step) if is_wrapped else min(rows, columns)
    owner, everywhere = places(input)
    _refuse_leaf(owner)
    shown = ops.reshape(everywhere.array, Size((input.shape.numel(),)))
    positions = Tensor(ops.index(shown, (0,), [ops.arange(0, step, count, int64)]))
    value = wrap_number(representable(fill_value, input.dtype, 1), input.dtype)
    change_in_place(owner, lambda snapshot: copy_at(snapshot, value, positions))
    return input


def _zero(dtype: DType) -> Tensor:
    """0 in a dtype."""
    return wrap_number(0, dtype)


@function(
    "CopySlices",
    public=False,
    examples=("copy_slices(b, v, ((0, 1, 1), (1, 1, 1), (0, 3, 1)), (3,))",),
    d_input=lambda g, slices, shape: copy_slices(g, _zero(g.dtype), slices, shape),
    d_value=lambda g, slices, shape: read_slices(g, slices, shape),
)
def copy_slices(input: Tensor, value: Tensor, slices: Any, shape: Shape) -> LazyArray:
    """The tensor with a value in one slice of each dimension; `shape` is the shape of this part to the user."""
    part = Size(number for _, number, _ in slices)
    placed = ops.place(ops.reshape(_whole(value, Size(shape), input.dtype), part), slices, input.shape)
    inside = ops.place(ops.full(part, True, bool_), slices, input.shape)
    return ops.where(inside, placed, input.array)


@function(
    "AsStridedBackward0",
    public=False,
    examples=("read_slices(b, ((0, 1, 1), (1, 1, 1), (0, 3, 1)), (3,))",),
    d_input=lambda g, input_shape, slices: place_slices(g, input_shape, slices),
)
def read_slices(input: Tensor, slices: Any, shape: Shape) -> LazyArray:
    """One slice of each dimension, under the shape that this part has for the user."""
    return ops.reshape(ops.slice_(input.array, slices), Size(shape))


@function(
    "AsStridedScatterBackward0",
    public=False,
    examples=("place_slices(v, (2, 2, 3), ((0, 1, 1), (1, 1, 1), (0, 3, 1)))",),
    d_input=lambda g, input_shape, slices: read_slices(g, slices, input_shape),
)
def place_slices(input: Tensor, shape: Shape, slices: Any) -> LazyArray:
    """Zeros with the tensor in one slice of each dimension: the adjoint of read_slices."""
    return ops.place(ops.reshape(input.array, Size(number for _, number, _ in slices)), slices, Size(shape))


@function(
    "CopySlices",
    public=False,
    examples=("copy_at(b, v, tensor([0, 4, 9]))",),
    d_input=lambda g, positions: copy_at(g, _zero(g.dtype), positions),
    d_value=lambda g, positions: take_at(reshape(g, (-1,)), (0,), (positions,), True),
)
def copy_at(input: Tensor, value: Tensor, positions: Tensor) -> LazyArray:
    """The tensor with a value at positions, counted through all dimensions."""
    flat = ops.reshape(input.array, Size((input.shape.numel(),)))
    source = _whole(value, positions.shape, input.dtype)
    return ops.reshape(ops.index_put(flat, (0,), [positions.array], source, accumulate=False), input.shape)


@function(
    "IndexPutBackward0",
    name="index_put",
    public=False,
    examples=("index_put(b, (tensor([0]), tensor([1])), v)", "index_put(b, (tensor([1, 1]),), b[:1], accumulate=True)"),
    d_input=lambda g, entries, indices, accumulate: g if accumulate else put_at(g, _zero(g.dtype), entries, indices, False),
    d_value=lambda g, entries, indices: take_at(g, entries, indices, False),
)
def put_at(input: Tensor, value: Tensor, entries: Any, indices: Tensors, accumulate: bool) -> LazyArray:
    """The tensor with a value put at, or added at, computed positions."""
    arrays = [index.array for index in indices]
    shape = ops.indexed_shape(input.shape, entries, [index.shape for index in indices])
    return ops.index_put(input.array, entries, arrays, _whole(value, shape, input.dtype), accumulate)


@function(
    "CopySlices",
    public=False,
    examples=("write_at(b, v[0], tensor([0, 4, 2]), False)", "write_at(b, v, tensor([0, 4, 4]), True)"),
    d_input=lambda g, positions, accumulate: g if accumulate else copy_at(g, _zero(g.dtype), positions),
    d_value=lambda g, positions: take_at(reshape(g, (-1,)), (0,), (positions,), False),
)
def write_at(input: Tensor, value: Tensor, positions: Tensor, accumulate: bool) -> LazyArray:
    """The tensor with a value put at, or added at, positions that may be named several times."""
    flat = ops.reshape(input.array, Size((input.shape.numel(),)))
    source = _whole(value, positions.shape, input.dtype)
    return ops.reshape(ops.index_put(flat, (0,), [positions.array], source, accumulate), input.shape)


operators["copy"] = copy_all
operators["copy_at"] = copy_at  # how a change of a view reaches its base
operators["write_at"] = write_at  # and one whose elements share places there

# ── x[index] = value ──


def setitem(tensor: Tensor, index: Any, value: Any) -> None:
    """tensor[index] = value, in place; the value is broadcast to the part and takes the tensor's dtype."""
    given = _value(tensor, value)
    if index is False:
        return
    if type(index) in (int, slice) and not tensor.ndim:
        raise no_dimensions(type(index))
    plan = plan_of(tensor.shape, None if index is True else index)
    if plan.steps:
        _refuse_leaf(tensor)
    if plan.tensors:
        _assign_at_positions(tensor, plan, given)
    elif plan.steps and overlaps(tensor):
        _assign_through_views(tensor, plan, given)
    elif plan.steps:
        source = _fitted(given, plan.shape)
        slices = _slices(tensor.shape, plan)
        change_in_place(tensor, lambda old: copy_slices.apply([old, source, slices, plan.shape]))
    else:
        source = _fitted(given, plan.shape)
        copy = copy_all if source.shape == plan.shape else fill_all
        change_in_place(tensor, lambda old: copy.apply([old, source]))


def _value(tensor: Tensor, value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (bool, int, float)):
        return wrap_number(representable(value, tensor.dtype, 2), tensor.dtype)
    message = f"can't assign a {type(value).__name__} to a torch.{tensor.dtype.tensor_type}Tensor"
    hint = "make a tensor of it: tensor(...)" if isinstance(value, (list, tuple)) else None
    raise TypeMismatch.as_torch(message, operands=[OperandLabel(2, f"this is {type_name(value)}")], hint=hint)


def _refuse_leaf(tensor: Tensor) -> None:
    """The part that is assigned to is a view, and PyTorch says so."""
    if state.grad_enabled and tensor.requires_grad and tensor.is_leaf:
        message = "a view of a leaf Variable that requires grad is being used in an in-place operation."
        raise LeafInPlace.as_torch(message, hint="assign inside `with torch.no_grad():`, or to a clone() of it")


def _fitted(value: Tensor, shape: Size) -> Tensor:
    """A value as large as the part it is copied to, by the views that PyTorch makes of it."""
    if value.shape == shape or not value.ndim:
        return value
    return expand(_without_leading_ones(value), tuple(shape))


def _without_leading_ones(value: Tensor) -> Tensor:
    lead = next((axis for axis, size in enumerate(value.shape) if size != 1), value.ndim)
    return view(value, value.shape[lead:])


def _slices(shape: Size, plan: Plan) -> tuple[Slice, ...]:
    """The slice of each dimension of the tensor that the steps of a plan lead to."""
    axes: list[int | None] = list(range(len(shape)))
    slices: list[Slice] = [(0, size, 1) for size in shape]
    for step, (dim, *rest) in plan.steps:
        if step is unsqueeze:
            axes.insert(dim, None)
            continue
        axis = axes.pop(dim) if step is select else axes[dim]
        assert axis is not None, "an index goes through the dimensions once, from the left"
        slices[axis] = (rest[0], 1, 1) if step is select else (rest[0], rest[1], rest[2])
    return tuple(slices)


def _assign_through_views(tensor: Tensor, plan: Plan, value: Tensor) -> None:
    """Assign to a part of an expanded tensor; the part has to show each place in memory once."""
    part = tensor
    for step, arguments in plan.steps:
        part = step.apply([part, *arguments])
    refuse_overlap(part)
    source = _fitted(value, plan.shape)
    owner, positions = places(part)
    change_in_place(owner, lambda old: copy_at.apply([old, source, positions]))


def _assign_at_positions(tensor: Tensor, plan: Plan, value: Tensor) -> None:
    positions = positions_of(plan.shape, plan.tensors)
    entries, indices, _ = positions
    result = ops.indexed_shape(plan.shape, entries, positions.shapes)
    source = _without_leading_ones(value) if value.shape[:1] == (1,) else value
    _check_value(tensor, source, result, is_fill=not value.ndim and positions.distinct)
    if not plan.steps and not overlaps(tensor):
        change_in_place(tensor, lambda old: put_at.apply([old, source, entries, indices, False]))
        return
    owner, everywhere = places(tensor)
    region = ops.reshape(ops.slice_(everywhere.array, _slices(tensor.shape, plan)), plan.shape)
    numbers = Tensor(ops.index(region, entries, [index.array for index in indices]))
    change_in_place(owner, lambda old: copy_at.apply([old, source, numbers]))


def _check_value(tensor: Tensor, value: Tensor, shape: Size, is_fill: bool) -> None:
    """A value that is put at positions broadcasts to them and has the dtype already."""
    if not _broadcasts(value.shape, shape):
        shapes = f"{list(value.shape)} cannot be broadcast to indexing result of shape {list(shape)}"
        message = f"shape mismatch: value tensor of shape {shapes}"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(2, describe(value.shape))])
    if value.dtype is not tensor.dtype and not is_fill:
        message = (
            f"Index put requires the source and destination dtypes match, got {tensor.dtype.tensor_type} for the destination "
            f"and {value.dtype.tensor_type} for the source."
        )
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(2, f"this is {value.dtype}")])


def _broadcasts(shape: Size, target: Size) -> bool:
    try:
        return broadcast(shape, target) == target
    except ShapeMismatch:
        return False


# ── index_put ──


@function(in_place=True, forms=(put_at,))
def index_put(input: Tensor, indices: Tensors, values: Tensor, accumulate: bool = False) -> Tensor:
    """The tensor with values put at, or added at, the positions that index tensors name."""
    positions = given_positions(input, indices)
    result = ops.indexed_shape(input.shape, positions.entries, positions.shapes)
    _check_value(input, values, result, is_fill=False)
    return put_at(input, values, positions.entries, positions.indices, accumulate)


def given_positions(input: Tensor, indices: Tensors) -> Positions:
    if not indices:
        message = "index_put() expects at least one index tensor"
        raise ArgumentError(message)
    tensors: dict[int, Tensor] = {}
    dim = 0
    for index in indices:
        if index.dtype.is_floating:
            raise not_an_index(index)
        tensors[dim] = index
        dim += index.ndim if index.dtype in MASKS else 1
    if dim > input.ndim:
        raise ShapeMismatch.as_torch(f"too many indices for tensor of dimension {input.ndim} (got {dim})")
    return positions_of(input.shape, tensors)
