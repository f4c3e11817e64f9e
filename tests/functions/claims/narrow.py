"""float32, where NumPy's vector functions and the kernels of the engine have other formulas than for float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

from .claim import EVEN, Claim, Exact, both, even, sizes
from .elementwise import away, sigmoid, softplus
from .networks import GELU_ZERO, bend, mish
from .special import i0, i1, normal_cdf, scaled

#: NumPy's own vector functions of float32 are up to 2.5 units off.
MARGIN = 3


def claim(expression: str, exact: Exact, points: Sequence[float], *bounds: float, **options: Any) -> Claim:
    return Claim(
        expression, exact, [float(np.float32(point)) for point in points], *bounds, dtype="float32", margin=MARGIN, **options
    )


CLAIMS = [
    claim("torch.exp(x)", mpmath.exp, [*even(-80, 80), *even(-2, 2)]),
    claim("torch.exp2(x)", lambda x: mpf(2) ** x, [*even(-80, 80), *even(-2, 2)]),
    claim("torch.expm1(x)", mpmath.expm1, [*even(-1, 3), *both(sizes(1e-7, 1))]),
    claim("torch.log(x)", mpmath.log, [*even(0.3, 3, 121), *sizes(1e-35, 1e35)]),
    claim("torch.log2(x)", lambda x: mpmath.log(x, 2), [*even(0.3, 3), *sizes(1e-35, 1e35)]),
    claim("torch.log1p(x)", mpmath.log1p, [*even(-0.9, 3), *both(sizes(1e-7, 0.9))]),
    claim("torch.sin(x)", mpmath.sin, EVEN),
    claim("torch.cos(x)", mpmath.cos, EVEN),
    claim("torch.tan(x)", mpmath.tan, EVEN),
    claim("torch.tanh(x)", mpmath.tanh, [*even(-2, 2), *both(sizes(1e-7, 1))], slope=30, of_result=True),
    claim("torch.sigmoid(x)", sigmoid, even(-40, 0)),
    claim("F.softplus(x)", softplus, EVEN),
    claim("torch.logaddexp(x, x * 0 + 0.5)", lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(mpf(0.5))), EVEN, slope=5),
    claim("torch.erf(x)", mpmath.erf, [*even(-1, 1), *both(sizes(1e-7, 1))]),
    claim("torch.erf(x)", mpmath.erf, both(even(1, 2)), slope=16),
    claim("torch.erfc(x)", mpmath.erfc, even(-3, 9), slope=80),
    claim("torch.special.ndtr(x)", normal_cdf, even(-0.5, 2)),
    claim("F.gelu(x)", lambda x: x * normal_cdf(x), even(-0.5, 6), slope=12),
    claim("F.gelu(x)", lambda x: x * normal_cdf(x), away(even(-3, -0.6), GELU_ZERO), 300, 50),
    claim("F.gelu(x, approximate='tanh')", lambda x: x * bend(x), away(even(-3, 6, 121), GELU_ZERO), 12, 30),
    claim("F.silu(x)", lambda x: x * sigmoid(x), [*even(-20, -1.6), *even(-1, 4)]),
    claim("F.mish(x)", mish, [*even(-20, -2), *even(-0.5, 6)]),
    claim("torch.special.log_ndtr(x)", lambda x: mpmath.log(normal_cdf(x)), even(-10, 2)),
    claim("torch.special.i0e(x)", lambda x: i0(x) * scaled(x), [*even(-40, 40, 80), 30.0, 30.01], slope=120),
    claim("torch.special.i1(x)", i1, even(-40, 40, 80)),
    claim("torch.softmax(torch.stack([x, x * 0]), 0)[0]", sigmoid, even(-40, 0)),
]
