"""Programs that PyTorch refuses, under the code of the error that gradcli gives in its place.

A table like this one, with a golden file of its name, may be a module of its own: those are named in `TABLES`.
"""

from __future__ import annotations

import textwrap
from functools import cache
from importlib import import_module

from .cases import Case, case_of

#: The modules with errors.
TABLES = (
    "errors",
    "errors_arguments",
    "errors_attention",
    "errors_channels",
    "errors_factors",
    "errors_families",
    "errors_images",
    "errors_layouts",
    "errors_lookups",
    "errors_losses",
    "errors_matrices",
    "errors_normalizations",
    "errors_own_derivatives",
    "errors_rearranging",
    "errors_special",
    "errors_transforms",
    "errors_triangular",
)

LINES: dict[str, str] = {
    "shape-mismatch": """
        x + a
        x - r
        x * a
        x / r
        x ** r
        x // r
        x % r
        x == a
        x < r
        torch.maximum(x, a)
        torch.atan2(x, a)
        torch.where(mask, x, a)
        torch.where(mask, r, x)
        x.masked_fill(mask[:, :2], 0.0)
        x.clamp(min=r)
        x @ x
        x @ r
        v @ r
        c @ c
        c @ x
        torch.ones(3, 2, 2) @ torch.ones(2, 2, 2)
        s @ x
        x @ s
        torch.mm(x, x)
        torch.mm(x, v)
        torch.mm(c, d)
        torch.bmm(c, c)
        torch.bmm(x, a)
        torch.mv(x, r)
        torch.mv(v, v)
        torch.dot(v, r)
        torch.dot(x, x)
        torch.outer(x, v)
        x.reshape(4, 2)
        x.reshape(-1, 4)
        x.reshape(-1, -1)
        x.view(5)
        x.t().view(6)
        x.expand(2, 4)
        x.expand(3)
        x.expand(4, 2)
        v.broadcast_to((2, 4))
        c.t()
        torch.cat([x, a])
        torch.cat([x, v])
        torch.cat([x, y[:, :2]], 0)
        torch.stack([x, a])
        torch.stack([v, r])
        F.mse_loss(x, a)
        F.cross_entropy(x, torch.tensor([0, 1, 2]))
        F.nll_loss(x, torch.tensor([0, 1, 2]))
        F.linear(x, a)
        x[mask[:, :2]]
        x[torch.tensor([True, False, True])]
        x[[0, 1], [0, 1, 2]]
        x.gather(1, t)
        x.gather(1, torch.tensor([[0], [1], [2]]))
        x.trace().trace()
        v.trace()
        c.trace()
        torch.diag(c)
        torch.tril(v)
        x.permute(0)
        x.permute(0, 1, 2)
        x.repeat(2)
        torch.tensor([[1, 2], [3]])
        s.split(1)
        s.chunk(2)
        s.tril()
        torch.cat([s, s])
        torch.dot(s, s)
        x.backward(torch.ones(3))
        (x * 2).backward(torch.ones(3))
        (x * 2).backward(torch.tensor(1.0, dtype=torch.float64))
        empty.max()
        empty.amax()
        empty.argmax()
        x.grad = torch.ones(3, dtype=torch.float64)
    """,
    "dimension-out-of-range": """
        x.sum(2)
        x.sum(-3)
        x.mean(5)
        x.max(2)
        x.amax(2)
        x.argmax(2)
        x.prod(3)
        x.var(2)
        x.norm(dim=2)
        x.logsumexp(2)
        x.softmax(2)
        x.cumsum(2)
        x.sort(2)
        x.topk(1, 2)
        x.unsqueeze(4)
        x.squeeze(3)
        x.transpose(0, 2)
        x.permute(0, 2)
        x.flatten(0, 3)
        x.flip(2)
        x.select(2, 0)
        x.unbind(2)
        x.split(1, 2)
        x.gather(2, i)
        torch.cat([x, y], 2)
        torch.stack([x, y], 3)
        s.sum(1)
        s.softmax(1)
        v.sum(-2)
        s.unbind()
        s.roll(1, 0)
        s.diagonal()
        x.size(2)
        x.squeeze((0, 0))
        x.sum((0, 0))
        x.permute(0, 0)
        torch.flip(x, (0, 0))
    """,
    "index-out-of-range": """
        x[2]
        x[-3]
        x[0, 3]
        x[:, 5]
        x[0, 0, 0]
        x[:, :, :]
        s[0]
        v[torch.tensor([0, 3])]
        v[[5]]
        x[[0, 2]]
        x.select(0, 2)
        x.index_select(0, torch.tensor([2]))
        x.gather(1, torch.tensor([[3]]))
        F.cross_entropy(x, torch.tensor([0, 3]))
        F.nll_loss(x, torch.tensor([0, 3]))
        x.topk(4)
        x.narrow(0, 1, 2)
        F.embedding(torch.tensor([7]), a)
        hollow.max(1)
        hollow.amax(1)
        s.narrow(0, 0, 1)
        s.select(0, 0)
    """,
    "dtype-mismatch": """
        x @ f.t()
        torch.mm(x, f.t())
        torch.dot(v, g)
        mask - mask
        -mask
        1 - mask
        j.mean()
        j.softmax(1)
        j.std()
        ~x
        torch.hypot(j, n)
        mask.abs()
        mask.floor()
        mask.ceil()
        mask.trunc()
        mask.round()
        mask.frac()
        mask.relu()
        torch.fmod(mask, mask)
        j.add(n, alpha=1.5)
        torch.sub(j, 2, alpha=0.5)
        torch.addcmul(mask, mask, mask)
        torch.addcdiv(x, j, n)
        torch.addcdiv(j, j, mask)
        j.addcmul_(f.detach(), n)
        x & y
        j & 1.5
        x[v]
        x[torch.tensor([0.0, 1.0])]
        torch.where(x, x, y)
        x.masked_fill(j, 0.0)
        x.gather(1, x)
        x.index_select(0, v)
        F.cross_entropy(j, label)
        F.nll_loss(x, v[:2])
        j.norm()
        j.var()
        torch.linspace(0, 1, 3) @ torch.arange(3)
    """,
    "device": """
        x.to("cuda")
        x.to(torch.device("cuda:1"), torch.float32)
        x.cuda()
        torch.ones(2, device="cuda")
        torch.device("gpu")
        x.to("gpu")
        torch.ones(2, device="tpu:0")
    """,
    "not-scalar": """
        x.backward()
        (x * 2).backward()
        x.sum(0).backward()
        torch.autograd.grad(x * 2, x)
        torch.autograd.backward([x * 2])
        torch.zeros(0, requires_grad=True).backward()
    """,
    "no-grad-required": """
        const.sum().backward()
        torch.tensor(2.0).backward()
        x.detach().sum().backward()
        x.data.sum().backward()
        x.argmax().backward()
        x.sum().long().backward()
        torch.autograd.grad(const.sum(), x)
        torch.autograd.grad(x.detach().sum(), x)
    """,
    "autograd": """
        torch.autograd.grad(x.sum(), y)
        torch.autograd.grad(x.sum(), const)
        torch.autograd.grad(x.sum(), [x, y])
        q = x * 2; q.requires_grad = False
        q = x * 2; q.requires_grad_(False)
        x.sum().register_hook(lambda grad: grad); const.register_hook(lambda grad: grad)
        const.retain_grad()
        x.numpy()
        x.sum().backward(inputs=[])
        torch.tensor([1, 2], requires_grad=True)
        j.requires_grad_()
        v.detach().expand(2, 3).add_(1)
        torch.ones(2, 1).expand(2, 3)[0].exp_()
        torch.autograd.grad(x.sum(), x)[0].mul_(2)
        const[:1].expand(2, 3).copy_(const)
    """,
    "leaf-in-place": """
        x += 1
        x *= 2
        x.add_(1)
        x.mul_(y)
        x.zero_()
        x.fill_(0)
        x.exp_()
        x.clamp_(0, 1)
        x[0] = 1
        x[0, 1] = 5.0
        x[mask] = 0
    """,
    "type-mismatch": """
        x + "text"
        x + None
        x @ 2
        2 @ x
        x["a"]
        x.grad = 3
        x[1.5]
        len(s)
        x < "a"
        x.item()
        float(x)
        int(v)
        empty.item()
    """,
    "value": """
        bool(x)
        not x
        x if x else 1
        x.std() if v > 0 else 1
        x.split(0)
        x.chunk(0)
        F.mse_loss(x, y, reduction="average")
        F.cross_entropy(x, label, reduction="average")
        torch.div(x, y, rounding_mode="up")
        torch.arange(0, 5, -1)
        torch.arange(0, 5, 0)
        torch.ones(-1)
        torch.stack([])
        torch.cat([])
        x[::-1]
        F.gelu(x, approximate="fast")
        torch.linspace(0, 1, -1)
        x.clamp()
        x.repeat(-1, 2)
        first, second, third = x
        first, = x
        2 ** torch.tensor([1, 2]) ** -1
        torch.tensor([1, 2]) ** -1
        torch.device("")
        torch.device("cpu:x")
        torch.tensor([300, 1], dtype=torch.uint8)
        torch.tensor(-129, dtype=torch.int8)
        torch.tensor([float("nan")], dtype=torch.int32)
        torch.full((2,), 300, dtype=torch.uint8)
        torch.full((2,), 1e39, dtype=torch.float32)
        torch.full_like(small, -256)
        small.fill_(-0.5)
        small.masked_fill(small > 1, 256)
        small.scatter(0, t, 300)
        small[0] = 300
        short.add(1, alpha=2**31)
        f.add(1, alpha=1e300)
        torch.addcmul(small, small, small, value=300)
        torch.addcmul(short, short, short, value=float("inf"))
    """,
    "argument": """
        torch.exp()
        torch.exp(x, y, x)
        torch.sum(x, dimension=0)
        torch.sin(1.0)
        torch.exp("text")
        torch.exp([1.0, 2.0])
        torch.mm(x, 2)
        torch.stack(2)
        torch.where(x > 0, x)
        x.sum(dim="a")
        torch.cat([x], dim="a")
        torch.sum(x, 0, keepdim="a")
        torch.eye(3, dtype=torch.float32, m="a")
        torch.ones(2, device=3.5)
        torch.addcmul(x, 2.0, y)
        torch.addcmul(x, y, y, value="a")
        torch.tril(x, 1, 2)
        F.relu(x, False, 3)
        F.softmax(x, 1, 3, torch.float32, 5)
        torch.transpose(x, 0, 1, 2)
        x.reshape("a")
        x.transpose(0)
        x.softmax()
        torch.matmul(x)
        torch.relu(x, 1)
        torch.sigmoid(x, 1, 2)
        torch.zeros("a")
        torch.maximum(x, 2)
        torch.atan2(x, 1.0)
        torch.dot(v, 2.0)
        x.masked_fill(mask)
        torch.cat(x)
        torch.tensor()
        x.pow()
    """,
    "unknown-attribute": """
        x.summ()
        torch.expp(x)
        x.colour
        F.rellu(x)
        torch.linalg.nrom(x)
        x.detach().grad_fn.next_functions
    """,
    "unknown-name": """
        x + missing
        missing(x)
    """,
}

PROGRAMS: dict[str, str] = {
    "backward-twice": """
        z = (x * x).sum()
        z.backward()
        z.backward()

        z = x.exp()
        z.sum().backward()
        z.sum().backward()

        z = (x @ m).sum()
        z.backward()
        z.backward()

        z = x.softmax(1).sum()
        z.backward()
        torch.autograd.grad(z, x)

        z = (x * x).sum()
        z.backward(retain_graph=True)
        z.backward()
        z.backward()

        z = x.norm()
        z.backward()
        z.backward()

        z = x / 2
        z.sum().backward()
        z.sum().backward()

        z = (x * 2).sum()
        g1 = torch.autograd.grad(z, x)
        z.backward()
    """,
    "modified-in-place": """
        q = x * 2
        z = q * q
        q += 1
        z.sum().backward()

        q = x.exp()
        z = q.sum()
        q.add_(1)
        z.backward()

        q = x.clone()
        z = q.sin()
        q.mul_(2)
        z.sum().backward()

        q = x * 1
        z = q ** 2
        q.zero_()
        z.sum().backward()

        q = x.sigmoid()
        q += 1
        q.sum().backward()

        q = x * 1
        z = q @ m
        q.sub_(1)
        z.sum().backward()

        q = x.tanh()
        z = q * 2
        q.mul_(3)
        z.sum().backward()

        q = const.clone()
        z = x * q
        q += 1
        z.sum().backward()

        q = x * 1
        z = x / q
        q += 1
        q += 1
        z.sum().backward()

        with torch.no_grad():
            pass
        z = x * y
        with torch.no_grad():
            x += 1
        z.sum().backward()
    """,
    "autograd": """
        z = x * 2
        z.backward(torch.ones(2, 3), retain_graph=True)
        with torch.no_grad():
            q = x * 2
        q.retain_grad()

        x.requires_grad = 2
    """,
    "no-grad-required": """
        with torch.no_grad():
            z = (x * 2).sum()
        z.backward()

        q = torch.ones(3)
        (q * 2).sum().backward()
    """,
    "shape-mismatch": """
        q = torch.zeros(3)
        q += torch.ones(2, 3)

        q = torch.zeros(3)
        q.add_(torch.ones(4))

        q = torch.zeros(3)
        q[0:2] = torch.ones(3)
    """,
    "dtype-mismatch": """
        q = torch.zeros(3, dtype=torch.int64)
        q += 1.5

        q = torch.zeros(3, dtype=torch.int64)
        q /= 2

        q = torch.ones(3, dtype=torch.bool)
        q += 2

        q = torch.zeros(3, dtype=torch.int64)
        q.exp_()
    """,
    "assert-failed": """
        assert x.sum() > 100

        assert x.sum() > 100, "too small"
    """,
}


@cache
def errors_of(table: str) -> tuple[Case, ...]:
    """Every program of one table that must be refused; the family of each is the code of its error."""
    module = import_module(f"{__package__}.{table}")
    sources = [(code, line.strip()) for code, lines in module.LINES.items() for line in lines.splitlines() if line.strip()] + [
        (code, program.strip())
        for code, programs in module.PROGRAMS.items()
        for program in textwrap.dedent(programs).split("\n\n")
        if program.strip()
    ]
    return tuple(case_of(table, code, source) for code, source in sources)


def all_errors() -> tuple[Case, ...]:
    """Every program of all tables that must be refused."""
    return tuple(case for table in TABLES for case in errors_of(table))
