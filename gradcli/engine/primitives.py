"""How each lazy primitive is computed, over NumPy: a table from its name to a function of the array and its operands' values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.engine import generated, kernels
from gradcli.engine.indexing import INDEXING, overlaps
from gradcli.engine.matrices import MATRICES
from gradcli.engine.special import REFINED, SPECIAL, special
from gradcli.engine.sums import sum_of_products
from gradcli.errors import ValueFault
from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import ALL, DType

Array = np.ndarray
Implementation = Callable[[LazyArray, list[Array]], Array]

NUMPY_DTYPE: dict[DType, np.dtype[Any]] = {dtype: np.dtype(dtype.name) for dtype in ALL}


def power(base: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """base ** exponent; of integers a negative exponent gives the whole part of the quotient, as in PyTorch."""
    if exponent.dtype.kind == "f" and not exponent.ndim and (special := kernels.POWERS.get(float(exponent))):
        return np.asarray(special(base, None))
    if exponent.dtype.kind != "i" or not (exponent < 0).any():
        result: np.ndarray = np.power(base, exponent)
        return result
    sign = np.where(exponent % 2 == 0, 1, base)
    quotient = np.where(abs(base) == 1, sign, 0)
    return np.where(exponent < 0, quotient, np.power(base, np.maximum(exponent, 0))).astype(base.dtype)


def _refusing_zero(ufunc: Callable[..., Any]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A division that has no result for the integer 0, which NumPy takes for one that gives 0."""

    def divide(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        if y.dtype.kind != "f" and not y.all():
            hint = "an integer cannot be divided by 0; floating numbers give inf or nan: convert with .float()"
            raise ValueFault.as_torch("ZeroDivisionError", hint=hint)
        result: np.ndarray = ufunc(x, y)
        return result

    return divide


_whole_remainder = _refusing_zero(np.remainder)

UFUNCS: dict[str, Callable[..., Any]] = {
    **{name: special(name) for name in SPECIAL},
    **REFINED,
    "abs": np.absolute,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "add": np.add,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "atanh": np.arctanh,
    "bitwise_and": np.bitwise_and,
    "bitwise_not": np.bitwise_not,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "copysign": np.copysign,
    "cos": kernels.cos,
    "cosh": np.cosh,
    "div": np.divide,
    "equal": np.equal,
    "erf": kernels.erf,
    "erfc": kernels.erfc,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "floor_divide": _refusing_zero(np.floor_divide),
    "fmax": np.fmax,
    "fmin": np.fmin,
    "fmod": _refusing_zero(np.fmod),
    "gcd": np.gcd,
    "hypot": np.hypot,
    "isfinite": np.isfinite,
    "isinf": np.isinf,
    "isnan": np.isnan,
    "less": np.less,
    "less_equal": np.less_equal,
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "log2": np.log2,
    "logaddexp": kernels.logaddexp,
    "logical_and": np.logical_and,
    "logical_not": np.logical_not,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
    "maximum": kernels.maximum,
    "minimum": kernels.minimum,
    "mul": np.multiply,
    "neg": np.negative,
    "nextafter": np.nextafter,
    "normal_cdf": kernels.normal_cdf,
    "not_equal": np.not_equal,
    "pow": power,
    "sin": kernels.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "sub": np.subtract,
    "tan": np.tan,
    "tanh": np.tanh,
    "where": kernels.where,
    "matmul": np.matmul,
}

#: Those of the above that cannot be given memory for their result with `out=`.
WITHOUT_OUT = frozenset({"floor_divide", "fmod", "pow"})

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": np.add.reduce,
    "prod": np.multiply.reduce,
    "max": np.maximum.reduce,
    "min": np.minimum.reduce,
    "any": np.logical_or.reduce,
    "all": np.logical_and.reduce,
}

SCANS: dict[str, Callable[..., Any]] = {
    "cumsum": np.add.accumulate,
    "cumprod": np.multiply.accumulate,
    "cummax": np.maximum.accumulate,
    "cummin": np.minimum.accumulate,
    "logcumsumexp": np.logaddexp.accumulate,
}


def _reduction(ufunc: Callable[..., Any]) -> Implementation:
    def implementation(node: LazyArray, values: list[Array]) -> Array:
        axes, keepdims = node.params
        result: Array = ufunc(values[0], axis=axes, keepdims=keepdims, dtype=NUMPY_DTYPE[node.dtype])
        return result

    return implementation


def _scan(accumulate: Callable[..., Any]) -> Implementation:
    def implementation(node: LazyArray, values: list[Array]) -> Array:
        if not values[0].ndim:
            return values[0]
        result: Array = accumulate(values[0], axis=node.params[0], dtype=NUMPY_DTYPE[node.dtype])
        return result

    return implementation


def _argsort(node: LazyArray, values: list[Array]) -> Array:
    axis, descending = node.params
    x = values[0]
    if not x.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    # Sorting the reversed axis and reversing the outcome keeps equal values in their order.
    reversed_positions = np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)
    return np.asarray(x.shape[axis] - 1 - reversed_positions)


def _arg_reduce(find: Callable[..., Any]) -> Implementation:
    def implementation(node: LazyArray, values: list[Array]) -> Array:
        axis, keepdims = node.params
        return np.asarray(find(values[0], axis=axis, keepdims=keepdims)) if values[0].ndim else np.zeros((), np.int64)

    return implementation


def basic_index(slices: tuple[tuple[int, int, int], ...]) -> tuple[slice, ...]:
    """Slices as NumPy has them."""
    return tuple(slice(start, start + number * step, step) for start, number, step in slices)


def _place(node: LazyArray, values: list[Array]) -> Array:
    slices, shape = node.params
    result = np.zeros(shape, NUMPY_DTYPE[node.dtype])
    result[basic_index(slices)] = values[0]
    return result


def _add_part(node: LazyArray, values: list[Array]) -> Array:
    result = values[0].copy()
    result[basic_index(node.params[0])] += values[1]
    return result


def _windows(node: LazyArray, values: list[Array]) -> Array:
    (along,) = node.params
    x = values[0]
    shape, strides = list(x.shape), list(x.strides)
    for axis, length, step, gap in along:
        shape[axis] = (x.shape[axis] - gap * (length - 1) - 1) // step + 1
        strides[axis] *= step
        shape.append(length)
        strides.append(x.strides[axis] * gap)
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def _overlap_add(node: LazyArray, values: list[Array]) -> Array:
    along, sizes = node.params
    order, parts = overlaps(values[0].shape, along)
    x = values[0].transpose(order)
    shape = list(x.shape[: x.ndim - len(along)])
    for (axis, *_), size in zip(along, sizes, strict=True):
        shape[axis] = size
    result = np.zeros(shape, NUMPY_DTYPE[node.dtype])
    for index, place in parts:
        result[place] += x[index]
    return result


def _constant(node: LazyArray, values: list[Array]) -> Array:
    value = np.asarray(node.params[0]).astype(NUMPY_DTYPE[node.dtype])
    return np.broadcast_to(value, node.shape) if node.shape else value


def _rounding(ufunc: Callable[..., Any]) -> Implementation:
    """What leaves integers and booleans as they are."""

    def implementation(node: LazyArray, values: list[Array]) -> Array:
        return np.asarray(ufunc(values[0])) if node.dtype.is_floating else values[0]

    return implementation


def _sign(node: LazyArray, values: list[Array]) -> Array:
    """-1, 0 or 1; unlike in NumPy, the sign of nan is 0."""
    x = values[0]
    if not node.dtype.is_floating:
        return x if x.dtype == np.bool_ else np.asarray(np.sign(x))
    return np.asarray(np.where(np.isnan(x), x.dtype.type(0), np.sign(x)))


def _remainder(node: LazyArray, values: list[Array]) -> Array:
    """The remainder with the sign of the divisor; unlike in NumPy, 0 has the sign of the dividend."""
    x, y = values
    if not node.dtype.is_floating:
        return np.asarray(_whole_remainder(x, y))
    remainder = np.fmod(x, y)
    return np.asarray(np.where((remainder != 0) & ((remainder < 0) != (y < 0)), remainder + y, remainder))


def no_value() -> Array:
    """The error for what has a value only in a batch."""
    message = (
        "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, "
        "please try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch "
        "internals, please file a bug report."
    )
    hint = "the function is called once for the whole batch: print, if and item() have no single number; torch.where chooses"
    raise ValueFault.as_torch(message, hint=hint)


IMPLEMENTATIONS: dict[str, Implementation] = {
    **{name: _reduction(ufunc) for name, ufunc in REDUCTIONS.items()},
    **{name: _scan(accumulate) for name, accumulate in SCANS.items()},
    **INDEXING,
    **MATRICES,
    "add_part": _add_part,
    "arange": generated.arange,
    "argmax": _arg_reduce(np.argmax),
    "argmin": _arg_reduce(np.argmin),
    "argsort": _argsort,
    "broadcast_to": lambda node, values: np.broadcast_to(values[0], node.shape),
    "cast": lambda node, values: np.asarray(values[0]).astype(NUMPY_DTYPE[node.dtype]),
    "ceil": _rounding(np.ceil),
    "concatenate": lambda node, values: np.concatenate(values, axis=node.params[0]),
    "constant": _constant,
    "exponent": lambda node, values: np.asarray(np.frexp(values[0])[1]).astype(values[0].dtype),
    "flip": lambda node, values: np.flip(values[0], node.params[0]),
    "floor": _rounding(np.floor),
    "mantissa": lambda node, values: np.asarray(np.frexp(values[0])[0]),
    "overlap_add": _overlap_add,
    "placeholder": lambda node, values: no_value(),
    "permute": lambda node, values: np.transpose(values[0], node.params[0]),
    "place": _place,
    "random": generated.random,
    "remainder": _remainder,
    "reshape": lambda node, values: np.reshape(values[0], node.shape),
    "round": _rounding(np.rint),
    "searchsorted": lambda node, values: np.searchsorted(values[0], values[1], side="right" if node.params[0] else "left"),
    "trunc": _rounding(np.trunc),
    "sign": _sign,
    "slice": lambda node, values: values[0][basic_index(node.params[0])],
    "stored": lambda node, values: node.params[0][()],
    "sum_of_products": sum_of_products,
    "windows": _windows,
}
