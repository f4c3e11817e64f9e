"""What a check found: for each gradient its worst element, and for what needs words a finding with its place."""

from __future__ import annotations

from typing import Final, NamedTuple

from gradcli.errors import Related, Source, Span

AGREES: Final = "agrees"
KINK: Final = "kink"  # the slopes on both sides differ, and the gradient is one of them or lies between
JUMP: Final = "jump"  # the function itself jumps
STEEP: Final = "steep"  # the slope is infinite
UNDEFINED: Final = "undefined"  # there are no numbers to compare
UNCLEAR: Final = "unclear"  # the differences are too far off to tell
MISMATCH: Final = "mismatch"

#: From the best to the worst; nothing but the last is a failure.
VERDICTS: Final = (AGREES, KINK, JUMP, STEEP, UNDEFINED, UNCLEAR, MISMATCH)


class Element(NamedTuple):
    """One element of a gradient, or the whole of it along a direction: what autograd and what the differences say."""

    place: tuple[int, ...] | None  # None: along a direction
    autograd: float
    differences: float
    error: float  # how far off the differences may be
    behind: float  # the slope on either side
    ahead: float
    verdict: str

    @property
    def absolute(self) -> float:
        """How far autograd is from the differences."""
        return abs(self.autograd - self.differences)

    @property
    def relative(self) -> float:
        """The same, relative to the larger of both; 0 if neither can be told from 0."""
        larger = max(abs(self.autograd), abs(self.differences))
        return 0.0 if larger <= self.error else self.absolute / larger


class CheckedGradient(NamedTuple):
    """One gradient: how many of its elements were checked, which is worst, and what the verdicts are."""

    name: str
    shape: tuple[int, ...]
    elements: int
    checked: int
    verdicts: dict[str, int]  # how many elements have which, the best first
    worst: Element | None  # None: it has no elements
    directions: tuple[Element, ...]  # all elements together, where not each was checked

    @property
    def verdict(self) -> str:
        """The worst of all."""
        found = [*self.verdicts, *(direction.verdict for direction in self.directions)]
        return max(found, key=VERDICTS.index, default=AGREES)


class CheckedClaim(NamedTuple):
    """A gradient written by hand: with how many elements of autograd's gradient and of the differences it disagrees."""

    name: str
    text: str
    shape: tuple[int, ...]
    elements: int
    checked: int  # by differences
    against_autograd: int
    against_differences: int
    worst: ClaimedElement | None  # None: it has no elements


class ClaimedElement(NamedTuple):
    """One element of a gradient: what the claim, autograd and the differences say; the last None where that is not known."""

    place: tuple[int, ...]
    claim: float
    autograd: float
    differences: float | None


class Finding(NamedTuple):
    """What needs words: an element that disagrees or cannot be compared, and what is to blame."""

    verdict: str
    gradient: str
    place: tuple[int, ...] | None
    message: str
    grad_fn: str | None = None
    source: Source | None = None
    span: Span | None = None
    label: str = ""
    related: tuple[Related, ...] = ()
    hint: str | None = None


class Check(NamedTuple):
    """The outcome of a check."""

    source: Source
    order: int
    tolerance: float
    gradients: tuple[CheckedGradient, ...]
    claims: tuple[CheckedClaim, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing is a mismatch."""
        claims_hold = not any(claim.against_autograd or claim.against_differences for claim in self.claims)
        return claims_hold and all(gradient.verdict != MISMATCH for gradient in self.gradients)
