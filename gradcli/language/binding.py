"""Compiling what binds names: the targets of assignments and loops, and comprehensions, which are loops with a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.errors import GradcliError, ValueFault
from gradcli.functions.limits import check_length
from gradcli.language import operations, tree
from gradcli.language.attributes import set_attribute
from gradcli.language.compilers import compile_expression, compiles
from gradcli.language.expressions import compile_condition
from gradcli.language.operations import Place
from gradcli.language.scopes import Unit, target_names
from gradcli.language.values import UNBOUND, Evaluate

# ---- Targets


def compile_target(unit: Unit, target: tree.Expression) -> Callable[[Any, Any], None]:
    """The closure that assigns a value to a name, or to the names of a tuple, as a loop or an assignment does."""
    if isinstance(target, tree.Name):
        return unit.store(target.identifier)
    if isinstance(target, tree.TupleDisplay):
        return _unpack(unit, target)
    place_of = {tree.Attribute: _store_attribute, tree.Subscript: _store_item}
    return place_of[type(target)](unit, target)


def _unpack(unit: Unit, target: tree.TupleDisplay) -> Callable[[Any, Any], None]:
    stores = [compile_target(unit, element) for element in target.elements]
    place = Place(unit.source, target.span, ())

    def unpack(frame: Any, value: Any) -> None:
        try:
            values = list(operations.iterate(value))
            if len(values) != len(stores):
                raise ValueFault(f"there are {len(stores)} names for {len(values)} values")
        except GradcliError as error:
            raise place.locate(error) from None
        for store, item in zip(stores, values, strict=True):
            store(frame, item)

    return unpack


def _store_attribute(unit: Unit, target: Any) -> Callable[[Any, Any], None]:
    owner, name = compile_expression(unit, target.value), target.name
    place = Place(unit.source, target.span, (target.value.span,))

    def store(frame: Any, value: Any) -> None:
        holder = owner(frame)
        place.enter()
        try:
            set_attribute(holder, name, value)
        except GradcliError as error:
            raise place.locate(error) from None

    return store


def _store_item(unit: Unit, target: Any) -> Callable[[Any, Any], None]:
    owner, index = compile_expression(unit, target.value), compile_expression(unit, target.index)
    place = Place(unit.source, target.span, (target.value.span, target.index.span))

    def store(frame: Any, value: Any) -> None:
        holder, key = owner(frame), index(frame)
        place.enter()
        try:
            operations.set_item(holder, key, value)
        except GradcliError as error:
            raise place.locate(error) from None

    return store


# ---- Comprehensions


@compiles(tree.Comprehension)
def _comprehension(unit: Unit, node: tree.Comprehension) -> Evaluate:
    """A comprehension has a frame of its own; its first iterable is evaluated outside of it, as in Python."""
    inner = unit.inner(dict.fromkeys(name for loop in node.loops for name in target_names(loop.target)))
    first = compile_expression(unit, node.loops[0].iterable)
    element = compile_expression(inner, node.element)

    def collect(frame: Any) -> None:
        values = frame[-1]
        check_length(len(values) + 1)
        values.append(element(frame))

    step: Callable[[Any], Any] = collect
    for number, loop in reversed(list(enumerate(node.loops))):
        step = _comprehension_loop(inner, loop, step, is_first=number == 0)
    size = len(inner.slots or ())

    def comprehension(frame: Any) -> list[Any]:
        values: list[Any] = []
        step([frame, *[UNBOUND] * size, first(frame), values])
        return values

    return comprehension


def _comprehension_loop(unit: Unit, loop: tree.ComprehensionFor, step: Evaluate, is_first: bool) -> Evaluate:
    iterable: Evaluate = (lambda frame: frame[-2]) if is_first else compile_expression(unit, loop.iterable)
    place = Place(unit.source, loop.iterable.span, (loop.iterable.span,))
    store = compile_target(unit, loop.target)
    conditions = [compile_condition(unit, condition) for condition in loop.conditions]

    def run(frame: Any) -> None:
        for value in iterate_at(place, iterable(frame)):
            store(frame, value)
            for condition in conditions:
                if not condition(frame):
                    break
            else:
                step(frame)

    return run


def iterate_at(place: Place, value: Any) -> Any:
    """The elements of a value, for a loop at a place."""
    try:
        return operations.iterate(value)
    except GradcliError as error:
        raise place.locate(error) from None
