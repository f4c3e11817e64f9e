"""What factors of positive-definite matrices and triangular systems refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "shape-mismatch": """
        torch.linalg.cholesky(x)
        torch.linalg.cholesky(v)
        torch.linalg.cholesky_ex(x)
        torch.linalg.solve_triangular(m, x, upper=True)
        torch.linalg.solve_triangular(m, v, upper=True)
        torch.linalg.solve_triangular(x, x, upper=True)
        torch.cholesky_solve(x, m)
        torch.triangular_solve(x, m)
    """,
    "value": """
        torch.linalg.cholesky(-torch.eye(3)).tolist()
        torch.linalg.cholesky(torch.tensor([[1., 2.], [2., 1.]])).tolist()
        torch.linalg.cholesky(torch.stack([torch.eye(2), -torch.eye(2)])).tolist()
        torch.linalg.cholesky_ex(torch.stack([torch.eye(2), -torch.eye(2)]), check_errors=True).L.tolist()
    """,
    "dtype-mismatch": """
        torch.linalg.cholesky(j[:, :2])
        torch.linalg.cholesky(m.half())
        torch.linalg.solve_triangular(m.half(), m.half(), upper=True)
        torch.linalg.solve_triangular(i[:, :2], i[:, :2], upper=True)
    """,
}

PROGRAMS: dict[str, str] = {}
