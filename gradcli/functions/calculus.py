"""Integrals and derivatives of functions that are given by samples along a dimension."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.arguments import Dims
from gradcli.functions.declare import function
from gradcli.functions.dims import listed
from gradcli.functions.elementwise import add, div, mul, neg, over_number, sub, times_number
from gradcli.functions.join import cat
from gradcli.functions.reduce import cumsum
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import view_as_shape
from gradcli.functions.slices import select, slice_
from gradcli.lazy import ops, settings
from gradcli.lazy.dtypes import bool_
from gradcli.lazy.shapes import existing_dim, normalize_dim, reduced


def _part(samples: Tensor, axis: int, start: int, stop: int | None = None) -> Tensor:
    """Some slices along a dimension, counted from the end if negative."""
    places = range(samples.shape[axis])[start:stop]
    return slice_(samples, axis, places.start, len(places), 1)


def _along(values: Tensor, ndim: int, axis: int) -> Tensor:
    """A vector as a tensor of a rank that has it along a dimension."""
    return view_as_shape(values, tuple(values.shape.numel() if i == axis else 1 for i in range(ndim)))


# ── the trapezoidal rule ──


def _steps(name: str, y: Tensor, x: Tensor, axis: int) -> Tensor:
    """The distances between the places that samples are taken at."""
    places = x
    if x.ndim == 1:
        if x.shape[0] != y.shape[axis]:
            raise misfit(f"{name}: There must be one `x` value for each sample point", y, x)
        places = _along(x, y.ndim, axis)
    elif x.ndim < y.ndim:
        places = view_as_shape(x, (*(1,) * (y.ndim - x.ndim), *x.shape))
    return sub(_part(places, axis, 1), _part(places, axis, 0, -1))


def _pairs(y: Tensor, axis: int) -> Tensor:
    """The sums of neighbours."""
    return add(_part(y, axis, 1), _part(y, axis, 0, -1))


def _refuse_booleans(name: str, y: Tensor) -> None:
    if y.dtype is bool_:
        raise DTypeMismatch.as_torch(f"{name}: received a bool input for `y`, but bool is not supported", hint="use .float()")


@function(
    aliases=("trapz",),
    method=False,
    forms=(total, mul, times_number, over_number),
    examples=("trapezoid(x)", "trapezoid(x, dx=0.5, dim=0)", "trapezoid(x, y)"),
)
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Scalar = 1, dim: int = -1) -> Tensor:
    """The integral along a dimension by the trapezoidal rule, of samples a step apart or at given places."""
    axis = existing_dim(dim, y.ndim)
    _refuse_booleans("trapezoid", y)
    if y.shape[axis] == 0:
        dtype = y.dtype if y.dtype.is_floating else settings.default_dtype
        return Tensor(ops.full(reduced(y.shape, (axis,), False), 0, dtype))
    if x is not None:
        return over_number(total(mul(_pairs(y, axis), _steps("trapezoid", y, x, axis)), axis), 2.0)
    ends = add(select(y, axis, 0), select(y, axis, -1))
    return times_number(sub(total(y, axis), times_number(ends, 0.5)), dx)


@function(
    method=False,
    forms=(cumsum, mul, times_number, over_number),
    examples=("cumulative_trapezoid(x)", "cumulative_trapezoid(x, dx=0.5, dim=0)", "cumulative_trapezoid(x, y)"),
)
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Scalar = 1, dim: int = -1) -> Tensor:
    """The integral up to each sample but the first along a dimension, by the trapezoidal rule."""
    if y.ndim == 0:
        raise misfit("slice() cannot be applied to a 0-dim tensor.", y)
    axis = normalize_dim(dim, y.ndim)
    _refuse_booleans("cumulative_trapezoid", y)
    if x is None:
        return cumsum(times_number(_pairs(y, axis), dx / 2.0), axis)
    return over_number(cumsum(mul(_pairs(y, axis), _steps("cumulative_trapezoid", y, x, axis)), axis), 2.0)


# ── differences ──


def _slopes(input: Tensor, axis: int, step: Scalar, edge_order: int) -> Tensor:
    """Central differences of samples a step apart, and differences to one side at both ends."""
    centre = over_number(over_number(sub(_part(input, axis, 2), _part(input, axis, 0, -2)), step), 2)
    if edge_order == 1:
        first = sub(_part(input, axis, 1, 2), _part(input, axis, 0, 1))
        last = sub(_part(input, axis, -1), _part(input, axis, -2, -1))
    else:
        first = sub(
            add(times_number(_part(input, axis, 0, 1), -1.5), times_number(_part(input, axis, 1, 2), 2)),
            times_number(_part(input, axis, 2, 3), 0.5),
        )
        last = add(
            sub(times_number(_part(input, axis, -3, -2), 0.5), times_number(_part(input, axis, -2, -1), 2)),
            times_number(_part(input, axis, -1), 1.5),
        )
    return cat((over_number(first, step), centre, over_number(last, step)), axis)


def _slopes_between(input: Tensor, axis: int, places: Tensor, edge_order: int) -> Tensor:
    """Slopes of samples that are taken at any places: those of the parabola through three of them, by Lagrange's formula."""
    if places.ndim != 1:
        message = f"an element with {places.ndim} dimensions!"
        raise misfit(f"torch.gradient expected each element of spacing to have one dimension, but got {message}", input)
    steps = sub(_part(places, 0, 1), _part(places, 0, 0, -1))
    d, e = _part(steps, 0, 0, -1), _part(steps, 0, 1)
    inner = input.shape[axis] - 2

    def weighted(start: int, count: int, weights: tuple[Tensor, ...]) -> Tensor:
        first, second, third = (
            mul(_along(w, input.ndim, axis), slice_(input, axis, start + i, count, 1)) for i, w in enumerate(weights)
        )
        return add(add(first, second), third)

    centre = weighted(0, inner, (div(neg(e), mul(d, add(d, e))), div(sub(e, d), mul(d, e)), div(d, mul(e, add(d, e)))))
    if edge_order == 1:
        first = div(sub(_part(input, axis, 1, 2), _part(input, axis, 0, 1)), select(steps, 0, 0))
        last = div(sub(_part(input, axis, -1), _part(input, axis, -2, -1)), select(steps, 0, -1))
    else:
        a, b = _part(d, 0, 0, 1), _part(e, 0, 0, 1)
        first = weighted(0, 1, (-(a * 2 + b) / (a * (a + b)), (a + b) / (a * b), -a / (b * (a + b))))
        a, b = _part(d, 0, -1), _part(e, 0, -1)
        last = weighted(inner - 1, 1, (b / (a * (a + b)), -(a + b) / (a * b), (b * 2 + a) / (b * (a + b))))
    return cat((first, centre, last), axis)


def _spacings(spacing: Any, axes: tuple[int, ...], dim_was_given: bool) -> list[Any]:
    """The spacing along each dimension: a step, or a tensor of places."""
    if isinstance(spacing, Tensor) and spacing.shape.numel() == 1:
        return [spacing.item()] * len(axes)
    if not isinstance(spacing, (list, tuple)):
        return [spacing] * len(axes)
    if len(spacing) != len(axes):
        expected = "torch.gradient expected spacing to be unspecified, a scalar"
        if dim_was_given:
            lengths = f"a spacing argument of length {len(spacing)} and a dim argument of length {len(axes)}"
            raise ValueFault.as_torch(f"{expected} or it's spacing and dim arguments to have the same length, but got {lengths}.")
        length = f"'self.dim() = {len(axes)}', since dim argument was not given"
        raise ValueFault.as_torch(f"{expected}, or a list of length equal to {length}, but got a list of length {len(spacing)}")
    return list(spacing)


@function(
    method=False,
    forms=(cat, sub, div, over_number),
    examples=("gradient(x, dim=0)[0]", "gradient(v, spacing=0.5, edge_order=2)[0]", "gradient(x, spacing=[y[:, 0], v])[1]"),
)
def gradient(input: Tensor, *, spacing: Any = 1, dim: Dims = None, edge_order: int = 1) -> Any:
    """The slopes along dimensions: central differences, and at both ends differences of the order asked for."""
    axes = tuple(existing_dim(axis, input.ndim) for axis in (range(input.ndim) if dim is None else listed(dim)))
    spacings = _spacings(spacing, axes, dim is not None)
    if edge_order not in (1, 2):
        raise ValueFault.as_torch("torch.gradient only supports edge_order=1 and edge_order=2.")
    if any(input.shape[axis] < edge_order + 1 for axis in axes):
        raise misfit("torch.gradient expected each dimension size to be at least edge_order+1", input)
    return tuple(
        _slopes_between(input, axis, step, edge_order) if isinstance(step, Tensor) else _slopes(input, axis, step, edge_order)
        for axis, step in zip(axes, spacings, strict=True)
    )
