"""What is refused of where elements lie in memory, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "shape-mismatch": """
        (x.t() * 2).view(6)
        (x.t() + y.t()).view(2, 3)
        x.t().exp().view(-1)
        x.t().clone().view(6)
        torch.zeros_like(x.t()).view(6)
        F.relu(x.t()).view_as(x)
        F.mse_loss(x.t(), y.t(), reduction="none").view(6)
        x.contiguous(memory_format=torch.channels_last)
        x.contiguous(memory_format=torch.channels_last_3d)
        x.clone(memory_format=torch.channels_last)
        x.to(memory_format=torch.channels_last)
        torch.zeros_like(x, memory_format=torch.channels_last)
        torch.empty(2, 3, memory_format=torch.channels_last)
    """,
    "value": """
        x.t().contiguous(memory_format=torch.preserve_format)
        torch.empty(2, 3, memory_format=torch.preserve_format)
    """,
    "argument": """
        x.contiguous(memory_format=1)
        x.contiguous(memory_format=None)
        x.contiguous(memory_format="channels_last")
        x.contiguous(torch.contiguous_format)
        x.clone(memory_format=torch.float32)
        torch.zeros_like(x, memory_format=3)
        x.is_contiguous(memory_format=3)
        x.float(memory_format=3)
        torch.zeros(2, memory_format=torch.contiguous_format)
    """,
}

PROGRAMS: dict[str, str] = {}
