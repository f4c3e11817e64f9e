"""Tensors and nodes made by hand for the report tests, without any function of the language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from gradcli.autograd.node import Node
from gradcli.autograd.tensor import Tensor
from gradcli.errors import Source, Span
from gradcli.language.operations import Place
from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import BY_NAME
from gradcli.lazy.settings import settings
from gradcli.lazy.shapes import Size
from gradcli.report.profile import Computation


class Evaluation(NamedTuple):
    """A result as `eval` has it."""

    source: Source
    value: object
    grads: Mapping[str, Tensor | None] | None = None
    grad_fn: Node | None = None
    profile: list[Computation] | None = None
    jacobian: Mapping[str, Tensor] | None = None
    hessian: Mapping[str, Mapping[str, Tensor]] | None = None


def tensor(
    values: object, dtype: str | None = None, *, requires_grad: bool = False, grad_fn: Node | None = None, name: str | None = None
) -> Tensor:
    """A tensor whose value is known already."""
    array = np.asarray(values, dtype or (np.float32 if np.asarray(values).dtype.kind == "f" else None))
    lazy = LazyArray("constant", (), (), Size(array.shape), BY_NAME[str(array.dtype)])
    lazy.keep(array)
    result = Tensor(lazy, requires_grad or grad_fn is not None, grad_fn)
    result.name = name
    return result


def node(
    name: str,
    *following: Node,
    piece: str = "",
    source: Source | None = None,
    shape: Sequence[int] = (),
    variable: Tensor | None = None,
) -> Node:
    """A recorded operation, made by the first occurrence of a piece of the source."""
    made = Node(name, None, tuple((successor, 0) for successor in following), ((Size(shape), BY_NAME["float32"]),))
    if source is not None and piece:
        start = source.text.index(piece)
        made.place = Place(source, Span(start, start + len(piece)), ())
    made.variable = variable
    return made


def example() -> Evaluation:
    """mean((x+2)*(x+2)*3) at ones(2, 2)."""
    source = Source("mean((x+2)*(x+2)*3)")
    x = tensor(np.ones((2, 2), np.float32), requires_grad=True, name="x")
    leaf = node("AccumulateGrad", shape=(2, 2), variable=x)
    left = node("AddBackward0", leaf, piece="x+2", source=source, shape=(2, 2))
    right = node("AddBackward0", leaf, piece="x+2", source=source, shape=(2, 2))
    right.place = Place(source, Span(12, 15), ())
    square = node("MulBackward0", left, right, piece="(x+2)*(x+2)", source=source, shape=(2, 2))
    triple = node("MulBackward0", square, piece="(x+2)*(x+2)*3", source=source, shape=(2, 2))
    mean = node("MeanBackward0", triple, piece=source.text, source=source)
    return Evaluation(source, tensor(np.float32(27), grad_fn=mean), {"x": tensor(np.full((2, 2), 4.5, np.float32))}, mean)


def known_values(arrays: Sequence[LazyArray]) -> list[np.ndarray]:
    """An evaluator for arrays that were made from values."""
    buffers = [array.buffer for array in arrays]
    assert all(buffer is not None for buffer in buffers)
    return [buffer for buffer in buffers if buffer is not None]


@contextmanager
def known_values_evaluator() -> Iterator[None]:
    """A session's evaluator for the length of a block."""
    before = settings.evaluator
    settings.evaluator = known_values
    try:
        yield
    finally:
        settings.evaluator = before
