"""Factors of matrices by elimination with exchanges of rows, and what they solve."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, NotSupported, ShapeMismatch
from gradcli.functions.cholesky import solve_triangular
from gradcli.functions.create import eye
from gradcli.functions.declare import function
from gradcli.functions.decompose import check_right
from gradcli.functions.diagonal import tril, triu
from gradcli.functions.join import cat
from gradcli.functions.padding import constant_pad_nd
from gradcli.functions.refusals import misfit, no_kernel, require_floating
from gradcli.functions.results import ReturnTuple
from gradcli.functions.shape import matrix_transposed
from gradcli.functions.slices import narrow
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import float16, int32, int64
from gradcli.lazy.shapes import existing_dim

# ── both factors in one matrix ──


def _check_factored(name: str, A: Tensor, pivot: bool) -> None:
    if A.ndim < 2:
        raise ShapeMismatch.as_torch(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A.shape)} instead")
    require_floating("lu_cpu", A)
    if A.dtype is float16:
        raise no_kernel("lu_cpu", A.dtype, "convert it with .float()")
    if not pivot:
        raise NotSupported.as_torch("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _factored(A: Tensor, refusing: str = "") -> tuple[LazyArray, LazyArray, LazyArray]:
    """Both factors in one matrix, the row that each was exchanged for, and the first pivot that is 0, or 0."""
    rows, columns = A.shape[-2:]
    refusal = (
        f"torch.linalg.{refusing}: {{which}}U[{{order}},{{order}}] is zero and using it on lu_solve would result in a division "
        "by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
        "linalg.lu_factor_ex(A, pivot)"
    )
    shapes = (Size((rows, columns)), Size((min(rows, columns),)), Size())
    LU, pivots, info = ops.factors("lu", A.array, (refusal if refusing else "",), shapes)
    return LU, ops.cast(pivots, int32), ops.cast(info, int32)


def _lower(LU: Tensor) -> Tensor:
    """The lower factor, with ones on its diagonal."""
    size = min(LU.shape[-2:])
    lower = tril(narrow(LU, -1, 0, size), -1)
    return lower + eye(*lower.shape[-2:], dtype=LU.dtype)


def _upper(LU: Tensor) -> Tensor:
    return triu(narrow(LU, -2, 0, min(LU.shape[-2:])))


def _permutation(LU: Tensor, pivots: Tensor) -> LazyArray:
    """The matrix that undoes the exchanges of rows."""
    rows = LU.shape[-2]
    order = ops.permutation(ops.cast(pivots.array, int64), rows)
    across = ops.reshape(order, Size((*order.shape[:-1], 1, rows)))
    down = ops.reshape(ops.arange(0, 1, rows, int64), Size((rows, 1)))
    return ops.cast(ops.binary("equal", down, across), LU.dtype)


def _factors_cotangent(g_L: Tensor, g_U: Tensor, P: Tensor, L: Tensor, U: Tensor) -> Tensor:
    """P L^-T [tril(L^T g_L, -1) + triu(g_U U^T)] U^-T of square matrices (de Hoog, Anderssen and Lukas 2011).

    Rows below the square of a tall matrix and columns beside that of a wide one take part in both.
    """
    size = L.shape[-1] if L.shape[-2] >= U.shape[-1] else U.shape[-2]
    more_rows, more_columns = L.shape[-2] - size, U.shape[-1] - size
    square_L, square_U = narrow(L, -2, 0, size), narrow(U, -1, 0, size)
    of_L = matrix_transposed(square_L) @ narrow(g_L, -2, 0, size)
    of_U = narrow(g_U, -1, 0, size) @ matrix_transposed(square_U)
    if more_rows:
        below = narrow(g_L, -2, size, more_rows)
        of_U = of_U - matrix_transposed(narrow(L, -2, size, more_rows)) @ below
    if more_columns:
        beside = narrow(g_U, -1, size, more_columns)
        of_L = of_L - beside @ matrix_transposed(narrow(U, -1, size, more_columns))
    turned_L, turned_U = matrix_transposed(square_L), matrix_transposed(square_U)
    found = solve_triangular(turned_L, tril(of_L, -1) + triu(of_U), upper=True, unitriangular=True)
    found = solve_triangular(turned_U, found, upper=False, left=False)
    if more_rows:
        found = cat((found, solve_triangular(turned_U, below, upper=False, left=False)), -2)
    if more_columns:
        found = cat((found, solve_triangular(turned_L, beside, upper=True, unitriangular=True)), -1)
    return P @ found


def _factor_cotangent(g: Tensor, LU: Tensor, pivots: Tensor) -> Tensor:
    """P L^-T [tril(L^T g_L, -1) + triu(g_U U^T)] U^-T, where L and U are the parts of LU."""
    size = min(LU.shape[-2:])
    g_L, g_U = tril(narrow(g, -1, 0, size), -1), triu(narrow(g, -2, 0, size))
    return _factors_cotangent(g_L, g_U, Tensor(_permutation(LU, pivots)), _lower(LU), _upper(LU))


@function(
    "LinalgLuFactorExBackward0",
    namespace="torch.linalg",
    results=("LU", "pivots", "info"),
    examples=("torch.linalg.lu_factor_ex(x)",),
    d_A=lambda g_LU, LU, pivots: _factor_cotangent(g_LU, LU, pivots),
)
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> tuple[LazyArray, LazyArray, LazyArray]:
    """What lu_factor gives, and the first pivot that is 0, counted from 1: 0 if none is."""
    _check_factored("torch.lu_factor_ex", A, pivot)
    return _factored(A, "lu_factor_ex" if check_errors else "")


@function(
    "LinalgLuFactorExBackward0",
    namespace="torch.linalg",
    results=("LU", "pivots"),
    examples=("torch.linalg.lu_factor(x @ x.mT + eye(2))",),
    d_A=lambda g_LU, LU, pivots: _factor_cotangent(g_LU, LU, pivots),
)
def lu_factor(A: Tensor, *, pivot: bool = True) -> tuple[LazyArray, LazyArray]:
    """Both factors of A = P @ L @ U in one matrix, and the row that each was exchanged for, counted from 1."""
    _check_factored("torch.lu_factor", A, pivot)
    LU, pivots, _ = _factored(A, "lu_factor")
    return LU, pivots


@function(name="lu", method=True, forms=(lu_factor_ex,), examples=("lu(x)",))
def _lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """Both factors of A = P @ L @ U in one matrix, the row that each was exchanged for, and the first pivot that is 0."""
    LU, pivots, info = lu_factor_ex(A, pivot=pivot)
    return (
        ReturnTuple.of("torch.return_types._lu_with_info", ("LU", "pivots", "info"), (LU, pivots, info))
        if get_infos
        else (LU, pivots)
    )


# ── the factors apart ──


@function(
    "LinalgLuBackward0",
    namespace="torch.linalg",
    results=("P", "L", "U"),
    constant=("P",),
    examples=("torch.linalg.lu(x)",),
    d_A=lambda g_L, g_U, P, L, U: _factors_cotangent(g_L, g_U, P, L, U),
)
def lu(A: Tensor, *, pivot: bool = True) -> tuple[LazyArray, LazyArray, LazyArray]:
    """P, which exchanges rows, a lower triangular L with ones on its diagonal and an upper triangular U, of A = P @ L @ U."""
    _check_factored("linalg.lu", A, pivot)
    both, pivots, _ = _factored(A)
    LU = Tensor(both)
    return _permutation(LU, Tensor(pivots)), _lower(LU).array, _upper(LU).array


def _unpacked_cotangent(g_L: Tensor, g_U: Tensor, LU_data_shape: Size, unpack_data: bool) -> Tensor | None:
    """The cotangents of both factors in one matrix."""
    if not unpack_data:
        return None
    rows, columns = LU_data_shape[-2:]
    lower = constant_pad_nd(tril(g_L, -1), (0, columns - g_L.shape[-1]))
    return lower + constant_pad_nd(triu(g_U), (0, 0, 0, rows - g_U.shape[-2]))


@function(
    "LuUnpackBackward0",
    method=False,
    results=("P", "L", "U"),
    constant=("P",),
    examples=("lu_unpack(*torch.linalg.lu_factor(x))",),
    d_LU_data=_unpacked_cotangent,
)
def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> tuple[LazyArray, LazyArray, LazyArray]:
    """P, L and U of what lu_factor gives; empty what is not asked for."""
    existing_dim(-2, LU_data.ndim)
    if unpack_pivots and LU_pivots.dtype is not int32:
        raise DTypeMismatch.as_torch(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\n"
            "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor"
        )
    nothing = ops.full(Size((0,)), 0.0, LU_data.dtype)
    lower, upper = (_lower(LU_data).array, _upper(LU_data).array) if unpack_data else (nothing, nothing)
    return _permutation(LU_data, LU_pivots) if unpack_pivots else nothing, lower, upper


# ── solutions ──


def _solved(LU: Tensor, pivots: Tensor, B: Tensor, adjoint: bool) -> Tensor:
    """The X of A X = B, or of A^T X = B."""
    P, L, U = Tensor(_permutation(LU, pivots)), _lower(LU), _upper(LU)
    if adjoint:
        half = solve_triangular(matrix_transposed(U), B, upper=False)
        return P @ solve_triangular(matrix_transposed(L), half, upper=True, unitriangular=True)
    half = solve_triangular(L, matrix_transposed(P) @ B, upper=False, unitriangular=True)
    return solve_triangular(U, half, upper=True)


def _solution_cotangent(g: Tensor, LU: Tensor, pivots: Tensor, X: Tensor, adjoint: bool) -> Tensor:
    """What a solution takes of the factors, which solve for it one after the other."""
    P, L, U = Tensor(_permutation(LU, pivots)), _lower(LU), _upper(LU)
    if adjoint:
        last = matrix_transposed(P) @ X
        middle = matrix_transposed(L) @ last
        g_middle = solve_triangular(L, matrix_transposed(P) @ g, upper=False, unitriangular=True)
        g_first = solve_triangular(U, g_middle, upper=True)
        g_L, g_U = -last @ matrix_transposed(g_middle), -middle @ matrix_transposed(g_first)
    else:
        middle = U @ X
        g_middle = solve_triangular(matrix_transposed(U), g, upper=False)
        g_first = solve_triangular(matrix_transposed(L), g_middle, upper=True, unitriangular=True)
        g_L, g_U = -g_first @ matrix_transposed(middle), -g_middle @ matrix_transposed(X)
    return tril(g_L, -1) + triu(g_U)


def _as_left(matrix: Tensor, left: bool) -> Tensor:
    """A system with the unknown on the left as its transpose, with the unknown on the right."""
    return matrix if left else matrix_transposed(matrix)


@function(
    "LinalgLuSolveBackward0",
    namespace="torch.linalg",
    examples=(
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(x @ x.mT + eye(2)), y)",
        "torch.linalg.lu_solve(*torch.linalg.lu_factor(x @ x.mT + eye(2)), y.mT, left=False)",
    ),
    d_LU=lambda g, LU, pivots, result, left, adjoint: _solution_cotangent(
        _as_left(g, left), LU, pivots, _as_left(result, left), adjoint == left
    ),
    d_B=lambda g, LU, pivots, left, adjoint: lu_solve(LU, pivots, g, left=left, adjoint=not adjoint),
)
def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The X of A @ X = B, or of X @ A = B unless `left`, by what lu_factor gives of A; of the transpose of A if `adjoint`."""
    if LU.shape[-1:] != LU.shape[-2:-1]:
        sizes = f"{LU.shape[-2]} by {LU.shape[-1]}"
        message = f"torch.linalg.lu_solve: A must be batches of square matrices, but they are {sizes} matrices"
        raise misfit(message, LU)
    if pivots.dtype is not int32:
        raise DTypeMismatch.as_torch("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    if pivots.shape[-1] != LU.shape[-1]:
        message = "linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix"
        raise misfit(message, LU, pivots)
    if B.ndim < 2:
        raise misfit("linalg.lu_solve: The input tensor B must have at least 2 dimensions.", LU, pivots, B)
    check_right("linalg.lu_solve", LU, B, left, "LU")
    return _as_left(_solved(LU, pivots, _as_left(B, left), adjoint == left), left)


@function(name="lu_solve", method=True, forms=(lu_solve,), examples=("lu_solve(y, *torch.linalg.lu_factor(x @ x.mT + eye(2)))",))
def _lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """The X of A @ X = b by what lu_factor gives of A."""
    return lu_solve(LU_data, LU_pivots, b)
