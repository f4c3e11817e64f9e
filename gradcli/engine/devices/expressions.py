"""Primitives as expressions in CUDA C++, one table for each kind of operands."""

from __future__ import annotations

from gradcli.lazy.dtypes import INTEGER, DType, bool_, float32, float64, int8, int16, int32, int64, uint8

# C types by element type. Half precision is left to the library.
C_TYPES: dict[DType, str] = {
    bool_: "bool",
    uint8: "unsigned char",
    int8: "signed char",
    int16: "short",
    int32: "int",
    int64: "long long",
    float32: "float",
    float64: "double",
}

# Expressions of operands {0}, {1}, {2}. {T} is their type, and {U} an unsigned one, in which integers wrap around as they do
# elsewhere: of signed ones a compiler may assume that they never do.
_ANY: dict[str, str] = {
    "cast": "{0}",
    "equal": "{0} == {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "logical_and": "{0} != 0 && {1} != 0",
    "logical_not": "{0} == 0",
    "logical_or": "{0} != 0 || {1} != 0",
    "logical_xor": "({0} != 0) != ({1} != 0)",
    "not_equal": "{0} != {1}",
    "where": "{0} ? {1} : {2}",
}

# Primitives of one operand, and of two, that are functions of C under their own names, with overloads for float.
_UNARY = (
    *("acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "erf", "erfc", "exp", "exp2", "expm1", "floor"),
    *("lgamma", "log", "log10", "log1p", "log2", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"),
)
_BINARY = ("atan2", "copysign", "fmax", "fmin", "fmod", "hypot", "nextafter", "pow")

_FLOATING: dict[str, str] = {
    **{name: name + "({0})" for name in _UNARY},
    **{name: name + "({0}, {1})" for name in _BINARY},
    "abs": "fabs({0})",
    "add": "{0} + {1}",
    "div": "{0} / {1}",
    "isfinite": "isfinite({0})",
    "isinf": "isinf({0})",
    "isnan": "{0} != {0}",
    "logaddexp": (
        "{0} == {1} ? {0} + ({T})0.69314718055994531 : {0} > {1} ? {0} + log1p(exp({1} - {0})) : "
        "{0} < {1} ? {1} + log1p(exp({0} - {1})) : {0} + {1}"
    ),
    "maximum": "{0} != {0} || {0} > {1} ? {0} : {1}",  # nan, if one is
    "minimum": "{0} != {0} || {0} < {1} ? {0} : {1}",
    "neg": "-{0}",
    "normal_cdf": "normcdf({0})",
    "remainder": "fmod({0}, {1}) != 0 && (fmod({0}, {1}) < 0) != ({1} < 0) ? fmod({0}, {1}) + {1} : fmod({0}, {1})",
    "round": "rint({0})",
    "sign": "({T})({0} > 0) - ({T})({0} < 0)",
    "sub": "{0} - {1}",
}

# Products are rounded before they are added to something, as they are where each operation is a kernel.
_PRODUCTS: dict[DType, str] = {float32: "__fmul_rn({0}, {1})", float64: "__dmul_rn({0}, {1})"}

# Divisions and powers are not here: they refuse some operands.
_INTEGER: dict[str, str] = {
    "abs": "{0} < 0 ? ({U})0 - ({U}){0} : ({U}){0}",
    "add": "({U}){0} + ({U}){1}",
    "bitwise_and": "{0} & {1}",
    "bitwise_not": "~{0}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} ^ {1}",
    "ceil": "{0}",
    "floor": "{0}",
    "maximum": "{0} > {1} ? {0} : {1}",
    "minimum": "{0} < {1} ? {0} : {1}",
    "mul": "({U}){0} * ({U}){1}",
    "neg": "({U})0 - ({U}){0}",
    "round": "{0}",
    "sign": "({0} > 0) - ({0} < 0)",
    "sub": "({U}){0} - ({U}){1}",
    "trunc": "{0}",
}

# Whole numbers of floating ones, as `Library.cast` has them; C leaves undefined what an integer does not hold.
_WHOLE: dict[DType, str] = {
    int32: "{0} >= ({T})-2147483648.0 && {0} < ({T})2147483648.0 ? (int){0} : -2147483647 - 1",
    int64: "{0} >= ({T})-9223372036854775808.0 && {0} < ({T})9223372036854775808.0 ? (long long){0} : -9223372036854775807LL - 1",
}

_BOOLEAN: dict[str, str] = {
    "add": "{0} || {1}",
    "bitwise_and": "{0} && {1}",
    "bitwise_not": "!{0}",
    "bitwise_or": "{0} || {1}",
    "bitwise_xor": "{0} != {1}",
    "maximum": "{0} || {1}",
    "minimum": "{0} && {1}",
    "mul": "{0} && {1}",
}

# What a reduction does with two elements, and what it starts from.
REDUCTIONS: dict[str, tuple[str, str]] = {
    "all": ("logical_and", "true"),
    "any": ("logical_or", "false"),
    "max": ("maximum", "-1.0 / 0.0"),
    "min": ("minimum", "1.0 / 0.0"),
    "prod": ("mul", "1"),
    "sum": ("add", "0"),
}


def expression(primitive: str, operand: DType, result: DType | None = None) -> str | None:
    """The expression of a primitive for operands of a type, that of the last one; None if there is none.

    What a number is cast to is the type of the result.
    """
    if operand not in C_TYPES:
        return None
    if operand.is_floating:
        if primitive == "cast" and result is not None and result.kind == INTEGER:
            return _WHOLE[int64 if result is int64 else int32]
        own = _PRODUCTS[operand] if primitive == "mul" else _FLOATING.get(primitive)
    else:
        own = (_BOOLEAN if operand is bool_ else _INTEGER).get(primitive)
    return own or _ANY.get(primitive)


def written(template: str, dtype: DType, *operands: str) -> str:
    """An expression of named operands of a type."""
    return template.format(*operands, T=C_TYPES[dtype], U="unsigned long long" if dtype is int64 else "unsigned int")
