"""Splitting tensors: into parts of one size, of given sizes, at given positions."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, DTypeMismatch, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.arguments import KINDS, Dims, Shape, type_name
from gradcli.functions.declare import function
from gradcli.functions.join import cat, stack
from gradcli.functions.layout import removed
from gradcli.functions.limits import check_length
from gradcli.functions.refusals import misfit
from gradcli.functions.slices import one_slice, slice_
from gradcli.lazy import LazyArray, Size, look_at, ops
from gradcli.lazy.dtypes import int64
from gradcli.lazy.shapes import existing_dim, normalize_dim


def cut(input: Tensor, dim: int, start: int, length: int) -> LazyArray:
    """Part of one dimension."""
    return ops.slice_(input.array, one_slice(input.shape, dim, (start, length, 1)))


def _joined(gs: list[Tensor], dim: int) -> Tensor:
    """The cotangents of the parts, joined again."""
    return cat(tuple(gs), dim)


def _require_dimensions(input: Tensor, name: str) -> None:
    if not input.ndim:
        raise ShapeMismatch.as_torch(f"{name} expects at least a 1-dimensional tensor")


def _even_parts(input: Tensor, split_size: int, dim: int = 0) -> tuple[LazyArray, ...]:
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


split_evenly = function("SplitBackward0", name="split", public=False, view=True, examples=("split(x, 1)[0]",), d_input=_joined)(
    _even_parts
)
unsafe_split = function("UnsafeSplitBackward0", name="unsafe_split", examples=("unsafe_split(x, 1)[0]",), d_input=_joined)(
    _even_parts
)


def _given_parts(input: Tensor, split_sizes: Shape, dim: int = 0) -> tuple[LazyArray, ...]:
    """Parts of given sizes."""
    _require_dimensions(input, "split_with_sizes")
    axis = normalize_dim(dim, input.ndim)
    if any(size < 0 for size in split_sizes):
        message = f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(split_sizes)}"
        raise ValueFault.as_torch(message)
    if sum(split_sizes) != input.shape[axis]:
        message = (
            f"split_with_sizes expects split_sizes to sum exactly to {input.shape[axis]} "
            f"(input tensor's size at dimension {axis}), but got split_sizes={list(split_sizes)}"
        )
        raise ShapeMismatch.as_torch(message)
    return tuple(cut(input, axis, sum(split_sizes[:part]), size) for part, size in enumerate(split_sizes))


split_with_sizes = function(
    "SplitWithSizesBackward0",
    name="split_with_sizes",
    view=True,
    examples=("split_with_sizes(x, [1, 2], 1)[1]",),
    d_input=_joined,
)(_given_parts)
unsafe_split_with_sizes = function(
    "UnsafeSplitWithSizesBackward0",
    name="unsafe_split_with_sizes",
    examples=("unsafe_split_with_sizes(x, [1, 2], 1)[1]",),
    d_input=_joined,
)(_given_parts)


@function(forms=(split_evenly, split_with_sizes))
def split(tensor: Tensor, split_size_or_sections: Dims, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of one size, or of given sizes."""
    if isinstance(split_size_or_sections, int):
        return split_evenly(tensor, split_size_or_sections, dim)
    return split_with_sizes(tensor, split_size_or_sections, dim)


def _chunks(input: Tensor, chunks: int, dim: int, evenly: Any, with_sizes: Any) -> tuple[Tensor, ...]:
    """Parts by the two forms of split, views or not."""
    _require_dimensions(input, "chunk")
    if chunks < 1:
        raise ValueFault.as_torch(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    check_length(chunks)
    length = input.shape[normalize_dim(dim, input.ndim)]
    parts: tuple[Tensor, ...]
    parts = evenly(input, -(-length // chunks), dim) if length else with_sizes(input, (0,) * chunks, dim)
    return parts


@function(forms=(split_evenly, split_with_sizes), examples=("chunk(x, 2, 1)[0]",))
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many parts of one size."""
    return _chunks(input, chunks, dim, split_evenly, split_with_sizes)


@function(forms=(unsafe_split, unsafe_split_with_sizes), examples=("unsafe_chunk(x, 2, 1)[0]",))
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many parts of one size, none of them a view."""
    return _chunks(input, chunks, dim, unsafe_split, unsafe_split_with_sizes)


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


# ── at positions ──


def _ends(input: Tensor, where: Any, axis: int, name: str) -> list[tuple[int, int]]:
    """Where the parts of a dimension start and end: so many of nearly one size, or one before each position and the rest."""
    if isinstance(where, Tensor):
        where = _positions(where)
    length = input.shape[axis]
    if isinstance(where, int) and not isinstance(where, bool):
        if where <= 0:
            raise ValueFault.as_torch(f"number of sections must be larger than 0, got {where}")
        check_length(where)
        stops = [(part + 1) * (length // where) + min(part + 1, length % where) for part in range(where)]
        return list(zip([0, *stops], stops, strict=False))
    positions = KINDS["Shape"][1](where)
    if positions is None:
        message = f"{name}() takes a number of parts, or the positions to split at, not {type_name(where)}"
        raise ArgumentError(message, operands=[OperandLabel(1, f"this is {type_name(where)}")])
    bounds = [(start, stop) for start, stop in zip([0, *positions], [*positions, length], strict=True)]
    return [slice(start, stop).indices(length)[:2] for start, stop in bounds]


def _positions(where: Tensor) -> int | list[int]:
    """What a tensor says: so many parts, or the positions to split at."""
    what = "tensor_split expected tensor_indices_or_sections to"
    if where.dtype is not int64:
        raise DTypeMismatch.as_torch(f"{what} have dtype of long, but got {_title(where)}", hint="convert it with .long()")
    if where.ndim > 1:
        message = f"{what} be a zero-dimensional or one-dimensional tensor, but got a tensor with {where.ndim} dims"
        raise ShapeMismatch.as_torch(message)
    found: int | list[int] = look_at([where.array])[0].tolist()
    return found


def _title(tensor: Tensor) -> str:
    return tensor.dtype.tensor_type


def _split_at(input: Tensor, where: Any, axis: int, name: str) -> tuple[Tensor, ...]:
    return tuple(slice_(input, axis, start, max(0, stop - start), 1) for start, stop in _ends(input, where, axis, name))


@function(forms=(slice_,), examples=("tensor_split(x, 2, 1)[0]", "tensor_split(x, (1,), 1)[1]"))
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """So many parts of nearly one size, or parts that end at positions."""
    if not input.ndim:
        message = "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        raise misfit(message, input)
    return _split_at(input, indices_or_sections, normalize_dim(dim, input.ndim), "tensor_split")


def _splitting_along(name: str, axis: int, least: int, what: str) -> None:
    """Declare hsplit and its like: parts of exactly one size, or parts that end at positions, along a dimension."""

    def split_along(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        if input.ndim < least:
            needed = f"a tensor with at least {least} dimension, but got a tensor with {input.ndim} dimensions!"
            raise misfit(f"torch.{name} requires {needed}", input)
        own = min(axis, input.ndim - 1)
        sections = indices_or_sections
        if isinstance(sections, int) and (not sections or input.shape[own] % sections):
            message = (
                f"torch.{name} attempted to split along dimension {own}, but the size of the dimension {input.shape[own]} "
                f"is not divisible by the split_size {sections}!"
            )
            raise misfit(message, input)
        return _split_at(input, sections, own, name)

    split_along.__doc__ = f"Parts of one size, or parts that end at positions, along the {what} dimension."
    function(name=name, forms=(slice_,), examples=(f"{name}(b, 1)[0]",))(split_along)


_splitting_along("hsplit", 1, 1, "second")
_splitting_along("vsplit", 0, 2, "first")
_splitting_along("dsplit", 2, 3, "third")
