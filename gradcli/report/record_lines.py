"""Records of evaluations that differ in their numbers only: a text with places for these, written for many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from gradcli.report.json_numbers import NULL, array_text
from gradcli.report.records import Record, dump, evaluation_record

if TYPE_CHECKING:
    import numpy as np

    from gradcli.report.evaluated import Evaluated


class RecordLines:
    """The records of evaluations like one whose value is a tensor."""

    def __init__(self, evaluation: Evaluated) -> None:
        record = evaluation_record(evaluation, NULL, input_line=0)
        mark = record["input_line"] = uuid4().hex
        brackets = [0]  # around the numbers of each place, which are written into the text
        for tensor in _tensors(record):
            tensor.pop("nonfinite", None)
            tensor["value"] = mark
            brackets.append(0 if 0 in tensor["shape"] else len(tensor["shape"]))
        first, *others = [piece.replace("%", "%%") for piece in dump(record).split(f'"{mark}"')]
        self._format = first + "".join(
            "[" * depth + "%s" + "]" * depth + piece for depth, piece in zip(brackets, others, strict=True)
        )

    def texts(self, lines: Sequence[int], values: Sequence[np.ndarray]) -> list[str | None]:
        """The record of each line, from stacks of values: of the result, then the derivatives; None if one is not finite."""
        import numpy as np

        texts: list[str | None] = [self._format % row for row in zip(lines, *map(_cells, values), strict=True)]
        for stack in values:
            if stack.dtype.kind == "f" and not (finite := np.isfinite(stack)).all():
                for row in np.flatnonzero(~finite.reshape(len(lines), -1).all(1)):
                    texts[row] = None
        return texts


def _tensors(record: Record) -> Iterator[Record]:
    """The records of tensors in that of an evaluation, in the order in which they are computed."""
    yield record
    for row in (record["grads"] or {}, record.get("jacobian", {}), *record.get("hessian", {}).values()):
        yield from row.values()


def _cells(stack: np.ndarray) -> list[str]:
    """The numbers of each element of a stack, without the brackets around them."""
    if not stack.size:
        return [array_text(stack[0])] * len(stack)
    depth = stack.ndim - 1
    return array_text(stack)[depth + 1 : -depth - 1].split("]" * depth + "," + "[" * depth)
