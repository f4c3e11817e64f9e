"""What is compared of a program: the record both sides fill in, how two records agree, and the cotangents handed to backward."""

from __future__ import annotations

import re
from typing import Any

import numpy

Record = dict[str, Any]

# Relative and absolute differences that the order of a sum or another library's exp may bring.
TOLERANCES = {"float64": (1e-11, 1e-12), "float32": (3e-6, 1e-6), "float16": (2e-3, 1e-3)}
LARGEST_LISTED = 300  # elements of a value that are written out in the golden file; printing cases have thousands


def element(number: Any, dtype: str) -> Any:
    """An element as JSON: the shortest number that reads back to it in its dtype; nan and infinities as text."""
    if not dtype.startswith("float"):
        return number
    shortest = float(str(numpy.dtype(dtype).type(number))) if dtype != "float64" else float(number)
    return shortest if numpy.isfinite(shortest) else str(shortest)


def tensor_record(array: numpy.ndarray, *, requires_grad: bool) -> Record:
    """A tensor's dtype, shape, whether it requires grad, and its elements in order."""
    dtype = array.dtype.name
    flat = array.reshape(-1)
    record: Record = {"tensor": f"{dtype}{list(array.shape)}", "requires_grad": requires_grad}
    if flat.size <= LARGEST_LISTED:
        record["data"] = [element(number, dtype) for number in flat.tolist()]
    return record


def name_of(dtype: object) -> str:
    """The name of an element type of PyTorch."""
    return str(dtype).removeprefix("torch.")


def cotangent_text(shape: tuple[int, ...], dtype: str) -> str:
    """The gradient handed to backward for a result of this shape: distinct exact numbers, as an expression of both languages."""
    count = int(numpy.prod(shape, dtype=int))
    weights = numpy.array([1 + 0.25 * (index % 7) - 0.5 * (index % 3) for index in range(count)]).reshape(shape)
    return f"torch.tensor({weights.tolist()!r}, dtype=torch.{dtype})" + ("" if count else f".reshape({tuple(shape)!r})")


def normalised(text: str) -> str:
    """Printed text without the addresses of objects."""
    return re.sub(r"0x[0-9a-f]+", "0x0", text)


def sentence(message: str) -> str:
    """What is compared of an error's message.

    Left out are addresses; the tail from "Hint:" on, which advises on PyTorch's own tools; the position of an argument, which
    PyTorch counts without the tensor before the dot when a function is called as a method; and how missing arguments are
    counted and quoted, which PyTorch's functions in C++ do in their way and those in Python, some of a private name, in Python's.
    """
    message = re.sub(r"\s*Hint:.*", "", normalised(message), flags=re.DOTALL)
    message = re.sub(r" \(position \d+\)", "", message).strip()
    missing = re.match(r"(\w+\(\)) missing \d+ required positional arguments?: (.*)$", message)
    if missing:
        names = re.findall(r"\w+", missing[2].replace(" and ", " "))
        message = f"{missing[1]} lacks {', '.join(names)}"
    return re.sub(r"^_(?=\w+\(\) )", "", message)


def differences(expected: Any, got: Any, where: str = "", precision: str = "float64") -> list[str]:
    """Where two records differ, in words; numbers may differ by rounding in their own dtype, or in a coarser one given."""
    if isinstance(expected, dict) and isinstance(got, dict) and "tensor" in expected and "tensor" in got:
        return _tensor_differences(expected, got, where, precision)
    if isinstance(expected, dict) and isinstance(got, dict):
        found = []
        for key in {**expected, **got}:
            if key not in got or key not in expected:
                found.append(f"{where}.{key}: expected {expected.get(key, 'nothing')}, got {got.get(key, 'nothing')}")
            else:
                found += differences(expected[key], got[key], f"{where}.{key}", precision)
        return found
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = enumerate(zip(expected, got, strict=True))
        return [line for index, (one, other) in pairs for line in differences(one, other, f"{where}[{index}]", precision)]
    if isinstance(expected, float) and isinstance(got, float) and close(expected, got, precision):
        return []
    same = type(expected) is type(got) and expected == got
    return [] if same else [f"{where}: expected {expected!r}, got {got!r}"]


def close(expected: Any, got: Any, dtype: str) -> bool:
    """Whether two elements agree; nan agrees with nan, integers and truth values must be equal."""
    if dtype not in TOLERANCES:
        return bool(expected == got)
    left, right = float(expected), float(got)
    if numpy.isnan(left) or numpy.isnan(right) or numpy.isinf(left) or numpy.isinf(right):
        return (numpy.isnan(left) and numpy.isnan(right)) or left == right
    relative, absolute = TOLERANCES[dtype]
    return abs(left - right) <= absolute + relative * abs(left)


def _tensor_differences(expected: Record, got: Record, where: str, precision: str) -> list[str]:
    found = [
        f"{where}.{key}: expected {expected[key]}, got {got[key]}"
        for key in ("tensor", "requires_grad")
        if expected[key] != got[key]
    ]
    if found or "data" not in expected or "data" not in got:
        return found
    dtype = expected["tensor"].split("[")[0]
    if dtype == "float64":
        dtype = precision
    elements = zip(expected["data"], got["data"], strict=True)
    if all(close(left, right, dtype) for left, right in elements):
        return []
    return [f"{where}: expected {expected['data']}, got {got['data']}"]
