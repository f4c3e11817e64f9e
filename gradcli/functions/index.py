"""Indexing: `x[...]` as PyTorch reads it, with one recorded operation for each basic index and one for all tensors together."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, IndexOutOfRange, NotSupported, OperandLabel, ShapeMismatch, TypeMismatch, ValueFault
from gradcli.functions.arguments import Shape, Tensors, _as_int, type_name
from gradcli.functions.create import from_nested
from gradcli.functions.declare import function
from gradcli.functions.general import GeneralFunction
from gradcli.functions.layout import removed, stretched
from gradcli.functions.ndarray import NDArray
from gradcli.functions.shape import alias, unsqueeze
from gradcli.lazy import LazyArray, Size, look_at, ops
from gradcli.lazy.batching import in_a_batch
from gradcli.lazy.dtypes import bool_, int64, uint8
from gradcli.lazy.ops import Entry, Slice
from gradcli.lazy.shapes import describe, normalize_dim

BasicIndex = None | EllipsisType | bool | int | slice
Step = tuple[GeneralFunction, tuple[int, ...]]  # a view function and its arguments after the tensor; the first is the dimension
MASKS = (bool_, uint8)

# ── the operations that indexing records ──


def one_slice(shape: Sequence[int], axis: int, part: Slice) -> tuple[Slice, ...]:
    """Part of one axis, all of the others."""
    return tuple(part if position == axis else (0, size, 1) for position, size in enumerate(shape))


def along_axis(axis: int, rank: int) -> tuple[int | None, ...]:
    """The entries of an index with one tensor, which stands on one axis."""
    return tuple(0 if position == axis else None for position in range(rank))


def _without(shape: Sequence[int], axis: int) -> Size:
    return Size((*shape[:axis], *shape[axis + 1 :]))


@function(
    "SelectBackward0",
    view=True,
    strides=removed,
    examples=("select(x, 0, 1)", "x[0]"),
    d_input=lambda g, input_shape, dim, index: select_backward(g, input_shape, dim, index),
)
def select(input: Tensor, dim: int, index: int) -> LazyArray:
    """One slice along a dimension."""
    if input.ndim == 0:
        raise IndexOutOfRange.as_torch("select() cannot be applied to a 0-dim tensor.")
    axis = normalize_dim(dim, input.ndim)
    size = input.shape[axis]
    if not -size <= index < size:
        message = f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {axis}"
        raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(2, _valid(axis, size))])
    part = ops.slice_(input.array, one_slice(input.shape, axis, (index % size, 1, 1)))
    return ops.reshape(part, _without(input.shape, axis))


@function(
    "SelectBackwardBackward0",
    public=False,
    examples=("select_backward(v, (2, 3), 0, 1)",),
    d_input=lambda g, dim, index: select(g, dim, index),
)
def select_backward(input: Tensor, shape: Shape, dim: int, index: int) -> LazyArray:
    """Zeros with the tensor as one slice: the adjoint of select."""
    size = Size(shape)
    axis = normalize_dim(dim, len(size))
    kept = ops.reshape(input.array, Size((*size[:axis], 1, *size[axis + 1 :])))
    return ops.place(kept, one_slice(size, axis, (index % size[axis], 1, 1)), size)


@function(
    "SliceBackward0",
    name="slice",
    public=False,
    view=True,
    strides=stretched,
    examples=("x[:, 1:]", "x[0:1]"),
    d_input=lambda g, input_shape, dim, start, step: slice_backward(g, input_shape, dim, start, step),
)
def slice_(input: Tensor, dim: int, start: int, length: int, step: int) -> LazyArray:
    """Every step-th slice along a dimension."""
    return ops.slice_(input.array, one_slice(input.shape, dim, (start, length, step)))


@function(
    "SliceBackwardBackward0",
    public=False,
    examples=("slice_backward(v, (7,), 0, 1, 2)",),
    d_input=lambda g, input_shape, dim, start, step: slice_(g, dim, start, input_shape[dim], step),
)
def slice_backward(input: Tensor, shape: Shape, dim: int, start: int, step: int) -> LazyArray:
    """Zeros with the tensor where slice would have taken it: the adjoint of slice."""
    return ops.place(input.array, one_slice(shape, dim, (start, input.shape[dim], step)), Size(shape))


@function(forms=(slice_,), examples=("narrow(x, 1, 0, 2)",))
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Part of a dimension, from a start on."""
    return slice_(input, *_narrowed(input, dim, start, length))


@function(
    "NarrowCopyBackward0",
    examples=("narrow_copy(x, 1, 0, 2)",),
    d_input=lambda g, input_shape, dim, start: _put_narrowed(g, input_shape, dim, start),
)
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> LazyArray:
    """Part of a dimension, from a start on, as a copy."""
    axis, *part = _narrowed(input, dim, start, length)
    return ops.slice_(input.array, one_slice(input.shape, axis, (part[0], part[1], part[2])))


def _put_narrowed(g: Tensor, shape: Size, dim: int, start: int) -> Tensor:
    """g in the place of what was cut out of zeros."""
    axis = normalize_dim(dim, len(shape))
    return slice_backward(g, shape, axis, start % max(shape[axis], 1), 1)


def _narrowed(input: Tensor, dim: int, start: int, length: int) -> tuple[int, int, int, int]:
    """The slice that narrow means: its axis, start, length and step."""
    if input.ndim == 0:
        raise IndexOutOfRange.as_torch("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ValueFault.as_torch("narrow(): length must be non-negative.")
    axis = normalize_dim(dim, input.ndim)
    size = input.shape[axis]
    if not -size <= start <= size:
        message = f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(2, _valid(axis, size))])
    first = start + size if start < 0 else start
    if first + length > size:
        message = f"start ({first}) + length ({length}) exceeds dimension size ({size})."
        raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(0, describe(input.shape))])
    return axis, first, length, 1


@function(
    "IndexBackward0",
    name="index",
    public=False,
    examples=("x[[0, 1], [2, 0]]", "x[x > 0]"),
    d_input=lambda g, input_shape, entries, indices, distinct: spread(g, input_shape, entries, indices, distinct),
)
def take_at(input: Tensor, entries: Any, indices: Tensors, distinct: bool) -> LazyArray:
    """The elements at computed positions; `distinct` promises that no element is taken twice."""
    return ops.index(input.array, entries, [index.array for index in indices])


@function(
    "IndexPutImplBackward0",
    public=False,
    examples=("spread(v, (5,), (0,), (tensor([4, 0, 0]),), False)",),
    d_source=lambda g, entries, indices, distinct: take_at(g, entries, indices, distinct),
)
def spread(source: Tensor, shape: Shape, entries: Any, indices: Tensors, distinct: bool) -> LazyArray:
    """Zeros with the source added at positions: the adjoint of taking them."""
    zeros = ops.full(Size(shape), 0, source.dtype)
    return ops.index_put(zeros, entries, [index.array for index in indices], source.array, accumulate=not distinct)


# ── reading an index ──


class Plan(NamedTuple):
    """What an index means for a shape: views to make one after the other, then tensors that index some dimensions of those."""

    steps: list[Step]
    shape: Size  # after the steps
    tensors: dict[int, Tensor]


def plan_of(shape: Size, index: Any) -> Plan:
    """An index read for a shape; what it names is checked, except for the values in index tensors."""
    entries = [_entry(item) for item in _items(index)]
    named = sum(_dimensions(entry) for entry in entries)
    if named > len(shape):
        raise _too_many(shape)
    steps: list[Step] = []
    tensors: dict[int, Tensor] = {}
    sizes = list(shape)
    dim = 0
    for position, entry in enumerate(entries):
        if entry is Ellipsis:
            dim += len(shape) - named
            named = len(shape)  # a second ellipsis stands for nothing
        elif entry is None or isinstance(entry, bool):
            steps.append((unsqueeze, (dim,)))
            sizes.insert(dim, 1)
            if entry is not None:
                tensors[dim] = Tensor(ops.from_buffer(np.zeros(int(entry), np.int64), int64))
            dim += 1
        elif isinstance(entry, int):
            steps.append((select, (dim, checked_index(entry, sizes.pop(dim), position))))
        elif isinstance(entry, slice):
            start, length, step = _bounds(entry, sizes[dim])
            if (start, length, step) != (0, sizes[dim], 1):
                steps.append((slice_, (dim, start, length, step)))
            sizes[dim] = length
            dim += 1
        else:
            assert isinstance(entry, Tensor)
            tensors[dim] = entry
            dim += _dimensions(entry)
    return Plan(steps, Size(sizes), tensors)


def _items(index: Any) -> Sequence[Any]:
    """The items of a tuple, or of a short list that PyTorch reads as one."""
    if isinstance(index, tuple):
        return index
    if isinstance(index, list) and len(index) < 32 and any(item is None or isinstance(item, _MAKE_A_TUPLE) for item in index):
        return index
    return (index,)


_MAKE_A_TUPLE = (Tensor, list, tuple, slice, EllipsisType)


def _entry(value: Any) -> BasicIndex | Tensor:
    """One item of an index: what it stays, or a tensor with dimensions."""
    if value is None or value is Ellipsis or isinstance(value, (int, slice)):
        entry: BasicIndex = value
        return entry
    if isinstance(value, (list, tuple, range, NDArray)):
        array = from_nested(value, None)
        value = Tensor(array if array.dtype in MASKS else ops.cast(array, int64))
    if isinstance(value, Tensor):
        if value.dtype.is_floating:
            raise not_an_index(value)
        if value.ndim or (value.dtype not in MASKS and in_a_batch(value.array) is not value.array):
            return value
        return bool(value.item()) if value.dtype in MASKS else int(value.item())
    if isinstance(value, str):
        message = f"new(): invalid data type '{type_name(value)}'"
    else:
        valid = "integers, slices (`:`), ellipsis (`...`), None and long or byte Variables"
        message = f"only {valid} are valid indices (got {type_name(value)})"
    raise TypeMismatch.as_torch(message, operands=[OperandLabel(1, f"this is {type_name(value)}")])


def not_an_index(tensor: Tensor) -> DTypeMismatch:
    """What is said of a floating tensor between brackets."""
    message = "tensors used as indices must be long, int, byte or bool tensors"
    labels = [OperandLabel(1, f"this is {tensor.dtype}")]
    return DTypeMismatch.as_torch(message, operands=labels, hint="convert it with .long()")


def _dimensions(entry: BasicIndex | Tensor) -> int:
    """How many dimensions of the tensor an entry stands for."""
    if isinstance(entry, Tensor):
        return entry.ndim if entry.dtype in MASKS else 1
    return 0 if entry is None or entry is Ellipsis or isinstance(entry, bool) else 1


def _bounds(part: slice, size: int) -> Slice:
    """A slice as start, number of elements and step."""
    step = 1 if part.step is None else _bound(part.step)
    if step <= 0:
        message = "step must be greater than zero" if step else "slice step cannot be zero"
        raise ValueFault.as_torch(message, hint="flip(x, (0,)) reverses a dimension")
    ends = [None if end is None else _bound(end) for end in (part.start, part.stop)]
    start, stop, _ = slice(*ends).indices(size)
    return start, len(range(start, stop, step)), step


def _bound(value: Any) -> int:
    number = int(value) if isinstance(value, bool) else _as_int(value)
    if number is not None:
        return number
    message = (
        "only integer tensors of a single element can be converted to an index"
        if isinstance(value, Tensor)
        else "slice indices must be integers or None or have an __index__ method"
    )
    raise TypeMismatch.as_torch(message, operands=[OperandLabel(1, f"{type_name(value)} in a slice")])


def _too_many(shape: Size) -> IndexOutOfRange:
    message = f"too many indices for tensor of dimension {len(shape)}"
    labels = [OperandLabel(0, describe(shape))]
    return IndexOutOfRange.as_torch(message, operands=labels, hint="there is one index for each dimension at most")


def no_dimensions(kind: type) -> IndexOutOfRange:
    """What is said of a number or a slice between the brackets of a 0-dim tensor."""
    message = "slice() cannot be applied to a 0-dim tensor."
    if kind is int:
        message = (
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
            "to convert a 0-dim tensor to a number"
        )
    labels = [OperandLabel(0, "this has no dimensions")]
    return IndexOutOfRange.as_torch(message, operands=labels, hint="its number is .item()")


def _valid(dim: int, size: int) -> str:
    return f"dimension {dim} has size {size}" + (f": {-size} to {size - 1} are valid" if size else "")


def checked_index(index: int, size: int, dim: int) -> int:
    """An index counted from the front, within its dimension."""
    if -size <= index < size:
        return index + size if index < 0 else index
    message = f"index {index} is out of bounds for dimension {dim} with size {size}"
    raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(1, _valid(dim, size))])


# ── index tensors ──


class Positions(NamedTuple):
    """Index tensors, computed, checked and counted from the front, ready for the `index` primitive."""

    entries: tuple[Entry, ...]
    indices: tuple[Tensor, ...]
    distinct: bool  # no element is named twice

    @property
    def shapes(self) -> list[Size]:
        """The shapes of the index tensors."""
        return [index.shape for index in self.indices]


def positions_of(shape: Size, tensors: dict[int, Tensor]) -> Positions:
    """Masks become the positions where they hold; other index tensors are checked against their dimension."""
    values = look_at([in_a_batch(tensor.array) for tensor in tensors.values()])
    entries: list[Entry] = [None] * len(shape)
    found: list[tuple[LazyArray, np.ndarray]] = []  # with the numbers: in a batch those of all elements
    for (dim, tensor), value in zip(tensors.items(), values, strict=True):
        if tensor.dtype in MASKS:
            _check_mask(tensor, dim, shape)
            pairs = [(ops.from_buffer(positions, int64), positions) for positions in np.nonzero(_not_in_a_batch(value, tensor))]
        else:
            pairs = [(tensor.array, value)]
        for offset, pair in enumerate(pairs):
            entries[dim + offset] = len(found)
            found.append(pair)
    axes = [axis for axis, entry in enumerate(entries) if entry is not None]
    result = ops.indexed_shape(shape, tuple(entries), [array.shape for array, _ in found])
    indices = [
        _checked(array, numbers, shape[axis], number) if result.numel() else ops.cast(array, int64)
        for number, (axis, (array, numbers)) in enumerate(zip(axes, found, strict=True))
    ]
    distinct = len(tensors) == 1 and next(iter(tensors.values())).dtype in MASKS
    return Positions(tuple(entries), tuple(Tensor(index) for index in indices), distinct)


def _not_in_a_batch(value: np.ndarray, mask: Tensor) -> np.ndarray:
    if value.shape != mask.shape:
        message = (
            "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing with a "
            "boolean mask."
        )
        raise NotSupported.as_torch(message, hint="torch.where chooses among elements without changing the shape")
    return value


def _check_mask(mask: Tensor, dim: int, shape: Size) -> None:
    for offset, size in enumerate(mask.shape):
        if size != shape[dim + offset]:
            message = (
                f"The shape of the mask {list(mask.shape)} at index {offset} does not match "
                f"the shape of the indexed tensor {list(shape)} at index {dim + offset}"
            )
            labels = [OperandLabel(0, describe(shape)), OperandLabel(1, describe(mask.shape))]
            raise ShapeMismatch.as_torch(message, operands=labels)


def _checked(index: LazyArray, numbers: np.ndarray, size: int, dim: int) -> LazyArray:
    """Positions counted from the front, found to be within a dimension."""
    outside = (numbers < -size) | (numbers >= size)
    if outside.any():
        if not size:
            raise IndexOutOfRange.as_torch("index is out of bounds for dimension with size 0")
        checked_index(int(numbers[outside].flat[0]), size, dim)
    return counted_from_front(index, numbers, size)


def counted_from_front(index: LazyArray, numbers: np.ndarray, size: int) -> LazyArray:
    """Positions of which negative ones count from the end, given their numbers, or in a batch those of all elements."""
    index = ops.cast(index, int64)
    if not (numbers < 0).any():
        return index
    from_end = ops.binary("add", index, ops.constant(size, int64))
    return ops.where(ops.binary("less", index, ops.constant(0, int64)), from_end, index)


# ── x[index] ──


def getitem(tensor: Tensor, index: Any) -> Tensor:
    """tensor[index]: a view for basic indices, the elements at positions for tensors."""
    kind = type(index)
    if kind is int and tensor.ndim:
        return _applied(select, tensor, (0, checked_index(index, tensor.shape[0], 0)))
    if kind is slice and tensor.ndim:
        return _applied(slice_, tensor, (0, *_bounds(index, tensor.shape[0])))
    if kind is int or kind is slice:
        raise no_dimensions(kind)
    plan = plan_of(tensor.shape, index)
    region = tensor
    for view, arguments in plan.steps:
        region = _applied(view, region, arguments)
    if plan.tensors:
        taken: Tensor = take_at.apply([region, *positions_of(plan.shape, plan.tensors)])
        return taken
    return region if plan.steps else _applied(alias, tensor, ())


def _applied(view: GeneralFunction, tensor: Tensor, arguments: tuple[int, ...]) -> Tensor:
    """A view whose arguments are known to be good."""
    result: Tensor = view.apply([tensor, *arguments])
    return result
