"""Reductions, scans and sorting over an array-API namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcli.engine.devices.elementwise import Array, Implementation, number
from gradcli.lazy.dtypes import bool_, int64

if TYPE_CHECKING:
    from gradcli.engine.devices.program import Execution, Instruction


def _reduction(name: str, takes_dtype: bool) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        axes, keepdims = node.params
        x = number(run, values[0])
        if not axes:
            return run.library.cast(x, node.dtype)
        options = {"dtype": x.dtype} if takes_dtype else {}
        return run.library.cast(getattr(run.xp, name)(x, axis=axes, keepdims=keepdims, **options), node.dtype)

    return implementation


def _truth(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        axes, keepdims = node.params
        x = run.library.cast(values[0], bool_)
        return getattr(run.xp, name)(x, axis=axes, keepdims=keepdims) if axes else x

    return implementation


def _arg_reduce(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        axis, keepdims = node.params
        if not values[0].ndim:
            return run.library.full((), 0, int64)
        found = getattr(run.xp, name)(number(run, values[0]), axis=axis, keepdims=keepdims)
        return run.library.cast(found, int64)

    return implementation


def _scan(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        x = number(run, values[0])
        result = getattr(run.xp, name)(x, axis=node.params[0], dtype=x.dtype) if x.ndim else x
        return run.library.cast(result, node.dtype)

    return implementation


def _running(name: str) -> Implementation:
    """A scan that no namespace has: each step joins runs of elements with the runs before them, twice as long each time."""

    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        result = number(run, values[0])
        axis, join = node.params[0], getattr(run.xp, name)
        length = result.shape[axis] if result.ndim else 1
        before = (slice(None),) * axis
        width = 1
        while width < length:
            later, earlier = result[(*before, slice(width, length), ...)], result[(*before, slice(0, length - width), ...)]
            result = run.xp.concat([result[(*before, slice(0, width), ...)], join(later, earlier)], axis=axis)
            width *= 2
        return run.library.cast(result, node.dtype)

    return implementation


def _argsort(run: Execution, node: Instruction, values: list[Array]) -> Array:
    axis, descending = node.params
    xp, x = run.xp, number(run, values[0])
    if not x.ndim:
        return run.library.full((), 0, int64)
    if not descending:
        return run.library.cast(run.library.argsort(x, axis), int64)
    # Sorting the reversed axis and reversing the outcome keeps equal values in their order, and nan the largest.
    reversed_positions = xp.flip(run.library.argsort(xp.flip(x, axis=axis), axis), axis=axis)
    return x.shape[axis] - 1 - run.library.cast(reversed_positions, int64)


def _searchsorted(run: Execution, node: Instruction, values: list[Array]) -> Array:
    xp, x = run.xp, values[1]
    side = "right" if node.params[0] else "left"
    found = xp.searchsorted(values[0], xp.reshape(x, (-1,)), side=side)
    return run.library.cast(xp.reshape(found, x.shape), int64)


REDUCTIONS: dict[str, Implementation] = {
    "all": _truth("all"),
    "any": _truth("any"),
    "argmax": _arg_reduce("argmax"),
    "argmin": _arg_reduce("argmin"),
    "argsort": _argsort,
    "cummax": _running("maximum"),
    "cummin": _running("minimum"),
    "cumprod": _scan("cumulative_prod"),
    "cumsum": _scan("cumulative_sum"),
    "logcumsumexp": _running("logaddexp"),
    "max": _reduction("max", takes_dtype=False),
    "min": _reduction("min", takes_dtype=False),
    "prod": _reduction("prod", takes_dtype=True),
    "searchsorted": _searchsorted,
    "sum": _reduction("sum", takes_dtype=True),
}
