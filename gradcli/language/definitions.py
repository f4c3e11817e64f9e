"""Compiling definitions: of functions, and of classes, which are functions with a backward of their own."""

from __future__ import annotations

from typing import Any

from gradcli.errors import GradcliError, OperandLabel, Span, SyntaxFault, TypeMismatch, close_matches
from gradcli.language import tree
from gradcli.language.absent import MODULES
from gradcli.language.arithmetic import describe
from gradcli.language.compilers import Run, compile_expression, compiles
from gradcli.language.expressions import make_function
from gradcli.language.operations import Place
from gradcli.language.scopes import Unit, assigned_names
from gradcli.language.statements import compile_block
from gradcli.language.values import OWN_FUNCTION, Code, Evaluate, OwnFunction


@compiles(tree.Define)
def _define(unit: Unit, node: tree.Define) -> Run:
    make, store = _function(unit, node), unit.store(node.name)
    return lambda frame: store(frame, make(frame))


def _function(unit: Unit, node: tree.Define) -> Evaluate:
    """The closure that makes a function."""
    parameters = [parameter.name for parameter in node.parameters]
    names = dict.fromkeys([*parameters, *assigned_names(node.body)])
    inner = unit.inner(names)
    code = Code(node.name, parameters)
    code.size = len(names)
    make = make_function(unit, code, node.parameters)
    if len(node.body) == 1 and isinstance(node.body[0], tree.Return) and node.body[0].value is not None:
        code.body = compile_expression(inner, node.body[0].value)
    else:
        block = compile_block(inner, node.body)

        def body(frame: Any) -> Any:
            ending = block(frame)
            return None if ending is None else ending[0]

        code.body = body
    return make


# ---- class Cube(torch.autograd.Function)

#: What such a class may define; PyTorch asks for more where gradcli derives it from backward.
METHODS = ("forward", "setup_context", "backward")
DERIVED = {"jvp": "forward mode", "vmap": "a batch"}
SETTINGS = ("generate_vmap_rule",)
FORM = "write `class NAME(torch.autograd.Function):`, with @staticmethod before each of its functions"


@compiles(tree.DefineClass)
def _class(unit: Unit, node: tree.DefineClass) -> Run:
    if node.base is None:
        raise _fault(unit, node.name_span, f"the class {node.name} is of nothing", FORM)
    if isinstance(node.base, tree.Attribute) and node.base.name == "Module":
        raise _fault(unit, node.base.span, "a class can be of torch.autograd.Function only", MODULES)
    base = compile_expression(unit, node.base)
    place = Place(unit.source, node.base.span, (node.base.span,))
    methods = {method.function.name: _function(unit, method.function) for method in _methods(unit, node)}
    store = unit.store(node.name)

    def run(frame: Any) -> None:
        found = base(frame)
        if found is not OWN_FUNCTION:
            error: GradcliError = TypeMismatch(
                "a class can be of torch.autograd.Function only", operands=[OperandLabel(0, describe(found))], hint=FORM
            )
            raise place.locate(error)
        store(frame, OwnFunction(node.name, {name: make(frame) for name, make in methods.items()}))

    return run


def _methods(unit: Unit, node: tree.DefineClass) -> list[tree.Method]:
    """The functions in the body of a class; besides them it holds strings, pass and settings."""
    methods = []
    for part in node.body:
        if isinstance(part, tree.Method):
            _check_method(unit, part)
            methods.append(part)
        elif not _is_idle(part):
            raise _fault(unit, part.span, f"this cannot stand in the body of the class {node.name}", FORM)
    return methods


def _is_idle(node: tree.Statement) -> bool:
    if isinstance(node, tree.Assign):
        return all(isinstance(target, tree.Name) and target.identifier in SETTINGS for target in node.targets)
    is_string = isinstance(node, tree.ExpressionStatement) and isinstance(node.value, tree.Literal)
    return is_string or isinstance(node, tree.Pass)


def _check_method(unit: Unit, method: tree.Method) -> None:
    name, span = method.function.name, method.function.name_span
    for decorator in method.decorators:
        if not (isinstance(decorator, tree.Name) and decorator.identifier == "staticmethod"):
            raise _fault(unit, decorator.span, "the only decorator is @staticmethod", f"write it in the line above `def {name}`")
    if not method.decorators:
        raise _fault(unit, span, f"{name} is not static", f"write @staticmethod in the line above `def {name}`")
    if name in DERIVED:
        hint = f"leave {name} out: {DERIVED[name]} is derived from backward"
        raise _fault(unit, span, f"{name} is not written by hand here", hint)
    if name not in METHODS:
        message = f"torch.autograd.Function has no {name}"
        raise SyntaxFault(message, hint=f"it has {', '.join(METHODS)}", did_you_mean=close_matches(name, METHODS)).at(
            unit.source, span
        )


def _fault(unit: Unit, span: Span, message: str, hint: str) -> SyntaxFault:
    return SyntaxFault(message, hint=hint).at(unit.source, span)
