"""Where results lie in memory: strides after elementwise functions of views, memory formats, and what is recorded of it."""

from __future__ import annotations

LINES: dict[str, str] = {
    "elementwise": """
        (x.t() * 2).stride()
        (x.t() + a).stride()
        (a + x.t()).stride()
        (2 - x.t()).stride()
        (2 ** x.t()).stride()
        torch.rsub(x.t(), a).stride()
        torch.rsub(a, x.t(), alpha=2).stride()
        c.permute(1, 2, 0).exp().stride()
        (c.permute(1, 2, 0) * s).stride()
        (c.transpose(0, 2) + v[:, None, None]).stride()
        c[:, :, ::2].exp().stride()
        x.expand(2, 2, 3).exp().stride()
        column.expand(2, 3).t().exp().stride()
        torch.where(mask.t(), a, x.t()).stride()
        torch.lerp(x.t(), a, 0.5).stride()
        torch.addcmul(x.t(), a, a).stride()
        x.t().clamp(0, 1).stride()
        (x.t() // 2).stride()
        x.t().double().stride()
        x.t().float().stride()
        F.gelu(x.t()).stride()
        F.mse_loss(x.t(), a, reduction="none").stride()
        torch.ldexp(column.expand(2, 3), x.t().clone().t()).stride()
        (x.t() > 0).is_contiguous()
        (x.t() * 2).t().is_contiguous()
        x[:0].t().is_contiguous()
        x.t().sort(0).values.stride()
        x.t().flip(0).stride()
    """,
    "in_rows": """
        x.t().softmax(0).view(6)
        x.t().cumsum(0).view(6)
        x.t().masked_fill(mask.t(), 0.0).view(6)
        F.layer_norm(x.t(), (2,)).view(6)
        F.rms_norm(x.t(), (2,)).stride()
        c.permute(2, 0, 1).sum(0).view(4)
        c.permute(2, 0, 1).mean(1, keepdim=True).stride()
        x.reshape(1, 1, 2, 3).stride()
        x.reshape(2, 3, 1).stride()
        x.t().reshape(3, 1, 2).stride()
    """,
    "recorded": """
        (x.t() * 2).reshape(6)
        (x.t() * 2).flatten()
        (x.t() * 2).contiguous()
        (x.t() * 2).t().view(6)
        (x.t() * 2).unflatten(0, (3, 1))
    """,
    "memory_formats": """
        x.contiguous(memory_format=torch.contiguous_format)
        x.contiguous(memory_format=torch.preserve_format)
        x.t().contiguous(memory_format=torch.contiguous_format)
        x.t().clone(memory_format=torch.preserve_format).stride()
        x.t().clone(memory_format=torch.contiguous_format).stride()
        x.t().clone().stride()
        torch.clone(x, memory_format=None)
        x.t().to(memory_format=torch.contiguous_format)
        x.t().to(torch.float32, memory_format=torch.contiguous_format).stride()
        x.to(torch.float64, False, True)
        x.t().half(memory_format=torch.contiguous_format).stride()
        torch.zeros_like(x.t()).stride()
        torch.ones_like(x.t(), memory_format=torch.preserve_format).stride()
        torch.full_like(x.t(), 2, memory_format=torch.contiguous_format).stride()
        torch.empty_like(x.t()).stride()
        torch.rand_like(x.t(), memory_format=torch.contiguous_format).stride()
        torch.empty(2, 3, 4, 5, memory_format=torch.channels_last).stride()
        c[None].contiguous(memory_format=torch.channels_last)
        c[None].contiguous(memory_format=torch.channels_last).stride()
        c[None].contiguous(memory_format=torch.channels_last).exp().stride()
        c[None].contiguous(memory_format=torch.channels_last).is_contiguous(memory_format=torch.channels_last)
        c[None].clone(memory_format=torch.channels_last).to(memory_format=torch.contiguous_format).stride()
        c[None].clone(memory_format=torch.channels_last).to(memory_format=torch.channels_last).stride()
        c[None, None].clone(memory_format=torch.channels_last_3d).stride()
        x.reshape(1, 1, 2, 3).contiguous(memory_format=torch.channels_last).stride()
        x.is_contiguous(memory_format=torch.channels_last)
        (2 * x.t()).as_strided((4,), (1,), 1)
        (2 * x.t()).t()[1].as_strided((2,), (1,))
        (2 * x.t())[:, 1].storage_offset()
        x.reshape(1, 3, 2, 1).contiguous(memory_format=torch.channels_last)[:, 1].as_strided((2,), (3,))
        torch.as_strided_scatter(x.t().detach(), v.detach()[:2], (2,), (1,))
        torch.as_strided_scatter(x[:, 1:].detach(), v.detach()[:2], (2,), (1,), 4)
        torch.as_strided_scatter(v.expand(2, 3).detach(), v.detach()[:2], (2,), (1,), 2)
        (torch.contiguous_format, torch.preserve_format, torch.channels_last, torch.channels_last_3d)
    """,
}

PROGRAMS: dict[str, str] = {
    "gradients": """
        found = torch.autograd.grad((x.t() * y.t()).sum(), x)
        found[0].view(6)

        z = x.t().clone()
        z.retain_grad()
        (z * z).sum().backward()
        z.grad.view(6)

        seen = []
        x.register_hook(lambda g: seen.append(g.view(6)))
        (x.t() * y.t()).sum().backward()
        seen[0]
    """,
}
