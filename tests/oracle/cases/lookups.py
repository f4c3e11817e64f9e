"""Bags of rows that are looked up, labels whose times are not known, and the cross entropy of a linear layer.

PyTorch takes the gradient of ctc_loss for that of logarithms which softmax gives, so that it is compared where they do.
"""

from __future__ import annotations

LINES: dict[str, str] = {
    "bags": """
        F.embedding_bag(torch.tensor([0, 1, 1, 2, 0]), a, torch.tensor([0, 2, 2, 4]))
        F.embedding_bag(torch.tensor([0, 1, 1, 2, 0]), a, torch.tensor([0, 2, 2, 4]), mode='sum')
        F.embedding_bag(torch.tensor([0, 1, 1, 2, 0]), a, torch.tensor([0, 2, 2, 4]), mode='max')
        F.embedding_bag(torch.tensor([0, 1, 1, 2, 0, 1]), a, torch.tensor([0, 2]), mode='sum', per_sample_weights=line)
        F.embedding_bag(torch.tensor([0, 1, 1, 2, 0, 1]), a.detach(), torch.tensor([0, 2]), mode='sum', per_sample_weights=line)
        F.embedding_bag(i, m)
        F.embedding_bag(i, m, mode='max')
        F.embedding_bag(i, m, mode='sum', per_sample_weights=x)
        F.embedding_bag(i, m, padding_idx=1)
        F.embedding_bag(i, m, padding_idx=-1, mode='sum')
        F.embedding_bag(i, m, padding_idx=0, mode='max')
        F.embedding_bag(torch.tensor([1, 1, 1, 2]), m, torch.tensor([0, 2]), padding_idx=1)
        F.embedding_bag(torch.tensor([0, 1, 1]), m, torch.tensor([0, 2, 3]), include_last_offset=True)
        F.embedding_bag(i, m, scale_grad_by_freq=True)
        F.embedding_bag(torch.tensor([0, 1, 0, 2]), ties.t(), torch.tensor([0, 2]), mode='max')
        F.embedding_bag(i[:0], m)
        F.embedding_bag(torch.tensor([], dtype=torch.int64), m, torch.tensor([0]))
        F.embedding_bag(torch.tensor([0, 1], dtype=torch.int32), m, torch.tensor([0], dtype=torch.int32))
        F.embedding_bag(torch.tensor([0, 1]), f, torch.tensor([0]))
    """,
    "linear_cross_entropy": """
        F.linear_cross_entropy(x, m, t, label_smoothing=0.1, options=torch.nn.LinearCrossEntropyOptions(batch_chunk_size=1))
        F.linear_cross_entropy(x, m, target, options=torch.nn.LinearCrossEntropyOptions(acc_dtype=torch.float32))
        torch.nn.LinearCrossEntropyOptions(batch_chunk_size=3)
        F.linear_cross_entropy(x, y, torch.tensor([0, 1]))
        F.linear_cross_entropy(x, y, torch.tensor([0, 1]), linear_bias=r)
        F.linear_cross_entropy(x[0], y, torch.tensor(1))
        F.linear_cross_entropy(x, m, t, reduction='sum', label_smoothing=0.1)
        F.linear_cross_entropy(x, m, t, reduction='none', weight=const[0], ignore_index=2)
        F.linear_cross_entropy(x, m, target)
        F.linear_cross_entropy(x, torch.cat([c, c * 2]), torch.tensor([[0, 1], [2, 3]]))
        F.linear_cross_entropy(x, torch.cat([c, c * 2]), torch.tensor([[0, 1], [2, 3]]), linear_bias=a[:, :2].repeat(2, 1)[:4])
    """,
    "labels_without_times": """
        F.ctc_loss(torch.cat([c, d.mT]).log_softmax(-1), label.repeat(2, 1), torch.tensor([4, 3]), torch.tensor([2, 1]), 1)
        F.ctc_loss(torch.cat([c, d.mT]).log_softmax(2), torch.tensor([[1, 1], [2, 1]]), (4, 4), (2, 2), reduction='sum')
        F.ctc_loss(torch.cat([c, d.mT]).log_softmax(2), torch.tensor([1, 2, 2]), (4, 3), (2, 1), reduction='none')
        F.ctc_loss(torch.cat([c, d.mT]).log_softmax(2), torch.tensor([[1, 2], [2, 2]]), (1, 4), (2, 1), zero_infinity=True)
        F.ctc_loss(torch.cat([c, d.mT]).log_softmax(2).detach(), label.repeat(2, 1), (1, 4), (2, 1), reduction='none')
        F.ctc_loss(torch.cat([c, d.mT]).log_softmax(2), torch.tensor([[0, 2], [2, 0]]), (4, 4), (2, 2), blank=1)
        F.ctc_loss(torch.cat([c, d.mT]).log_softmax(2), torch.tensor([[1, 2], [2, 2]]), (4, 4), (0, 1))
        F.ctc_loss(torch.cat([c, d.mT])[:, 0].log_softmax(1), torch.tensor([1, 2]), torch.tensor(4), torch.tensor(2))
        F.ctc_loss(torch.cat([c, d.mT])[:, 0].log_softmax(1), torch.tensor([1, 2]), (4,), (2,), reduction='none')
        F.ctc_loss(torch.cat([c, d.mT]), torch.tensor([[1, 2], [2, 2]]), (4, 3), (2, 1), reduction='sum')
    """,
}

PROGRAMS: dict[str, str] = {
    "chunked_cross_entropy": """
        options = torch.nn.LinearCrossEntropyOptions()
        F.linear_cross_entropy(x, m, t, options=options)

        options = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=1)
        F.linear_cross_entropy(x, m, t, reduction='none', options=options)

        options = torch.nn.LinearCrossEntropyOptions(True, acc_dtype=torch.float64)
        F.linear_cross_entropy(x, m, t, reduction='sum', options=options)

        options = torch.nn.LinearCrossEntropyOptions()
        F.linear_cross_entropy(x, m, t, linear_bias=v, weight=const[1] ** 2, options=options)

        options = torch.nn.LinearCrossEntropyOptions(chunking_method=None)
        F.linear_cross_entropy(x[0], m, t[0], options=options)

        options = torch.nn.LinearCrossEntropyOptions(acc_policy='accurate')
        F.linear_cross_entropy(x, m, t, ignore_index=2, options=options)

        options = torch.nn.LinearCrossEntropyOptions(chunking_method='aspect_ratio:2')
        F.linear_cross_entropy(x, m, t, options=options)

        options = torch.nn.LinearCrossEntropyOptions(False, 2, 'aspect_ratio')
        F.linear_cross_entropy(x, m, t, options=options)
    """,
}
