"""A device library: its array-API namespace, and the few things that the array API leaves to each library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.engine.devices.elementwise import NUMERIC
from gradcli.lazy.dtypes import INTEGER, LIMITS, DType, bool_, int32, int64

if TYPE_CHECKING:
    from gradcli.engine.devices.program import Program, Run

Array = Any  # of the library; NumPy's own arrays are typed as such


class Library:
    """What the table of primitives needs of a library, on one of its devices; the defaults are the array API's.

    Only `send` and `fetch` move elements between host and device.
    """

    def __init__(self, xp: Any, place: str, device: Any = None) -> None:
        self.xp = xp
        self.place = place  # the device as PyTorch writes it: cpu, cuda:0, ...
        self.device = device  # where arrays are made; None: where `working` says
        self._dtypes: dict[DType, Any] = {}

    #: Functions that the namespace lacks or that need care, by the primitive that they compute from its operands' values.
    own: Mapping[str, Callable[..., Array]] = {}
    #: A program as fewer calls of the library, in which what is computed element by element is fused, if the library can.
    fused: Callable[[Program], Run] | None = None

    #: Lower factors, and flags of matrices that are not positive definite, if the library raises no error for these.
    cholesky: Callable[[Array], tuple[Array, Array]] | None = None

    def working(self) -> AbstractContextManager[Any]:
        """What every use of the library is wrapped in."""
        return nullcontext()

    def send(self, buffer: np.ndarray) -> Array:
        """A copy on the device, a CPU's memory included: what is kept must not change with the caller's array."""
        return self.xp.asarray(buffer, device=self.device, copy=True)

    def fetch(self, array: Array) -> np.ndarray:
        """A copy on the host."""
        return np.asarray(array)

    def assign(self, target: Array, index: tuple[slice, ...] | Array, values: Array) -> Array:
        """The target with elements replaced: slices of it, or positions of a flat one. The target is nobody else's."""
        target[index] = values
        return target

    def join_at(self, target: Array, positions: Array, values: Array, primitive: str) -> Array:
        """A flat target whose elements at positions, one at least, are joined by a primitive with all values for them.

        Positions may occur several times, and the target is nobody else's. Sorted by position, values are joined with earlier
        ones, twice as many each time; the last of a position has them all. So the bits do not depend on the order of threads,
        as they do where additions are atomic.
        """
        xp, join, length, size = self.xp, getattr(self.xp, NUMERIC[primitive]), positions.shape[0], target.shape[0]
        order = self.argsort(positions, 0)
        place, joined = xp.take(positions, order, axis=0), xp.take(values, order, axis=0)
        width = 1
        while width < length:
            same = place[width:] == place[: length - width]
            later = joined[width:]
            joined = xp.concat([joined[:width], xp.where(same, join(later, joined[: length - width]), later)])
            width *= 2
        is_last = xp.concat([place[1:] != place[: length - 1], self.full((1,), True, bool_)])
        unique = xp.where(is_last, place, self.full((), size, int64))  # the others go to a place more
        target = xp.concat([target, target[:1]])
        return self.assign(target, unique, join(xp.take(target, unique, axis=0), joined))[:size]

    def argsort(self, array: Array, axis: int) -> Array:
        """The positions of elements in order; equal ones keep theirs."""
        return self.xp.argsort(array, axis=axis, stable=True)

    def slogdet(self, matrix: Array) -> tuple[Array, Array]:
        """The sign and the logarithm of the size of determinants, by pivots."""
        found: tuple[Array, Array] = self.xp.linalg.slogdet(matrix)
        return found

    def integer_power(self, base: Array, exponent: Array) -> Array:
        """Powers of integers, whose exponents are not negative; they wrap around."""
        return self.xp.pow(base, exponent)

    def dtype(self, dtype: DType) -> Any:
        """The namespace's own name of an element type."""
        found = self._dtypes.get(dtype)
        if found is None:
            found = self._dtypes[dtype] = getattr(self.xp, dtype.name)
        return found

    def cast(self, array: Array, dtype: DType) -> Array:
        """The array as another element type; itself if it is of that type."""
        xp, wanted = self.xp, self.dtype(dtype)
        if array.dtype == wanted:
            return array
        if dtype.kind == INTEGER and xp.isdtype(array.dtype, "real floating"):
            array = self._whole(array, int64 if dtype is int64 else int32)
        return xp.astype(array, wanted)

    def _whole(self, array: Array, dtype: DType) -> Array:
        """Floating numbers as int32 or int64, and the least one for what that does not hold, as x86 and so PyTorch have it.

        Narrower integers are made of these by wrapping around: elsewhere conversions end at the bounds of the type, or differ.
        """
        least = LIMITS[dtype][0]
        is_held = (array >= float(least)) & (array < -float(least))
        return self.xp.where(is_held, self.xp.astype(array, self.dtype(dtype)), self.full((), least, dtype))

    def full(self, shape: Sequence[int], value: bool | int | float, dtype: DType) -> Array:
        """One number everywhere, in memory of its own."""
        return self.xp.full(tuple(shape), value, dtype=self.dtype(dtype), device=self.device)

    def count(self, length: int) -> Array:
        """0, 1, ... as int64."""
        return self.xp.arange(length, dtype=self.xp.int64, device=self.device)
