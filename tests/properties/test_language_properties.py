"""What holds for every expression and every text, without PyTorch to compare with."""

from __future__ import annotations

import json
import string

import numpy
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import gradcli
from gradcli.autograd import Tensor
from gradcli.errors import GradcliError
from gradcli.language import parse
from tests.oracle.cases import case_of
from tests.oracle.gradcli_side import interpreter_and_prints

from .expressions import Expression, operands

QUICK = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


class Evaluated:
    """An expression's value in an interpreter of its own, with gradients by any cotangent."""

    def __init__(self, source: str) -> None:
        self.interpreter = interpreter_and_prints()[0]
        case = case_of("random", "property", source)
        self.interpreter.run(parse(case.program()))
        self.leaves = list(case.leaves)

    def value(self, expression: str) -> object:
        """The value of a further expression in the same scope."""
        return self.interpreter.evaluate_last(parse(expression))

    def array(self, expression: str) -> numpy.ndarray:
        """The same as an array."""
        value = self.value(expression)
        assert isinstance(value, Tensor)
        return value.numpy()


def evaluated(expression: Expression) -> Evaluated | None:
    """The expression bound to `outcome`, or None where it has no value or no gradient."""
    try:
        scope = Evaluated(f"outcome = {expression.text}")
        scope.array("outcome")
        return scope if scope.value("outcome.requires_grad") else None
    except GradcliError:
        return None


def vector_jacobian(scope: Evaluated, output: str, cotangent: str, leaf: str) -> numpy.ndarray | None:
    """The gradient of one leaf for one cotangent."""
    got = scope.value(f"torch.autograd.grad({output}, {leaf}, {cotangent}, retain_graph=True, allow_unused=True)")
    assert isinstance(got, tuple)
    return None if got[0] is None else got[0].numpy()


def agree(left: numpy.ndarray | None, right: numpy.ndarray | None) -> bool:
    """Whether two gradients agree up to rounding."""
    if left is None or right is None:
        return left is right
    with numpy.errstate(all="ignore"):
        scale = numpy.max(numpy.abs(left), initial=1.0, where=~numpy.isnan(left))
        return bool(not numpy.isfinite(scale) or numpy.allclose(left, right, rtol=1e-4, atol=1e-4 * scale, equal_nan=True))


@QUICK
@given(operands(), st.floats(-2, 2, width=16))
def test_backward_is_linear_in_the_cotangent(expression: Expression, factor: float) -> None:
    scope = evaluated(expression)
    if scope is None:
        return
    for leaf in scope.leaves:
        if not scope.value(f"{leaf}.requires_grad"):
            continue
        once = vector_jacobian(scope, "outcome", "torch.ones_like(outcome)", leaf)
        scaled = vector_jacobian(scope, "outcome", f"torch.full_like(outcome, {factor!r})", leaf)
        with numpy.errstate(all="ignore"):
            assert agree(None if once is None else once * factor, scaled)


@QUICK
@given(operands(), operands())
def test_the_gradient_of_a_sum_is_the_sum_of_the_gradients(first: Expression, second: Expression) -> None:
    try:
        scope = Evaluated(f"left = ({first.text}).sum().double()\nright = ({second.text}).sum().double()\nboth = left + right")
        scope.array("both")
    except GradcliError:
        return
    for leaf in scope.leaves:
        if not scope.value(f"{leaf}.requires_grad") or not scope.value("both.requires_grad"):
            continue
        total = vector_jacobian(scope, "both", "None", leaf)
        parts = [vector_jacobian(scope, part, "None", leaf) for part in ("left", "right") if scope.value(f"{part}.requires_grad")]
        known = [part for part in parts if part is not None]
        with numpy.errstate(all="ignore"):
            assert agree(total, sum(known[1:], known[0]) if known else None)


@QUICK
@given(operands())
def test_sharing_common_work_does_not_change_values(expression: Expression) -> None:
    scope = evaluated(expression)
    if scope is None:
        return
    alone = scope.array("outcome")
    together = scope.array(f"torch.stack([{expression.text}, {expression.text}, outcome])")
    for copy in together:
        numpy.testing.assert_array_equal(copy, alone)


@QUICK
@given(operands())
def test_json_numbers_read_back_to_the_same_values(expression: Expression) -> None:
    from gradcli.report.records import dump, value_record

    scope = evaluated(expression)
    if scope is None:
        return
    array = scope.array("outcome")
    record = json.loads(dump(value_record(scope.value("outcome"))))
    assert record["shape"] == list(array.shape) and record["dtype"] == array.dtype.name
    read = numpy.array(record["value"], dtype=array.dtype)  # null reads as nan
    finite = numpy.isfinite(array)
    numpy.testing.assert_array_equal(read.reshape(array.shape)[finite], array[finite])


WORDS = """
    x y torch F . ( ) [ ] { } , : ; = += == + - * ** / // % @ ~ & | ^ < > if else elif while for in range def return lambda with
    no_grad assert del pass break and or not is None True 1 2.5 1e400 9**9**9 'a' " f'{x}' f'{x:{y}}'
    # \\ import from sum backward
    grad requires_grad _ \u202e \x00 é ... tensor x.grad x.backward() ones(2,2) randn print
"""
TOKENS = (*WORDS.split(), "\n", "\n    ", "\t", " ")


@settings(max_examples=300, deadline=2000, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(TOKENS), max_size=25).map(" ".join), st.text(string.printable)))
@example("x = " + "(" * 5000)
@example("-" * 5000 + "1")
@example("9**9**9**9")
@example("'a' * 10**10")
@example("def f():\n  return f()\nf()")
@example("x = [1]; x = [x, x, x]; x")
@example("1e400")
@example("int('9' * 5000)")
@example("f'{1:>1000000000000}'")
@example("torch.zeros(10**12)")
@example("range(10**18)")
@example("[i for i in range(3) for j in range(3)]")
def test_any_text_gives_a_value_or_an_error_of_ours(text: str) -> None:
    if "while" in text:  # an endless loop is what such a text asks for
        return
    interpreter = interpreter_and_prints()[0]
    try:
        interpreter.run(parse(text))
    except GradcliError as error:
        assert error.message
    assert gradcli is not None
