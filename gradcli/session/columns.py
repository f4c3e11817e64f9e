"""Records as columns: fields of the same structure are bound to the elements of one stack of numbers for each name."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from gradcli.data.files import shown
from gradcli.data.json_file import culprit
from gradcli.data.json_lines import Fields, fields_of, literal_fields
from gradcli.errors import InputFault
from gradcli.functions import tensor
from gradcli.lazy import DType
from gradcli.lazy.dtypes import bool_, int64

#: Floating numbers hold all whole ones up to here.
EXACT = 2**53
#: Whole numbers from here on are beyond int64.
BEYOND = 2**63


class Group:
    """Records of one structure: their positions among all, and what their fields are bound to, in the order of the fields.

    `values` has a stack of numbers for a name, or else what all of them have: true, false, null or a text.
    """

    def __init__(self, kind: Hashable, positions: Sequence[int], values: Mapping[str, Any]) -> None:
        self.kind = kind
        self.positions = positions
        self.values = values
        self.evaluated = 0  # how many of them are
        self.spans = [(0, len(positions))]  # of the others, the last first

    @property
    def stacks(self) -> dict[str, np.ndarray]:
        """The stacks of numbers by name."""
        return {name: value for name, value in self.values.items() if isinstance(value, np.ndarray)}


class Columns(NamedTuple):
    """Records by structure, and those that cannot be bound by position, with the reason."""

    groups: list[Group]
    faults: dict[int, InputFault]


class Binding(NamedTuple):
    """How fields are bound: those that have a name in `wanted`, without gradient if that is in `constants`.

    Numbers become floating of a dtype, and those of constants int64 if they are whole. Fields that have a name in `refused` are
    faults, for the reason that it gives.
    """

    wanted: Collection[str]
    constants: Collection[str]
    refused: Mapping[str, str]
    dtype: DType

    def columns(self, lines: Sequence[bytes]) -> Columns:
        """The records in lines, blank ones left out."""
        faults: dict[int, InputFault] = {}
        positions: list[int] = []
        records: list[Fields] = []
        for position, line in enumerate(lines):
            try:
                record = fields_of(line)
            except InputFault as fault:
                if line.strip():
                    faults[position] = fault
                continue
            positions.append(position)
            records.append(record)
        group = self._alike(positions, records) if records else None
        groups = [group] if group else self._sorted(lines, positions, records, faults)
        return Columns(groups, faults)

    def _alike(self, positions: Sequence[int], records: Sequence[Fields]) -> Group | None:
        """All records as one group, if they have the same fields, and numbers of the same shape in each that is wanted."""
        names = list(records[0])
        if not self.refused.keys().isdisjoint(names) or not all(list(record) == names for record in records):
            return None
        columns: dict[str, np.ndarray] = {}
        for name in names:
            if name in self.wanted:
                column = self._column([record[name] for record in records], name in self.constants)
                if column is None:
                    return None
                columns[name] = column
        return Group(tuple([(name, _kind(column[0])) for name, column in columns.items()]), positions, columns)

    def _column(self, values: list[Any], is_constant: bool) -> np.ndarray | None:
        """Numbers or lists of them as a stack, if nothing has to be known of any by itself."""
        try:
            stack = np.array(values)
        except (ValueError, OverflowError):  # lists of different lengths
            return None
        if stack.dtype.kind not in "if":
            return None
        numbers: Iterable[Any] = values
        for _ in range(stack.ndim - 1):
            numbers = chain.from_iterable(numbers)
        kinds = set(map(type, numbers))
        if bool in kinds:
            return None
        if stack.dtype.kind == "f" and stack.size:
            largest = np.abs(stack).max()
            if is_constant and largest >= BEYOND:  # whole numbers may have become floating ones
                return None
            if len(kinds) > 1 and (is_constant or largest >= EXACT):
                return None
        dtype = int64 if is_constant and stack.dtype.kind == "i" else self.dtype
        with np.errstate(over="ignore"):
            return stack.astype(dtype.name)

    def _sorted(
        self, lines: Sequence[bytes], positions: Sequence[int], records: Sequence[Fields], faults: dict[int, InputFault]
    ) -> list[Group]:
        """The records by structure, looked at one by one."""
        members: dict[Hashable, list[tuple[int, dict[str, Any]]]] = {}
        for position, record in zip(positions, records, strict=True):
            try:
                values = {name: self._value(name, value, lines[position]) for name, value in record.items() if self._takes(name)}
            except InputFault as fault:
                faults[position] = fault
                continue
            kind = tuple([(name, _kind(value)) for name, value in values.items()])
            members.setdefault(kind, []).append((position, values))
        return [
            Group(kind, [position for position, _ in those], _stacked([values for _, values in those]))
            for kind, those in members.items()
        ]

    def _takes(self, name: str) -> bool:
        if name in self.refused:
            raise InputFault(f"the field {shown(name)} {self.refused[name]}")
        return name in self.wanted

    def _value(self, name: str, value: Any, line: bytes) -> Any:
        """What a field is bound to: an array for numbers."""
        if value is None or isinstance(value, (bool, str)):
            return value
        is_constant = name in self.constants
        try:
            array = np.array(value)
        except (ValueError, OverflowError):
            array = None
        if is_constant and array is not None and array.dtype.kind == "f" and array.size and np.abs(array).max() >= BEYOND:
            value, array = literal_fields(line)[name], None
        if array is None or array.dtype.kind not in "bif":
            problem = "it is an object" if isinstance(value, dict) else culprit(value, of_any_size=not is_constant)
            if problem is not None:
                hint = "fields are numbers, nested lists of numbers with rows of one length, true, false, null and texts"
                raise InputFault(f"the field {shown(name)}: {problem}", hint=hint)
        kind = "f" if array is None else array.dtype.kind
        dtype = bool_ if kind == "b" else int64 if is_constant and kind == "i" else self.dtype
        return tensor(value, dtype=dtype).array.buffer


def _kind(value: Any) -> Hashable:
    """What statements can know of a bound value without looking at numbers."""
    return (value.shape, value.dtype) if isinstance(value, (np.ndarray, np.generic)) else value


def _stacked(members: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The values of several records of one structure."""
    first = members[0]
    return {
        name: np.stack([values[name] for values in members]) if isinstance(value, np.ndarray) else value
        for name, value in first.items()
    }
