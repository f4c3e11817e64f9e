"""Elementwise functions as vector arithmetic over NumPy's fast operations, where NumPy or SciPy go element by element.

A kernel is called as a ufunc is: operands, and `out=` if there is memory for the result, which may be an operand's own.
With `out=` it computes a block of something larger, and the bits of an element depend on its value alone, wherever blocks
are cut. Without, a small result comes from the plain function, which makes one call where a kernel makes many.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from math import exp, pi, sqrt
from threading import local
from typing import Any

import numpy as np

from gradcli.engine.recycled import aligned
from gradcli.engine.special import special

Array = np.ndarray

# Elements that are computed at a time: a whole block mostly, because threads wait for each other between short calls.
CHUNK = 1 << 18
# Results of fewer elements come from the plain function.
FEW = 1 << 10

_BUFFERS = 4

_memory = local()


def _buffers(number: int, size: int, dtype: Any = np.float64) -> list[Array]:
    """Temporaries of a chunk: this thread's own memory, the same at each call."""
    raw: Array | None = getattr(_memory, "raw", None)
    if raw is None:
        raw = _memory.raw = aligned(_BUFFERS * CHUNK * 8).reshape(_BUFFERS, CHUNK * 8)
    return [row.view(dtype)[:size] for row in raw[:number]]


class Kernel:
    """A function of arrays, computed in chunks: `body(*operands, out)` writes `out` when it is done with the operands.

    `plain(*operands, out=)` computes what is small and what has another dtype than `dtypes`; all does, where what `pays`
    asks about is missing.
    """

    def __init__(
        self, body: Callable[..., Any], plain: Callable[..., Any], dtypes: str, pays: Callable[[], bool] | None = None
    ) -> None:
        self.body = body
        self.plain = plain
        self.dtypes = dtypes
        self.pays = pays

    def __call__(self, *operands: Array, out: Array | None = None) -> Any:
        dtype = operands[-1].dtype
        if dtype.char not in self.dtypes or (out is None and max([operand.size for operand in operands]) < FEW):
            return self.plain(*operands, out=out)
        if self.pays is not None and not self.pays():
            return self.plain(*operands, out=out)
        if out is None:
            out = np.empty(np.broadcast_shapes(*(operand.shape for operand in operands)), dtype)
        result = out if out.flags.c_contiguous else np.empty(out.shape, dtype)
        target = result.reshape(-1)
        sources = [_apart(source, target) for source in _flat(operands, out.shape)]
        for start in range(0, target.size, CHUNK):
            part = slice(start, start + CHUNK)
            self.body(*[source[part] if source.ndim else source for source in sources], target[part])
        if result is not out:
            out[...] = result
        return out


def _flat(operands: Sequence[Array], shape: tuple[int, ...]) -> list[Array]:
    """The operands as vectors of contiguous elements; those without dimensions as they are."""
    whole = [operand if operand.shape == shape or not operand.ndim else np.broadcast_to(operand, shape) for operand in operands]
    return [operand.reshape(-1) if operand.ndim else operand for operand in whole]


def _apart(source: Array, target: Array) -> Array:
    """A source that may be read chunk by chunk while the target is written: what lies there in another order is copied."""
    if target.size <= CHUNK or not np.may_share_memory(source, target):
        return source
    is_same = (source.ctypes.data, source.strides) == (target.ctypes.data, target.strides)
    return source if is_same else source.copy()


# ── the error functions of float32 ──

# A table has the function and its slope every so many parts of 1. Between two places a second-order step is exact to float32,
# and takes a dozen operations where a polynomial for the whole range takes three dozen.
_STEPS = 1 << 11
# Numbers near this one are as far apart as places of the table: adding it rounds to a place, and the bits count the places.
_COUNTER = np.float32(1.5 * 2**23 / _STEPS)


class _Table:
    """A function and its slope, -2*x times which is its curvature, between bounds where it has the values it keeps beyond."""

    def __init__(self, function: Callable[[float], float], slope_at_0: float, low: float, high: float) -> None:
        places = [number / _STEPS for number in range(round(low * _STEPS), round(high * _STEPS) + 1)]
        self.low, self.high = np.float32(low), np.float32(high)
        self.first = (_COUNTER + self.low).view(np.int32)
        # -0.0 for 0, to which a step of 0.0 or -0.0 adds with the right sign.
        self.values = np.array([function(place) or -0.0 for place in places], np.float32)
        self.slopes = np.array([slope_at_0 * exp(-place * place) for place in places], np.float32)

    def look_up(self, x: Array, out: Array) -> None:
        """f(a) + (f'(a)*d - a*d * f'(a)*d), where a is the nearest place and d the rest."""
        rest, rounded, step = _buffers(3, out.size, np.float32)
        index = _buffers(4, out.size, np.int64)[3]
        np.clip(x, self.low, self.high, out=rest)
        np.add(rest, _COUNTER, out=rounded)
        np.subtract(rounded, _COUNTER, out=step)
        np.subtract(rest, step, out=rest)
        count = rounded.view(np.int32)
        np.subtract(count, self.first, out=count)
        np.copyto(index, count)
        np.multiply(step, rest, out=step)
        np.take(self.slopes, index, out=rounded, mode="clip")  # what is not a number has any place, and stays what it is
        np.multiply(rounded, rest, out=rounded)
        np.multiply(step, rounded, out=step)
        np.subtract(rounded, step, out=step)
        np.take(self.values, index, out=rounded, mode="clip")
        np.add(rounded, step, out=out, casting="same_kind")


@cache
def _table_of_erf() -> _Table:
    return _Table(math.erf, 2 / sqrt(pi), -4.0, 4.0)


@cache
def _table_of_erfc() -> _Table:
    return _Table(math.erfc, -2 / sqrt(pi), -4.0, 10.25)


def _erf(x: Array, out: Array) -> None:
    """Within 1.75 units in the last place, and odd to the bit."""
    _table_of_erf().look_up(x, out)


def _erfc(x: Array, out: Array) -> None:
    """Within 1.5 units in the last place, however small."""
    _table_of_erfc().look_up(x, out)


# The normal distribution is (1 + tanh(x * P(x*x))) / 2 for the polynomial P, the lowest power first, that is closest to
# atanh(erf(x / sqrt(2))) / x where that counts, |x| up to 6.2. It grows with x*x, so that nothing overflows to a wrong side.
_BEND_OF_NORMAL = (
    0.797884922,
    0.0363331274,
    -3.26231353e-05,
    -5.52980899e-05,
    3.96362138e-06,
    -1.32190705e-07,
    1.75443214e-09,
)


def _normal_cdf(x: Array, out: Array) -> None:
    """Within 1.1e-7, which is the distance of numbers near 1."""
    square, value = _buffers(2, x.size, np.float32)
    *others, second, first = map(np.float32, _BEND_OF_NORMAL)
    np.multiply(x, x, out=square)
    np.multiply(square, first, out=value)
    np.add(value, second, out=value)
    for coefficient in reversed(others):
        np.multiply(value, square, out=value)
        np.add(value, coefficient, out=value)
    np.multiply(value, x, out=value)
    np.tanh(value, out=value)
    np.multiply(value, np.float32(0.5), out=value)
    np.add(value, np.float32(0.5), out=out)


# ── sine and cosine of float64 ──


@cache
def tangent_is_vectorized() -> bool:
    """Whether NumPy has a vector tangent on this processor, exact to half a unit for all arguments; it has no such sine."""
    try:
        from numpy.lib.introspect import opt_func_info
    except ImportError:
        return False
    target: str = opt_func_info(func_name="^tan$", signature="float64")["tan"]["dd"]["current"]
    return target.startswith(("AVX512", "X86_V4"))


def _sine(x: Array, out: Array) -> None:
    """2*t / (1 + t*t) for the tangent t of x/2: within 2.4 units in the last place, and never beyond 1."""
    tangent, divisor = _buffers(2, out.size)
    np.multiply(x, 0.5, out=tangent)
    np.tan(tangent, out=tangent)
    np.multiply(tangent, tangent, out=divisor)
    np.add(divisor, 1.0, out=divisor)
    np.add(tangent, tangent, out=tangent)
    np.divide(tangent, divisor, out=out)


def _cosine(x: Array, out: Array) -> None:
    """1 / sqrt(1 + t*t) for the tangent t of x, with the sign of sin(x)/tan(x): within 2.1 units in the last place."""
    half = _buffers(2, out.size)[1]
    np.multiply(x, 0.5, out=half)
    np.tan(half, out=half)  # has the sign of the sine
    _cosine_beside_sine(x, half, out)


def _cosine_beside_sine(x: Array, sine: Array, out: Array) -> None:
    """The same to the bit, from what has the sign of the sine."""
    tangent, sign = _buffers(2, out.size)
    np.tan(x, out=tangent)
    bits = sign.view(np.int64)
    np.bitwise_xor(sine.view(np.int64), tangent.view(np.int64), out=bits)
    np.bitwise_and(bits, np.int64(-(2**63)), out=bits)
    np.multiply(tangent, tangent, out=tangent)
    np.add(tangent, 1.0, out=tangent)
    np.reciprocal(tangent, out=tangent)
    np.sqrt(tangent, out=tangent)  # last, since it halves the errors before it
    np.bitwise_xor(tangent.view(np.int64), bits, out=out.view(np.int64))


# ── two operands and more ──


def _logaddexp(x: Array, y: Array, out: Array) -> None:
    """The larger one plus log1p(exp(-|x - y|))."""
    larger, gap = _buffers(2, out.size, out.dtype)
    np.maximum(x, y, out=larger)
    np.subtract(x, y, out=gap)
    np.absolute(gap, out=gap)
    np.fmin(gap, out.dtype.type(1000), out=gap)  # not nan for two equal infinities
    np.negative(gap, out=gap)
    np.exp(gap, out=gap)
    np.log1p(gap, out=gap)
    np.add(larger, gap, out=out)


def _select(condition: Array, x: Array, y: Array, out: Array) -> None:
    """The bits of x or of y, by a mask: NumPy's own selection waits for a branch at each element."""
    bits = np.dtype(f"i{out.dtype.itemsize}")
    mask, chosen = _buffers(2, out.size, bits)
    np.copyto(mask, condition.astype(np.bool_, copy=False).view(np.int8))
    first, second, result = x.view(bits), y.view(bits), out.view(bits)
    if not first.ndim and not first:
        np.subtract(mask, 1, out=mask)
        np.bitwise_and(second, mask, out=result)
        return
    np.negative(mask, out=mask)
    if not second.ndim and not second:
        np.bitwise_and(first, mask, out=result)
        return
    np.bitwise_xor(first, second, out=chosen)
    np.bitwise_and(chosen, mask, out=chosen)
    np.bitwise_xor(chosen, second, out=result)


def _where(condition: Array, x: Array, y: Array, out: Array | None = None) -> Any:
    if out is None:
        return np.where(condition, x, y)
    out[...] = np.where(condition, x, y)
    return out


cos = Kernel(_cosine, np.cos, "d", tangent_is_vectorized)
cos_beside_sin = Kernel(_cosine_beside_sine, lambda x, sine, out=None: np.cos(x, out=out), "d", tangent_is_vectorized)
erf = Kernel(_erf, special("erf"), "ef")
erfc = Kernel(_erfc, special("erfc"), "ef")
logaddexp = Kernel(_logaddexp, np.logaddexp, "fd")
normal_cdf = Kernel(_normal_cdf, special("ndtr"), "f")
sin = Kernel(_sine, np.sin, "d", tangent_is_vectorized)
where = Kernel(_select, _where, "fdilq")


#: Powers with a constant exponent, as PyTorch computes them.
POWERS: dict[float, Callable[[Array, Array | None], Any]] = {
    -2.0: lambda x, out: np.reciprocal(np.multiply(x, x, out=out), out=out),
    -1.0: lambda x, out: np.reciprocal(x, out=out),
    -0.5: lambda x, out: np.reciprocal(np.sqrt(x, out=out), out=out),
    0.5: lambda x, out: np.sqrt(x, out=out),
    2.0: lambda x, out: np.multiply(x, x, out=out),
    3.0: lambda x, out: np.multiply(np.multiply(x, x), x, out=out),
}
