"""Special functions that the array API lacks, from a library's module like scipy.special, made equal at poles and infinities."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

from gradcli.engine.devices.elementwise import Array
from gradcli.engine.special import SPECIAL

#: Computed by functions of each library's own, of half precision in single.
OWN_PRIMITIVES = frozenset({*SPECIAL, "erf", "erfc", "exponent", "lgamma", "mantissa", "normal_cdf"})


def own_functions(xp: Any, special: Any, frexp: Callable[[Array], tuple[Array, Array]]) -> dict[str, Callable[..., Array]]:
    """Those of a library, with its namespace."""

    def digamma(x: Array) -> Array:
        """At 0 of either sign the limit from its side."""
        return xp.where(x == 0, xp.copysign(xp.full_like(x, inf), -x), special.digamma(x))

    def zeta(x: Array, y: Array) -> Array:
        """inf at 0 and at negative whole numbers, 0 at inf, for all x beyond 1."""
        value = xp.where((y <= 0) & (y == xp.floor(y)), inf, special.zeta(x, y))
        value = xp.where((x > 1) & (y == inf), 0.0, value)
        return xp.where(x < 1, nan, value)

    return {
        **{name: getattr(special, name) for name in SPECIAL if hasattr(special, name)},
        "digamma": digamma,
        "erf": special.erf,
        "erfc": special.erfc,
        "exponent": lambda x: frexp(x)[1],
        "lgamma": special.gammaln,
        "mantissa": lambda x: frexp(x)[0],
        "normal_cdf": special.ndtr,
        "zeta": zeta,
    }
