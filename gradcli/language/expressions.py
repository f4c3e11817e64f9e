"""Compiling expressions: each node becomes a Python closure that takes the frame and gives the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.errors import GradcliError, OperandLabel, Span, SyntaxFault, TypeMismatch, UnknownAttribute
from gradcli.functions.limits import check_length
from gradcli.language import operations, tree
from gradcli.language.arithmetic import describe
from gradcli.language.attributes import get_attribute
from gradcli.language.compilers import compile_expression, compiles
from gradcli.language.formatting import formatted
from gradcli.language.operations import Apply, Place, truth
from gradcli.language.scopes import Unit
from gradcli.language.values import REQUIRED, Code, Evaluate, UserFunction

#: Up to so many operators in a row become nested closures, which are faster; more become a loop.
_NESTED_OPERATORS = 8


def compile_condition(unit: Unit, node: tree.Expression) -> Callable[[Any], bool]:
    """The closure of a condition: it gives True or False."""
    evaluate = compile_expression(unit, node)
    place = Place(unit.source, node.span, (node.span,))

    def condition(frame: Any) -> bool:
        value = evaluate(frame)
        if value is True or value is False:
            return value
        try:
            return truth(value)
        except GradcliError as error:
            raise place.locate(error) from None

    return condition


# ---- Atoms


@compiles(tree.Name)
def _name(unit: Unit, node: tree.Name) -> Evaluate:
    return unit.load(node.identifier, node.span)


@compiles(tree.Literal)
def _literal(unit: Unit, node: tree.Literal) -> Evaluate:
    value = node.value
    return lambda frame: value


@compiles(tree.EllipsisMark)
def _ellipsis(unit: Unit, node: tree.EllipsisMark) -> Evaluate:
    return lambda frame: ...


@compiles(tree.Group)
def _group(unit: Unit, node: tree.Group) -> Evaluate:
    return compile_expression(unit, node.inner)


@compiles(tree.Formatted)
def _formatted(unit: Unit, node: tree.Formatted) -> Evaluate:
    return _format_parts(unit, node.parts)


def _format_parts(unit: Unit, parts: list[str | tree.Field]) -> Evaluate:
    pieces: list[Evaluate] = [_text_piece(part) if isinstance(part, str) else _field(unit, part) for part in parts]
    return lambda frame: "".join([piece(frame) for piece in pieces])


def _text_piece(text: str) -> Evaluate:
    return lambda frame: text


def _field(unit: Unit, field: tree.Field) -> Evaluate:
    evaluate = compile_expression(unit, field.value)
    specification = _format_parts(unit, field.format or [])
    place = Place(unit.source, field.value.span, (field.value.span,))
    host, conversion = unit.host, field.conversion

    def show(frame: Any) -> str:
        value = evaluate(frame)
        format_text = specification(frame)
        try:
            if conversion == "s":
                value = value if isinstance(value, str) else host.text(value)
            elif conversion:
                value = host.representation(value)
            return formatted(value, format_text, host)
        except GradcliError as error:
            raise place.locate(error) from None

    return show


# ---- Displays


def compile_elements(unit: Unit, nodes: list[tree.Expression]) -> Callable[[Any], list[Any]]:
    """The closure of the elements of a display or of arguments, with `*values` spread out."""
    evaluates = [compile_expression(unit, node.value if isinstance(node, tree.Starred) else node) for node in nodes]
    if not any(isinstance(node, tree.Starred) for node in nodes):
        return lambda frame: [evaluate(frame) for evaluate in evaluates]
    spread = [(Place(unit.source, node.span, (node.span,)) if isinstance(node, tree.Starred) else None) for node in nodes]

    def elements(frame: Any) -> list[Any]:
        values: list[Any] = []
        for evaluate, place in zip(evaluates, spread, strict=True):
            value = evaluate(frame)
            if place is None:
                values.append(value)
                continue
            try:
                items = list(operations.iterate(value))
                check_length(len(values) + len(items))
                values += items
            except GradcliError as error:
                raise place.locate(error) from None
        return values

    return elements


@compiles(tree.TupleDisplay)
def _tuple(unit: Unit, node: tree.TupleDisplay) -> Evaluate:
    elements = compile_elements(unit, node.elements)
    return lambda frame: tuple(elements(frame))


@compiles(tree.ListDisplay)
def _list(unit: Unit, node: tree.ListDisplay) -> Evaluate:
    return compile_elements(unit, node.elements)


# ---- Operators


@compiles(tree.Chain)
def _chain(unit: Unit, node: tree.Chain) -> Evaluate:
    operands = [compile_expression(unit, operand) for operand in node.operands]
    steps: list[tuple[Apply, Evaluate]] = []
    start = node.operands[0].span.start
    left = node.operands[0].span
    for symbol, operand, evaluate in zip(node.operators, node.operands[1:], operands[1:], strict=True):
        whole = Span(start, operand.span.end)
        steps.append((operations.binary(symbol, Place(unit.source, whole, (left, operand.span))), evaluate))
        left = whole
    if len(steps) <= _NESTED_OPERATORS:
        value = operands[0]
        for (apply, evaluate), operand in zip(steps, node.operands[1:], strict=True):
            value = _applied(apply, value, evaluate, operand)
        return value
    first = operands[0]

    def chain(frame: Any) -> Any:
        value = first(frame)
        for apply, evaluate in steps:
            value = apply(value, evaluate(frame))
        return value

    return chain


def _applied(apply: Apply, left: Evaluate, right: Evaluate, right_node: tree.Expression) -> Evaluate:
    if isinstance(right_node, tree.Literal):
        value = right_node.value
        return lambda frame: apply(left(frame), value)
    return lambda frame: apply(left(frame), right(frame))


@compiles(tree.Power)
def _power(unit: Unit, node: tree.Power) -> Evaluate:
    place = Place(unit.source, node.span, (node.base.span, node.exponent.span))
    base, exponent = compile_expression(unit, node.base), compile_expression(unit, node.exponent)
    return _applied(operations.binary("**", place), base, exponent, node.exponent)


@compiles(tree.Unary)
def _unary(unit: Unit, node: tree.Unary) -> Evaluate:
    apply = operations.unary(node.operator, Place(unit.source, node.span, (node.operand.span,)))
    operand = compile_expression(unit, node.operand)
    if isinstance(node.operand, tree.Literal) and type(node.operand.value) in (int, float):
        value = apply(node.operand.value)
        return lambda frame: value
    return lambda frame: apply(operand(frame))


@compiles(tree.Comparison)
def _comparison(unit: Unit, node: tree.Comparison) -> Evaluate:
    operands = [compile_expression(unit, operand) for operand in node.operands]
    links = []
    for position, symbol in enumerate(node.operators):
        left, right = node.operands[position].span, node.operands[position + 1].span
        place = Place(unit.source, Span(left.start, right.end), (left, right))
        links.append(
            (operations.comparison(symbol, place), operands[position + 1], Place(unit.source, place.span, (place.span,)))
        )
    first = operands[0]
    if len(links) == 1:
        return _applied(links[0][0], first, operands[1], node.operands[1])

    def comparison(frame: Any) -> Any:
        left = first(frame)
        result: Any = True
        for position, (apply, evaluate, place) in enumerate(links):
            right = evaluate(frame)
            result = apply(left, right)
            left = right
            try:
                if position < len(links) - 1 and not truth(result):
                    break
            except GradcliError as error:
                raise place.locate(error) from None
        return result

    return comparison


@compiles(tree.Not)
def _not(unit: Unit, node: tree.Not) -> Evaluate:
    condition = compile_condition(unit, node.operand)
    return lambda frame: not condition(frame)


@compiles(tree.And)
def _and(unit: Unit, node: tree.And) -> Evaluate:
    return _until(unit, node.operands, False)


@compiles(tree.Or)
def _or(unit: Unit, node: tree.Or) -> Evaluate:
    return _until(unit, node.operands, True)


def _until(unit: Unit, nodes: list[tree.Expression], decisive: bool) -> Evaluate:
    """The first operand whose truth decides, or the last."""
    operands = [(compile_expression(unit, node), Place(unit.source, node.span, (node.span,))) for node in nodes[:-1]]
    last = compile_expression(unit, nodes[-1])

    def evaluate(frame: Any) -> Any:
        for operand, place in operands:
            value = operand(frame)
            try:
                if truth(value) is decisive:
                    return value
            except GradcliError as error:
                raise place.locate(error) from None
        return last(frame)

    return evaluate


@compiles(tree.Conditional)
def _conditional(unit: Unit, node: tree.Conditional) -> Evaluate:
    condition = compile_condition(unit, node.condition)
    value, other = compile_expression(unit, node.value), compile_expression(unit, node.other)
    return lambda frame: value(frame) if condition(frame) else other(frame)


# ---- Attributes and subscripts


@compiles(tree.Attribute)
def _attribute(unit: Unit, node: tree.Attribute) -> Evaluate:
    value, name = compile_expression(unit, node.value), node.name
    place = Place(unit.source, node.span, (node.value.span,))

    def attribute(frame: Any) -> Any:
        owner = value(frame)
        place.enter()
        try:
            return get_attribute(owner, name)
        except GradcliError as error:
            if error.source is None and isinstance(error, UnknownAttribute):
                error.span = node.name_span
            raise place.locate(error) from None

    return attribute


@compiles(tree.Slice)
def _slice(unit: Unit, node: tree.Slice) -> Evaluate:
    bounds = [None if bound is None else compile_expression(unit, bound) for bound in (node.start, node.stop, node.step)]
    place = Place(unit.source, node.span, (node.span,))

    def make(frame: Any) -> slice:
        values = [None if bound is None else operations.as_index(bound(frame)) for bound in bounds]
        for value in values:
            if value is not None and (type(value) is not int):
                raise place.locate(
                    TypeMismatch("the bounds of a slice are integers", operands=[OperandLabel(0, describe(value))])
                )
        return slice(*values)

    return make


@compiles(tree.Subscript)
def _subscript(unit: Unit, node: tree.Subscript) -> Evaluate:
    value, index = compile_expression(unit, node.value), compile_expression(unit, node.index)
    place = Place(unit.source, node.span, (node.value.span, node.index.span))

    def subscript(frame: Any) -> Any:
        owner, key = value(frame), index(frame)
        place.enter()
        try:
            return operations.get_item(owner, key)
        except GradcliError as error:
            raise place.locate(error) from None

    return subscript


@compiles(tree.Starred)
def _starred(unit: Unit, node: tree.Starred) -> Evaluate:
    hint = "it spreads a list over the arguments of a call or the elements of a list"
    raise SyntaxFault("a * cannot stand here", hint=hint).at(unit.source, node.span)


# ---- Functions


@compiles(tree.Lambda)
def _lambda(unit: Unit, node: tree.Lambda) -> Evaluate:
    inner = unit.inner([parameter.name for parameter in node.parameters])
    code = Code("<lambda>", list(inner.slots or ()))
    code.size = len(node.parameters)
    code.body = compile_expression(inner, node.body)
    return make_function(unit, code, node.parameters)


def make_function(unit: Unit, code: Code, parameters: list[tree.Parameter]) -> Evaluate:
    """The closure that makes a function, evaluating its defaults."""
    defaults = [None if parameter.default is None else compile_expression(unit, parameter.default) for parameter in parameters]
    return lambda frame: UserFunction(code, [REQUIRED if default is None else default(frame) for default in defaults], frame)
