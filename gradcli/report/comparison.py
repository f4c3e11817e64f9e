"""How far the same results computed twice lie apart: the largest absolute and ulp difference of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradcli.report.json_numbers import NULL, number_value
from gradcli.report.records import FORMAT_VERSION, Record
from gradcli.report.visible import cell_width, padded, visible

if TYPE_CHECKING:
    from gradcli.errors import Source
    from gradcli.report.styles import Segment

GAP = "  "
SPARED = ("dtype", "shape")  # the first to go
HEADINGS = ("", "shape", "dtype", "largest difference", "ulps", "at")


class Difference(NamedTuple):
    """How far two arrays lie apart, and where they do so most; None where nothing can be said in numbers."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    absolute: float | int | None
    ulps: int | None
    element: tuple[int, ...] | None  # the index of the one that is most ulps apart


def differences(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray]) -> list[Difference]:
    """The differences of results by name."""
    return [_difference(name, array, second.get(name)) for name, array in first.items()]


def _difference(name: str, a: np.ndarray, b: np.ndarray | None) -> Difference:
    nothing = Difference(name, a.shape, a.dtype.name, None, None, None)
    if b is None or a.shape != b.shape or a.dtype != b.dtype:
        return nothing
    if not a.size:
        return nothing._replace(absolute=0, ulps=0)
    apart = ulps_apart(a, b)
    position = int(np.argmax(apart))
    index = tuple(map(int, np.unravel_index(position, a.shape))) if apart.flat[position] else None
    if a.dtype.kind != "f":
        return nothing._replace(absolute=int(apart.max()), ulps=int(apart.max()), element=index)
    with np.errstate(invalid="ignore", over="ignore"):
        absolute = np.where(apart == 0, 0.0, np.abs(a.astype(np.float64) - b.astype(np.float64)))
    return nothing._replace(absolute=float(absolute.max()), ulps=int(apart.max()), element=index)


def ulps_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many numbers of their dtype lie from one element to the other; nan is no distance from nan."""
    first, second = _rank(a), _rank(b)
    apart = np.maximum(first, second) - np.minimum(first, second)
    return np.where(np.isnan(a) & np.isnan(b), np.uint64(0), apart) if a.dtype.kind == "f" else apart


def _rank(array: np.ndarray) -> np.ndarray:
    """The place of each element among all numbers of its dtype, in order; both zeros have the same."""
    middle = np.uint64(1 << 63)
    if array.dtype.kind != "f":
        return array.astype(np.int64).view(np.uint64) ^ middle
    bits = array.view(f"i{array.dtype.itemsize}").astype(np.int64)
    magnitude = (bits & ((1 << (8 * array.dtype.itemsize - 1)) - 1)).astype(np.uint64)
    return np.where(bits < 0, middle - magnitude, middle + magnitude)


def comparison_record(source: Source, devices: Sequence[str], found: Sequence[Difference], nan: str = NULL) -> Record:
    """The record of `eval --compare`."""
    listed = {each.name: _difference_record(each, nan) for each in found}
    head = {"format_version": FORMAT_VERSION, "ok": True, "source": source.text, "type": "comparison"}
    return {**head, "devices": list(devices), "differences": listed}


def _difference_record(difference: Difference, nan: str) -> dict[str, Any]:
    _, shape, dtype, absolute, ulps, element = difference
    number = absolute if absolute is None else number_value(absolute, nan)[0]
    place = None if element is None else list(element)
    return {"shape": list(shape), "dtype": dtype, "absolute": number, "ulps": ulps, "element": place}


def comparison_segments(devices: Sequence[str], found: Sequence[Difference], width: int | None = None) -> Iterator[Segment]:
    """The table for people, line by line; of lines of at most `width` cells, columns are left out that would not fit."""
    columns = list(zip(HEADINGS, *map(_cells, found), strict=True))
    for spared in SPARED:
        if width is not None and sum(_width(column) + len(GAP) for column in columns) - len(GAP) > width:
            columns = [column for column in columns if column[0] != spared]
    headings, *rows = zip(*([padded(cell, _width(column)) for cell in column] for column in columns), strict=True)
    yield f"{devices[0]} and {devices[1]}\n", "bold"
    yield GAP.join(headings).rstrip() + "\n", "dim"
    for row, difference in zip(rows, found, strict=True):
        yield GAP.join(row).rstrip() + "\n", "" if difference.ulps == 0 else "bold"


def _width(column: Sequence[str]) -> int:
    return max(map(cell_width, column))


def _cells(difference: Difference) -> tuple[str, ...]:
    name, shape, dtype, absolute, ulps, element = difference
    if absolute is None:
        return visible(name), str(shape), dtype, "another shape or dtype", "", ""
    return visible(name), str(shape), dtype, f"{absolute:.6g}", str(ulps), "" if element is None else str(list(element))
