"""Batches: a trace of one record, made again for several records at a time, each with the bits that it has alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from gradcli.engine.batches import most_together
from gradcli.engine.prepared import Prepared
from gradcli.lazy import LazyArray, Size
from gradcli.lazy.batching import Elements, NoSuchBatch
from gradcli.session.trace import arrays_behind

if TYPE_CHECKING:
    from gradcli.session.trace import Trace

#: What is prepared: smaller batches are filled up to one of these sizes.
SIZES = (1, 4, 16, 64, 256, 1024, 4096)


class Batches:
    """How the roots of a trace are computed for stacks of inputs; prepared for a few sizes, each when it is first needed."""

    def __init__(self, trace: Trace, most_bytes: int | None = None) -> None:
        self.steps = trace.steps
        self._trace = trace
        self._prepared: dict[int, Prepared] = {}
        arrays = list(arrays_behind(trace.roots, ()))
        most = min(most_together([*arrays, *trace.inputs]), SIZES[-1])
        if most_bytes is not None:
            most = min(most, most_bytes // max(1, sum(prod(array.shape) * array.dtype.itemsize for array in arrays)))
        self.is_possible = most > 0 and bool(trace.inputs)
        self._sizes = [*(size for size in SIZES if size < most), most] if most > 1 and self._has_rules() else [1]

    def run(self, stacks: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
        """The values of the roots, stacked as well, for some of the elements of stacks at a time."""
        count, largest = len(stacks[0]), self._sizes[-1]
        for start in range(0, count, largest):
            parts = [stack[start : start + largest] for stack in stacks]
            length = len(parts[0])
            size = next(size for size in self._sizes if size >= length)
            if size == 1:
                yield [values[np.newaxis] for values in self._for(1).run([np.asarray(part[0]) for part in parts])]
                continue
            if size > length:
                parts = [np.concatenate([part, np.repeat(part[-1:], size - length, 0)]) for part in parts]
            yield [values[:length] for values in self._for(size).run(parts)]

    def _for(self, size: int) -> Prepared:
        """The computation of a batch."""
        if size not in self._prepared:
            inputs, roots = self._trace.inputs, self._trace.roots
            if size > 1:
                elements = Elements(size, to_the_bit=True)
                inputs = [LazyArray("input", (), (), Size((size, *array.shape)), array.dtype) for array in inputs]
                for array, whole in zip(self._trace.inputs, inputs, strict=True):
                    elements.put(array, whole)
                roots = [elements.repeated(root) for root in roots]
            self._prepared[size] = Prepared(inputs, roots)
        return self._prepared[size]

    def _has_rules(self) -> bool:
        """Whether there is a batch of any size."""
        try:
            self._for(SIZES[1])
        except NoSuchBatch:
            return False
        return True
