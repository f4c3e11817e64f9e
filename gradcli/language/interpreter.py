"""Running programs: compile each statement once, run it in a scope, and put a place on every error that leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradcli.autograd import state
from gradcli.errors import GradcliError, LimitExceeded, NestingTooDeep, SyntaxFault
from gradcli.language import calls, definitions, expressions, imports, statements, tree  # noqa: F401 (each registers its compilers)
from gradcli.language.compilers import compile_expression, compile_statement
from gradcli.language.host import Host
from gradcli.language.prelude import writing_functions
from gradcli.language.scopes import Unit, target_names
from gradcli.language.values import Evaluate

#: How many Python frames a program may use; the nesting of the tree and the depth of calls stay below it, or an error says so.
_PYTHON_FRAMES = 30_000

OnError = Callable[[GradcliError, tree.Statement], None]


class Executable:
    """A program whose statements were compiled, to be run any number of times, in any scope.

    With `wants_value`, its statements display nothing, and a run gives the value of the last expression statement.
    """

    __slots__ = ("_steps", "program", "result")

    def __init__(self, program: tree.Program, host: Host, wants_value: bool = False) -> None:
        self.program = program
        self.result = _last_expression(program) if wants_value else None
        unit = Unit(program.source, writing_functions(host), host)
        with _deep_stack():
            self._steps = [(node, _compiled(unit, node, wants_value)) for node in program.body]

    def run(self, scope: dict[str, Any], on_error: OnError | None = None) -> Any:
        """Run all statements; what goes wrong is raised, or handed to `on_error` before the next statement is run.

        Where a value is wanted, the statement that gives it has to succeed, as do those after it.
        """
        value = None
        with _deep_stack():
            for node, run in self._steps:
                if node is self.result:
                    on_error = None
                try:
                    outcome = self._step(node, run, scope)
                except GradcliError as error:
                    if on_error is None:
                        raise
                    on_error(error, node)
                else:
                    if node is self.result:
                        value = outcome
        return value

    def _step(self, node: tree.Statement, run: Evaluate, scope: dict[str, Any]) -> Any:
        """Run one statement."""
        try:
            return run(scope)
        except GradcliError as error:
            if error.source is None:
                error.at(self.program.source, node.span)
            raise
        except (RecursionError, MemoryError) as exhausted:
            what = (
                "calls and brackets are nested too deep"
                if isinstance(exhausted, RecursionError)
                else "there is not enough memory"
            )
            raise LimitExceeded(f"{what} in this statement").at(self.program.source, node.span) from None
        finally:
            state.place = None


class Interpreter:
    """Runs programs, one after the other, in one scope."""

    def __init__(self, host: Host, scope: dict[str, Any] | None = None) -> None:
        self.host = host
        self.scope: dict[str, Any] = {} if scope is None else scope

    def run(self, program: tree.Program, on_error: OnError | None = None) -> None:
        """Run all statements, as `Executable.run`."""
        Executable(program, self.host).run(self.scope, on_error)

    def evaluate_last(self, program: tree.Program) -> Any:
        """Run all statements without displaying any, and return the value of the last expression statement."""
        return Executable(program, self.host, wants_value=True).run(self.scope)


def _last_expression(program: tree.Program) -> tree.ExpressionStatement:
    """The statement whose value is the result."""
    for node in reversed(program.body):
        if isinstance(node, tree.ExpressionStatement):
            return node
    end = program.body[-1] if program.body else None
    targets = end.targets[-1:] if isinstance(end, tree.Assign) else [end.target] if isinstance(end, tree.Augmented) else []
    names = [name for target in targets for name in target_names(target)]
    message = "there is no expression here whose value could be the result"
    hint = f"end with one, for example with the name {names[0]}" if names else "end with one: x = 2; x**2"
    if isinstance(end, (tree.If, tree.While, tree.For, tree.With)):
        hint = "end with one on a line of its own, outside of the block"
    if isinstance(end, tree.Return):
        hint = "leave out the return"
    raise SyntaxFault(message, hint=hint).at(program.source, program.span if end is None else end.span)


def _compiled(unit: Unit, node: tree.Statement, wants_value: bool) -> Evaluate:
    try:
        if wants_value and isinstance(node, tree.ExpressionStatement):
            return compile_expression(unit, node.value)
        return compile_statement(unit, node)
    except RecursionError:
        hint = "give a part a name of its own, and use the name"
        raise NestingTooDeep("this is nested too deep", hint=hint).at(unit.source, node.span) from None


@contextmanager
def _deep_stack() -> Iterator[None]:
    """Room for the Python frames that a program may need."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _PYTHON_FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
