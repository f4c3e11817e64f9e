"""What attention refuses, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "shape-mismatch": """
        F.scaled_dot_product_attention(x[0], y, p)
        F.scaled_dot_product_attention(c, c[:, :, :2], c)
        F.scaled_dot_product_attention(c, c, c[:, :1])
        F.scaled_dot_product_attention(c[None], c[None, :1].expand(1, 3, 2, 3), c[None], enable_gqa=True)
    """,
    "dtype-mismatch": """
        F.scaled_dot_product_attention(x.float(), y, p)
        F.scaled_dot_product_attention(x, y, p, j)
        F.scaled_dot_product_attention(x, y, p, const.half())
        F.scaled_dot_product_attention(j[None], j[None], j[None])
    """,
    "value": """
        F.scaled_dot_product_attention(x, y, p, torch.ones(2, 2), is_causal=True)
        F.scaled_dot_product_attention(x, y, p, dropout_p=1.5)
    """,
    "dimension-out-of-range": """
        F.scaled_dot_product_attention(c[None], c[None], c[None], torch.ones(2))
    """,
}

PROGRAMS: dict[str, str] = {}
