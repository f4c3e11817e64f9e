"""Elementwise functions as vector arithmetic over NumPy's fast operations, where NumPy or SciPy go element by element.

A kernel is called as a ufunc is: operands, and `out=` if there is memory for the result, which may be an operand's own.
With `out=` it computes a block of something larger, and the bits of an element depend on its value alone, wherever blocks
are cut. Without, a small result comes from the plain function, which makes one call where a kernel makes many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from threading import local
from typing import Any

import numpy as np

Array = np.ndarray

# Elements that are computed at a time: temporaries stay in a core's own cache, and calls are long enough for threads to overlap.
CHUNK = 1 << 15
# Results of fewer elements come from the plain function.
FEW = 1 << 10

_BUFFERS = 4
_CACHE_LINE = 64  # vector operations on memory that is not aligned to it take up to twice as long
_SIGN = np.uint64(1 << 63)

_memory = local()


def _buffers(number: int, size: int, dtype: Any = np.float64) -> list[Array]:
    """Temporaries of a chunk: this thread's own memory, the same at each call."""
    raw: Array | None = getattr(_memory, "raw", None)
    if raw is None:
        raw = np.empty(_BUFFERS * CHUNK * 8 + _CACHE_LINE, np.uint8)
        start = -raw.ctypes.data % _CACHE_LINE
        raw = _memory.raw = raw[start : start + _BUFFERS * CHUNK * 8].reshape(_BUFFERS, CHUNK * 8)
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
        sources = _flat(operands, out.shape)
        target = result.reshape(-1)
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


# ── the error function ──

# Both are computed in float64 and rounded once; their coefficients, highest power first, are least-squares fits of rational
# functions, reweighted until the largest relative error is about least (Sanathanan-Koerner and Lawson iterations, 60 digits).

# exp(x*x) * erfc(x) for 0 <= x <= 10.2, to 5.9e-9.
_SCALED_ERFC = (
    (0.56419621157397212, 3.9399244040984443, 12.567395738977659, 21.262235630231232, 17.157460161899925),
    (1.0, 6.9837802619954715, 22.76782146709653, 41.24720470858246, 40.62236620009271, 17.157460062630296),
)
_ERFC_IS_0 = 10.2  # from here on in float32

# atanh(erf(x)) / x as a function of x*x for 0 <= x <= 4, such that its tanh is erf(x) to 3.3e-9.
_BEND_OF_ERF = (
    (6.7039236398761759, 131.2489349502791, 861.12831623307256, 3472.672577917828),
    (1.0, 72.908236911509518, 482.85019870353705, 3077.5759316125678),
)
_ERF_IS_1 = 4.0


def _horner(coefficients: tuple[float, ...], x: Array, out: Array) -> None:
    """The value of a polynomial; the first coefficient may be left out if it is 1."""
    first, *others = coefficients
    if first == 1:
        np.add(x, others.pop(0), out=out)
    else:
        np.multiply(x, first, out=out)
        np.add(out, others.pop(0), out=out)
    for coefficient in others:
        np.multiply(out, x, out=out)
        np.add(out, coefficient, out=out)


def _erf(x: Array, out: Array) -> None:
    """tanh(x * P(x*x) / Q(x*x)): odd, exact at 0, and 1 where it should be."""
    wide, square, value, divisor = _buffers(4, out.size)
    np.copyto(wide, x)
    np.multiply(wide, wide, out=square)
    np.minimum(square, _ERF_IS_1 * _ERF_IS_1, out=square)
    _horner(_BEND_OF_ERF[0], square, value)
    _horner(_BEND_OF_ERF[1], square, divisor)
    np.divide(value, divisor, out=value)
    np.multiply(value, wide, out=value)
    np.tanh(value, out=value)
    np.copyto(out, value, casting="same_kind")


def _erfc(x: Array, out: Array) -> None:
    """exp(-x*x) * P(|x|) / Q(|x|), taken from 2 where x is negative."""
    wide, size, value, divisor = _buffers(4, out.size)
    np.copyto(wide, x)
    np.absolute(wide, out=size)
    np.minimum(size, _ERFC_IS_0, out=size)
    _horner(_SCALED_ERFC[0], size, value)
    _horner(_SCALED_ERFC[1], size, divisor)
    np.multiply(size, size, out=size)
    np.exp(size, out=size)
    np.multiply(divisor, size, out=divisor)
    np.divide(value, divisor, out=value)
    # The sign bit of x negates the value, and one place further to the right it is the number 2.
    sign, bits = wide.view(np.uint64), value.view(np.uint64)
    np.bitwise_and(sign, _SIGN, out=sign)
    np.bitwise_xor(bits, sign, out=bits)
    np.right_shift(sign, np.uint64(1), out=sign)
    np.add(value, wide, out=value)
    np.copyto(out, value, casting="same_kind")


def _special(name: str) -> Callable[..., Any]:
    """A function of SciPy, imported when it is first computed."""

    def function(x: Array, out: Array | None = None) -> Any:
        import scipy.special

        result = getattr(scipy.special, name)(x, out=out)
        return result.astype(x.dtype, copy=False)  # SciPy gives float32 for float16

    return function


# ── sine and cosine of float64 ──


@cache
def _tangent_is_vectorized() -> bool:
    """Whether NumPy has a vector tangent on this processor, exact to half a unit for all arguments; it has no such sine."""
    try:
        from numpy.lib.introspect import opt_func_info
    except ImportError:
        return False
    target: str = opt_func_info(func_name="^tan$", signature="float64")["tan"]["dd"]["current"]
    return target.startswith(("AVX512", "X86_V4"))


def _sine(x: Array, out: Array) -> None:
    """2*t / (1 + t*t) for the tangent t of x/2: within 2.3 units in the last place, and never beyond 1."""
    tangent, divisor = _buffers(2, out.size)
    np.multiply(x, 0.5, out=tangent)
    np.tan(tangent, out=tangent)
    np.multiply(tangent, tangent, out=divisor)
    np.add(divisor, 1.0, out=divisor)
    np.add(tangent, tangent, out=tangent)
    np.divide(tangent, divisor, out=out)


def _cosine(x: Array, out: Array) -> None:
    """sin(x) / tan(x), exact where the cosine is nearly 0 as well: within 3.3 units in the last place."""
    size, tangent, half = _buffers(3, out.size)
    np.absolute(x, out=size)
    np.add(size, 1e-290, out=size)  # so that nothing is divided by 0
    np.tan(size, out=tangent)
    np.multiply(size, 0.5, out=half)
    np.tan(half, out=half)
    np.add(half, half, out=size)
    np.divide(size, tangent, out=size)
    np.multiply(half, half, out=half)
    np.add(half, 1.0, out=half)
    np.divide(size, half, out=size)
    np.clip(size, -1.0, 1.0, out=out)


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


cos = Kernel(_cosine, np.cos, "d", _tangent_is_vectorized)
erf = Kernel(_erf, _special("erf"), "ef")
erfc = Kernel(_erfc, _special("erfc"), "ef")
logaddexp = Kernel(_logaddexp, np.logaddexp, "fd")
sin = Kernel(_sine, np.sin, "d", _tangent_is_vectorized)
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
