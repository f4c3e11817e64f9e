"""What special functions, quantiles, sampled functions and covariances refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "argument": """
        torch.logaddexp(x, 1.)
        torch.logaddexp2(x, 1.)
        torch.ldexp(x, 2)
        torch.nextafter(x, 2.)
        torch.polygamma(x)
        torch.mvlgamma(x)
    """,
    "dimension-out-of-range": """
        torch.aminmax(x, dim=5)
        torch.logcumsumexp(x, 3)
        torch.quantile(x, 0.5, dim=2)
        torch.mode(x, 5)
        torch.trapezoid(x, dim=2)
        torch.trapezoid(s)
        torch.cumulative_trapezoid(x, dim=2)
        torch.gradient(x, dim=2)
        torch.nansum(x, 2)
        torch.nanmean(x, 2)
        torch.renorm(x, 2, 2, 1.)
    """,
    "dtype-mismatch": """
        torch.positive(mask)
        torch.logaddexp(j, j)
        torch.logaddexp2(j, j)
        torch.logcumsumexp(j, 1)
        torch.nextafter(j, j)
        torch.frexp(j)
        torch.nanmean(j)
        torch.quantile(j, 0.5)
        torch.nanquantile(half, 0.5)
        torch.quantile(x, torch.tensor([.5], dtype=torch.float32))
        torch.trapezoid(mask)
        torch.cumulative_trapezoid(mask)
        torch.gradient(mask)
        torch.cov(mask)
        torch.cov(x, fweights=torch.tensor([1., 2., 3.]))
        torch.cov(x, aweights=torch.tensor([1, 2, 3]))
        torch.renorm(j, 2, 0, 1)
    """,
    "index-out-of-range": """
        torch.aminmax(hollow, dim=1)
        torch.mode(hollow, 1)
        torch.mode(empty)
    """,
    "not-supported": """
        torch.special.zeta(p, 2).sum().backward()
    """,
    "shape-mismatch": """
        torch.aminmax(hollow)
        torch.fill(x, v)
        torch.quantile(empty, 0.5)
        torch.quantile(hollow, 0.5, dim=0)
        torch.quantile(x, torch.ones(2, 2, dtype=torch.float64))
        torch.trapezoid(x, r)
        torch.cumulative_trapezoid(x, r)
        torch.cumulative_trapezoid(s)
        torch.gradient(one)
        torch.gradient(line, spacing=[torch.arange(5.)])
        torch.gradient(line, spacing=[torch.arange(8.)])
        torch.gradient(line, spacing=[r])
        torch.gradient(x, spacing=[r, s])
        torch.gradient(x, spacing=[column, v])
        torch.gradient(x, dim=0, edge_order=2)
        torch.cov(c)
        torch.cov(x, fweights=torch.tensor([1, 2]))
        torch.corrcoef(c)
        torch.renorm(v, 2, 0, 1.)
        torch.copysign(x, a)
        torch.logaddexp(x, a)
    """,
    "value": """
        torch.polygamma(-1, x)
        torch.mvlgamma(x, 0)
        torch.quantile(x, 1.5)
        torch.quantile(x, -1)
        torch.quantile(x, torch.tensor([1.5], dtype=torch.float64))
        torch.quantile(x, 0.5, interpolation='none')
        torch.nanquantile(x, 2.)
        torch.gradient(v, edge_order=3)
        torch.gradient(c, spacing=(2., 3.))
        torch.gradient(c, spacing=(2., 3.), dim=(0,))
        torch.cov(x, fweights=torch.tensor([1, -2, 1]))
        torch.cov(x, aweights=torch.tensor([-1., 2., 3.], dtype=torch.float64))
        torch.renorm(x, 0, 0, 1.)
        torch.renorm(x, 2, 0, -1.)
    """,
}

PROGRAMS: dict[str, str] = {}
