"""The language's operators, and functions by what they do, a line each."""

from __future__ import annotations

LINES: dict[str, str] = {
    "operators": """
        x + 2
        2 + x
        x + y
        x + s
        s + x
        x + v
        column + v
        x + 0.5
        x + True
        x + j
        j + x
        x - 2
        2 - x
        x - y
        x - x
        x - v
        v - x
        s - k
        x * 2
        2 * x
        x * y
        x * x
        x * v
        column * v
        x * s
        s * x
        x * k * 0.5
        x / 2
        2 / x
        x / y
        x / x
        x / v
        v / x
        1 / p
        s / x
        x // 2
        x // y
        7 // p
        x % 2
        x % y
        x % x
        7 % p
        x % 0.75
        x ** 2
        x ** 3
        x ** 0
        x ** 1
        x ** -1
        x ** 2.5
        p ** 0.5
        p ** -0.5
        p ** -1.5
        p ** y
        p ** v
        x ** x
        p ** p
        2 ** x
        0.5 ** x
        p ** s
        s ** x
        x ** n
        -x
        +x
        -s
        -(-x)
        ~mask
        ~j
        abs(x)
        x == y
        x != y
        x < y
        x <= 0.75
        x > 0
        x >= v
        0 < x
        1.5 >= x
        (x > 0) & (y > 0)
        (x > 0) | (y > 0)
        (x > 0) ^ (y > 0)
        j & n
        j | n
        j ^ n
        j & 3
        x * mask
        mask + mask
        mask * 2
        j + n
        j - 1
        j * n
        j / n
        j // n
        j % n
        j ** 2
        n ** j
        n ** -n.abs()
        j // 2
        -j
        2 ** (n * n)
        x + 2 * y - x / y
        (x + 2) * (x + 2) * 3
        ((x + 2) * (x + 2) * 3).mean()
        x * x * x
        (x * y).sum() / x.numel()
        not s
        s > 1 and k < 0
        s if k > 0 else k
        1 if s > 1 else 0
        x + 1e-3
        x * 1e6
        f + 2
        f * g
        f / 3
        f ** 2
        2 / f
        2 - f
        f @ g
        half * 2
        half + half
        half * g
        s * f
        x * f
        f + j
        small + 10
        small * 2
        short + small
        short * 1.5
        mask + 1.5
        j * 0.5
    """,
    "operator_graphs": """
        x.add(y, alpha=2)
        x.sub(y, alpha=0.5)
        mask.add(mask, alpha=2)
        j.add(1.5, alpha=2)
        f.add(j, alpha=0.5)
        torch.add(x, 3, alpha=2)
        torch.sub(x, y)
        torch.mul(x, y)
        torch.div(x, y)
        torch.div(x, y, rounding_mode="floor")
        torch.div(x, y, rounding_mode="trunc")
        torch.div(x, 2, rounding_mode="floor")
        torch.true_divide(x, y)
        torch.floor_divide(x, y)
        torch.remainder(x, y)
        torch.remainder(x, 0.75)
        torch.remainder(2, p)
        torch.fmod(x, y)
        torch.fmod(x, 0.75)
        torch.pow(x, 2)
        torch.pow(2, x)
        torch.pow(p, y)
        torch.float_power(p, 2)
        torch.neg(x)
        x.neg()
        torch.reciprocal(x)
        x.reciprocal()
        x.square()
        torch.square(x)
        torch.eq(x, y)
        torch.lt(x, 0.5)
        x.gt(y)
        x.ne(2)
        torch.logical_and(x > 0, y > 0)
        torch.logical_not(x > 0)
        torch.logical_or(mask, x > 0)
        torch.logical_xor(mask, x > 0)
        x * x + x * x
        (x + y) * (x - y)
        x * (y + x * (y + 1))
        s * s * s
        x.sum() * x
        x + x + x
        (x * 2 + y) * (x * 2 + y)
    """,
    "elementwise": """
        x.abs()
        torch.abs(x)
        u.acos()
        u.asin()
        x.atan()
        torch.arccos(u)
        torch.acosh(p + 1)
        x.asinh()
        u.atanh()
        torch.atan2(x, y)
        x.ceil()
        x.cos()
        x.cosh()
        x.erf()
        x.erfc()
        x.exp()
        x.exp2()
        x.expm1()
        x.floor()
        x.frac()
        torch.hypot(x, y)
        torch.lerp(x, y, 0.25)
        torch.lerp(x, y, u)
        torch.addcmul(x, y, u)
        torch.addcmul(x, v, column, value=2)
        torch.addcmul(target, x, p, value=-0.5)
        torch.addcmul(x, const, target)
        torch.addcmul(s, x, x)
        torch.addcmul(j, n, n, value=2.5)
        torch.addcmul(j, f, s)
        torch.addcmul(mask, j, n)
        x.addcmul(v, v, value=torch.tensor(2))
        torch.addcdiv(x, y, p)
        torch.addcdiv(x, v, column, value=2)
        torch.addcdiv(target, x, p, value=-0.5)
        torch.addcdiv(x, const, target + 1)
        torch.addcdiv(s, x, x)
        torch.addcdiv(x, j, p)
        torch.addcdiv(j, f.detach(), n)
        torch.addcdiv(x, zeros, zeros)
        x.addcdiv(v, w)
        p.log()
        p.log10()
        p.log1p()
        p.log2()
        x.round()
        x.round(decimals=1)
        p.rsqrt()
        x.sigmoid()
        torch.sigmoid(x)
        x.sign()
        x.sin()
        x.sinh()
        p.sqrt()
        x.tan()
        x.tanh()
        x.trunc()
        x.relu()
        torch.relu(x)
        torch.exp(x) * torch.sin(x)
        torch.log(1 + torch.exp(x))
        torch.tanh(x * 0.5) + 1
        x.exp().log()
        (x * x).sqrt()
        x.sin().cos().tan()
        f.exp()
        f.sin()
        f.sigmoid()
        f.tanh()
        f.abs().sqrt()
        j.exp()
        j.sin()
        j.abs()
        j.sign()
        mask.sqrt()
        n.sqrt()
        s.exp()
        k.abs()
        torch.isnan(p.log())
        torch.isfinite(1 / zeros)
        torch.isinf(1 / zeros)
        x.log()
        x.sqrt()
    """,
    "bounds": """
        x.clamp(0, 1)
        x.clamp(min=0)
        x.clamp(max=1)
        x.clamp(-0.5, 1.5)
        x.clamp(min=torch.tensor(0.5))
        x.clamp(min=y)
        x.clamp(max=y)
        x.clamp(y - 1, y + 1)
        torch.clamp(x, 0.0, 0.75)
        torch.clamp(x, min=-1)
        x.clamp_min(0.25)
        x.clamp_max(0.25)
        x.clip(0, 1)
        torch.maximum(x, y)
        torch.minimum(x, y)
        torch.maximum(x, x * 2)
        torch.max(x, y)
        torch.min(x, y)
        torch.fmax(x, y)
        torch.fmin(x, y)
        torch.where(x > 0, x, -x)
        torch.where(x > 0, x, y)
        torch.where(mask, x, 0.0)
        torch.where(mask, 1.0, x)
        torch.where(mask, x, v)
        torch.where(rows[:, None], x, y)
        x.where(mask, y)
        torch.where(x > 0, 1, 0)
        torch.where(mask, j, n)
        torch.where(mask, f, x)
        x.masked_fill(x > 0.5, 0.)
        x.masked_fill(mask, -1)
        x.masked_fill(mask, s)
        x.masked_fill(rows[:, None], float("-inf"))
        torch.masked_fill(x, mask, 2.5)
    """,
    "reductions": """
        x.sum()
        x.sum(0)
        x.sum(1)
        x.sum(-1)
        x.sum(dim=0, keepdim=True)
        x.sum((0, 1))
        x.sum(dim=[0, 1], keepdim=True)
        c.sum((0, 2))
        c.sum(1)
        torch.sum(x)
        torch.sum(x, dim=1)
        torch.sum(x, 0, True)
        f.sum()
        j.sum()
        mask.sum()
        mask.sum(0)
        small.sum()
        x.sum(dtype=torch.float32)
        x.mean()
        x.mean(0)
        x.mean(1, keepdim=True)
        x.mean((0, 1))
        c.mean((-1, 0))
        torch.mean(x)
        torch.mean(x, dim=-1)
        f.mean()
        s.mean()
        s.sum()
        s.sum(0)
        x.prod()
        x.prod(0)
        x.prod(1, keepdim=True)
        zeros.prod()
        zeros.prod(1)
        zeros[0].prod()
        c.prod(2)
        j.prod()
        x.max()
        x.min()
        torch.max(x)
        torch.min(x)
        x.max(0).values
        x.max(0)
        x.max(1)
        x.max(1, keepdim=True)
        x.min(0)
        x.min(-1).values
        torch.max(x, 1).values
        torch.max(x, dim=1).indices
        torch.min(x, 0)
        x.amax()
        x.amax(0)
        x.amax(1, keepdim=True)
        x.amax((0, 1))
        x.amin()
        x.amin(1)
        torch.amax(c, (0, 2))
        j.max()
        j.max(0)
        x.argmax()
        x.argmax(0)
        x.argmin(1)
        x.argmax(1, keepdim=True)
        x.var()
        x.var(0)
        x.var(1, keepdim=True)
        x.var(unbiased=False)
        x.var(1, unbiased=False)
        x.var(0, correction=0)
        torch.var(x, 1)
        torch.var(c, (0, 2))
        x.std()
        x.std(0)
        x.std(1, unbiased=False)
        x.std(1, keepdim=True)
        torch.std(x, dim=0)
        torch.std(x, dim=1, correction=0)
        torch.var_mean(x)
        torch.var_mean(x, 1)
        torch.std_mean(x)
        torch.std_mean(x, 0)
        x.norm()
        x.norm(dim=0)
        x.norm(2)
        x.norm(1)
        x.norm(3)
        x.norm(1, dim=1)
        x.norm(2, 1, keepdim=True)
        x.norm(p=2, dim=(0, 1))
        x.norm(float("inf"))
        x.norm(p="fro")
        torch.norm(x)
        torch.norm(x, dim=1)
        torch.linalg.norm(x)
        torch.linalg.norm(v)
        torch.linalg.norm(v, 1)
        torch.linalg.vector_norm(x)
        torch.linalg.vector_norm(x, 3, dim=1)
        torch.linalg.vector_norm(x, float("inf"))
        torch.linalg.vector_norm(x, 0)
        x.logsumexp(1)
        x.logsumexp(0, keepdim=True)
        torch.logsumexp(x, (0, 1))
        torch.logsumexp(v, 0)
        torch.logsumexp(j, 1)
        torch.logsumexp(mask, 0)
        (x > 0).any()
        (x > 0).all()
        (x > 0).any(1)
        (x > 0).all(dim=0)
        torch.count_nonzero(zeros)
        x.sum().sqrt()
        x.numel()
        x.mean().item()
        torch.allclose(x, x + 1e-9)
        torch.equal(x, x.clone())
        torch.isclose(x, x + 1e-9)
    """,
    "shapes": """
        x.reshape(3, 2)
        x.reshape(-1)
        x.reshape((6,))
        x.reshape(3, -1)
        x.t().reshape(6)
        x.view(6)
        x.view(3, 2)
        x.view(-1, 2)
        x.flatten()
        c.flatten(1)
        c.flatten(0, 1)
        x.t().flatten()
        v.flatten()
        x.ravel()
        torch.ravel(x)
        x.T
        x.mT
        c.mT
        v.T
        x.t()
        v.t()
        x.transpose(0, 1)
        c.transpose(-1, -2)
        torch.transpose(c, 0, 2)
        x.swapaxes(0, 1)
        x.swapdims(0, 1)
        x.permute(1, 0)
        c.permute(2, 0, 1)
        c.permute((0, 2, 1))
        torch.permute(c, (1, 2, 0))
        x.movedim(0, 1)
        torch.movedim(c, 2, 0)
        x.unsqueeze(0)
        x.unsqueeze(-1)
        torch.unsqueeze(v, 1)
        s.unsqueeze(0)
        x[None].squeeze(0)
        x[None].squeeze()
        column.squeeze(1)
        column.squeeze(0)
        column.squeeze()
        one.squeeze()
        x[None, :, None].squeeze((0, 2))
        x.expand(4, 2, 3)
        column.expand(2, 3)
        column.expand(-1, 3)
        v.expand(2, 3)
        s.expand(3)
        v.expand_as(x)
        x.broadcast_to(4, 2, 3)
        v.broadcast_to((2, 3))
        torch.broadcast_to(v, (2, 3))
        torch.broadcast_tensors(column, v)
        x.repeat(2, 1)
        v.repeat(2)
        v.repeat(2, 2)
        x.tile((2,))
        v.tile(2, 1)
        torch.tile(x, (1, 2))
        x.flip(0)
        x.flip(0, 1)
        x.flip((0, 1))
        torch.flip(x, [1])
        x.roll(1)
        x.roll(1, 0)
        x.roll((1, 2), (0, 1))
        torch.roll(x, -1, 1)
        x.clone()
        x.contiguous()
        x.t().contiguous()
        x.narrow(1, 0, 2)
        torch.narrow(x, 1, 1, 2)
        x.select(0, 1)
        x.select(1, -1)
        torch.select(x, 1, 0)
        x.diagonal()
        x.diagonal(1)
        x.diagonal(-1)
        c.diagonal(0, 1, 2)
        c.diagonal(dim1=-2, dim2=-1)
        torch.diag(v)
        torch.diag(x)
        torch.diag(v, 1)
        x.trace()
        x.tril()
        x.triu()
        x.tril(-1)
        x.triu(1)
        torch.tril(x)
        torch.triu(c)
        x.unflatten(1, (3, 1))
        line.unflatten(0, (2, 3))
        x.shape
        x.size()
        x.size(0)
        x.dim()
        x.ndim
        s.shape
        hollow.shape
        x.t().is_contiguous()
        x.reshape(3, 2).t() * a.t()
        x.t() + a
        x.transpose(0, 1).sum(0)
    """,
    "joining": """
        torch.cat([x, y])
        torch.cat([x, x])
        torch.cat((x, y), 1)
        torch.cat([x, y], dim=-1)
        torch.cat([x, column], 1)
        torch.cat([x, j], 0)
        torch.cat([f, x])
        torch.cat([empty, v])
        torch.concat([x, y])
        torch.stack([x, y])
        torch.stack([x, x])
        torch.stack([x, y], 1)
        torch.stack([x, y], dim=-1)
        torch.stack([s, k])
        torch.stack([x.sum(), y.mean()])
        torch.hstack([x, y])
        torch.hstack([v, w])
        torch.vstack([x, v])
        torch.vstack([v, w])
        torch.dstack([x, y])
        x.split(1)[0]
        x.split(1)
        x.split(2, 1)
        x.split([1, 2], 1)
        torch.split(x, 2, dim=1)
        x.chunk(2)
        empty.chunk(2)
        x.chunk(2, 1)
        torch.chunk(line, 4)
        x.unbind()[0]
        x.unbind()
        x.unbind(1)
        torch.unbind(v)
        sum(v.unbind())
    """,
    "indexing": """
        x[0]
        x[1]
        x[-1]
        x[0, 1]
        x[-1, -2]
        x[0][1]
        x[0:1]
        x[1:]
        x[:1]
        x[:]
        x[:, 1]
        x[:, 1:]
        x[:, :2]
        x[:, ::2]
        x[:, 1:3]
        x[:, -2:]
        x[1:, 2]
        x[0:5]
        x[2:1]
        x[...]
        x[..., 0]
        x[0, ...]
        x[..., None]
        x[None]
        x[:, None]
        x[None, ..., None]
        x[:, None, :]
        x[None, 0]
        c[0, :, 1]
        c[:, 0, 1:]
        c[..., 0]
        c[1, ..., 2]
        c[:, :, None, 0]
        line[::2]
        line[1:5:2]
        line[-3:]
        x[t[:1]]
        x[:, t]
        x[..., t]
        v[t]
        v[[0, 2]]
        v[[2, 2, 0]]
        x[[0, 1], [2, 0]]
        x[[1, 0]]
        x[label[:1] - 2, 0]
        x[torch.tensor([0, 1, 1]), torch.tensor([0, 2, 2])]
        x[torch.tensor([[0, 1], [1, 0]])]
        x[torch.tensor([-1])]
        x[torch.tensor(1)]
        c[:, [0, 1], [2, 0]]
        c[[0, 1], :, [2, 0]]
        c[[0], 1]
        v[i]
        x[x > 0.5]
        x[mask]
        x[rows]
        x[rows, 1]
        x[rows, 1:]
        x[:, [True, False, True]]
        x[mask] * 2
        c[mask[:, :2]]
        x[x > 100]
        v[torch.tensor([], dtype=torch.int64)]
        x[True]
        x[False]
        x[0, None, 1:]
        s[None]
        s[...]
        s[()]
        x[0].sum() + x[1].prod()
        x[0] * x[1]
        x[:, 0] @ x[:, 1]
        j[0]
        j[j > 0]
        mask[0]
        torch.index_select(x, 1, t)
        x.index_select(0, torch.tensor([1, 1, 0]))
        x.gather(1, t[None])
        torch.gather(x, 1, i)
        x.gather(0, torch.tensor([[0, 1, 0]]))
        torch.take_along_dim(x, i, 1)
        torch.take_along_dim(x, x.argsort(1), dim=1)
        x.masked_select(mask)
        torch.masked_select(x, x > 0)
        torch.zeros(2, 3, dtype=torch.float64).scatter(1, i, x)
        x.scatter(1, i, y)
        x.scatter(1, t[None], 5.0)
        x.scatter_add(1, i, y)
        torch.scatter_add(x, 1, torch.tensor([[0, 0, 0], [1, 1, 2]]), y)
        torch.zeros(3, dtype=torch.float64).scatter_add(0, torch.tensor([0, 0, 2]), v)
        v.nonzero()
        torch.nonzero(zeros)
        len(x)
        [q.sum().item() for q in x]
        F.embedding(i, a)
        F.embedding(t, a)
        F.one_hot(label, 4)
        F.one_hot(i)
    """,
    "matrix_products": """
        x @ x.t()
        x @ a
        x @ m
        x @ x[0]
        x @ v
        x[0] @ x.t()
        v @ a
        v @ m
        x[0] @ x[1]
        v @ w
        x[None] @ x.t()[None]
        c @ d
        c @ a
        x @ d
        c @ v
        v @ d
        c[0] @ d
        c @ d[0]
        c[:, None] @ d
        c @ d[None]
        c[None] @ d
        c @ d[:1]
        torch.mm(x, x.t())
        torch.mm(x, a)
        torch.matmul(x, a)
        torch.matmul(c, d)
        torch.bmm(c, d)
        torch.mv(x, v)
        torch.dot(v, w)
        torch.dot(v, v)
        torch.vdot(v, w)
        torch.inner(v, w)
        torch.inner(x, y)
        torch.inner(x, v)
        torch.outer(v, r)
        torch.outer(x[0], x[1])
        torch.ger(v, r)
        v.dot(w)
        x.mm(a)
        x.matmul(v)
        c.bmm(d)
        x.mv(v)
        v.outer(r)
        torch.addmm(r, x, a)
        torch.addmm(r, x, a, beta=0.5, alpha=2)
        torch.addmm(x @ a, x, a)
        x.t() @ x
        (x @ m) @ a
        x @ (m @ a)
        x.t() @ y @ a
        f @ f.t()
        j @ n.t()
        hollow @ hollow.t()
        hollow.t() @ hollow
        F.linear(x, x)
        F.linear(x, m)
        F.linear(x, x, x[:, 0])
        F.linear(x, m, v)
        F.linear(v, x)
        F.linear(v, m, w)
        F.linear(c, m)
        F.linear(c, x, r)
        torch.einsum('ij,kj->ik', x, x)
        torch.einsum('ij,jk->ik', x, a)
        torch.einsum('ij->ji', x)
        torch.einsum('ij->i', x)
        torch.einsum('ii->i', m)
        torch.einsum('i,j->ij', v, r)
        torch.einsum('i,i->', v, w)
        torch.einsum('bij,bjk->bik', c, d)
        torch.einsum('ij,ij->', x, y)
    """,
    "activations_and_losses": """
        x.softmax(1)
        x.softmax(0)
        x.softmax(-1)
        torch.softmax(x, dim=1)
        F.softmax(x, 1)
        F.softmax(x, dim=0)
        v.softmax(0)
        s.softmax(0)
        c.softmax(1)
        F.softmax(x * 1000, 1)
        F.softmax(f, dim=1)
        F.softmax(x, dim=1, dtype=torch.float32)
        x.log_softmax(1)
        F.log_softmax(x, 0)
        torch.log_softmax(x, dim=-1)
        F.log_softmax(x * 1000, 1)
        F.relu(x)
        F.relu(f)
        F.gelu(x)
        F.gelu(x, approximate="tanh")
        F.gelu(f)
        F.softplus(x)
        F.softplus(x * 30)
        F.softplus(x, beta=2, threshold=1)
        F.sigmoid(x)
        F.tanh(x)
        F.elu(x)
        F.elu(x, alpha=0.5)
        F.leaky_relu(x)
        F.leaky_relu(x, 0.2)
        F.silu(x)
        F.logsigmoid(x)
        F.softsign(x)
        F.normalize(x)
        F.normalize(x, dim=0)
        F.normalize(x, p=1, dim=1)
        F.layer_norm(x, (3,))
        F.layer_norm(x, (3,), v, w)
        F.layer_norm(x, (2, 3))
        F.layer_norm(c, (3,), v)
        F.cosine_similarity(x, x * 2)
        F.cosine_similarity(x, y)
        F.cosine_similarity(x, y, dim=0)
        F.mse_loss(x, y)
        F.mse_loss(x, x * 2)
        F.mse_loss(x, const)
        F.mse_loss(x, mask)
        F.smooth_l1_loss(x, j)
        F.mse_loss(x, y, reduction="sum")
        F.mse_loss(x, y, reduction="none")
        F.mse_loss(f, f * 2)
        F.l1_loss(x, y)
        F.l1_loss(x, x * 2)
        F.l1_loss(x, y, reduction="sum")
        F.l1_loss(x, y, reduction="none")
        F.smooth_l1_loss(x, y)
        F.smooth_l1_loss(x, y, beta=0.5)
        F.smooth_l1_loss(x, y, reduction="none")
        F.huber_loss(x, y)
        F.huber_loss(x, y, delta=0.75, reduction="sum")
        F.cross_entropy(x, t)
        F.cross_entropy(x, label)
        F.cross_entropy(x, label, reduction="sum")
        F.cross_entropy(x, label, reduction="none")
        F.cross_entropy(x, label, weight=torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64))
        F.cross_entropy(x, label, weight=torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64), reduction="sum")
        F.cross_entropy(x, label, ignore_index=2)
        F.cross_entropy(x, torch.tensor([-100, 1]))
        F.cross_entropy(x, label, label_smoothing=0.1)
        F.cross_entropy(x, label, label_smoothing=0.2, reduction="none")
        F.cross_entropy(x, target)
        F.cross_entropy(x, y.softmax(1))
        F.cross_entropy(v, torch.tensor(1))
        F.cross_entropy(c, torch.tensor([[0, 1, 1], [1, 0, 1]]))
        F.cross_entropy(f, label)
        F.cross_entropy(x * 1000, label)
        F.nll_loss(x, t)
        F.nll_loss(x, label, reduction="sum")
        F.nll_loss(x, label, reduction="none")
        F.nll_loss(x, label, weight=torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64))
        F.nll_loss(x, label, ignore_index=0)
        F.nll_loss(x.log_softmax(1), label)
        F.binary_cross_entropy(prob, target)
        F.binary_cross_entropy(prob, target, reduction="sum")
        F.binary_cross_entropy_with_logits(x, target)
        F.binary_cross_entropy_with_logits(x, target, reduction="none")
        F.kl_div(x.log_softmax(1), target)
        F.kl_div(x.log_softmax(1), target, reduction="batchmean")
        F.kl_div(x.log_softmax(1), target, reduction="sum")
        F.pad(x, (1, 1))
        F.pad(x, (1, 0, 0, 1))
        F.pad(x, (1, 1), value=2.0)
        F.pad(v, (2, 1))
    """,
    "scans_and_order": """
        x.cumsum(0)
        x.cumsum(1)
        torch.cumsum(x, -1)
        v.cumsum(0)
        s.cumsum(0)
        j.cumsum(1)
        mask.cumsum(1)
        f.cumsum(0)
        x.cumprod(0)
        x.cumprod(1)
        torch.cumprod(x, 1)
        zeros.cumprod(1)
        x.sort().values
        x.sort()
        x.sort(0)
        x.sort(1, descending=True)
        torch.sort(x, dim=0, descending=True)
        v.sort()
        s.sort()
        ties.sort(dim=1, stable=True)
        x.argsort()
        x.argsort(0)
        torch.argsort(x, dim=1, descending=True)
        x.topk(2).values
        x.topk(2)
        x.topk(1, 0)
        x.topk(2, 1, largest=False)
        torch.topk(v, 2)
        torch.topk(x, 1, dim=0, largest=False)
        j.sort()
        j.topk(1)
    """,
    "creation": """
        torch.tensor(2)
        torch.tensor(2.5)
        torch.tensor([1, 2, 3])
        torch.tensor([1, 2.5])
        torch.tensor([[1, 2], [3, 4]], dtype=torch.float64)
        torch.tensor([True, False])
        torch.tensor([])
        torch.tensor([[], []])
        torch.tensor([1.5, 2.5], dtype=torch.int64)
        torch.tensor(True)
        torch.zeros(2, 3)
        torch.zeros((2, 3))
        torch.zeros(2, dtype=torch.int32)
        torch.zeros(())
        torch.ones(2, 2)
        torch.ones(3, dtype=torch.bool)
        torch.ones(2, 2, requires_grad=True)
        torch.full((2, 2), 7)
        torch.full((2, 2), 1.5)
        torch.full((2,), True)
        torch.full((2, 2), 7, dtype=torch.float64)
        torch.empty(0)
        torch.empty(2, 3).shape
        torch.eye(3)
        torch.eye(2, 3)
        torch.arange(5)
        torch.arange(1, 4)
        torch.arange(1, 2, 0.25)
        torch.arange(0, 10, 3)
        torch.arange(5.0)
        torch.arange(5, 0, -2)
        torch.arange(3, dtype=torch.float64)
        torch.linspace(0, 1, 5)
        torch.linspace(-2, 2, 4)
        torch.linspace(0, 10, 1)
        torch.linspace(0, 1, 5, dtype=torch.float64)
        torch.logspace(0, 2, 3)
        torch.zeros_like(x)
        torch.ones_like(x)
        torch.full_like(x, 3)
        torch.ones_like(x, dtype=torch.int64)
        torch.zeros_like(j)
        torch.rand(2, 3).shape
        torch.randn(2, 3).dtype
        torch.randint(0, 10, (2, 2)).dtype
        torch.randint(5, (3,)).shape
        torch.rand_like(x).shape
        torch.manual_seed(0); a1 = torch.rand(3); torch.manual_seed(0); a2 = torch.rand(3); (a1 == a2).all()
        torch.tensor(x.tolist())
        torch.from_numpy(np.array([1.0, 2.0]))
        torch.tensor(np.array([[1, 2], [3, 4]]))
        torch.ones(2, 2, dtype=torch.float64) @ a.t()
        torch.arange(6).reshape(2, 3) * x
        torch.full((2,), -1, dtype=torch.uint8)
        torch.tensor([1e6, float("-inf")], dtype=torch.float16)
        torch.tensor([-1, 255], dtype=torch.uint8)
        torch.tensor([2.5, -3], dtype=torch.int8)
        torch.zeros(2, dtype=torch.bool).fill_(float("nan"))
    """,
    "types": """
        x.float()
        x.double()
        f.double()
        f.double() * x
        x.half()
        x.long()
        x.int()
        x.bool()
        j.float()
        j.double()
        mask.long()
        mask.float()
        x.to(torch.float32)
        x.to(torch.float64)
        f.to(torch.float64)
        x.to(torch.int64)
        x.to("cpu")
        x.dtype
        f.dtype
        j.dtype
        mask.dtype
        (j + 1.5).dtype
        (j / 2).dtype
        (f * 2.0).dtype
        (half * 2.0).dtype
        (f + s).dtype
        (f + x).dtype
        (g.sum() + v).dtype
        (mask + 1).dtype
        (mask + 1.0).dtype
        (small + short).dtype
        (small + 300).dtype
        (short + j).dtype
        (j + fs).dtype
        (half + fs).dtype
        (small.sum()).dtype
        j.float().mean()
        torch.mean(x, dtype=torch.float32)
        j.sum(dtype=torch.float64)
        x.device
        str(x.device)
        x.device.type
        x.device == torch.device("cpu")
        x.device == "cpu"
        torch.device("cpu")
        torch.device("cuda:1")
        torch.device("cuda", 0).index
        [torch.device("cuda")]
        f"{x.device}"
        torch.cuda.is_available()
        x.is_cuda
        x.is_cpu
        x.get_device()
        torch.get_device(x)
        torch.cuda.device_count()
        torch.cuda.manual_seed(0)
        torch.cuda.manual_seed_all(0)
        x.to(x.device)
        x.to(torch.device("cpu"), torch.float32)
        x.to(device="cpu", dtype=torch.float32)
        x.cpu()
        torch.ones(2, device=torch.device("cpu"))
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu"); x.to(device) * 2
        device = "cuda" if torch.cuda.is_available() else "cpu"; torch.tensor([1.0, 2.0], device=device)
        x.is_leaf
        (x * 2).is_leaf
        x.requires_grad
        x.detach().requires_grad
        x.is_floating_point()
        j.is_floating_point()
        x.tolist()
        s.item()
        j.tolist()
        mask.tolist()
    """,
    "kinks": """
        zeros.abs()
        zeros.sign()
        zeros.relu()
        F.relu(zeros)
        F.leaky_relu(zeros, 0.1)
        F.elu(zeros)
        F.silu(zeros)
        F.gelu(zeros)
        zeros.floor()
        zeros.round()
        zeros.trunc()
        torch.tensor([0.5, 1.5, 2.5, -0.5], dtype=torch.float64).round()
        zeros.clamp(0, 2)
        zeros.clamp(min=0)
        zeros.clamp(max=2)
        zeros.clamp(min=zeros.detach())
        zeros.clamp(min=zeros * 1)
        zeros.clamp(max=zeros * 1)
        torch.maximum(zeros, zeros * 1)
        torch.minimum(zeros, zeros * 1)
        torch.maximum(ties, torch.tensor(2.0, dtype=torch.float64))
        torch.fmax(zeros, zeros * 1)
        torch.fmin(zeros, zeros * 1)
        torch.max(ties, ties.flip(1))
        ties.max()
        ties.min()
        ties.amax()
        ties.amin()
        ties.amax(1)
        ties.amin(0)
        ties.amax(1, keepdim=True)
        ties.max(1)
        ties.max(0)
        ties.min(1)
        ties.min(0)
        ties.sort()
        ties.sort(descending=True)
        ties.topk(1)
        zeros.sqrt()
        zeros.rsqrt()
        zeros.log()
        zeros.reciprocal()
        (zeros * 0).norm()
        (zeros * 0).norm(1)
        (zeros * 0).norm(dim=0)
        (zeros * 0).norm(float("inf"))
        zeros.norm(1)
        ties.norm(float("inf"))
        ties.norm(float("inf"), dim=1)
        (zeros * 0 + 0.5).std()
        (zeros * 0 + 0.1).std(1)
        (column.expand(2, 3)).std(1)
        torch.ones(3, requires_grad=True).std()
        (zeros * 0).std()
        (zeros * 0).var()
        (zeros * 0).std(1)
        zeros ** 0
        zeros ** 1
        zeros ** 2
        zeros ** 0.5
        zeros ** -1
        zeros ** zeros
        0 ** x
        0 ** zeros
        0.0 ** v
        zeros ** y
        torch.pow(zeros, torch.tensor(0.0, dtype=torch.float64))
        zeros.prod(0)
        zeros[1].prod()
        zeros[:, :2].prod()
        zeros.cumprod(0)
        zeros[1].cumprod(0)
        j * 1.0 % 2
        zeros % 2
        x % (ties + 0.5)
        torch.fmod(x, ties)
        torch.atan2(zeros[0], zeros[1])
        torch.hypot(zeros * 0, zeros * 0)
        torch.where(zeros > 0, zeros.log(), 0.0)
        torch.where(zeros > 0, 1 / zeros, zeros)
        torch.where(zeros > 0, zeros.sqrt(), zeros)
        torch.logsumexp(torch.full((2,), float("-inf"), dtype=torch.float64) * torch.ones(2, dtype=torch.float64), 0)
        q = torch.full((3,), float("-inf"), dtype=torch.float64, requires_grad=True); torch.logsumexp(q, 0)
        q = torch.tensor([float("inf"), 1.0], requires_grad=True); torch.logsumexp(q, 0)
        q = torch.tensor([float("-inf"), 1.0], requires_grad=True); torch.softmax(q, 0)
        q = torch.tensor([float("nan"), 1.0, 2.0], requires_grad=True); q.max()
        q = torch.tensor([float("nan"), 1.0, 2.0], requires_grad=True); q.max(0)
        q = torch.tensor([1.0, float("nan"), 2.0], requires_grad=True); q.amax()
        q = torch.tensor([1.0, float("nan"), 2.0], requires_grad=True); torch.maximum(q, q.flip(0))
        q = torch.tensor([1.0, float("nan"), 2.0], requires_grad=True); q.clamp(0, 1)
        q = torch.tensor([1.0, 3.0, 2.0], requires_grad=True); torch.minimum(q, q.flip(0)) * float("inf")
        q = torch.tensor([1.0, -3.0, 0.0], requires_grad=True); q.relu() * float("inf")
        q = torch.tensor([1.0, -3.0, 0.0], requires_grad=True); torch.fmax(q, q.flip(0)) * float("nan")
        q = torch.tensor([1.0, float("nan"), 2.0], requires_grad=True); q.sort()
        q = torch.tensor([1.0, float("nan"), 2.0], requires_grad=True); q.relu()
        q = torch.tensor([1.0, float("inf"), -2.0], requires_grad=True); q.sigmoid()
        q = torch.tensor([float("inf"), float("-inf"), 100.0], requires_grad=True); q.tanh()
        q = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True); q.sigmoid().log()
        q = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True); F.logsigmoid(q)
        q = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True); F.softplus(q)
        q = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True); F.gelu(q)
        q = torch.tensor([1e30, 1e-30, 1.0], requires_grad=True); q * q
        q = torch.tensor([1e30, 1e-30], requires_grad=True); q.norm()
        x.std(0, correction=1)[0] * 0 + zeros.sum()
    """,
    "empty_and_scalar": """
        empty + 1
        empty * empty
        empty.sum()
        empty.mean()
        empty.prod()
        empty.exp()
        empty.norm()
        empty.reshape(0, 3)
        empty.cumsum(0)
        empty[None]
        empty[:0]
        empty.sort()
        empty.relu()
        empty.softmax(0)
        empty.long().softmax(0)
        F.log_softmax(hollow > 0, dim=1)
        F.softmin(hollow.int(), 0)
        empty.logsumexp(0)
        empty.clone()
        torch.cat([empty, empty])
        torch.stack([empty, empty])
        empty @ empty
        torch.dot(empty, empty)
        empty.std()
        empty.var()
        hollow.sum(0)
        hollow.sum(1)
        hollow.mean(0)
        hollow.mean(1)
        hollow.prod(1)
        hollow.t()
        hollow + column
        hollow.amax(0)
        hollow.max(0)
        hollow.norm(dim=1)
        hollow.norm(dim=0)
        hollow.sum(1, keepdim=True) + column
        hollow.expand(2, 2, 0)
        hollow.logsumexp(1)
        F.softmax(hollow, 1)
        F.mse_loss(hollow, hollow * 2)
        hollow.flip(0)
        hollow.unbind(0)
        s + k
        s * k
        s / k
        s ** 2
        s ** k
        s.max()
        s.max(0)
        s.amax()
        s.amax(0)
        s.prod()
        s.norm()
        s.logsumexp(0)
        s.cumprod(0)
        s.topk(1)
        s.expand(2, 3)
        s.expand(())
        s.reshape(1, 1)
        s.view(1)
        s.squeeze()
        s.flatten()
        s.t()
        s.T
        s.clone()
        s.unsqueeze(-1)
        s.var(unbiased=False)
        s.std()
        s.relu()
        s.clamp(0, 1)
        s.sum(dim=-1)
        s.mean(0)
        s.argmax()
        s.tolist()
        torch.maximum(s, k)
        torch.where(s > 0, s, k)
        one.item()
        one * x
        one.sum()
        s.flip(0)
        s.roll(1)
        s.index_select(0, torch.tensor([0]))
        s.gather(0, torch.tensor(0))
        s.repeat(2)
        s.movedim(0, 0)
        s.transpose(0, 0)
        s.squeeze(0)
        s.norm(dim=0)
        s.expand(2)
        float(s)
        int(s)
        bool(s > 0)
    """,
    "more_of_the_library": """
        torch.kron(x, x)
        torch.linalg.inv(x @ x.t())
        torch.linalg.det(x @ x.t())
        torch.linalg.solve(x @ x.t(), x)
        torch.cdist(x, x)
        torch.diff(x)
        torch.atleast_2d(v)
        torch.meshgrid(v, r, indexing="ij")
        x.new_zeros(2)
        x.type(torch.float32)
    """,
    "graph_rows": """
        x[x > 0.5].sum()
        x.detach() + x
        torch.tensordot(x, x, dims=([1], [1]))
        x.float().double()
        x.t().reshape(6) * line
        (x * 2).detach() * x
        x.sum(0).mean()
        x.exp().sum(1).log()
        (x @ m + v).relu().sum()
        (x @ m + v).tanh() @ a
        F.cross_entropy((x @ m + v).relu() @ m, label)
        ((x - x.mean(0)) / x.std(0)).sum()
        (x - x.max(1, keepdim=True).values).exp().sum(1).log()
        x.norm() * x / (x * x).sum()
        torch.stack([q * 2 for q in x.unbind()]).sum()
        torch.cat([x[0], y[1]]).prod()
        x.reshape(3, 2).t().reshape(-1)[::2].sum()
        (x.t() @ x).diagonal().sum()
        (x.unsqueeze(1) - y.unsqueeze(0)).square().sum(-1)
        (x[:, 1:] - x[:, :-1]).abs().mean()
        torch.where(x.abs() < 1, 0.5 * x * x, x.abs() - 0.5).sum()
        x.sigmoid() * (1 - x.sigmoid())
        (-(target * prob.log() + (1 - target) * (1 - prob).log())).mean()
        torch.log(1 + torch.exp(-y * x)).mean() + (x.sin() * x.tanh()).mean()
    """,
}

PROGRAMS: dict[str, str] = {}
