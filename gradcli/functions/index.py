"""Indexing: `x[...]` as PyTorch reads it, with one recorded operation for each basic index and one for all tensors together."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, IndexOutOfRange, NotSupported, OperandLabel, ShapeMismatch, TypeMismatch, ValueFault
from gradcli.functions.arguments import _as_int, type_name
from gradcli.functions.create import from_nested
from gradcli.functions.general import GeneralFunction
from gradcli.functions.ndarray import NDArray
from gradcli.functions.shape import alias, unsqueeze
from gradcli.functions.slices import select, slice_, take_at, valid_indices
from gradcli.lazy import LazyArray, Size, look_at, ops
from gradcli.lazy.batching import in_a_batch
from gradcli.lazy.dtypes import bool_, int64, uint8
from gradcli.lazy.ops import Entry, Slice
from gradcli.lazy.shapes import describe

BasicIndex = None | EllipsisType | bool | int | slice
Step = tuple[GeneralFunction, tuple[int, ...]]  # a view function and its arguments after the tensor; the first is the dimension
MASKS = (bool_, uint8)

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


def checked_index(index: int, size: int, dim: int) -> int:
    """An index counted from the front, within its dimension."""
    if -size <= index < size:
        return index + size if index < 0 else index
    message = f"index {index} is out of bounds for dimension {dim} with size {size}"
    raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(1, valid_indices(dim, size))])


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
