"""Compiled functions: a call that is like an earlier one computes the same from other numbers, without running statements."""

from __future__ import annotations

from typing import Any

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
    for program in ("print('called')\nsum(x)", "y = x * 1\ny.register_hook(lambda g: print('called'))\nsum(y)"):
        f = gradcli.compile(program)
        for _ in range(3):
            f(x=np.ones(2))
        assert capsys.readouterr().out == "called\n" * 3


def test_statements_that_could_print_but_did_not_are_not_run_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs: list[object] = []
    evaluate = gradcli.Session.evaluate

    def counted(*arguments: Any) -> Any:
        runs.append(arguments)
        return evaluate(*arguments)

    monkeypatch.setattr(gradcli.Session, "evaluate", counted)
    f = gradcli.compile("footprint = x * 2\nif verbose: print('called')\nfootprint.sum()")
    for _ in range(3):
        assert f(x=[1, 2], verbose=False).value == 6
    assert len(runs) == 1
    for _ in range(3):
        assert f(x=[1, 2], verbose=True).value == 6
    assert len(runs) == 4
    assert capsys.readouterr().out == "called\n" * 3


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


RESULTS = {
    "the binding itself": "x",
    "a copy": "x.clone()",
    "a view": "x.T[1:]",
    "times one": "x * 1",
    "gradients that are each other's operand": "sum(x * w)",
    "one number everywhere": "sum(x) + sum(w)",
    "a literal's view as a gradient": "l = tensor([[1., 2., 3.], [4., 5., 6.], [7., 8., 9.]])\nsum(x[:3, :3].T * l) + sum(w * x)",
    "a scalar": "x.max()",
    "NumPy's": "(x.detach().numpy(), w)",
    "several": "(x, [x.T, w])",
}


@pytest.mark.parametrize("size", [4, 400])
@pytest.mark.parametrize("name", RESULTS)
def test_arrays_of_a_result_may_be_changed_without_changing_anything_else(name: str, size: int) -> None:
    x, w = np.full((size, size), 2.0), np.full((size, size), 3.0)
    f = gradcli.compile(RESULTS[name])
    expected = None
    for _ in range(3):
        result = f(x=x, w=w)
        arrays = {**dict(enumerate(arrays_in(result.value))), **(result.grads or {})}
        expected = expected or {key: array.copy() for key, array in arrays.items()}
        for key, array in arrays.items():
            assert isinstance(array, np.ndarray) and array.dtype == np.float64
            np.testing.assert_array_equal(array, expected[key])
            array[...] = -1
        assert (x == 2).all() and (w == 3).all()


def arrays_in(value: Any) -> list[np.ndarray]:
    """The arrays that a value is made of."""
    return [array for item in value for array in arrays_in(item)] if isinstance(value, (list, tuple)) else [value]


def test_a_computed_tensor_may_be_bound_again_and_again() -> None:
    session = gradcli.Session()
    session.run("x = tensor([1., 2.])")
    f = gradcli.compile("x * 2")
    assert [f(x=session.scope["x"]).value.tolist() for _ in range(3)] == [[2, 4]] * 3


def test_a_number_of_numpy_has_the_same_dtype_in_every_call() -> None:
    f = gradcli.compile("x * 2")
    for value in (np.array(2.0), np.float64(2), 2.0, np.float32(2), np.array(2.0, np.float32)):
        assert f(x=value).value.dtype == gradcli.evaluate("x * 2", x=value).value.dtype


def test_the_order_of_bytes_makes_no_difference() -> None:
    x = np.linspace(-1, 1, 3000)
    f = gradcli.compile("torch.where(x > 0, x, y).sum()")
    expected = f(x=x, y=x * 2)
    for order in (">", "<", ">"):
        found = f(x=x.astype(f"{order}f8"), y=x * 2)
        assert found.value == expected.value and found.grads is not None and expected.grads is not None
        np.testing.assert_array_equal(found.grads["x"], expected.grads["x"])
        assert found.grads["x"].dtype.isnative


def test_layouts_make_no_difference() -> None:
    x = np.arange(12.0).reshape(3, 4)
    padded = np.zeros((3, 8))
    padded[:, ::2] = x
    frozen = x.copy()
    frozen.flags.writeable = False
    f = gradcli.compile("x * tensor([1., 2., 3., 4.]) + x[0]")
    expected = f(x=x).value
    for other in (np.asfortranarray(x), padded[:, ::2], frozen, x.T.copy().T, x[::-1].copy()[::-1]):
        np.testing.assert_array_equal(f(x=other).value, expected)


@pytest.mark.parametrize("program", ["(x // y).sum()", "torch.linalg.inv(y * torch.eye(2)).sum()"])
def test_what_numbers_do_not_allow_has_its_place_in_every_call(program: str) -> None:
    f = gradcli.compile(program)
    integer = "//" in program
    good, bad = (np.ones((2, 2), np.int64 if integer else np.float64) * factor for factor in (1, 0))
    for y in (good, good, bad, good, bad):
        if y is good:
            f(x=good, y=y)
            continue
        with pytest.raises(gradcli.GradcliError) as caught:
            f(x=good, y=y)
        with pytest.raises(gradcli.GradcliError) as expected:
            gradcli.evaluate(program, x=good, y=y)
        assert (caught.value.message, caught.value.span) == (expected.value.message, expected.value.span)
        assert caught.value.source is not None


def test_the_memory_limit_of_a_session_is_not_that_of_a_compiled_function() -> None:
    f = gradcli.compile("sum(x * x)")
    x = np.ones((1000, 1000))
    f(x=x)
    gradcli.Session(max_memory=1).compute([])
    assert f(x=x).value == 1e6


def test_numbers_that_decide_are_looked_at_in_every_call() -> None:
    programs = {
        "x[:2].sum() if bool((x > 0).all()) else x.prod()": ([1.0, 2, 3], [-1.0, 2, 3], [2.0, 2, 3]),
        "y = x * 2\nfor i in range(int(x[0])): y = y + x\ny.sum()": ([1.0, 2], [3.0, 2], [0.0, 1]),
        "x[x > 1]": ([1.0, 2], [3.0, 2], [0.0, 1]),
        "F.cross_entropy(x.reshape(1, 2), x.detach().argmax().reshape(1))": ([1.0, 2], [3.0, 2]),
        "x.detach().unique()": ([1.0, 2], [3.0, 3]),
    }
    for program, calls in programs.items():
        f = gradcli.compile(program)
        for numbers in calls:
            x = np.array(numbers)
            np.testing.assert_array_equal(f(x=x).value, gradcli.evaluate(program, x=x).value, err_msg=program)


def test_changes_in_place_stay_in_the_call() -> None:
    f = gradcli.compile("with torch.no_grad():\n    x += 1\n    x[0] = 5\n(x * x).sum()")
    x = np.array([1.0, 2.0])
    assert [f(x=x).value for _ in range(3)] == [34, 34, 34]
    assert x.tolist() == [1, 2]


def test_calls_of_other_shapes_dtypes_and_threads_are_kept_apart() -> None:
    for threads in (1, 3, None):
        f = gradcli.compile("(x * 0.1).sum()", threads=threads)
        for dtype in ("float32", "float64", "int32", "float16", "float32"):
            for shape in ((), (0,), (3,), (200_000,), (400, 500)):
                x = np.ones(shape, dtype)
                found, expected = f(x=x), gradcli.evaluate("(x * 0.1).sum()", x=x, threads=1)
                assert found.value.dtype == expected.value.dtype and found.value.tobytes() == expected.value.tobytes()
                np.testing.assert_equal(found.grads, expected.grads)
