"""Margins around a tensor: of a number, or of its own elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import NotSupported, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Shape
from gradcli.functions.assign import copy_slices
from gradcli.functions.declare import function
from gradcli.functions.refusals import misfit
from gradcli.functions.slices import along_axis, one_slice, slice_, spread, take_at
from gradcli.functions.windows import fitted
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import bool_, int64

# ── of a number ──


def _check_pad(input: Tensor, pad: Sequence[int]) -> None:
    if len(pad) % 2:
        message = "Padding length must be divisible by 2"
        raise ValueFault.as_torch(message, hint="two numbers for each dimension, before and after, the last first")
    if len(pad) > 2 * input.ndim:
        message = (
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {input.ndim}"
        )
        raise ValueFault.as_torch(message)


def _margins(rank: int, pad: Sequence[int]) -> list[tuple[int, int]]:
    """What is added before and after each dimension, the first dimension first."""
    given = [(pad[2 * position], pad[2 * position + 1]) for position in range(len(pad) // 2)]
    return [(0, 0)] * (rank - len(given)) + given[::-1]


@function(
    "ConstantPadNdBackward0",
    method=False,
    examples=("constant_pad_nd(x, (1, 1))",),
    d_input=lambda g, pad: constant_pad_nd(g, tuple(-margin for margin in pad)),
)
def constant_pad_nd(input: Tensor, pad: Shape, value: Scalar = 0) -> LazyArray:
    """The input with a number around it; negative margins cut it."""
    _check_pad(input, pad)
    margins = _margins(input.ndim, pad)
    for size, (before, after) in zip(input.shape, margins, strict=True):
        if size + min(0, before) + min(0, after) < 0:
            raise misfit("narrow(): length must be non-negative.", input)
    placed = fitted(input.array, margins)
    if value == 0:
        return placed
    inside = fitted(ops.full(input.shape, True, bool_), margins)
    return ops.where(inside, placed, ops.constant(value if input.dtype.is_floating else int(value), input.dtype))


def padded(x: Tensor, margins: Sequence[tuple[int, int]], value: Scalar = 0) -> Tensor:
    """A tensor with a number around it, by margins for each dimension in order; negative ones cut it."""
    if not any(margin for pair in margins for margin in pair):
        return x
    return constant_pad_nd(x, tuple(margin for pair in reversed(margins) for margin in pair), value)


# ── of its own elements ──

Positions = tuple[tuple[int, ...] | None, ...]  # for each axis which elements are taken, None for all in order


def _each_taken(positions: Positions) -> list[tuple[int, Tensor]]:
    """The axes along which elements are taken, with the positions as tensors."""
    found = [(axis, taken) for axis, taken in enumerate(positions) if taken is not None]
    return [(axis, Tensor(ops.from_buffer(np.array(taken, np.int64), int64))) for axis, taken in found]


def _put_back(g: Tensor, positions: Positions, shape: Size) -> Tensor:
    """Each cotangent added to where its element came from, one axis after the other."""
    for axis, taken in _each_taken(positions):
        wider = (*g.shape[:axis], shape[axis], *g.shape[axis + 1 :])
        g = spread(g, wider, along_axis(axis, g.ndim), (taken,), False)
    return g


@function(
    lambda mode, dimensions: f"{mode}Pad{dimensions}DBackward0",
    name="pad",
    public=False,
    d_input=lambda g, positions, input: _put_back(g, positions, input.shape),  # saves the input, as PyTorch does
)
def pad_with_own(input: Tensor, positions: Any, mode: str, dimensions: int) -> Tensor:
    """The input with its own elements around it."""
    for axis, taken in _each_taken(positions):
        input = take_at(input, along_axis(axis, input.ndim), (taken,), False)
    return input


def _check_something_is_left(input: Tensor, margins: Sequence[tuple[int, int]], mode: str) -> None:
    """Refuse negative margins that cut everything away."""
    names, sizes = "DHW"[-len(margins) :], input.shape[-len(margins) :]
    lengths = [size + before + after for size, (before, after) in zip(sizes, margins, strict=True)]
    if min(lengths) > 0:
        return
    if mode == "circular":
        raise misfit("Negative padding value is resulting in an empty dimension", input)
    given, found = ([f"{name}: {number}" for name, number in zip(names, numbers, strict=True)] for numbers in (sizes, lengths))
    raise misfit(f"input ({', '.join(given)}) is too small. Calculated output {' '.join(found)}", input)


def _reflected(input: Tensor, axis: int, before: int, after: int) -> tuple[int, ...]:
    size = input.shape[axis]
    if before >= size or after >= size:
        raise misfit(
            "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {after}) at dimension {axis} of input {list(input.shape)}",
            input,
        )
    inside = [abs(position) for position in range(-before, size + after)]
    return tuple(position if position < size else 2 * (size - 1) - position for position in inside)


def _replicated(input: Tensor, axis: int, before: int, after: int) -> tuple[int, ...]:
    last = input.shape[axis] - 1
    return tuple(min(max(position, 0), last) for position in range(-before, last + 1 + after))


#: What chooses the elements around a tensor from its own, and the mode in the name of the node.
OWN_MARGINS = {
    "reflect": (_reflected, "Reflection"),
    "replicate": (_replicated, "Replication"),
}


# ── of its elements at the other end ──


def _wrapped(input: Tensor, margins: Sequence[tuple[int, int]], dimensions: int) -> Tensor:
    """The input, and each margin, copied into place, one after the other; the corners come from earlier margins."""
    for size, (before, after) in zip(input.shape, margins, strict=True):
        if max(before, after) > size + min(before, 0) + min(after, 0):
            raise misfit("Padding value causes wrapping around more than once.", input)
    shape = Size(size + before + after for size, (before, after) in zip(input.shape, margins, strict=True))
    axes = range(input.ndim - 1, input.ndim - 1 - dimensions, -1)
    inner = input
    for axis in axes:
        cut = max(-margins[axis][0], 0)
        inner = slice_(inner, axis, cut, input.shape[axis] - cut - max(-margins[axis][1], 0), 1)
    place = tuple((max(before, 0), size, 1) for size, (before, _) in zip(inner.shape, margins, strict=True))
    result: Tensor = copy_slices(Tensor(ops.full(shape, 0, input.dtype)), inner, place, inner.shape)
    for axis in axes:
        before, after = (max(margin, 0) for margin in margins[axis])
        length = shape[axis]
        if before:
            result = _copied_along(result, axis, length - after - before, 0, before)
        if after:
            result = _copied_along(result, axis, before, length - after, after)
    return result


def _copied_along(tensor: Tensor, axis: int, start: int, to: int, length: int) -> Tensor:
    """The tensor with some of its slices along a dimension copied to another place."""
    source = slice_(tensor, axis, start, length, 1)
    copied: Tensor = copy_slices(tensor, source, one_slice(tensor.shape, axis, (to, length, 1)), source.shape)
    return copied


# ── of any kind ──


@function(
    namespace=NN,
    forms=(constant_pad_nd, pad_with_own, copy_slices),
    examples=(
        "F.pad(x, (1, 1))",
        "F.pad(x, (1, 1), value=2.0)",
        "F.pad(x, (1, 1), mode='reflect')",
        "F.pad(x, (1, 1), mode='circular')",
    ),
)
def pad(input: Tensor, pad: Shape, mode: str = "constant", value: Scalar | None = None) -> Tensor:
    """The input with margins, before and after each dimension, the last first; mode: constant, reflect, replicate or circular."""
    _check_pad(input, pad)
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if value is not None and value != 0:
        raise ValueFault.as_torch(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode != "circular" and mode not in OWN_MARGINS:
        hint = f"modes are constant, circular, {', '.join(OWN_MARGINS)}"
        raise NotSupported.as_torch(f"Unrecognised padding mode {mode}", hint=hint)
    dimensions = len(pad) // 2
    if not dimensions + 1 <= input.ndim <= dimensions + 2:
        raise NotSupported.as_torch(f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.")
    margins = _margins(input.ndim, pad)
    _check_something_is_left(input, margins[-dimensions:], mode)
    if mode == "circular":
        return _wrapped(input, margins, dimensions)
    choose, name = OWN_MARGINS[mode]
    positions = tuple(
        choose(input, axis, before, after) if axis >= input.ndim - dimensions else None
        for axis, (before, after) in enumerate(margins)
    )
    return pad_with_own(input, positions, name, dimensions)
