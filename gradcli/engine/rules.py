"""What rules of rewriting are, and what they ask of arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from gradcli.lazy import ops
from gradcli.lazy.array import LazyArray

Operands = tuple[LazyArray, ...]


class Known(NamedTuple):
    """What rules may ask about the evaluation: how often each array is used, and the exponentials that are computed anyway."""

    uses: Counter[LazyArray]
    exponentials: dict[LazyArray, LazyArray]  # exp(x) by x


#: From a step, whose operands are rewritten already, to what to compute instead, or None.
Rule = Callable[[LazyArray, Operands, Known], LazyArray | None]
Rules = dict[str, tuple[Rule, ...]]


def uniform(array: LazyArray) -> float | None:
    """The number that a floating array holds everywhere, if it is a constant."""
    return float(array.params[0]) if array.primitive == "constant" and array.dtype.is_floating else None


def product_of(factor: float, x: LazyArray) -> LazyArray:
    return ops.binary("mul", ops.constant(factor, x.dtype), x)
