"""Activations and losses."""

from __future__ import annotations

import mpmath
from mpmath import mp, mpf

from .claim import EVEN, NEAR_0, Claim, even, sizes
from .elementwise import away, sigmoid, softplus
from .special import normal_cdf

GELU_ZERO, SILU_ZERO, MISH_ZERO = -0.7518, -1.2785, -1.1925  # of their slopes
SCALE, ALPHA = mpf(1.0507009873554805), mpf(1.6732632423543772)


def bend(x: mpf) -> mpf:
    return sigmoid(mpmath.sqrt(8 / mp.pi) * (x + mpf(0.044715) * x**3))


def mish(x: mpf) -> mpf:
    return x * mpmath.tanh(softplus(x))


def each(loss: str, target: str, **options: str) -> str:
    """A call of a loss that keeps its elements; the target does not depend on x."""
    more = "".join(f", {name}={value}" for name, value in options.items())
    return f"F.{loss}(x, x.detach() * 0 + {target}, reduction='none'{more})"


CLAIMS = [
    # activations
    Claim("F.softplus(x)", softplus, [*EVEN, *even(-700, 19), *NEAR_0], 2, 2),
    Claim("F.softplus(x, 2, 5)", lambda x: x if x > 2.5 else softplus(2 * x) / 2, [*even(-300, 2.4), 2.6, 30.0, *NEAR_0], 2, 2),
    Claim("F.logsigmoid(x)", lambda x: -softplus(-x), [*EVEN, *even(-800, 700), *NEAR_0], 2, 2),
    Claim("F.gelu(x)", lambda x: x * normal_cdf(x), [*even(-0.6, 6, 121), *NEAR_0[:-1], 1e-300], slope=6),
    Claim("F.gelu(x)", lambda x: x * normal_cdf(x), away(even(-3, -0.6), GELU_ZERO), slope=12),
    Claim("F.gelu(x)", lambda x: x * normal_cdf(x), even(-37, -3), slope=600),
    Claim("F.gelu(x, approximate='tanh')", lambda x: x * bend(x), [*away(even(-3, 6, 181), GELU_ZERO), *NEAR_0[1:20]], 12, 30),
    Claim("F.gelu(x, approximate='tanh')", lambda x: x * bend(x), even(-8.7, -3), 100, 100),
    Claim("F.silu(x)", lambda x: x * sigmoid(x), [*away(even(-20, 4, 181), SILU_ZERO), *NEAR_0, 1e-300], slope=8),
    Claim("F.silu(x)", lambda x: x * sigmoid(x), even(-700, -20)),
    Claim("F.mish(x)", mish, [*away(even(-20, 40, 181), MISH_ZERO), *NEAR_0[1:20], 1e-300], slope=8),
    Claim("F.mish(x)", mish, even(-700, -20)),
    Claim("F.elu(x)", lambda x: mpmath.expm1(x) if x < 0 else x, [*even(-40, 3), *NEAR_0, -1e-300], 1, 1),
    Claim("F.elu(x, 0.5)", lambda x: mpmath.expm1(x) / 2, [*even(-40, -0.1), *(-size for size in sizes(1e-20, 1))], 1, 1),
    Claim("F.selu(x)", lambda x: SCALE * (ALPHA * mpmath.expm1(x) if x < 0 else x), [*even(-40, 3), *NEAR_0], 2, 2),
    Claim("F.celu(x, 2.0)", lambda x: 2 * mpmath.expm1(x / 2) if x < 0 else x, [*even(-40, 3), *NEAR_0, -1e-300], 1, 1),
    Claim("F.softsign(x)", lambda x: x / (1 + abs(x)), [*EVEN, *NEAR_0], slope=8),
    Claim("F.glu(torch.stack([x, x]), 0)[0]", lambda x: x * sigmoid(x), [*even(-1, 4), *NEAR_0]),
    # losses of numbers
    Claim(
        each("huber_loss", "0", delta="0.3"),
        lambda x: x * x / 2 if abs(x) < mpf(0.3) else mpf(0.3) * (abs(x) - mpf(0.3) / 2),
        EVEN,
    ),
    Claim(
        each("smooth_l1_loss", "0", beta="0.3"),
        lambda x: x * x / 2 / mpf(0.3) if abs(x) < mpf(0.3) else abs(x) - mpf(0.3) / 2,
        EVEN,
    ),
    Claim(each("soft_margin_loss", "1"), lambda x: softplus(-x), [*EVEN, *even(-700, 700)]),
    Claim(
        "F.multilabel_soft_margin_loss(x[:, None], x.detach()[:, None] * 0 + 1, reduction='none')",
        lambda x: softplus(-x),
        [*EVEN, *even(-700, 700)],
    ),
    Claim(
        "F.gaussian_nll_loss(x, x.detach() * 0 + 1, x.detach() * 0 + 0.25, reduction='none')",
        lambda x: (mpmath.log(mpf(0.25)) + (x - 1) ** 2 * 4) / 2,
        [*away(even(-5, 5, 99), 1 - 0.5888, 1 + 0.5888), 1e-10, 1 + 1e-8, 1e5],
    ),
    Claim(
        "F.gaussian_nll_loss(x * 0 + 1, x * 0, x, reduction='none')",
        lambda x: (mpmath.log(x) + 1 / x) / 2,
        [*sizes(1e-5, 0.9), *sizes(1.1, 1e10)],
        slope=8,
    ),
    Claim(
        each("poisson_nll_loss", "2"), lambda x: mpmath.exp(x) - 2 * x, [*away(even(-6, 6), 0.6931), 1e-10, 20.0, -30.0], slope=80
    ),
    Claim(
        each("poisson_nll_loss", "2", log_input="False", eps="0.0"),
        lambda x: x - 2 * mpmath.log(x),
        [*sizes(1e-30, 1.5), *sizes(3, 1e5)],
    ),
    # losses of probabilities
    Claim(each("binary_cross_entropy", "1"), lambda x: -mpmath.log(x), [*even(0.01, 0.99), *sizes(1e-11, 0.1), 1 - 1e-10]),
    Claim(each("binary_cross_entropy", "0"), lambda x: -mpmath.log1p(-x), [*even(0.01, 0.99), *sizes(1e-11, 0.1), 1 - 1e-10]),
    Claim(
        each("binary_cross_entropy", "0.25"),
        lambda x: -mpf(0.25) * mpmath.log(x) - mpf(0.75) * mpmath.log1p(-x),
        [*away(even(0.01, 0.99), 0.25), *sizes(1e-11, 0.1)],
    ),
    Claim(each("binary_cross_entropy_with_logits", "1"), lambda x: softplus(-x), even(-700, 1), 2),
    Claim(each("binary_cross_entropy_with_logits", "0"), softplus, even(-1, 700), 2),
    Claim(each("binary_cross_entropy_with_logits", "1"), lambda x: softplus(-x), even(1, 6), 2, 600, of_result=True),
    Claim(
        each("binary_cross_entropy_with_logits", "0.25", pos_weight="x.detach() * 0 + 3"),
        lambda x: mpf(0.75) * softplus(-x) + mpf(0.75) * softplus(x),
        [*even(-700, 700), *away(EVEN, 0)],
        slope=8,
    ),
    Claim(
        "F.cross_entropy(torch.stack([x, x * 0], 1), torch.zeros(x.shape, dtype=torch.int64), reduction='none')",
        lambda x: softplus(-x),
        [*even(-800, 0), 1e-10],
    ),
    Claim(each("kl_div", "0.3"), lambda x: mpf(0.3) * (mpmath.log(mpf(0.3)) - x), away(even(-1, 5), -1.204)),
    Claim(
        "F.kl_div(x.detach() * 0 - 1, x, reduction='none')",
        lambda x: x * (mpmath.log(x) + 1),
        [*away(even(0.01, 5, 99), 0.3679, 0.1353), 1e-300],
        value=8,
    ),
    Claim(
        "F.kl_div(x.detach() * 0 - 1, x, reduction='none', log_target=True)",
        lambda x: mpmath.exp(x) * (x + 1),
        away(even(-20, 5), -1, -2),
        slope=8,
    ),
]
