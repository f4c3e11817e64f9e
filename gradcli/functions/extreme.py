"""The largest and the smallest: of all elements, along dimensions, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import IndexOutOfRange, OperandLabel
from gradcli.functions.along import put_along
from gradcli.functions.arguments import Dims, Operand
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.dims import axes_of, names_all
from gradcli.functions.elementwise import eq, isnan, logical_and, logical_or, maximum, minimum
from gradcli.functions.reduce import kept, spread, sum
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import unsqueeze
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import int64
from gradcli.lazy.shapes import describe, normalize_dim, reduced


def refuse_empty(name: str, input: Tensor, axes: Sequence[int], given: bool) -> None:
    """An error if there is no element to choose from."""
    for axis in axes:
        if input.shape[axis] == 0:
            if given:
                message = f"{name}(): Expected reduction dim {axis} to have non-zero size."
                raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(0, describe(input.shape))])
            message = f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
            if not name.startswith("arg"):
                message += " Specify the reduction dim with the 'dim' argument."
            raise misfit(message, input)


def _shared_by_ties(g: Tensor, input: Tensor, result: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    """The cotangent split evenly between the elements that are the extreme."""
    extreme = kept(result, input.shape, dim, keepdim)
    ties = to(eq(input, extreme), input.dtype)
    axes = None if names_all(dim) else dim
    return spread(g, input.shape, dim, keepdim) * ties / sum(ties, axes, keepdim=axes is not None)


@function("AmaxBackward0", examples=("amax(x, 1)",), d_input=_shared_by_ties, kink="ties share evenly")
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> LazyArray:
    """The largest element, or along dimensions; ties share the gradient evenly."""
    refuse_empty("amax", input, axes_of(input.ndim, dim), not names_all(dim))
    return ops.reduce("max", input.array, axes_of(input.ndim, dim), keepdim)


@function("AminBackward0", examples=("amin(x, 1)",), d_input=_shared_by_ties, kink="ties share evenly")
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> LazyArray:
    """The smallest element, or along dimensions; ties share the gradient evenly."""
    refuse_empty("amin", input, axes_of(input.ndim, dim), not names_all(dim))
    return ops.reduce("min", input.array, axes_of(input.ndim, dim), keepdim)


@function(
    "AminmaxBackward0",
    results=("min", "max"),
    examples=("aminmax(x).max", "aminmax(x, dim=1).min"),
    kink="ties share evenly",
    d_input=lambda g_min, g_max, input, min, max, dim, keepdim: (
        _shared_by_ties(g_min, input, min, dim, keepdim) + _shared_by_ties(g_max, input, max, dim, keepdim)
    ),
)
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> tuple[LazyArray, LazyArray]:
    """The smallest and the largest element, or along a dimension; ties share the gradient evenly."""
    if dim is None and not input.shape.numel():
        raise misfit("aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.", input)
    axes = axes_of(input.ndim, dim)
    for axis in axes:
        if input.shape[axis] == 0:
            message = f"aminmax: Expected reduction dim {axis} to have non-zero size."
            raise IndexOutOfRange.as_torch(message, operands=[OperandLabel(0, describe(input.shape))])
    return ops.reduce("min", input.array, axes, keepdim), ops.reduce("max", input.array, axes, keepdim)


def put_back_chosen(g_values: Tensor, indices: Tensor, input_shape: Size, dim: int, keepdim: bool) -> Tensor:
    """The cotangent at the elements that were chosen, 0 elsewhere."""
    if not input_shape:
        return g_values
    axis = normalize_dim(dim, len(input_shape))
    index, source = (value if keepdim else unsqueeze(value, axis) for value in (indices, g_values))
    return put_along(source, axis, index, input_shape[axis])


def _choose(primitive: str, input: Tensor, dim: int, keepdim: bool) -> tuple[LazyArray, LazyArray]:
    axis = normalize_dim(dim, input.ndim)
    if not input.shape:
        return input.array, ops.full(Size(()), 0, int64)
    indices = ops.arg_reduce(primitive, input.array, axis, keepdims=True)
    values = ops.gather(input.array, indices, axis)
    shape = reduced(input.shape, (axis,), keepdim)
    return ops.reshape(values, shape), ops.reshape(indices, shape)


def shared_by_equals(g: Tensor, input: Tensor, result: Tensor) -> Tensor:
    """The cotangent split evenly between the elements that equal one that was chosen from all; nan equals nan here."""
    ties = to(logical_or(eq(input, result), logical_and(isnan(input), isnan(result))), input.dtype)
    return g * ties / sum(ties)


def _extreme(name: str, primitive: str, choose: str) -> tuple[Any, Any]:
    """The forms of max and min: of all elements, and along a dimension with indices."""

    def overall(input: Tensor) -> LazyArray:
        refuse_empty(name, input, range(input.ndim), given=False)
        return ops.reduce(primitive, input.array, tuple(range(input.ndim)))

    def along(input: Tensor, dim: int, keepdim: bool = False) -> tuple[LazyArray, LazyArray]:
        refuse_empty(name, input, axes_of(input.ndim, dim), given=True)
        return _choose(choose, input, dim, keepdim)

    overall.__doc__ = f"The {name}imum of all elements; ties share the gradient evenly."
    along.__doc__ = f"The {name}imum along a dimension and where it is; the gradient goes to the chosen element."
    title = name.title()
    declared_overall = function(
        f"{title}Backward1",
        name=name,
        public=False,
        examples=(f"{name}(x)",),
        kink="ties share evenly",
        d_input=shared_by_equals,
    )(overall)
    declared_along = function(
        f"{title}Backward0",
        name=name,
        public=False,
        results=("values", "indices"),
        examples=(f"{name}(x, 0).values",),
        kink="the gradient goes to the first of equals",
        d_input=put_back_chosen,
    )(along)
    return declared_overall, declared_along


_max_overall, _max_along = _extreme("max", "max", "argmax")
_min_overall, _min_along = _extreme("min", "min", "argmin")


def _max_or_min(
    forms: tuple[Any, Any], pair: Any, input: Tensor, dim: Operand | None, keepdim: bool, other: Tensor | None
) -> Any:
    second = other if other is not None else dim
    if isinstance(second, Tensor):
        return pair(input, second)
    return forms[0](input) if second is None else forms[1](input, second, keepdim)


@function(forms=(_max_overall, _max_along))
def max(input: Tensor, dim: Operand | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The largest of all elements; along a dimension, with indices; or of two tensors."""
    return _max_or_min((_max_overall, _max_along), maximum, input, dim, keepdim, other)


@function(forms=(_min_overall, _min_along))
def min(input: Tensor, dim: Operand | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The smallest of all elements; along a dimension, with indices; or of two tensors."""
    return _max_or_min((_min_overall, _min_along), minimum, input, dim, keepdim, other)


def _position(name: str, input: Tensor, dim: int | None, keepdim: bool) -> LazyArray:
    refuse_empty(name, input, axes_of(input.ndim, dim), dim is not None)
    if dim is None or not input.shape:
        flat = ops.reshape(input.array, Size((input.shape.numel(),)))
        found = ops.arg_reduce(name, flat, 0)
        return ops.reshape(found, Size((1,) * input.ndim)) if keepdim else found
    return ops.arg_reduce(name, input.array, normalize_dim(dim, input.ndim), keepdim)


@function(examples=("argmax(x)", "argmax(x, 1)"))
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> LazyArray:
    """Where the largest element is: the first of equals."""
    return _position("argmax", input, dim, keepdim)


@function(examples=("argmin(x)", "argmin(x, 1)"))
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> LazyArray:
    """Where the smallest element is: the first of equals."""
    return _position("argmin", input, dim, keepdim)
