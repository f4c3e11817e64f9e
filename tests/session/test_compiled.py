"""Compiled functions: a call that is like an earlier one computes the same from other numbers, without running statements."""

from __future__ import annotations

import numpy as np
import pytest

import gradcli
from gradcli.autograd import walk

PROGRAMS = {
    "polynomial": "mean((x+2)*(x+2)*3)",
    "several statements": "def f(v):\n    return v ** 3\ny = f(x) + x\nsum(y * y)",
    "a literal": "sum(x * tensor([[1., 2., 3.]]))",
    "a leaf of its own": "w = torch.full((3,), 2., requires_grad=True)\nsum(x * w)",
    "several elements": "x.exp()",
    "no gradient": "x.detach() * 2",
    "the binding itself": "x",
    "in place": "y = x * 1\ny[0] += 5\ny.prod()",
    "a condition on shapes": "sum(x) if x.shape[0] == 2 else x.prod()",
    "a condition on numbers": "sum(x) if x.sum() > 0 else x.prod()",
    "a loop until numbers are large": "y = x\nwhile y.abs().sum() < 50: y = y * 2\ny.sum()",
    "numbers as Python's": "x.max().item() * x.sum()",
    "numbers as NumPy's": "sum(x * torch.tensor(np.array(x.detach().numpy().tolist())))",
    "a choice of rows": "x[x[:, 0] > 0].sum()",
    "no tensor": "(x.sum(), x.shape)",
}


def graph(result: gradcli.Result) -> list[str]:
    """The names of a result's nodes."""
    return [] if result.grad_fn is None else [node.name for node in walk(result.grad_fn)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_call_like_an_earlier_one_gives_what_an_evaluation_gives(name: str) -> None:
    f = gradcli.compile(PROGRAMS[name])
    rng = np.random.default_rng(7)
    for shape in ((2, 3), (2, 3), (2, 3), (4, 3), (2, 3)):
        x = rng.standard_normal(shape)
        found, expected = f(x=x), gradcli.evaluate(PROGRAMS[name], x=x)
        np.testing.assert_equal(found.value, expected.value)
        np.testing.assert_equal(found.grads, expected.grads)
        assert found.notes == expected.notes
        assert graph(found) == graph(expected)


def test_what_is_no_tensor_tells_calls_apart() -> None:
    f = gradcli.compile("x.sum() if flag else x.prod()")
    x = np.array([2.0, 3.0])
    assert [f(x=x, flag=flag).value for flag in (True, False, None, True)] == [5, 6, 6, 5]


def test_numbers_and_lists_are_not_taken_for_those_of_an_earlier_call() -> None:
    f = gradcli.compile("sum(rate * x)")
    assert [f(rate=rate, x=[1, rate]).value for rate in (1, 2, 3.5)] == [2, 6, 15.75]


def test_a_tensor_that_is_not_computed_yet_is_not_taken_for_another() -> None:
    session = gradcli.Session()
    f = gradcli.compile("x * 2 + 1")
    for number in (3, 4):
        session.run(f"x = torch.full((2,), {number}.)")
        assert f(x=session.scope["x"]).value.tolist() == [2 * number + 1] * 2


def test_one_tensor_under_two_names_tells_nothing_of_two_tensors() -> None:
    session = gradcli.Session()
    session.run("x = tensor([1., 2.])\ny = tensor([3., 4.])")
    x, y = session.scope["x"], session.scope["y"]
    f = gradcli.compile("x - y")
    assert [f(x=x, y=x).value.tolist(), f(x=x, y=y).value.tolist()] == [[0, 0], [-2, -2]]


def test_random_numbers_are_new_in_each_call_or_those_of_the_seed() -> None:
    x = np.ones(4)
    unseeded, seeded = gradcli.compile("x * rand(4)"), gradcli.compile("x * rand(4)", seed=3)
    assert unseeded(x=x).value.tolist() != unseeded(x=x).value.tolist()
    assert seeded(x=x).value.tolist() == seeded(x=x).value.tolist()


def test_statements_print_in_each_call(capsys: pytest.CaptureFixture[str]) -> None:
    f = gradcli.compile("print('called')\nsum(x)")
    f(x=[1, 2])
    f(x=[1, 2])
    assert capsys.readouterr().out == "called\ncalled\n"


def test_changing_a_result_does_not_change_the_next_one() -> None:
    f = gradcli.compile("w = tensor([[1., 2.]])\nw.T")
    for _ in range(3):
        result = f()
        assert result.value.tolist() == [[1.0], [2.0]]
        result.value[:] = 0


def test_the_graph_of_a_call_has_its_own_leaves() -> None:
    f = gradcli.compile("sum(x * x)")
    for number in (1.0, 2.0):
        result = f(x=np.array([number]))
        assert result.grad_fn is not None and result.grad_fn is result.grad_fn
        leaves = [node.variable for node in walk(result.grad_fn) if node.variable is not None]
        assert [leaf.tolist() for leaf in leaves] == [[number]]


def test_a_gradient_that_arrives_may_be_another_in_each_call() -> None:
    f = gradcli.compile("x * 2")
    for grad_output in ([1, 0], [0, 1], None, [1, 1]):
        grads = f(x=[1, 2], grad_output=grad_output).grads
        assert grads is None if grad_output is None else grads is not None and grads["x"].tolist() == [2 * g for g in grad_output]


def test_what_compiling_finds_is_told_at_once() -> None:
    for program in ("x = 1", "break\n1"):
        with pytest.raises(gradcli.GradcliError):
            gradcli.compile(program)
