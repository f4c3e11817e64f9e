"""The profile of a session: what asked for numbers, and which passes computed them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gradcli.autograd import state
from gradcli.autograd.state import Place
from gradcli.lazy import LazyArray, settings
from gradcli.lazy.memory import peak_memory, restart_peak
from gradcli.lazy.settings import PassProfile, Profile

if TYPE_CHECKING:
    import numpy as np

    from gradcli.lazy.settings import Evaluator


Given = TypeVar("Given")


class Computation(NamedTuple):
    """One call of the evaluator: the place in the program that asked for it, if known, and what it took."""

    place: Place | None
    passes: tuple[PassProfile, ...]
    seconds: float
    planned: int | None  # bytes at the peak, inputs included; None where that is not planned
    taken: int | None  # of them in fact; None where the system does not tell


class Profiler:
    """An evaluator that notes what the one it wraps does."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.computations: list[Computation] = []
        self.device: str = getattr(evaluator, "device", "cpu")
        self._evaluator = evaluator
        self._realize: Callable[[Sequence[LazyArray]], object] = getattr(evaluator, "realize", evaluator)

    def __call__(self, roots: Sequence[LazyArray]) -> list[np.ndarray]:
        """The values of the roots."""
        return self._noted(self._evaluator, roots)

    def realize(self, roots: Sequence[LazyArray]) -> None:
        """Compute the roots, where the evaluator keeps what it computes."""
        self._noted(self._realize, roots)

    def _noted(self, compute: Callable[[Sequence[LazyArray]], Given], roots: Sequence[LazyArray]) -> Given:
        profile = settings.profile = Profile()
        before = restart_peak()
        start = perf_counter()
        try:
            return compute(roots)
        finally:
            settings.profile = None
            seconds = perf_counter() - start
            peak = peak_memory()
            taken = profile.held + peak - before if before is not None and peak is not None else None
            if profile.passes:
                self.computations.append(Computation(state.place, tuple(profile.passes), seconds, profile.planned, taken))
