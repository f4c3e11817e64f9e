"""JSON records: key order, numbers, what is not finite, errors, and the schema."""

from __future__ import annotations

import json
import time
from math import inf, nan
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcli.errors import LimitExceeded, Related, ShapeMismatch, Source, Span, UsageError, ValueFault
from gradcli.functions.ndarray import NDArray
from gradcli.functions.results import ReturnTuple
from gradcli.lazy.dtypes import BY_NAME
from gradcli.lazy.shapes import Size
from gradcli.report.json_numbers import array_value
from gradcli.report.records import display_record, dump, error_record, evaluation_record, json_schema, print_record, value_record
from tests.report.values import Evaluation, example, node, tensor

VALIDATOR = jsonschema.Draft202012Validator(json.loads(json_schema()))


def checked(record: dict[str, Any]) -> str:
    """The line of a record that keeps to the schema and to RFC 8259."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    line = dump(record)
    assert "\n" not in line
    VALIDATOR.validate(json.loads(line, parse_constant=refuse))
    return line


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(json_schema()))


def test_the_record_of_the_example_is_that_of_the_contract() -> None:
    line = checked(evaluation_record(example()))
    assert line == (
        '{"format_version":"1.0","ok":true,"source":"mean((x+2)*(x+2)*3)","type":"tensor","value":27.0,"shape":[],"dtype":"float32",'
        '"device":"cpu","requires_grad":true,"grad_fn":"MeanBackward0",'
        '"grads":{"x":{"type":"tensor","value":[[4.5,4.5],[4.5,4.5]],"shape":[2,2],"dtype":"float32","device":"cpu",'
        '"requires_grad":false,"grad_fn":null}},'
        '"graph":[{"id":0,"name":"MeanBackward0","shape":[],"span":[0,19],"next":[1]},'
        '{"id":1,"name":"MulBackward0","shape":[2,2],"span":[5,18],"next":[2]},'
        '{"id":2,"name":"MulBackward0","shape":[2,2],"span":[5,16],"next":[3,4]},'
        '{"id":3,"name":"AddBackward0","shape":[2,2],"span":[6,9],"next":[5]},'
        '{"id":4,"name":"AddBackward0","shape":[2,2],"span":[12,15],"next":[5]},'
        '{"id":5,"name":"AccumulateGrad","shape":[2,2],"span":null,"variable":"x","next":[]}]}'
    )


def test_a_value_without_gradient_has_null_grads_and_no_graph() -> None:
    record = evaluation_record(Evaluation(Source("1+1"), 2), input_line=7)
    assert checked(record) == (
        '{"format_version":"1.0","ok":true,"input_line":7,"source":"1+1","type":"number","value":2,"grads":null,"graph":[]}'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {"type": "none", "value": None}),
        (True, {"type": "bool", "value": True}),
        (3, {"type": "number", "value": 3}),
        (0.1, {"type": "number", "value": 0.1}),
        ("a", {"type": "string", "value": "a"}),
        (Size([2, 3]), {"type": "size", "value": [2, 3]}),
        (BY_NAME["float32"], {"type": "dtype", "value": "float32"}),
        (node("MulBackward0"), {"type": "grad_fn", "value": "MulBackward0"}),
        (
            (1, [None]),
            {
                "type": "tuple",
                "value": [{"type": "number", "value": 1}, {"type": "list", "value": [{"type": "none", "value": None}]}],
            },
        ),
        (nan, {"type": "number", "value": None, "nonfinite": [[[], "nan"]]}),
    ],
)
def test_every_kind_of_value_has_its_record(value: object, expected: dict[str, Any]) -> None:
    record = value_record(value)
    assert record == expected
    assert list(record) == list(expected)
    checked(display_record(value, Source("value"), Span(0, 5)))


def test_functions_and_named_results_say_their_names() -> None:
    class Function:
        qualified_name = "torch.nn.functional.gelu"

        def __call__(self) -> None: ...

    assert value_record(Function()) == {"type": "function", "value": "torch.nn.functional.gelu"}
    named = ReturnTuple.of("torch.return_types.max", ("values", "indices"), (1, 2))
    assert value_record(named)["fields"] == ["values", "indices"]
    checked(display_record(named, Source("value"), Span(0, 5)))


def test_arrays_of_numpy_are_ndarrays() -> None:
    record = value_record(NDArray(np.array([[1, 2]])))
    assert record == {"type": "ndarray", "value": [[1, 2]], "shape": [1, 2], "dtype": "int64"}
    checked(display_record(NDArray(np.array([1.5, nan])), Source("value"), Span(0, 5)))


def test_what_is_not_finite_is_null_and_listed_by_place() -> None:
    value = tensor([[1.5, nan], [inf, -inf]])
    line = checked(display_record(value, Source("value"), Span(0, 5)))
    assert '"value":[[1.5,null],[null,null]],' in line
    assert line.endswith('"nonfinite":[[[0,1],"nan"],[[1,0],"inf"],[[1,1],"-inf"]]}')
    assert value_record(tensor(nan))["nonfinite"] == [[[], "nan"]]


def test_what_is_not_finite_is_a_string_if_asked_for() -> None:
    record = display_record(tensor([nan, inf, 0.5]), Source("value"), Span(0, 5), nan="string")
    assert record["value"] == ["nan", "inf", 0.5]
    assert "nonfinite" not in record
    checked(record)


def test_what_is_not_finite_is_an_error_if_asked_for() -> None:
    with pytest.raises(ValueFault, match=r"the result is nan at \[1\]"):
        value_record(tensor([1.0, nan]), nan="error")
    with pytest.raises(ValueFault, match="the result is inf, which"):
        value_record(inf, nan="error")


@given(st.sampled_from(["float16", "float32", "float64"]).flatmap(lambda dtype: hnp.arrays(dtype, 40)))
@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_floats_are_the_shortest_text_that_reads_back(array: np.ndarray) -> None:
    elements, _ = array_value(array, "null")
    for element, original in zip(elements, array, strict=True):
        if np.isfinite(original):
            text = repr(element)
            assert array.dtype.type(text) == original
            assert float(text) == float(str(original))


def test_powers_and_limits_of_float32_are_the_shortest_text() -> None:
    limits = np.finfo(np.float32)
    array = np.array(
        [*(2.0 ** np.arange(-149.0, 128)), *(10.0 ** np.arange(-45.0, 39)), limits.max, limits.tiny, 0.1, 27.0, -0.0], np.float32
    )
    assert list(map(repr, array_value(array, "null")[0])) == [repr(float(str(element))) for element in array]


def test_a_million_floats_take_about_a_second() -> None:
    array = np.random.default_rng(0).standard_normal(1_000_000).astype(np.float32)
    started = time.perf_counter()
    text = dump({"value": array_value(array, "null")[0]})
    assert time.perf_counter() - started < 4
    assert (np.array(json.loads(text)["value"], np.float32) == array).all()


def test_an_empty_tensor_keeps_its_shape() -> None:
    record = value_record(tensor(np.zeros((2, 0, 3))))
    assert (record["value"], record["shape"]) == ([[], []], [2, 0, 3])


def test_records_of_a_script_say_line_and_source() -> None:
    script = Source("x = 1\nx + 1; print(x)\n")
    assert checked(display_record(2, script, Span(6, 11))) == (
        '{"format_version":"1.0","ok":true,"line":2,"source":"x + 1","type":"number","value":2}'
    )
    assert checked(print_record("1\n", script, Span(13, 21))) == (
        '{"format_version":"1.0","ok":true,"line":2,"source":"print(x)","type":"print","text":"1"}'
    )


def shape_error(source: Source, span: Span, *related: Related) -> ShapeMismatch:
    error = ShapeMismatch("shapes differ", torch_message="The size of tensor a", hint="align them", span=span, related=related)
    error.source = source
    return error


def test_spans_of_an_error_count_in_the_quoted_statement_and_lines_in_the_script() -> None:
    script = Source("a = 1\nb = 2\nprint(a @ b)\n")
    error = shape_error(script, Span(18, 23), Related(Span(18, 19), "this is (2, 3)"), Related(Span(0, 5), "made here"))
    record = error_record(error, statement=Span(12, 24))
    checked(record)
    assert list(record) == ["format_version", "ok", "line", "source", "error"]
    assert list(record["error"]) == ["code", "message", "torch_message", "span", "related", "hint", "did_you_mean"]
    assert (record["line"], record["source"]) == (3, "print(a @ b)")
    assert record["error"]["span"] == {"start": 6, "end": 11, "line": 3, "column": 7, "end_line": 3, "end_column": 12}
    inside, before = record["error"]["related"]
    assert inside == {
        "span": {"start": 6, "end": 7, "line": 3, "column": 7, "end_line": 3, "end_column": 8},
        "label": "this is (2, 3)",
    }
    assert before["source"] == "a = 1"
    assert before["span"] == {"start": 0, "end": 5, "line": 1, "column": 1, "end_line": 1, "end_column": 6}


def test_an_error_in_another_place_than_the_statement_quotes_its_own_lines() -> None:
    script = Source("def f(a):\n    return a @ a\nf(x)")
    record = error_record(shape_error(script, Span(21, 26)), statement=Span(27, 31))
    assert (record["line"], record["source"]) == (2, "    return a @ a")
    assert record["error"]["span"]["start"] == 11


def test_a_related_place_in_another_text_says_which() -> None:
    binding = Source("ones(2,3)", "--let x")
    error = shape_error(Source("x @ x"), Span(0, 5), Related(Span(0, 9), "made here", binding))
    related = error_record(error)["error"]["related"][0]
    assert (related["source"], related["name"]) == ("ones(2,3)", "--let x")


def test_an_error_without_source_has_nulls_in_its_place() -> None:
    record = error_record(UsageError("no such option", did_you_mean=["--wrt"]), input_line=3)
    assert checked(record) == (
        '{"format_version":"1.0","ok":false,"input_line":3,"line":null,"source":null,'
        '"error":{"code":"usage","message":"no such option",'
        '"torch_message":null,"span":null,"related":[],"hint":null,"did_you_mean":["--wrt"]}}'
    )


def test_the_end_of_the_text_is_a_place() -> None:
    source = Source("f(\n")
    record = error_record(shape_error(source, Span(3, 3)))
    checked(record)
    assert record["error"]["span"]["line"] == 2


def test_text_that_steers_a_terminal_or_is_no_text_is_escaped() -> None:
    line = checked(evaluation_record(Evaluation(Source("\u202e\x1b[31m\x9b\udc80é"), "\ud800")))
    assert line.isprintable()
    assert r"\u202e\u001b[31m\u009b\ufffdé" in line
    assert json.loads(line)["value"] == "\ufffd"
    line.encode("utf-8")


def test_containers_nested_too_deep_are_an_error() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(LimitExceeded, match="200 deep"):
        value_record(deep)
    fine: list[Any] = []
    for _ in range(199):
        fine = [fine]
    dump(value_record(fine))
