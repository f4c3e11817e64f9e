"""The names that are there without import: constants, Python's few functions, every declared function, and the namespaces."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from gradcli import functions
from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, LimitExceeded, OperandLabel, TypeMismatch
from gradcli.functions.limits import check_range, collected
from gradcli.functions.ndarray import NDArray
from gradcli.language import mathematics
from gradcli.language.arithmetic import DIGIT_LIMIT, describe, guarded, rounded, type_name
from gradcli.language.host import Host
from gradcli.language.operations import iterate, number, operate, truth
from gradcli.language.values import OWN_FUNCTION, Builtin, Namespace

CONSTANTS: dict[str, Any] = {"e": math.e, "inf": math.inf, "nan": math.nan, "pi": math.pi}


def _int(value: Any = 0, *base: int) -> int:
    value = number(value)
    if isinstance(value, float):
        return rounded(int, value)
    if isinstance(value, str) and len(value) > DIGIT_LIMIT:  # reading them takes quadratic time
        raise LimitExceeded(f"a number may have at most {DIGIT_LIMIT} digits, and this string has {len(value)} characters")
    return int(value, *base)


def _float(value: Any = 0.0) -> float:
    return float(number(value))


def _len(value: Any) -> int:
    if type(value) is Tensor:
        if not value.shape:
            raise TypeMismatch.as_torch("len() of a 0-d tensor", operands=[OperandLabel(0, describe(value))])
        return value.shape[0]
    if type(value) is NDArray:
        return len(value.array)
    if isinstance(value, (str, list, tuple, range)):
        return len(value)
    raise TypeMismatch(f"{type_name(value)} has no length", operands=[OperandLabel(0, describe(value))])


def _range(*bounds: Any) -> range:
    return range(*(number(bound) for bound in bounds))


def _list(value: Any = ()) -> list[Any]:
    if isinstance(value, range):
        check_range(value)
    return collected(iterate(value))


def _tuple(value: Any = ()) -> tuple[Any, ...]:
    return tuple(_list(value))


def _zip(*values: Any) -> Any:
    return zip(*(iterate(value) for value in values), strict=False)


def _enumerate(value: Any, start: int = 0) -> Any:
    return enumerate(iterate(value), start)


def _abs(value: Any) -> Any:
    return abs(value)


def _round(value: Any, digits: int | None = None) -> Any:
    if digits is not None and abs(digits) > 1000:
        return value if digits > 0 else 0 * value
    return round(value, digits) if digits is not None or not isinstance(value, float) else rounded(round, value)


def _sum(value: Any, start: Any = 0) -> Any:
    return reduce(lambda total, item: operate("+", total, item), iterate(value), start)


def _extreme(symbol: str) -> Callable[..., Any]:
    def extreme(*values: Any) -> Any:
        candidates = _list(values[0]) if len(values) == 1 else list(values)
        if not candidates:
            raise ArgumentError("there is nothing to choose from", operands=[OperandLabel(0, "this is empty")] if values else ())
        best = candidates[0]
        for candidate in candidates[1:]:
            if truth(operate(symbol, candidate, best)):
                best = candidate
        return best

    return extreme


#: Python's functions; those that PyTorch has as well go there when a tensor is among the arguments.
_PYTHON: dict[str, Callable[..., Any]] = {
    "abs": _abs,
    "bool": lambda value=False: truth(value),
    "enumerate": _enumerate,
    "float": _float,
    "int": _int,
    "len": _len,
    "list": _list,
    "max": _extreme(">"),
    "min": _extreme("<"),
    "range": _range,
    "round": _round,
    "sum": _sum,
    "tuple": _tuple,
    "zip": _zip,
}
_ALSO_TORCH = ("abs", "max", "min", "round", "sum")


def _python_function(name: str) -> Builtin:
    python = _PYTHON[name]
    is_torch_too = name in _ALSO_TORCH

    def call(*arguments: Any, **keywords: Any) -> Any:
        if is_torch_too and (any(type(value) is Tensor for value in arguments) or "input" in keywords):
            return functions.BARE[name](*arguments, **keywords)
        return guarded(name, python, *arguments, **keywords)

    return Builtin(name, call)


def _namespaces() -> dict[str, Namespace]:
    """Every namespace under its dotted name, with the namespaces inside it as members."""
    own: dict[str, dict[str, Any]] = {name: {} for name in functions.NAMESPACES}
    own["numpy"] |= CONSTANTS
    own["torch.autograd"]["Function"] = OWN_FUNCTION
    spaces = {
        "math": Namespace("math", mathematics.members()),
        "torch.autograd.function": Namespace("torch.autograd.function", {"Function": OWN_FUNCTION}),
        **{name: Namespace(name, declared.under(own[name])) for name, declared in functions.NAMESPACES.items()},
    }
    for name, space in spaces.items():
        outer, _, last = name.rpartition(".")
        if outer:
            own[outer][last] = space
    return spaces


NAMESPACES = _namespaces()
#: The namespaces that are bound without import.
SPACES = {
    "F": NAMESPACES["torch.nn.functional"],
    "math": NAMESPACES["math"],
    "nn": NAMESPACES["torch.nn"],
    "np": NAMESPACES["numpy"],
    "numpy": NAMESPACES["numpy"],
    "torch": NAMESPACES["torch"],
}

#: Every name that is bound without the user binding it, apart from those that write: print and str.
PRELUDE = functions.BARE.under({**SPACES, **{name: _python_function(name) for name in _PYTHON}, **CONSTANTS})


def writing_functions(host: Host) -> dict[str, Builtin]:
    """print and str, which show values as the host does."""

    def write(*values: Any, sep: str | None = " ", end: str | None = "\n") -> None:
        for name, given in (("sep", sep), ("end", end)):
            if not isinstance(given, str | None):
                raise TypeMismatch(f"{name} must be None or a string, not {type_name(given)}")
        separator = " " if sep is None else sep
        host.write(separator.join(host.text(value) for value in values) + ("\n" if end is None else end))

    def text(value: Any = "") -> str:
        return value if isinstance(value, str) else host.text(value)

    return {
        "print": Builtin("print", lambda *values, **keywords: guarded("print", write, *values, **keywords)),
        "str": Builtin("str", lambda *values: guarded("str", text, *values)),
    }
