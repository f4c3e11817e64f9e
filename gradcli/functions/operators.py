"""Operators: which function each symbol stands for when one of its operands is a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.autograd import Tensor, change_in_place
from gradcli.autograd.tensor import operators
from gradcli.errors import TypeMismatch
from gradcli.functions.arguments import Operand, type_name
from gradcli.functions.division import floor_divide, remainder
from gradcli.functions.elementwise import (
    add,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    div,
    eq,
    ge,
    gt,
    le,
    lt,
    mul,
    ne,
    neg,
    reciprocal,
    reverse_sub,
    sub,
)
from gradcli.functions.power import pow


def _subtract(left: Operand, right: Operand) -> Tensor:
    return sub.apply_to(left, right) if isinstance(left, Tensor) else reverse_sub.apply_to(right, left)


def _divide(left: Operand, right: Operand) -> Tensor:
    """PyTorch records a number divided by a tensor as its reciprocal times the number."""
    return div.apply_to(left, right) if isinstance(left, Tensor) else mul.apply_to(reciprocal(right), left)


def _multiply(left: Operand, right: Operand) -> Tensor:
    return mul.apply_to(left, right) if isinstance(left, Tensor) else mul.apply_to(right, left)


def _add(left: Operand, right: Operand) -> Tensor:
    return add.apply_to(left, right) if isinstance(left, Tensor) else add.apply_to(right, left)


def _matrix_product(left: Operand, right: Operand) -> Tensor:
    return operators["matmul"](left, right)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "//": floor_divide,
    "%": remainder,
    "**": pow,
    "@": _matrix_product,
    "&": bitwise_and.apply_to,
    "|": bitwise_or.apply_to,
    "^": bitwise_xor.apply_to,
    "==": eq.apply_to,
    "!=": ne.apply_to,
    "<": lt.apply_to,
    "<=": le.apply_to,
    ">": gt.apply_to,
    ">=": ge.apply_to,
}

UNARY_OPERATORS: dict[str, Callable[[Tensor], Any]] = {"neg": neg, "pos": lambda tensor: tensor, "invert": bitwise_not}


def _in_place(symbol: str) -> Callable[[Tensor, Any], Tensor]:
    operator = OPERATORS[symbol]

    def change(target: Tensor, value: Any) -> Tensor:
        if not isinstance(target, Tensor):
            raise TypeMismatch(f"'{symbol}=' needs a tensor on its left, not {type_name(target)}")
        return change_in_place(target, lambda snapshot: operator(snapshot, value))

    return change


INPLACE_OPERATORS: dict[str, Callable[[Tensor, Any], Tensor]] = {
    f"{symbol}=": _in_place(symbol) for symbol in ("+", "-", "*", "/", "//", "%", "**", "&", "|", "^")
}
