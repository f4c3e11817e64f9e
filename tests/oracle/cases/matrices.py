"""Products of chains of matrices, powers, cross products, logarithms of determinants, and tensors as matrices."""

from __future__ import annotations

LINES: dict[str, str] = {
    "cross_products": """
        torch.linalg.cross(x, y)
        torch.linalg.cross(x, y[:1])
        torch.linalg.cross(m, m.t(), dim=0)
        torch.linalg.cross(x[0], y[0])
        torch.cross(x, y, dim=1)
        torch.cross(x, y)
        x.cross(y, -1)
        torch.linalg.cross(j, j)
        torch.linalg.vecdot(x, y)
        torch.linalg.vecdot(x, y, dim=0)
        torch.linalg.vecdot(x[0], y[0])
        torch.linalg.vecdot(x, y[0])
        torch.linalg.vecdot(x, v)
    """,
    "chains": """
        torch.linalg.multi_dot([x, y.t()])
        torch.linalg.multi_dot([x, y.t(), x])
        torch.linalg.multi_dot((x, y.t(), x, m, v))
        torch.linalg.multi_dot([v, m, m, v])
        torch.linalg.multi_dot([v, v])
        torch.linalg.multi_dot([x.t(), x, y.t(), y, x.t()])
        torch.chain_matmul(x, y.t(), x)
        torch.linalg.matrix_power(m, 0)
        torch.linalg.matrix_power(m, 1)
        torch.linalg.matrix_power(m, 2)
        torch.linalg.matrix_power(m, 3)
        torch.matrix_power(m, 5)
        m.matrix_power(6)
        torch.linalg.matrix_power(m, -1)
        torch.linalg.matrix_power(m, -3)
        torch.linalg.matrix_power(torch.stack([m, m.t()]), 3)
        torch.linalg.vander(v)
        torch.linalg.vander(x, N=4)
        torch.linalg.vander(x, N=2)
        torch.linalg.vander(torch.tensor([1, 2, 3]))
        torch.vander(v.detach())
        torch.vander(v.detach(), 2, True)
        torch.vander(x=w.detach(), N=5, increasing=False)
        torch.vander(t)
        torch.vander(rows)
        torch.vander(short, increasing=True)
        torch.vander(v, 1)
        torch.vander(v, 0)
        torch.vander(empty)
    """,
    "determinants": """
        torch.linalg.slogdet(m)
        torch.linalg.slogdet(m).logabsdet
        torch.slogdet(m)
        m.slogdet()[1]
        torch.linalg.slogdet(torch.stack([m, -m.t()]))
        torch.linalg.slogdet(1e-200 * m)
        torch.linalg.slogdet(m[:0, :0])
        torch.logdet(m @ m.t())
        m.logdet()
        torch.logdet(torch.stack([m, -m]))
    """,
    "inverses": """
        torch.linalg.inv(torch.stack([m, m.t()]))
        torch.linalg.inv(m[:0, :0])
        torch.inverse(m)
        m.inverse()
        torch.linalg.inv_ex(m)
        torch.linalg.inv_ex(m).inverse
        torch.linalg.inv_ex(m, check_errors=True)
        torch.linalg.inv_ex(torch.stack([m, m.t()]))
        torch.linalg.inv_ex(torch.tensor([[1., 2.], [2., 4.]])).inverse.isfinite()
        torch.linalg.inv_ex(torch.tensor([[1., 2.], [2., 4.]])).info
        torch.linalg.inv_ex(torch.tensor([[[1., 2.], [2., 1.]], [[0., 2.], [0., 4.]]])).info
        torch.linalg.inv_ex(m[:0, :0])
        torch.linalg.inv_ex(m.to(torch.float32))
        torch.linalg.det(torch.stack([m, m.t()]))
        torch.det(m)
        m.det()
        torch.linalg.det(m[:0, :0])
    """,
    "solutions": """
        torch.linalg.solve(m, x.t())
        torch.linalg.solve(m, v)
        torch.linalg.solve(m, x, left=False)
        torch.linalg.solve(torch.stack([m, m.t()]), x.t())
        torch.linalg.solve(torch.stack([m, m.t()]), torch.stack([v, w]))
        torch.linalg.solve(torch.stack([m, m.t()]), torch.stack([x, y]), left=False)
        torch.linalg.solve(m, torch.stack([x.t(), y.t()]))
        torch.linalg.solve(m, x.t()[:, :0])
        torch.linalg.solve(m.to(torch.float32), v.to(torch.float32))
        torch.linalg.solve_ex(m, x.t())
        torch.linalg.solve_ex(m, v).result
        torch.linalg.solve_ex(m, x, left=False)
        torch.linalg.solve_ex(m, v, check_errors=True)
        torch.linalg.solve_ex(torch.stack([m, m.t()]), torch.stack([v, w]))
        torch.linalg.solve_ex(torch.tensor([[1., 2.], [2., 4.]]), torch.tensor([1., 2.]))
    """,
    "exponentials": """
        torch.matrix_exp(m)
        torch.linalg.matrix_exp(m)
        m.matrix_exp()
        torch.matrix_exp(m * 5)
        torch.matrix_exp(m - 6)
        torch.matrix_exp(torch.stack([m, m.t()]) * 0.1)
        torch.matrix_exp(torch.zeros(3, 3).double() * m)
        torch.matrix_exp(m[:1, :1])
        torch.matrix_exp(m[:0, :0])
        torch.matrix_exp(m.to(torch.float32) * 0.1)
    """,
    "tensors_as_matrices": """
        torch.linalg.tensorinv(m, 1)
        torch.linalg.tensorinv(m.reshape(3, 1, 3), 2)
        torch.linalg.tensorsolve(m, v)
        torch.linalg.tensorsolve(m.reshape(3, 3, 1), v)
        torch.linalg.tensorsolve(m.reshape(3, 1, 3, 1), v[:, None])
        torch.linalg.tensorsolve(m.reshape(1, 3, 3), v, dims=(0,))
    """,
}

PROGRAMS: dict[str, str] = {}
