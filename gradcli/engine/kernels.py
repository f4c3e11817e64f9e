"""Elementwise functions as vector arithmetic over NumPy's fast operations, where NumPy or SciPy go element by element.

A kernel is called as a ufunc is: operands, and `out=` if there is memory for the result, which may be an operand's own.
With `out=` it computes a block of something larger, and the bits of an element depend on its value alone, wherever blocks
are cut. Without, a small result comes from the plain function, which makes one call where a kernel makes many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gradcli.engine import error_functions
from gradcli.engine.scratch import CHUNK, buffers
from gradcli.engine.special import special

Array = np.ndarray

# Results of fewer elements come from the plain function.
FEW = 1 << 10


class Kernel:
    """A function of arrays, computed in chunks: `body(*operands, out)` writes `out` when it is done with the operands.

    `plain(*operands, out=)` computes what is small and what has another dtype than `dtypes`; all does, where what `pays`
    asks about is missing. What is small and has a dtype in `exact` does not: for that, plain is not exact enough.
    """

    def __init__(
        self,
        body: Callable[..., Any],
        plain: Callable[..., Any],
        dtypes: str,
        pays: Callable[[], bool] | None = None,
        exact: str = "",
    ) -> None:
        self.body = body
        self.plain = plain
        self.dtypes = dtypes
        self.pays = pays
        self.exact = exact

    def __call__(self, *operands: Array, out: Array | None = None) -> Any:
        dtype = operands[-1].dtype
        is_small = out is None and dtype.char not in self.exact and max([operand.size for operand in operands]) < FEW
        if dtype.char not in self.dtypes or is_small:
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
    tangent, divisor = buffers(2, out.size)
    np.multiply(x, 0.5, out=tangent)
    np.tan(tangent, out=tangent)
    np.multiply(tangent, tangent, out=divisor)
    np.add(divisor, 1.0, out=divisor)
    np.add(tangent, tangent, out=tangent)
    np.divide(tangent, divisor, out=out)


def _cosine(x: Array, out: Array) -> None:
    """1 / sqrt(1 + t*t) for the tangent t of x, with the sign of sin(x)/tan(x): within 2.1 units in the last place."""
    half = buffers(2, out.size)[1]
    np.multiply(x, 0.5, out=half)
    np.tan(half, out=half)  # has the sign of the sine
    _cosine_beside_sine(x, half, out)


def _cosine_beside_sine(x: Array, sine: Array, out: Array) -> None:
    """The same to the bit, from what has the sign of the sine."""
    tangent, sign = buffers(2, out.size)
    np.tan(x, out=tangent)
    bits = sign.view(np.int64)
    np.bitwise_xor(sine.view(np.int64), tangent.view(np.int64), out=bits)
    np.bitwise_and(bits, np.int64(-(2**63)), out=bits)
    np.multiply(tangent, tangent, out=tangent)
    np.add(tangent, 1.0, out=tangent)
    np.divide(1.0, tangent, out=tangent)
    np.sqrt(tangent, out=tangent)  # last, since it halves the errors before it
    np.bitwise_xor(tangent.view(np.int64), bits, out=out.view(np.int64))


# ── two operands and more ──


def _logaddexp(x: Array, y: Array, out: Array) -> None:
    """The larger one plus log1p(exp(-|x - y|))."""
    larger, gap = buffers(2, out.size, out.dtype)
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
    mask, chosen = buffers(2, out.size, bits)
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


def maximum(x: Array, y: Array, out: Array | None = None) -> Any:
    """The larger one; a number is a bound to clip at, for which NumPy has a loop that is three times as fast."""
    if out is None or y.ndim or out.dtype.char not in "fd" or np.signbit(y):
        return np.maximum(x, y, out=out)
    np.clip(x, y, np.inf, out=out)
    return out if y else np.add(out, 0.0, out=out)  # of 0.0 and -0.0 the former


def minimum(x: Array, y: Array, out: Array | None = None) -> Any:
    """The smaller one, likewise."""
    if out is None or y.ndim or out.dtype.char not in "fd" or not y:
        return np.minimum(x, y, out=out)
    return np.clip(x, -np.inf, y, out=out)


cos = Kernel(_cosine, np.cos, "d", tangent_is_vectorized)
cos_beside_sin = Kernel(_cosine_beside_sine, lambda x, sine, out=None: np.cos(x, out=out), "d", tangent_is_vectorized)
erf = Kernel(error_functions.erf, special("erf"), "efd", exact="d")
erfc = Kernel(error_functions.erfc, special("erfc"), "efd", exact="d")
logaddexp = Kernel(_logaddexp, np.logaddexp, "fd")
normal_cdf = Kernel(error_functions.normal_cdf, special("ndtr"), "fd", exact="d")
sin = Kernel(_sine, np.sin, "d", tangent_is_vectorized)
where = Kernel(_select, _where, "fdilq")


#: Powers with a constant exponent, as PyTorch computes them.
POWERS: dict[float, Callable[[Array, Array | None], Any]] = {
    -2.0: lambda x, out: np.divide(1, np.multiply(x, x, out=out), out=out),
    -1.0: lambda x, out: np.divide(1, x, out=out),
    -0.5: lambda x, out: np.divide(1, np.sqrt(x, out=out), out=out),
    0.5: lambda x, out: np.sqrt(x, out=out),
    2.0: lambda x, out: np.multiply(x, x, out=out),
    3.0: lambda x, out: np.multiply(np.multiply(x, x), x, out=out),
}
