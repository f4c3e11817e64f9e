"""Any expression over the functions gives PyTorch's value and gradients, or PyTorch's error, where PyTorch is installed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from gradcli.errors import GradcliError
from tests.oracle import gradcli_side
from tests.oracle.cases import LEAVES, Case, Leaf, named_leaves
from tests.oracle.observation import Record, differences
from tests.oracle.test_errors import sentence

from .expressions import Expression, operands

pytest.importorskip("torch", reason="the live comparison needs PyTorch")

ASPECTS = ("value", "grads", "graph", "backward_error")
LARGEST = 1e12  # beyond it the rounding of two libraries may differ visibly


def nudged(values: Any, factor: float) -> Any:
    """Numbers changed in their last digits."""
    return [nudged(value, factor) for value in values] if isinstance(values, list) else values * factor


def is_well_conditioned(case: Case, record: Record) -> bool:
    """Whether PyTorch itself gives nearly the same when its inputs change in their last digits; else rounding decides."""
    from tests.oracle import torch_side

    for factor in (1 + 1e-13, 1 - 1e-13):
        leaves: dict[str, Leaf] = {
            name: leaf._replace(values=nudged(leaf.values, factor)) if leaf.dtype == "float64" else leaf
            for name, leaf in LEAVES.items()
        }
        again = torch_side.observe(case.program(leaves))
        if differences(parts(record), parts(again)):
            return False
    return True


def parts(record: Record) -> Record:
    """What is compared of a record."""
    return {aspect: record[aspect] for aspect in ASPECTS if aspect in record}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(operands())
def test_any_expression_gives_the_value_and_gradients_or_the_error_of_pytorch(expression: Expression) -> None:
    from tests.oracle import torch_side

    case = Case("random", expression.text, named_leaves(expression.text))
    program = case.program()
    refusal = torch_side.refusal(program)
    if refusal["class"] is not None:
        with pytest.raises(GradcliError) as caught:
            gradcli_side.evaluate(program)
        assert sentence(caught.value.torch_message or caught.value.message) == sentence(refusal["message"])
        return
    expected = torch_side.observe(program)
    found = differences(parts(expected), parts(gradcli_side.observe(program)))
    if found:
        assume(is_well_conditioned(case, expected))
    assert not found, expression.text + "\n" + "\n".join(found)
