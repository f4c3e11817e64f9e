"""How each lazy primitive is computed over an array-API namespace: one table for all device libraries."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from gradcli.engine.devices.elementwise import ELEMENTWISE, Array, Implementation
from gradcli.engine.devices.indexing import INDEXING
from gradcli.engine.devices.matrices import MATRICES
from gradcli.engine.devices.reductions import REDUCTIONS
from gradcli.engine.primitives import no_value
from gradcli.lazy.dtypes import float64, int64

if TYPE_CHECKING:
    from gradcli.engine.devices.program import Execution, Instruction


# ── shape ──


def _basic_index(slices: Sequence[tuple[int, int, int]], shape: Sequence[int]) -> tuple[slice, ...]:
    return tuple(
        slice(start, min(start + number * step, size), step) if number else slice(0, 0)
        for (start, number, step), size in zip(slices, shape, strict=True)
    )


def _slice(run: Execution, node: Instruction, values: list[Array]) -> Array:
    return values[0][_basic_index(node.params[0], values[0].shape)]


def _place(run: Execution, node: Instruction, values: list[Array]) -> Array:
    slices, shape = node.params
    zeros = run.library.full(shape, 0, node.dtype)
    return run.library.assign(zeros, _basic_index(slices, shape), values[0]) if prod(values[0].shape) else zeros


def _add_part(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, part = values
    index = _basic_index(node.params[0], x.shape)
    return run.library.assign(run.xp.asarray(x, copy=True), index, x[index] + part) if prod(part.shape) else x


def _flip(run: Execution, node: Instruction, values: list[Array]) -> Array:
    return run.xp.flip(values[0], axis=node.params[0]) if node.params[0] else values[0]


# ── sources ──


def _constant(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """One number; an integer that the dtype does not hold wraps around."""
    value, dtype = node.params[0], node.dtype
    number = run.library.full((), value, dtype if dtype.is_floating else int64)
    number = run.library.cast(number, dtype)
    return run.xp.broadcast_to(number, tuple(node.shape)) if node.shape else number


def _arange(run: Execution, node: Instruction, values: list[Array]) -> Array:
    start, step, length = node.params
    exact = run.library.cast(run.library.count(length), float64 if node.dtype.is_floating else int64)
    return run.library.cast(exact * step + start, node.dtype)


IMPLEMENTATIONS: dict[str, Implementation] = {
    **ELEMENTWISE,
    **INDEXING,
    **MATRICES,
    **REDUCTIONS,
    "add_part": _add_part,
    "arange": _arange,
    "broadcast_to": lambda run, node, values: run.xp.broadcast_to(values[0], tuple(node.shape)),
    "concatenate": lambda run, node, values: run.xp.concat(values, axis=node.params[0]),
    "constant": _constant,
    "flip": _flip,
    "permute": lambda run, node, values: run.xp.permute_dims(values[0], node.params[0]),
    "place": _place,
    "placeholder": lambda run, node, values: no_value(),
    "reshape": lambda run, node, values: run.xp.reshape(values[0], tuple(node.shape)),
    "slice": _slice,
}
