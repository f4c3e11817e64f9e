"""What losses with margins, losses of likelihoods and distances refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "autograd": """
        F.soft_margin_loss(x, y)
        F.multi_margin_loss(x, torch.tensor([0, 2]), weight=y[0])
    """,
    "dimension-out-of-range": """
        F.multilabel_soft_margin_loss(s, s)
    """,
    "dtype-mismatch": """
        F.multi_margin_loss(j, torch.tensor([0, 2]))
    """,
    "shape-mismatch": """
        F.margin_ranking_loss(x, y, const[0])
        F.multi_margin_loss(x, torch.tensor([0]))
        F.multilabel_margin_loss(x, torch.tensor([0, 1, 2]))
        F.triplet_margin_loss(x, y, y[0])
        F.gaussian_nll_loss(x, y, p[:, :2].detach())
        torch.pdist(c)
        torch.cdist(x, x[0])
    """,
    "value": """
        F.margin_ranking_loss(x, y, const, reduction='median')
        F.multi_margin_loss(x, torch.tensor([0, 2]), 3)
        F.multi_margin_loss(x, torch.tensor([0, 3]))
        F.multilabel_margin_loss(x, torch.tensor([[0, 3, -1], [0, 1, -1]]))
        F.triplet_margin_loss(x, y, x * y, margin=-1.0)
        F.gaussian_nll_loss(x, y, -2.0)
        F.gaussian_nll_loss(x, y, x - 5)
        torch.pdist(x, -1)
        torch.cdist(x, y, -1.)
    """,
}

PROGRAMS: dict[str, str] = {}
