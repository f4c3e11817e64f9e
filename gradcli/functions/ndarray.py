"""NDArray: `np.array` values, which compute at once, print as NumPy prints, and share memory with tensors as PyTorch's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.autograd import GradMode, Tensor, change_in_place
from gradcli.errors import IndexOutOfRange, ShapeMismatch, TypeMismatch, ValueFault
from gradcli.functions.declare import function
from gradcli.functions.limits import check_nested, check_range
from gradcli.functions.registry import METHODS as METHODS_OF_TENSORS
from gradcli.lazy import ops
from gradcli.lazy.dtypes import BY_NAME

Number = bool | int | float


class NDArray:
    """A NumPy array in the language: a tensor outside of the graph holds its elements, so that it can share them."""

    __slots__ = ("tensor",)
    type_name = "numpy.ndarray"

    def __init__(self, array: np.ndarray) -> None:
        dtype = BY_NAME.get(array.dtype.name)
        if dtype is None:
            raise TypeMismatch(f"there are no arrays of {array.dtype}")
        self.tensor = Tensor(ops.from_buffer(np.asarray(array, order="C"), dtype))

    @classmethod
    def of(cls, tensor: Tensor) -> NDArray:
        """The elements of a tensor: what changes one of the two in place changes the other."""
        made = cls.__new__(cls)
        made.tensor = tensor.data()
        return made

    @property
    def array(self) -> np.ndarray:
        """The elements as they are now."""
        return self.tensor.numpy()

    def assign(self, array: np.ndarray) -> None:
        """Take over other elements, which all that share memory with these show."""
        value = Tensor(ops.from_buffer(array, self.tensor.dtype))
        with GradMode(False):
            change_in_place(self.tensor, lambda snapshot: value)

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
    check_nested(object)
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


def operate_in_place(symbol: str, target: NDArray, value: Any) -> NDArray:
    """`+=` and its like: the elements change, their type does not."""
    changed = target.array.copy()
    with np.errstate(all="ignore"):
        try:
            _UFUNCS[symbol[:-1]](target.array, _operand(value), out=changed, casting="same_kind")
        except ValueError as fault:
            raise ShapeMismatch(str(fault)) from None
        except TypeError as fault:
            raise TypeMismatch(str(fault)) from None
    target.assign(changed)
    return target


def set_item(target: NDArray, index: Any, value: Any) -> None:
    """target[index] = value."""
    changed = target.array.copy()
    try:
        changed[index] = _operand(value)
    except IndexError as fault:
        raise IndexOutOfRange(str(fault)) from None
    except ValueError as fault:
        raise ShapeMismatch(str(fault)) from None
    except TypeError as fault:
        raise TypeMismatch(str(fault)) from None
    target.assign(changed)


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
        np.transpose(value.array, axes or None)
    except (TypeError, ValueError) as fault:
        raise ValueFault(str(fault)) from None
    return NDArray.of(METHODS_OF_TENSORS["permute"](value.tensor, axes or tuple(reversed(range(value.tensor.ndim)))))


ATTRIBUTES: dict[str, Callable[[NDArray], Any]] = {
    "T": transpose,
    "shape": lambda value: tuple(value.array.shape),
    "ndim": lambda value: value.array.ndim,
    "size": lambda value: value.array.size,
}


def reshape(value: NDArray, *shape: Any) -> NDArray:
    """The same elements in the same order under another shape."""
    try:
        found = value.array.reshape(*shape)
    except (TypeError, ValueError) as fault:
        raise ShapeMismatch(str(fault)) from None
    return NDArray.of(METHODS_OF_TENSORS["reshape"](value.tensor, found.shape))


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
