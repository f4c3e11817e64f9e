"""Convolutions, pools, normalisation over batches and groups, attention, images and further losses."""

from __future__ import annotations

LINES: dict[str, str] = {
    "convolution": """
        F.conv1d(c, d[:, :2])
        F.conv1d(c, d[:, :2, :1])
        F.conv1d(c, d[:, :2], r)
        F.conv1d(c, d[:, :2], r, 2, 1)
        F.conv1d(c, d[:, :2], r, stride=(2,), padding=(2,), dilation=(3,))
        F.conv1d(c, d[:, :2], padding='same')
        F.conv1d(c, d[:, :2], padding='valid')
        F.conv1d(c, c[:, :, :3], padding='same')
        F.conv1d(c, d[:, :1], groups=2)
        F.conv1d(c, torch.cat([d[:, :1], d[:, 2:]]), groups=2, bias=torch.cat([r, r]))
        F.conv1d(x, c)
        F.conv1d(x, c, r, padding='same', dilation=2)
        F.conv1d(c[:0], d[:, :2])
        F.conv1d(input=c, weight=c, bias=None, stride=[1], padding=[1], dilation=[1], groups=1)
        F.conv1d(c.to(torch.float32), c.to(torch.float32))
        F.conv1d(c.to(torch.float16), c.to(torch.float16), padding=1)
        F.conv1d(j, j.reshape(1, 2, 3))
        torch.conv1d(c, d[:, :2], r, 1, 'same')
        torch.conv1d(c, d[:, :2], r, 1, 1, 1, 1)
        F.conv2d(c[None], c[:, None, :, :2].expand(2, 2, 2, 2))
        F.conv2d(c[None], d.reshape(3, 2, 2, 1), v)
        F.conv2d(c[None], d.reshape(3, 2, 2, 1), v, (1, 2), (1, 0), (1, 2))
        F.conv2d(c[None], d.reshape(3, 2, 1, 2), v, padding='same')
        F.conv2d(c[None], d.reshape(3, 2, 1, 2), v, padding='same', dilation=(2, 2))
        F.conv2d(c, d.reshape(3, 2, 2, 1))
        F.conv2d(c, d.reshape(3, 2, 1, 2), v, padding='same')
        F.conv2d(c[:, None], d.reshape(2, 1, 3, 2), padding=2, stride=3)
        F.conv2d(c[None], d.reshape(6, 1, 2, 1), line, groups=2)
        F.conv2d(c[None], r.reshape(2, 1, 1, 1), groups=2)
        F.conv2d(c[None], x.reshape(3, 2, 1, 1))
        torch.conv2d(c[None], d.reshape(3, 2, 2, 1), v)
        torch.conv2d(c[None], d.reshape(3, 2, 2, 1), v, padding='same')
        F.conv3d(c[None], c[None, None], padding=1)
        F.conv3d(c[None, None], c[None, None], padding=(1, 1, 2), stride=(1, 2, 1), dilation=2)
        F.conv3d(c[None, None], d.reshape(6, 1, 2, 1, 1), line)
        F.conv3d(c[None, None], d.reshape(6, 1, 2, 1, 1), padding='same')
        F.conv3d(c[:, None, None], c.reshape(4, 1, 1, 1, 3), padding=(0, 0, 1))
        torch.conv3d(c[None, None], d.reshape(6, 1, 2, 1, 1), line)
    """,
    "transposed_convolution": """
        F.conv_transpose1d(c, d[:2].transpose(0, 1)[:2])
        F.conv_transpose1d(c, c)
        F.conv_transpose1d(c, c, r)
        F.conv_transpose1d(c, c, r, 2, 1, 1)
        F.conv_transpose1d(c, c, r, stride=3, output_padding=2)
        F.conv_transpose1d(c, c, dilation=3, output_padding=2)
        F.conv_transpose1d(c, c, dilation=3, output_padding=2, padding=1)
        F.conv_transpose1d(c, c[:, :1], r, groups=2)
        F.conv_transpose1d(c, torch.cat([c, c], 1)[:, :, :2], torch.cat([r, r]), groups=1, stride=2)
        F.conv_transpose1d(x, c, r)
        F.conv_transpose1d(c[:0], c)
        F.conv_transpose1d(c.to(torch.float32), c.to(torch.float32), padding=1)
        torch.conv_transpose1d(c, c, r, (2,), (1,), (1,), 1, (1,))
        F.conv_transpose2d(c[None], d.reshape(2, 3, 2, 1), v)
        F.conv_transpose2d(c[None], d.reshape(2, 3, 2, 1), v, 2, 1, 1, 1, 2)
        F.conv_transpose2d(c[None], d.reshape(2, 3, 2, 1), v, (1, 2), (1, 0), (0, 1))
        F.conv_transpose2d(c, d.reshape(2, 3, 1, 2), v)
        F.conv_transpose2d(c[None], d.reshape(2, 3, 1, 2), line, groups=2)
        torch.conv_transpose2d(c[None], d.reshape(2, 3, 2, 1), v)
        F.conv_transpose3d(c[None, None], c[None, None], padding=1, stride=(1, 2, 1), output_padding=(0, 1, 0))
        F.conv_transpose3d(c[None], d.reshape(1, 6, 2, 1, 1), line)
        torch.conv_transpose3d(c[None, None], c[None, None])
    """,
}

PROGRAMS: dict[str, str] = {
    "networks": """
        h = F.conv2d(c[None], d.reshape(3, 2, 2, 1), v).relu()
        F.conv_transpose2d(h, d.reshape(3, 2, 1, 2)).square().sum()
    """,
    "derivatives_of_derivatives": """
        g = torch.autograd.grad(F.conv1d(c, d[:, :2], r, padding=1).pow(3).sum(), [c, d, r], create_graph=True)
        g[0].sum() + g[1].square().sum() + g[2].sum()

        g = torch.autograd.grad(F.conv_transpose1d(c, c, r, 2, 1, 1).pow(3).sum(), [c, r], create_graph=True)
        g[0].square().sum() + g[1].sum()
    """,
}
