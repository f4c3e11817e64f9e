"""How each lazy primitive is computed over an array-API namespace: one table for all device libraries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from gradcli.engine.primitives import no_value
from gradcli.engine.special import SPECIAL
from gradcli.errors import ValueFault
from gradcli.lazy.dtypes import bool_, float64, int64

if TYPE_CHECKING:
    from gradcli.engine.devices.program import Execution, Instruction

Array = Any
Implementation = Callable[["Execution", "Instruction", list[Array]], Array]

# Primitives by the namespace's name for them; the array API defines these for numbers only, so booleans become 0 and 1.
# It has no exp2, fmax, fmin and fmod, but every device library's namespace has them under these names.
NUMERIC: dict[str, str] = {
    "abs": "abs",
    "acos": "acos",
    "acosh": "acosh",
    "add": "add",
    "asin": "asin",
    "asinh": "asinh",
    "atan": "atan",
    "atan2": "atan2",
    "atanh": "atanh",
    "copysign": "copysign",
    "cos": "cos",
    "cosh": "cosh",
    "div": "divide",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "fmax": "fmax",
    "fmin": "fmin",
    "hypot": "hypot",
    "isfinite": "isfinite",
    "isinf": "isinf",
    "isnan": "isnan",
    "less": "less",
    "less_equal": "less_equal",
    "log": "log",
    "log10": "log10",
    "log1p": "log1p",
    "log2": "log2",
    "logaddexp": "logaddexp",
    "matmul": "matmul",
    "maximum": "maximum",
    "minimum": "minimum",
    "mul": "multiply",
    "neg": "negative",
    "nextafter": "nextafter",
    "reciprocal": "reciprocal",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "sub": "subtract",
    "tan": "tan",
    "tanh": "tanh",
}

# Defined for booleans as well.
GENERAL: dict[str, str] = {
    "bitwise_and": "bitwise_and",
    "bitwise_not": "bitwise_invert",
    "bitwise_or": "bitwise_or",
    "bitwise_xor": "bitwise_xor",
    "equal": "equal",
    "not_equal": "not_equal",
    "where": "where",
}

# Defined for booleans only: other numbers are true unless they are 0.
LOGICAL: dict[str, str] = {
    "logical_and": "logical_and",
    "logical_not": "logical_not",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
}

# What leaves integers and booleans as they are.
ROUNDING: dict[str, str] = {"ceil": "ceil", "floor": "floor", "round": "round", "trunc": "trunc"}

# Divisions that have no result for the integer 0.
DIVISIONS: dict[str, str] = {"floor_divide": "floor_divide", "fmod": "fmod"}


# ── elementwise ──


def _number(run: Execution, x: Array) -> Array:
    return run.library.cast(x, int64) if x.dtype == run.xp.bool else x


def _numeric(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        result = getattr(run.xp, name)(*[_number(run, value) for value in values])
        return run.library.cast(result, node.dtype)

    return implementation


def _general(name: str) -> Implementation:
    return lambda run, node, values: getattr(run.xp, name)(*values)


def _logical(name: str) -> Implementation:
    return lambda run, node, values: getattr(run.xp, name)(*[run.library.cast(value, bool_) for value in values])


def _rounding(name: str) -> Implementation:
    return lambda run, node, values: getattr(run.xp, name)(values[0]) if node.dtype.is_floating else values[0]


def _divisor(run: Execution, node: Instruction, y: Array) -> Array:
    """The divisor; integers that are 0 are refused, and 1 in their place, since some libraries stop the process."""
    if node.dtype.is_floating:
        return y
    is_zero = y == 0
    run.refuse_if(
        run.xp.any(is_zero),
        lambda: ValueFault.as_torch(
            "ZeroDivisionError", hint="an integer cannot be divided by 0; floating numbers give inf or nan: convert with .float()"
        ),
    )
    return run.xp.where(is_zero, run.xp.ones_like(y), y)


def _division(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        return getattr(run.xp, name)(values[0], _divisor(run, node, values[1]))

    return implementation


def _remainder(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """The remainder with the sign of the divisor; 0 has the sign of the dividend."""
    xp, (x, y) = run.xp, values
    remainder = xp.fmod(x, _divisor(run, node, y))
    return xp.where((remainder != 0) & ((remainder < 0) != (y < 0)), remainder + y, remainder)


def _power(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """base ** exponent; of integers a negative exponent gives the whole part of the quotient."""
    xp, (base, exponent) = run.xp, values
    if node.dtype.is_floating:
        return xp.pow(base, exponent)
    one, zero = xp.ones_like(base), xp.zeros_like(base)
    sign = xp.where(exponent % 2 == 0, one, base)
    quotient = xp.where((base == 1) | (base == -1), sign, zero)
    is_negative = exponent < 0
    return xp.where(is_negative, quotient, xp.pow(base, xp.where(is_negative, xp.zeros_like(exponent), exponent)))


def _sign(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """-1, 0 or 1; the sign of nan is 0."""
    x = values[0]
    if not node.dtype.is_floating:
        return x if node.dtype is bool_ else run.xp.sign(x)
    return run.xp.where(run.xp.isnan(x), run.xp.zeros_like(x), run.xp.sign(x))


# ── reductions and scans ──


def _reduction(name: str, takes_dtype: bool) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        axes, keepdims = node.params
        x = _number(run, values[0])
        if not axes:
            return run.library.cast(x, node.dtype)
        options = {"dtype": x.dtype} if takes_dtype else {}
        return run.library.cast(getattr(run.xp, name)(x, axis=axes, keepdims=keepdims, **options), node.dtype)

    return implementation


def _truth(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        axes, keepdims = node.params
        x = run.library.cast(values[0], bool_)
        return getattr(run.xp, name)(x, axis=axes, keepdims=keepdims) if axes else x

    return implementation


def _arg_reduce(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        axis, keepdims = node.params
        if not values[0].ndim:
            return run.library.full((), 0, int64)
        found = getattr(run.xp, name)(_number(run, values[0]), axis=axis, keepdims=keepdims)
        return run.library.cast(found, int64)

    return implementation


def _scan(name: str) -> Implementation:
    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        x = _number(run, values[0])
        result = getattr(run.xp, name)(x, axis=node.params[0], dtype=x.dtype) if x.ndim else x
        return run.library.cast(result, node.dtype)

    return implementation


def _running(name: str) -> Implementation:
    """A scan that no namespace has: each step joins runs of elements with the runs before them, twice as long each time."""

    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        result = _number(run, values[0])
        axis, join = node.params[0], getattr(run.xp, name)
        length = result.shape[axis] if result.ndim else 1
        before = (slice(None),) * axis
        width = 1
        while width < length:
            later, earlier = result[(*before, slice(width, length), ...)], result[(*before, slice(0, length - width), ...)]
            result = run.xp.concat([result[(*before, slice(0, width), ...)], join(later, earlier)], axis=axis)
            width *= 2
        return run.library.cast(result, node.dtype)

    return implementation


def _argsort(run: Execution, node: Instruction, values: list[Array]) -> Array:
    axis, descending = node.params
    xp, x = run.xp, _number(run, values[0])
    if not x.ndim:
        return run.library.full((), 0, int64)
    if not descending:
        return run.library.cast(xp.argsort(x, axis=axis, stable=True), int64)
    # Sorting the reversed axis and reversing the outcome keeps equal values in their order, and nan the largest.
    reversed_positions = xp.flip(xp.argsort(xp.flip(x, axis=axis), axis=axis, stable=True), axis=axis)
    return x.shape[axis] - 1 - run.library.cast(reversed_positions, int64)


def _searchsorted(run: Execution, node: Instruction, values: list[Array]) -> Array:
    xp, x = run.xp, values[1]
    side = "right" if node.params[0] else "left"
    found = xp.searchsorted(values[0], xp.reshape(x, (-1,)), side=side)
    return run.library.cast(xp.reshape(found, x.shape), int64)


# ── shape ──


def _basic_index(slices: Sequence[tuple[int, int, int]], shape: Sequence[int]) -> tuple[slice, ...]:
    return tuple(
        slice(start, min(start + number * step, size), step) if number else slice(0, 0)
        for (start, number, step), size in zip(slices, shape, strict=True)
    )


def _slice(run: Execution, node: Instruction, values: list[Array]) -> Array:
    return values[0][_basic_index(node.params[0], values[0].shape)]


def _place(run: Execution, node: Instruction, values: list[Array]) -> Array:
    slices, shape = node.params
    zeros = run.library.full(shape, 0, node.dtype)
    return run.library.assign(zeros, _basic_index(slices, shape), values[0]) if prod(values[0].shape) else zeros


def _flip(run: Execution, node: Instruction, values: list[Array]) -> Array:
    return run.xp.flip(values[0], axis=node.params[0]) if node.params[0] else values[0]


# ── indexing: an element is addressed by its position in the flat array, for which all libraries have functions ──


def _flat(run: Execution, x: Array) -> Array:
    return run.xp.reshape(x, (-1,))


def _position(run: Execution, coordinates: Sequence[Array], shape: Sequence[int]) -> Array:
    """The flat position of coordinates on all axes, which broadcast."""
    position = run.library.full((), 0, int64)
    for coordinate, size in zip(coordinates, shape, strict=True):
        position = position * size + run.library.cast(coordinate, int64)
    return position


def _on_axis(run: Execution, coordinate: Array, axis: int, rank: int) -> Array:
    """A coordinate's own axes put where the result has them."""
    return run.xp.reshape(coordinate, (1,) * axis + tuple(coordinate.shape) + (1,) * (rank - axis - coordinate.ndim))


def _along_axis(run: Execution, shape: Sequence[int], index: Array, axis: int) -> Array:
    """The positions that `gather` and `scatter` address: the index on its axis, every coordinate on the others."""
    if not index.ndim:
        return run.library.cast(index, int64)
    grid = [_on_axis(run, run.library.count(size), other, index.ndim) for other, size in enumerate(index.shape)]
    grid[axis] = index
    return _position(run, grid, shape)


def _indexed(run: Execution, shape: Sequence[int], entries: Sequence[int | None], indices: Sequence[Array]) -> Array:
    """The positions that `index` and `index_put` address, in the order of their result's axes."""
    where_indexed = [axis for axis, entry in enumerate(entries) if entry is not None]
    adjacent = where_indexed[-1] - where_indexed[0] + 1 == len(where_indexed)
    front = where_indexed[0] if adjacent else 0
    common = max(index.ndim for index in indices)
    whole = [axis for axis in range(len(shape)) if axis not in where_indexed]
    rank = common + len(whole)
    coordinates = []
    for axis, size in enumerate(shape):
        entry = entries[axis] if axis < len(entries) else None
        if entry is None:
            place = whole.index(axis)
            coordinates.append(_on_axis(run, run.library.count(size), place if place < front else place + common, rank))
        else:
            index = indices[entry]
            coordinates.append(_on_axis(run, index, front + common - index.ndim, rank))
    return _position(run, coordinates, shape)


def _windowed(run: Execution, along: Sequence[tuple[int, int, int, int]], whole: Sequence[int], parts: Sequence[int]) -> Array:
    """The positions in a whole of the elements of windows, whose shape is that of the parts."""
    rank = len(parts)
    coordinates = [_on_axis(run, run.library.count(size), axis, rank) for axis, size in enumerate(parts[: len(whole)])]
    for number, (axis, length, step, gap) in enumerate(along, len(whole)):
        coordinates[axis] = coordinates[axis] * step + _on_axis(run, run.library.count(length) * gap, number, rank)
    return _position(run, coordinates, whole)


def _windows(run: Execution, node: Instruction, values: list[Array]) -> Array:
    return _taken(run, values[0], _windowed(run, node.params[0], values[0].shape, node.shape))


def _overlap_add(run: Execution, node: Instruction, values: list[Array]) -> Array:
    zeros = run.library.full(node.shape, 0, node.dtype)
    return _put(run, node, zeros, _windowed(run, node.params[0], node.shape, values[0].shape), values[0], accumulate=True)


def _taken(run: Execution, x: Array, positions: Array) -> Array:
    return run.xp.reshape(run.xp.take(_flat(run, x), _flat(run, positions), axis=0), positions.shape)


def _put(run: Execution, node: Instruction, x: Array, positions: Array, source: Array, accumulate: bool) -> Array:
    """x with elements at flat positions replaced or increased."""
    if not prod(positions.shape):
        return x
    library = run.library
    target = run.xp.asarray(_flat(run, _number(run, x)), copy=True)
    function = library.add_at if accumulate else library.assign
    result = function(target, _flat(run, positions), _flat(run, _number(run, source)))
    return library.cast(run.xp.reshape(result, tuple(node.shape)), node.dtype)


def _gather(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, index = values
    return _taken(run, x, _along_axis(run, x.shape, index, node.params[0]))


def _scatter(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, index, source = values
    axis, accumulate = node.params
    if index.ndim:
        source = source[tuple(slice(0, size) for size in index.shape)]
    return _put(run, node, x, _along_axis(run, x.shape, index, axis), source, accumulate)


def _scatter_reduce(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """In the order of their places, values for the same place are joined, twice as many each time; the last has them all."""
    xp, (x, index, source), (axis, name) = run.xp, values, node.params
    if index.ndim:
        source = source[tuple(slice(0, size) for size in index.shape)]
    place = _flat(run, _along_axis(run, x.shape, index, axis))
    length, size, join = place.shape[0], prod(x.shape), getattr(xp, NUMERIC[name])
    if not length:
        return x
    order = xp.argsort(place, stable=True)
    place, joined = xp.take(place, order, axis=0), xp.take(_flat(run, _number(run, source)), order, axis=0)
    width = 1
    while width < length:
        same = place[width:] == place[: length - width]
        later = joined[width:]
        joined = xp.concat([joined[:width], xp.where(same, join(later, joined[: length - width]), later)])
        width *= 2
    is_last = xp.concat([place[1:] != place[: length - 1], run.library.full((1,), True, bool_)])
    unique = xp.where(is_last, place, run.library.full((), size, int64))  # the others go to a place more
    target = _flat(run, _number(run, x))
    target = xp.concat([target, target[:1]])
    result = run.library.assign(target, unique, join(xp.take(target, unique, axis=0), joined))[:size]
    return run.library.cast(xp.reshape(result, tuple(node.shape)), node.dtype)


def _index(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, *indices = values
    entries = node.params[0]
    if len(indices) > 1:
        return _taken(run, x, _indexed(run, x.shape, entries, indices))
    axis, index = entries.index(0), indices[0]  # rows by their number, the most frequent case
    return run.xp.reshape(run.xp.take(x, _flat(run, index), axis=axis), tuple(node.shape))


def _index_put(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, source, *indices = values
    entries, accumulate = node.params
    positions = _indexed(run, x.shape, entries, indices)
    return _put(run, node, x, positions, run.xp.broadcast_to(source, positions.shape), accumulate)


# ── sources and linear algebra ──


def _constant(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """One number; an integer that the dtype does not hold wraps around."""
    value, dtype = node.params[0], node.dtype
    number = run.library.full((), value, dtype if dtype.is_floating else int64)
    number = run.library.cast(number, dtype)
    return run.xp.broadcast_to(number, tuple(node.shape)) if node.shape else number


def _arange(run: Execution, node: Instruction, values: list[Array]) -> Array:
    start, step, length = node.params
    exact = run.library.cast(run.library.count(length), float64 if node.dtype.is_floating else int64)
    return run.library.cast(exact * step + start, node.dtype)


def _inverting(name: str, refused: str) -> Implementation:
    """A function of numpy.linalg's name that has no result for singular matrices, which are told by a pivot that is 0."""

    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        xp, (matrix, *others) = run.xp, values
        is_singular = xp.linalg.slogdet(matrix)[0] == 0
        run.refuse_if(
            xp.any(is_singular), lambda: ValueFault.as_torch(refused, hint="add a small multiple of eye(n), or check the matrix")
        )
        identity = xp.eye(matrix.shape[-1], dtype=matrix.dtype, device=run.library.device)
        regular = xp.where(is_singular[..., None, None], identity, matrix)
        batch = tuple(node.shape[:-2])
        return getattr(xp.linalg, name)(*[xp.broadcast_to(each, batch + tuple(each.shape[-2:])) for each in (regular, *others)])

    return implementation


IMPLEMENTATIONS: dict[str, Implementation] = {
    **{primitive: _numeric(name) for primitive, name in NUMERIC.items()},
    **{primitive: _general(name) for primitive, name in GENERAL.items()},
    **{primitive: _logical(name) for primitive, name in LOGICAL.items()},
    **{primitive: _rounding(name) for primitive, name in ROUNDING.items()},
    **{primitive: _division(name) for primitive, name in DIVISIONS.items()},
    "all": _truth("all"),
    "any": _truth("any"),
    "arange": _arange,
    "argmax": _arg_reduce("argmax"),
    "argmin": _arg_reduce("argmin"),
    "argsort": _argsort,
    "broadcast_to": lambda run, node, values: run.xp.broadcast_to(values[0], tuple(node.shape)),
    "cast": lambda run, node, values: run.library.cast(values[0], node.dtype),
    "concatenate": lambda run, node, values: run.xp.concat(values, axis=node.params[0]),
    "constant": _constant,
    "cummax": _running("maximum"),
    "cummin": _running("minimum"),
    "cumprod": _scan("cumulative_prod"),
    "cumsum": _scan("cumulative_sum"),
    "determinant": lambda run, node, values: run.xp.linalg.det(values[0]),
    "flip": _flip,
    "gather": _gather,
    "index": _index,
    "index_put": _index_put,
    "inverse": _inverting("inv", "linalg.inv: The inversion could not be completed because the input matrix is singular."),
    "logcumsumexp": _running("logaddexp"),
    "max": _reduction("max", takes_dtype=False),
    "min": _reduction("min", takes_dtype=False),
    "overlap_add": _overlap_add,
    "placeholder": lambda run, node, values: no_value(),
    "permute": lambda run, node, values: run.xp.permute_dims(values[0], node.params[0]),
    "place": _place,
    "pow": _power,
    "prod": _reduction("prod", takes_dtype=True),
    "remainder": _remainder,
    "reshape": lambda run, node, values: run.xp.reshape(values[0], tuple(node.shape)),
    "scatter": _scatter,
    "scatter_reduce": _scatter_reduce,
    "searchsorted": _searchsorted,
    "sign": _sign,
    "slice": _slice,
    "solve": _inverting("solve", "torch.linalg.solve: The solver failed because the input matrix is singular."),
    "sum": _reduction("sum", takes_dtype=True),
    "windows": _windows,
}

#: Computed by functions of each library's own, which the array API lacks.
OWN_PRIMITIVES = frozenset({*SPECIAL, "erf", "erfc", "exponent", "lgamma", "mantissa", "normal_cdf"})


def own_functions(special: Any, frexp: Callable[[Array], tuple[Array, Array]]) -> dict[str, Callable[..., Array]]:
    """Those of a library, which has some of them in a module like scipy.special."""
    return {
        **{name: getattr(special, name) for name in SPECIAL if hasattr(special, name)},
        "erf": special.erf,
        "erfc": special.erfc,
        "exponent": lambda x: frexp(x)[1],
        "lgamma": special.gammaln,
        "mantissa": lambda x: frexp(x)[0],
        "normal_cdf": special.ndtr,
    }
