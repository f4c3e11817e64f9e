"""What functions of matrices that are products refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "shape-mismatch": """
        torch.linalg.cross(m, v)
        torch.linalg.cross(x, y, dim=0)
        torch.linalg.multi_dot([x, y])
        torch.linalg.multi_dot([x, c, y])
        torch.linalg.multi_dot([c, x])
        torch.linalg.matrix_power(x, 2)
        torch.linalg.matrix_power(v, 2)
        torch.linalg.tensorinv(x, 1)
        torch.linalg.slogdet(x)
        torch.logdet(v)
        torch.linalg.inv_ex(x)
        torch.linalg.inv(v)
        torch.linalg.solve(m, x)
        torch.linalg.solve(m, x.t(), left=False)
        torch.linalg.solve(m, v, left=False)
        torch.linalg.solve_ex(x, x)
        torch.linalg.solve_ex(m, x)
        torch.matrix_exp(x)
        torch.linalg.matrix_exp(v)
    """,
    "value": """
        torch.linalg.multi_dot([x])
        torch.linalg.tensorinv(m, 0)
        torch.linalg.vander(v, N=1)
        torch.vander(v, -1)
        torch.linalg.vander(s)
        torch.linalg.inv(torch.tensor([[1., 2.], [2., 4.]])).tolist()
        torch.linalg.inv(torch.tensor([[[1., 2.], [2., 1.]], [[1., 2.], [2., 4.]]])).tolist()
        torch.linalg.inv_ex(torch.zeros(2, 2), check_errors=True).inverse.tolist()
        torch.linalg.solve(torch.tensor([[1., 2.], [2., 4.]]), torch.ones(2)).tolist()
        torch.linalg.solve(torch.tensor([[[1., 2.], [2., 1.]], [[1., 2.], [2., 4.]]]), torch.ones(2, 2)).tolist()
        torch.linalg.solve_ex(torch.zeros(2, 2), torch.ones(2), check_errors=True).result.tolist()
    """,
    "dtype-mismatch": """
        torch.linalg.inv(j[:, :2])
        torch.linalg.inv(m.half())
        torch.linalg.det(m.half())
        torch.linalg.det(j[:, :2])
        torch.linalg.slogdet(m.half())
        torch.linalg.solve(m.half(), v.half())
        torch.linalg.solve(m, v.float())
        torch.linalg.solve_ex(m, x.t().float())
        torch.linalg.matrix_exp(j[:, :2])
    """,
}

PROGRAMS: dict[str, str] = {}
