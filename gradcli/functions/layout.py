"""Memory layout as PyTorch would have it: which reshapes are views, and which need a copy.

Lazy arrays have no strides; PyTorch's decide which operations it records for `reshape` and `matmul`, and whether `view`
is allowed. The strides of a view follow from the calls that made it, those of an elementwise result from its operands, and
are its own if they are not those of rows one after the other; other results are taken to be contiguous.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import mul

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Strides, ViewOf
from gradcli.lazy import Size
from gradcli.lazy.shapes import normalize_dim


def contiguous_strides(shape: Sequence[int]) -> Strides:
    """How far apart neighbours are along each axis when rows are stored one after the other."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


# ── how views change strides: the rules that their declarations name ──


def swapped(strides: Strides, dim0: int, dim1: int) -> Strides:
    """Two dimensions exchanged."""
    moved = list(strides)
    a, b = normalize_dim(dim0, len(strides)), normalize_dim(dim1, len(strides))
    if moved:
        moved[a], moved[b] = moved[b], moved[a]
    return tuple(moved)


def permuted(strides: Strides, dims: Sequence[int]) -> Strides:
    """The dimensions in another order."""
    return tuple(strides[normalize_dim(axis, len(strides))] for axis in dims)


def removed(strides: Strides, dim: int) -> Strides:
    """One dimension less."""
    axis = normalize_dim(dim, len(strides))
    return strides[:axis] + strides[axis + 1 :]


def inserted(strides: Strides, input_shape: Size, dim: int) -> Strides:
    """One dimension more, of size 1."""
    axis = normalize_dim(dim, len(strides) + 1)
    step = strides[axis] * input_shape[axis] if axis < len(strides) else 1
    return (*strides[:axis], step, *strides[axis:])


def repeated(strides: Strides, input_shape: Size, size: Sequence[int]) -> Strides:
    """Expanded to a size: what is repeated stays where it is."""
    lead = len(size) - len(strides)
    return (0,) * lead + tuple(
        step if wanted in (-1, own) else 0 for step, own, wanted in zip(strides, input_shape, size[lead:], strict=True)
    )


def stretched(strides: Strides, dim: int, step: int) -> Strides:
    """Every step-th slice of a dimension."""
    return (*strides[:dim], strides[dim] * step, *strides[dim + 1 :])


def unfolded(strides: Strides, dimension: int, step: int) -> Strides:
    """Windows that slide along a dimension, their elements as the last dimension."""
    if not strides:
        return (1,)
    axis = normalize_dim(dimension, len(strides))
    return (*stretched(strides, axis, step), strides[axis])


def along_diagonal(strides: Strides, dim1: int, dim2: int) -> Strides:
    """Two dimensions as one, the last, that goes along both."""
    axes = normalize_dim(dim1, len(strides)), normalize_dim(dim2, len(strides))
    return (*(step for axis, step in enumerate(strides) if axis not in axes), strides[axes[0]] + strides[axes[1]])


def reshaped(strides: Strides, input_shape: Size, shape: Sequence[int]) -> Strides:
    """Another shape that needs no copy."""
    return view_strides(input_shape, strides, shape) or contiguous_strides(shape)


# ── how elementwise functions lay out what they make ──


def follow(result: Tensor, *operands: Tensor) -> None:
    """Let a new tensor lie in memory as an elementwise function of PyTorch lays it out: as its operands do, without gaps."""
    if all(map(_is_plain, operands)):
        return
    found = _elementwise(result.shape, tuple([(operand.shape, strides(operand)) for operand in operands]))
    if found is not None:
        result.own_strides = found


@lru_cache(1 << 10)  # small programs ask for few layouts, again and again
def _elementwise(shape: Size, operands: Sequence[tuple[Size, Strides]]) -> Strides | None:
    """The strides of what is computed of operands with these shapes and strides; None where it is rows one after the other."""
    if len(shape) < 2 or all(_are_rows(own, steps) for own, steps in operands):
        return None
    own, steps = operands[0]
    if own == shape and _is_dense(own, steps) and all(other == operands[0] for other in operands):
        found = steps
    else:
        found = _without_gaps(shape, [repeated(steps, own, shape) for own, steps in operands])
    return found if found != contiguous_strides(shape) else None


def _is_dense(shape: Size, strides: Strides) -> bool:
    """Whether each element has a place of its own, and no place is between them."""
    step = 1
    for own, size in sorted((own, size) for own, size in zip(strides, shape, strict=True) if size != 1):
        if own != step:
            return False
        step *= size
    return True


def _without_gaps(shape: Size, operands: Sequence[Strides]) -> Strides:
    """Strides of dimensions that lie within each other as the operands' do; the first one that tells two apart decides."""
    inner = list(reversed(range(len(shape))))  # dimensions, from the one whose neighbours are closest
    for place in range(1, len(inner)):
        for other in reversed(range(place)):
            order = _order(shape, operands, inner[other], inner[place])
            if order > 0:
                inner[other], inner[place] = inner[place], inner[other]
                place = other
            elif order < 0:
                break
    steps = accumulate((max(shape[axis], 1) for axis in inner), mul, initial=1)
    return tuple(step for _, step in sorted(zip(inner, steps, strict=False)))


def _order(shape: Size, operands: Sequence[Strides], one: int, other: int) -> int:
    """-1 where a dimension lies within another, 1 where it is the other way round, 0 where nothing tells."""
    for strides in operands:
        if strides[one] and strides[other]:
            if strides[one] != strides[other]:
                return -1 if strides[one] < strides[other] else 1
            if shape[one] > shape[other]:
                return 1
    return 0


# ── the strides of a tensor ──


def strides(tensor: Tensor) -> Strides:
    """The strides PyTorch's tensor would have, in elements; each view remembers its own."""
    chain: list[ViewOf] = []
    while (view := tensor.view_of) is not None and view.strides is None:
        chain.append(view)
        tensor = view.base
    known = view.strides if view is not None else tensor.own_strides
    found = known if known is not None else contiguous_strides(tensor.shape)
    for view in reversed(chain):
        found = view.strides = found if view.strides_from is None else view.strides_from(found)
    return found


def is_contiguous(tensor: Tensor) -> bool:
    """Whether PyTorch's tensor would have its rows one after the other in memory."""
    return _is_plain(tensor) or _are_rows(tensor.shape, strides(tensor))


def _is_plain(tensor: Tensor) -> bool:
    """Whether a tensor is no view and has no strides of its own, which leaves rows one after the other."""
    return tensor.view_of is None and tensor.own_strides is None


def _are_rows(shape: Size, strides: Strides) -> bool:
    return shape.numel() == 0 or _agree(shape, strides, contiguous_strides(shape))


def lies_as(tensor: Tensor, expected: Strides) -> bool:
    """Whether a tensor has strides, wherever they tell."""
    return _agree(tensor.shape, strides(tensor), expected)


def _agree(shape: Size, strides: Strides, expected: Strides) -> bool:
    return all(size <= 1 or a == b for size, a, b in zip(shape, strides, expected, strict=True))


def view_strides(shape: Sequence[int], old: Strides, new_shape: Sequence[int]) -> Strides | None:
    """The strides of a reshape that needs no copy, or None if it needs one."""
    if Size(shape).numel() == 0:
        return contiguous_strides(new_shape)
    found: list[int] = []  # from the last dimension on
    wanted = list(new_shape)
    for elements, step in _runs(shape, old):
        taken = 1
        while wanted and (taken < elements or wanted[-1] == 1):
            found.append(taken * step)
            taken *= wanted.pop()
        if taken != elements:
            return None
    return tuple(reversed(found)) if not wanted else None


def _runs(shape: Sequence[int], strides: Strides) -> Iterator[tuple[int, int]]:
    """Dimensions that are one run of memory, from the last ones on: how many elements, and how far they are from each other."""
    elements, step = 1, strides[-1] if strides else 1
    for axis in reversed(range(len(shape))):
        elements *= shape[axis]
        if axis and shape[axis - 1] != 1 and strides[axis - 1] != elements * step:
            yield elements, step
            elements, step = 1, strides[axis - 1]
    yield elements, step


def is_viewable(tensor: Tensor, shape: Sequence[int]) -> bool:
    """Whether the tensor can take a shape without a copy."""
    return view_strides(tensor.shape, strides(tensor), shape) is not None
