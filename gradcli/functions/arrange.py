"""Functions composed of others that rearrange elements: more dimensions, stacks, grids, differences, Kronecker products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import ShapeMismatch, ValueFault
from gradcli.functions.arguments import Tensors
from gradcli.functions.declare import function
from gradcli.functions.elementwise import mul, sub
from gradcli.functions.index import narrow
from gradcli.functions.join import cat
from gradcli.functions.shape import expand, reshape, unsafe_view, unsqueeze, view
from gradcli.lazy import Size
from gradcli.lazy.shapes import normalize_dim


def _raised(tensor: Tensor, rank: int) -> Tensor:
    """At least so many dimensions: new ones in front, but a third one at the end."""
    if tensor.ndim >= rank:
        return tensor
    if tensor.ndim == 0:
        return reshape(tensor, (1,) * rank)
    raised = unsqueeze(tensor, 0) if tensor.ndim == 1 else tensor
    return unsqueeze(raised, -1) if rank == 3 else raised


def _at_least(rank: int) -> Callable[..., Any]:
    """Declare atleast_1d and its like."""

    def raise_rank(*tensors: Tensor) -> Any:
        raised = tuple(_raised(tensor, rank) for tensor in tensors)
        return raised[0] if len(raised) == 1 else raised

    raise_rank.__doc__ = f"Tensors with at least {rank} dimension{'s' * (rank > 1)}."
    return function(name=f"atleast_{rank}d", method=False, examples=(f"atleast_{rank}d(v)",))(raise_rank)


atleast_1d, atleast_2d, atleast_3d = (_at_least(rank) for rank in (1, 2, 3))


@function(method=False, forms=(cat,), examples=("hstack([x, y])",))
def hstack(tensors: Tensors) -> Tensor:
    """Tensors joined side by side."""
    raised = tuple(_raised(tensor, 1) for tensor in tensors)
    return cat(raised, 0 if raised and raised[0].ndim == 1 else 1)


@function(method=False, aliases=("row_stack",), forms=(cat,), examples=("vstack([x, y])",))
def vstack(tensors: Tensors) -> Tensor:
    """Tensors joined one below the other."""
    return cat(tuple(_raised(tensor, 2) for tensor in tensors), 0)


@function(method=False, forms=(cat,), examples=("dstack([x, y])",))
def dstack(tensors: Tensors) -> Tensor:
    """Tensors joined along the third dimension."""
    return cat(tuple(_raised(tensor, 3) for tensor in tensors), 2)


@function(method=False, examples=("meshgrid(v, w, indexing='ij')[0]",))
def meshgrid(*tensors: Tensor, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates of a grid from the coordinates along each axis; indexing: 'ij', or 'xy' with the first two axes swapped."""
    if indexing not in ("ij", "xy"):
        raise ValueFault.as_torch(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    axes = list(range(len(tensors)))
    if indexing == "xy" and len(tensors) >= 2:
        axes[:2] = [1, 0]
    shape = [0] * len(tensors)
    for axis, tensor in zip(axes, tensors, strict=True):
        shape[axis] = tensor.shape.numel()
    grids = []
    for axis, tensor in zip(axes, tensors, strict=True):
        along = tuple(-1 if position == axis else 1 for position in range(len(tensors)))
        grids.append(expand(view(tensor, along), tuple(shape)))
    return tuple(grids)


@function(examples=("diff(x)", "diff(x, n=2, dim=1)"))
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """The differences of neighbours along a dimension, n times."""
    if input.ndim == 0:
        raise ShapeMismatch.as_torch("diff expects input to be at least one-dimensional")
    if n < 0:
        raise ValueFault.as_torch(f"order must be non-negative but got {n}")
    axis = normalize_dim(dim, input.ndim)
    parts: Tensors = tuple(part for part in (prepend, input, append) if part is not None)
    values = cat(parts, axis) if len(parts) > 1 else input
    for _ in range(n):
        length = values.shape[axis]
        if length == 0:
            break
        values = sub(narrow(values, axis, 1, length - 1), narrow(values, axis, 0, length - 1))
    return values


@function(examples=("kron(x, y)",))
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: every element of input times the whole of other."""
    rank = max(input.ndim, other.ndim)
    a, b = ((1,) * (rank - tensor.ndim) + tuple(tensor.shape) for tensor in (input, other))
    product = mul(
        unsafe_view(input, tuple(part for size in a for part in (size, 1))),
        unsafe_view(other, tuple(part for size in b for part in (1, size))),
    )
    return unsafe_view(product, Size(m * n for m, n in zip(a, b, strict=True)))
