"""An example of a function, tried until its numbers fit: the command that runs it and what it prints."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from gradcli.cli.shell import quoted
from gradcli.errors import GradcliError
from gradcli.functions import Function

if TYPE_CHECKING:
    from gradcli.report.evaluated import Evaluated

UNIT_INTERVAL = (0.0, 1.0)
Shape = tuple[int, ...]
#: Shapes that examples are tried with, until one fits: x, y and z, the last one given goes on.
SHAPES: tuple[tuple[Shape, ...], ...] = (
    ((2, 3),),
    ((2, 3), (3, 2), (2, 2)),
    ((2, 2),),
    ((3,),),
    ((2, 3), (3,)),
    ((),),
    ((2, 2, 3), (2, 3, 2), (2, 2, 2)),
    ((2, 2), (2, 2, 3), (2, 3, 2)),
)
MOST_OUTPUT = 12  # lines
SEED = 0


class Example(NamedTuple):
    """An example that runs; all of it empty where there is none."""

    shapes: str  # of what it takes and gives
    command: str
    evaluation: Evaluated | None  # whose output is shown; None where there is none
    recorded: list[str]  # the names of the nodes that its result has in the graph, from the result on


def tried_example(function: Function) -> Example:
    """The first example that runs."""
    for text in (*function.examples, *(example for form in function.forms for example in form.examples)):
        names = free_names(text)
        for option in ("--let", "--const") if names else ("--let",):
            for shapes in SHAPES if names else ((),):
                given = {name: shapes[min(position, len(shapes) - 1)] for position, name in enumerate(names)}
                interval = getattr(function, "domain", UNIT_INTERVAL) if option == "--let" else None
                example = _tried(text, option, given, {name: literal(shape, interval) for name, shape in given.items()})
                if example is not None:
                    return example
    return Example("", "", None, [])


def free_names(text: str) -> list[str]:
    """The names of tensors that an example, which is an expression of Python too, does not bind itself."""
    parts = list(ast.walk(ast.parse(text)))
    own = {argument.arg for part in parts if isinstance(part, ast.Lambda) for argument in part.args.args}
    names = {part.id for part in parts if isinstance(part, ast.Name) and len(part.id) == 1}
    return sorted(names - own - {"F"})


def _tried(text: str, option: str, given: dict[str, Shape], values: dict[str, str]) -> Example | None:
    """The example with these values; none if it cannot be run so."""
    from gradcli.autograd import walk
    from gradcli.session import Session

    session = Session(seed=SEED)
    try:
        for name, value in values.items():
            session.bind(name, value, requires_grad=option == "--let")
        evaluation = session.evaluate(text)
        shown = None if evaluation.is_silent else evaluation
        output_of(shown)  # which computes it
    except GradcliError:
        return None
    items = evaluation.value if isinstance(evaluation.value, (list, tuple)) else [evaluation.value]
    outcome = ", ".join(str(tuple(item.shape)) if hasattr(item, "shape") else str(item) for item in items)
    taken = ", ".join(f"{name} {shape}" for name, shape in given.items())
    options = "".join(f" {option} {quoted(f'{name}={value}')}" for name, value in values.items())
    options += f" --seed {SEED}" if session.has_drawn else ""
    nodes = [] if evaluation.grad_fn is None else [node.name for node in walk(evaluation.grad_fn) if node.variable is None]
    return Example(f"{taken} → {outcome}".strip(), f"gradcli eval {quoted(text)}{options}", shown, nodes)


def output_of(evaluation: Evaluated | None, width: int | None = None) -> list[str]:
    """The lines that an example prints, the first of many; within `width` cells, if that is given."""
    from gradcli.report.plain import evaluation_text

    lines = [] if evaluation is None else evaluation_text(evaluation, width=width).splitlines()
    return lines if len(lines) <= MOST_OUTPUT else [*lines[: MOST_OUTPUT - 1], "..."]


def literal(shape: Shape, interval: tuple[float, float] | None) -> str:
    """Numbers of a shape as text: spread over an interval without its ends, or 1, 2, 3, ... without one."""
    count = 1
    for length in shape:
        count *= length
    numbers: Iterator[str]
    if interval is None:
        numbers = map(str, range(1, count + 1))
    else:
        low, high = interval
        numbers = (f"{low + (high - low) * (k + 1) / (count + 1):.2f}".rstrip("0") for k in range(count))

    def nested(lengths: Shape) -> str:
        if not lengths:
            return next(numbers)
        return "[" + ", ".join(nested(lengths[1:]) for _ in range(lengths[0])) + "]"

    return nested(shape)
