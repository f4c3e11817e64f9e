"""Types mix as in PyTorch: every pair of dtypes, as tensors with dimensions, 0-dim tensors and Python numbers, on both sides."""

from __future__ import annotations

import pytest

from gradcli.errors import GradcliError
from gradcli.functions.pointwise import common_dtype

from . import gradcli_side
from .golden_files import golden
from .promotion import DTYPES, OPERATIONS, operands, pairs


@pytest.mark.parametrize("left", operands())
def test_result_types_are_those_of_pytorch(left: str) -> None:
    texts = operands()
    wrong = []
    for first, right in pairs():
        if first != left:
            continue
        expected = golden("promotion")[f"{left}, {right}"]
        for name, operation in OPERATIONS.items():
            got = dtype_of(operation.format(a=texts[left], b=texts[right]))
            if got != expected[name]:
                wrong.append(f"{name}({left}, {right}): expected {expected[name]}, got {got}")
        got = str(common_dtype(gradcli_side.evaluate(texts[left]), gradcli_side.evaluate(texts[right])))
        if got != expected["result_type"]:
            wrong.append(f"result_type({left}, {right}): expected {expected['result_type']}, got {got}")
    assert not wrong, "\n".join(wrong)


def dtype_of(expression: str) -> str:
    """The dtype of an expression's value, or that gradcli refuses it."""
    try:
        value = gradcli_side.evaluate(expression)
    except GradcliError:
        return "refused"
    return str(value.dtype)


def test_the_golden_file_holds_every_pair() -> None:
    assert list(golden("promotion")) == [f"{left}, {right}" for left, right in pairs()]
    assert len(DTYPES) == 9
