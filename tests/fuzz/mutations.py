"""Inputs made of good ones: bytes are changed, put in, taken out and moved, as hypothesis draws it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

MOST_MUTATIONS = 8
LONGEST_PIECE = 40  # bytes taken out or moved


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes], pieces: Sequence[bytes]) -> bytes:
    """One of the seeds with a few mutations."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, MOST_MUTATIONS))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, LONGEST_PIECE)))
        kind = draw(st.sampled_from(["change", "piece", "bytes", "out", "repeat", "cut"]))
        if kind == "change" and start < len(content):
            content[start] ^= draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128, 255]))
        elif kind == "piece":
            content[start : draw(st.sampled_from([start, end]))] = draw(st.sampled_from(pieces))
        elif kind == "bytes":
            content[start:start] = draw(st.binary(max_size=8))
        elif kind == "out":
            del content[start:end]
        elif kind == "repeat":
            content[start:start] = content[start:end] * draw(st.integers(1, 20))
        elif kind == "cut":
            del content[start:]
    return bytes(content)
