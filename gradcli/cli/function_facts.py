"""What a declaration tells about its function: derivative rules as text, and names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from math import log, sqrt
from pathlib import Path
from typing import Any, NamedTuple

from gradcli.cli.function_examples import Example, tried_example
from gradcli.functions import METHODS, NAMESPACES, Function, behind

NO_DERIVATIVE = "NotImplemented"  # PyTorch's name for the node of what cannot be differentiated
CONSTANTS = {1: "g", -1: "-g", 0: "0"}  # the gradient by a partial derivative that is a number


class Derivative(NamedTuple):
    """The gradient of an argument, g being the gradient of the result; `form` is the signature that the argument is of."""

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
    premise: str
    composed_of: list[str]  # the nodes that a function without a rule of its own records through others, in its example
    example: Example


def facts_of(function: Function) -> Facts:
    """All that is to be told about a function."""
    forms = function.forms or (function,)
    derivatives = list(dict.fromkeys(derivative for form in forms for derivative in derivatives_of(form)))
    example = tried_example(function)
    return Facts(
        summary=" ".join(function.doc.split()),
        other_names=other_names(function),
        grad_fn=grad_fn_names((*function.forms, function)) if derivatives else [],
        derivatives=derivatives,
        kink="; ".join(dict.fromkeys(form.kink for form in (function, *forms) if form.kink)),
        premise="; ".join(dict.fromkeys(form.premise for form in (function, *forms) if form.premise)),
        composed_of=[] if derivatives else example.recorded,
        example=example,
    )


def other_names(function: Function) -> list[str]:
    """The further spellings of a function: its other names, and the method."""
    names = [
        f"{space}.{name}"
        for space, entries in NAMESPACES.items()
        for name, value in entries.items()
        if value is function and f"{space}.{name}" != function.qualified_name
    ]
    methods = [name for name, value in METHODS.items() if behind(value) is function]
    in_place = [f"{name}_" for name in methods if f"{name}_" in METHODS]
    return names + [f"x.{name}()" for name in (*methods, *in_place)]


def grad_fn_names(forms: tuple[Function, ...]) -> list[str]:
    """The names of the nodes that the forms of a function record; a form may choose among several, and give some itself."""
    names: list[str] = []
    for form in forms:
        chosen = form.grad_fn
        found = [chosen] if isinstance(chosen, str) else _names_in(chosen) if chosen is not None else []
        forward = getattr(form, "forward", None)
        if forward is not None:
            found += _node_names(forward.__code__.co_consts)
        names += found
    return list(dict.fromkeys(names))


def _node_names(constants: Iterable[object]) -> list[str]:
    """Those of a function's constants that are names of nodes."""
    return [constant for constant in constants if isinstance(constant, str) and re.search(r"Backward\d", constant)]


def _names_in(choose: Callable[..., str]) -> list[str]:
    """The names that a function may choose: its strings, those with a field once for each value that the field may have."""
    closure = closure_of(choose)
    names: list[str] = []
    node = _lambda_of(choose)
    for part in ast.walk(node.body) if node is not None else ():
        if isinstance(part, ast.JoinedStr):
            fields = [_possible_texts(value, closure) for value in part.values]
            names += ["".join(pieces) for pieces in product(*fields)]
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            names.append(part.value)
    return _node_names([*names, *choose.__code__.co_consts])


def _possible_texts(part: ast.expr, closure: dict[str, Any]) -> list[str]:
    """What a piece of an f-string may be: a text, a value from around the function, or each number of a choice."""
    if isinstance(part, ast.Constant):
        return [str(part.value)]
    found = [node for node in ast.walk(part) if isinstance(node, (ast.Constant, ast.Name))]
    texts = [str(closure[node.id]) for node in found if isinstance(node, ast.Name) and node.id in closure]
    return texts or [str(node.value) for node in found if isinstance(node, ast.Constant) and type(node.value) is int]


def derivatives_of(function: Function) -> list[Derivative]:
    """The gradient of each differentiable argument."""
    if function.grad_fn == NO_DERIVATIVE:
        return []
    form = function.signature if id(function) in _own_names() else f"{function.signature}: {_sentence(function)}"
    partials = getattr(function, "partials", None)
    if partials is None:
        return [Derivative(argument, gradient_text(rule), form) for argument, rule in function.rules.items()]
    return [
        Derivative(parameter.name, CONSTANTS[partial] if isinstance(partial, int) else _times_g(partial), form)
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
    return "; ".join([f"g * {text}" if is_product else f"g * ({text})", *_explained(_helpers(partial))])


def rule_text(rule: Callable[..., Any]) -> str:
    """The source of a rule: the body of a lambda, or the sentence that documents a function."""
    code = rule.__code__
    if code.co_name != "<lambda>":
        return _sentence(rule) or f"{code.co_name.strip('_')}({', '.join(code.co_varnames[: code.co_argcount])})"
    node = _lambda_of(rule)
    text = "" if node is None else ast.unparse(node.body)
    for name, value in _called(rule).items():
        text = re.sub(rf"\b{name}\(", f"{_own_names().get(id(value), name)}(", text)
    return re.sub(r"\b_+(?=[a-z])", "", text)


def _lambda_of(function: Callable[..., Any]) -> ast.Lambda | None:
    """The source of a lambda."""
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount]
    columns = {column for _, _, column, _ in code.co_positions() if column}
    candidates = [
        node
        for node in _lambdas(code.co_filename)
        if node.lineno == code.co_firstlineno and tuple(argument.arg for argument in node.args.args) == parameters
    ]
    for node in candidates:
        if len(candidates) == 1 or (columns and node.col_offset <= max(columns) <= (node.end_col_offset or 0)):
            return node
    return None


def gradient_text(rule: Callable[..., Any]) -> str:
    """A rule as text; where it leaves all work to a helper, which users don't know by name, the helper's sentence."""
    node, helpers = _lambda_of(rule), _helpers(rule)
    call = node.body if node is not None else None
    if isinstance(call, ast.Subscript):  # one of several gradients that a helper gives
        call = call.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and _takes_names(call):
        sentence = helpers.get(call.func.id)
        if sentence is not None:
            return sentence
    return "; ".join([rule_text(rule), *_explained(helpers)])


def _takes_names(call: ast.Call) -> bool:
    """Whether a call hands on what it was given, without a computation of its own."""
    return not any(isinstance(argument, (ast.Call, ast.BinOp)) for argument in call.args)


def _called(rule: Callable[..., Any]) -> dict[str, Any]:
    """What the body of a rule calls by a name of its module, or of what is around it, by that name."""
    node = _lambda_of(rule)
    calls = [] if node is None else [part.func for part in ast.walk(node.body) if isinstance(part, ast.Call)]
    names = dict.fromkeys(function.id for function in calls if isinstance(function, ast.Name))
    known = {**rule.__globals__, **closure_of(rule)}
    return {name: known[name] for name in names if name in known}


def closure_of(function: Callable[..., Any]) -> dict[str, Any]:
    """What a function refers to of what is around it."""
    return dict(zip(function.__code__.co_freevars, (cell.cell_contents for cell in function.__closure__ or ()), strict=True))


@cache
def _own_names() -> dict[int, str]:
    """What users call a function by, by the function's identity: its own name rather than another that it has.

    A form of the name of the function that picks it goes by that name.
    """
    members = [(name, value) for space in reversed(NAMESPACES.values()) for name, value in space.items()]
    own = [(name, value) for name, value in members if isinstance(value, Function) and value.name == name]
    members += [(name, form) for name, value in own for form in value.forms if form.name == name] + own
    return {id(value): name for name, value in members} | {id(sqrt): "sqrt", id(log): "log"}


def _helpers(rule: Callable[..., Any]) -> dict[str, str]:
    """The functions that a rule calls and users don't know, with the sentences that document them."""
    helpers = {name: helper for name, helper in _called(rule).items() if id(helper) not in _own_names()}
    return {name: sentence for name, helper in helpers.items() if (sentence := _sentence(helper))}


def _explained(helpers: dict[str, str]) -> list[str]:
    """Each helper's name and sentence, as parts of a longer one."""
    return [f"{name.strip('_')}: {text[:1].lower()}{text[1:].rstrip('.')}" for name, text in helpers.items()]


def _sentence(function: Callable[..., Any]) -> str:
    """The first paragraph of what documents a function, on one line."""
    doc = function.doc if isinstance(function, Function) else function.__doc__ or ""
    return " ".join(doc.split("\n\n")[0].split())


@cache
def _lambdas(file: str) -> list[ast.Lambda]:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
