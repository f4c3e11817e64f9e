"""Factors of positive-definite matrices, and triangular systems."""

from __future__ import annotations

LINES: dict[str, str] = {
    "cholesky": """
        torch.linalg.cholesky(m @ m.t() + torch.eye(3).double())
        torch.linalg.cholesky(m @ m.t() + torch.eye(3).double(), upper=True)
        torch.linalg.cholesky(torch.stack([m @ m.t(), m.t() @ m]) + torch.eye(3).double())
        torch.linalg.cholesky_ex(m @ m.t() + torch.eye(3).double())
        torch.linalg.cholesky_ex(m @ m.t() + torch.eye(3).double(), upper=True, check_errors=True)
        torch.linalg.cholesky_ex(torch.stack([m @ m.t(), m.t() @ m])).L
        torch.linalg.cholesky_ex(torch.tensor([[1., 2.], [2., 1.]]))
        torch.linalg.cholesky_ex(torch.tensor([[1., 2.], [2., 1.]]), upper=True)
        torch.linalg.cholesky_ex(torch.stack([torch.eye(2), -torch.eye(2)])).info
        torch.linalg.cholesky_ex(m[:0, :0])
        torch.cholesky(m @ m.t() + torch.eye(3).double())
        torch.cholesky(m @ m.t() + torch.eye(3).double(), True)
        (m @ m.t() + torch.eye(3).double()).cholesky()
        torch.linalg.cholesky(m[:0, :0])
        torch.cholesky_inverse(m.tril() + 3 * torch.eye(3).double())
        torch.cholesky_inverse(m.triu() + 3 * torch.eye(3).double(), True)
        torch.cholesky_inverse(torch.stack([m, m.t()]).tril() + 3 * torch.eye(3).double())
        torch.cholesky_solve(x.t(), m.tril() + 3 * torch.eye(3).double())
        torch.cholesky_solve(x.t(), m.triu() + 3 * torch.eye(3).double(), upper=True)
        x.t().cholesky_solve(m.tril() + 3 * torch.eye(3).double())
    """,
    "triangular_systems": """
        torch.linalg.solve_triangular(m + 3 * torch.eye(3).double(), x.t(), upper=True)
        torch.linalg.solve_triangular(m + 3 * torch.eye(3).double(), x.t(), upper=False)
        torch.linalg.solve_triangular(m + 3 * torch.eye(3).double(), x, upper=True, left=False)
        torch.linalg.solve_triangular(m, x.t(), upper=True, unitriangular=True)
        torch.linalg.solve_triangular(m, x, upper=False, left=False, unitriangular=True)
        torch.linalg.solve_triangular(torch.stack([m, m.t()]) + 3 * torch.eye(3).double(), x.t(), upper=True)
        torch.linalg.solve_triangular(m + 3 * torch.eye(3).double(), x.t()[:, :0], upper=True)
        torch.linalg.solve_triangular(m.to(torch.float32), x.t(), upper=True)
        torch.linalg.solve_triangular(m, f.t(), upper=True)
        torch.triangular_solve(x.t(), m + 3 * torch.eye(3).double())
        torch.triangular_solve(x.t(), m + 3 * torch.eye(3).double(), False)
        torch.triangular_solve(x.t(), m + 3 * torch.eye(3).double(), upper=True, transpose=True)
        torch.triangular_solve(x.t(), m, True, False, True)
        x.t().triangular_solve(m + 3 * torch.eye(3).double()).solution
    """,
}

PROGRAMS: dict[str, str] = {}
