"""What reads one triangle of a matrix, as a function of symmetric matrices, which is what its derivative rule takes it for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gradcli.autograd import Node, Tensor, walk
from gradcli.functions.decompose import transposed
from gradcli.functions.shape import transpose
from gradcli.lazy import LazyArray, ops
from gradcli.session.trace import Trace, arrays_behind, by_serial

#: The primitives that read one triangle: the lower one, where no parameter says otherwise.
READERS = frozenset(("cholesky", "eigh", "partial_cholesky"))
#: The matrices that come from elsewhere are symmetric as far as this, relative to their largest element.
SYMMETRIC = 1e-12


def by_pairs(
    inputs: Sequence[LazyArray], roots: Sequence[LazyArray], numbers: Callable[[Sequence[LazyArray]], Sequence[np.ndarray]]
) -> Sequence[LazyArray]:
    """The roots, made from matrices that stay symmetric where one triangle is read; `numbers` are those before anything moves."""
    order = sorted(arrays_behind(roots, inputs), key=by_serial)
    readers = [array for array in order if array.primitive in READERS]
    if not readers:
        return roots
    before = dict(zip(readers, numbers([reader.operands[0] for reader in readers]), strict=True))
    made = {array: array for array in inputs}
    for array in order:
        operands = tuple([made[operand] for operand in array.operands])
        if array in before:
            operands = (_symmetric(operands[0], before[array], is_upper="U" in array.params),)
        is_same = operands == array.operands
        made[array] = array if is_same else LazyArray(array.primitive, operands, array.params, array.shape, array.dtype)
    return [made[root] for root in roots]


def _symmetric(matrix: LazyArray, before: np.ndarray, is_upper: bool) -> LazyArray:
    """What is read of a matrix, and the symmetric part of how it differs from what it was."""
    read = np.triu(before) if is_upper else np.tril(before)
    mirrored = read + np.triu(read, 1).mT + np.tril(read, -1).mT
    change = ops.binary("sub", matrix, ops.from_buffer(before, matrix.dtype))
    both = ops.binary("add", change, transposed(change))
    half = ops.binary("mul", both, ops.full(both.shape, 0.5, matrix.dtype))
    return ops.binary("add", ops.from_buffer(mirrored, matrix.dtype), half)


def is_mirrored(node: Node) -> bool:
    """Whether an operation takes its matrix for symmetric, with a rule for any matrix: what it makes is symmetric too."""
    place = getattr(node.rule, "positions", {}).get("hermitian")
    return place is not None and node.parameters[1][place] is True


def mirror_gradients(result: Tensor) -> None:
    """Take the symmetric part of the gradients that arrive at symmetric results: the other part is of no function of them."""
    for node in walk(result.grad_fn) if result.grad_fn is not None else ():
        if is_mirrored(node):
            node.hooks = [*(node.hooks or ()), (0, lambda g: (g + transpose(g, -2, -1)) * 0.5)]


def reads_one_triangle(inputs: Sequence[LazyArray], at: Sequence[np.ndarray], roots: Sequence[LazyArray]) -> bool:
    """Whether one triangle is read of a matrix that is not symmetric whatever the inputs are."""
    matrices = [array.operands[0] for array in arrays_behind(roots, inputs) if array.primitive in READERS]
    if not matrices:
        return False
    generator = np.random.default_rng(0)
    moved = [numbers * generator.uniform(1, 1.01, numbers.shape) + generator.uniform(0, 0.01, numbers.shape) for numbers in at]
    found = Trace(inputs, sorted(arrays_behind(matrices, inputs), key=by_serial), matrices).replay(moved)
    return any(np.abs(matrix - matrix.mT).max(initial=0) > SYMMETRIC * np.abs(matrix).max(initial=0) for matrix in found)
