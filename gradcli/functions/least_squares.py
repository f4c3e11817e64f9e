"""Systems of equations of any shape: pseudoinverses, least squares, ranks and condition numbers."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, ShapeMismatch, ValueFault
from gradcli.functions.arguments import Operand
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.decompose import inv_ex, is_vector
from gradcli.functions.elementwise import abs as magnitude
from gradcli.functions.elementwise import div, gt, maximum, mul, reciprocal
from gradcli.functions.extreme import amax
from gradcli.functions.floats import nan_to_num
from gradcli.functions.norm import matrix_norm
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import CONVERT_ONE, misfit
from gradcli.functions.select import masked_fill
from gradcli.functions.shape import matrix_transposed, squeeze, unsqueeze
from gradcli.functions.slices import narrow
from gradcli.functions.spectral import eigh, eigvalsh, svd, svdvals
from gradcli.lazy import LazyArray, Size, compute, ops
from gradcli.lazy.dtypes import float16, int64
from gradcli.lazy.shapes import broadcast

# ── which singular values count ──


def _counted(values: Tensor, A_shape: Size, atol: Operand | None, rtol: Operand | None) -> Tensor:
    """Which singular values are more than rounding: above atol, and above rtol times the largest."""
    if not values.shape[-1]:
        return gt(values, 0)
    if rtol is None:
        is_given = isinstance(atol, Tensor) or bool(atol)
        rtol = 0.0 if is_given else float(np.finfo(values.dtype.name).eps) * max(A_shape[-2:])
    bound = mul(amax(values, -1, True), _for_each(rtol))
    return gt(values, bound if atol is None else maximum.apply_to(bound, _for_each(atol)))


def _for_each(bound: Operand) -> Operand:
    """A bound for each matrix, beside its values."""
    return unsqueeze(bound, -1) if isinstance(bound, Tensor) else bound


def _check_floating(name: str, input: Tensor) -> None:
    if input.ndim < 2 or not input.dtype.is_floating or input.dtype is float16:
        found = f"{input.dtype.tensor_type}{{{list(input.shape)}}}"
        message = f"{name}({found}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types"
        kind = misfit(message, input) if input.ndim < 2 else DTypeMismatch.as_torch(message, hint="convert it with .float()")
        raise kind


def _sizes(A: Tensor, hermitian: bool) -> Tensor:
    return magnitude(eigvalsh(A)) if hermitian else svdvals(A)


@function(
    namespace="torch.linalg",
    examples=("torch.linalg.matrix_rank(x)", "torch.linalg.matrix_rank(x, atol=0.5)"),
)
def matrix_rank(
    A: Tensor, tol: Operand | None = None, hermitian: bool = False, *, atol: Operand | None = None, rtol: Operand | None = None
) -> Tensor:
    """How many singular values of matrices are more than rounding."""
    if tol is not None:
        atol, rtol = tol, 0.0
    return total(_counted(_sizes(A.detach(), hermitian), A.shape, atol, rtol), -1)


# ── pseudoinverses ──


def _pseudoinverse(A: Tensor, hermitian: bool, atol: Operand | None, rtol: Operand | None) -> tuple[Tensor, Tensor, Tensor]:
    """The pseudoinverse, singular values, and which of them count."""
    if hermitian:
        signed, left = eigh(A)
        sizes, right = magnitude(signed), left
    else:
        left, signed, right_turned = svd(A, False)
        sizes, right = signed, matrix_transposed(right_turned)
    counted = _counted(sizes, A.shape, atol, rtol)
    factors = where(counted, reciprocal(where(counted, signed, 1.0)), 0.0)
    return (right * unsqueeze(factors, -2)) @ matrix_transposed(left), sizes, counted


def _inverse_cotangent(g: Tensor, A: Tensor, result: Tensor) -> Tensor:
    """-P^T g P^T + (1 - A P) g^T P P^T + P^T P g^T (1 - P A), in products of the smaller size (Golub and Pereyra 1973)."""
    turned, g_turned = matrix_transposed(result), matrix_transposed(g)
    if A.shape[-2] <= A.shape[-1]:
        across = g_turned @ result
        along = across @ turned
        inside = along - (A @ result) @ along + (turned @ result) @ (g_turned - across @ A)
        return inside - matrix_transposed(result @ across)
    across = result @ g_turned
    along = turned @ across
    inside = (g_turned - A @ across) @ result @ turned + along - (along @ result) @ A
    return inside - matrix_transposed(across @ result)


@function(
    "LinalgPinvBackward0",
    name="pinv",
    namespace="torch.linalg",
    public=False,
    examples=("torch.linalg.pinv(x)",),
    d_A=_inverse_cotangent,
)
def _pinv(A: Tensor, hermitian: bool, atol: Operand | None, rtol: Operand | None) -> Tensor:
    """The pseudoinverse, by singular values."""
    return _pseudoinverse(A, hermitian, atol, rtol)[0]


@function(
    namespace="torch.linalg", forms=(_pinv,), examples=("torch.linalg.pinv(x)", "torch.linalg.pinv(x + x.mT, hermitian=True)")
)
def pinv(
    A: Tensor, rcond: Operand | None = None, hermitian: bool = False, *, atol: Operand | None = None, rtol: Operand | None = None
) -> Tensor:
    """The pseudoinverse of matrices: the inverse on what they reach; singular values that are only rounding are taken for 0."""
    _check_floating("linalg.pinv", A)
    found: Tensor = _pinv(A, hermitian, atol, rtol if rcond is None else rcond)
    return found


@function(forms=(_pinv,), examples=("pinverse(x)",))
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudoinverse of matrices."""
    return pinv(input, rcond)


# ── least squares ──


def _as_matrix(A: Tensor, right: Tensor) -> tuple[Tensor, bool]:
    """Right-hand sides as columns, and whether they were one for each matrix."""
    alone = right.ndim == A.ndim - 1
    return (unsqueeze(right, -1) if alone else right), alone


def _lstsq_cotangents(g_solution: Tensor, g_residuals: Tensor, A: Tensor, B: Tensor, solution: Tensor) -> tuple[Tensor, Tensor]:
    """Through the pseudoinverse that gives the solution, and what is left of each column."""
    right, alone = _as_matrix(A, B)
    X, g = (unsqueeze(each, -1) if alone else each for each in (solution, g_solution))
    inverse = _pinv(A, False, None, None)
    g_A = _inverse_cotangent(g @ matrix_transposed(right), A, inverse)
    g_B = matrix_transposed(inverse) @ g
    if g_residuals.shape.numel():
        left_over = 2 * (A @ X - right) * unsqueeze(g_residuals, -2)
        g_A, g_B = g_A + left_over @ matrix_transposed(X), g_B - left_over
    return g_A, squeeze(g_B, -1) if alone else g_B


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def _check_system(A: Tensor, B: Tensor, driver: str) -> None:
    if A.ndim < 2:
        raise misfit("torch.linalg.lstsq: input must have at least 2 dimensions.", A, B)
    if B.ndim < 1:
        raise misfit("torch.linalg.lstsq: other must have at least 1 dimension.", A, B)
    if A.dtype is not B.dtype:
        message = f"input's dtype {A.dtype.tensor_type} and other's dtype {B.dtype.tensor_type}"
        message = f"torch.linalg.lstsq: Expected input and other to have the same dtype, but got {message}"
        raise DTypeMismatch.as_torch(message, hint=CONVERT_ONE)
    if not is_vector(A, B) and (B.ndim < 2 or B.shape[-2] != A.shape[-2]):
        raise misfit("torch.linalg.lstsq: input.size(-2) should match other.size(-2)", A, B)
    if not A.dtype.is_floating or A.dtype is float16:
        raise DTypeMismatch.as_torch("This function doesn't handle types other than float and double")
    if driver not in _DRIVERS:
        raise ValueFault.as_torch("torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")


@function(
    "LinalgLstsqBackward0",
    namespace="torch.linalg",
    results=("solution", "residuals", "rank", "singular_values"),
    constant=("singular_values",),
    examples=("torch.linalg.lstsq(x.mT, y.mT)", "torch.linalg.lstsq(x, y[:, 0])"),
    d_A=lambda g_solution, g_residuals, A, B, solution: _lstsq_cotangents(g_solution, g_residuals, A, B, solution)[0],
    d_B=lambda g_solution, g_residuals, A, B, solution: _lstsq_cotangents(g_solution, g_residuals, A, B, solution)[1],
)
def lstsq(
    A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str = "gelsy"
) -> tuple[LazyArray, LazyArray, LazyArray, LazyArray]:
    """The smallest X for which A @ X is nearest to B; and, as the driver is PyTorch's to give them, the sums of squares that
    are left, the rank, and the singular values."""
    _check_system(A, B, driver)
    right, alone = _as_matrix(A, B)
    broadcast(Size(A.shape[:-2]), Size(right.shape[:-2]))
    inverse, sizes, counted = _pseudoinverse(A, False, None, rcond)
    solution = inverse @ right
    rank = total(counted, -1)
    nothing = ops.full(Size((0,)), 0.0, A.dtype)
    left = A.shape[-2] > A.shape[-1] and driver != "gelsy"
    if left and driver != "gels":
        left = bool((compute([rank.array])[0] == A.shape[-1]).all())
    residuals = total((A @ solution - right) * (A @ solution - right), -2).array if left else nothing
    return (
        (squeeze(solution, -1) if alone else solution).array,
        residuals,
        ops.full(Size((0,)), 0, int64) if driver == "gels" else rank.array,
        sizes.array if driver in ("gelsd", "gelss") else nothing,
    )


# ── condition numbers ──


def _by_inverse(input: Tensor, p: Any) -> Tensor:
    """The norm times that of the inverse, and infinity where there is none."""
    if input.shape[-1] != input.shape[-2]:
        sizes = f"{input.shape[-2]} by {input.shape[-1]}"
        raise ShapeMismatch.as_torch(f"linalg.cond(ord={p}): A must be batches of square matrices, but they are {sizes} matrices")
    inverse, info = inv_ex(input)
    found = masked_fill(inverse, gt(unsqueeze(unsqueeze(info, -1), -1), 0), inf)
    return nan_to_num(mul(matrix_norm(input, p), matrix_norm(found, p)), inf, inf)


@function(
    namespace="torch.linalg",
    forms=(svdvals, inv_ex, matrix_norm),
    examples=("torch.linalg.cond(x)", "torch.linalg.cond(x @ x.mT + eye(2), 1)"),
)
def cond(input: Tensor, p: Any = None) -> Tensor:
    """How much a solution may change more than what it is a solution for: the norm times that of the inverse."""
    if input.ndim < 2:
        raise ShapeMismatch.as_torch("linalg.cond: The input tensor must have at least 2 dimensions.")
    if p not in (None, 2, -2, 1, -1, inf, -inf, "fro", "nuc"):
        raise ValueFault.as_torch(f"linalg.cond got an invalid norm type: {p}")
    if not input.shape.numel():
        return Tensor(ops.full(Size(input.shape[:-2]), 0.0, input.dtype))
    if p in (1, -1, inf, -inf, "fro"):
        return _by_inverse(input, p)
    values = svdvals(input)
    if p == "nuc":
        return mul(total(values, -1), total(reciprocal(values), -1))
    ends = narrow(values, -1, 0, 1), narrow(values, -1, values.shape[-1] - 1, 1)
    return squeeze(div(*(ends if p != -2 else ends[::-1])), -1)
