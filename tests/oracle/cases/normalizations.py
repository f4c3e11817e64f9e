"""Normalisations over batches, groups of channels and neighbours, and prelu."""

from __future__ import annotations

LINES: dict[str, str] = {
    "batch_norm": """
        F.batch_norm(x, None, None, training=True)
        F.batch_norm(x, torch.zeros(3).double(), torch.ones(3).double() * 2)
        F.batch_norm(c, None, None, const[0, :2], const[1, :2], True, 0.2, 0.01)
        F.batch_norm(c, None, None, y[0, :2], y[1, :2], True)
        F.batch_norm(c, const[0, :2], const[1, :2] ** 2, y[0, :2], y[1, :2])
        F.batch_norm(c[None], None, None, training=True)
        F.batch_norm(f, None, None, training=True)
    """,
    "group_norm": """
        F.group_norm(c, 1)
        F.group_norm(c, 2)
        F.group_norm(c, 2, y[0, :2], y[1, :2])
        F.group_norm(c, 1, const[0, :2], const[1, :2], 0.1)
        F.group_norm(x, 3)
        F.group_norm(x, 1, y[0], y[1])
        F.group_norm(c[:0], 2)
    """,
    "instance_norm": """
        F.instance_norm(c)
        F.instance_norm(c, weight=y[0, :2], bias=y[1, :2])
        F.instance_norm(c[None], eps=0.1)
        F.instance_norm(c, const[0, :2], const[1, :2] ** 2, use_input_stats=False)
    """,
    "local_response_norm": """
        F.local_response_norm(c, 2)
        F.local_response_norm(c, 3, 0.5, 1.5, 2.0)
        F.local_response_norm(c[None], 2)
    """,
    "prelu": """
        F.prelu(x, y[0])
        F.prelu(x, y[0, :1])
        torch.prelu(x, const[0])
        x.prelu(y[0])
        F.prelu(c, y[0, :2])
        F.prelu(x[0], y[0, :1])
        F.prelu(s, s)
        F.prelu(x * 0, y[0])
    """,
}

PROGRAMS: dict[str, str] = {
    "running_statistics": """
        m, v = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
        F.batch_norm(x, m, v, training=True)
        m + v * x

        m, v = torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
        F.batch_norm(c, m, v, training=True, momentum=0.5)
        (m, v)

        m, v = torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
        q = F.instance_norm(c, m, v, momentum=0.5)
        (q, m, v)
    """
}
