"""How many elements of a batch can be computed together so that each has the bits that it has when it is computed by itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from gradcli.engine.evaluation import LEAST_ELEMENTS
from gradcli.engine.kernels import FEW, Kernel, where
from gradcli.engine.primitives import NUMPY_DTYPE, UFUNCS
from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import float16


def most_together(arrays: Sequence[LazyArray]) -> int:
    """The size of the largest batch, from all arrays that the results for one element are made from; 0 for what is streamed.

    What is streamed is added up in parts. Kernels compute few numbers otherwise than many, and NumPy some functions of a single
    number in half precision otherwise than those of several.
    """
    largest = max((prod(array.shape) for array in arrays), default=1)
    most = (LEAST_ELEMENTS - 1) // max(largest, 1)
    if any(array.dtype is float16 for array in arrays):
        return min(most, 1)
    for array in arrays:
        kernel = UFUNCS.get(array.primitive)
        if isinstance(kernel, Kernel) and kernel is not where and NUMPY_DTYPE[array.operands[-1].dtype].char in kernel.dtypes:
            size = max(prod(operand.shape) for operand in array.operands)
            if 0 < size < FEW:
                most = min(most, (FEW - 1) // size)
    return most
