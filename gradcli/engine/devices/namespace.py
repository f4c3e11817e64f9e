"""How each lazy primitive is computed over an array-API namespace: one table for all device libraries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from gradcli.engine.devices.elementwise import ELEMENTWISE, Array, Implementation
from gradcli.engine.devices.indexing import INDEXING
from gradcli.engine.devices.reductions import REDUCTIONS
from gradcli.engine.matrices import HINT
from gradcli.engine.primitives import no_value
from gradcli.engine.special import SPECIAL
from gradcli.errors import ValueFault
from gradcli.lazy.dtypes import float64, int64

if TYPE_CHECKING:
    from gradcli.engine.devices.program import Execution, Instruction


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


def _add_part(run: Execution, node: Instruction, values: list[Array]) -> Array:
    x, part = values
    index = _basic_index(node.params[0], x.shape)
    return run.library.assign(run.xp.asarray(x, copy=True), index, x[index] + part) if prod(part.shape) else x


def _flip(run: Execution, node: Instruction, values: list[Array]) -> Array:
    return run.xp.flip(values[0], axis=node.params[0]) if node.params[0] else values[0]


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
        run.refuse_if(xp.any(is_singular), lambda: ValueFault.as_torch(refused, hint=HINT))
        identity = xp.eye(matrix.shape[-1], dtype=matrix.dtype, device=run.library.device)
        regular = xp.where(is_singular[..., None, None], identity, matrix)
        batch = tuple(node.shape[:-2])
        return getattr(xp.linalg, name)(*[xp.broadcast_to(each, batch + tuple(each.shape[-2:])) for each in (regular, *others)])

    return implementation


def _cholesky(run: Execution, node: Instruction, values: list[Array]) -> Array:
    xp, (matrix,) = run.xp, values
    lower = xp.tril(matrix)
    below = xp.tril(matrix, k=-1)
    is_indefinite = xp.any(xp.linalg.eigvalsh(lower + xp.matrix_transpose(below)) <= 0, axis=-1)
    message = "linalg.cholesky: The factorization could not be completed because the input is not positive-definite."
    run.refuse_if(xp.any(is_indefinite), lambda: ValueFault.as_torch(message, hint=HINT))
    identity = xp.eye(matrix.shape[-1], dtype=matrix.dtype, device=run.library.device)
    return xp.linalg.cholesky(xp.where(is_indefinite[..., None, None], identity, lower + xp.matrix_transpose(below)))


def _solve_triangular(run: Execution, node: Instruction, values: list[Array]) -> Array:
    """A triangle that is regular by a solution of any system; the array API has no other."""
    xp, (matrix, right) = run.xp, values
    upper, unit = node.params
    triangle = xp.triu(matrix, k=int(unit)) if upper else xp.tril(matrix, k=-int(unit))
    identity = xp.eye(matrix.shape[-1], dtype=matrix.dtype, device=run.library.device)
    return SOLVE(run, node, [triangle + identity if unit else triangle, right])


SOLVE = _inverting("solve", "torch.linalg.solve: The solver failed because the input matrix is singular.")

IMPLEMENTATIONS: dict[str, Implementation] = {
    **ELEMENTWISE,
    **INDEXING,
    **REDUCTIONS,
    "add_part": _add_part,
    "arange": _arange,
    "broadcast_to": lambda run, node, values: run.xp.broadcast_to(values[0], tuple(node.shape)),
    "cholesky": _cholesky,
    "concatenate": lambda run, node, values: run.xp.concat(values, axis=node.params[0]),
    "constant": _constant,
    "determinant": lambda run, node, values: run.xp.linalg.det(values[0]),
    "flip": _flip,
    "inverse": _inverting("inv", "linalg.inv: The inversion could not be completed because the input matrix is singular."),
    "log_determinant": lambda run, node, values: run.xp.linalg.slogdet(values[0])[1],
    "permute": lambda run, node, values: run.xp.permute_dims(values[0], node.params[0]),
    "place": _place,
    "placeholder": lambda run, node, values: no_value(),
    "reshape": lambda run, node, values: run.xp.reshape(values[0], tuple(node.shape)),
    "sign_of_determinant": lambda run, node, values: run.xp.linalg.slogdet(values[0])[0],
    "slice": _slice,
    "solve": SOLVE,
    "solve_triangular": _solve_triangular,
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
