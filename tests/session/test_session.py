"""Sessions and the Python API: what they bind, differentiate and compute, from several threads, too."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import pytest

import gradcli
from gradcli.errors import InputFault, NotScalar, UsageError
from gradcli.lazy import settings
from gradcli.session import Session

EXAMPLE = "mean((x+2)*(x+2)*3)"


def test_the_example_from_python() -> None:
    result = gradcli.evaluate(EXAMPLE, x=np.ones((2, 2), np.float32))
    assert result.value == 27.0
    assert result.grads is not None and result.grad_fn is not None
    np.testing.assert_array_equal(result.grads["x"], np.full((2, 2), 4.5, np.float32))
    assert result.grad_fn.name == "MeanBackward0"
    assert result.notes == ()


def test_value_and_gradients_are_computed_together_and_common_work_is_done_once(executed: Counter[str]) -> None:
    session = Session()
    session.bind("x", "[1,2]")
    session.evaluate(EXAMPLE)
    assert executed["add"] == 2  # x+2 once, and the sum of the two gradients that arrive at x
    assert executed["mul"] == 3


def test_reading_the_results_computes_nothing_more(executed: Counter[str]) -> None:
    session = Session()
    session.bind("x", "ones(2,2)")
    evaluation = session.evaluate(EXAMPLE)
    executed.clear()
    assert evaluation.tensor is not None and evaluation.grads is not None
    assert evaluation.tensor.item() == 27.0
    assert evaluation.grads["x"].tolist() == [[4.5, 4.5], [4.5, 4.5]]
    assert not executed


def test_nothing_is_computed_for_gradients_that_nobody_asked_for(executed: Counter[str]) -> None:
    session = Session()
    session.bind("x", "[1,2]")
    session.bind("y", "[3,4]")
    executed.clear()
    session.evaluate("sum(exp(x) * sin(y))", wrt=["x"])
    assert executed["cos"] == 0


@pytest.mark.parametrize(
    ("value", "dtype", "has_gradient"),
    [
        (2.0, "float32", True),
        (2, "float32", True),
        ([1, 2], "float32", True),
        ((1, 2), "float32", True),
        (np.array([1.0, 2.0]), "float64", True),
        (np.array([1.0, 2.0], np.float32), "float32", True),
        (np.float16(2), "float16", True),
        (np.array([1, 2]), "int64", False),
        (np.array([True, False]), "bool", False),
    ],
)
def test_arrays_keep_their_dtype_and_floating_ones_are_differentiated(value: object, dtype: str, has_gradient: bool) -> None:
    result = gradcli.evaluate("x.sum()" if has_gradient else "x", x=value)
    assert result.value.dtype == dtype or dtype == "float16"
    assert (result.grads is not None) == has_gradient


def test_an_array_that_is_bound_is_not_changed_by_statements() -> None:
    array = np.ones(3, np.float32)
    gradcli.evaluate("y = x.detach()\ny += 1\ny.sum()", x=array)
    assert array.tolist() == [1.0, 1.0, 1.0]


def test_what_is_no_array_of_numbers_cannot_be_bound() -> None:
    with pytest.raises(InputFault, match="x cannot be bound"):
        gradcli.evaluate("x", x=np.array(["a"]))
    with pytest.raises(InputFault, match="x cannot be bound"):
        gradcli.evaluate("x", x=object())


def test_a_compiled_function_takes_new_bindings_and_shapes() -> None:
    f = gradcli.compile("sum(x**2)", wrt=["x"])
    for values in ([1.0, 2.0], [3.0], [[1.0, 2.0], [3.0, 4.0]]):
        result = f(x=np.array(values))
        assert result.grads is not None
        np.testing.assert_allclose(result.grads["x"], 2 * np.array(values))
    assert repr(f) == "<compiled 'sum(x**2)'>"


def test_a_compiled_function_finds_syntax_errors_at_once() -> None:
    with pytest.raises(gradcli.GradcliError) as caught:
        gradcli.compile("1 +")
    assert caught.value.exit_code == 3


def test_grad_output_is_an_expression_or_an_array() -> None:
    for grad_output in ("[1, 10]", [1, 10], np.array([1.0, 10.0], np.float32)):
        result = gradcli.evaluate("x*2", x=[1, 2], grad_output=grad_output)
        assert result.grads is not None
        assert result.grads["x"].tolist() == [2.0, 20.0]


def test_a_result_with_several_elements_has_no_gradients_and_a_note() -> None:
    result = gradcli.evaluate("x*2", x=[1, 2])
    assert result.grads is None
    assert "--grad-output" in result.notes[0]
    with pytest.raises(NotScalar):
        gradcli.evaluate("x*2", x=[1, 2], wrt=["x"])


def test_results_that_hold_tensors_are_arrays_inside_of_plain_values() -> None:
    value = gradcli.evaluate("(x*2, [x.sum(), 'text'], None)", x=[1, 2]).value
    assert isinstance(value, tuple)
    assert value[0].tolist() == [2.0, 4.0]
    assert (float(value[1][0]), value[1][1], value[2]) == (3.0, "text", None)


def test_a_session_keeps_its_scope_between_evaluations() -> None:
    session = Session()
    session.run("a = 2.0\ndef double(v): return v * a")
    assert session.evaluate("double(21)").value == 42.0


def test_seeded_sessions_go_on_in_their_stream_of_random_numbers() -> None:
    first, second = Session(seed=3), Session(seed=3)
    numbers = [session.evaluate("rand(2)").tensor for session in (first, first, second, second)]
    values = [tensor.tolist() for tensor in numbers if tensor is not None]
    assert values[0] == values[2] and values[1] == values[3]
    assert values[0] != values[1]


def test_an_unseeded_session_is_different_every_time() -> None:
    assert gradcli.evaluate("rand(4)").value.tolist() != gradcli.evaluate("rand(4)").value.tolist()


def test_settings_are_given_back_after_an_evaluation() -> None:
    def current() -> tuple[object, ...]:
        return settings.default_dtype, settings.seed, settings.random_streams_used, settings.threads, settings.max_memory

    before = current()
    assert gradcli.evaluate("sum(ones(2) + rand(2))", dtype="float64", seed=5, threads=7).value.dtype == np.float64
    assert current() == before
    Session(threads=7, max_memory=1 << 30).run("print(ones(2).sum().item())")
    assert current() == before
    f = gradcli.compile("sum(x)", threads=7)
    for _ in range(3):
        f(x=np.ones(2))
    assert current() == before


@pytest.mark.parametrize("dtype", ["float16", "int64", "x"])
def test_the_default_dtype_is_a_floating_one_of_the_two(dtype: str) -> None:
    with pytest.raises(UsageError):
        gradcli.evaluate("1", dtype=dtype)


def test_threads_do_not_disturb_each_other() -> None:
    wrong: list[object] = []
    f = gradcli.compile("y = x * 2\nsum(y * y)")

    def work(number: int) -> None:
        dtype = ("float32", "float64")[number % 2]
        for _ in range(20):
            result = f(x=np.full(3, number, np.float32))
            other = gradcli.evaluate("sum(x * ones(2))", x=[number, number], dtype=dtype)
            if result.value != 12.0 * number**2 or other.value.dtype != dtype:
                wrong.append((number, result, other))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_an_evaluation_leaves_grad_alone() -> None:
    session = Session()
    session.bind("x", "[1,2]")
    session.evaluate("sum(x)")
    assert session.scope["x"].grad is None
    session.evaluate("sum(x)")


def test_the_package_says_what_it_has() -> None:
    assert set(gradcli.__all__) <= set(dir(gradcli))
    assert gradcli.Session is Session
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gradcli.nothing


def test_what_statements_print_goes_to_stdout_or_to_the_function_given(capsys: pytest.CaptureFixture[str]) -> None:
    Session().run("print(1)")
    assert capsys.readouterr().out == "1\n"
    taken: list[str] = []
    Session(write=taken.append).run("print(2)")
    assert "".join(taken) == "2\n"
    assert capsys.readouterr().out == ""


def test_one_name_may_be_given_to_wrt_as_a_string() -> None:
    result = gradcli.evaluate("sum(rate * x)", wrt="rate", rate=2, x=[1, 2])
    assert result.grads is not None
    assert list(result.grads) == ["rate"]


def test_a_source_that_is_no_string_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="statements are a string, not int"):
        gradcli.evaluate(3)


def test_a_binding_that_is_no_tensor_is_pointed_at() -> None:
    with pytest.raises(gradcli.GradcliError) as caught:
        Session().bind("x", "[[1], [2, 3]]")
    assert caught.value.source is not None
    assert caught.value.source.name == "--let x"


def test_an_unknown_name_for_wrt_is_told_of_before_the_shape_of_the_result() -> None:
    with pytest.raises(UsageError, match="there is no such name"):
        gradcli.evaluate("x * 2", wrt=["z"], x=[1, 2])


def test_a_gradient_of_the_wrong_shape_is_told_the_right_one() -> None:
    with pytest.raises(gradcli.GradcliError) as caught:
        gradcli.evaluate("x * 2", grad_output=[1, 2, 3], x=[1, 2])
    assert caught.value.hint is not None
    assert "(2,)" in caught.value.hint


def test_an_end_without_an_expression_is_told_the_name_to_end_with() -> None:
    with pytest.raises(gradcli.GradcliError) as caught:
        gradcli.evaluate("x = 2\nloss = x ** 2")
    assert caught.value.hint == "end with one, for example with the name loss"
    assert caught.value.source is not None
    assert caught.value.span is not None
    assert caught.value.source.piece(caught.value.span) == "loss = x ** 2"
