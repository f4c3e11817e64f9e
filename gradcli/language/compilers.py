"""The table of compilers: for each kind of node, what makes a Python closure of it, which takes the frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.language import tree
from gradcli.language.scopes import Unit
from gradcli.language.values import Evaluate

#: What a statement becomes: a closure that returns None, or why the block around it ends.
Run = Evaluate
Compile = Callable[[Unit, Any], Evaluate]

COMPILERS: dict[type[tree.Node], Compile] = {}


def compiles(kind: type[tree.Node]) -> Callable[[Compile], Compile]:
    """Register the compiler of a kind of node."""

    def register(function: Compile) -> Compile:
        COMPILERS[kind] = function
        return function

    return register


def compile_expression(unit: Unit, node: tree.Expression) -> Evaluate:
    """The closure of an expression: it gives the value."""
    return COMPILERS[type(node)](unit, node)


def compile_statement(unit: Unit, node: tree.Statement) -> Run:
    """The closure of a statement."""
    return COMPILERS[type(node)](unit, node)
