"""Evaluated: what the reports need to know of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gradcli.autograd.node import Node
from gradcli.autograd.tensor import Tensor
from gradcli.errors import Source
from gradcli.report.profile import Computation


class Evaluated(Protocol):
    """A value, its source, and the gradients by variable; None where there are none, a None gradient where none arrived."""

    @property
    def source(self) -> Source: ...
    @property
    def value(self) -> object: ...
    @property
    def grads(self) -> Mapping[str, Tensor | None] | None: ...
    @property
    def grad_fn(self) -> Node | None: ...
    @property
    def profile(self) -> Sequence[Computation] | None: ...
