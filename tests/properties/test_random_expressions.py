"""Any expression over the functions gives PyTorch's value and gradients, or PyTorch's error, where PyTorch is installed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from gradcli.errors import GradcliError
from tests.oracle import gradcli_side
from tests.oracle.cases import LEAVES, Case, Leaf, case_of
from tests.oracle.observation import Record, differences

from .expressions import Expression, operands

pytest.importorskip("torch", reason="the live comparison needs PyTorch")

ASPECTS = ("value", "grads", "graph", "backward_error")
LAST_DIGITS = {"float64": 1e-13, "float32": 2e-7}

TO_SINGLE = (">", "<", ".any", ".all", ".arg")  # truth values and positions, which functions convert to float32

#: PyTorch words one mistake in many ways; what its sentences speak of, and the codes that say the same.
KINDS = (
    (r"shapes cannot be multiplied", {"shape-mismatch", "dtype-mismatch"}),  # one of them is looked at first
    (r"Dimension out of range|Dimension specified as", {"dimension-out-of-range"}),
    (r"out of bounds|out of range|too many indices|0-dim tensor", {"index-out-of-range"}),
    (r"bool tensor|dtype|not implemented for|data type|floating point", {"dtype-mismatch"}),
    (r"reduction dim|non-zero size|numel\(\)", {"shape-mismatch", "index-out-of-range"}),
    (r"does not require grad", {"no-grad-required"}),
    (r"size|shape|dimension|matrix|1D|2D|vector|multiplied", {"shape-mismatch"}),
)


def codes_for(message: str) -> set[str]:
    """The codes of which one must be given for a sentence of PyTorch."""
    for pattern, codes in KINDS:
        if re.search(pattern, message):
            return codes
    raise AssertionError(f"a kind of refusal that the table does not know: {message}")


def nudged(values: Any, factor: float) -> Any:
    """Numbers changed in their last digits."""
    return [nudged(value, factor) for value in values] if isinstance(values, list) else values * factor


def is_well_conditioned(case: Case, record: Record) -> bool:
    """Whether PyTorch itself gives nearly the same when its inputs change in their last digits; else rounding decides."""
    from tests.oracle import torch_side

    for sign in (1, -1):
        leaves: dict[str, Leaf] = {
            name: leaf._replace(values=nudged(leaf.values, 1 + sign * LAST_DIGITS[leaf.dtype]))
            if leaf.dtype in LAST_DIGITS
            else leaf
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

    case = case_of("random", "expression", expression.text)
    program = case.program()
    refusal = torch_side.refusal(program)
    if refusal["class"] is not None:
        with pytest.raises(GradcliError) as caught:
            gradcli_side.evaluate(program)
        assert caught.value.code in codes_for(refusal["message"]), (expression.text, refusal["message"], caught.value.message)
        return
    expected = torch_side.observe(program)
    assume("backward_error" not in expected)  # PyTorch stumbles over its own derivative, for example of float ** bool
    single = any(LEAVES[name].dtype != "float64" for name in case.leaves) or any(word in expression.text for word in TO_SINGLE)
    precision = "float32" if single else "float64"
    found = differences(parts(expected), parts(gradcli_side.observe(program)), precision=precision)
    if found:
        assume(is_well_conditioned(case, expected))
    assert not found, expression.text + "\n" + "\n".join(found)
