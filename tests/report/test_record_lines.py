"""The records of many evaluations are, to the byte, those that each has by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gradcli.lazy import ops
from gradcli.lazy.dtypes import BY_NAME
from gradcli.report.record_lines import RecordLines
from gradcli.report.records import dump, evaluation_record
from gradcli.session import Evaluation, Session


def like(evaluation: Evaluation, stacks: Sequence[np.ndarray], index: int) -> Evaluation:
    """The evaluation with the numbers of one element of stacks."""
    arrays = [np.asarray(stack[index]) for stack in stacks]
    return evaluation.with_values([ops.from_buffer(array, BY_NAME[array.dtype.name]) for array in arrays])


@pytest.mark.parametrize(
    ("statement", "options"),
    [
        ("sum(x*w)", {}),
        ("x*w", {"jacobian": ["x"]}),
        ("prod(x*w)", {"hessian": ["x", "w"]}),
        ("x.detach()*2", {}),
        ("(x > 0)", {}),
        ("x.long()", {}),
        ("x.half()", {}),
        ("x.double().sum(0)", {}),
        ("x[:, :0]", {}),
        ("x[:0]", {}),
        ("x", {}),
        ("sum(x % w) # 100 % s %d", {}),
    ],
)
def test_texts_are_the_records_of_each(statement: str, options: dict[str, Any]) -> None:
    session = Session()
    rng = np.random.default_rng(0)
    session.bind_values({"x": rng.standard_normal((2, 3)), "w": rng.standard_normal(3)})
    evaluation = session.evaluate(statement, **options)
    results = [evaluation.value, *evaluation.derivatives]
    stacks = []
    for result in results:
        numbers = rng.standard_normal((5, *result.shape)) * 10.0 ** rng.integers(-12, 12, (5, *result.shape))
        with np.errstate(all="ignore"):
            stacks.append(numbers.astype(result.dtype.name))
    lines = [3, 10, 11, 12, 999]
    texts = RecordLines(evaluation).texts(lines, stacks)
    expected = [dump(evaluation_record(like(evaluation, stacks, row), input_line=line)) for row, line in enumerate(lines)]
    for text, other, row in zip(texts, expected, range(5), strict=True):
        is_finite = all(np.isfinite(stack[row]).all() for stack in stacks)
        assert text == (other if is_finite else None)


def test_what_is_not_finite_has_no_text() -> None:
    session = Session()
    session.bind_values({"x": [1.0, 0.0]})
    evaluation = session.evaluate("sum(1/x)")  # whose own numbers are not finite
    value = np.array([1, np.inf, 2, 3], np.float32)
    gradient = np.array([[1, 2], [3, 4], [5, np.nan], [7, 8]], np.float32)
    texts = RecordLines(evaluation).texts([1, 2, 3, 4], [value, gradient])
    assert [text is None for text in texts] == [False, True, True, False]
    assert all(text is None or "nonfinite" not in text for text in texts)
