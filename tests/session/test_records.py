"""Records as columns, and what is computed together: results to the bit those of each record by itself."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from gradcli.engine.prepared import Prepared
from gradcli.session import Session
from gradcli.session.records import Alone, Failed, RecordMap, Together, Wanted
from tests.properties.test_records import evaluated, outcome_of, outcomes


def encoded(records: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(record).encode() for record in records]


def kinds_of(statement: str, records: list[dict[str, Any]], constants: list[str] | None = None) -> list[int]:
    """How many records each outcome is of: 1 of what is evaluated by itself, 0 of an error."""
    counts = []
    for outcome in RecordMap(Session(seed=0), Wanted(statement), constants or [])(encoded(records)):
        counts.append({Alone: 1, Failed: 0}.get(type(outcome)) if not isinstance(outcome, Together) else len(outcome.positions))
    return [count for count in counts if count is not None]


def assert_same(
    statement: str, records: list[dict[str, Any]], constants: list[str] | None = None, dtype: str = "float32"
) -> None:
    """Records together give what each gives alone."""
    found = outcomes(RecordMap(Session(dtype, seed=0), Wanted(statement), constants or []), encoded(records))
    for record, outcome in zip(records, found, strict=True):
        assert outcome == outcome_of(evaluated(statement, record, constants or [], dtype)), record


def vectors(count: int, *shape: int, seed: int = 0) -> list[Any]:
    values: list[Any] = np.random.default_rng(seed).standard_normal((count, *shape)).tolist()
    return values


# ── what is computed together ──


def test_records_of_one_structure_are_computed_together_after_the_first() -> None:
    assert kinds_of("sum(x*x)", [{"x": x} for x in vectors(100, 4)]) == [1, 99]


def test_a_structure_that_is_known_is_computed_together_at_once() -> None:
    records = RecordMap(Session(), Wanted("sum(x*x)"))
    lines = encoded([{"x": x} for x in vectors(10, 4)])
    list(records(lines))
    (together,) = records(lines)
    assert isinstance(together, Together)


def test_structures_that_alternate_are_computed_together_each() -> None:
    records = [{"x": x} for pair in zip(vectors(20, 3), vectors(20, 2, 2), strict=True) for x in pair]
    assert kinds_of("sum(x*x)", records) == [1, 1, 19, 19]


@pytest.mark.parametrize(
    "statement",
    [
        "print('x')\nsum(x)",
        "sum(x) * rand(())",
        "sum(x) if sum(x) > 0 else -sum(x)",
        "x.max().item() * sum(x)",
        "(sum(x), 1)",
        "assert x.shape[0] == 4 and sum(x*x) > 0\nsum(x)",
    ],
)
def test_what_looks_at_numbers_is_evaluated_one_by_one(statement: str) -> None:
    with patch("sys.stdout"):
        assert kinds_of(statement, [{"x": x} for x in vectors(6, 4)]) == [1] * 6


def test_a_size_is_prepared_once() -> None:
    records = RecordMap(Session(), Wanted("sum(x*x)"))
    with patch("gradcli.session.batches.Prepared", wraps=Prepared) as made:
        for count in (100, 90, 200, 130, 5, 7, 3, 1, 1, 5000, 9000):
            list(records(encoded([{"x": x} for x in vectors(count, 4)])))
    assert made.call_count <= 7


# ── to the bit ──

ROWS = {
    "sums": "x.sum() + x.sum(0).prod() + (x * 1.1).sum(1).max()",
    "sums of a transposed array": "(x.T * 1.1).sum() + x.T.sum(1).max()",
    "products": "(x @ x.T).sum() + (x @ x[0]).sum()",
    "products with what is shared": "(torch.arange(12.).reshape(3, 4) @ x.T).sin().sum()",
    "sines of float64": "sin(x.double()).sum() + cos(x.double()).sum()",
    "error functions": "torch.erf(x).sum() + F.gelu(x).sum() + torch.erfc(x).sum()",
    "logarithms of sums": "torch.logsumexp(x, 1).sum() + torch.logaddexp(x, x.flip(0)).sum()",
    "normalised": "F.layer_norm(x, (4,)).sum() + F.log_softmax(x, 0)[1].sum()",
    "picked rows": "(x[[2, 0, 2, 1, 1, 0, 2, 2, 1]] * 1.1).sum()",
    "picked columns": "(x[:, [3, 0, 0, 1, 2, 3, 3, 1, 2]] * 1.1).sum(1).prod()",
    "sorted": "(x.sort(1)[0] * 1.1).cumsum(1).sum()",
    "powers": "(x.abs() ** x[0, 0]).sum() + (x.abs() ** 3).sum() + (2.0 ** x).sum()",
    "solved": "torch.linalg.solve(x @ x.T + torch.eye(3), x).sum() + torch.logdet(x @ x.T + torch.eye(3))",
    "factors": "torch.linalg.qr(x.T)[1].abs().sum() + torch.linalg.svdvals(x).sum() + torch.linalg.eigvalsh(x @ x.T).prod()",
    "exponentials of matrices": "torch.linalg.matrix_exp(x @ x.T * 0.3).sum()",
    "half precision": "(x.half().atan() * 3).sum()",
    "statistics": "x.std() + x.var(0).sum() + x.median() + torch.quantile(x, 0.3)",
    "convolved": "F.conv1d(x[None], torch.ones(2, 3, 2)).sum() + F.max_pool1d(x[None], 2).sum()",
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("count", [3, 40, 300])
def test_results_have_the_bits_that_each_record_has_alone(name: str, count: int) -> None:
    assert_same(ROWS[name], [{"x": x} for x in vectors(count, 3, 4)])


@pytest.mark.parametrize("length", [1, 7, 8, 9, 130, 1023, 1024, 1500])
def test_long_rows_are_added_up_and_computed_as_alone(length: int) -> None:
    assert_same("sum(sin(x) * erf(x)) + mean(x) + cos(x[0])", [{"x": x} for x in vectors(12, length)], dtype="float64")
    assert_same("sum(F.gelu(x)) + erf(x[0])", [{"x": x} for x in vectors(12, length)])


def test_a_record_as_large_as_what_is_streamed_is_evaluated_by_itself() -> None:
    assert kinds_of("sum(x.expand(200000))", [{"x": x} for x in vectors(3, 1)]) == [1, 1, 1]


def test_exponents_of_records_may_have_shorter_ways() -> None:
    records = [{"x": 1.7, "n": n} for n in (2, 3, 0.5, -1, 2.5, -0.5, 2)]
    assert_same("x ** n", records)
    assert_same("x ** n", [{"x": 3, "n": n} for n in (2, 3, -1, 0)], constants=["x", "n"])


# ── bindings ──


def test_numbers_are_converted_as_each_would_be() -> None:
    numbers = [1, 2.5, 2**24 + 1, 2**53 + 1, 2**62 + 2**38 + 1, -(2**63), 1e300, 1e-320, -0.0]
    for start in range(len(numbers)):
        for stop in range(start + 1, len(numbers) + 1):
            assert_same("x", [{"x": [number, 1]} for number in numbers[start:stop]])
            assert_same("x", [{"x": number} for number in numbers[start:stop]])


def test_whole_numbers_beyond_int64_are_floating_where_fields_are() -> None:
    records = [{"x": [number, 1]} for number in (2.5, 2**63, 2**64 - 1, 2**64, 10**30, -(10**30), 3)]
    found = outcomes(RecordMap(Session(), Wanted("x")), encoded(records))
    assert found == [
        outcome_of(evaluated("x", {"x": [float(number) for number in record["x"]]}, [], "float32")) for record in records
    ]


def test_constants_are_whole_or_floating_each_by_itself() -> None:
    for values in ([1, 2, 3], [1.0, 2], [1, 2.0, True], [[1, 2], [1, 2.5]], [[True, False], [1, 0]], [[], [1]], [[[1]], [[2.0]]]):
        assert_same("x", [{"x": value} for value in values], constants=["x"])
        assert_same("x", [{"x": value} for value in values])


def test_fields_in_another_order_are_another_structure() -> None:
    assert_same("sum(x*y)", [{"x": [1, 2], "y": [3, 4]}, {"y": [3, 4], "x": [1, 2]}] * 3)


def test_a_failing_record_is_found_among_many() -> None:
    records = [{"x": [[1, 0], [0, number % 10]]} for number in range(64)]
    found = list(RecordMap(Session(), Wanted("torch.linalg.inv(x)"))(encoded(records)))
    failed = [outcome.position for outcome in found if isinstance(outcome, Failed)]
    assert failed == [number for number in range(64) if number % 10 == 0]
    assert sum(len(outcome.positions) for outcome in found if isinstance(outcome, Together)) > 40


def test_what_is_known_has_a_bound_and_results_do_not_depend_on_it() -> None:
    records = [{"x": [float(number)] * (1 + number % 5)} for number in range(40)]
    with patch("gradcli.session.records.MOST_KNOWN", 3), patch("gradcli.session.records.MOST_STEPS", 20):
        function = RecordMap(Session(), Wanted("sum(x*x)"))
        for _ in range(2):
            found = outcomes(function, encoded(records))
            assert found == [outcome_of(evaluated("sum(x*x)", record, [], "float32")) for record in records]
            assert len(function._known) <= 3
            assert function._steps == sum(known.steps for known in function._known.values()) <= 20
