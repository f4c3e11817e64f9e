"""JSON records: one line for each result, print and error; described by `schema.json` beside this file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from gradcli.autograd.node import Node
from gradcli.autograd.tensor import Tensor
from gradcli.errors import GradcliError, LimitExceeded, Source, Span
from gradcli.functions.device import Device
from gradcli.functions.ndarray import NDArray
from gradcli.functions.results import ReturnTuple
from gradcli.lazy.dtypes import DType
from gradcli.lazy.shapes import Size
from gradcli.report.graph import graph_records
from gradcli.report.json_numbers import NULL, Nonfinite, array_value, number_value
from gradcli.report.torch_text import represent_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from gradcli.report.evaluated import Evaluated
    from gradcli.report.profile import Computation

FORMAT_VERSION: Final = "1.0"
DEEPEST_CONTAINER: Final = 200  # lists within lists that a record may hold
MOST_ITEMS: Final = 1_000_000  # of lists and tuples at any depth

Record = dict[str, Any]


def evaluation_record(evaluation: Evaluated, nan: str = NULL, input_line: int | None = None) -> Record:
    """The record of `eval`: the value, the gradients by name and the grad_fn graph."""
    grads, node = evaluation.grads, evaluation.grad_fn
    return {
        **_head(True, input_line),
        "source": evaluation.source.text,
        **value_record(evaluation.value, nan),
        "grads": None if grads is None else {name: _grad_record(grad, nan) for name, grad in grads.items()},
        **_whole_derivatives(evaluation, nan),
        "graph": [] if node is None else graph_records(node, evaluation.source),
        **_profile(evaluation.profile),
    }


def _whole_derivatives(evaluation: Evaluated, nan: str) -> Record:
    """The Jacobian and the Hessian, where they were asked for."""
    record: Record = {}
    if evaluation.jacobian is not None:
        record["jacobian"] = {name: _tensor_record(block, nan) for name, block in evaluation.jacobian.items()}
    if evaluation.hessian is not None:
        record["hessian"] = {
            name: {other: _tensor_record(block, nan) for other, block in row.items()} for name, row in evaluation.hessian.items()
        }
    return record


def _profile(computations: Sequence[Computation] | None) -> Record:
    if computations is None:
        return {}
    from gradcli.report.profile import profile_entries

    return {"profile": profile_entries(computations)}


def _grad_record(grad: Tensor | None, nan: str) -> Record | None:
    return None if grad is None else _tensor_record(grad, nan)


def display_record(value: object, source: Source, statement: Span, nan: str = NULL) -> Record:
    """The record of an expression statement that shows its value."""
    return {**_head(True), **_place(source, statement), **value_record(value, nan)}


def print_record(text: str, source: Source, statement: Span) -> Record:
    """The record of what one `print` wrote, without the newline at its end."""
    return {**_head(True), **_place(source, statement), "type": "print", "text": text.removesuffix("\n")}


def error_record(
    error: GradcliError, line: int | None = None, *, statement: Span | None = None, input_line: int | None = None
) -> Record:
    """The record of an error, in the place of a result.

    `statement` is the failed one if known, all of the text for `eval`; `line` stands in where the error has no source.
    """
    source = error.source
    base = _base(source, statement, error.span)
    return {
        **_head(False, input_line),
        "line": source.position(base.start).line if source is not None and base is not None else line,
        "source": source.piece(base) if source is not None and base is not None else None,
        "error": {
            "code": error.code,
            "message": error.message,
            "torch_message": error.torch_message,
            "span": _span(source, error.span, base),
            "related": [
                _related(related.source or source, related.span, related.label, source, base) for related in error.related
            ],
            "hint": error.hint,
            "did_you_mean": list(error.did_you_mean),
        },
    }


def dump(record: Record) -> str:
    """A record as one line of JSON, without its newline."""
    import orjson

    try:
        text = orjson.dumps(record).decode()
    except TypeError:  # of deep lists, whole numbers of more than 64 bits, and halves of surrogate pairs
        text = json.dumps(record, ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"))
    return text if text.isprintable() else _UNSAFE.sub(_escaped, text)


def json_schema() -> str:
    """The JSON Schema (draft 2020-12) of all records."""
    from importlib.resources import files

    return files(__package__).joinpath("schema.json").read_text(encoding="utf-8")


# Characters that RFC 8259 lets through but that steer a terminal, and halves of surrogate pairs, which UTF-8 cannot hold.
_UNSAFE: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "\\ufffd" if 0xD800 <= code < 0xE000 else f"\\u{code:04x}"


def _head(ok: bool, input_line: int | None = None) -> Record:
    head: Record = {"format_version": FORMAT_VERSION, "ok": ok}
    if input_line is not None:
        head["input_line"] = input_line
    return head


def _place(source: Source, statement: Span) -> Record:
    return {"line": source.position(statement.start).line, "source": source.piece(statement)}


def value_record(value: object, nan: str = NULL) -> Record:
    """The record of any value of the language, by its type."""
    _check_size(value)
    return _value_record(value, nan)


def _value_record(value: object, nan: str) -> Record:
    if isinstance(value, Tensor):
        return _tensor_record(value, nan)
    if isinstance(value, (list, tuple)) and not isinstance(value, Size):
        return _container_record(value, nan)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number, nonfinite = number_value(value, nan)
        return _with_nonfinite({"type": "number", "value": number}, nonfinite)
    if isinstance(value, NDArray):
        return _array_record(value.array, nan)
    return _simple_record(value)


def _simple_record(value: object) -> Record:
    if value is None:
        return {"type": "none", "value": None}
    if isinstance(value, bool):
        return {"type": "bool", "value": value}
    if isinstance(value, str):
        return {"type": "string", "value": value}
    if isinstance(value, Size):
        return {"type": "size", "value": list(value)}
    if isinstance(value, DType):
        return {"type": "dtype", "value": value.name}
    if isinstance(value, Device):
        return {"type": "string", "value": str(value)}
    if isinstance(value, Node):
        return {"type": "grad_fn", "value": value.name}
    if callable(value):
        return {
            "type": "function",
            "value": getattr(value, "qualified_name", None) or getattr(value, "name", None) or repr(value),
        }
    return {"type": "string", "value": represent_value(value)}


def _tensor_record(tensor: Tensor, nan: str) -> Record:
    elements, nonfinite = array_value(tensor.numpy(), nan)
    record = {
        "type": "tensor",
        "value": elements,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype.name,
        "device": tensor.device,
        "requires_grad": tensor.requires_grad,
        "grad_fn": tensor.grad_fn.name if tensor.grad_fn is not None else None,
    }
    return _with_nonfinite(record, nonfinite)


def _check_size(value: object) -> None:
    """Refuse what would have too many items, some of them perhaps a list that it is itself in."""
    pending = [(value, 0)]
    items = 0
    while pending:
        item, depth = pending.pop()
        if isinstance(item, (list, tuple)):
            if depth == DEEPEST_CONTAINER:
                raise LimitExceeded(f"lists and tuples nested more than {DEEPEST_CONTAINER} deep cannot be written as JSON")
            items += len(item)
            if items > MOST_ITEMS:
                hint = "a tensor can have more"
                raise LimitExceeded(f"lists and tuples of more than {MOST_ITEMS:,} items cannot be written as JSON", hint=hint)
            pending.extend((inner, depth + 1) for inner in item)


def _container_record(value: list[Any] | tuple[Any, ...], nan: str) -> Record:
    record: Record = {
        "type": "list" if isinstance(value, list) else "tuple",
        "value": [_value_record(item, nan) for item in value],
    }
    if isinstance(value, ReturnTuple):
        record["fields"] = list(value.fields)
    return record


def _array_record(array: np.ndarray, nan: str) -> Record:
    elements, nonfinite = array_value(array, nan)
    return _with_nonfinite(
        {"type": "ndarray", "value": elements, "shape": list(array.shape), "dtype": str(array.dtype)}, nonfinite
    )


def _with_nonfinite(record: Record, nonfinite: Nonfinite) -> Record:
    if nonfinite:
        record["nonfinite"] = nonfinite
    return record


def _lines(source: Source, span: Span) -> Span:
    """The whole lines that a span touches."""
    start = source.text.rfind("\n", 0, span.start) + 1
    end = source.text.find("\n", max(span.start, span.end - 1))
    return Span(start, len(source.text) if end < 0 else end)


def _base(source: Source | None, statement: Span | None, span: Span | None) -> Span | None:
    """The text that a record quotes and counts characters in: the statement, or the lines of the error if it lies elsewhere."""
    if source is None:
        return None
    if statement is not None and (span is None or (statement.start <= span.start and span.end <= statement.end)):
        return statement
    return _lines(source, span) if span is not None else Span(0, len(source.text))


def _span(source: Source | None, span: Span | None, base: Span | None) -> Record | None:
    """A span counted in characters from the start of `base`, and its lines and columns in the whole text."""
    if source is None or span is None or base is None:
        return None
    start, end = source.position(span.start), source.position(span.end)
    return {
        "start": span.start - base.start,
        "end": span.end - base.start,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    }


def _related(source: Source | None, span: Span, label: str, main: Source | None, base: Span | None) -> Record:
    """A related place; one that lies outside of the record's `source` brings its own."""
    if source is main and base is not None and base.start <= span.start and span.end <= base.end:
        return {"span": _span(source, span, base), "label": label}
    if source is None:
        return {"span": None, "label": label}
    lines = _lines(source, span)
    elsewhere: Record = {"span": _span(source, span, lines), "label": label, "source": source.piece(lines)}
    if source is not main:
        elsewhere["name"] = source.name
    return elsewhere
