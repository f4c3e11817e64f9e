"""What rearranging, splitting and scattering refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "argument": """
        x.scatter_reduce(1, i, y)
    """,
    "autograd": """
        torch.as_strided_scatter(x, r, (2,), (0,))
    """,
    "dimension-out-of-range": """
        torch.flip(x, (2,))
        torch.rot90(x, 1, (0, 2))
        torch.repeat_interleave(s, 3, 0)
        torch.repeat_interleave(x, 2, 2)
        x.scatter_reduce(2, i, y, 'sum')
        torch.cummax(x, 2)
        torch.roll(s, 1, 0)
        torch.flatten(x, 0, 2)
        torch.unflatten(x, 2, (1,))
        torch.slice_scatter(x, y, 2)
        torch.diagonal_scatter(v, v)
        torch.diagonal(v)
        x.diagonal(dim1=0, dim2=2)
        torch.diag_embed(s)
        line.unfold(1, 2, 1)
    """,
    "dtype-mismatch": """
        torch.tensor_split(x, torch.tensor([1.5]))
        torch.repeat_interleave(torch.tensor([1.0, 1.0]))
        torch.repeat_interleave(x, torch.tensor([1.0, 2.0]), dim=0)
        x.scatter_reduce(1, i, f, 'sum')
        x.index_reduce(0, torch.tensor([0, 0]), f, 'mean')
        x.index_reduce(0, torch.tensor([0.0, 0.0]), y, 'mean')
        x.index_copy(0, torch.tensor([1]), f[:1])
        x.masked_scatter(mask, f)
        x.masked_scatter(mask, j)
        x.masked_scatter(i, y)
        x.put(torch.tensor([0]), f[0, :1])
        x.put(torch.tensor([0.0]), one)
        torch.take(x, torch.tensor([0.0]))
        torch.cartesian_prod(f[0], j[0])
        torch.unravel_index(torch.tensor([1.0]), (2, 3))
        torch.isin(mask, torch.tensor([True]))
        torch.histc(j, 4)
        torch.tril_indices(3, 3, dtype=torch.float32)
        torch.meshgrid(v, f[0])
    """,
    "index-out-of-range": """
        torch.narrow(x, 1, 0, 4)
        torch.narrow(x, 1, 4, 1)
        x.scatter_reduce(1, torch.tensor([[3]]), y, 'sum')
        x.scatter_reduce(1, torch.tensor([[-1]]), y, 'sum')
        x.index_reduce(0, torch.tensor([0, 5]), y, 'mean')
        x.index_reduce(0, torch.tensor([0, -1]), y, 'mean')
        x.index_add(1, torch.tensor([0, 4]), y[:, :2])
        x.index_add(1, torch.tensor([0, -1]), y[:, :2])
        x.index_copy(0, torch.tensor([5]), y[:1])
        x.index_copy(0, torch.tensor([-1]), y[:1])
        x.put(torch.tensor([7]), one)
        torch.take(empty, torch.tensor([0]))
        torch.take(x, torch.tensor([6]))
        x.kthvalue(0)
        torch.select_scatter(x, v, 0, 2)
        torch.select_scatter(s, s, 0, 0)
        torch.slice_scatter(s, s)
    """,
    "shape-mismatch": """
        torch.column_stack([x, v])
        torch.hsplit(x, 2)
        torch.hsplit(s, 1)
        torch.vsplit(v, 1)
        torch.vsplit(x, 4)
        torch.dsplit(x, 1)
        torch.dsplit(c, 2)
        torch.tensor_split(s, 1)
        torch.tensor_split(x, torch.tensor([[1]]))
        torch.split_with_sizes(v, [4])
        torch.split(s, 1)
        torch.fliplr(v)
        torch.flipud(s)
        torch.rot90(v)
        torch.repeat_interleave(torch.tensor(2))
        torch.repeat_interleave(torch.tensor([[1, 1]]))
        torch.repeat_interleave(x, torch.tensor([1, 2, 3]), dim=0)
        x.sum_to_size(2)
        x.sum_to_size(2, 2)
        s.sum_to_size(1)
        x.sum_to_size(1, 2, 3)
        x.scatter_reduce(1, torch.tensor([0]), y, 'sum')
        x.scatter(1, i, s)
        x.index_reduce(0, torch.tensor([0]), y, 'mean')
        s.index_reduce(0, torch.tensor([0, 0]), r, 'mean')
        x.index_reduce(0, torch.tensor([[0, 0]]), y, 'mean')
        x.index_reduce(0, torch.tensor([0, 0]), a, 'mean')
        s.index_add(0, torch.tensor([0]), one)
        x.index_add(0, torch.tensor(0), v)
        x.index_add(1, torch.tensor([0, 0]), y)
        x.index_add(0, torch.tensor([0]), y[:1, :2])
        x.index_add(0, torch.tensor([0, 0, 1]), v)
        x.index_add(0, torch.tensor(0), s)
        v.index_add(0, torch.tensor(0), s)
        x.index_copy(0, torch.tensor([0]), y[:1, :2])
        x.index_copy(0, torch.tensor([0]), v)
        x.index_copy(0, torch.tensor([0]), s)
        v.index_copy(0, torch.tensor([0, 1]), s)
        x.index_reduce(0, torch.tensor([0]), y[:1, :2], 'mean')
        torch.masked_scatter(x, mask, v)
        x.put(torch.tensor([0, 1]), v)
        torch.take_along_dim(x, torch.tensor([0]), 1)
        torch.unflatten(x, 1, (2, 2))
        torch.unflatten(x, 1, (-1, 2))
        torch.broadcast_shapes((2,), (3,))
        torch.block_diag(c)
        torch.cartesian_prod(x)
        torch.cartesian_prod(s, v)
        torch.combinations(x)
        torch.select_scatter(x, r, 0, 0)
        torch.slice_scatter(x, y[:1])
        torch.diagonal_scatter(c, column, 0, 0, 2)
        torch.diagonal_scatter(x, v)
        torch.as_strided(x, (2,), (1,), 7)
        torch.as_strided(empty, (1,), (1,))
        torch.as_strided(x, (2, 4), (3, 1))
        torch.as_strided_scatter(x, v, (2,), (1,))
        line.unfold(0, 7, 1)
        s.unfold(0, 2, 1)
        empty.unfold(0, 1, 1)
        x.t().detach().view(6)
    """,
    "type-mismatch": """
        torch.from_numpy([1, 2])
    """,
    "value": """
        torch.column_stack([])
        torch.tensor_split(x, 0)
        torch.tensor_split(x, -1)
        torch.tensor_split(x, torch.tensor(0))
        torch.split_with_sizes(v, [-1, 4])
        torch.unsafe_chunk(x, 0)
        torch.unsafe_split(x, 0)
        torch.split(x, 0)
        torch.split(x, -1)
        torch.chunk(x, 0)
        torch.rot90(x, 1, (0, 0))
        torch.rot90(x, 1, (0,))
        torch.repeat_interleave(x, torch.tensor([1, 2]), dim=0, output_size=4)
        torch.repeat_interleave(x, 2, dim=0, output_size=5)
        torch.repeat_interleave(torch.tensor([1, -1]))
        torch.repeat_interleave(x, -1)
        x.scatter_reduce(1, i, y, reduce='add')
        x.detach().scatter(1, i, 2.0, reduce='sum')
        x.detach().scatter(1, i, y.detach(), reduce='mean')
        x.index_reduce(0, torch.tensor([0, 0]), y, 'sum')
        torch.roll(x, (1, 2))
        torch.roll(x, ())
        torch.flatten(x, 1, 0)
        torch.unflatten(x, 1, ())
        torch.broadcast_shapes((-1, 2), (2,))
        torch.combinations(v, -1)
        torch.unravel_index(torch.tensor([1]), (2, -3))
        torch.histc(x, 4, 2, 1)
        torch.histc(x, 0)
        torch.histc(torch.tensor([1.0, float('inf')]), 4)
        torch.tril_indices(-1, 3)
        torch.triu_indices(2, -3)
        torch.meshgrid()
        torch.meshgrid(v, r, indexing='ab')
        torch.slice_scatter(x, y, step=0)
        torch.diagonal_scatter(x, r, 0, 0, 0)
        torch.as_strided(x, (2,), (1,), -1)
        torch.as_strided(x, (2,), (-1,))
        torch.as_strided(x, (2,), (1, 2))
        torch.as_strided(x, (-2,), (1,))
        torch.diag_embed(x, 0, 1, 1)
        torch.diag_embed(x, 0, -1, 2)
        line.unfold(0, 2, 0)
        line.unfold(0, 2, -1)
        line.unfold(0, -1, 1)
    """,
}

PROGRAMS: dict[str, str] = {
    "autograd": """
        q = torch.zeros(1, 3).expand(2, 3)
        q.masked_scatter_(mask, torch.ones(6))

        q = torch.zeros(1, 3).expand(2, 3)
        q.index_add_(0, torch.tensor([0]), torch.ones(1, 3))

        q = torch.zeros(1, 3).expand(2, 3)
        q.index_copy_(0, torch.tensor([0]), torch.ones(1, 3))

        q = torch.zeros(1, 3).expand(2, 3)
        q.scatter_(0, torch.tensor([[0, 0, 0]]), 1.0)

        q = torch.zeros(1, 3).expand(2, 3)
        q.put_(torch.tensor([1]), torch.tensor([1.0]))

        q = torch.zeros(1, 3).expand(2, 3)
        q.copy_(torch.ones(2, 3))
    """,
    "index-out-of-range": """
        q = torch.zeros(1, 3).expand(2, 3)
        q.index_fill_(0, torch.tensor([2]), 1.0)

        n2 = np.array([1, 2])
        n2[5] = 2
        n2
    """,
    "leaf-in-place": """
        q = torch.zeros(1, 3, requires_grad=True)
        z = q.expand(2, 3)
        z.masked_fill_(mask, 1.0)
    """,
    "shape-mismatch": """
        q = torch.zeros(3)
        q.masked_fill_(mask, 1.0)

        q = torch.zeros(1, 3).expand(2, 3)
        q.masked_fill_(torch.ones(2, 2, 3, dtype=torch.bool), 1.0)

        n2 = np.array([1., 2.])
        n2 -= np.array([1., 2., 3.])
        n2
    """,
    "type-mismatch": """
        n2 = np.array([1, 2])
        n2 += 0.5
        n2
    """,
}
