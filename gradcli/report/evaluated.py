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
    def jacobian(self) -> Mapping[str, Tensor] | None: ...
    @property
    def hessian(self) -> Mapping[str, Mapping[str, Tensor]] | None: ...
    @property
    def grad_fn(self) -> Node | None: ...
    @property
    def profile(self) -> Sequence[Computation] | None: ...


def second_derivatives(evaluation: Evaluated) -> dict[str, Tensor]:
    """The blocks of the Hessian by their two variables, each two once."""
    hessian = evaluation.hessian or {}
    names = list(hessian)
    return {f"{first}, {second}": hessian[first][second] for position, first in enumerate(names) for second in names[position:]}


def labelled(evaluation: Evaluated) -> dict[str, Tensor | None]:
    """All derivatives, each under a name as a program would write it."""
    return {
        **{f"{name}.grad": grad for name, grad in (evaluation.grads or {}).items()},
        **{f"jacobian[{name}]": jacobian for name, jacobian in (evaluation.jacobian or {}).items()},
        **{f"hessian[{names}]": block for names, block in second_derivatives(evaluation).items()},
    }
