"""gradcli eval --jacobian and --hessian, as a user types them."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from numpy.testing import assert_allclose

from gradcli.report.records import json_schema

from .command import run_here

LETS = ("--let", "x=[1,2]", "--let", "y=[3,4]")


def test_the_jacobian_has_the_axes_of_the_result_and_then_those_of_the_variable() -> None:
    record = run_here("eval", "stack([x, x*y, y])", *LETS, "--jacobian", "x", "--json").record
    assert record["grads"] is None
    assert record["jacobian"]["x"]["value"] == [[[1, 0], [0, 1]], [[3, 0], [0, 4]], [[0, 0], [0, 0]]]
    Draft202012Validator(json.loads(json_schema())).validate(record)


def test_the_hessian_has_a_block_for_each_two_variables_beside_the_gradients() -> None:
    record = run_here("eval", "sum(x**3*y)", *LETS, "--hessian", "x", "--hessian", "y", "--json").record
    assert record["grads"]["x"]["value"] == [9.0, 48.0]
    blocks = {(a, b): block["value"] for a, row in record["hessian"].items() for b, block in row.items()}
    assert blocks == {
        ("x", "x"): [[18, 0], [0, 48]],
        ("x", "y"): [[3, 0], [0, 12]],
        ("y", "x"): [[3, 0], [0, 12]],
        ("y", "y"): [[0, 0], [0, 0]],
    }
    Draft202012Validator(json.loads(json_schema())).validate(record)


def test_plain_text_names_what_was_differentiated() -> None:
    out = run_here("eval", "sum(x*y)", *LETS, "--hessian", "x", "--hessian", "y", "--jacobian", "y").out
    assert "x.grad = tensor([3., 4.])\n" in out
    assert "jacobian[y] = tensor([1., 2.])\n" in out
    assert out.count("hessian[x, y] = tensor(") == 1 and "hessian[y, x]" not in out


def test_the_terminal_shows_a_table_for_each_kind() -> None:
    out = run_here("eval", "sum(x*y)", *LETS, "--hessian", "x", "--hessian", "y", "--color", "always").out
    assert [heading in out for heading in ("gradient", "hessian", "jacobian")] == [True, True, False]
    assert "x, y" in out


def test_a_jacobian_of_many_elements_needs_no_gradient_and_no_note_about_it() -> None:
    done = run_here("eval", "softmax(x, 0)", *LETS, "--jacobian", "x")
    assert done.err == ""
    assert_allclose(
        run_here("eval", "softmax(x, 0)", *LETS, "--jacobian", "x", "--json").record["jacobian"]["x"]["value"][0][0], 0.19661194
    )


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("x*2", "--hessian", "x"), 1, "only the Hessian of one number is shown, and the result has shape (2,)"),
        (("sum(x)", "--hessian", "z"), 2, "--hessian z: there is no such name"),
        (("sum(x)", "--jacobian", "z"), 2, "--jacobian z: there is no such name"),
        (("sum(x)", "--jacobian", "x", "--no-grad"), 2, "--no-grad"),
        (("sum(x.detach())", "--jacobian", "x"), 1, "the result does not depend on any tensor that requires grad"),
    ],
)
def test_what_has_no_jacobian_is_an_error(arguments: tuple[str, ...], status: int, message: str) -> None:
    done = run_here("eval", *arguments, *LETS)
    assert done.status == status
    assert message in done.err


def test_devices_are_compared_in_the_jacobian_too() -> None:
    done = run_here("eval", "softmax(x, 0)", *LETS, "--jacobian", "x", "--compare", "cpu,cpu", "--json")
    assert "jacobian[x]" in done.out
