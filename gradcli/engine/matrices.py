"""Primitives of linear algebra on NumPy arrays, over the last two axes; what has no result is PyTorch's error."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from gradcli.errors import ValueFault
from gradcli.lazy.array import LazyArray

Array = np.ndarray
Implementation = Callable[[LazyArray, list[Array]], Array]
HINT = "add a small multiple of eye(n), or check the matrix"


def _routine(name: str, refused: str) -> Implementation:
    """A routine of numpy.linalg, which cannot do everything for a singular matrix."""

    def implementation(node: LazyArray, values: list[Array]) -> Array:
        try:
            return np.asarray(getattr(np.linalg, name)(*values))
        except np.linalg.LinAlgError:
            raise ValueFault.as_torch(refused, hint=HINT) from None

    return implementation


def _cholesky(node: LazyArray, values: list[Array]) -> Array:
    (matrices,) = values
    try:
        return np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        raise _indefinite(matrices) from None


def _indefinite(matrices: Array) -> ValueFault:
    """The error for the first matrix with a leading minor that has no factor."""
    size = matrices.shape[-1]
    for number, matrix in enumerate(matrices.reshape(-1, size, size)):
        order = next((order for order in range(1, size + 1) if not _is_definite(matrix[:order, :order])), 0)
        if order:
            which = f"(Batch element {number}): " if matrices.ndim > 2 else ""
            message = (
                f"linalg.cholesky: {which}The factorization could not be completed because the input is not positive-definite "
                f"(the leading minor of order {order} is not positive-definite)."
            )
            return ValueFault.as_torch(message, hint=HINT)
    return ValueFault.as_torch("linalg.cholesky: The factorization could not be completed.", hint=HINT)


def _is_definite(matrix: Array) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _solve_triangular(node: LazyArray, values: list[Array]) -> Array:
    """By BLAS, which divides by what stands on the diagonal: inf and nan where that is 0."""
    from scipy.linalg.blas import get_blas_funcs

    matrices, rights = values
    upper, unit = node.params
    batch = tuple(node.shape[:-2])
    matrices = np.broadcast_to(matrices, batch + matrices.shape[-2:]).reshape(prod(batch), *matrices.shape[-2:])
    rights = np.broadcast_to(rights, batch + rights.shape[-2:]).reshape(prod(batch), *rights.shape[-2:])
    result = np.empty(rights.shape, rights.dtype)
    if result.size:
        solve = get_blas_funcs("trsm", (matrices, rights))
        for matrix, right, solution in zip(matrices, rights, result, strict=True):
            solution[...] = solve(1.0, matrix, right, lower=not upper, diag=unit)
    return result.reshape(tuple(node.shape))


MATRICES: dict[str, Implementation] = {
    "cholesky": _cholesky,
    "determinant": _routine("det", "linalg.det: the determinant could not be computed"),
    "inverse": _routine("inv", "linalg.inv: The inversion could not be completed because the input matrix is singular."),
    "log_determinant": lambda node, values: np.asarray(np.linalg.slogdet(values[0])[1]),
    "sign_of_determinant": lambda node, values: np.asarray(np.linalg.slogdet(values[0])[0]),
    "solve": _routine("solve", "torch.linalg.solve: The solver failed because the input matrix is singular."),
    "solve_triangular": _solve_triangular,
}
