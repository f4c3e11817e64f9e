"""Special functions of SciPy, which is imported when one is first computed, and a better one where SciPy's is not exact enough.

They are called as ufuncs are: operands, and `out=` if there is memory for the result, which may be an operand's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray

#: Primitives that are functions of SciPy under its name for them.
SPECIAL = ("digamma", "erfcx", "erfinv", "i0", "i0e", "i1", "i1e", "ndtri", "zeta")


def special(name: str) -> Callable[..., Any]:
    """A function of scipy.special."""

    def function(*operands: Array, out: Array | None = None) -> Any:
        import scipy.special

        result = getattr(scipy.special, name)(*operands, out=out)
        return result.astype(operands[-1].dtype, copy=False)  # SciPy gives a wider number for float16

    return function


_log_of_gamma = special("gammaln")


def lgamma(x: Array, out: Array | None = None) -> Any:
    """log|gamma(x)|: by its series near 1 and 2, where it is 0 and SciPy's has no relative accuracy."""
    x = np.maximum(x, np.finfo(x.dtype).min)  # at -inf SciPy's is -inf, not the limit
    is_near = (x > 0.5) & (x < 2.5) if x.dtype == np.float64 else np.zeros(1, bool)
    near = x[is_near] if is_near.any() else None
    result = np.asarray(_log_of_gamma(x, out=out))
    if near is not None:
        result[is_near] = _near_two(near)
    return result


def _near_two(x: Array) -> Array:
    """lgamma(2 + y) = y * (1 - euler) + y**2 * (zeta(2) - 1) / 2 - ..., and lgamma(1 + y) = lgamma(2 + y) - log(1 + y)."""
    is_lower = x < 1.5
    y = x - np.where(is_lower, 1.0, 2.0)
    series: Array = np.polyval(_coefficients(), y) * y
    return series - np.where(is_lower, np.log1p(y), 0.0)


@cache
def _coefficients() -> list[float]:
    """Those of the series, the highest power first; exact to float64 for |y| up to a half."""
    import scipy.special

    powers = range(27, 1, -1)
    return [float((-1) ** power * scipy.special.zetac(power) / power) for power in powers] + [1 - float(np.euler_gamma)]
