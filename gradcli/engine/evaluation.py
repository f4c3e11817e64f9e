"""The evaluator that a session hands down: small arrays are computed whole, large ones streamed in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from gradcli.engine.order import Step, reachable, share
from gradcli.engine.whole import compute_steps
from gradcli.lazy.array import LazyArray
from gradcli.lazy.settings import settings

if TYPE_CHECKING:
    import numpy as np

# Where no array has as many elements all are computed whole: threads and blocks would cost more than they save.
LEAST_ELEMENTS = 1 << 17


def evaluate(roots: Sequence[LazyArray]) -> list[np.ndarray]:
    """The values of all roots, as `whole.evaluate`."""
    pending = [root for root in roots if root.buffer is None]
    if pending:
        order, largest = reachable(pending)
        steps, canonical = share(order)
        order.clear()  # its references would count
        if largest < LEAST_ELEMENTS or not _streamed(pending, steps, canonical):
            _compute_whole(pending, steps, canonical, largest)
    return [root.buffer for root in roots if root.buffer is not None]


def _streamed(pending: list[LazyArray], steps: list[Step], canonical: dict[LazyArray, LazyArray]) -> bool:
    from gradcli.engine.blocks import stream_steps

    return stream_steps(pending, steps, canonical, LEAST_ELEMENTS)


def _compute_whole(pending: list[LazyArray], steps: list[Step], canonical: dict[LazyArray, LazyArray], largest: int) -> None:
    if largest >= LEAST_ELEMENTS or settings.max_memory is not None or settings.profile is not None:
        from gradcli.engine.memory import bytes_held, check_peak, inputs_of, peak_of_steps

        peak = peak_of_steps(steps, {canonical.get(root, root) for root in pending})
        check_peak(bytes_held(inputs_of(steps)), peak, steps)
    if settings.profile is None and largest < LEAST_ELEMENTS:
        compute_steps(pending, steps, canonical)
        return
    from gradcli.engine.profile import profiled_whole
    from gradcli.engine.threads import interruptibly

    with profiled_whole(steps):
        interruptibly(partial(compute_steps, pending, steps, canonical))
