"""Compiling calls: of functions, of methods without making a bound method first, of the user's own functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli import functions
from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, GradcliError, Related, Source, Span, TypeMismatch, ValueFault
from gradcli.language import tree
from gradcli.language.arithmetic import describe, refused
from gradcli.language.attributes import find_method, get_attribute, unknown
from gradcli.language.compilers import compile_expression, compiles
from gradcli.language.expressions import compile_elements
from gradcli.language.operations import MethodPlace, Place
from gradcli.language.scopes import Unit
from gradcli.language.values import Evaluate, Namespace, UserFunction

#: How many of the calls that led to an error are shown with it.
_SHOWN_CALLS = 2

Arguments = Callable[[Any], list[Any]]
Keywords = Callable[[Any], dict[str, Any]]


@compiles(tree.Call)
def _call(unit: Unit, node: tree.Call) -> Evaluate:
    arguments = compile_elements(unit, node.arguments)
    names = [keyword.name for keyword in node.keywords]
    values = [compile_expression(unit, keyword.value) for keyword in node.keywords]

    def keywords(frame: Any) -> dict[str, Any]:
        return {name: value(frame) for name, value in zip(names, values, strict=True)} if names else _NONE

    spans = [argument.span for argument in node.arguments] + [keyword.value.span for keyword in node.keywords]
    if isinstance(node.function, tree.Attribute):
        return _method_call(unit, node, node.function, arguments, keywords, spans)
    return _function_call(unit, node, arguments, keywords, spans)


_NONE: dict[str, Any] = {}


def _function_call(unit: Unit, node: tree.Call, arguments: Arguments, keywords: Keywords, spans: list[Span]) -> Evaluate:
    evaluate = compile_expression(unit, node.function)
    place = Place(unit.source, node.span, spans)
    callee_span = node.function.span

    def call(frame: Any) -> Any:
        return invoke(evaluate(frame), arguments(frame), keywords(frame), place, callee_span)

    return call


def _method_call(
    unit: Unit, node: tree.Call, function: tree.Attribute, arguments: Arguments, keywords: Keywords, spans: list[Span]
) -> Evaluate:
    evaluate = compile_expression(unit, function.value)
    name, name_span = function.name, function.name_span
    function_place = Place(unit.source, node.span, spans)
    method_place = MethodPlace(unit.source, node.span, [function.value.span, *spans])
    attribute_place = Place(unit.source, name_span, [function.value.span])

    def call(frame: Any) -> Any:
        receiver = evaluate(frame)
        kind = type(receiver)
        try:
            if kind is Namespace:
                member = get_attribute(receiver, name)
                try:
                    return invoke(member, arguments(frame), keywords(frame), function_place, name_span)
                except ArgumentError as error:
                    raise _as_spelled(error, member, functions.called_in(receiver.name, name)) from None
            if kind is Tensor and name in functions.ATTRIBUTES and name not in functions.METHODS:
                return invoke(get_attribute(receiver, name), arguments(frame), keywords(frame), function_place, name_span)
            method = find_method(receiver, name)
            if method is None:
                raise unknown(receiver, name)
        except GradcliError as error:
            raise attribute_place.locate(error) from None
        try:
            return invoke(method, [receiver, *arguments(frame)], keywords(frame), method_place, name_span)
        except ArgumentError as error:
            raise _as_spelled(error, method, name) from None

    return call


def _as_spelled(error: ArgumentError, function: Any, spelled: str) -> ArgumentError:
    """The error under the name that the program gives the function, which may be an alias."""
    return error.of_variant(function.called, spelled) if isinstance(function, functions.Function) else error


def invoke(function: Any, arguments: list[Any], keywords: dict[str, Any], place: Place, callee: Span) -> Any:
    """Call a value that may or may not be a function."""
    if type(function) is UserFunction:
        try:
            return function.invoke(arguments, keywords)
        except GradcliError as error:
            raise _called_from(error, function, place) from None
    place.enter()
    try:
        return function(*arguments, **keywords)
    except GradcliError as error:
        raise place.locate(error) from None
    except TypeError as refusal:
        raise place.locate(_refused(function, refusal, place.source, callee)) from refusal
    except (ValueError, OverflowError, ZeroDivisionError) as refusal:
        raise place.locate(ValueFault(f"{_name(function)}: {refusal}")) from refusal


def _refused(function: Any, refusal: TypeError, source: Source, callee: Span) -> GradcliError:
    if not callable(function):
        error = TypeMismatch(f"{describe(function)}, which cannot be called")
        error.span = callee
        error.hint = "to multiply, write a * between" if not isinstance(function, str) else None
        before = source.text[: callee.start].rstrip()
        if before.endswith("."):  # x.shape()
            error.hint = "it is an attribute, and no method: leave out the brackets"
        elif before.endswith(("^", "**")):  # sin^2(x)
            error.hint = "the power of a call stands behind it: f(x)**2"
        return error
    return ArgumentError(refused(_name(function), refusal))


def _name(function: Any) -> str:
    return f"{getattr(function, 'name', 'this function')}()"


def _called_from(error: GradcliError, function: UserFunction, place: Place) -> GradcliError:
    """The error with the place of the call that led to it, unless there are enough of these."""
    if error.source is None:
        return place.locate(error)
    label = f"in a call of {function.code.name}() from here"
    calls = [related for related in error.related if related.label.startswith("in a call of ")]
    if len(calls) < _SHOWN_CALLS and all(related.span != place.span for related in calls):
        error.related = (*error.related, Related(place.span, label, place.source))
    return error
