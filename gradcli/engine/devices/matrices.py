"""Linear algebra over an array-API namespace, over the last two axes.

What the standard has no function for is done a column at a time for all matrices at once, or by products.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import TYPE_CHECKING

from gradcli.engine.devices.elementwise import Array, Implementation
from gradcli.engine.exponential import NEAR, series
from gradcli.engine.matrices import HINT, NO_ROW
from gradcli.errors import ValueFault
from gradcli.lazy.dtypes import float64, int64

if TYPE_CHECKING:
    from gradcli.engine.devices.program import Execution, Instruction


def _refuse(run: Execution, flags: Array, refusal: str) -> None:
    """Make it an error if a flag is set for some matrix; which one, and at which column, is not looked for on a device."""
    run.refuse_if(run.xp.any(flags), lambda: ValueFault.as_torch(refusal.format(which="", order="k"), hint=HINT))


def _identity(run: Execution, matrix: Array) -> Array:
    return run.xp.eye(matrix.shape[-1], dtype=matrix.dtype, device=run.library.device)


# ── inverses and solutions ──


def _inverting(name: str) -> Implementation:
    """A function of numpy.linalg's name that has no result for singular matrices, which are told by a pivot that is 0."""

    def implementation(run: Execution, node: Instruction, values: list[Array]) -> Array:
        xp, (matrix, *others), refusal = run.xp, values, node.params[0]
        sign, size = run.library.slogdet(matrix)
        is_singular = (sign == 0) & (size == -inf)  # PyTorch's sign of nan is 0 as well
        if refusal:
            _refuse(run, is_singular, refusal)
        regular = xp.where(is_singular[..., None, None], _identity(run, matrix), matrix)
        batch = tuple(node.shape[:-2])
        broadcast = [xp.broadcast_to(each, batch + tuple(each.shape[-2:])) for each in (regular, *others)]
        result = getattr(xp.linalg, name)(*broadcast)
        nowhere = run.library.full((), float("nan"), node.dtype)
        return result if refusal else xp.where(is_singular[..., None, None], nowhere, result)

    return implementation


_solve = _inverting("solve")


def _solve_triangular(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """By a solution of any system; nan where a 0 stands on the diagonal."""
    xp, (matrix, right), (upper, unit) = run.xp, values, node.params
    triangle = xp.triu(matrix, k=int(unit)) if upper else xp.tril(matrix, k=-int(unit))
    return _solve(run, node._replace(params=("",)), [triangle + _identity(run, matrix) if unit else triangle, right])


_MOST_SQUARINGS = 32  # enough for any exponential that is a number


def _matrix_exp(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """By the series of each matrix halved often enough, squared as often."""
    xp, (matrix,) = run.xp, values
    if not prod(matrix.shape):
        return matrix
    wide = run.library.cast(matrix, float64)
    norm = xp.max(xp.sum(xp.abs(wide), axis=-2), axis=-1)
    halvings = xp.clip(xp.ceil(xp.log2(norm / NEAR["float64"])), 0, _MOST_SQUARINGS)[..., None, None]
    result = series(wide / 2.0**halvings, _identity(run, wide))
    for number in range(_MOST_SQUARINGS):
        result = xp.where(number < halvings, result @ result, result)
    return run.library.cast(result, node.dtype)


# ── factors ──


def _in_a_row(run: Execution, node: Instruction, factors: Sequence[Array]) -> Array:
    batch = tuple(node.shape[:-1])
    rows = [run.xp.reshape(factor, (*batch, prod(factor.shape[len(batch) :]))) for factor in factors]
    return run.xp.concat([run.library.cast(row, node.dtype) for row in rows], axis=-1)


def _cholesky(run: Execution, node: Instruction, values: list[Array]) -> Array:
    xp, (matrix,) = run.xp, values
    if run.library.cholesky is None:
        factor, order = _cholesky_columns(run, node, matrix)
        is_indefinite = order != 0
    else:
        lower, above = xp.tril(matrix), xp.matrix_transpose(xp.tril(matrix, k=-1))
        factor, is_indefinite = run.library.cholesky(lower + above)
    _refuse(run, is_indefinite, node.params[0])
    return factor


def _partial_cholesky(run: Execution, node: Instruction, values: list[Array]) -> Array:
    return _in_a_row(run, node, _cholesky_columns(run, node, values[0]))


def _cholesky_columns(run: Execution, node: Instruction, rest: Array) -> tuple[Array, Array]:
    """A factor, a column at a time, until the number whose root is wanted is not positive, and that column's number or 0."""
    xp, size = run.xp, rest.shape[-1]
    rows = run.library.count(size)
    order = run.library.full(tuple(rest.shape[:-2]), 0, node.dtype)
    zero = run.library.full((), 0, node.dtype)
    columns = []
    for step in range(size):
        pivot = rest[..., step, step]
        order = xp.where((order == 0) & ~(pivot > 0), run.library.full((), step + 1, node.dtype), order)
        root = xp.sqrt(xp.where(pivot > 0, pivot, run.library.full((), 1, node.dtype)))
        column = xp.where(rows >= step, rest[..., :, step] / root[..., None], zero)
        columns.append(xp.where((order == 0)[..., None], column, xp.where(rows >= step, rest[..., :, step], zero)))
        rest = rest - column[..., :, None] * column[..., None, :]
    return xp.stack(columns, axis=-1) if columns else rest, order


def _lu(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """A column at a time: the row with the largest element comes up, and the others lose their share of it."""
    xp, (both,) = run.xp, values
    height, width = both.shape[-2:]
    rows, columns = run.library.count(height)[:, None], run.library.count(width)
    order = run.library.full(tuple(node.shape[:-1]), 0, node.dtype)
    zero = run.library.full((), 0, node.dtype)
    pivots = []
    for step in range(min(height, width)):
        sizes = xp.where(rows[:, 0] >= step, xp.abs(both[..., :, step]), run.library.full((), -1, node.dtype))
        pivot = xp.argmax(sizes, axis=-1)[..., None, None]
        pivots.append(pivot[..., 0, 0] + 1)
        largest = xp.sum(xp.where(rows == pivot, both, zero), axis=-2)[..., None, :]
        first = both[..., step : step + 1, :]
        both = xp.where(rows == step, largest, xp.where(rows == pivot, first, both))
        head = largest[..., :, step : step + 1]
        order = xp.where((order == 0) & (head[..., 0, 0] == 0), run.library.full((), step + 1, node.dtype), order)
        share = both[..., :, step : step + 1] / xp.where(head == 0, run.library.full((), 1, node.dtype), head)
        lower = xp.where(columns == step, share, both - xp.where(columns > step, share * largest, zero))
        both = xp.where(rows > step, lower, both)
    if node.params[0]:
        _refuse(run, order != 0, node.params[0])
    return _in_a_row(run, node, [both, *[pivot[..., None] for pivot in pivots], order[..., None]])


def _permutation(run: Execution, node: Instruction, values: list[Array]) -> Array:
    xp, (exchanges,), (size,) = run.xp, values, node.params
    run.refuse_if(xp.any((exchanges < 1) | (exchanges > size)), lambda: ValueFault.as_torch(NO_ROW))
    rows = run.library.count(size)
    order = xp.broadcast_to(rows, tuple(node.shape))
    for row in range(exchanges.shape[-1]):
        other = exchanges[..., row : row + 1] - 1
        above = order[..., row : row + 1]
        below = xp.sum(xp.where(rows == other, order, run.library.full((), 0, int64)), axis=-1)[..., None]
        order = xp.where(rows == row, below, xp.where(rows == other, above, order))
    return order


def _finite(run: Execution, matrix: Array, refusal: str) -> Array:
    """A matrix without what is not finite, which is refused: some libraries raise errors of their own for that."""
    xp, is_finite = run.xp, run.xp.isfinite(matrix)
    _refuse(run, ~is_finite, refusal)
    return xp.where(is_finite, matrix, xp.zeros_like(matrix))


def _svd(run: Execution, node: Instruction, values: list[Array]) -> Array:
    is_full, refusal = node.params
    return _in_a_row(run, node, run.xp.linalg.svd(_finite(run, values[0], refusal), full_matrices=is_full))


def _eigh(run: Execution, node: Instruction, values: list[Array]) -> Array:
    xp, (triangle, refusal) = run.xp, node.params
    matrix = _finite(run, values[0], refusal)
    half, inside = (xp.triu, xp.triu(matrix, k=1)) if triangle == "U" else (xp.tril, xp.tril(matrix, k=-1))
    return _in_a_row(run, node, xp.linalg.eigh(half(matrix) + xp.matrix_transpose(inside)))


MATRICES: dict[str, Implementation] = {
    "cholesky": _cholesky,
    "determinant": lambda run, node, values: run.xp.linalg.det(values[0]),
    "eigh": _eigh,
    "inverse": _inverting("inv"),
    "log_determinant": lambda run, node, values: run.library.slogdet(values[0])[1],
    "lu": _lu,
    "matrix_exp": _matrix_exp,
    "partial_cholesky": _partial_cholesky,
    "permutation": _permutation,
    "qr": lambda run, node, values: _in_a_row(run, node, run.xp.linalg.qr(values[0], mode=node.params[0])),
    "sign_of_determinant": lambda run, node, values: run.library.slogdet(values[0])[0],
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "svd": _svd,
}
