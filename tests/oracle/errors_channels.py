"""What functions that rearrange channels refuse, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {
    "shape-mismatch": """
        F.pixel_shuffle(c, 2)
        F.pixel_shuffle(x, 2)
        F.pixel_unshuffle(c, 2)
        F.pixel_unshuffle(x, 2)
        F.channel_shuffle(c, 3)
        F.channel_shuffle(x, 2)
    """,
    "value": """
        F.pixel_shuffle(c, 0)
        F.pixel_unshuffle(c, -1)
        F.channel_shuffle(c, 0)
    """,
}

PROGRAMS: dict[str, str] = {}
