"""`dim` arguments: one dimension, several or all, as axes counted from the front."""

from __future__ import annotations

from gradcli.functions.arguments import Dims
from gradcli.lazy.shapes import normalize_dims


def listed(dim: Dims) -> tuple[int, ...]:
    """One dimension or several, as a tuple; an empty one for None."""
    return (dim,) if isinstance(dim, int) else tuple(dim or ())


def names_all(dim: Dims) -> bool:
    """Whether a reduction is over everything: None and an empty tuple say so, as in PyTorch."""
    return dim is None or dim == ()


def axes_of(rank: int, dim: Dims) -> tuple[int, ...]:
    """The axes that a reduction's `dim` names, in order and each once; a 0-dim tensor has none."""
    axes = range(rank) if names_all(dim) else normalize_dims(listed(dim), rank)
    return tuple(axes) if rank else ()
