"""Arrays that are given away: what their taker does to them changes nothing else."""

from __future__ import annotations

import numpy as np


def owner_of(array: np.ndarray) -> int:
    """The identity of the array whose memory this one shows."""
    while isinstance(base := array.base, np.ndarray):
        array = base
    return id(array)


def owned(array: np.ndarray, taken: set[int]) -> np.ndarray:
    """The array, or a copy if it cannot be written to, or shows memory of the owners that are taken; its owner is, then."""
    array = np.asarray(array)  # functions of NumPy give numbers for arrays without dimensions
    owner = owner_of(array)
    if owner in taken or not array.flags.writeable:
        array = array.copy()
        owner = id(array)
    taken.add(owner)
    return array
