"""Arithmetic of plain values: numbers, strings, lists and tuples as in Python, but bounded, and with errors in plain words."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from gradcli.errors import GradcliError, LimitExceeded, OperandLabel, TypeMismatch, ValueFault
from gradcli.functions.limits import check_length
from gradcli.language.comparing import ordered

#: An integer has at most this many bits.
INTEGER_BITS = 4096
#: A number written in decimal digits has at most this many, so that reading and printing it stays fast.
DIGIT_LIMIT = 1000
#: The hint where something is asked of None.
NOTHING = "None is what a gradient is before backward(), and what a function without return gives"

_LARGEST = 1 << INTEGER_BITS
_NUMBERS = {bool, int, float}
_SEQUENCES = (str, list, tuple)

Operation = Callable[[Any, Any], Any]

_OPERATIONS: dict[str, Operation] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def type_name(value: object) -> str:
    """What an error calls the type of a value."""
    name = getattr(value, "type_name", type(value).__name__)
    return _TYPE_NAMES.get(name, name)


_TYPE_NAMES = {
    "BoundMethod": "a method",
    "Builtin": "a function",
    "GradMode": "a gradient mode",
    "Namespace": "a module",
    "NoneType": "None",
    "Size": "torch.Size",
    "UserFunction": "a function",
    "builtin_function_or_method": "a function",
}


def describe(value: object) -> str:
    """A label for an operand: what it is."""
    shape = getattr(value, "shape", None)
    return f"this is {type_name(value)}" if shape is None else f"this is {type_name(value)} of shape {tuple(shape)}"


def mismatch(symbol: str, left: object, right: object, hint: str | None = None) -> TypeMismatch:
    """The error of an operator between kinds of values that it is not defined for."""
    return TypeMismatch(
        f"{symbol} is not defined between {type_name(left)} and {type_name(right)}",
        operands=[OperandLabel(0, describe(left)), OperandLabel(1, describe(right))],
        hint=hint,
    )


def number_operation(symbol: str) -> Operation:
    """An operator on numbers; raises TypeError for anything else."""
    python = _OPERATIONS[symbol]
    if symbol in ("<", "<=", ">", ">="):
        return python

    def apply(left: Any, right: Any) -> Any:
        try:
            result = python(left, right)
        except ZeroDivisionError:
            raise ValueFault("division by zero", operands=[OperandLabel(1, "this is 0")]) from None
        except OverflowError:
            raise ValueFault("the result is too large for a floating-point number", hint="a tensor would give inf") from None
        if type(result) is int and not -_LARGEST < result < _LARGEST:
            raise _too_many_bits()
        return result

    return _power if symbol == "**" else apply


def _power(base: Any, exponent: Any) -> Any:
    is_integer = type(base) is not float and type(exponent) is not float
    if is_integer and exponent > 0 and abs(base) > 1 and (base.bit_length() - 1) * exponent > INTEGER_BITS:
        raise _too_many_bits()
    try:
        result = base**exponent
    except ZeroDivisionError:
        raise ValueFault("0 cannot be raised to a negative power", operands=[OperandLabel(0, "this is 0")]) from None
    except OverflowError:
        raise ValueFault("the result is too large for a floating-point number", hint="a tensor would give inf") from None
    if type(result) is complex:
        message = "a negative number cannot be raised to a fractional power without complex numbers, which are not supported"
        raise ValueFault(message, operands=[OperandLabel(0, f"this is {base!r}")])
    if type(result) is int and not -_LARGEST < result < _LARGEST:
        raise _too_many_bits()
    return result


def _too_many_bits() -> LimitExceeded:
    return LimitExceeded(
        f"the result has more than {INTEGER_BITS} bits", hint="with a decimal point it is a floating-point number"
    )


def sequence_operation(symbol: str, left: Any, right: Any) -> Any:
    """`+`, `*`, and comparisons between strings, lists and tuples; NotImplemented for anything else."""
    if symbol == "+" and _joinable(left, right):
        check_length(len(left) + len(right))
        return left + right
    if symbol == "*":
        if isinstance(right, _SEQUENCES):
            left, right = right, left
        if isinstance(left, _SEQUENCES) and isinstance(right, int):
            check_length(len(left) * max(right, 0))
            return left * right
    if symbol in ("<", "<=", ">", ">=") and _joinable(left, right):
        return ordered(_OPERATIONS[symbol], left, right)
    return NotImplemented


def _joinable(left: object, right: object) -> bool:
    return any(isinstance(left, kind) and isinstance(right, kind) for kind in _SEQUENCES)


def is_numeric(value: object) -> bool:
    """Whether a value is a list or tuple of numbers, or of such lists."""
    pending = [value]
    seen: set[int] = set()  # a list may hold itself
    found = False
    while pending:
        item = pending.pop()
        if isinstance(item, (list, tuple)):
            if id(item) not in seen:
                seen.add(id(item))
                pending.extend(item)
        elif type(item) in _NUMBERS:
            found = True
        else:
            return False
    return found


def unary(symbol: str, operand: Any) -> Any:
    """`-x`, `+x`, `~x` of a number."""
    if (type(operand) is float and symbol == "~") or type(operand) not in _NUMBERS:
        raise TypeMismatch(f"{symbol} is not defined for {type_name(operand)}", operands=[OperandLabel(0, describe(operand))])
    if symbol == "~":
        return ~int(operand)
    return -operand if symbol == "-" else +operand


def rounded(function: Callable[[float], int], value: float) -> int:
    """A floating-point number as an integer."""
    if not math.isfinite(value):
        raise ValueFault(f"{value} is no integer", operands=[OperandLabel(0, f"this is {value}")])
    return function(value)


_OWN_NAME = re.compile(r"^[\w.<>]+\(\) ")


def guarded(name: str, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Call a function of Python's, and tell its refusals in the language's own errors."""
    try:
        return function(*arguments, **keywords)
    except GradcliError:
        raise
    except TypeError as refusal:
        raise TypeMismatch(refused(f"{name}()", refusal)) from refusal
    except (ValueError, IndexError, KeyError, OverflowError, ArithmeticError) as refusal:
        raise ValueFault(f"{name}(): {refusal}") from refusal


def refused(name: str, refusal: TypeError) -> str:
    """What Python says of a call, of which it knows the function by a name of its own: `len() missing 1 required ...`."""
    said = str(refusal)
    rest = _OWN_NAME.sub("", said)
    return f"{name} {rest}" if rest != said else f"{name}: {said}"
