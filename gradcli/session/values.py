"""Values on their way in and out: of Python into the language, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import InputFault
from gradcli.functions.ndarray import NDArray
from gradcli.lazy import DType, ops
from gradcli.lazy.dtypes import ALL, BY_NAME


def language_value(name: str, value: Any) -> Any:
    """A value of Python as a value of the language: NumPy arrays and what NumPy can view as one become tensors."""
    if value is None or isinstance(value, (bool, int, float, str, Tensor)):
        return value
    if isinstance(value, (list, tuple)) and is_numeric(value):
        return list(value)
    try:
        array = np.asarray(value)
    except Exception as refusal:  # NumPy asks the value itself, which may refuse in any way
        hint = f"{type(refusal).__name__}: {refusal}"
        raise InputFault(f"{name} cannot be bound: {type(value).__name__} makes no array", hint=hint) from refusal
    dtype = dtype_of(array.dtype.newbyteorder("="))
    if dtype is None:
        message = f"{name} cannot be bound: {type(value).__name__} is not an array of numbers that has one of our dtypes"
        known = ", ".join(each.name for each in ALL)
        raise InputFault(message, hint=f"NumPy takes it for an array of {array.dtype}; the dtypes are {known}")
    return Tensor(ops.from_buffer(np.asarray(array, array.dtype.newbyteorder("="), order="C"), dtype))


@lru_cache(maxsize=64)
def dtype_of(dtype: np.dtype) -> DType | None:
    """Our name for NumPy's dtype, unless its bytes are in foreign order; NumPy takes long to tell its own."""
    return BY_NAME.get(dtype.name) if dtype.isnative else None


def python_value(value: Any, give: Callable[[np.ndarray], np.ndarray]) -> Any:
    """A value of the language as Python code wants it: arrays, as they are given away, for tensors, also in lists and tuples."""
    if isinstance(value, Tensor):
        return give(value.numpy())
    if isinstance(value, NDArray):
        return give(value.array)
    if isinstance(value, list):
        return [python_value(item, give) for item in value]
    if isinstance(value, tuple):
        return tuple(python_value(item, give) for item in value)
    return value


def unshared(value: Any) -> Any:
    """A value of the language that statements may change in place without changing the one it is made from."""
    if isinstance(value, Tensor):
        return Tensor(value.array, value.requires_grad)
    if isinstance(value, NDArray):
        return NDArray(value.array)
    return [unshared(item) for item in value] if type(value) is list else value


def is_numeric(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list holds nothing but numbers, at any depth."""
    return all(isinstance(item, (bool, int, float)) for item in _items(value))


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors that a value is, or holds."""
    return [item for item in _items(value) if isinstance(item, Tensor)]


def _items(value: Any) -> Iterator[Any]:
    """A value, or what lists and tuples hold at any depth, in no particular order."""
    stack = [value]
    seen: set[int] = set()  # a list may hold itself
    while stack:
        item = stack.pop()
        if not isinstance(item, (list, tuple)):
            yield item
        elif id(item) not in seen:
            seen.add(id(item))
            stack.extend(item)
