"""What bags of rows, labels without times and the cross entropy of a linear layer refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "value": """
        F.embedding_bag(i, m, t)
        F.embedding_bag(i[0], m)
        F.embedding_bag(i, m, mode='foo')
        F.embedding_bag(i[0], m, torch.tensor([1, 2]))
        F.embedding_bag(i[0], m, torch.tensor([0, 9]))
        F.embedding_bag(i[0] + 1, m, torch.tensor([0]))
        F.embedding_bag(i, m, padding_idx=9)
        F.ctc_loss(torch.stack([x, y]), i, (2, 2), (1, 1), blank=7)
        F.ctc_loss(torch.stack([x, y]), i, (9, 2), (1, 1))
        F.ctc_loss(torch.stack([x, y]), i, (2, 2), (1, 1), reduction='foo')
        F.linear_cross_entropy(x, m, target, ignore_index=2)
        torch.nn.LinearCrossEntropyOptions(chunking_method='rows')
        torch.nn.LinearCrossEntropyOptions(chunking_method='aspect_ratio:0')
        torch.nn.LinearCrossEntropyOptions(acc_policy='fast')
        torch.nn.LinearCrossEntropyOptions(batch_chunk_size=0)
        torch.nn.LinearCrossEntropyOptions(acc_dtype=torch.int64)
        F.linear_cross_entropy(x, m, t, options=torch.nn.LinearCrossEntropyOptions(False, 1, 'aspect_ratio'))
    """,
    "shape-mismatch": """
        F.embedding_bag(i[None], m)
        F.embedding_bag(i[0], m, i)
        F.embedding_bag(i[0], m, torch.tensor([0]), mode='sum', per_sample_weights=r)
        F.linear_cross_entropy(c, m, t)
        F.linear_cross_entropy(x, v, t)
        F.linear_cross_entropy(x, m[:, :2], t)
        F.linear_cross_entropy(x, m, t, linear_bias=r)
        F.linear_cross_entropy(x[0], c, t)
    """,
    "dtype-mismatch": """
        F.embedding_bag(x, m)
        F.embedding_bag(i[0], m, v)
        F.linear_cross_entropy(x, m, t, options=torch.nn.LinearCrossEntropyOptions(acc_dtype=torch.float32))
    """,
    "not-supported": """
        F.embedding_bag(i, m, per_sample_weights=x)
    """,
}

PROGRAMS: dict[str, str] = {}
