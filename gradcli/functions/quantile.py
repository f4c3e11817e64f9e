"""What is chosen by rank or by number: quantiles and the most frequent element."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.arguments import Operand
from gradcli.functions.bounds import lerp
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.elementwise import ceil, floor, isnan, logical_not, mul, sub, times_number
from gradcli.functions.extreme import put_back_chosen, refuse_empty
from gradcli.functions.function import Function
from gradcli.functions.gather import gather
from gradcli.functions.pointwise import wrap_number
from gradcli.functions.reduce import any as some
from gradcli.functions.reduce import sum
from gradcli.functions.refusals import misfit
from gradcli.functions.repetition import expand
from gradcli.functions.select import masked_fill
from gradcli.functions.shape import flatten, transpose, unsqueeze, view_as_shape
from gradcli.functions.sort import BOTH, sort
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import float32, float64, int64
from gradcli.lazy.shapes import normalize_dim, reduced

# ── quantiles ──

#: What each interpolation makes of a rank that is no whole number, before its elements are taken.
_ROUNDED: dict[str, Callable[[Tensor], Tensor]] = {
    "lower": floor,
    "higher": ceil,
    "nearest": lambda ranks: Tensor(ops.unary("round", ranks.array)),
}
_INTERPOLATIONS = ("linear", *_ROUNDED, "midpoint")


def _sorted_lines(input: Tensor, dim: int | None) -> Tensor:
    """The elements in order along a last dimension."""
    if dim is None:
        lines = flatten(input)
    elif normalize_dim(dim, input.ndim) == input.ndim - 1:
        lines = input
    else:
        lines = transpose(unsqueeze(input, -1), dim, -1)
    in_order: Tensor = sort(lines)[0]
    return in_order


def _lines_shape(input: Tensor, dim: int | None, keepdim: bool) -> Size:
    """The shape of the result, without the dimension that several quantiles give it."""
    if dim is None:
        return Size((1,) * input.ndim if keepdim else ())
    return reduced(input.shape, (normalize_dim(dim, input.ndim),), keepdim) if input.ndim else input.shape


def _ranks(lines: Tensor, q: Tensor, ignore_nan: bool) -> Tensor:
    """Where quantiles are in each line: among the numbers only, or at the first nan if there is one."""
    if ignore_nan:
        ranks = mul(q, sub(sum(logical_not(isnan(lines)), -1, True), 1))
        return masked_fill(ranks, ranks < 0, 0)
    last_place = lines.shape[-1] - 1
    has_nan = some(isnan(lines), -1, True)
    return masked_fill(_broadcast(times_number(q, last_place), has_nan.shape), has_nan, last_place)


def _broadcast(ranks: Tensor, shape: Size) -> Tensor:
    wanted = (*shape[:-1], ranks.shape[-1] if ranks.ndim else 1)
    return ranks if ranks.shape == wanted else expand(ranks, wanted)


def _interpolated(lines: Tensor, ranks: Tensor, interpolation: str) -> Tensor:
    """The elements at the ranks, or between the two next to each."""
    if interpolation in _ROUNDED:
        return gather(lines, -1, to(_ROUNDED[interpolation](ranks).detach(), int64))
    below = to(ranks.detach(), int64)
    half = interpolation == "midpoint"
    weights = wrap_number(0.5, lines.dtype) if half else sub(ranks, below)
    above = to(ceil(ranks.detach()), int64)
    return lerp(gather(lines, -1, below), gather(lines, -1, above), weights)


def _refuse_quantile(input: Tensor, q: Operand, interpolation: str) -> None:
    if input.dtype not in (float32, float64):
        message = "quantile() input tensor must be either float or double dtype"
        raise DTypeMismatch.as_torch(message, hint="convert it with .float()")
    if not input.shape.numel():
        raise misfit("quantile() input tensor must be non-empty", input)
    if interpolation not in _INTERPOLATIONS:
        message = f"quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        raise ValueFault.as_torch(message)
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise ValueFault.as_torch(f"quantile() q must be in the range [0, 1] but got {q:g}")
        return
    if q.ndim > 1:
        raise misfit("quantile() q must be a scalar or 1D tensor", input, q)
    if q.dtype is not input.dtype:
        raise DTypeMismatch.as_torch("quantile() q tensor must be same dtype as the input tensor", hint="convert q with .to()")
    values = possible_values(q.array)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueFault.as_torch("quantile() q values must be in the range [0, 1]")


def _declare_quantile(name: str, ignore_nan: bool) -> Function:
    def quantile(
        input: Tensor, q: Operand, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
    ) -> Tensor:
        _refuse_quantile(input, q, interpolation)
        if dim is not None:
            normalize_dim(dim, input.ndim)
        wanted = q if isinstance(q, Tensor) else wrap_number(q, input.dtype)
        lines = _sorted_lines(input, dim)
        lines = view_as_shape(lines, (*_lines_shape(input, dim, keepdim), lines.shape[-1]))
        found = _interpolated(lines, _ranks(lines, wanted, ignore_nan), interpolation)
        return _without_last(_ends_exchanged(_with_first(found))) if wanted.ndim else _without_last(found)

    ignoring = " that are not nan" if ignore_nan else ""
    quantile.__doc__ = f"The number that a share q of the elements{ignoring} is below, of all or along a dimension."
    examples = (f"{name}(x, 0.3)", f"{name}(x, sigmoid(v), dim=0)", f"{name}(x, 0.3, dim=0, interpolation='lower')")
    forms = (sort, gather, lerp, _with_first, _ends_exchanged, _without_last)
    return function(name=name, forms=forms, examples=examples)(quantile)


@function("UnsqueezeBackward1", name="unsqueeze", public=False, d_input=lambda g, input_shape: view_as_shape(g, input_shape))
def _with_first(input: Tensor) -> LazyArray:
    """With a first dimension of size 1, of a tensor nobody else sees."""
    return ops.reshape(input.array, Size((1, *input.shape)))


@function("TransposeBackward1", name="transpose", public=False, d_input=lambda g: _ends_exchanged(g))
def _ends_exchanged(input: Tensor) -> LazyArray:
    """The first and the last dimension exchanged, of a tensor nobody else sees."""
    last = input.ndim - 1
    return ops.permute(input.array, (last, *range(1, last), 0))


@function("SqueezeBackward4", name="squeeze", public=False, d_input=lambda g, input_shape: view_as_shape(g, input_shape))
def _without_last(input: Tensor) -> LazyArray:
    """Without the last dimension, which is of size 1, of a tensor nobody else sees."""
    return ops.reshape(input.array, Size(input.shape[:-1]))


quantile = _declare_quantile("quantile", ignore_nan=False)
nanquantile = _declare_quantile("nanquantile", ignore_nan=True)

# ── the most frequent ──


@function(
    "ModeBackward0",
    results=BOTH,
    kink="of equal elements, the last one is chosen",
    examples=("mode(x, 1).values",),
    d_input=put_back_chosen,
)
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> tuple[LazyArray, LazyArray]:
    """The most frequent element along a dimension, the smallest of several, and where it is last."""
    axis = normalize_dim(dim, input.ndim)
    if not input.shape:
        return input.array, ops.constant(0, int64)
    refuse_empty("mode", input, (axis,), given=True)
    order = ops.argsort(input.array, axis, False)
    run_length = _run_length(ops.gather(input.array, order, axis), axis)
    longest = ops.arg_reduce("argmax", run_length, axis, keepdims=True)
    place = ops.gather(order, longest, axis)
    shape = reduced(input.shape, (axis,), keepdim)
    return ops.reshape(ops.gather(input.array, place, axis), shape), ops.reshape(place, shape)


def _run_length(in_order: LazyArray, axis: int) -> LazyArray:
    """How many elements up to each one equal it, along an axis that is in order."""
    shape = in_order.shape
    whole = [(0, size, 1) for size in shape]
    later, earlier = ([*whole[:axis], (start, shape[axis] - 1, 1), *whole[axis + 1 :]] for start in (1, 0))
    starts = ops.binary("not_equal", ops.slice_(in_order, tuple(later)), ops.slice_(in_order, tuple(earlier)))
    first = ops.full(Size((*shape[:axis], 1, *shape[axis + 1 :])), 0, int64)
    places = ops.reshape(ops.arange(0, 1, shape[axis], int64), Size(size if i == axis else 1 for i, size in enumerate(shape)))
    after_first = ops.slice_(places, tuple((1, size - 1, 1) if i == axis else (0, 1, 1) for i, size in enumerate(places.shape)))
    started = ops.where(starts, after_first, ops.constant(0, int64))
    run_start = ops.scan("cummax", ops.concatenate((first, started), axis), axis)
    return ops.binary("sub", places, run_start)
