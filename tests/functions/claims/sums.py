"""What is made of several elements: sums of exponentials, deviations, norms, products and matrices."""

from __future__ import annotations

import mpmath
from mpmath import mpf

from .claim import EVEN, Claim, both, even, sizes
from .elementwise import away, log_of_three, sigmoid, softplus

MATRIX = "torch.stack([x, x * 0 + 1, x * 0, x * 0 + 0.5], -1).reshape(-1, 2, 2)"
REGULAR = "torch.stack([x, x * 0 + 1, x * 0 - 2, x * 0 + 0.75], -1).reshape(-1, 2, 2)"
THREE = "torch.stack([x, x * 0 + 1, x * 0 - 2])"


def determinant(x: mpf) -> mpf:
    return mpf(0.75) * x + 2


def variance(*numbers: mpf) -> mpf:
    mean = sum(numbers) / len(numbers)
    return sum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1)


def normal(x: mpf) -> mpf:
    mean = (x - 1) / 3
    return (x - mean) / mpmath.sqrt(variance(x, mpf(1), mpf(-2)) * 2 / 3 + mpf(1e-5))


CLAIMS = [
    # sums of exponentials
    Claim("torch.logsumexp(torch.stack([x, -x, x * 0 + 1]), 0)", log_of_three, [0.0, *away(EVEN, 0), 800.0, -800.0], slope=6),
    Claim(
        "torch.logcumsumexp(torch.stack([x, -x, x * 0 + 1]), 0)[2]", log_of_three, [0.0, *away(EVEN, 0), 800.0, -800.0], slope=6
    ),
    Claim("torch.log_softmax(torch.stack([x, x * 0]), 0)[0]", lambda x: -softplus(-x), [*even(-800, 0), 1e-10]),
    Claim(
        "torch.log_softmax(torch.stack([x, x * 0, -x]), 0)[0]",
        lambda x: x - mpmath.log(mpmath.exp(x) + mpmath.exp(-x) + 1),
        [*even(-300, 0), *even(-6, 0)],
    ),
    Claim("torch.softmax(torch.stack([x, x * 0]), 0)[0]", sigmoid, [*even(-700, 0), *even(-6, 0), 1e-10]),
    Claim("torch.softmax(torch.stack([x, x * 0]), 0)[0]", sigmoid, even(0.1, 6), slope=600, of_result=True),
    Claim("F.softmin(torch.stack([x, x * 0]), 0)[0]", lambda x: sigmoid(-x), [*even(0, 700), *even(0, 6), 1e-10]),
    # deviations
    Claim("torch.stack([x, x * 0 + 1e8]).var(dim=0)", lambda x: (x - 10**8) ** 2 / 2, [1e8 + 0.25, 1e8 - 1.5, *even(1, 1000)]),
    Claim("torch.stack([x, x * 0 + 1e8]).std(dim=0)", lambda x: abs(x - 10**8) / mpmath.sqrt(2), [1e8 + 0.25, 1e8 - 1.5, 3.0]),
    Claim(f"{THREE}.var(dim=0)", lambda x: variance(x, mpf(1), mpf(-2)), away(EVEN, -0.5)),
    Claim(f"{THREE}.std(dim=0)", lambda x: mpmath.sqrt(variance(x, mpf(1), mpf(-2))), away(EVEN, -0.5)),
    Claim(f"F.layer_norm({THREE}.T, (3,))[:, 0]", normal, away(even(-2, 2), -0.5), 8, 8),
    # norms and distances
    Claim(
        "torch.stack([x, x * 2]).norm(dim=0)",
        lambda x: mpmath.sqrt(5) * abs(x),
        [*away(EVEN, 0), *both(sizes(1e-140, 1e140))],
        1,
        1,
    ),
    Claim("torch.stack([x, x * 0]).norm(dim=0)", abs, [1e-150, -1e-100, 1e-8], 1, 1),
    Claim(
        "torch.linalg.vector_norm(torch.stack([x, -x, x]), dim=0)",
        lambda x: mpmath.sqrt(3) * abs(x),
        [*away(EVEN, 0), 1e-140, 1e140],
    ),
    Claim("torch.stack([x, x * 0 + 1]).norm(dim=0)", lambda x: mpmath.sqrt(x * x + 1), [*EVEN[::2], *sizes(1e-20, 1e140)], 1, 2),
    Claim("torch.stack([x, x * 2]).norm(p=3, dim=0)", lambda x: mpmath.cbrt(9) * abs(x), [1.0, -5.0, *sizes(0.1, 10)]),
    Claim("torch.stack([x, x * 2]).norm(p=3, dim=0)", lambda x: mpmath.cbrt(9) * abs(x), [1e20, 1e-20], 30, 60),
    Claim("torch.stack([torch.dist(one, one * 0 + 1) for one in x])", lambda x: abs(x - 1), [1e-10, 1 + 1e-10, 1e140]),
    Claim(
        "F.cosine_similarity(torch.stack([x, x * 0 + 1]), torch.tensor([[2.0], [0.5]], dtype=torch.float64), dim=0)",
        lambda x: (2 * x + mpf(0.5)) / mpmath.sqrt((x * x + 1) * mpf(4.25)),
        away(even(-2, 2), -0.25),
        slope=40,
    ),
    Claim(
        "F.normalize(torch.stack([x, x * 0 + 1]), dim=0)[0]", lambda x: x / mpmath.sqrt(x * x + 1), [*even(-1, 1), 1e-20], slope=4
    ),
    Claim(
        "torch.cdist(torch.stack([x, x * 0 + 1], -1)[:, None], torch.ones(1, 1, 2, dtype=torch.float64))[:, 0, 0]",
        lambda x: abs(x - 1),
        [1 + 1e-10, 1 + 1e-15, 1 - 1e-12, 1.5, 3.0, 1e10],
        1,
        1,
    ),
    Claim(
        "F.pairwise_distance(x[:, None], x.detach()[:, None] * 0 + 1, eps=0.0)", lambda x: abs(x - 1), [1 + 1e-15, 1 - 1e-12, 3.0]
    ),
    # products
    Claim("torch.cumprod(torch.stack([x, x * 0 + 3, x * 0 + 0.1]), 0)[2]", lambda x: x * 3 * mpf(0.1), EVEN),
    Claim("torch.cumprod(torch.stack([x + 2, x * 0, x + 0.1]), 0)[0]", lambda x: x + 2, [0.0, 1e-10, 2.0]),
    Claim("torch.prod(torch.stack([x, x + 3, x * 0 + 0.1]), 0)", lambda x: x * (x + 3) * mpf(0.1), even(0.1, 6)),
    # matrices
    Claim(f"torch.linalg.det({REGULAR})", determinant, even(0, 6)),
    Claim(f"torch.logdet({REGULAR})", lambda x: mpmath.log(determinant(x)), even(0, 6)),
    Claim(f"torch.linalg.slogdet({REGULAR})[1]", lambda x: mpmath.log(abs(determinant(x))), even(0, 6)),
    Claim(f"torch.matrix_exp({MATRIX})[:, 0, 0]", mpmath.exp, EVEN, 16, 16),
    Claim(
        f"torch.matrix_exp({MATRIX})[:, 0, 1]",
        lambda x: (mpmath.exp(x) - mpmath.exp(mpf(0.5))) / (x - mpf(0.5)),
        away(EVEN, 0.5),
        16,
        16,
    ),
    Claim(f"torch.matrix_exp({MATRIX} * 0.1)[:, 0, 0]", lambda x: mpmath.exp(x * mpf(0.1)), EVEN),
]
