"""Per-thread state of recording: whether gradients are recorded, and which piece of source is being evaluated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from gradcli.errors import Source, Span

if TYPE_CHECKING:
    from gradcli.autograd.tensor import Tensor


class Place(Protocol):
    """A piece of a source text."""

    source: Source
    span: Span


class State(threading.local):
    """The interpreter sets `place` before it applies a function, so that recorded nodes know where they come from.

    Who takes a graph apart afterwards lets nodes keep what they computed, and is told of each leaf that a program makes.
    """

    grad_enabled: bool = True
    place: Place | None = None
    keeps_values: bool = False
    new_leaf: Callable[[Tensor], object] | None = None


state = State()


class GradMode:
    """A block in which gradients are recorded or not: `torch.no_grad()`, `torch.enable_grad()`."""

    __slots__ = ("_before", "enabled")

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(state.grad_enabled)
        state.grad_enabled = self.enabled

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        state.grad_enabled = self._before.pop()


class SwitchedMode(GradMode):
    """`torch.set_grad_enabled(mode)`: takes effect at once, and until the block ends if it is used in a `with`."""

    __slots__ = ()

    def __init__(self, enabled: bool) -> None:
        super().__init__(enabled)
        super().__enter__()

    def __enter__(self) -> None:
        """Nothing to do: the mode was switched when it was made."""
