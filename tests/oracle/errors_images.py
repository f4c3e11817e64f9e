"""What functions of images and bilinear layers refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "shape-mismatch": """
        F.unfold(c[None], 5)
        F.unfold(torch.zeros(1, 0, 3, 3), 2)
        F.fold(torch.ones(1, 5, 4), (3, 3), 2)
        F.fold(torch.ones(1, 4, 5), (3, 3), 2)
        F.fold(x, (3, 3), 2)
        F.interpolate(c, (4, 5))
        F.interpolate(c, 0)
        F.interpolate(c[None], (2, 0))
        F.interpolate(c, scale_factor=0.1)
        F.interpolate(c, scale_factor=(2, 3))
        F.interpolate(c[:, :0], 4)
        F.interpolate(x, 4)
        F.interpolate(c, 4, mode='bilinear')
        F.grid_sample(c, torch.zeros(1, 2, 2, 2))
        F.grid_sample(c[None], torch.zeros(1, 2, 2, 2, 3))
        F.grid_sample(c[None], torch.zeros(1, 2, 2, 1))
        F.grid_sample(c[None].expand(2, 2, 2, 3), torch.zeros(1, 2, 2, 2))
        F.affine_grid(m[None], (1, 2, 3, 4))
        F.affine_grid(torch.stack([x, y]), (1, 2, 3, 4))
        F.bilinear(x, y[:1], m[None])
        F.bilinear(x, y[0], m[None])
        F.bilinear(x, y, m[None], v)
        F.bilinear(x, y, m[None, :2])
        F.bilinear(x, y, m[None, :, :2])
    """,
    "value": """
        F.grid_sample(c[None], torch.zeros(1, 2, 2, 2), 'foo')
        F.grid_sample(c[None], torch.zeros(1, 2, 2, 2), padding_mode='foo')
        F.affine_grid(j[None], (1, 2, 3, 4))
        F.unfold(c[None], 0)
        F.unfold(c[None], 2, stride=0)
        F.unfold(c[None], 2, padding=-1)
        F.unfold(c[None], 2, dilation=(1, 0))
        F.interpolate(c)
        F.interpolate(c, 4, 2)
        F.interpolate(c, 4, align_corners=True)
        F.interpolate(c, 4, mode='foo')
        F.interpolate(c, scale_factor=2, mode='linear', antialias=True)
        F.interpolate(c[None], (3, 4), mode='bilinear', recompute_scale_factor=True)
    """,
    "dtype-mismatch": """
        F.grid_sample(j[None, None], torch.zeros(1, 2, 2, 2))
        F.grid_sample(c[None], torch.zeros(1, 2, 2, 2))
        F.interpolate(j[None], 4)
        F.interpolate(j[None], 4, mode='linear')
    """,
    "not-supported": """
        F.grid_sample(c[None, None], torch.zeros(1, 2, 2, 2, 3).double(), 'bicubic')
        F.affine_grid(x[None], (1, 2, 3))
    """,
    "dimension-out-of-range": """
        F.bilinear(x, y, m)
    """,
}

PROGRAMS: dict[str, str] = {}
