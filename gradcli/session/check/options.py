"""What a check is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

DEFAULT_TOLERANCE = 1e-6


class Claim(NamedTuple):
    """A gradient written by hand: of which leaf, and the expression."""

    name: str
    text: str


class CheckOptions(NamedTuple):
    """What is checked, and how closely."""

    wrt: Sequence[str] | None = None
    grad_output: Any = None
    order: int = 1
    tolerance: float = DEFAULT_TOLERANCE
    samples: int | None = None  # elements of each gradient; None: all of a small one, some of a large one
    claims: Sequence[Claim] = ()
