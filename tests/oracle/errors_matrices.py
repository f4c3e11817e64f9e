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
    """,
    "value": """
        torch.linalg.multi_dot([x])
        torch.linalg.tensorinv(m, 0)
        torch.linalg.vander(v, N=1)
        torch.linalg.vander(s)
    """,
}

PROGRAMS: dict[str, str] = {}
