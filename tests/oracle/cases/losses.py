"""Losses with margins and of likelihoods, and distances between rows."""

from __future__ import annotations

LINES: dict[str, str] = {
    "margin_losses": """
        F.margin_ranking_loss(x, y, torch.sign(const))
        F.margin_ranking_loss(x, y, const, 0.5, reduction='none')
        F.margin_ranking_loss(x[0], y[0], torch.tensor([1., -1., 1.]), margin=0.25, reduction='sum')
        F.hinge_embedding_loss(x, torch.sign(const))
        F.hinge_embedding_loss(x, torch.tensor([[1., -1., 1.], [-1., 1., -1.]]), 2.0, reduction='sum')
        F.hinge_embedding_loss(x, torch.tensor([[1., -1., 0.], [-1., 1., -1.]]), reduction='none')
        F.cosine_embedding_loss(x, y, torch.tensor([1., -1.]))
        F.cosine_embedding_loss(x, y, torch.tensor([1, -1]), 0.3, reduction='none')
        F.cosine_embedding_loss(x[0], y[0], torch.tensor(1.), reduction='sum')
        F.soft_margin_loss(x, torch.sign(const))
        F.soft_margin_loss(x, torch.tensor([[1., -1., 1.], [-1., 1., -1.]]), reduction='none')
        F.soft_margin_loss(x, torch.tensor([[1., -1., 1.], [-1., 1., -1.]]), reduction='sum')
        F.soft_margin_loss(x, torch.tensor([[1., -1., 1.], [-1., 1., -1.]]), reduce=False)
    """,
    "class_margins": """
        F.multi_margin_loss(x, torch.tensor([0, 2]))
        F.multi_margin_loss(x, torch.tensor([0, 2]), 2)
        F.multi_margin_loss(x, torch.tensor([0, 2]), 1, 0.5, reduction='sum')
        F.multi_margin_loss(x, torch.tensor([0, 2]), 2, 2.0, const[0], reduction='none')
        F.multi_margin_loss(x[0], torch.tensor(1))
        F.multi_margin_loss(x[0], torch.tensor([1]), reduction='none')
        F.multi_margin_loss(x, torch.tensor([0, 2]), weight=const[0])
        F.multilabel_margin_loss(x, torch.tensor([[0, 2, -1], [1, -1, 0]]))
        F.multilabel_margin_loss(x, torch.tensor([[0, 2, -1], [1, -1, 0]]), reduction='sum')
        F.multilabel_margin_loss(x, torch.tensor([[-1, 2, -1], [1, 2, 0]]), reduction='none')
        F.multilabel_margin_loss(x[0], torch.tensor([2, 0, -1]))
        F.multilabel_margin_loss(x[0], torch.tensor([2, 0, -1]), reduction='none')
        F.multilabel_soft_margin_loss(x, target)
        F.multilabel_soft_margin_loss(x, target, const, reduction='sum')
        F.multilabel_soft_margin_loss(x, target, reduction='none')
        F.multilabel_soft_margin_loss(x[0], target[0])
    """,
    "triplets": """
        F.triplet_margin_loss(x, y, x * y)
        F.triplet_margin_loss(x, y, x * y, swap=True)
        F.triplet_margin_loss(x, y, x * y, 3.0, p=1, reduction='none')
        F.triplet_margin_loss(x[0], y[0], y[1], 2.0, 3.0, 0.01, reduction='sum')
        F.triplet_margin_with_distance_loss(x, y, x * y)
        F.triplet_margin_with_distance_loss(x, y, x * y, distance_function=lambda q, r: (q - r).abs().sum(-1), margin=2.0)
        F.triplet_margin_with_distance_loss(x, y, x * y, swap=True, reduction='none')
    """,
    "likelihood_losses": """
        F.poisson_nll_loss(x, y)
        F.poisson_nll_loss(p, y, log_input=False)
        F.poisson_nll_loss(x, y.exp() * 2, full=True)
        F.poisson_nll_loss(x, const, full=True, reduction='none')
        F.poisson_nll_loss(p, const, False, False, None, 0.1, reduction='sum')
        F.gaussian_nll_loss(x, y, p)
        F.gaussian_nll_loss(x, y, p, full=True, reduction='sum')
        F.gaussian_nll_loss(x, y, p[:, 0])
        F.gaussian_nll_loss(x, y, p[:, :1], eps=0.9, reduction='none')
        F.gaussian_nll_loss(x, y, 2.0)
    """,
    "distances_of_rows": """
        F.pairwise_distance(x, y)
        F.pairwise_distance(x, y, 1.0, keepdim=True)
        F.pairwise_distance(x, y, p=3)
        F.pairwise_distance(x, y, float('inf'), 0.01)
        F.pairwise_distance(x, x)
        F.pairwise_distance(x, y[0])
        F.pairwise_distance(x[0], y[0])
        torch.pairwise_distance(x, x, eps=0.0)
        F.pdist(x)
        F.pdist(torch.cat([x, y]))
        torch.pdist(torch.cat([x, y, x]), 1)
        torch.pdist(torch.cat([x, y]), 3.0)
        torch.pdist(torch.cat([x, y]), float('inf'))
        torch.pdist(x, 0)
        torch.pdist(x[:1])
        torch.cdist(x, y, 0.0)
        torch.cdist(x, y, 1.5)
    """,
}

PROGRAMS: dict[str, str] = {}
