"""Triangular factors of positive-definite matrices, and systems with triangular matrices."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.functions.create import eye, to
from gradcli.functions.declare import function
from gradcli.functions.decompose import check_right, check_square, transposed
from gradcli.functions.diagonal import tril, triu
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.shape import matrix_transposed
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import int32

# ── triangular systems ──


def _within(cotangent: Tensor, upper: bool, unitriangular: bool) -> Tensor:
    """The part of a cotangent that belongs to what was read of a triangular matrix."""
    margin = int(unitriangular)
    return triu(cotangent, margin) if upper else tril(cotangent, -margin)


def _matrix_cotangent(g: Tensor, A: Tensor, result: Tensor, upper: bool, left: bool, unitriangular: bool) -> Tensor:
    """-A^-T g X^T of A X = B, and -X^T g A^-T of X A = B, in the triangle."""
    back = _right_cotangent(g, A, upper, left, unitriangular)
    product = back @ matrix_transposed(result) if left else matrix_transposed(result) @ back
    return _within(-product, upper, unitriangular)


def _right_cotangent(g: Tensor, A: Tensor, upper: bool, left: bool, unitriangular: bool) -> Tensor:
    """A^-T g, or g A^-T where X is on the left of A."""
    return solve_triangular(matrix_transposed(A), g, upper=not upper, left=left, unitriangular=unitriangular)


@function(
    "LinalgSolveTriangularBackward0",
    namespace="torch.linalg",
    examples=(
        "torch.linalg.solve_triangular(x @ x.mT + eye(2), y, upper=True)",
        "torch.linalg.solve_triangular(x @ x.mT + eye(2), y.mT, upper=False, left=False)",
    ),
    d_A=_matrix_cotangent,
    d_B=lambda g, A, upper, left, unitriangular, B_dtype: to(_right_cotangent(g, A, upper, left, unitriangular), B_dtype),
)
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> LazyArray:
    """The X of A @ X = B, or of X @ A = B unless `left`, where only one triangle of A is read, or less than its diagonal."""
    require_floating("triangular_solve_cpu", A)
    check_square("linalg.solve_triangular", A, "triangular_solve_cpu")
    if B.ndim < 2:
        raise misfit("linalg.solve_triangular: The input tensor B must have at least 2 dimensions.", A, B)
    right = to(B, A.dtype)
    check_right("linalg.solve_triangular", A, right, left)
    if left:
        return ops.solve_triangular(A.array, right.array, upper, unitriangular)
    return transposed(ops.solve_triangular(transposed(A.array), transposed(right.array), not upper, unitriangular))


def _check_right(name: str, b: Tensor, A: Tensor) -> None:
    """The right-hand sides are a matrix with as many rows as the square matrix has."""
    rows, columns = (b.shape[-2], b.shape[-1]) if b.ndim > 1 else (b.shape.numel(), 1)
    if b.ndim < 2 or rows != A.shape[-1]:
        size = f"{A.shape[-1]} by {A.shape[-1]}"
        message = f"Incompatible matrix sizes for {name}: each A matrix is {size} but each b matrix is {rows} by {columns}"
        raise misfit(message, b, A)


@function(
    "TriangularSolveBackward0",
    results=("solution", "cloned_coefficient"),
    examples=("triangular_solve(y, x @ x.mT + eye(2))", "triangular_solve(y, x @ x.mT + eye(2), False, True)"),
    d_b=lambda g_solution, A, upper, transpose, unitriangular: solve_triangular(
        A if transpose else matrix_transposed(A), g_solution, upper=upper == transpose, unitriangular=unitriangular
    ),
    d_A=lambda g_solution, g_cloned_coefficient, A, solution, upper, transpose, unitriangular: (
        _coefficient_cotangent(g_solution, A, solution, upper, transpose, unitriangular) + g_cloned_coefficient
    ),
)
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> tuple[LazyArray, LazyArray]:
    """The X of A @ X = b, or of A.T @ X = b, where only one triangle of A is read; with a copy of A."""
    check_square("triangular_solve", A)
    _check_right("triangular_solve", b, A)
    matrix = transposed(A.array) if transpose else A.array
    return ops.solve_triangular(matrix, b.array, upper != transpose, unitriangular), A.array


def _coefficient_cotangent(g: Tensor, A: Tensor, solution: Tensor, upper: bool, transpose: bool, unitriangular: bool) -> Tensor:
    """-A^-T g X^T in the triangle, transposed if A.T was solved with."""
    matrix = matrix_transposed(A) if transpose else A
    cotangent = _matrix_cotangent(g, matrix, solution, upper != transpose, True, unitriangular)
    return matrix_transposed(cotangent) if transpose else cotangent


# ── factors ──


def _factor_cotangent(g: Tensor, result: Tensor, upper: bool) -> Tensor:
    """L^-T (tril(P) + tril(P, -1)^T) L^-1 / 2 where P = L^T g (Murray 2016, Differentiation of the Cholesky decomposition)."""
    lower, g = (matrix_transposed(result), matrix_transposed(g)) if upper else (result, g)
    product = matrix_transposed(lower) @ g
    inner = tril(product) + matrix_transposed(tril(product, -1))
    half = solve_triangular(matrix_transposed(lower), inner, upper=True)
    return solve_triangular(lower, half, upper=False, left=False) * 0.5


def _factor(name: str, A: Tensor, upper: bool) -> LazyArray:
    check_square("linalg.cholesky", A, "cholesky_cpu")
    indefinite = (
        f"{name}: {{which}}The factorization could not be completed because the input is not positive-definite "
        "(the leading minor of order {order} is not positive-definite)."
    )
    return transposed(ops.cholesky(transposed(A.array), indefinite)) if upper else ops.cholesky(A.array, indefinite)


@function(
    "LinalgCholeskyExBackward0",
    namespace="torch.linalg",
    examples=("torch.linalg.cholesky(x @ x.mT + eye(2))",),
    d_A=_factor_cotangent,
)
def cholesky(A: Tensor, *, upper: bool = False) -> LazyArray:
    """The lower triangular L of A = L @ L.T for positive-definite matrices, or its transpose; only that half of A is read."""
    return _factor("linalg.cholesky", A, upper)


@function(
    "LinalgCholeskyExBackward0",
    namespace="torch.linalg",
    results=("L", "info"),
    examples=("torch.linalg.cholesky_ex(x @ x.mT + eye(2))",),
    d_A=lambda g_L, L, upper: _factor_cotangent(g_L, L, upper),
)
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> tuple[LazyArray, LazyArray]:
    """The factor that cholesky gives, as far as there is one, and the order of the first minor that has none: 0 if all have."""
    if check_errors:
        return _factor("linalg.cholesky_ex", A, upper), ops.full(Size(A.shape[:-2]), 0, int32)
    check_square("linalg.cholesky", A, "cholesky_cpu")
    array = transposed(A.array) if upper else A.array
    lower, order = ops.factors("partial_cholesky", array, (), (Size(A.shape[-2:]), Size()))
    return transposed(lower) if upper else lower, ops.cast(order, int32)


@function(
    "CholeskyBackward0",
    name="cholesky",
    examples=("cholesky(x @ x.mT + eye(2))",),
    d_input=_factor_cotangent,
)
def _cholesky(input: Tensor, upper: bool = False) -> LazyArray:
    """The lower triangular L of input = L @ L.T for positive-definite matrices; or its transpose."""
    return _factor("linalg.cholesky", input, upper)


def _solved(right: Tensor, factor: Tensor, upper: bool) -> Tensor:
    """(L L^T)^-1 times a matrix."""
    lower = matrix_transposed(factor) if upper else factor
    half = solve_triangular(lower, right, upper=False)
    return solve_triangular(matrix_transposed(lower), half, upper=True)


def _factor_part(symmetric: Tensor, factor: Tensor, upper: bool) -> Tensor:
    """What a cotangent of L L^T, made symmetric, is of its factor."""
    return triu(triu(factor) @ symmetric) if upper else tril(symmetric @ tril(factor))


def _inverse_factor_cotangent(g: Tensor, input: Tensor, result: Tensor, upper: bool) -> Tensor:
    """-S (g + g^T) S L of S = (L L^T)^-1, where L is the input."""
    return _factor_part(-(result @ (g + matrix_transposed(g)) @ result), input, upper)


@function(
    "CholeskyInverseBackward0",
    examples=("cholesky_inverse(x + 3 * eye(3))",),
    d_input=_inverse_factor_cotangent,
)
def cholesky_inverse(input: Tensor, upper: bool = False) -> Tensor:
    """The inverse of input @ input.T, or of input.T @ input if that is upper triangular."""
    check_square("cholesky_inverse", input)
    return _solved(eye(input.shape[-1], dtype=input.dtype), input, upper)


def _solve_factor_cotangent(g: Tensor, L: Tensor, result: Tensor, upper: bool) -> Tensor:
    """-(A^-1 g X^T + X g^T A^-1) L."""
    product = _solved(g, L, upper) @ matrix_transposed(result)
    return _factor_part(-(product + matrix_transposed(product)), L, upper)


@function(
    "CholeskySolveBackward0",
    examples=("cholesky_solve(y, x @ x.mT + eye(2))",),
    d_B=lambda g, L, upper: _solved(g, L, upper),
    d_L=_solve_factor_cotangent,
)
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The X of L @ L.T @ X = B, or of L.T @ L @ X = B if L is upper triangular."""
    check_square("cholesky_solve", L)
    _check_right("cholesky_solve", B, L)
    return _solved(B, L, upper)
