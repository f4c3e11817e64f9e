"""What factors of matrices refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "shape-mismatch": """
        torch.linalg.qr(v)
        torch.linalg.svd(v)
        torch.linalg.eigh(x)
        torch.linalg.eigvalsh(v)
        torch.linalg.pinv(v)
        torch.linalg.pinv(x, hermitian=True)
        torch.linalg.cond(v)
        torch.linalg.cond(x, 1)
        torch.linalg.lu(v)
        torch.linalg.lu_factor(v)
        torch.linalg.lu_solve(*torch.linalg.lu_factor(m), v)
        torch.linalg.lu_solve(*torch.linalg.lu_factor(m), x)
        torch.linalg.lu_solve(*torch.linalg.lu_factor(m), x.t(), left=False)
        torch.linalg.lu_solve(*torch.linalg.lu_factor(x), x)
        torch.linalg.lu_solve(m, torch.tensor([1, 2], dtype=torch.int32), m)
        torch.linalg.lstsq(m, x)
        torch.linalg.lstsq(v, v)
        torch.linalg.lstsq(m, s)
        torch.linalg.lstsq(torch.stack([m, m.t()]), m)
        torch.linalg.householder_product(x, r)
        torch.linalg.householder_product(v, v)
        torch.linalg.householder_product(m, m)
        torch.linalg.householder_product(x.t(), v)
        torch.ormqr(m, v, x)
        torch.ormqr(m, v, x.t(), left=False)
        torch.ormqr(v, v, m)
    """,
    "dtype-mismatch": """
        torch.linalg.qr(j)
        torch.linalg.qr(m.half())
        torch.linalg.svd(j)
        torch.linalg.svdvals(m.half())
        torch.linalg.eigh(m.half())
        torch.linalg.pinv(j)
        torch.linalg.lu_factor(j)
        torch.linalg.lu(m.half())
        torch.lu_unpack(m, torch.tensor([1, 2, 3]))
        torch.linalg.lu_solve(m, torch.tensor([1, 2, 3]), m)
        torch.linalg.lu_solve(*torch.linalg.lu_factor(m.float()), x.t())
        torch.linalg.lstsq(m, x.t().float())
        torch.linalg.lstsq(j, j)
    """,
    "value": """
        torch.linalg.qr(x, 'foo')
        torch.linalg.qr(x.t(), 'complete').R.sum().backward()
        torch.linalg.qr(x, 'r').R.sum().backward()
        torch.linalg.svd(x, driver='gesvd')
        torch.linalg.svdvals(x * float('nan')).tolist()
        torch.linalg.eigh(m, 'X')
        torch.linalg.cond(m, 3)
        torch.linalg.cond(m, 'foo')
        torch.linalg.lstsq(x.t(), m, driver='foo')
        torch.linalg.lu_factor(torch.zeros(2, 2)).LU.tolist()
        torch.linalg.lu_factor_ex(torch.stack([torch.eye(2), torch.ones(2, 2)]), check_errors=True).LU.tolist()
        torch.lu_unpack(m, torch.tensor([1, 2, 5], dtype=torch.int32)).P.tolist()
    """,
    "not-supported": """
        torch.linalg.lu(m, pivot=False)
        torch.linalg.lu_factor(m, pivot=False)
        torch.lu(m, pivot=False)
    """,
    "dimension-out-of-range": """
        torch.lu_unpack(v, v)
    """,
}

PROGRAMS: dict[str, str] = {}
