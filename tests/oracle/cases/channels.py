"""Channels rearranged: into pixels and back, and among each other."""

from __future__ import annotations

LINES: dict[str, str] = {
    "channels": """
        F.pixel_shuffle(torch.cat([c, c * 2]), 2)
        F.pixel_shuffle(torch.cat([c, c * 2])[None], 2)
        F.pixel_shuffle(c, 1)
        torch.pixel_shuffle(torch.cat([c, c * 2]), 2)
        F.pixel_unshuffle(torch.cat([c, c * 2], 2), 2)
        F.pixel_unshuffle(torch.cat([c, c * 2], 2)[None], 1)
        torch.pixel_unshuffle(torch.cat([c, c * 2], 2), 2)
        F.channel_shuffle(c, 2)
        F.channel_shuffle(torch.cat([c, c * 2], 1), 2)
        torch.channel_shuffle(torch.cat([c, c * 2, c * 3], 1)[None].transpose(1, 2), 3)
    """,
}

PROGRAMS: dict[str, str] = {}
