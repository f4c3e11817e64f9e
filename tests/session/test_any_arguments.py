"""Whatever Python code hands to the API: an error of gradcli's with a hint, or a result, and no other exception."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli import GradcliError
from gradcli.errors import InputFault, UsageError

WRONG_OPTIONS: list[dict[str, Any]] = [
    *({"seed": value} for value in ("a", -1, 2**64, 1.5, [1])),
    *({"threads": value} for value in (0, -1, "x", 1.5, [1])),
    *({"dtype": value} for value in ("int", "float16", None, np.float64, [1], 5)),
    *({"wrt": value} for value in (5, [5], [["x"]], b"x", True)),
]


@pytest.mark.parametrize("options", WRONG_OPTIONS, ids=repr)
def test_a_wrong_option_is_an_error_with_a_hint_when_statements_are_compiled(options: dict[str, Any]) -> None:
    for refused in (
        lambda: gradcli.compile("sum(x * rand(3))", **options),
        lambda: gradcli.evaluate("sum(x * rand(3))", x=np.ones(3), **options),
    ):
        with pytest.raises(UsageError) as caught:
            refused()
        assert caught.value.hint


@pytest.mark.parametrize(
    "options", [{"seed": np.int64(3)}, {"seed": 2**64 - 1}, {"threads": np.int8(2)}, {"threads": 999}], ids=repr
)
def test_numbers_of_numpy_are_numbers(options: dict[str, Any]) -> None:
    result = gradcli.evaluate("sum(x * rand(3))", x=np.ones(3), **options)
    assert result.grads is not None and result.grads["x"].shape == (3,)


@pytest.mark.parametrize("wrt", ["x", ("x",), {"x"}, iter(["x"]), np.array(["x"])], ids=type)
def test_names_to_differentiate_with_respect_to_come_in_any_collection(wrt: Any) -> None:
    f = gradcli.compile("sum(x * y)", wrt=wrt)
    for _ in range(3):
        grads = f(x=np.ones(2), y=np.ones(2)).grads
        assert grads is not None and [type(name) for name in grads] == [str] and list(grads) == ["x"]


class Refusing:
    """NumPy asks it for an array in vain."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("it cannot be told")


class Showing:
    """What a table's column is to NumPy."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


NO_ARRAYS: dict[str, Any] = {
    "objects": np.array([1.0, None], object),
    "complex numbers": np.ones(2, complex),
    "a complex number": 1 + 2j,
    "texts": np.array(["a"]),
    "dates": np.array(["2020-01-01"], "M8[D]"),
    "wide floats": np.ones(2, np.longdouble) if np.longdouble is not np.float64 else np.ones(2, complex),
    "unsigned": np.ones(2, np.uint16),
    "records": np.zeros(2, [("a", float)]),
    "rows of several lengths": [[1], [1, 2]],
    "arrays of several lengths": [np.ones(2), np.ones(3)],
    "text among numbers": [1, "a"],
    "a set": {1, 2},
    "a function": len,
    "a decimal number": Decimal(1),
    "what refuses": Refusing(),
    "objects of a table": Showing(np.array(["a"], object)),
    "a number beyond floating ones": 10**400,
    "a list beyond floating numbers": [10**400],
}


@pytest.mark.parametrize("name", NO_ARRAYS)
def test_what_is_no_array_of_numbers_is_refused_with_a_hint_as_binding_and_as_gradient(name: str) -> None:
    value = NO_ARRAYS[name]
    for refused in (lambda: gradcli.evaluate("x", x=value), lambda: gradcli.evaluate("x * 2", x=[1, 2], grad_output=value)):
        with pytest.raises(GradcliError) as caught:
            refused()
        assert caught.value.hint


def test_a_value_that_makes_no_array_says_why() -> None:
    with pytest.raises(InputFault, match="x cannot be bound: Refusing makes no array") as caught:
        gradcli.evaluate("x", x=Refusing())
    assert caught.value.hint == "RuntimeError: it cannot be told"


ARRAYS: dict[str, Any] = {
    "strided": np.arange(24.0).reshape(4, 6)[::2, ::-3],
    "in foreign order": np.arange(4, dtype=">f8").reshape(2, 2),
    "without rows": np.zeros((0, 3)),
    "a table's column": Showing(np.arange(3.0)),
    "a matrix": np.arange(4.0).reshape(2, 2).view(np.matrix),
    "bytes": memoryview(b"abc"),
    "of many axes": np.ones((1,) * 40),
    "a range": range(3),
    "a list of arrays": [np.ones(2), np.zeros(2)],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_what_numpy_takes_for_an_array_of_numbers_is_one(name: str) -> None:
    expected = np.asarray(ARRAYS[name])
    f = gradcli.compile("x")
    for _ in range(3):
        found = f(x=ARRAYS[name]).value
        assert found.dtype.isnative and found.dtype == expected.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found, expected)


def test_an_array_that_cannot_be_written_to_stays_as_it_is() -> None:
    x = np.ones(3)
    x.flags.writeable = False
    assert gradcli.evaluate("y = x.detach()\ny += 1\ny", x=x).value.tolist() == [2, 2, 2]
    assert x.tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", ["self", "source"])
def test_a_name_is_no_argument_of_the_functions(name: str) -> None:
    f = gradcli.compile(f"sum({name} * 2)")
    for result in (gradcli.evaluate(f"sum({name} * 2)", **{name: [1, 2]}), f(**{name: [1, 2]}), f(**{name: [1, 2]})):
        assert result.value == 6


def test_a_tensor_of_pytorch_is_an_array_unless_it_requires_grad() -> None:
    torch = pytest.importorskip("torch")
    assert gradcli.evaluate("x * 2", x=torch.ones(3)).value.tolist() == [2, 2, 2]
    with pytest.raises(InputFault) as caught:
        gradcli.evaluate("x", x=torch.ones(3, requires_grad=True))
    assert "detach" in (caught.value.hint or "")
