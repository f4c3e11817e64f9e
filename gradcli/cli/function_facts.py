"""What a declaration tells about its function: derivative rules as text, names, and an example that was tried."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from gradcli.errors import GradcliError
from gradcli.functions import METHODS, NAMESPACES, Function

NO_DERIVATIVE = "NotImplemented"  # PyTorch's name for the node of what cannot be differentiated
CONSTANTS = {1: "g", -1: "-g", 0: "0"}  # the gradient by a partial derivative that is a number
UNIT_INTERVAL = (0.0, 1.0)
#: Shapes that examples are tried with, until one fits: x, y and z, the last one given goes on.
SHAPES: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((2, 3),),
    ((2, 3), (3, 2), (2, 2)),
    ((2, 2),),
    ((3,),),
    ((2, 3), (3,)),
    ((),),
    ((2, 2, 3), (2, 3, 2), (2, 2, 2)),
    ((2, 2), (2, 2, 3), (2, 3, 2)),
)


class Derivative(NamedTuple):
    """The gradient of an argument, g being the gradient of the result; `form` is the signature it holds for."""

    argument: str
    gradient: str
    form: str


class Facts(NamedTuple):
    """A declaration, in words."""

    summary: str
    other_names: list[str]
    grad_fn: list[str]
    derivatives: list[Derivative]
    kink: str
    shapes: str
    command: str


def facts_of(function: Function) -> Facts:
    """All that is to be told about a function."""
    forms = function.forms or (function,)
    derivatives = [derivative for form in forms for derivative in derivatives_of(form)]
    shapes, command = tried_example(function)
    return Facts(
        summary=" ".join(function.doc.split()),
        other_names=other_names(function),
        grad_fn=grad_fn_names(forms) if derivatives else [],
        derivatives=derivatives,
        kink="; ".join(dict.fromkeys(form.kink for form in (function, *forms) if form.kink)),
        shapes=shapes,
        command=command,
    )


def other_names(function: Function) -> list[str]:
    """The further spellings of a function: its other names, and the method."""
    names = [
        f"{space}.{name}"
        for space, entries in NAMESPACES.items()
        for name, value in entries.items()
        if value is function and f"{space}.{name}" != function.qualified_name
    ]
    methods = [name for name, value in METHODS.items() if value is function]
    in_place = [f"{name}_" for name in methods if f"{name}_" in METHODS]
    return names + [f"x.{name}()" for name in (*methods, *in_place)]


def grad_fn_names(forms: tuple[Function, ...]) -> list[str]:
    """The names of the nodes that the forms of a function record; a form may choose among several."""
    names: list[str] = []
    for form in forms:
        chosen = form.grad_fn
        found = [chosen] if isinstance(chosen, str) else _names_in(chosen) if chosen is not None else []
        names += [name for name in found if name not in names]
    return names


def _names_in(choose: Callable[..., str]) -> list[str]:
    return [constant for constant in choose.__code__.co_consts if isinstance(constant, str) and "Backward" in constant]


def derivatives_of(function: Function) -> list[Derivative]:
    """The gradient of each differentiable argument."""
    if function.grad_fn == NO_DERIVATIVE:
        return []
    partials = getattr(function, "partials", None)
    if partials is None:
        return [Derivative(argument, gradient_text(rule), function.signature) for argument, rule in function.rules.items()]
    return [
        Derivative(parameter.name, CONSTANTS[partial] if isinstance(partial, int) else _times_g(partial), function.signature)
        for parameter, partial in zip(function.parameters, partials, strict=True)
        if partial is not None
    ]


def _times_g(partial: Callable[..., Any]) -> str:
    if "g" in partial.__code__.co_varnames:
        return gradient_text(partial)
    text = rule_text(partial)
    tree = ast.parse(text, mode="eval").body
    is_product = isinstance(tree, (ast.Name, ast.Call, ast.Constant)) or (
        isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.Div, ast.Pow))
    )
    return f"g * {text}" if is_product else f"g * ({text})"


def rule_text(rule: Callable[..., Any]) -> str:
    """The source of a rule: the body of a lambda, or the sentence that documents a function."""
    code = rule.__code__
    if code.co_name != "<lambda>":
        return _sentence(rule) or f"{code.co_name.strip('_')}({', '.join(code.co_varnames[: code.co_argcount])})"
    parameters = code.co_varnames[: code.co_argcount]
    columns = {column for _, _, column, _ in code.co_positions() if column}
    candidates = [
        node
        for node in _lambdas(code.co_filename)
        if node.lineno == code.co_firstlineno and tuple(argument.arg for argument in node.args.args) == parameters
    ]
    for node in candidates:
        if len(candidates) == 1 or (columns and node.col_offset <= max(columns) <= (node.end_col_offset or 0)):
            return ast.unparse(node.body)
    return ""


def gradient_text(rule: Callable[..., Any]) -> str:
    """A rule as text; where it leaves all work to a helper, which users don't know by name, the helper's sentence."""
    text = rule_text(rule)
    helper = rule.__globals__.get(text.partition("(")[0])
    return _sentence(helper) or text if isinstance(helper, FunctionType) and text.endswith(")") else text


def _sentence(function: Callable[..., Any]) -> str:
    """The first paragraph of what documents a function, on one line."""
    return " ".join((function.__doc__ or "").split("\n\n")[0].split())


@cache
def _lambdas(file: str) -> list[ast.Lambda]:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]


def tried_example(function: Function) -> tuple[str, str]:
    """The shapes that the first example takes and gives, and the command that runs it; found by trying."""
    for text in (*function.examples, *(example for form in function.forms for example in form.examples)):
        code = re.sub(r"'[^']*'|\"[^\"]*\"", "", text)
        names = sorted(set(re.findall(r"(?<![\w.])[a-z](?![\w(=])", code)))
        for option in ("--let", "--const") if names else ("--let",):
            for shapes in SHAPES if names else ((),):
                given = {name: shapes[min(position, len(shapes) - 1)] for position, name in enumerate(names)}
                interval = getattr(function, "domain", UNIT_INTERVAL) if option == "--let" else None
                values = {name: literal(shape, interval) for name, shape in given.items()}
                outcome = _shape_of_result(text, values, requires_grad=option == "--let")
                if outcome is not None:
                    options = "".join(f" {option} {quoted(f'{name}={value}')}" for name, value in values.items())
                    taken = ", ".join(f"{name} {shape}" for name, shape in given.items())
                    return f"{taken} → {outcome}".strip(), f"gradcli eval {quoted(text)}{options}"
    return "", ""


def quoted(word: str) -> str:
    """A word as a shell takes it, in the quotes that are easiest to read."""
    if "'" in word and not set('"$`!\\') & set(word):
        return f'"{word}"'
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _shape_of_result(text: str, values: dict[str, str], requires_grad: bool) -> str | None:
    """The shape of an example's result; None if it cannot be run so."""
    from gradcli.session import Session

    session = Session(seed=0)
    try:
        for name, value in values.items():
            session.bind(name, value, requires_grad)
        value = session.evaluate(text, no_grad=True).value
    except GradcliError:
        return None
    items = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join(str(tuple(item.shape)) if hasattr(item, "shape") else str(item) for item in items)


def literal(shape: tuple[int, ...], interval: tuple[float, float] | None) -> str:
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

    def nested(lengths: tuple[int, ...]) -> str:
        if not lengths:
            return next(numbers)
        return "[" + ", ".join(nested(lengths[1:]) for _ in range(lengths[0])) + "]"

    return nested(shape)
