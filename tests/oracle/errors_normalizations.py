"""What normalisations and prelu refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "dtype-mismatch": """
        F.prelu(x, f.detach()[:1])
        F.group_norm(c, 1, torch.ones(2))
    """,
    "shape-mismatch": """
        F.batch_norm(x, const[0, :2], const[1, :2])
        F.batch_norm(x, None, None, const[0, :2], training=True)
        F.group_norm(c, 3)
        F.group_norm(c, 2, const[0])
        F.instance_norm(c, weight=const[0])
        F.local_response_norm(x, 2)
        F.prelu(x, y[0, :2])
    """,
    "value": """
        F.batch_norm(x[:1], None, None, training=True)
        F.batch_norm(x, None, None)
        F.instance_norm(c[:, :, :1])
        F.instance_norm(c, use_input_stats=False)
        F.group_norm(x[0], 1)
    """,
}

PROGRAMS: dict[str, str] = {}
