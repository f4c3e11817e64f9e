"""Python's math: functions of numbers that give numbers. Nothing of it is recorded, as in Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradcli import functions
from gradcli.errors import LimitExceeded, TypeMismatch, ValueFault
from gradcli.language.arithmetic import guarded
from gradcli.language.operations import number
from gradcli.language.values import Builtin

_CONSTANTS = ("e", "inf", "nan", "pi", "tau")
# All whose work and results are bounded, whatever they are given.
_FUNCTIONS = (
    *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "sin", "sinh", "tan", "tanh"),
    *("cbrt", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "pow", "sqrt", "hypot"),
    *("ceil", "copysign", "fabs", "floor", "fmod", "remainder", "trunc"),
    *("degrees", "radians", "erf", "erfc", "gamma", "lgamma", "isclose", "isfinite", "isinf", "isnan"),
)
_LARGEST_FACTORIAL = 500


def members() -> dict[str, Any]:
    """What `math` has: its constants and its functions of numbers."""
    constants = {name: getattr(math, name) for name in _CONSTANTS}
    python = {name: getattr(math, name) for name in _FUNCTIONS}
    return {**constants, **{name: _of_numbers(name, function) for name, function in (*python.items(), ("factorial", _factorial))}}


def _of_numbers(name: str, function: Callable[..., Any]) -> Builtin:
    def call(*arguments: Any, **keywords: Any) -> Any:
        try:
            numbers = [number(argument) for argument in arguments]
        except TypeMismatch as mismatch:
            if name in functions.BARE:
                mismatch.hint = f"torch.{name} takes tensors, and is differentiated"
            raise
        try:
            return guarded(f"math.{name}", function, *numbers, **keywords)
        except ValueFault as fault:
            fault.hint = f"torch.{name} of a tensor gives inf or nan where there is no number" if name in functions.BARE else None
            raise

    return Builtin(name, call)


def _factorial(n: int) -> int:
    if type(n) is int and n > _LARGEST_FACTORIAL:
        raise LimitExceeded(
            f"math.factorial() takes at most {_LARGEST_FACTORIAL}", hint="math.lgamma(n + 1) is the logarithm of n factorial"
        )
    return math.factorial(n)
