"""Arrays as lists for JSON: floats whose `repr` is the shortest text that reads back, and no NaN or Infinity."""

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

SAFE_EXPONENT: Final = 22  # the powers of ten up to this one are exact in float64
DIGITS_TO_TRY: Final = (6, 7, 8, 9)  # six digits survive float32 and back; nine tell any two float32 apart


def array_value(array: np.ndarray, nan: str) -> tuple[Any, Nonfinite]:
    """An array as nested lists (a number for shape []), and the places of what is not finite, which are null or strings there."""
    import numpy as np

    if array.dtype.kind != "f":
        return array.tolist(), []
    finite = np.isfinite(array)
    if finite.all():
        return _shortest(array).tolist(), []
    objects = _shortest(np.where(finite, array, 0)).astype(object)
    nonfinite: Nonfinite = []
    for index in np.argwhere(~finite).tolist():
        kind = number_kind(float(array[tuple(index)]))
        objects[tuple(index)] = kind if nan == STRING else None
        nonfinite.append([index, kind])
    if nan == ERROR:
        raise nonfinite_error(*nonfinite[0])
    return objects.tolist(), nonfinite if nan == NULL else []


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


def _shortest(array: np.ndarray) -> np.ndarray:
    """Finite floats as the float64 numbers whose `repr` is the shortest text that reads back to the same value of their dtype."""
    import numpy as np

    if array.dtype == np.float64:
        return array
    flat = array.ravel()
    if array.dtype == np.float16:
        distinct, places = np.unique(flat.view(np.uint16), return_inverse=True)
        return _through_text(distinct.view(np.float16))[places].reshape(array.shape)
    return _shortest_float32(flat).reshape(array.shape)


def _through_text(array: np.ndarray) -> np.ndarray:
    """The slow way for any float: NumPy's own shortest text, read back as float64."""
    import numpy as np

    return array.astype(np.str_).astype(np.float64)


def _shortest_float32(array: np.ndarray) -> np.ndarray:
    """Round to ever more decimal digits until the float32 is met; digits and powers of ten are exact in float64."""
    import numpy as np

    wide = array.astype(np.float64)
    result = wide.copy()
    with np.errstate(divide="ignore"):
        exponent = np.where(wide == 0, 0, np.floor(np.log10(np.abs(wide))))
    is_safe = (exponent <= SAFE_EXPONENT) & (DIGITS_TO_TRY[-1] - exponent <= SAFE_EXPONENT)
    remaining = np.flatnonzero(is_safe)
    for digits in DIGITS_TO_TRY:
        places = digits - 1 - exponent[remaining]
        up, down = 10.0 ** np.maximum(places, 0), 10.0 ** np.maximum(-places, 0)
        rounded = np.rint(wide[remaining] * up / down) / up * down
        result[remaining] = rounded
        remaining = remaining[rounded.astype(np.float32) != array[remaining]]
    slow = np.concatenate([np.flatnonzero(~is_safe), remaining])
    result[slow] = _through_text(array[slow])
    return result
