"""Running programs: compile each statement once, run it in the scope, and put a place on every error that leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradcli.autograd import state
from gradcli.errors import GradcliError, LimitExceeded, NestingTooDeep, SyntaxFault
from gradcli.language import calls, expressions, imports, statements, tree  # noqa: F401 (each registers its compilers)
from gradcli.language.compilers import compile_expression, compile_statement
from gradcli.language.host import Host
from gradcli.language.prelude import writing_functions
from gradcli.language.scopes import Unit, target_names
from gradcli.language.values import CallDepth, Evaluate

#: How many Python frames a program may use; the nesting of the tree and the depth of calls stay below it, or an error says so.
_PYTHON_FRAMES = 30_000

OnError = Callable[[GradcliError, tree.Statement], None]


class Interpreter:
    """Runs programs, one after the other, in one scope."""

    def __init__(self, host: Host, scope: dict[str, Any] | None = None) -> None:
        self.host = host
        self.scope: dict[str, Any] = {} if scope is None else scope
        self._builtins: dict[str, Any] = dict(writing_functions(host))
        self._depth = CallDepth()

    def run(self, program: tree.Program, on_error: OnError | None = None) -> None:
        """Run all statements; what goes wrong is raised, or handed to `on_error` before the next statement is run."""
        with _deep_stack():
            compiled = [(node, self._compile(program, node)) for node in program.body]
            for node, statement in compiled:
                try:
                    self._step(program, node, statement)
                except GradcliError as error:
                    if on_error is None:
                        raise
                    on_error(error, node)

    def evaluate_last(self, program: tree.Program) -> Any:
        """Run all statements without displaying any, and return the value of the last expression statement."""
        last = next((node for node in reversed(program.body) if isinstance(node, tree.ExpressionStatement)), None)
        if last is None:
            end = program.body[-1] if program.body else None
            names = target_names(end.targets[-1]) if isinstance(end, tree.Assign) else []
            message = "there is no expression here whose value could be the result"
            hint = f"end with one, for example with the name {names[0]}" if names else "end with one: x = 2; x**2"
            raise SyntaxFault(message, hint=hint).at(program.source, program.span if end is None else end.span)
        value = None
        with _deep_stack():
            compiled = [
                (node, self._compile(program, node.value if isinstance(node, tree.ExpressionStatement) else node))
                for node in program.body
            ]
            for node, statement in compiled:
                result = self._step(program, node, statement)
                if node is last:
                    value = result
        return value

    def _compile(self, program: tree.Program, node: tree.Statement | tree.Expression) -> Evaluate:
        unit = Unit(program.source, self.scope, self._builtins, self.host, self._depth)
        try:
            if isinstance(node, tree.Expression):
                return compile_expression(unit, node)
            return compile_statement(unit, node)
        except RecursionError:
            hint = "give a part a name of its own, and use the name"
            raise NestingTooDeep("this is nested too deep", hint=hint).at(program.source, node.span) from None

    def _step(self, program: tree.Program, node: tree.Statement, statement: Evaluate) -> Any:
        """Run one statement of the program."""
        try:
            return statement(None)
        except GradcliError as error:
            if error.source is None:
                error.at(program.source, node.span)
            raise
        except (RecursionError, MemoryError) as exhausted:
            what = (
                "calls and brackets are nested too deep"
                if isinstance(exhausted, RecursionError)
                else "there is not enough memory"
            )
            raise LimitExceeded(f"{what} in this statement").at(program.source, node.span) from None
        finally:
            self._depth.value = 0
            state.place = None


@contextmanager
def _deep_stack() -> Iterator[None]:
    """Room for the Python frames that a program may need."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _PYTHON_FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
