"""Primitives of linear algebra on NumPy arrays, over the last two axes; what has no result is PyTorch's error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from gradcli.engine.exponential import NEAR, series
from gradcli.errors import ValueFault
from gradcli.lazy.array import LazyArray

Array = np.ndarray
Implementation = Callable[[LazyArray, list[Array]], Array]
NO_ROW = "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result of lu_factor?"
HINT = "add a small multiple of eye(n), or check the matrix"


# ── matrices one by one, by LAPACK ──


def _each(matrices: Array) -> Array:
    """A batch of any shape as one of one axis."""
    return matrices.reshape(prod(matrices.shape[:-2]), *matrices.shape[-2:])


def _lapack(name: str, *arrays: Array) -> Any:
    """A routine of LAPACK for the type of the elements."""
    from scipy.linalg.lapack import get_lapack_funcs

    return get_lapack_funcs(name, arrays)


def _failures(routine: Any, matrices: Array, **options: int) -> Iterator[tuple[int, int]]:
    """The matrices of a batch for which a routine fails, each with the order of what it fails at."""
    for number, matrix in enumerate(_each(matrices)):
        order = routine(matrix, **options)[-1] if matrix.size else 0
        if order:
            yield number, order


def _refused(refusal: str, matrices: Array, failures: Iterator[tuple[int, int]]) -> ValueFault:
    """The error for the first matrix that a routine fails for."""
    number, order = next(failures, (0, 0))
    which = f"(Batch element {number}): " if matrices.ndim > 2 else ""
    return ValueFault.as_torch(refusal.format(which=which, order=order), hint=HINT)


# ── inverses and solutions ──


def _solved(matrices: Array, rights: Array) -> Array:
    """Solutions by triangular factors: inf and nan where a matrix is singular."""
    batch = np.broadcast_shapes(matrices.shape[:-2], rights.shape[:-2])
    pairs = [_each(np.broadcast_to(each, batch + each.shape[-2:])) for each in (matrices, rights)]
    factor, solve = _lapack("getrf", matrices), _lapack("getrs", matrices)
    solutions = [solve(*factor(matrix)[:2], right)[0] for matrix, right in zip(*pairs, strict=True)]
    return np.reshape(solutions, batch + rights.shape[-2:]).astype(rights.dtype)


def _solve(node: LazyArray, values: list[Array]) -> Array:
    matrices, rights = values
    (refusal,) = node.params
    try:
        return np.linalg.solve(matrices, rights)
    except np.linalg.LinAlgError:
        if not refusal:
            return _solved(matrices, rights)
        raise _refused(refusal, matrices, _failures(_lapack("getrf", matrices), matrices)) from None


def _inverse(node: LazyArray, values: list[Array]) -> Array:
    (matrices,) = values
    (refusal,) = node.params
    try:
        return np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        if not refusal:
            return _solved(matrices, np.eye(matrices.shape[-1], dtype=matrices.dtype))
        raise _refused(refusal, matrices, _failures(_lapack("getrf", matrices), matrices)) from None


def _solve_triangular(node: LazyArray, values: list[Array]) -> Array:
    """By BLAS, which divides by what stands on the diagonal: inf and nan where that is 0."""
    from scipy.linalg.blas import get_blas_funcs

    matrices, rights = values
    upper, unit = node.params
    batch = tuple(node.shape[:-2])
    matrices = _each(np.broadcast_to(matrices, batch + matrices.shape[-2:]))
    rights = _each(np.broadcast_to(rights, batch + rights.shape[-2:]))
    result = np.empty(rights.shape, rights.dtype)
    if result.size:
        solve = get_blas_funcs("trsm", (matrices, rights))
        for matrix, right, solution in zip(matrices, rights, result, strict=True):
            solution[...] = solve(1.0, matrix, right, lower=not upper, diag=unit)
    return result.reshape(tuple(node.shape))


def _matrix_exp(node: LazyArray, values: list[Array]) -> Array:
    """By the series of each matrix halved often enough, squared as often."""
    (matrices,) = values
    if not matrices.size:
        return matrices
    norms = np.abs(matrices).sum(-2).max(-1)
    halvings = np.ceil(np.log2(np.where(np.isfinite(norms), norms, 0.0) / NEAR[matrices.dtype.name]))
    halvings = np.maximum(halvings, 0.0).astype(np.int64)
    identity = np.eye(matrices.shape[-1], dtype=matrices.dtype)
    result: Array = series(np.ldexp(matrices, -halvings[..., None, None]), identity)
    for number in range(halvings.max()):
        is_short = halvings > number
        result[is_short] = result[is_short] @ result[is_short]
    return result


# ── factors ──


def _cholesky(node: LazyArray, values: list[Array]) -> Array:
    (matrices,) = values
    (refusal,) = node.params
    try:
        return np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        raise _refused(refusal, matrices, _failures(_lapack("potrf", matrices), matrices, lower=1)) from None


def _partial_cholesky(node: LazyArray, values: list[Array]) -> Array:
    """The lower factor as far as there is one, and the order of the first leading minor without one: 0 if all have one."""
    (matrices,) = values
    rows = np.zeros(node.shape, matrices.dtype)
    if matrices.size:
        factor = _lapack("potrf", matrices)
        for matrix, row in zip(_each(matrices), rows.reshape(-1, node.shape[-1]), strict=True):
            lower, order = factor(matrix, lower=1, clean=1)
            row[:-1], row[-1] = lower.reshape(-1), order
    return rows


def _lu(node: LazyArray, values: list[Array]) -> Array:
    """Both factors in one matrix, which row each was exchanged for, counted from 1, and the first pivot that is 0, or 0."""
    (matrices,) = values
    (refusal,) = node.params
    rows = np.zeros(node.shape, matrices.dtype)
    if matrices.size:
        size = prod(matrices.shape[-2:])
        factor = _lapack("getrf", matrices)
        for matrix, row in zip(_each(matrices), rows.reshape(-1, node.shape[-1]), strict=True):
            both, pivots, order = factor(matrix)
            row[:size], row[size:-1], row[-1] = both.reshape(-1), pivots + 1, order
    if refusal and rows[..., -1].any():
        raise _refused(refusal, matrices, _failures(_lapack("getrf", matrices), matrices))
    return rows


def _permutation(node: LazyArray, values: list[Array]) -> Array:
    (exchanges,) = values
    (size,) = node.params
    if exchanges.size and not (exchanges.min() >= 1 and exchanges.max() <= size):
        raise ValueFault.as_torch(NO_ROW)
    order = np.broadcast_to(np.arange(size), node.shape).copy()
    for row in range(exchanges.shape[-1]):
        other = exchanges[..., row : row + 1] - 1
        above, below = order[..., row : row + 1].copy(), np.take_along_axis(order, other, -1)
        np.put_along_axis(order, other, above, -1)
        order[..., row : row + 1] = below
    return order


def _in_a_row(node: LazyArray, factors: tuple[Array, ...]) -> Array:
    batch = tuple(node.shape[:-1])
    return np.concatenate([np.reshape(factor, (*batch, prod(factor.shape[len(batch) :]))) for factor in factors], -1)


def _qr(node: LazyArray, values: list[Array]) -> Array:
    (mode,) = node.params
    return _in_a_row(node, np.linalg.qr(values[0], mode))


def _svd(node: LazyArray, values: list[Array]) -> Array:
    is_full, refusal = node.params
    try:
        return _in_a_row(node, np.linalg.svd(values[0], full_matrices=is_full))
    except np.linalg.LinAlgError:
        raise ValueFault.as_torch(refusal, hint="look for nan and inf in the matrix") from None


def _eigh(node: LazyArray, values: list[Array]) -> Array:
    triangle, refusal = node.params
    try:
        return _in_a_row(node, np.linalg.eigh(values[0], triangle))
    except np.linalg.LinAlgError:
        raise ValueFault.as_torch(refusal, hint="look for nan and inf in the matrix") from None


MATRICES: dict[str, Implementation] = {
    "cholesky": _cholesky,
    "determinant": lambda node, values: np.asarray(np.linalg.det(values[0])),
    "eigh": _eigh,
    "inverse": _inverse,
    "log_determinant": lambda node, values: np.asarray(np.linalg.slogdet(values[0])[1]),
    "lu": _lu,
    "matrix_exp": _matrix_exp,
    "partial_cholesky": _partial_cholesky,
    "permutation": _permutation,
    "qr": _qr,
    "sign_of_determinant": lambda node, values: np.asarray(np.linalg.slogdet(values[0])[0]),
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "svd": _svd,
}
