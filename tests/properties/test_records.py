"""Records that arrive together have the results, to the bit, that each has when it is evaluated by itself."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gradcli.errors import GradcliError
from gradcli.language import parse
from gradcli.language.scopes import mentions
from gradcli.session import Session
from gradcli.session.evaluation import Evaluation
from gradcli.session.records import Alone, Failed, RecordMap, Together, Wanted
from gradcli.session.values import tensors_in

from .test_executors import ANY_HEALTH, Program, programs

#: What is told of an evaluation: the bits of its tensors, or the sentence of the error; nothing of a blank line.
Outcome = list[tuple[Any, ...]] | str | None


def test_an_evaluation_is_known_by_its_bits() -> None:
    assert outcome_of(evaluated("x", {"x": 0.0})) != outcome_of(evaluated("x", {"x": -0.0}))


@given(programs(), st.sampled_from(["float32", "float64"]), st.data())
@settings(ANY_HEALTH, max_examples=300)
def test_records_together_give_what_each_gives_alone(program: Program, dtype: str, data: st.DataObject) -> None:
    records = data.draw(records_for(program))
    mentioned = mentions(parse(program.text))
    assume(mentioned.called.isdisjoint(program.arrays))  # a field is refused if it has the name of a function
    constants = [name for name, array in program.arrays.items() if array.dtype.kind != "f" and name in mentioned.all]

    lines = [json.dumps(record).encode() for record in records]
    cut = data.draw(st.integers(0, len(lines)))
    function = RecordMap(Session(dtype, seed=0), Wanted(program.text), constants)
    found = outcomes(function, lines[:cut]) + outcomes(function, lines[cut:])

    for record, outcome in zip(records, found, strict=True):
        try:
            expected = outcome_of(evaluated(program.text, record, constants, dtype))
        except GradcliError as error:
            expected = error.message
        assert outcome == expected


@given(
    st.lists(
        st.sampled_from([b'{"x": [1, 2.5]}', b'{"x": 3, "y": {"a": [null]}}', b'{"x": [[true], [1e5]]}', b'{"z": 1}', b" "])
    ),
    st.data(),
)
@settings(ANY_HEALTH, max_examples=300)
def test_any_line_has_an_answer_of_its_own_whatever_is_around_it(lines: list[bytes], data: st.DataObject) -> None:
    for position, line in enumerate(lines):
        if data.draw(st.booleans()):
            start, length = data.draw(st.integers(0, len(line))), data.draw(st.integers(0, 3))
            piece = data.draw(st.binary(max_size=2) | st.sampled_from([b"[", b"]", b'"', b",", b"9" * 30, b"x", b"e999", b"NaN"]))
            lines[position] = (line[:start] + piece + line[start + length :]).replace(b"\n", b"")
    together = RecordMap(Session(), Wanted("sum(x*x)"))
    found = outcomes(together, lines)
    alone = [outcomes(RecordMap(Session(), Wanted("sum(x*x)")), [line])[0] for line in lines]
    assert found == alone
    assert outcomes(together, lines) == alone


@st.composite
def records_for(draw: DrawFn, program: Program) -> list[dict[str, Any]]:
    """Records of the structure of a program's arrays; enough of them for a batch."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.sampled_from([2, 3, 5, 17, 70]))
    special = draw(st.sampled_from([[], [0.0], [-0.0, 0.0], [1.0, 2.0, 0.5], [1e300, 1e-310], [710.0, -88.0]]))
    return [{name: numbers_like(array, rng, special) for name, array in program.arrays.items()} for _ in range(count)]


def numbers_like(array: np.ndarray, rng: np.random.Generator, special: list[float]) -> Any:
    """Other numbers of the same shape, as JSON has them."""
    if array.dtype.kind == "b":
        return (rng.random(array.shape) < 0.5).tolist()
    if array.dtype.kind == "i":
        return rng.integers(-3, 4, array.shape).tolist()
    values = rng.standard_normal(array.shape) * rng.choice([0.01, 1, 30])
    for number in special:
        values = np.where(rng.random(array.shape) < 0.15, number, values)
    return values.tolist()


def evaluated(text: str, record: dict[str, Any], constants: list[str] | None = None, dtype: str = "float64") -> Evaluation:
    """What a session of its own gives for one record, bound as --let and --const do."""
    session = Session(dtype, seed=0)
    for name, value in record.items():
        session.bind_value(name, value, requires_grad=name not in (constants or ()))
    return session.evaluate(text)


def outcomes(records: RecordMap, lines: list[bytes]) -> list[Outcome]:
    """What comes of each line."""
    found: dict[int, Outcome] = {}
    for outcome in records(lines):
        match outcome:
            case Alone(position, evaluation):
                found[position] = outcome_of(evaluation)
            case Failed(position, error):
                found[position] = error.message
            case Together(positions):
                for index, position in enumerate(positions):
                    found[position] = outcome_of(outcome.one(index))
    return [found.get(position) for position in range(len(lines))]


def outcome_of(evaluation: Evaluation) -> Outcome:
    """The bits of all tensors; one nan is like another."""
    described: list[tuple[Any, ...]] = [(name,) for name in evaluation.grads or ()]
    for tensor in [*tensors_in(evaluation.value), *evaluation.derivatives]:
        array = tensor.numpy()
        array = np.where(np.isnan(array), np.nan, array) if array.dtype.kind == "f" else array
        described.append((array.shape, array.dtype.name, array.tobytes()))
    return described
