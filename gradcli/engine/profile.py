"""What passes over whole arrays did, for who asked for a profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from time import perf_counter

from gradcli.engine.memory import bytes_of
from gradcli.engine.order import Step
from gradcli.lazy.settings import PassProfile, settings


@contextmanager
def profiled_whole(steps: Sequence[Step]) -> Iterator[None]:
    """Add the computation of steps one after the other to the profile, if there is one."""
    start = perf_counter()
    yield
    if settings.profile is not None and steps:
        read = sum(prod(operand.shape) * operand.dtype.itemsize for _, operands in steps for operand in operands)
        written = sum(bytes_of(array) for array, _ in steps)
        lines = tuple([f"{array.primitive} {tuple(array.shape)} {array.dtype.name}" for array, _ in steps])
        settings.profile.passes.append(PassProfile(len(steps), None, 1, 1, read, written, perf_counter() - start, lines))
