"""Programs that ask for too much: each ends soon, with an error in plain words and the exit code of a limit."""

from __future__ import annotations

import time

import pytest

from gradcli.session import Session
from tests.language.helpers import failure, plain

SELF = "s = [1]; s.append(s); "
NESTED = "a = 1.0\nfor i in range({}):\n    a = [a]\n"


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("ones(*[1]*70)", "70 dimensions is beyond the limit of 64"),
        ("ones(2).reshape(*[1]*70, 2)", "71 dimensions is beyond the limit of 64"),
        ("tensor(1.)[(None,)*100]", "dimensions is beyond the limit of 64"),
        (NESTED.format(65) + "tensor(a)", "at most 64 dimensions"),
        (NESTED.format(100_000) + "tensor(a)", "dimensions"),
        ("s = []; s.append(s); tensor(s)", "dimensions"),
        ("tensor([1.]).expand(10**10, 10**10)", "is beyond any memory"),
        ("ones(10**10, 1).expand(10**10, 1) + ones(1, 10**10)", "is beyond any memory"),
        ("tensor(range(10**9))", "the limit is 10,000,000"),
        ("np.array(range(10**9))", "the limit is 10,000,000"),
        ("zeros(10**6, 10**6).tolist()", "the limit is 10,000,000"),
        ("list(zip(range(10**30)))", "more than 10,000,000 elements"),
        ("x = []; x += enumerate(range(10**30))", "more than 10,000,000 elements"),
        ("int('1' * 1001)", "at most 1000 digits"),
        ("arange(0, 1, 1e-320)", "beyond any memory"),
    ],
)
def test_what_is_too_large_is_refused(program: str, sentence: str) -> None:
    error = failure(program)
    assert sentence in error.message
    assert error.exit_code == 5
    assert error.source is not None and error.span is not None


def test_a_number_too_large_for_a_tensor_is_a_wrong_value() -> None:
    assert failure("ones(2) * 2**1030").torch_message == "int too big to convert"
    assert plain("(ones(2) * 2**1000).tolist()") == [float("inf")] * 2


def test_a_list_may_hold_itself() -> None:
    evaluation = Session().evaluate(SELF + "s")
    assert evaluation.value[1] is evaluation.value
    assert "a list stands among numbers" in failure(SELF + "tensor(s)").message
    assert plain(SELF + "f'{s}'") == "[1, [...]]"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1e9 in range(10**30)", True),
        ("1.5 in range(10**30)", False),
        ("tensor(3) in range(10)", True),
        ("tensor(3.5) in range(10)", False),
        ("inf in range(10)", False),
        ("'a' in range(10)", False),
        ("None not in range(10)", True),
    ],
)
def test_a_range_is_not_gone_through(expression: str, expected: bool) -> None:
    assert plain(expression) is expected


@pytest.mark.parametrize(
    "program",
    [
        "x = ones(3)\nfor i in range({}):\n    x = x.detach()\n    x += 1",
        "x = ones(3)\nfor i in range({}):\n    x = x.view(3)",
        "x = zeros(10)\nfor i in range({}):\n    x[i % 10] = i",
        "w = ones(3, requires_grad=True)\nfor i in range({}):\n    w.data = w.data - 0.1",
    ],
)
def test_loops_take_time_in_proportion_to_their_turns(program: str) -> None:
    def seconds(turns: int) -> float:
        begin = time.perf_counter()
        Session().run(program.format(turns))
        return time.perf_counter() - begin

    seconds(200)
    assert min(seconds(8000) for _ in range(2)) < 24 * min(seconds(1000) for _ in range(3)), "8 is in proportion, 64 its square"


def test_print_takes_strings_between_and_after() -> None:
    assert failure("print(1, sep=2)").message == "sep must be None or a string, not int"


def test_a_hook_is_shown_as_pytorch_shows_it() -> None:
    assert plain("f'{ones(1, requires_grad=True).register_hook(print)}'").startswith(
        "<torch.utils.hooks.RemovableHandle object at"
    )
