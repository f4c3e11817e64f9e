"""Second derivatives and forward mode of every case that is one expression, as PyTorch 2.13 has them."""

from __future__ import annotations

import re

import pytest

from . import gradcli_side
from .cases import PARTS, Case, differentiable_lines
from .golden_files import golden
from .observation import differences

TOLERANCE = "float32"  # of relative differences; PyTorch keeps some quotients from 0 by adding 1e-12
LINES = pytest.mark.parametrize(
    "case", [case for part in PARTS for case in differentiable_lines(part)], ids=lambda case: case.source
)

#: Where PyTorch contradicts its own first derivative, or chooses otherwise where both choices are right.
OWN_SECOND = {
    "F.prelu(c, y[0, :2])": "at 0, where the gradient is that of the negative side and PyTorch's derivative of it another",
    "F.softplus(x, beta=2, threshold=1)": "at the threshold itself",
}
OWN_FORWARD = {
    "F.prelu(c, y[0, :2])": "at 0, where the gradient is that of the negative side and the tangent that of the positive one",
    "F.embedding(t, m, 0, 1.0, 1.0, True)": "the row of padding has no gradient and a tangent",
    "F.embedding(t, m, padding_idx=-1)": "the row of padding has no gradient and a tangent",
    "F.embedding(t, m, padding_idx=0)": "the row of padding has no gradient and a tangent",
    "F.embedding(torch.tensor([0, 0, 2]), m, scale_grad_by_freq=True)": "the gradient is scaled, the tangent is not",
    "F.mse_loss(hollow, hollow * 2)": "the mean of nothing is nan; it has a gradient of 0 and a tangent of nan",
    "F.gaussian_nll_loss(x, y, p[:, :1], eps=0.9, reduction='none')": "the bounded variance has a gradient and no tangent",
    "empty.logsumexp(0)": "the logarithm of 0 has a gradient of 0 and a tangent of nan",
    "f.add(j, alpha=0.5)": "the tangent has another dtype than the result",
    "hollow.logsumexp(1)": "the logarithm of 0 has a gradient of 0 and a tangent of nan",
    "torch.atan2(zeros[0], zeros[1])": "the gradient at (0, 0) is 0, the tangent nan",
    "torch.autograd.grad([x.sum(), (x * y).sum()], [x, y])": "a gradient that does not stay in the graph has no tangent here",
    "torch.linalg.vector_norm(f, dtype=torch.float64)": "the tangent has another dtype than the result",
    "torch.norm(f, dtype=torch.float64)": "the tangent has another dtype than the result",
    "torch.put(x, torch.tensor([0, 0]), r)": "one place is written twice, and the tangent is that of the other writing",
    "x.clamp(min=torch.tensor(0.5))": "the gradient at the bound is 1, the tangent 0",
    "x.index_copy(0, torch.tensor([1, 1]), y)": "one place is written twice, and the tangents are added",
    "zeros.clamp(min=zeros.detach())": "the gradient at the bound is 1, the tangent 0",
}
#: PyTorch's is 0 everywhere for products, and for the others not that of finite differences, which test_functions.py has.
TANGENT_LOST = re.compile(r"scatter_reduce\(.*'prod'|triangular_solve\(|cholesky_inverse\(")


@LINES
def test_the_second_derivative_is_that_of_pytorch(case: Case) -> None:
    expected = golden(f"{case.part}_higher")[case.source]["second"]
    if "error" in expected:
        pytest.skip(f"PyTorch has none: {expected['error']}")
    found = differences(expected, gradcli_side.second_derivatives(case.program()), precision=TOLERANCE)
    assert bool(found) == (case.source in OWN_SECOND), case.source + "\n" + "\n".join(found)


@LINES
def test_forward_mode_is_that_of_pytorch(case: Case) -> None:
    expected = golden(f"{case.part}_higher")[case.source]["forward"]
    if "error" in expected:
        pytest.skip(f"PyTorch has none: {expected['error']}")
    is_own = case.source in OWN_FORWARD or ("detach" not in case.source and bool(TANGENT_LOST.search(case.source)))
    found = differences(expected, gradcli_side.forward(case.bindings(), case.source), precision=TOLERANCE)
    assert bool(found) == is_own, case.source + "\n" + "\n".join(found)


@pytest.mark.parametrize("part", PARTS)
def test_the_golden_file_holds_exactly_the_lines_of_the_table(part: str) -> None:
    assert list(golden(f"{part}_higher")) == [case.source for case in differentiable_lines(part)]
