"""Values and slopes against mpmath: nowhere are we further off than PyTorch, but for the last places of a few operations.

Each claim has bounds of its own, too. Where one is large, the formula has no more digits to give, or PyTorch's has fewer.
"""

from __future__ import annotations

from math import inf, nan

import pytest
from mpmath import mpf

from gradcli.autograd import Tensor
from tests.oracle import gradcli_side

from .claims.claim import Claim
from .hard_points import CLAIMS, Numbers, enough, in_last_places, worst, worst_of_pytorch


def of_gradcli(program: str) -> Numbers:
    """What a program gives here."""
    values, slopes = (tensor.numpy() for tensor in gradcli_side.evaluate(program) if isinstance(tensor, Tensor))
    return values, slopes


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.title)
def test_values_and_slopes_are_exact_within_bounds_and_as_exact_as_those_of_pytorch(claim: Claim) -> None:
    value_of_pytorch, slope_of_pytorch = worst_of_pytorch()[claim.title]
    raised = max(claim.margin / value_of_pytorch, 1) if claim.of_result else 1  # a result may be so much less exact, by chance
    for repeated in (1, enough(claim)):
        value, slope = worst(claim, of_gradcli, repeated)
        assert value <= claim.value
        assert slope <= claim.slope
        assert value <= max(claim.margin, value_of_pytorch), "PyTorch's values are nearer"
        assert slope <= max(claim.margin, slope_of_pytorch * raised), "PyTorch's slopes are nearer"


def test_each_claim_has_a_title_of_its_own_under_which_pytorchs_errors_are_recorded() -> None:
    assert [claim.title for claim in CLAIMS] == list(worst_of_pytorch())


def test_a_variance_does_not_lose_its_digits_to_a_large_mean() -> None:
    numbers = [1e8 + part for part in (0.25, -1.5, 3.0, 0.125)]
    mean = sum(map(mpf, numbers)) / 4
    exact = sum((number - mean) ** 2 for number in map(mpf, numbers)) / 3
    found = gradcli_side.evaluate(f"torch.var(torch.tensor({numbers!r}, dtype=torch.float64))").item()
    assert in_last_places(found, exact) <= 1


#: Where PyTorch 2.13 has these values and slopes.
CORNERS = [
    ("torch.stack([x, x]).norm()", 0.0, 0.0, 0.0),
    ("torch.linalg.vector_norm(torch.stack([x, -x]), 3)", 0.0, 0.0, 0.0),
    ("torch.dist(x, x.detach())", 0.0, 0.0, 0.0),
    ("torch.cdist(torch.stack([x, x])[None], torch.zeros(1, 2, dtype=torch.float64))[0, 0]", 0.0, 0.0, 0.0),
    ("F.pairwise_distance(x[None, None], x.detach()[None, None])[0]", 0.0, 1e-6, 1.0),
    ("F.normalize(torch.stack([x, x]), dim=0)[0]", 0.0, 0.0, 1e12),
    ("F.cosine_similarity(torch.stack([x, x]), torch.stack([x, x + 1]), dim=0)", 0.0, 0.0, 1e8),
    ("torch.hypot(x, x)", 0.0, 0.0, nan),
    ("torch.atan2(x, x)", 0.0, 0.0, 0.0),
    ("torch.stack([x, x]).var()", 0.0, 0.0, 0.0),
    ("torch.stack([x, x]).std()", 0.0, 0.0, 0.0),
    ("F.layer_norm(torch.stack([x, x]), (2,))[0]", 0.0, 0.0, 0.0),
    ("torch.prod(torch.stack([x, x + 2]))", 0.0, 0.0, 2.0),
    ("torch.cumprod(torch.stack([x, x + 2, x]), 0)[1]", 0.0, 0.0, 2.0),
    ("torch.cumprod(torch.stack([x, x + 2, x]), 0)[2]", 0.0, 0.0, 0.0),
    ("torch.logsumexp(torch.stack([x, x - inf]), 0)", 0.0, 0.0, 1.0),
    ("torch.logcumsumexp(torch.stack([x - inf, x]), 0)[1]", 0.0, 0.0, nan),
    ("torch.xlogy(x.detach(), x)", 0.0, 0.0, nan),
    ("torch.xlogy(x.detach(), x + 2)", 0.0, 0.0, 0.0),
    ("torch.special.entr(x)", 0.0, 0.0, inf),
    ("torch.logit(x)", 0.0, -inf, inf),
    ("torch.special.i0e(x)", 0.0, 1.0, 0.0),
    ("torch.special.i1e(x)", 0.0, 0.0, 0.5),
    ("F.celu(x)", 0.0, 0.0, 1.0),
    ("F.selu(x)", 0.0, 0.0, 1.7580993408473766),
    ("F.huber_loss(x, x.detach())", 0.0, 0.0, 0.0),
    ("F.kl_div(x.detach(), x, reduction='sum')", 0.0, 0.0, nan),
    ("F.binary_cross_entropy(x, x.detach())", 0.0, 0.0, 0.0),
    ("F.binary_cross_entropy(x, x.detach() + 1)", 0.0, 100.0, -1000000003995.8029),
    ("torch.where(x > 0, torch.log(x), x)", 0.0, 0.0, nan),
    ("torch.where(x > 0, torch.log(torch.where(x > 0, x, 1.0)), x)", 0.0, 0.0, 1.0),
    ("torch.special.log_ndtr(x)", inf, 0.0, 0.0),
    ("torch.special.log_ndtr(x)", 1e200, 0.0, 0.0),
    ("torch.special.ndtri(x)", 1.0, inf, inf),
    ("torch.special.ndtri(x)", 1.5, nan, nan),
    ("torch.special.i0e(x)", -inf, 0.0, 0.0),
    ("torch.i0(x)", 800.0, inf, inf),
    ("torch.lgamma(x)", 1e308, inf, 709.1962086421661),
    ("torch.lgamma(x)", 1e-310, 713.8013788281542, -inf),
    ("torch.lgamma(x)", -5e-324, 744.4400719213812, inf),
    ("torch.erfc(x)", 40.0, 0.0, 0.0),
    ("F.gelu(x)", 1e308, 1e308, 1.0),
    ("F.gelu(x, approximate='tanh')", 1e3, 1e3, 1.0),
    ("F.gelu(x, approximate='tanh')", -1e10, 0.0, 0.0),
    ("F.mish(x)", 1e300, 1e300, 1.0),
    ("F.mish(x)", -1e300, 0.0, 0.0),
]


@pytest.mark.parametrize(("expression", "point", "value", "slope"), CORNERS)
def test_at_zeros_and_ends_values_and_slopes_are_those_of_pytorch(
    expression: str, point: float, value: float, slope: float
) -> None:
    leaf = f"x = torch.tensor({point!r}, dtype=torch.float64, requires_grad=True)\n"
    values = gradcli_side.evaluate(f"{leaf}result = {expression}\nresult.backward()\n(result.detach(), x.grad)")
    assert [tensor.item() for tensor in values] == pytest.approx([value, slope], rel=1e-15, abs=1e-29, nan_ok=True)
