"""A check of any expression finds nothing wrong; with a rule broken, it finds that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings

from gradcli.errors import GradcliError
from gradcli.functions import declared
from gradcli.functions.pointwise import Unary
from gradcli.report.checked import MISMATCH, Check, Finding
from gradcli.session.check import CheckedSession, CheckOptions
from gradcli.session.check.findings import CONVENTIONS
from tests.oracle.cases import LEAVES, named_leaves

from .expressions import Expression, operands

RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(RELAXED, max_examples=15)


def check(text: str, order: int = 1) -> Check:
    """A check of an expression over the shared leaves."""
    session = CheckedSession(seed=0)
    for name in named_leaves(text):
        leaf = LEAVES[name]
        session.bind_value(name, np.array(leaf.values, dtype=leaf.dtype), requires_grad=leaf.requires_grad)
    return session.check(text, CheckOptions(order=order))


def is_wrong(found: Check, finding: Finding) -> bool:
    """Whether a finding speaks of a fault: not of conventions that meet, nor of a gradient that is nan, as PyTorch's is.

    The derivative of a convention need not be one either; among second derivatives only a rule that is to blame is a fault.
    """
    autograd = [gradient.worst.autograd for gradient in found.gradients if gradient.name == finding.gradient and gradient.worst]
    is_convention = finding.hint == CONVENTIONS or (found.order == 2 and finding.grad_fn is None)
    return finding.verdict == MISMATCH and not is_convention and bool(np.isfinite(autograd).all())


@pytest.mark.parametrize(("order", "examples"), [(1, RELAXED), (2, FEW)])
def test_a_check_of_any_expression_finds_nothing_wrong(order: int, examples: settings) -> None:
    @examples
    @given(operands())
    def every(expression: Expression) -> None:
        assume("detach" not in expression.text)
        try:
            found = check(expression.text, order)
        except GradcliError:  # an expression that makes no sense, or has no gradient
            return
        assert [finding.message for finding in found.findings if is_wrong(found, finding)] == []

    every()


def test_a_broken_rule_is_found_in_any_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    sine = next(function for function in declared() if function.name == "sin" and isinstance(function, Unary))
    right = sine._pull_backs

    @RELAXED
    @given(operands())
    def every(expression: Expression) -> None:
        text = f"torch.sin({expression.text}) * 2"
        sine._pull_backs = right
        try:
            found = check(text)
        except GradcliError:
            return
        finite = [gradient.worst for gradient in found.gradients if gradient.worst is not None]
        assume("detach" not in text and found.agrees)
        assume(
            any(
                abs(worst.autograd) > 1e-3 and set(g.verdicts) == {"agrees"}
                for worst, g in zip(finite, found.gradients, strict=False)
            )
        )
        monkeypatch.setattr(sine, "_pull_backs", [lambda g, node: right[0](g, node) * 1.01])
        broken = check(text)
        assert {finding.grad_fn for finding in broken.findings if finding.verdict == MISMATCH} == {"SinBackward0"}

    every()
