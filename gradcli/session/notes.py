"""Notes on what a program says and may not mean: what is not shown, a ^ that is no power, a backward() at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import Source
from gradcli.language.tree import Attribute, Call, Chain, Expression, ExpressionStatement, Literal, Node, Program, walk
from gradcli.report.visible import fitted, one_line

WIDEST_PIECE = 40  # of the source


def notes_on(program: Program, result: ExpressionStatement) -> list[str]:
    """What is to be told of a program whose result is that of one of its statements."""
    return [*_what_is_not_shown(program, result), *_joined_bits(program)]


def _what_is_not_shown(program: Program, result: ExpressionStatement) -> list[str]:
    """Expressions that are computed for nothing, as are those of a formula that a shell took for several words."""
    for each in program.body:
        if isinstance(each, ExpressionStatement) and each is not result and not each.silent and not isinstance(each.value, Call):
            return [f"only the last expression is shown, and not {_piece(program.source, each)}"]
    return []


def _joined_bits(program: Program) -> list[str]:
    """A ^ at a whole number: on paper that is a power."""
    for node in walk(program) if "^" in program.source.text else ():
        if isinstance(node, Chain) and "^" in node.operators and any(map(_is_whole, node.operands)):
            return [f"in {_piece(program.source, node)}, ^ joins whole numbers bit by bit; a power is written **"]
    return []


def _is_whole(expression: Expression) -> bool:
    return isinstance(expression, Literal) and type(expression.value) is int


def _piece(source: Source, node: Node) -> str:
    return fitted(one_line(source.piece(node.span)), WIDEST_PIECE)


def notes_on_backward(result: Expression, scope: Mapping[str, Any]) -> list[str]:
    """Where to look if the last expression is a backward(), which gives nothing back itself."""
    function = result.function if isinstance(result, Call) else None
    if not isinstance(function, Attribute) or function.name != "backward":
        return []
    leaves = [name for name, value in scope.items() if isinstance(value, Tensor) and value.is_leaf and value.grad is not None]
    filled = ", ".join(f"{name}.grad" for name in leaves)
    return [f"backward() gives no value; it filled {filled}: end with {leaves[0]}.grad to see it"] if leaves else []
