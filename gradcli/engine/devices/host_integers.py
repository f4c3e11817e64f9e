"""Integers that are known on the host: positions are looked at to check them, and nothing is copied back for that."""

from __future__ import annotations

from math import prod

import numpy as np

from gradcli.engine.order import reachable, share
from gradcli.engine.whole import Values, execute
from gradcli.lazy.array import LazyArray


def on_host(root: LazyArray) -> np.ndarray | None:
    """The value of integers or booleans made of such that the host has or draws, by no more work than copying; else None.

    It is not kept, because the device computes it with less effort than it takes to send it; what was drawn is.
    """
    if root.buffer is not None or not _is_of_the_host(root):
        return None
    steps, canonical = share(reachable([root])[0])
    drawn = [array for array, _ in steps if array.primitive == "random"]
    values = Values()
    wanted = canonical.get(root, root)
    execute(steps, {wanted, *drawn}, values)
    value = np.asarray(values[wanted])
    for array in drawn:
        array.keep(values[array])
    return value


def _is_of_the_host(root: LazyArray) -> bool:
    size = prod(root.shape)
    seen: set[LazyArray] = set()
    stack = [root]
    while stack:
        array = stack.pop()
        if array in seen:
            continue
        seen.add(array)
        if array.buffer is None:
            is_known = array.primitive == "random" or prod(array.shape) <= size
        else:
            is_known = isinstance(array.buffer, np.ndarray)
        if array.dtype.is_floating or not is_known:
            return False
        stack += array.operands
    return True
