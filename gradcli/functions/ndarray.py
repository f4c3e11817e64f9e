"""NDArray: `np.array` values, which compute at once and print as NumPy prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import ShapeMismatch, TypeMismatch, ValueFault
from gradcli.functions.declare import function
from gradcli.functions.limits import check_range

Number = bool | int | float


class NDArray:
    """A constant NumPy array in the language."""

    __slots__ = ("array",)
    type_name = "numpy.ndarray"

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __repr__(self) -> str:
        return repr(self.array)

    def __str__(self) -> str:
        return str(self.array)


def array(object: Any) -> NDArray:
    """A NumPy array of a number or nested lists of numbers, by NumPy's literal rules."""
    if isinstance(object, NDArray):
        return NDArray(object.array.copy())
    if isinstance(object, range):
        check_range(object)
    try:
        made = np.array(object)
    except ValueError as fault:
        raise ShapeMismatch("the rows of an array must have the same length", hint=str(fault)) from None
    if made.dtype.kind not in "bif":
        raise TypeMismatch("np.array() takes a number or nested lists of numbers")
    return NDArray(made)


def _operand(value: Any) -> Any:
    if isinstance(value, NDArray):
        return value.array
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return array(value).array
    raise TypeMismatch(f"a NumPy array does not go with {type(value).__name__}", hint="convert it with torch.tensor(a)")


_UFUNCS = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "//": np.floor_divide, "%": np.remainder,
    "**": np.power, "@": np.matmul, "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal,
    ">": np.greater, ">=": np.greater_equal, "&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor,
}  # fmt: skip


def _value(result: Any) -> Any:
    """Arrays stay arrays; single numbers become Python numbers."""
    return NDArray(result) if isinstance(result, np.ndarray) else result.item() if isinstance(result, np.generic) else result


def operate(symbol: str, left: Any, right: Any) -> Any:
    """An operator between arrays and numbers."""
    with np.errstate(all="ignore"):
        try:
            return _value(_UFUNCS[symbol](_operand(left), _operand(right)))
        except ValueError as fault:
            raise ShapeMismatch(str(fault)) from None
        except TypeError as fault:
            raise TypeMismatch(str(fault)) from None


def negate(value: NDArray) -> NDArray:
    """-a."""
    return NDArray(-value.array)


def dot(left: NDArray, right: Any) -> Any:
    """The product of two arrays, as numpy.dot."""
    try:
        return _value(np.dot(left.array, _operand(right)))
    except ValueError as fault:
        raise ShapeMismatch(str(fault)) from None


def transpose(value: NDArray, *axes: int) -> NDArray:
    """The axes in reverse, or in the order given."""
    try:
        return NDArray(np.transpose(value.array, axes or None))
    except (TypeError, ValueError) as fault:
        raise ValueFault(str(fault)) from None


ATTRIBUTES: dict[str, Callable[[NDArray], Any]] = {
    "T": lambda value: NDArray(value.array.T),
    "shape": lambda value: tuple(value.array.shape),
    "ndim": lambda value: value.array.ndim,
    "size": lambda value: value.array.size,
}


def reshape(value: NDArray, *shape: Any) -> NDArray:
    """The same elements in the same order under another shape."""
    try:
        return NDArray(value.array.reshape(*shape))
    except (TypeError, ValueError) as fault:
        raise ShapeMismatch(str(fault)) from None


METHODS: dict[str, Callable[..., Any]] = {
    "dot": dot,
    "transpose": transpose,
    "reshape": reshape,
    "tolist": lambda value: value.array.tolist(),
    "sum": lambda value: _value(value.array.sum()),
    "mean": lambda value: _value(value.array.mean()),
}


@function(name="dot", namespace="numpy")
def _dot(a: Any, b: Any) -> Any:
    """The product of two arrays."""
    return dot(array(a), b)


@function(name="transpose", namespace="numpy")
def _transpose(a: Any) -> NDArray:
    """The axes in reverse."""
    return transpose(array(a))


function(name="array", namespace="numpy")(array)
