"""Arrays as JSON: floats are the shortest text that reads back to the same value of their dtype, and no NaN or Infinity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gradcli.errors import ValueFault

if TYPE_CHECKING:
    import numpy as np

NULL: Final = "null"
STRING: Final = "string"
ERROR: Final = "error"
NAN_MODES: Final = (NULL, STRING, ERROR)  # what `--nan` accepts

Nonfinite = list[list[Any]]  # [index, "nan" | "inf" | "-inf"] of each element that JSON has no number for


def array_text(array: np.ndarray) -> str:
    """The text of an array: nested lists (a number for shape []), with null for what is not finite."""
    import numpy as np
    from orjson import OPT_SERIALIZE_NUMPY, dumps

    if array.dtype == np.float16:
        array = _through_text(array)
    text = dumps(np.ascontiguousarray(array), option=OPT_SERIALIZE_NUMPY).decode()
    return text if array.ndim else text[1:-1]


def array_value(array: np.ndarray, nan: str) -> tuple[Any, Nonfinite]:
    """An array as nested lists (a number for shape []), and the places of what is not finite, which are null or strings there."""
    import numpy as np
    from orjson import loads

    if array.dtype.kind != "f":
        return array.tolist(), []
    elements = loads(array_text(array))
    finite = np.isfinite(array)
    if finite.all():
        return elements, []
    nonfinite: Nonfinite = []
    for index in np.argwhere(~finite).tolist():
        kind = number_kind(float(array[tuple(index)]))
        if nan == ERROR:
            raise nonfinite_error(index, str(kind))
        if nan == STRING:
            elements = _replaced(elements, index, kind)
        else:
            nonfinite.append([index, kind])
    return elements, nonfinite


def _replaced(elements: Any, index: list[int], element: Any) -> Any:
    """Nested lists with another element at a place."""
    if not index:
        return element
    row = elements
    for position in index[:-1]:
        row = row[position]
    row[index[-1]] = element
    return elements


def number_value(number: float, nan: str) -> tuple[Any, Nonfinite]:
    """A Python number as a JSON number, or as null or a string if it is not finite."""
    kind = number_kind(number)
    if kind is None:
        return number, []
    if nan == ERROR:
        raise nonfinite_error([], kind)
    return (kind, []) if nan == STRING else (None, [[[], kind]])


def number_kind(number: float) -> str | None:
    """`nan`, `inf` or `-inf` for what JSON has no number for."""
    if number - number == 0:
        return None
    return "nan" if number != number else "inf" if number > 0 else "-inf"


def nonfinite_error(index: list[int], kind: str) -> ValueFault:
    """The refusal of `--nan error`."""
    place = f" at [{', '.join(map(str, index))}]" if index else ""
    return ValueFault(f"the result is {kind}{place}, which JSON has no number for", hint="--nan null and --nan string write it")


def _through_text(array: np.ndarray) -> np.ndarray:
    """Half precision as the float64 numbers whose shortest text is its own: each once by NumPy's text."""
    import numpy as np

    distinct, places = np.unique(array.ravel().view(np.uint16), return_inverse=True)
    return distinct.view(np.float16).astype(np.str_).astype(np.float64)[places].reshape(array.shape)
