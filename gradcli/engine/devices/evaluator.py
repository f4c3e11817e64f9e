"""The evaluator of a device: the same lazy programs, computed and kept there; only inputs and reports are copied."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from gradcli.engine.devices.host_integers import on_host
from gradcli.engine.devices.library import Library
from gradcli.engine.devices.program import Program, Refusal, Run, execute, programmed
from gradcli.engine.evaluation import LEAST_ELEMENTS
from gradcli.engine.order import held_elsewhere, reachable, share
from gradcli.engine.primitives import IMPLEMENTATIONS as ON_HOST
from gradcli.engine.rewrite import rewrite
from gradcli.errors import LimitExceeded
from gradcli.lazy.array import LazyArray

Array = Any

# Programs on so many elements are fused when they are first met, others when they are met again: fusing takes its time.
FUSED_AT_ONCE = 1 << 20
# Fused programs that are remembered; the oldest is forgotten first.
MOST_PROGRAMS = 256
# How the libraries, CUDA, its matrix libraries and XLA say that memory is full: each has classes of its own for that.
IS_FULL = re.compile("out.of.memory|cudaErrorMemoryAllocation|STATUS_ALLOC_FAILED|RESOURCE_EXHAUSTED", re.IGNORECASE)


class DeviceEvaluator:
    """Computes on a device, and gives what it is asked for as NumPy arrays.

    What is computed stays on the device: there a lazy array's `buffer` is an array of the library. An input remains where it
    was bound, on the host, and is sent once as long as it lives; what is stored elsewhere is read once. Random numbers are
    drawn on the host, so that they are those of every other device.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.device = library.place
        self._sent = _Copies(library.send)
        self._programs: dict[Program, Run | None] = {}

    def __call__(self, roots: Sequence[LazyArray]) -> list[np.ndarray]:
        """The values of all roots, on the host."""
        with self._working():
            self._realize(roots)
            buffers = [root.buffer for root in roots]
            return [each if isinstance(each, np.ndarray) else self.library.fetch(each) for each in buffers]

    def look_at(self, roots: Sequence[LazyArray]) -> list[np.ndarray]:
        """The same, but what is known on the host is not fetched."""
        known = {root: value for root in roots if (value := on_host(root)) is not None}
        rest = [root for root in roots if root not in known]
        known.update(zip(rest, self(rest) if rest else [], strict=True))
        return [known[root] for root in roots]

    def realize(self, roots: Sequence[LazyArray]) -> None:
        """Compute all roots and keep them on the device."""
        with self._working():
            self._realize(roots)

    @contextmanager
    def _working(self) -> Iterator[None]:
        with self.library.working():
            try:
                yield
            except (MemoryError, RuntimeError) as error:
                if not IS_FULL.search(str(error)):
                    raise
                hint = "use smaller arrays, float32 instead of float64, or --device cpu"
                raise LimitExceeded("the memory of the device is full", hint=hint) from error

    def _realize(self, roots: Sequence[LazyArray]) -> None:
        pending = [root for root in roots if root.buffer is None]
        if not pending:
            return
        order, largest = reachable(pending)
        steps, canonical = share(order)
        order.clear()  # its references would count
        held = held_elsewhere(steps, canonical)
        kept = list(dict.fromkeys([*held, *[canonical.get(root, root) for root in pending]]))
        wanted = kept
        if largest >= LEAST_ELEMENTS:
            steps, instead = rewrite(steps, kept)
            wanted = [instead[array] for array in kept]
        program, sources = programmed(steps, wanted)
        outputs, refusals = self._run_of(program, largest)([self._input(source) for source in sources])
        self._check(refusals)
        values = dict(zip(kept, outputs, strict=True))
        for root in pending:
            root.keep(values[canonical.get(root, root)])
        for array in held:  # not what a root only equals, which may be a constant of the program
            if array.buffer is None:
                array.keep(values[array])

    def _input(self, source: LazyArray) -> Array:
        if source.primitive == "stored":
            source.keep(ON_HOST["stored"](source, []))
        if source.buffer is None:
            return self.library.send(ON_HOST[source.primitive](source, []))
        return self._sent(source.buffer) if isinstance(source.buffer, np.ndarray) else source.buffer

    def _run_of(self, program: Program, largest: int) -> Run:
        """What runs a program: instruction by instruction, or fused by the library if that pays."""
        fused = self.library.fused
        if fused is not None:
            known = program in self._programs
            run = self._programs.get(program)
            if run is None and (known or largest >= FUSED_AT_ONCE or _largest_of(program) >= FUSED_AT_ONCE):
                run = fused(program)
            self._programs[program] = run
            if len(self._programs) > MOST_PROGRAMS:
                del self._programs[next(iter(self._programs))]
            if run is not None:
                return run
        return lambda inputs: execute(self.library, program, inputs)

    def _check(self, refusals: list[tuple[Array, Refusal]]) -> None:
        """Raise the first refusal whose flag is set; all flags are looked at in one copy."""
        if refusals:
            flags = self.library.fetch(self.library.xp.stack([flag for flag, _ in refusals]))
            for flag, (_, refusal) in zip(flags, refusals, strict=True):
                if flag:
                    raise refusal()


def _largest_of(program: Program) -> int:
    return max((prod(instruction.shape) for instruction in program.instructions), default=0)


class _Copies:
    """The device's copies of host arrays: each is made once, and let go with the array that it is a copy of."""

    def __init__(self, send: Callable[[np.ndarray], Array]) -> None:
        self._send = send
        self._copies: dict[int, tuple[weakref.ref[np.ndarray], Array]] = {}

    def __call__(self, buffer: np.ndarray) -> Array:
        identity = id(buffer)
        found = self._copies.get(identity)
        if found is None:
            copies = self._copies
            reference = weakref.ref(buffer, lambda _: copies.pop(identity, None))
            found = copies[identity] = (reference, self._send(buffer))
        return found[1]
