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
        F.bilinear(x, y[:1], m[None])
        F.bilinear(x, y[0], m[None])
        F.bilinear(x, y, m[None], v)
        F.bilinear(x, y, m[None, :2])
        F.bilinear(x, y, m[None, :, :2])
    """,
    "value": """
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
        F.interpolate(j[None], 4)
        F.interpolate(j[None], 4, mode='linear')
    """,
    "dimension-out-of-range": """
        F.bilinear(x, y, m)
    """,
}

PROGRAMS: dict[str, str] = {}
