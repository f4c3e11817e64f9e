"""Every differentiable declared function against finite differences, first and second derivatives, made from its examples.

Along random directions the derivative that backward gives is compared with a central difference in float64, and so is the one
that forward mode gives; the second derivative with a central difference of the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pytest

from gradcli import autograd
from gradcli.errors import GradcliError, NotSupported
from gradcli.functions import Function, declared

from .trials import (
    AT_A_KINK,
    CONVERSIONS,
    TOLERANCE,
    WITHOUT_DIFFERENCES,
    Example,
    Pair,
    Trial,
    as_cotangents,
    differentiable,
    differentiable_examples,
    gradients,
    run,
    trials,
)

pytestmark = pytest.mark.usefixtures("double_precision")

EXAMPLES = differentiable_examples()


def check(trial: Trial, pairs: Sequence[Pair], tolerance: float) -> list[str]:
    """Where the two ways to a derivative disagree by more than the difference is uncertain."""
    return [
        f"{trial.arrangement.title}: {trial.example.text}: finite difference {numeric.value!r}, gradcli {exact!r}"
        for numeric, exact in pairs
        if numpy.isfinite(numeric.value)  # where the function has no value there is nothing to compare
        and not abs(numeric.value - exact) <= tolerance * max(1.0, abs(exact)) + 4 * numeric.uncertainty
    ]


def label(example: Example) -> str:
    """The test's name."""
    return f"{example.function.qualified_name}: {example.text}"


@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_backward_agrees_with_finite_differences(example: Example) -> None:
    wrong = [line for trial in trials(example) for line in check(trial, trial.first_order(), TOLERANCE)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_forward_mode_agrees_with_finite_differences(example: Example) -> None:
    wrong = [line for trial in trials(example) for line in check(trial, trial.forward(), TOLERANCE)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_the_second_derivative_agrees_with_finite_differences_of_the_gradient(example: Example) -> None:
    kinks = AT_A_KINK.get(example.function.name, ())
    smooth = [trial for trial in trials(example) if trial.arrangement.title not in kinks]
    wrong = [line for trial in smooth for line in check(trial, trial.second_order(), 10 * TOLERANCE)]
    assert not wrong, "\n".join(wrong)


def rules_used(example: Example) -> set[Function]:
    """The functions that an example records, in its own graph and in those of its gradient and second derivative."""
    used: set[Function] = set()
    for trial in trials(example):
        variables, first = trial.gradient({**trial.arrays, **trial.cotangents()})
        recorded = differentiable(first)
        ones = as_cotangents(recorded, {str(number): numpy.ones(tensor.shape) for number, tensor in enumerate(recorded)})
        second = gradients(recorded, variables, ones, create_graph=True)
        for tensor in (*run(example, trial.arrangement, trial.arrays)[1], *first, *second):
            if tensor.grad_fn is not None:
                used.update(node.rule for node in autograd.walk(tensor.grad_fn) if isinstance(node.rule, Function))
    return used


def test_the_examples_reach_every_derivative_rule() -> None:
    reached = set[Function]().union(*(rules_used(example) for example in EXAMPLES))
    exempt = [function for function in declared() if function.family in WITHOUT_DIFFERENCES or function.name in CONVERSIONS]
    missed = [function for function in declared() if function.rules and function not in reached and function not in exempt]
    assert [function.qualified_name for function in missed if not refuses_to_differentiate(function)] == []


def refuses_to_differentiate(function: Function) -> bool:
    """Whether the rules of a function only say that it has no derivative, as PyTorch's do."""
    for rule in function.rules.values():
        try:
            rule(*[None] * rule.__code__.co_argcount)
        except NotSupported:
            continue
        except (AttributeError, TypeError, GradcliError):  # it computes something
            return False
        return False
    return True
