"""LazyArray: what to compute, with shape and dtype known and nothing computed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from gradcli.lazy.dtypes import DType
from gradcli.lazy.settings import settings
from gradcli.lazy.shapes import Size

if TYPE_CHECKING:
    import numpy as np

_next_serial = count().__next__


class LazyArray:
    """An immutable array that has not been computed yet: a primitive applied to operands.

    `serial` grows with construction, so that sorting by it is a topological order. Once a value is worth keeping,
    `buffer` holds it and the operands are let go: a NumPy array, or what the session's device computes with.
    """

    __slots__ = ("buffer", "dtype", "operands", "params", "primitive", "serial", "shape")

    def __init__(
        self, primitive: str, operands: tuple[LazyArray, ...], params: tuple[Any, ...], shape: Size, dtype: DType
    ) -> None:
        self.primitive = primitive
        self.operands = operands
        self.params = params
        self.shape = shape
        self.dtype = dtype
        self.serial = _next_serial()
        self.buffer: np.ndarray | None = None

    def __repr__(self) -> str:
        return f"<lazy {self.primitive} {tuple(self.shape)} {self.dtype.name}>"

    def keep(self, buffer: np.ndarray) -> None:
        """Hold the computed value and let the operands go: what is kept is never computed again."""
        self.buffer = buffer
        self.primitive, self.operands, self.params = "buffer", (), ()


def compute(arrays: Sequence[LazyArray]) -> list[np.ndarray]:
    """The values of all arrays, in one call of the session's evaluator, so that they share common work."""
    if settings.evaluator is None:
        raise RuntimeError("no evaluator: a session hands one down")
    return settings.evaluator(arrays)


def look_at(arrays: Sequence[LazyArray]) -> list[np.ndarray]:
    """The values of arrays, to go by them and not to show them: what a device was given need not be copied back from it."""
    values: list[np.ndarray] = getattr(settings.evaluator, "look_at", compute)(arrays)
    return values


def realize(arrays: Sequence[LazyArray]) -> None:
    """Compute all arrays in one call of the session's evaluator; on a device, their values stay there."""
    evaluator = settings.evaluator
    if evaluator is None:
        raise RuntimeError("no evaluator: a session hands one down")
    getattr(evaluator, "realize", evaluator)(arrays)
