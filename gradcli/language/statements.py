"""Compiling statements: each becomes a closure that returns None, or why the block around it ends (break, continue, a value)."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import GradMode
from gradcli.errors import AssertionFailed, GradcliError, Span, SyntaxFault, TypeMismatch
from gradcli.language import operations, tree
from gradcli.language.arithmetic import describe
from gradcli.language.attributes import get_attribute, set_attribute
from gradcli.language.binding import compile_target, iterate_at
from gradcli.language.compilers import Run, compile_expression, compile_statement, compiles
from gradcli.language.expressions import compile_condition
from gradcli.language.operations import Place
from gradcli.language.scopes import Unit
from gradcli.language.values import Evaluate

#: Why a block ends early; a `return` gives a tuple of its one value.
BREAK = object()
CONTINUE = object()


def compile_block(unit: Unit, nodes: list[tree.Statement]) -> Run:
    """The closure of several statements."""
    statements = [compile_statement(unit, node) for node in nodes]
    if len(statements) == 1:
        return statements[0]

    def block(frame: Any) -> Any:
        for statement in statements:
            ending = statement(frame)
            if ending is not None:
                return ending
        return None

    return block


# ---- Simple statements


def _changes_in_place(node: tree.Expression) -> bool:
    """Whether an expression is a call such as `w.grad.zero_()`, which is written for what it does, not to see its value."""
    return isinstance(node, tree.Call) and isinstance(node.function, tree.Attribute) and node.function.name.endswith("_")


@compiles(tree.ExpressionStatement)
def _expression(unit: Unit, node: tree.ExpressionStatement) -> Run:
    evaluate = compile_expression(unit, node.value)
    is_shown = not node.silent and unit.slots is None and not _changes_in_place(node.value)
    host = unit.host
    place = Place(unit.source, node.span, (node.value.span,))

    def run(frame: Any) -> None:
        value = evaluate(frame)
        if is_shown and value is not None:
            place.enter()
            try:
                host.display(value, node)
            except GradcliError as error:
                raise place.locate(error) from None

    return run


@compiles(tree.Assign)
def _assign(unit: Unit, node: tree.Assign) -> Run:
    evaluate = compile_expression(unit, node.value)
    stores = [compile_target(unit, target) for target in node.targets]
    if len(stores) > 1:

        def assign_all(frame: Any) -> None:
            value = evaluate(frame)
            for store in stores:
                store(frame, value)

        return assign_all
    only = stores[0]
    return lambda frame: only(frame, evaluate(frame))


@compiles(tree.Augmented)
def _augmented(unit: Unit, node: tree.Augmented) -> Run:
    """`x += 1` changes a tensor in place; `x[0] += 1` and `x.grad += g` read, change what they read, and assign it."""
    target, value = node.target, compile_expression(unit, node.value)
    place = Place(unit.source, node.span, (target.span, node.value.span))
    if isinstance(target, tree.Subscript):
        return _augmented_item(unit, node, target, value, place)
    apply = operations.in_place(node.operator, place)
    if isinstance(target, tree.Attribute):
        return _augmented_attribute(unit, target, value, apply, place)
    load, store = compile_expression(unit, target), compile_target(unit, target)
    return lambda frame: store(frame, apply(load(frame), value(frame)))


def _augmented_item(unit: Unit, node: tree.Augmented, target: tree.Subscript, value: Evaluate, place: Place) -> Run:
    owner, index = compile_expression(unit, target.value), compile_expression(unit, target.index)
    apply = operations.in_place(node.operator, place)

    def run(frame: Any) -> None:
        holder, key = owner(frame), index(frame)
        place.enter()
        try:
            new = apply(operations.get_item(holder, key), value(frame))
            operations.set_item(holder, key, new)
        except GradcliError as error:
            raise place.locate(error) from None

    return run


def _augmented_attribute(unit: Unit, target: tree.Attribute, value: Evaluate, apply: operations.Apply, place: Place) -> Run:
    owner, name = compile_expression(unit, target.value), target.name

    def run(frame: Any) -> None:
        holder = owner(frame)
        try:
            set_attribute(holder, name, apply(get_attribute(holder, name), value(frame)))
        except GradcliError as error:
            raise place.locate(error) from None

    return run


@compiles(tree.Pass)
def _pass(unit: Unit, node: tree.Pass) -> Run:
    return lambda frame: None


@compiles(tree.Break)
def _break(unit: Unit, node: tree.Break) -> Run:
    _only_in_loop(unit, node.span, "break")
    return lambda frame: BREAK


@compiles(tree.Continue)
def _continue(unit: Unit, node: tree.Continue) -> Run:
    _only_in_loop(unit, node.span, "continue")
    return lambda frame: CONTINUE


def _only_in_loop(unit: Unit, span: Span, word: str) -> None:
    if not unit.loops:
        raise _misplaced(unit, span, f"{word} is outside of a loop", f"{word} belongs into the block of a while or for")


def _misplaced(unit: Unit, span: Span, message: str, hint: str) -> SyntaxFault:
    return SyntaxFault(message, hint=hint).at(unit.source, span)


@compiles(tree.Return)
def _return(unit: Unit, node: tree.Return) -> Run:
    if unit.slots is None:
        raise _misplaced(
            unit, node.span, "return is outside of a function", "at the end of a program, write the value on a line of its own"
        )
    if node.value is None:
        return lambda frame: (None,)
    evaluate = compile_expression(unit, node.value)
    return lambda frame: (evaluate(frame),)


@compiles(tree.Assert)
def _assert(unit: Unit, node: tree.Assert) -> Run:
    condition = compile_condition(unit, node.condition)
    message = None if node.message is None else compile_expression(unit, node.message)
    host, source = unit.host, unit.source

    def run(frame: Any) -> None:
        if condition(frame):
            return
        value = None if message is None else message(frame)
        text = source.piece(node.condition.span) if message is None else value if isinstance(value, str) else host.text(value)
        raise AssertionFailed(f"assertion failed: {text}").at(source, node.condition.span)

    return run


@compiles(tree.Delete)
def _delete(unit: Unit, node: tree.Delete) -> Run:
    return _each([_delete_target(unit, target) for target in node.targets])


def _each(steps: list[Run]) -> Run:
    def run(frame: Any) -> None:
        for step in steps:
            step(frame)

    return run


def _delete_target(unit: Unit, target: tree.Expression) -> Run:
    if isinstance(target, tree.Name):
        return unit.delete(target.identifier, target.span)
    if isinstance(target, tree.TupleDisplay):
        return _each([_delete_target(unit, element) for element in target.elements])
    if not isinstance(target, tree.Subscript):
        raise _misplaced(unit, target.span, "an attribute cannot be deleted", "to drop a gradient, write x.grad = None")
    owner, index = compile_expression(unit, target.value), compile_expression(unit, target.index)
    place = Place(unit.source, target.span, (target.value.span, target.index.span))

    def delete_item(frame: Any) -> None:
        try:
            operations.delete_item(owner(frame), index(frame))
        except GradcliError as error:
            raise place.locate(error) from None

    return delete_item


# ---- Blocks


def _always(frame: Any) -> bool:
    return True


@compiles(tree.If)
def _if(unit: Unit, node: tree.If) -> Run:
    branches = [
        (
            _always if branch.condition is None else compile_condition(unit, branch.condition),
            compile_block(unit, branch.body),
        )
        for branch in node.branches
    ]

    def run(frame: Any) -> Any:
        for condition, body in branches:
            if condition(frame):
                return body(frame)
        return None

    return run


@compiles(tree.While)
def _while(unit: Unit, node: tree.While) -> Run:
    condition = compile_condition(unit, node.condition)
    body = _loop_body(unit, node.body)

    def run(frame: Any) -> Any:
        while condition(frame):
            ending = body(frame)
            if ending is not None and ending is not CONTINUE:
                return None if ending is BREAK else ending
        return None

    return run


@compiles(tree.For)
def _for(unit: Unit, node: tree.For) -> Run:
    iterable = compile_expression(unit, node.iterable)
    place = Place(unit.source, node.iterable.span, (node.iterable.span,))
    store = compile_target(unit, node.target)
    body = _loop_body(unit, node.body)

    def run(frame: Any) -> Any:
        for value in iterate_at(place, iterable(frame)):
            store(frame, value)
            ending = body(frame)
            if ending is not None and ending is not CONTINUE:
                return None if ending is BREAK else ending
        return None

    return run


def _loop_body(unit: Unit, nodes: list[tree.Statement]) -> Run:
    unit.loops += 1
    try:
        return compile_block(unit, nodes)
    finally:
        unit.loops -= 1


@compiles(tree.With)
def _with(unit: Unit, node: tree.With) -> Run:
    contexts = [
        (compile_expression(unit, context), Place(unit.source, context.span, (context.span,))) for context in node.contexts
    ]
    body = compile_block(unit, node.body)

    def run(frame: Any) -> Any:
        entered: list[GradMode] = []
        try:
            for evaluate, place in contexts:
                context = evaluate(frame)
                if not isinstance(context, GradMode):
                    raise place.locate(_no_context(context))
                context.__enter__()
                entered.append(context)
            return body(frame)
        finally:
            for context in reversed(entered):
                context.__exit__(None, None, None)

    return run


def _no_context(value: Any) -> TypeMismatch:
    hint = "write torch.no_grad(), torch.enable_grad() or torch.set_grad_enabled(condition)"
    return TypeMismatch(f"with takes a gradient mode, and {describe(value)}", hint=hint)
