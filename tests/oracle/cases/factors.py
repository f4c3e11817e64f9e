"""Factors of matrices of any shape: orthogonal, triangular, singular and symmetric; pseudoinverses and least squares.

Of singular vectors and eigenvectors only what does not depend on their signs is compared. PyTorch cannot differentiate condition
numbers by inverses: it changes an inverse in place that it needs.
"""

from __future__ import annotations

LINES: dict[str, str] = {
    "orthogonal": """
        torch.linalg.qr(x)
        torch.linalg.qr(x.t())
        torch.linalg.qr(m)
        torch.linalg.qr(x, 'r')
        torch.linalg.qr(x, mode='complete')
        torch.linalg.qr(m, 'complete').Q
        torch.linalg.qr(x.t(), mode='complete')
        torch.linalg.qr(x.t()).R
        torch.linalg.qr(c)
        torch.linalg.qr(c.mT)
        torch.linalg.qr(f)
        torch.linalg.qr(m[:0])
        torch.linalg.qr(m[:, :0], 'complete')
        torch.qr(x)
        torch.qr(x.t(), some=False)
        x.qr().Q
    """,
    "reflections": """
        torch.linalg.householder_product(m, v)
        torch.linalg.householder_product(x.t(), r)
        torch.linalg.householder_product(m, r)
        torch.linalg.householder_product(m, one)
        torch.linalg.householder_product(torch.stack([m, m.t()]), torch.stack([v, w]))
        torch.orgqr(x.t(), r)
        m.orgqr(v)
        torch.ormqr(m, v, m.t())
        torch.ormqr(m, v, x, left=False)
        torch.ormqr(m, v, x.t(), transpose=True)
        torch.ormqr(m, v, x, False, True)
        torch.ormqr(x.t(), r, m)
        m.ormqr(v, m)
        torch.ormqr(torch.stack([m, m.t()]), torch.stack([v, w]), torch.stack([x.t(), y.t()]))
    """,
    "elimination": """
        torch.linalg.lu_factor(m)
        torch.linalg.lu_factor(x)
        torch.linalg.lu_factor(x.t())
        torch.linalg.lu_factor(torch.stack([m, m.t()]))
        torch.linalg.lu_factor(m[:0, :0])
        torch.linalg.lu_factor_ex(m)
        torch.linalg.lu_factor_ex(x).LU
        torch.linalg.lu_factor_ex(torch.tensor([[1., 2.], [2., 4.]]))
        torch.linalg.lu_factor_ex(torch.stack([m, m.flip(0)]), check_errors=True)
        torch.linalg.lu(m)
        torch.linalg.lu(m.flip(0))
        torch.linalg.lu(x)
        torch.linalg.lu(x.t())
        torch.linalg.lu(x.t()).L
        torch.linalg.lu(c)
        torch.linalg.lu(c.mT)
        torch.linalg.lu(m[:0])
        torch.linalg.lu(f)
        torch.lu(m)
        torch.lu(x)
        torch.lu(m, get_infos=True)
        m.lu()
        torch.lu_unpack(*torch.linalg.lu_factor(m.flip(0)))
        torch.lu_unpack(*torch.linalg.lu_factor(x))
        torch.lu_unpack(*torch.linalg.lu_factor(x.t()))
        torch.lu_unpack(*torch.linalg.lu_factor(m.detach()), unpack_data=False)
        torch.lu_unpack(*torch.linalg.lu_factor(m), unpack_pivots=False)
        torch.lu_unpack(*torch.linalg.lu_factor(c)).U
        torch.linalg.lu_solve(*torch.linalg.lu_factor(m.flip(0)), x.t())
        torch.linalg.lu_solve(*torch.linalg.lu_factor(m.flip(0)), x.t(), adjoint=True)
        torch.linalg.lu_solve(*torch.linalg.lu_factor(m.flip(0)), x, left=False)
        torch.linalg.lu_solve(*torch.linalg.lu_factor(m.flip(0)), x, left=False, adjoint=True)
        torch.linalg.lu_solve(*torch.linalg.lu_factor(torch.stack([m, m.t()])), x.t())
        torch.lu_solve(x.t(), *torch.linalg.lu_factor(m))
        x.t().lu_solve(*torch.linalg.lu_factor(m))
    """,
    "singular_values": """
        torch.linalg.svdvals(x)
        torch.linalg.svdvals(c)
        torch.linalg.svdvals(f)
        torch.linalg.svdvals(m[:0])
        torch.linalg.svd(x).S
        torch.linalg.svd(x, full_matrices=False)[1]
        torch.linalg.svd(x, False).U.abs()
        torch.linalg.svd(x, False).Vh.square()
        torch.linalg.svd(x.t(), False).U.square()
        torch.linalg.svd(m).Vh.abs()
        torch.linalg.svd(x).U.square()
        torch.linalg.svd(x).Vh[:2].square()
        torch.linalg.svd(c, False).U.abs()
        torch.linalg.svd(m[:0]).Vh
        torch.linalg.svd(torch.eye(3).double() * m).S
        torch.svd(x).S
        torch.svd(x)[2].square()
        torch.svd(x, some=False).U.abs()
        torch.svd(x, True, False)
        x.svd().S
        torch.linalg.matrix_norm(m, 2)
        torch.linalg.matrix_norm(m, -2)
        torch.linalg.matrix_norm(m, 'nuc')
        torch.linalg.matrix_norm(c, 'nuc', (0, 1))
        torch.linalg.matrix_norm(c, 2, (0, 2), True)
        torch.linalg.matrix_norm(c, 'nuc', (2, 0), True)
        torch.linalg.matrix_norm(x, 'fro')
        torch.linalg.matrix_norm(x, 1)
        torch.linalg.matrix_norm(x, -1)
        torch.linalg.matrix_norm(x, float('inf'), keepdim=True)
        torch.linalg.matrix_norm(x, -float('inf'))
        torch.linalg.matrix_norm(c, 1, (0, 1))
        torch.linalg.matrix_norm(f, 2, dtype=torch.float64)
        torch.linalg.norm(m, 'nuc')
        torch.linalg.norm(c, 2, (0, 2), True)
        torch.norm(m, 'nuc')
        torch.norm(c, 'nuc', (0, 1))
        torch.linalg.matrix_rank(x)
        torch.linalg.matrix_rank(torch.ones(2, 2))
        torch.linalg.matrix_rank(x, 2.0)
        torch.linalg.matrix_rank(m + m.t(), hermitian=True, atol=4.0)
        torch.linalg.matrix_rank(c, rtol=0.5)
    """,
    "symmetric": """
        torch.linalg.eigvalsh(m)
        torch.linalg.eigvalsh(m, 'U')
        torch.linalg.eigvalsh(torch.stack([m, m.t()]))
        torch.linalg.eigvalsh(m.to(torch.float32))
        torch.linalg.eigh(m).eigenvalues
        torch.linalg.eigh(m, UPLO='u')[0]
        torch.linalg.eigh(m + m.t()).eigenvectors.abs()
        torch.linalg.eigh(m + m.t(), 'U').eigenvectors.square()
        torch.linalg.eigh(torch.stack([m + m.t(), m.t() @ m]))[1].square()
        torch.linalg.eigh(m.detach(), 'U').eigenvectors.square()
        torch.linalg.eigh(torch.stack([m, m.t()]).detach())[1].square()
        torch.linalg.eigh(m[:0, :0])
        torch.linalg.eigh(torch.eye(3).double() * m).eigenvalues
    """,
    "pseudoinverses": """
        torch.linalg.pinv(x)
        torch.linalg.pinv(x.t())
        torch.linalg.pinv(m)
        torch.linalg.pinv(c)
        torch.linalg.pinv(m, hermitian=True)
        torch.linalg.pinv(x, 0.9)
        torch.linalg.pinv(x, rcond=0.5)
        torch.linalg.pinv(x, torch.tensor(0.9).double())
        torch.linalg.pinv(x, atol=2.0)
        torch.linalg.pinv(c, atol=torch.tensor([0.1, 1.5]).double(), rtol=torch.tensor(0.1).double())
        torch.linalg.pinv(torch.ones(2, 3).double() * s)
        torch.linalg.pinv(x[:0])
        torch.linalg.pinv(f)
        torch.pinverse(x)
        torch.pinverse(x, 0.9)
        x.pinverse()
    """,
    "least_squares": """
        torch.linalg.lstsq(x.t(), m)
        torch.linalg.lstsq(x.t(), v)
        torch.linalg.lstsq(x, y)
        torch.linalg.lstsq(x, r).solution
        torch.linalg.lstsq(m, v)
        torch.linalg.lstsq(x.t(), m, driver='gels')
        torch.linalg.lstsq(x.t(), m, driver='gelsd')
        torch.linalg.lstsq(x.t(), v, driver='gelss')
        torch.linalg.lstsq(x.t(), m, rcond=0.01)
        torch.linalg.lstsq(torch.ones(2, 2).double() * s, x)
        torch.linalg.lstsq(torch.stack([v, v], 1).detach(), v.detach(), driver='gelss').residuals
        torch.linalg.lstsq(c.mT, d, driver='gelsd')
        torch.linalg.lstsq(torch.stack([m, m.t()]), torch.stack([v, w])).solution
        torch.linalg.lstsq(m[:0], m[:0]).solution
        torch.linalg.lstsq(f.t(), g)
    """,
    "condition_numbers": """
        torch.linalg.cond(m)
        torch.linalg.cond(x)
        torch.linalg.cond(m, 2)
        torch.linalg.cond(m, -2)
        torch.linalg.cond(m.detach(), 'fro')
        torch.linalg.cond(m, 'nuc')
        torch.linalg.cond(m.detach(), 1)
        torch.linalg.cond(m.detach(), -1)
        torch.linalg.cond(m.detach(), float('inf'))
        torch.linalg.cond(m.detach(), p=-float('inf'))
        torch.linalg.cond(torch.stack([m, m.t()]))
        torch.linalg.cond(torch.stack([m, m.t()]).detach(), 'fro')
        torch.linalg.cond(torch.tensor([[1., 2.], [2., 4.]]), 1)
        torch.linalg.cond(m[:0, :0])
    """,
}

PROGRAMS: dict[str, str] = {}
