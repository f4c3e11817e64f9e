"""What is computed element by element over an array-API namespace: mostly its functions of the same meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradcli.errors import ValueFault
from gradcli.lazy.dtypes import bool_, int64, uint8

if TYPE_CHECKING:
    from gradcli.engine.devices.program import Execution, Instruction

Array = Any
Implementation = Callable[["Execution", "Instruction", list[Array]], Array]

# Primitives by the namespace's name for them; the array API defines these for numbers only, so booleans become 0 and 1.
# It has no exp2, fmax, fmin and fmod, but every device library's namespace has them under these names.
NUMERIC: dict[str, str] = {
    "abs": "abs",
    "acos": "acos",
    "acosh": "acosh",
    "add": "add",
    "asin": "asin",
    "asinh": "asinh",
    "atan": "atan",
    "atan2": "atan2",
    "atanh": "atanh",
    "copysign": "copysign",
    "cos": "cos",
    "cosh": "cosh",
    "div": "divide",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "fmax": "fmax",
    "fmin": "fmin",
    "hypot": "hypot",
    "isfinite": "isfinite",
    "isinf": "isinf",
    "isnan": "isnan",
    "less": "less",
    "less_equal": "less_equal",
    "log": "log",
    "log10": "log10",
    "log1p": "log1p",
    "log2": "log2",
    "logaddexp": "logaddexp",
    "matmul": "matmul",
    "maximum": "maximum",
    "minimum": "minimum",
    "mul": "multiply",
    "neg": "negative",
    "nextafter": "nextafter",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "sub": "subtract",
    "tan": "tan",
    "tanh": "tanh",
}

# Defined for booleans as well.
GENERAL: dict[str, str] = {
    "bitwise_and": "bitwise_and",
    "bitwise_not": "bitwise_invert",
    "bitwise_or": "bitwise_or",
    "bitwise_xor": "bitwise_xor",
    "equal": "equal",
    "not_equal": "not_equal",
    "where": "where",
}

# Defined for booleans only: other numbers are true unless they are 0.
LOGICAL: dict[str, str] = {
    "logical_and": "logical_and",
    "logical_not": "logical_not",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
}

# What leaves integers and booleans as they are.
ROUNDING: dict[str, str] = {"ceil": "ceil", "floor": "floor", "round": "round", "trunc": "trunc"}


def number(run: Execution, x: Array) -> Array:
    """The array, with numbers instead of booleans."""
    return run.library.cast(x, int64) if x.dtype == run.xp.bool else x


def _numeric(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        result = getattr(run.xp, name)(*[number(run, value) for value in values])
        return run.library.cast(result, node.dtype)

    return implementation


def _general(name: str) -> Implementation:
    return lambda run, node, values: getattr(run.xp, name)(*values)


def _logical(name: str) -> Implementation:
    return lambda run, node, values: getattr(run.xp, name)(*[run.library.cast(value, bool_) for value in values])


def _rounding(name: str) -> Implementation:
    return lambda run, node, values: getattr(run.xp, name)(values[0]) if node.dtype.is_floating else values[0]


def _divisor(run: Execution, node: Instruction, y: Array) -> Array:
    """The divisor; integers that are 0 are refused, and 1 in their place, since some libraries stop the process."""
    if node.dtype.is_floating:
        return y
    is_zero = y == 0
    run.refuse_if(
        run.xp.any(is_zero),
        lambda: ValueFault.as_torch(
            "ZeroDivisionError", hint="an integer cannot be divided by 0; floating numbers give inf or nan: convert with .float()"
        ),
    )
    return run.xp.where(is_zero, run.xp.ones_like(y), y)


def _fmod(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """The remainder with the sign of the dividend; of integers by the other one, since CuPy's goes by way of float64."""
    xp, (x, y) = run.xp, values
    if node.dtype.is_floating:
        return xp.fmod(x, y)
    y = _divisor(run, node, y)
    remainder = xp.remainder(x, y)
    return xp.where((remainder != 0) & ((x < 0) != (y < 0)), remainder - y, remainder)


def _floor_divide(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """The quotient rounded down; of floating numbers by their remainder, since x / y may be rounded up to a whole number."""
    xp, (x, y) = run.xp, values
    if not node.dtype.is_floating:
        return xp.floor_divide(x, _divisor(run, node, y))
    quotient, remainder = x / y, xp.fmod(x, y)
    exact = (x - remainder) / y
    exact = xp.where((remainder != 0) & ((remainder < 0) != (y < 0)), exact - 1, exact)
    rounded = xp.round(exact)  # whole but for rounding
    rounded = xp.where(rounded == 0, xp.copysign(rounded, quotient), rounded)
    return xp.where((y == 0) | (xp.isfinite(x) & ~xp.isfinite(quotient)), quotient, rounded)


def _remainder(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """The remainder with the sign of the divisor; 0 has the sign of the dividend."""
    xp, (x, y) = run.xp, values
    if not node.dtype.is_floating:
        return xp.remainder(x, _divisor(run, node, y))
    remainder = xp.fmod(x, y)
    return xp.where((remainder != 0) & ((remainder < 0) != (y < 0)), remainder + y, remainder)


def _gcd(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """By Euclid's divisions, as many as the largest integers need."""
    xp = run.xp
    a, b = xp.broadcast_arrays(*(value if node.dtype is uint8 else xp.abs(value) for value in values))
    for _ in range(12 * node.dtype.itemsize):
        is_done = b == 0
        rest = xp.remainder(a, xp.where(is_done, xp.ones_like(b), b))
        a, b = xp.where(is_done, a, b), xp.where(is_done, b, rest)
    return a if node.dtype is uint8 else xp.abs(a)  # the least integer has no positive one


def _power(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """base ** exponent; of integers a negative exponent gives the whole part of the quotient."""
    xp, (base, exponent) = run.xp, values
    if node.dtype.is_floating:
        return xp.pow(base, exponent)
    if node.dtype is uint8:
        return run.library.integer_power(base, exponent)
    one, zero = xp.ones_like(base), xp.zeros_like(base)
    sign = xp.where(exponent % 2 == 0, one, base)
    quotient = xp.where((base == 1) | (base == -1), sign, zero)
    is_negative = exponent < 0
    power = run.library.integer_power(base, xp.where(is_negative, xp.zeros_like(exponent), exponent))
    return xp.where(is_negative, quotient, power)


def _sign(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """-1, 0 or 1; the sign of nan and of -0.0 is 0."""
    x = values[0]
    if not node.dtype.is_floating:
        return x if node.dtype is bool_ else run.xp.sign(x)
    return run.library.cast(x > 0, node.dtype) - run.library.cast(x < 0, node.dtype)


ELEMENTWISE: dict[str, Implementation] = {
    **{primitive: _numeric(name) for primitive, name in NUMERIC.items()},
    **{primitive: _general(name) for primitive, name in GENERAL.items()},
    **{primitive: _logical(name) for primitive, name in LOGICAL.items()},
    **{primitive: _rounding(name) for primitive, name in ROUNDING.items()},
    "cast": lambda run, node, values: run.library.cast(values[0], node.dtype),
    "floor_divide": _floor_divide,
    "fmod": _fmod,
    "gcd": _gcd,
    "pow": _power,
    "remainder": _remainder,
    "sign": _sign,
}
