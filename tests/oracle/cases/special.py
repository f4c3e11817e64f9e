"""Special functions, logarithms of sums, the parts of floating-point numbers, quantiles, sampled functions and covariances."""

from __future__ import annotations

LINES: dict[str, str] = {
    "gamma": """
        torch.lgamma(p)
        torch.lgamma(x)
        p.lgamma()
        torch.lgamma(s)
        torch.lgamma(f)
        torch.lgamma(j)
        torch.lgamma(mask)
        torch.lgamma(empty)
        torch.special.gammaln(p)
        torch.lgamma(torch.tensor([0., -0., -1., -2.5, 1., 2., float('inf'), -float('inf'), float('nan')]))
        torch.digamma(p.to(torch.float32))
        torch.digamma(x.to(torch.float32))
        p.to(torch.float32).digamma()
        torch.special.digamma(const)
        torch.special.psi(const)
        torch.digamma(j)
        torch.digamma(hollow)
        torch.digamma(torch.tensor([0., -0., -1., -2.5, float('inf'), -float('inf'), float('nan')]))
        torch.polygamma(0, p.to(torch.float32))
        torch.polygamma(1, p.to(torch.float32))
        torch.polygamma(2, p)
        torch.polygamma(4, p)
        torch.special.polygamma(2, p)
        p.polygamma(3)
        p.polygamma(n=2)
        torch.polygamma(2, x)
        torch.polygamma(2, j)
        torch.polygamma(2, fs)
        torch.mvlgamma(p, 1)
        torch.mvlgamma(p, 2)
        torch.mvlgamma(p + 1, p=3)
        p.mvlgamma(2)
        torch.special.multigammaln(p, 2)
        torch.mvlgamma(n, 2)
        torch.mvlgamma(s, 2)
        torch.special.zeta(p + 1, p.detach())
        torch.special.zeta(2, p)
        torch.special.zeta(2.5, p)
        torch.special.zeta(const + 2, p)
        torch.special.zeta(const.abs() + 1.5, 2)
        torch.special.zeta(n, n)
        torch.special.zeta(torch.tensor([1., .5, 2., 2., 2.5, 2.]), torch.tensor([1., 2., 0., -1., -1.5, -1.5]))
    """,
    "bessel": """
        torch.i0(x)
        x.i0()
        torch.special.i0(x)
        torch.i0(f)
        torch.i0(j)
        torch.special.i0e(x)
        torch.special.i0e(zeros)
        torch.special.i1(x)
        torch.special.i1(zeros)
        torch.special.i1e(x)
        torch.special.i1e(zeros)
        torch.special.i1(f)
        torch.special.i1e(j)
        torch.special.i0e(s)
    """,
    "normal": """
        torch.erfinv(u)
        u.erfinv()
        torch.special.erfinv(u)
        torch.erfinv(f * 0.25)
        torch.erfinv(j)
        torch.erfinv(torch.tensor([1., -1., 1.5, float('nan'), 0.]))
        torch.special.erfcx(x)
        torch.special.erfcx(f)
        torch.special.erfcx(j)
        torch.special.erfcx(x * 10)
        torch.special.log_ndtr(x)
        torch.special.log_ndtr(x * 20)
        torch.special.log_ndtr(f)
        torch.special.log_ndtr(j)
        torch.special.ndtr(x)
        torch.special.ndtr(f)
        torch.special.ndtr(j)
        torch.special.ndtri(prob)
        torch.special.ndtri(prob.to(torch.float32))
        torch.special.ndtri(torch.tensor([0., 1., -0.1, 1.1, float('nan')]))
    """,
    "sinc and angles": """
        torch.sinc(x)
        x.sinc()
        torch.special.sinc(y)
        torch.sinc(f)
        torch.sinc(j)
        torch.sinc(s)
        torch.sinc(empty)
        torch.deg2rad(x)
        x.deg2rad()
        torch.deg2rad(j)
        torch.deg2rad(half)
        torch.rad2deg(x)
        torch.rad2deg(f)
        torch.rad2deg(mask)
        torch.angle(x)
        torch.angle(zeros)
        torch.angle(j)
        torch.angle(torch.tensor([0., -0., float('nan'), -float('inf')]))
    """,
    "logarithms": """
        torch.logaddexp(x, y)
        torch.logaddexp(x, v)
        torch.logaddexp(x, s)
        x.logaddexp(y)
        torch.logaddexp(x, x)
        torch.logaddexp(f, g)
        torch.logaddexp(f, x)
        torch.logaddexp(x, j)
        torch.logaddexp(half, half)
        torch.logaddexp2(x, y)
        torch.logaddexp2(x, s)
        x.logaddexp2(y)
        torch.logaddexp2(x, x)
        torch.logaddexp2(f, g)
        torch.logaddexp2(x * 500, y * 500)
        torch.logaddexp(torch.tensor([float('inf'), -float('inf')]), torch.tensor([float('inf'), -float('inf')]))
        torch.logaddexp2(torch.tensor([float('inf'), 1.]), torch.tensor([float('inf'), -float('inf')]))
        torch.logcumsumexp(x, 0)
        torch.logcumsumexp(x, 1)
        torch.logcumsumexp(x, dim=-1)
        x.logcumsumexp(0)
        torch.logcumsumexp(c, 1)
        torch.logcumsumexp(line, 0)
        torch.logcumsumexp(ties, 1)
        torch.logcumsumexp(s, 0)
        torch.logcumsumexp(f, 1)
        torch.logcumsumexp(torch.tensor([-float('inf'), -float('inf'), 1., float('inf'), 2., float('nan'), 1.]), 0)
        torch.logit(prob)
        torch.logit(x)
        torch.logit(x, eps=0.2)
        torch.logit(prob, 0.2)
        torch.logit(target, eps=0.0)
        prob.logit()
        torch.special.logit(prob, eps=None)
        torch.logit(prob.to(torch.float32))
        torch.logit(mask)
        torch.logit(torch.tensor([0., 1., 0.5, -0.5, float('nan')]))
        torch.special.xlog1py(x, p)
        torch.special.xlog1py(zeros, p)
        torch.special.xlog1py(zeros, zeros)
        torch.special.xlog1py(2., p)
        torch.special.xlog1py(x, 2.)
        torch.special.xlog1py(x, s)
        torch.special.xlog1py(j, 2)
        torch.special.xlog1py(zeros, -1.)
        torch.xlogy(2., p)
        torch.xlogy(x, 2.)
        torch.special.entr(p)
        torch.special.entr(x)
        torch.special.entr(zeros)
        torch.special.entr(f)
        torch.special.entr(j)
        torch.special.entr(torch.tensor([0., -1., float('nan'), float('inf'), 1.]))
    """,
    "parts of numbers": """
        torch.copysign(x, y)
        torch.copysign(x, v)
        torch.copysign(zeros, y)
        torch.copysign(x, -1)
        torch.copysign(x, -0.0)
        torch.copysign(x, 2)
        x.copysign(y)
        torch.copysign(j, n)
        torch.copysign(j, y)
        torch.copysign(mask, -2)
        torch.copysign(f, x)
        torch.ldexp(x, y)
        torch.ldexp(x, i)
        torch.ldexp(j, j)
        torch.ldexp(x, torch.tensor(3))
        x.ldexp(y)
        torch.ldexp(f, i)
        torch.ldexp(f.detach(), short)
        torch.ldexp(torch.tensor([0., 1e-300], dtype=torch.float64), torch.tensor([2000, 1030]))
        torch.frexp(x)
        torch.frexp(zeros).mantissa
        x.frexp()
        torch.frexp(s).exponent
        torch.frexp(f)
        torch.frexp(torch.tensor([0., float('inf'), -0., 1e-310, 1., 0.5, 1e308], dtype=torch.float64))
        torch.nextafter(x, y)
        torch.nextafter(ties, ties.detach())
        x.nextafter(y)
        torch.nextafter(f, g)
        torch.positive(x)
        torch.positive(x) * 2
        x.positive()
        torch.positive(j)
        torch.nan_to_num(x)
        torch.nan_to_num(torch.tensor([float('nan'), float('inf'), -float('inf'), 1.]))
        torch.nan_to_num(torch.tensor([float('nan'), float('inf'), -float('inf'), 1.]).half())
        torch.nan_to_num(j)
        torch.nan_to_num(mask)
        torch.fill(x, 2)
        torch.fill(x, s)
        torch.fill(x, value=2.5)
        torch.fill(j, 2)
        torch.fill(s, k)
        torch.fill(f, 0.1)
        torch.conj(x)
        torch.conj_physical(x) * 2
        torch.real(x) * 2
        x.real * 3
        x.conj()
    """,
    "reductions": """
        torch.aminmax(x)
        torch.aminmax(x, dim=1)
        torch.aminmax(ties, dim=1, keepdim=True)
        torch.aminmax(ties)
        x.aminmax(dim=0)
        torch.aminmax(x, keepdim=True)
        torch.aminmax(s)
        torch.aminmax(s, dim=0)
        torch.aminmax(x).max
        torch.aminmax(x, dim=-1).min
        torch.aminmax(j)
        torch.aminmax(mask, dim=1)
        torch.aminmax(f)
        torch.aminmax(hollow, dim=0)
        torch.nansum(x)
        torch.nansum(x.log())
        torch.nansum(x.log(), 1)
        torch.nansum(x.log(), dim=0, keepdim=True)
        torch.nansum(c, (0, 2))
        torch.nansum(x, dim=())
        x.log().nansum(1)
        torch.nansum(j)
        torch.nansum(mask)
        torch.nansum(f, dtype=torch.float64)
        torch.nansum(j, dtype=torch.float64)
        torch.nansum(half)
        torch.nansum(empty)
        torch.nanmean(x)
        torch.nanmean(x.log())
        torch.nanmean(x.log(), 1)
        torch.nanmean(x.log(), dim=(0, 1), keepdim=True)
        x.log().nanmean(0)
        torch.nanmean(f, dtype=torch.float64)
        torch.nanmean(half)
        torch.nanmean(hollow, 0)
        torch.nanmean(hollow, 1)
    """,
    "quantiles": """
        torch.quantile(x, 0.5)
        torch.quantile(x, 0.5, keepdim=True)
        torch.quantile(x, 0.3, dim=1)
        torch.quantile(x, 0.3, 1, True)
        torch.quantile(x, 0.3, 0)
        torch.quantile(c, 0.7, dim=1)
        torch.quantile(x, 0.3, 1, interpolation='lower')
        torch.quantile(x, 0.3, 1, interpolation='higher')
        torch.quantile(x, 0.3, 1, interpolation='midpoint')
        torch.quantile(x, 0.3, 1, interpolation='nearest')
        torch.quantile(x, prob[0])
        torch.quantile(x, prob[0], keepdim=True)
        torch.quantile(x, prob[1], 1)
        torch.quantile(x, prob[1], 1, True)
        torch.quantile(x, prob[1], 0)
        torch.quantile(c, prob[0], 1)
        torch.quantile(x.detach(), prob[1], 0)
        torch.quantile(x, prob[0, 1], 0)
        torch.quantile(x, prob[0].detach(), dim=0, interpolation='nearest')
        torch.quantile(x, torch.tensor([0.25, 0.75], dtype=torch.float64), 1)
        torch.quantile(x, torch.tensor([], dtype=torch.float64), 0)
        torch.quantile(x, 0)
        torch.quantile(x, 1)
        torch.quantile(ties, 0.4, 1)
        torch.quantile(s, 0.5)
        torch.quantile(s, prob[0], 0)
        torch.quantile(f, 0.3)
        torch.quantile(x.log(), 0.5)
        torch.quantile(x.log(), prob[0], 1)
        x.quantile(0.5)
        x.quantile(0.25, dim=0, keepdim=True)
        torch.nanquantile(x, 0.3, 1)
        torch.nanquantile(x.log(), 0.5)
        torch.nanquantile(x.log(), prob[0])
        torch.nanquantile(x.log(), prob[0], 1, True)
        torch.nanquantile(x.log() * float('nan'), 0.3)
        x.log().nanquantile(0.5, dim=0)
        torch.nanquantile(x.log(), 0.3, 1, interpolation='midpoint')
        torch.mode(x)
        torch.mode(ties)
        torch.mode(ties, 0)
        torch.mode(ties, 1, True)
        ties.mode().values
        zeros.mode(dim=0)
        torch.mode(s)
        torch.mode(i)
        torch.mode(mask, 0)
        torch.mode(hollow, 0)
        torch.mode(torch.tensor([[1, 2, 2, 1, 3], [3, 3, 1, 2, 2]]))
        torch.mode(torch.tensor([1., float('nan'), float('nan'), 2.]))
        torch.mode(torch.tensor([float('nan'), float('nan'), 1., 1.]))
    """,
    "samples": """
        torch.trapezoid(x)
        torch.trapezoid(x, dim=0)
        torch.trapezoid(x, dx=0.5)
        torch.trapezoid(x, dx=2)
        torch.trapezoid(x, v)
        torch.trapezoid(x, x=v, dim=1)
        torch.trapezoid(x, y)
        torch.trapezoid(x, r, dim=0)
        torch.trapezoid(c, v)
        torch.trapezoid(c, r, dim=1)
        torch.trapezoid(c, x)
        torch.trapezoid(v, w)
        torch.trapezoid(hollow)
        torch.trapezoid(hollow, dim=0)
        torch.trapezoid(one)
        torch.trapezoid(j)
        torch.trapezoid(j, dx=2)
        torch.trapezoid(f)
        torch.trapz(x)
        torch.trapz(x, v)
        torch.trapz(x, dx=0.5, dim=0)
        torch.cumulative_trapezoid(x)
        torch.cumulative_trapezoid(x, v)
        torch.cumulative_trapezoid(x, y, dim=0)
        torch.cumulative_trapezoid(x, dx=0.5, dim=0)
        torch.cumulative_trapezoid(c, r, dim=1)
        torch.cumulative_trapezoid(j)
        torch.cumulative_trapezoid(one)
        torch.cumulative_trapezoid(hollow)
        torch.gradient(line)
        torch.gradient(line, spacing=2.0)
        torch.gradient(line, spacing=2)
        torch.gradient(line, edge_order=2)
        torch.gradient(line, spacing=0.5, edge_order=2)
        torch.gradient(v, spacing=(w,))
        torch.gradient(m, spacing=[w, v])
        torch.gradient(m, spacing=[w.detach(), v.detach()], edge_order=2)
        torch.gradient(v, spacing=[torch.tensor([0., 1., 2.5], dtype=torch.float64)], edge_order=2)
        torch.gradient(x)
        torch.gradient(x, dim=1)
        torch.gradient(x, dim=(0,))
        torch.gradient(c, spacing=(2., 3.), dim=(0, 2))
        torch.gradient(c, spacing=[2., 3., 1.])
        torch.gradient(j)
        torch.gradient(x, spacing=torch.tensor(2.0))
        torch.gradient(v, spacing=[r])
        torch.gradient(line, spacing=[v])
        torch.gradient(x, spacing=[r, line])
        torch.gradient(f)
        torch.gradient(x, dim=-1, edge_order=2)
    """,
    "covariance": """
        torch.cov(x)
        x.cov()
        torch.cov(v)
        torch.cov(s)
        torch.cov(x, correction=0)
        torch.cov(x, correction=2)
        torch.cov(x, fweights=torch.tensor([1, 2, 3]))
        torch.cov(x, aweights=torch.tensor([1., 2., 3.], dtype=torch.float64))
        torch.cov(x, aweights=p[0])
        torch.cov(x, aweights=p[0], correction=0)
        torch.cov(x, fweights=torch.tensor([1, 2, 3]), aweights=p[0], correction=2)
        torch.cov(m)
        torch.cov(j)
        torch.cov(f)
        torch.cov(hollow)
        torch.corrcoef(x)
        torch.corrcoef(a)
        x.corrcoef()
        torch.corrcoef(v)
        torch.corrcoef(j)
        torch.renorm(x, 2, 0, 1.)
        torch.renorm(x, 1, 1, 1.)
        torch.renorm(x, 2.5, -1, 0.5)
        torch.renorm(c, 2, 1, 1.)
        torch.renorm(x, float('inf'), 1, 1.)
        torch.renorm(x, p=2, dim=0, maxnorm=100)
        x.renorm(2, 1, 0.5)
        torch.renorm(zeros, 2, 0, 1.)
        torch.renorm(f, 2, 0, 1)
        torch.renorm(hollow, 2, 0, 1.)
    """,
}

PROGRAMS: dict[str, str] = {
    # what has another second derivative or tangent than in PyTorch, whose own is nan, zero or of another type there
    "first derivatives only": """
        z = torch.mvlgamma(f, 2); z

        z = torch.sinc(zeros); z

        z = torch.logaddexp(x * 500, y * 500); z

        z = torch.logcumsumexp(empty, 0); z

        z = torch.logcumsumexp(hollow, 1); z

        z = torch.frexp(half); z

        z = torch.nan_to_num(x / zeros.detach()); z

        z = torch.nan_to_num((x - 0.5) / zeros.detach(), nan=2, posinf=3.5, neginf=-4); z

        z = torch.nan_to_num((x - 0.5) / zeros.detach(), 1.0); z

        z = (x / zeros.detach()).nan_to_num(posinf=1.5); z

        z = torch.renorm(half[None], 2, 0, 1.); z
    """,
    "in place": """
        z = x.clone(); z.nan_to_num_(); z

        z = prob.clone(); z.logit_(); z

        z = prob.clone(); z.logit_(eps=0.3); z

        z = x.clone(); z.sinc_(); z

        z = u.clone(); z.erfinv_(); z

        z = p.clone(); z.lgamma_(); z

        z = p.to(torch.float32); z.digamma_(); z

        z = p.clone(); z.polygamma_(2); z

        z = p.clone(); z.mvlgamma_(2); z

        z = x.clone(); z.deg2rad_(); z

        z = x.clone(); z.rad2deg_(); z

        z = x.clone(); z.copysign_(y); z

        z = x.clone(); z.copysign_(-1); z

        z = x.clone(); z.ldexp_(y); z

        z = x.clone(); z.nextafter_(y); z

        z = x.clone(); z.i0_(); z

        z = x.clone(); z.xlogy_(p); z

        z = x.clone(); z.renorm_(2, 0, 1.); z

        z = x.clone(); z.fill_(2.); z
    """,
    "derivatives_of_derivatives": """
        z, = torch.autograd.grad(torch.lgamma(p).sum(), p, create_graph=True); z.to(torch.float32).sum()

        z, = torch.autograd.grad(torch.sinc(x).sum(), x, create_graph=True); z.sum()

        z, = torch.autograd.grad(torch.logcumsumexp(x, 1)[0, 2], x, create_graph=True); (z * x.detach()).sum()

        z, = torch.autograd.grad(torch.erfinv(u).sum(), u, create_graph=True); z.sum()

        z, = torch.autograd.grad(torch.special.i1(x).sum(), x, create_graph=True); z.sum()

        z, = torch.autograd.grad(torch.special.log_ndtr(x).sum(), x, create_graph=True); z.sum()

        z, = torch.autograd.grad(torch.logaddexp(x, y).sum(), x, create_graph=True); z.sum()

        z, = torch.autograd.grad(torch.logit(prob).sum(), prob, create_graph=True); z.sum()

        z, = torch.autograd.grad(torch.renorm(x, 2, 0, 1.).sum(), x, create_graph=True); z.sum()

        z, = torch.autograd.grad(torch.special.zeta(2, p).sum(), p, create_graph=True); z.sum()

        z, = torch.autograd.grad(torch.special.erfcx(x).sum(), x, create_graph=True); z.sum()
    """,
}
