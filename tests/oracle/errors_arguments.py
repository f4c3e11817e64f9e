"""What is refused of kinds of arguments: integers one by one, lists with something else in them, numbers for truth values."""

from __future__ import annotations

LINES: dict[str, str] = {
    "argument": """
        torch.exp_()
        torch.exp_(1.0)
        torch.clamp_(2, 0)
        F.elu_(x, inplace=True)
        torch.tile(x, 2)
        torch.tile(x, 2, 1)
        torch.reshape(x, 6)
        torch.reshape(x, 3, 2)
        torch.permute(x, 1, 0)
        torch.broadcast_to(v, 3)
        torch.broadcast_to(x, 2, 3)
        torch.flip(x, 0)
        torch.flip(x, 0, 1)
        torch.full(3, 1.0)
        torch.unflatten(x, 1, 3)
        x.unflatten(1, 3)
        x.tile()
        torch.permute(x, (1.0, 0))
        torch.permute(x, (1, 0.0))
        x.permute(1, "a")
        x.permute(dims=(1, 0.0))
        x.reshape((2.0, 3))
        x.expand((3, 2.0))
        torch.zeros((2.0, 3))
        torch.zeros(2, 3.0)
        torch.sum(x, (0, 1.0))
        torch.sum(x, dim=(0, 1.0))
        x.sum(0, 1)
        x.sum(0, keepdim=1)
        torch.sum(x, 0, 1)
        torch.argmax(x, 1, 1)
        torch.topk(x, 1, 1, 1)
        F.max_pool1d(x, 2, ceil_mode=1)
        F.batch_norm(x, None, None, training=1)
        F.kl_div(x, y, log_target=1)
        F.poisson_nll_loss(x, y, full=1)
        torch.var(x, 0, 1)
        x.std(1, 0)
        x.new_full(2, 3)
        torch.where(x > 0, other=y)
        torch.var(x, unbiased=0)
    """,
    "autograd": """
        torch.autograd.Variable(t, requires_grad=True)
    """,
    "value": """
        torch.cdist(x, y, 2.0, "exact")
        x.is_nonzero()
        torch.is_nonzero(empty)
        F.rrelu(x, 0.5, 0.1)
        F.rrelu(x, float("inf"), 0.1)
    """,
    "type-mismatch": """
        torch.Tensor(3.5)
        torch.ShortTensor(False)
        torch.autograd.Variable(3.0)
        torch.finfo(torch.int64)
        torch.iinfo(torch.float32)
    """,
    "dtype-mismatch": """
        F.rrelu(t)
        F.rrelu(t, training=True)
        torch.round(t, decimals=0)
        torch.round(t, decimals=1)
        torch.round(mask, decimals=1)
        torch.special.round(t)
        torch.special.round(mask)
    """,
}

PROGRAMS: dict[str, str] = {}
