"""Rearranging, splitting, scattering and searching: every form of the calls, a line each."""

from __future__ import annotations

LINES: dict[str, str] = {
    "joining": """
        torch.column_stack([x, y])
        torch.column_stack((v, w))
        torch.column_stack((v, x.t()))
        torch.column_stack((s, k))
        torch.column_stack((s, k, torch.tensor([[1.0]])))
        torch.column_stack([f, j])
        torch.column_stack([v])
        torch.diagflat(v)
        torch.diagflat(x)
        torch.diagflat(x, 1)
        torch.diagflat(v, -2)
        torch.diagflat(s)
        torch.diagflat(s, 1)
        torch.diagflat(empty)
        torch.diagflat(j)
        torch.diagflat(v, offset=1)
        v.diagflat()
        x.t().diagflat()
        torch.broadcast_shapes((2, 1), (1, 3), (3,))
        torch.broadcast_shapes(3, (2, 1))
        torch.broadcast_shapes()
        torch.block_diag(x, v, s)
        torch.block_diag(x)
        torch.block_diag()
        torch.block_diag(x, f, j)
        torch.cartesian_prod(v, r)
        torch.cartesian_prod(v)
        torch.cartesian_prod(v, r, one)
        torch.combinations(v)
        torch.combinations(v, 3)
        torch.combinations(v, 1)
        torch.combinations(v, 0)
        torch.combinations(v, r=2, with_replacement=True)
        torch.combinations(v, 4)
        torch.combinations(empty)
        torch.tril_indices(3, 4)
        torch.tril_indices(3, 4, 1)
        torch.triu_indices(3, 4, offset=-1)
        torch.tril_indices(3, 3, dtype=torch.int32)
        torch.tril_indices(0, 3)
        torch.meshgrid(v, r)
        torch.meshgrid([v, r], indexing='xy')
        torch.meshgrid(v, s)
        torch.as_tensor(np.array([1.0, 2.0]))
        torch.as_tensor(np.array([1.0, 2.0]), dtype=torch.float32)
        torch.diagonal(x, -9223372036854775808)
        torch.diagonal(x, 5)
        torch.diag(x, 7)
        x.diag_embed(1, 0, 2)
        x.unfold(1, 2, 1)
        x.unfold(0, 2, 1)
        line.unfold(0, 2, 3)
        line.unfold(0, 6, 1)
        line.unfold(0, 0, 1)
        line.unfold(0, 1, 1)
        line.unfold(dimension=0, size=2, step=2)
        s.unfold(0, 1, 1)
        s.unfold(0, 0, 1)
        c.unfold(1, 2, 1).unfold(2, 2, 1)
        c.unfold(-1, 2, 1)
        x.t().unfold(0, 2, 1)
        j.unfold(1, 2, 1)
        empty.unfold(0, 0, 1)
        hollow.unfold(0, 2, 1)
        line.unfold(0, 2, 1).sum()
        line.unfold(0, 3, 2) * 2
        half.unfold(0, 2, 1)
    """,
    "numpy_memory": """
        x.numpy(force=True)
        torch.from_numpy(np.array([1, 2]))
    """,
    "ordering": """
        x.kthvalue(2)
        x.kthvalue(2, 0, True)
        x.kthvalue(k=1, dim=1)
        x.median()
        x.median(1)
        x.median(1, True)
        x.median(dim=0, keepdim=True)
        j.median()
        x.cummax(1)
        ties.cummax(1)
        ties.cummin(0)
        torch.cummax(s, 0)
        torch.cummin(x, dim=-1)
        j.cummax(0)
        mask.cummax(1)
        half.cummin(0)
    """,
    "parts": """
        torch.narrow_copy(x, 1, 0, 2)
        x.narrow_copy(1, 1, 2)
        x.narrow(1, torch.tensor(1), 2)
        torch.narrow(x, 1, -2, 1)
        torch.select(x, 1, -1)
        torch.select(x, dim=1, index=0)
        torch.select_scatter(x, f[0], 0, 0)
        torch.select_scatter(x, v, dim=0, index=0)
        torch.select_scatter(x, v, 0, 1)
        torch.select_scatter(x, r, 1, -1)
        x.select_scatter(r, 1, 0)
        torch.slice_scatter(x, y, 0, None, None, 1)
        torch.slice_scatter(x, y[1:], start=1)
        torch.slice_scatter(x, y[1:], start=-1)
        torch.slice_scatter(x, y[:1], end=-1)
        torch.slice_scatter(x, y, 0, 0, 100)
        torch.slice_scatter(x, torch.zeros(0, 3), 0, 2, 1)
        torch.slice_scatter(x, y[:, :2], 1, 0, 2)
        torch.slice_scatter(x, y, 0)
        torch.slice_scatter(x, y[:, ::2], dim=1, step=2)
        torch.slice_scatter(x, f[:, ::2], dim=1, step=2)
        x.slice_scatter(y[:, ::2], 1, step=2)
        torch.diagonal_scatter(x, r)
        torch.diagonal_scatter(x, r, 1)
        torch.diagonal_scatter(c, torch.ones(2, 2, dtype=torch.float64), 0, 0, 2)
        torch.diagonal_scatter(x, f[0, :2])
        torch.diagonal_scatter(x, r, offset=-1, dim1=1, dim2=0)
        torch.as_strided(s, (3,), (0,))
        torch.as_strided(s, (), ())
        torch.as_strided(x, size=(2,), stride=(2,), storage_offset=1)
        torch.as_strided(x, (0,), (1,))
        torch.as_strided(j, (2, 2), (1, 1))
        torch.as_strided(empty, (0,), (1,))
        x.as_strided((2, 2), (3, 1))
        x.t().as_strided((2, 2), (3, 1))
        x[:, 1:].as_strided((2, 2), (3, 1))
        x[:, 1:].as_strided((2, 2), (3, 1)).stride()
        x.as_strided((2, 2), (1, 2)).is_contiguous()
        v.expand(2, 3).as_strided((2, 2), (1, 1))
        x.storage_offset()
        x[1].storage_offset()
        x[:, 1:].storage_offset()
        x[1:, 2:].storage_offset()
        x.t()[1].storage_offset()
        x[1].detach().storage_offset()
        torch.as_strided(x, (2, 2), (1, 2))
        torch.as_strided(x, (2, 2), (1, 1))
        torch.as_strided(x, (2, 2), (0, 1), 1)
        torch.as_strided(x * 2, (2, 2), (1, 1), 1)
        torch.as_strided(x.t(), (2, 2), (1, 1), 1)
        torch.as_strided(x[1], (2,), (1,))
        torch.as_strided_scatter(x.detach(), r, (2,), (1,))
        torch.as_strided_scatter(x.detach(), r, (2,), (2,), 1)
        torch.as_strided_scatter(x.detach(), f[0, :2], (2,), (1,))
        torch.as_strided_scatter(x.detach()[1:], r, (2,), (1,))
        x.detach().as_strided_scatter(r, (2,), (1,), 4)
        x.narrow(1, 1, 2).stride()
    """,
    "ranges": """
        torch.linspace(0, 65504, 5, dtype=torch.float16)
        torch.linspace(0, 1, 7, dtype=torch.float16)
        torch.linspace(0, 1000, 7, dtype=torch.float16)
        torch.linspace(3, 3000, 11, dtype=torch.float16)
        torch.linspace(0, 1, 7, dtype=torch.float32)
        torch.linspace(0, 1, 7, dtype=torch.int64)
        torch.linspace(0, 10, 7, dtype=torch.int64)
        torch.linspace(-5, 5, 4, dtype=torch.int32)
        torch.linspace(0, 1, 1)
        torch.linspace(0, 1, 0)
        torch.linspace(1, 0, 5)
        torch.linspace(0, float('inf'), 3)
        torch.linspace(0, float('nan'), 3)
        torch.arange(0, 70000, 10000, dtype=torch.float16)
        torch.arange(0, 3000, 1, dtype=torch.float16)
        torch.arange(2040, 2060, 1, dtype=torch.float16)
        torch.arange(0, 100000, 10000, dtype=torch.float16)
        torch.arange(100000, 100005, dtype=torch.float16)
        torch.arange(0, 1, 0.1, dtype=torch.float16)
        torch.arange(0, 1, 0.1, dtype=torch.float32)
        torch.arange(0, 1, 0.1)
        torch.arange(0, 5, 0.3, dtype=torch.float16)
        torch.arange(0, 300, 50, dtype=torch.uint8)
        torch.arange(0, 200, 50, dtype=torch.int8)
        torch.arange(0, 5, 1.5, dtype=torch.int64)
        torch.arange(0, 1e39, 1e38, dtype=torch.float32)
        torch.arange(0.5, 5, dtype=torch.int64)
        torch.arange(10**10, 10**10 + 3)
        torch.arange(10**10, 10**10 + 3, dtype=torch.int32)
        torch.arange(2**60, 2**60 + 3)
        torch.arange(0, -5, -1)
        torch.logspace(0, 5, 4, dtype=torch.float16)
        torch.logspace(0, 2, 4)
        torch.logspace(0, 2, 4, dtype=torch.float64)
        torch.logspace(0, 10, 11, base=2, dtype=torch.float16)
        torch.logspace(0, 39, 3, dtype=torch.float32)
        torch.logspace(0, 3, 4, dtype=torch.int64)
        torch.logspace(0, 20, 3, base=-2.0)
        torch.linspace(0.1, 0.7, 13)
        torch.linspace(-3, 8, 12, dtype=torch.float64)
        torch.linspace(1, 10, 10, dtype=torch.float16)
        torch.linspace(0, 60000, 3, dtype=torch.float16)
        torch.linspace(torch.tensor(0.), torch.tensor(1.), 3)
        torch.linspace(start=0, end=1, steps=3)
        torch.linspace(0, 1, steps=5, dtype=torch.float64, requires_grad=True)
        torch.arange(start=1, end=4)
        torch.arange(1, 4, step=2)
        torch.arange(end=4)
        torch.arange(torch.tensor(3))
        torch.arange(1, 2.5, 0.5, dtype=torch.float64, requires_grad=True)
        torch.linspace(0, 1, 33, dtype=torch.float16)
        torch.linspace(-7, 13, 101, dtype=torch.float16).sum()
        torch.linspace(-7, 13, 101).sum()
        torch.arange(-7, 13, 0.37)
        torch.arange(0, 5, 0.5, dtype=torch.int32)
        torch.arange(0, 5, 1.5, dtype=torch.int32)
        torch.arange(0.5, 5.5, 1, dtype=torch.int64)
        torch.arange(0.9, 2.1, dtype=torch.int64)
        torch.arange(-0.9, 2.1, dtype=torch.int32)
        torch.arange(0, 70000, 1, dtype=torch.float16)[-1]
        torch.arange(0, 400, 100, dtype=torch.int8)
        torch.arange(1000, 1003, dtype=torch.int8)
        torch.arange(1e300, 2e300, 1e300, dtype=torch.float32)
        torch.logspace(0, 3, 1)
        torch.logspace(0, 3, 7, dtype=torch.float16)
        torch.logspace(0.1, 3, 5, dtype=torch.int64)
        torch.linspace(0, 1, 1000).sum()
        torch.linspace(0, 1, 100, dtype=torch.float64)
    """,
    "repeating": """
        torch.repeat_interleave(x, 2)
        torch.repeat_interleave(x, 2, 0)
        torch.repeat_interleave(x, 2, dim=1)
        torch.repeat_interleave(x, torch.tensor([1, 2]), dim=0)
        torch.repeat_interleave(x, torch.tensor([1, 0, 2]), dim=1)
        torch.repeat_interleave(x, torch.tensor([1, 2]), dim=0, output_size=3)
        torch.repeat_interleave(x, 2, dim=0, output_size=4)
        torch.repeat_interleave(torch.tensor([1, 2]))
        torch.repeat_interleave(torch.tensor([1, 0, 2]), output_size=3)
        torch.repeat_interleave(x, torch.tensor([1, 2, 0, 1, 1, 3]))
        torch.repeat_interleave(x, torch.tensor(2))
        torch.repeat_interleave(x, torch.tensor([2]))
        torch.repeat_interleave(x, torch.tensor([2]), 1)
        torch.repeat_interleave(x, torch.tensor([1, 2], dtype=torch.int32), 0)
        torch.repeat_interleave(s, 3)
        torch.repeat_interleave(v, 0)
        torch.repeat_interleave(empty, 2)
        torch.repeat_interleave(j, 2, 1)
        x.repeat_interleave(2)
        x.repeat_interleave(2, 1)
        x.repeat_interleave(torch.tensor([1, 2]), 0)
        x.repeat_interleave(repeats=2, dim=0)
        c.repeat_interleave(2, 1)
        x.sum_to_size(2, 1)
        x.sum_to_size((1, 3))
        x.sum_to_size(3)
        x.sum_to_size(2, 3)
        x.sum_to_size(1)
        x.sum_to_size(())
        x.sum_to_size(1, 1)
        c.sum_to_size(2, 3)
        c.sum_to_size(1, 3)
        x.sum_to_size([3])
        j.sum_to_size(1, 3)
    """,
    "scattering": """
        x.scatter_reduce(1, i, y, 'sum')
        x.scatter_reduce(1, i, y, 'prod')
        x.scatter_reduce(1, i, y, 'mean')
        x.scatter_reduce(1, i, y, 'amax')
        x.scatter_reduce(1, i, y, 'amin')
        x.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), y, 'sum', include_self=False)
        x.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), y, 'prod', include_self=False)
        x.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), y, 'mean', include_self=False)
        x.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), y, 'mean')
        x.scatter_reduce(0, torch.tensor([[0, 0, 0], [0, 1, 0]]), y, 'prod')
        x.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), y, 'amax', include_self=False)
        x.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), ties, 'amax')
        ties.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), ties, 'amin')
        x.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), zeros, 'prod')
        zeros.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), y, 'prod')
        zeros.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), zeros, 'prod', include_self=False)
        zeros.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), zeros, 'prod')
        j.scatter_reduce(1, i, n, 'mean')
        j.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), n, 'mean')
        j.scatter_reduce(1, torch.tensor([[0, 0, 0], [1, 1, 2]]), n, 'mean', include_self=False)
        j.scatter_reduce(1, i, n, 'amax', include_self=False)
        j.scatter_reduce(1, i, n, 'prod')
        s.scatter_reduce(0, torch.tensor(0), k, 'sum')
        s.scatter_reduce(0, torch.tensor([0, 0]), r, 'sum')
        x.detach().scatter_reduce(1, torch.tensor([[0]]), y.detach(), 'prod')
        torch.scatter_reduce(x, 1, i, y, 'sum')
        torch.scatter_reduce(input=x, dim=1, index=i, src=y, reduce='sum', include_self=True)
        v.scatter_reduce(0, torch.tensor([0, 0, 2]), w * torch.tensor(float('nan')), 'amax')
        half.scatter_reduce(0, torch.tensor([0, 0, 1]), half, 'mean')
        f.scatter_reduce(1, i, f, 'prod')
        small.scatter_reduce(0, torch.tensor([0, 0, 1]), small, 'sum')
        torch.ones(2, dtype=torch.bool).scatter_reduce(0, torch.tensor([0]), torch.ones(1, dtype=torch.bool), 'amax')
        x.scatter(1, i, y, reduce='add')
        x.scatter(1, i, y, reduce='multiply')
        x.scatter(1, i, 2.0, reduce='add')
        x.scatter(1, i, 2.0, reduce='multiply')
        x.detach().scatter(1, i, y.detach(), reduce='add')
        x.detach().scatter(1, i, y.detach(), reduce='multiply')
        x.detach().scatter(1, i, 2.0, reduce='multiply')
        x.scatter(1, i, value=2.0)
        x.scatter(dim=1, index=i, src=y)
        x.scatter(1, i, 2)
        j.scatter(1, i, 2.5)
        x.scatter_add(dim=1, index=i, src=y)
        s.scatter_add(0, torch.tensor([0, 0]), r)
        v.scatter_add(0, torch.tensor([0, 0], dtype=torch.int32), r)
        x.index_reduce(0, t[:1], y[:1], 'prod')
        x.index_reduce(0, torch.tensor([0, 0]), y, 'mean')
        x.index_reduce(0, torch.tensor([0, 0]), y, 'mean', include_self=False)
        x.index_reduce(0, torch.tensor([0, 0]), y, 'amax')
        x.index_reduce(0, torch.tensor([0, 0]), y, 'amin', include_self=False)
        x.index_reduce(0, torch.tensor([0, 0]), y, 'prod', include_self=False)
        zeros.index_reduce(0, torch.tensor([0, 0]), y, 'prod')
        x.index_reduce(0, torch.tensor([0, 0]), zeros, 'prod')
        ties.index_reduce(1, torch.tensor([0, 0, 1]), ties, 'amax')
        j.index_reduce(0, torch.tensor([0, 0]), n, 'mean')
        s.index_reduce(0, torch.tensor(0), k, 'mean')
        torch.index_reduce(x, 0, torch.tensor([0, 0]), y, 'mean', include_self=False)
        x.index_add(0, torch.tensor([0, 0]), y, alpha=2)
        x.index_add(0, torch.tensor([0, 0]), y, alpha=0.5)
        j.index_add(0, torch.tensor([0, 0]), n, alpha=1.5)
        s.index_add(0, torch.tensor(0), k)
        x.index_add(0, torch.tensor(0), y[:1])
        torch.index_add(x, 0, torch.tensor([0]), y[:1])
        v.index_copy(0, torch.tensor([0]), s)
        half.index_add(0, torch.tensor([0]), half[:1], alpha=1.5)
        torch.ones(2, dtype=torch.bool).index_add(0, torch.tensor([0]), torch.ones(1, dtype=torch.bool))
        x.index_add(0, torch.tensor([], dtype=torch.int64), y[:0])
        x.index_reduce(0, torch.tensor([], dtype=torch.int64), y[:0], 'mean')
        x.index_reduce(0, torch.tensor([], dtype=torch.int64), y[:0], 'amax', include_self=False)
        x.index_copy(0, torch.tensor([1, 0]), y)
        x.index_copy(0, torch.tensor(1), y[:1])
        s.index_copy(0, torch.tensor(0), k)
        s.index_copy(0, torch.tensor([0]), one)
        x.index_copy(0, torch.tensor([1, 1]), y)
        x.index_fill(0, torch.tensor([1]), 5)
        x.index_fill(0, torch.tensor([-1]), 5)
        x.index_fill(0, torch.tensor(1), k)
        s.index_fill(0, torch.tensor([0]), 5)
        x.index_fill(dim=0, index=torch.tensor([1]), value=2.0)
        x.index_put((torch.tensor([0]), torch.tensor([1])), s)
        x.index_put((torch.tensor([0, 0]),), v, accumulate=True)
        x.index_put([torch.tensor([0, 1]), torch.tensor([1, 1])], r)
        x.index_put((mask,), s)
        torch.index_put(x, (torch.tensor([0]),), v)
        torch.gather(s, 0, torch.tensor([0, 0]))
        torch.gather(x, 1, torch.tensor([[0]]))
        torch.gather(v, 0, torch.tensor(1))
        torch.gather(x, 1, i.int())
        s.masked_scatter(torch.tensor(True), k)
        x.masked_scatter(torch.tensor(True), y)
        x.masked_scatter(torch.tensor([[True]]), y)
        torch.masked_scatter(s, mask, y)
        torch.masked_scatter(x, mask, y)
        torch.masked_scatter(x, mask, line)
        torch.masked_scatter(x, rows[:, None], y)
        torch.masked_scatter(v, mask, line)
        j.masked_scatter(mask, n)
        x.masked_scatter(~mask & mask, empty)
        x.put(torch.tensor(1), s)
        s.put(torch.tensor([0]), one)
        x.t().put(torch.tensor([1]), one)
        x.put(torch.tensor([0, 4]), r)
        torch.put(x, torch.tensor([0, -1]), r, accumulate=True)
        torch.put(x, torch.tensor([0, 0]), r)
        torch.put(x, torch.tensor([[0, 1]]), r)
        j.put(torch.tensor([0, 1]), torch.tensor([5, 6]))
        empty.put(torch.tensor([], dtype=torch.int64), empty)
        torch.take(x, torch.tensor([[0, -1]]))
        torch.take(x, i)
        x.take(torch.tensor(3))
        torch.take_along_dim(x, i)
        torch.take_along_dim(x, torch.tensor([0, 5]))
        torch.take_along_dim(x, torch.tensor([[0], [-1]]), 1)
        torch.take_along_dim(x, torch.tensor([[0]]), dim=0)
    """,
    "searching": """
        torch.unravel_index(torch.tensor(4), (2, 3))
        torch.unravel_index(torch.tensor([4, 5]), (2, 3))
        torch.unravel_index(torch.tensor([4, 6]), (2, 3))
        torch.unravel_index(torch.tensor([-1]), (2, 3))
        torch.unravel_index(torch.tensor([1]), 3)
        torch.unravel_index(torch.tensor([1]), ())
        torch.isin(x, torch.tensor([0.5, 2.0]))
        torch.isin(x, 0.5)
        torch.isin(0.5, x)
        torch.isin(j, torch.tensor([3, -2]), invert=True)
        torch.isin(j, torch.tensor([3, -2]), assume_unique=True)
        torch.isin(x, torch.tensor([]))
        torch.isin(j, torch.tensor([3.0]))
        torch.isin(torch.tensor([float('nan')]), torch.tensor([float('nan')]))
        torch.isin(j, torch.tensor([[3, -2], [1, 8]]))
        torch.isin(empty, x)
        torch.histc(x)
        torch.histc(x, 4)
        torch.histc(x, 4, -1, 1)
        torch.histc(x, bins=4, min=0, max=0)
        torch.histc(torch.ones(3), 4)
        torch.histc(torch.ones(3), 4, 1, 1)
        torch.histc(half, 4)
        torch.histc(empty, 4)
        torch.histc(torch.tensor([1.0, float('nan')]), 4, 0, 2)
        torch.histc(x.detach(), 3)
        x.histc(5, -1, 2)
        f.histc(7)
        torch.unique_consecutive(torch.tensor([1, 1, 2, 2, 1]))
        torch.unique_consecutive(torch.tensor([1, 1, 2, 2, 1]), return_inverse=True, return_counts=True)
        torch.unique_consecutive(torch.tensor([[1, 1], [1, 1], [2, 1]]), dim=0)
        torch.unique_consecutive(torch.tensor([[1, 1], [1, 1], [2, 1]]), True, True, 0)
        torch.unique_consecutive(torch.tensor([[1, 1], [1, 1], [2, 1]]), return_counts=True)
        torch.unique_consecutive(x)
        torch.unique_consecutive(torch.tensor([float('nan'), float('nan')]))
        x.unique_consecutive(dim=1)
        torch.unique_consecutive(torch.tensor([]))
        torch.unique_consecutive(torch.tensor(3))
        torch.unique_consecutive(torch.tensor([[1, 1], [1, 2]]), return_inverse=True)
        torch.unique(x)
        torch.unique(j, sorted=False)
        torch.unique(j, return_inverse=True, return_counts=True)
        torch.unique(i, dim=0)
        torch.unique(i, dim=1, return_inverse=True)
        torch.unique(torch.tensor(3), return_inverse=True)
        torch.unique(mask, return_counts=True)
        torch.unique(torch.tensor([float('nan'), 1.0, float('nan')]), return_inverse=True, return_counts=True)
        torch.bincount(torch.tensor([0, 2, 2]), torch.tensor([1.0, 2.0, 3.0]))
        torch.bincount(torch.tensor([0, 2, 2]), torch.tensor([1, 2, 3]))
        torch.bincount(torch.tensor([0, 2, 2]), weights=torch.tensor([1, 2, 3], dtype=torch.float16))
        torch.bincount(torch.tensor([0, 2, 2]), minlength=5)
        torch.bincount(t, r)
        torch.bincount(torch.tensor([], dtype=torch.int64))
        torch.argwhere(x > 0)
        torch.argwhere(s)
        torch.argwhere(j)
        torch.nonzero(j, as_tuple=True)
        torch.bucketize(x, torch.tensor([0.0, 1.0], dtype=torch.float64))
        torch.bucketize(1.0, torch.tensor([0.0, 1.0]))
        torch.bucketize(x, torch.tensor([0.0, 1.0], dtype=torch.float64), right=True, out_int32=True)
        torch.bucketize(j, torch.tensor([0, 2]), right=True)
    """,
    "shapes": """
        torch.swapdims(x, 0, 1)
        torch.swapaxes(c, 0, 2)
        x.swapaxes(-1, 0)
        x.swapaxes(axis0=0, axis1=1)
        torch.swapdims(x, dim0=0, dim1=1)
        torch.moveaxis(c, 0, 2)
        c.moveaxis((0, 1), (1, 0))
        torch.moveaxis(c, source=0, destination=-1)
        torch.movedim(c, (0, 2), (2, 0))
        x.adjoint()
        torch.adjoint(c)
        x.H
        c.mH
        torch.flatten(x)
        torch.flatten(c, 1)
        torch.flatten(c, 0, 1)
        torch.flatten(c, start_dim=-2, end_dim=-1)
        torch.flatten(s)
        c.flatten(1, 1)
        torch.unflatten(x, 1, (3, 1))
        torch.unflatten(x, 1, (-1, 3))
        x.unflatten(dim=0, sizes=(2, 1))
        x.t().ravel()
        s.ravel()
        v.ravel()
        v[::2].ravel()
        x.detach().numpy()
        s.detach().numpy()
        x.detach().numpy().T
        x.detach().numpy().reshape(3, 2)
        x.detach().numpy()[0]
        x.detach().numpy()[0, 1]
        x.detach().numpy()[:, ::-1]
        torch.linspace(s.detach(), 3, 3)
        torch.heaviside(x.detach(), y.detach())
        torch.heaviside(zeros.detach(), const)
        torch.heaviside(zeros.detach(), torch.tensor(0.5, dtype=torch.float64))
        torch.heaviside(half.detach(), half.detach())
        x.detach().heaviside(y.detach())
        x.detach().heaviside_(y.detach())
    """,
    "splitting": """
        torch.hsplit(x, 3)[0]
        torch.hsplit(x, [1, 2])
        torch.hsplit(v, 3)
        torch.hsplit(x, (1,))
        x.hsplit(3)
        x.hsplit([1])
        torch.vsplit(x, 2)
        torch.vsplit(x, [1])
        x.vsplit(2)
        torch.dsplit(c, 3)
        torch.dsplit(c, [1, 2])
        c.dsplit([1])
        torch.tensor_split(v, 2)
        torch.tensor_split(line, 4)
        torch.tensor_split(line, 10)
        torch.tensor_split(line, (1, 4))
        torch.tensor_split(line, [1, 4, 2])
        torch.tensor_split(line, [4, 1])
        torch.tensor_split(line, [-1])
        torch.tensor_split(line, [2, 100])
        torch.tensor_split(line, [])
        torch.tensor_split(line, torch.tensor([1, 3]))
        torch.tensor_split(line, torch.tensor(3))
        torch.tensor_split(x, 2, 1)
        torch.tensor_split(x, 2, dim=-1)
        torch.tensor_split(x, [1], dim=1)
        torch.tensor_split(x, torch.tensor([1]), 1)
        torch.tensor_split(x, sections=2)
        torch.tensor_split(x, sections=2, dim=1)
        torch.tensor_split(x, indices=[1], dim=1)
        torch.tensor_split(x, tensor_indices_or_sections=torch.tensor([1]), dim=1)
        x.tensor_split(2)
        x.tensor_split((1, 2), 1)
        torch.tensor_split(empty, 2)
        torch.tensor_split(hollow, 2, 1)
        torch.split_with_sizes(x, [1, 2], 1)
        x.split_with_sizes([1, 1])
        x.split_with_sizes((1, 1), dim=0)
        torch.split_with_sizes(v, [3, 0])
        torch.unsafe_split(x, 1)
        torch.unsafe_split(line, 4)
        torch.unsafe_split(x, 2, 1)
        torch.unsafe_split(x, 2, dim=-1)
        x.unsafe_split(1)
        torch.unsafe_chunk(line, 4)
        torch.unsafe_chunk(x, 2, 1)
        x.unsafe_chunk(2, dim=1)
        torch.unsafe_split_with_sizes(x, [1, 2], 1)
        x.unsafe_split_with_sizes([1, 1])
        torch.split(x, 1)
        torch.split(x, 2, 1)
        torch.split(x, [1, 2], dim=1)
        torch.split(line, 4)
        x.split(split_size=1)
        torch.split(x, split_size_or_sections=1)
        torch.split(empty, 2)
        torch.split(empty, 0)
        torch.chunk(x, 2, -1)
        x.chunk(chunks=2, dim=1)
        torch.chunk(empty, 3)
        x.split(2, 1)[0].stride()
        x.chunk(2, 1)[1].stride()
    """,
    "strides": """
        x.unfold(1, 2, 1).stride()
        x.t().unfold(0, 2, 1).stride()
        x.t().stride()
        c.permute(2, 0, 1).stride()
        c.transpose(0, 2).stride()
        c[1].stride()
        c[:, 1].stride()
        c[..., 1].stride()
        c[:, ::2].stride()
        x.unsqueeze(0).stride()
        x.unsqueeze(1).stride()
        x.unsqueeze(-1).stride()
        v.expand(2, 3).stride()
        column.expand(2, 3).stride()
        column.expand(4, -1, 3).stride()
        x.diagonal().stride()
        c.diagonal(0, 0, 2).stride()
        x.t().diagonal().stride()
        x.unbind(1)[0].stride()
        c.transpose(0, 1).unbind(1)[0].stride()
        column.squeeze().stride()
        c[:, :1].squeeze(1).stride()
        c[:, :1].squeeze().stride()
        c[:1, :1].squeeze((0, 1)).stride()
        x.view(6).stride()
        x.view(3, 2).stride()
        c.transpose(0, 1).view(2, 2, 3).stride()
        x.t().detach().stride()
        x.t().data.t().stride()
        x.t()[1:].stride()
        x.t().reshape(6).stride()
        c.transpose(0, 1)[0].flatten().stride()
        c.transpose(1, 2).contiguous().stride()
        x.expand(2, 2, 3)[0].t().stride()
        x.t().mT.stride()
        s.expand(3).stride()
        s.expand(2, 2).stride()
        column.broadcast_to((3, 2, 2)).stride()
        x.select(1, -1).stride()
    """,
    "turning": """
        torch.fliplr(x)
        x.fliplr()
        torch.flipud(v)
        torch.flipud(x)
        x.flipud()
        torch.flip(x, (0, 1))
        torch.flip(x, [0])
        torch.flip(x, (1,))
        x.flip([-1])
        x.flip(dims=(0,))
        torch.flip(x, ())
        torch.flip(s, (0,))
        torch.flip(empty, (0,))
        torch.rot90(x)
        torch.rot90(x, 2)
        torch.rot90(x, -1)
        torch.rot90(x, 1, (1, 0))
        torch.rot90(x, 3, [0, 1])
        torch.rot90(x, 5)
        torch.rot90(x, 4)
        torch.rot90(c, 1, (0, 2))
        torch.rot90(c, k=1, dims=(1, -1))
        x.rot90(1, [0, 1])
        x.rot90()
        torch.rot90(j)
        torch.roll(x, 1)
        torch.roll(x, 1, 0)
        torch.roll(x, (1, -1), (0, 1))
        torch.roll(x, shifts=(1,), dims=(1,))
        torch.roll(s, 1)
        torch.roll(empty, 1)
        torch.roll(x, (1, 2), (0, 0))
    """,
    "whole_numbers": """
        torch.heaviside(x, y)
        torch.heaviside(j, n)
        torch.heaviside(torch.tensor([float('nan')]), torch.tensor(1.0))
        torch.heaviside(mask, mask)
        torch.gcd(j, n)
        torch.lcm(j, n)
        torch.gcd(j, torch.tensor(2))
        torch.lcm(torch.tensor([0, 4]), torch.tensor([0, 6]))
        torch.gcd(small, small)
        torch.gcd(j, short[:1])
        torch.gcd(torch.tensor([-4]), torch.tensor([6]))
        torch.lcm(torch.tensor([-4]), torch.tensor([6]))
        torch.lcm(small, small)
        j.gcd(n)
        j.clone().lcm_(n)
        torch.lcm(torch.tensor([2**40]), torch.tensor([2**40 + 2]))
    """,
}

PROGRAMS: dict[str, str] = {
    "joining": """
        q = torch.ones(1, 3).expand(3, 3)
        q.tril_()
        q

        q = torch.ones(1, 3).expand(3, 3)
        q.triu_()
        q

        q = torch.ones(1, 3).expand(3, 3)
        q.tril_(1)
        q

        q = torch.ones(1, 3).expand(3, 3)
        q.triu_(diagonal=-1)
        q

        q = torch.zeros(1, 3).expand(2, 3)
        q[mask] = 1.0
        q

        n2 = np.array([1., 2.])
        q = torch.tensor(n2)
        n2 *= 3
        q

        n2 = np.array([1., 2.])
        q = torch.as_tensor(n2)
        n2 *= 3
        q

        n2 = np.array([1., 2.])
        b2 = n2
        b2 += 1
        n2

        n2 = np.array([1, 2])
        n2[0] = 2.7
        n2

        n2 = np.array([1, 2])
        n2 //= 2
        n2
    """,
    "numpy_memory": """
        q = torch.ones(3)
        n2 = q.numpy()
        q.add_(1)
        n2

        q = torch.ones(3)
        n2 = q.numpy()
        n2[0] = 5
        q

        q = torch.ones(3)
        n2 = q.numpy()
        n2[0] += 5
        q

        q = torch.ones(2, 3)
        n2 = q.numpy()
        n2[0] += 5
        n2[:, 1] = 7
        q

        q = torch.ones(3)
        n2 = q.numpy()
        n2 = n2 + 1
        q

        n2 = np.array([1., 2.])
        q = torch.from_numpy(n2)
        q.mul_(2)
        n2

        n2 = np.array([1., 2.])
        q = torch.from_numpy(n2)
        n2 *= 3
        q

        q = torch.ones(2, 3)
        n2 = q.numpy()
        b2 = n2.T
        b2 += 1
        q

        q = torch.ones(2, 3)
        n2 = q.numpy().reshape(6)
        n2[4] = 0
        q

        q = torch.ones(2, 3)
        n2 = q[0].numpy()
        n2 += 1
        q

        q = torch.ones(2, 3)
        n2 = q[0].numpy()
        b2 = torch.from_numpy(n2)
        b2 += 1
        q

        q = torch.ones(3)
        n2 = q.numpy()
        q += torch.from_numpy(n2)
        n2

        q = torch.ones(3)
        n2 = q.numpy()
        q = q + 1
        n2

        q = torch.ones(3)
        n2 = q.numpy()
        n2 += np.array([1, 2, 3])
        q

        q = torch.ones(3)
        n2 = q.numpy()
        q.data = torch.zeros(3)
        n2

        q = torch.ones(3)
        n2 = q.numpy()
        q.requires_grad_()
        n2 += 1
        q

        q = torch.ones(3)
        n2 = q.numpy()
        z = q * 2
        n2 += 1
        z

        q = torch.ones(3)
        n2 = q.numpy()
        n2 += 1
        q._version

        q = torch.ones(3)
        q.numpy() is q.numpy()

        n2 = np.array([1., 2.])
        q = torch.from_numpy(n2).requires_grad_()
        (q * q).sum().backward()
        q.grad
    """,
    "parts": """
        q = x * 2
        z = q.as_strided((2,), (2,), 1)
        q.add_(1)
        z

        q = x.detach().clone()
        q.as_strided((2,), (3,)).fill_(7.0)
        q
    """,
    "ranges": """
        q = torch.arange(6.0)
        z = q.unfold(0, 2, 2)
        z[0] = 7
        q.add_(1)
        z
    """,
    "scattering": """
        q = x.detach().clone()
        q.put_(torch.tensor([0, 5]), r.detach())

        q = x * 1
        q.put_(torch.tensor([0, 5]), r, accumulate=True)

        q = x * 1
        q.masked_scatter_(mask, y)

        q = x * 1
        q.scatter_reduce_(1, i, y, 'prod')

        q = x * 1
        q.index_reduce_(0, torch.tensor([0, 0]), y, 'amax', include_self=False)

        q = x * 1
        q.index_add_(0, torch.tensor([0, 0]), y, alpha=2)

        q = x * 1
        q.index_copy_(0, torch.tensor([1]), y[:1])

        q = x * 1
        q.scatter_(1, i, y)

        q = x * 1
        q.scatter_add_(1, i, y)

        q = torch.zeros(1, 3).expand(2, 3)
        q.masked_fill_(mask, 1.0)
        q

        q = torch.zeros(1, 3)
        q.expand(2, 3).masked_fill_(mask, torch.tensor(1.0))
        q

        q = torch.zeros(1, 3).expand(2, 3)
        q.index_fill_(0, torch.tensor([0]), 1.0)
        q

        q = torch.zeros(1, 3).expand(2, 3)
        q.index_fill_(1, torch.tensor([0]), torch.tensor(2.0))
        q

        q = torch.zeros(1, 3).expand(2, 3)
        q.index_put_((torch.tensor([0]), torch.tensor([1])), torch.tensor(1.0))
        q

        q = torch.zeros(1, 3)
        q.expand(2, 3).index_put_((torch.tensor([0, 1]), torch.tensor([1, 1])), torch.tensor([1.0, 2.0]))
        q

        q = torch.zeros(1, 3).expand(2, 3)
        q.index_put_((torch.tensor([0, 1]), torch.tensor([1, 1])), torch.tensor([1.0, 2.0]), accumulate=True)
        q

        q = torch.zeros(1, 3)
        q.expand(2, 3)[0].masked_fill_(torch.tensor([True, False, True]), 1.0)
        q

        n2 = np.array([1., 2.])
        q = torch.from_numpy(n2)
        q.fill_(3)
        q._version, n2

        q = m * 1
        q.fill_diagonal_(7.0)

        q = x * 1
        q.fill_diagonal_(torch.tensor(2.0))

        q = c.detach()[:, :, :2].clone()
        q.fill_diagonal_(fill_value=3)

        q = x * 1
        q.t().fill_diagonal_(0.5)
        q * q

        q = torch.ones(7, 2, dtype=torch.int64)
        q.fill_diagonal_(5, wrap=True)

        q = torch.ones(7, 2)
        q.fill_diagonal_(5)

        q = torch.ones(3, 2)
        q.fill_diagonal_(5, True)

        q = torch.ones(2, 7, dtype=torch.bool)
        q.fill_diagonal_(False, wrap=True)

        q = torch.ones(4, 0)
        q.fill_diagonal_(2.0, wrap=True)

        q = torch.zeros(1, 3).expand(2, 3)
        q.fill_diagonal_(2.0)
    """,
    "shapes": """
        q = torch.ones(3)
        n2 = q.detach().numpy()
        n2 += 1
        q.sum()

        q = torch.ones(3, requires_grad=True)
        z = (q * q).sum()
        n2 = q.detach().numpy()
        n2 += 1
        z.backward()
        q.grad
    """,
}
