"""The evaluator that a session hands down: small arrays are computed whole, large ones streamed in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.engine.order import reachable, share
from gradcli.engine.whole import compute_steps
from gradcli.lazy.array import LazyArray

if TYPE_CHECKING:
    import numpy as np

# What starts from fewer elements is computed whole: threads and blocks would cost more than they save.
LEAST_ELEMENTS = 1 << 17


def evaluate(roots: Sequence[LazyArray]) -> list[np.ndarray]:
    """The values of all roots, as `whole.evaluate`."""
    pending = [root for root in roots if root.buffer is None]
    if pending:
        order, largest = reachable(pending)
        steps, canonical = share(order)
        order.clear()  # its references would count
        if largest < LEAST_ELEMENTS or not _streamed(pending, steps, canonical):
            compute_steps(pending, steps, canonical)
    return [root.buffer for root in roots if root.buffer is not None]


def _streamed(
    pending: list[LazyArray], steps: list[tuple[LazyArray, tuple[LazyArray, ...]]], canonical: dict[LazyArray, LazyArray]
) -> bool:
    from gradcli.engine.blocks import stream_steps

    return stream_steps(pending, steps, canonical, LEAST_ELEMENTS)
