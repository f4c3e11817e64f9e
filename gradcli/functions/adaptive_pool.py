"""Pools of torch.nn.functional with as many windows as are asked for: the means and the largest elements of parts of an axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Sizes
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import div
from gradcli.functions.max_pool import largest_of_last, put_at
from gradcli.functions.padding import padded
from gradcli.functions.pool_arguments import NUMBER_WORDS, check_signal, one_number
from gradcli.functions.reduce import mean, widened
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.repetition import expand
from gradcli.functions.shape import movedim, squeeze, unsqueeze
from gradcli.functions.slices import along_axis, spread, take_at
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import int64

# ── the parts of an axis ──


def _bounds(size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each part starts and stops: they cover the axis, and may overlap."""
    numbers = np.arange(count)
    return numbers * size // max(count, 1), -(-(numbers + 1) * size // max(count, 1))


def _positions(size: int, count: int) -> np.ndarray:
    """The positions of each part, a row each; what a shorter part lacks is the position behind the last."""
    start, stop = _bounds(size, count)
    within = start[:, None] + np.arange(int((stop - start).max(initial=0)))
    return np.where(within < stop[:, None], within, size)


def _on_integers(numbers: np.ndarray) -> Tensor:
    return Tensor(ops.from_buffer(np.ascontiguousarray(numbers, np.int64), int64))


def _behind(rank: int, axis: int) -> list[tuple[int, int]]:
    """The margins that add one position behind an axis."""
    return [(0, int(other == axis)) for other in range(rank)]


def _parts(x: Tensor, axis: int, count: int, filling: float) -> Tensor:
    """The axis counts parts, and a last axis has their elements."""
    positions = _on_integers(_positions(x.shape[axis], count))
    longer = padded(x, _behind(x.ndim, axis), filling)
    return movedim(take_at(longer, along_axis(axis, x.ndim), (positions,), False), axis + 1, -1)


def _each_in_its_part(g: Tensor, axis: int, size: int) -> Tensor:
    """Each cotangent added at all elements of its part: the adjoint of sums of parts."""
    positions = _positions(size, g.shape[axis])
    everywhere = expand(unsqueeze(g, axis + 1), (*g.shape[: axis + 1], positions.shape[1], *g.shape[axis + 1 :]))
    shape = (*g.shape[:axis], size + 1, *g.shape[axis + 1 :])
    longer = spread(everywhere, shape, along_axis(axis, g.ndim), (_on_integers(positions),), False)
    return padded(longer, [(0, -after) for _, after in _behind(g.ndim, axis)])


# ── means ──


def _lengths(sizes: Sequence[int], counts: Sequence[int]) -> Tensor:
    """How many elements each part has."""
    lengths = np.ones((), np.int64)
    for size, count in zip(sizes, counts, strict=True):
        start, stop = _bounds(size, count)
        lengths = np.multiply.outer(lengths, stop - start)
    return _on_integers(lengths)


def _mean_cotangent(g: Tensor, input: Tensor, counts: tuple[int, ...]) -> Tensor:
    """Each cotangent shared out to all elements of its part; the input is saved, as PyTorch does."""
    sizes = input.shape[-len(counts) :]
    share = div(widened(g), _lengths(sizes, counts))
    first = input.ndim - len(counts)
    for axis, size in enumerate(sizes, first):
        share = _each_in_its_part(share, axis, size)
    return to(share, g.dtype)


@function(
    lambda counts: f"AdaptiveAvgPool{len(counts)}DBackward0",
    name="adaptive_avg_pool",
    public=False,
    examples=("F.adaptive_avg_pool2d(b, (2, 2))", "F.adaptive_avg_pool2d(b, (1, 5))"),
    d_input=_mean_cotangent,
)
def mean_of_parts(input: Tensor, counts: Any) -> Tensor:
    """The means of so many parts of the last axes."""
    sums, first = widened(input), input.ndim - len(counts)
    for axis, count in enumerate(counts, first):
        sums = total(_parts(sums, axis, count, 0.0), -1)
    return to(div(sums, _lengths(input.shape[first:], counts)), input.dtype)


def _averaged(name: str, input: Tensor, counts: tuple[int, ...]) -> Tensor:
    rank = len(counts)
    if input.ndim not in (rank + 1, rank + 2):
        raise misfit(f"{name}(): Expected {rank + 1}D or {rank + 2}D tensor, but got {list(input.shape)}", input)
    if min(counts) < 0:
        listed = ", ".join(map(str, counts))
        message = f"{name}: elements of output_size must be greater than or equal to 0 but received {{{listed}}}"
        raise ValueFault.as_torch(message)
    if set(counts) == {1}:
        return mean(input, tuple(range(-1, -rank - 1, -1)), True)
    _refuse_empty(name, input, rank)
    require_floating(name, input)
    return mean_of_parts(input, counts)


def _refuse_empty(name: str, input: Tensor, rank: int) -> None:
    for axis in range(input.ndim - rank, input.ndim):
        if input.shape[axis] == 0:
            message = (
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, "
                f"but input has sizes {list(input.shape)} with dimension {axis} being empty"
            )
            raise misfit(message, input)


def _counts(name: str, output_size: Any, input: Tensor, rank: int) -> tuple[int, ...]:
    """How many parts each axis is to have; None keeps its size."""
    if isinstance(output_size, int):
        return (output_size,) * rank
    if not isinstance(output_size, (list, tuple)) or not all(isinstance(each, int | None) for each in output_size):
        raise ArgumentError.as_torch(f"{name}(): argument 'output_size' must be tuple of ints")
    if input.ndim < rank:
        raise ShapeMismatch.as_torch(f"Input dimension should be at least {rank + 1}")
    if len(output_size) != rank:
        raise ValueFault.as_torch(f"{name}: output_size must be {rank}", hint=f"give one int or {NUMBER_WORDS[rank]}")
    own = input.shape[input.ndim - rank :]
    return tuple(size if each is None else each for each, size in zip(output_size, own, strict=True))


@function(
    namespace=NN,
    aliases=("adaptive_avg_pool1d",),
    forms=(mean_of_parts, mean),
    examples=("F.adaptive_avg_pool1d(x, 2)",),
)
def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    """The means of so many parts of signals."""
    count = one_number("adaptive_avg_pool1d", "output_size", output_size)
    check_signal("adaptive_avg_pool1d", input)
    return squeeze(_averaged("adaptive_avg_pool2d", unsqueeze(input, -2), (1, count)), -2)


@function(namespace=NN, forms=(mean_of_parts, mean))
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of so many parts of images, along each axis."""
    name = "adaptive_avg_pool2d"
    return _averaged(name, input, _counts(name, output_size, input, 2))


@function(namespace=NN, forms=(mean_of_parts, mean), examples=("F.adaptive_avg_pool3d(b.unsqueeze(0), (1, 2, 2))",))
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The means of so many parts of volumes, along each axis."""
    name = "adaptive_avg_pool3d"
    return _averaged(name, input, _counts(name, output_size, input, 3))


# ── the largest ──


@function(
    lambda counts: f"AdaptiveMaxPool{len(counts)}DBackward0",
    name="adaptive_max_pool",
    public=False,
    results=("values", "indices"),
    returns_named=False,
    kink="ties go to the first",
    examples=("F.adaptive_max_pool2d(b, (2, 2))",),
    d_input=lambda g_values, input, indices, counts: put_at(g_values, indices, input.shape[-len(counts) :]),
)
def largest_of_parts(input: Tensor, counts: Any) -> tuple[LazyArray, LazyArray]:
    """The largest elements of so many parts of the last axes, and where they are."""
    first, parts = input.ndim - len(counts), input
    lengths = []
    for axis, count in enumerate(counts, first):
        parts = _parts(parts, axis, count, -inf)
        lengths.append(parts.shape[-1])
    largest, offset = largest_of_last(parts.array, len(counts))
    return largest, _position(offset, input.shape[first:], counts, lengths)


def _position(offset: LazyArray, sizes: Sequence[int], counts: Sequence[int], lengths: Sequence[int]) -> LazyArray:
    """The positions among all of the last axes, from the offsets in their parts."""
    first, position = len(offset.shape) - len(counts), ops.constant(0, int64)
    for number, (size, count, length) in enumerate(zip(sizes, counts, lengths, strict=True)):
        rest = ops.constant(prod(lengths[number + 1 :]), int64)
        digit = ops.binary("remainder", ops.binary("floor_divide", offset, rest), ops.constant(length, int64))
        start = _on_integers(_bounds(size, count)[0].reshape(-1, *(1,) * (len(offset.shape) - first - number - 1))).array
        coordinate = ops.binary("add", start, digit)
        position = ops.binary("add", ops.binary("mul", position, ops.constant(size, int64)), coordinate)
    return position


def _maximal(rank: int, input: Tensor, counts: tuple[int, ...], return_indices: bool) -> Any:
    _refuse_empty(f"adaptive_max_pool{rank}d", input, rank)
    require_floating(f"adaptive_max_pool{rank}d", input)
    if min(counts) < 0:
        shape = [*input.shape[:-rank], *counts]
        raise ValueFault.as_torch(f"Trying to create tensor with negative dimension {min(counts)}: {shape}")
    values, indices = largest_of_parts(input, counts)
    return (values, indices) if return_indices else values


@function(namespace=NN, forms=(largest_of_parts,), kink="ties go to the first", examples=("F.adaptive_max_pool1d(x, 2)",))
def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    """The largest elements of so many parts of signals."""
    count = one_number("adaptive_max_pool1d", "output_size", output_size)
    check_signal("adaptive_max_pool1d", input)
    values, indices = _maximal(2, unsqueeze(input, -2), (1, count), True)
    return (squeeze(values, -2), squeeze(indices, -2)) if return_indices else squeeze(values, -2)


def _check_images(input: Tensor, rank: int) -> None:
    if input.ndim < rank + 1:
        raise ShapeMismatch.as_torch(f"Input dimension should be at least {rank + 1}")


@function(namespace=NN, forms=(largest_of_parts,), kink="ties go to the first")
def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of so many parts of images, along each axis."""
    _check_images(input, 2)
    return _maximal(2, input, _counts("adaptive_max_pool2d", output_size, input, 2), return_indices)


@function(
    namespace=NN,
    forms=(largest_of_parts,),
    kink="ties go to the first",
    examples=("F.adaptive_max_pool3d(b.unsqueeze(0), (1, 2, 2))",),
)
def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of so many parts of volumes, along each axis."""
    _check_images(input, 3)
    return _maximal(3, input, _counts("adaptive_max_pool3d", output_size, input, 3), return_indices)
