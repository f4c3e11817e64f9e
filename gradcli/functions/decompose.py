"""Inverses and linear systems."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, OperandLabel, ShapeMismatch
from gradcli.functions.declare import function
from gradcli.functions.refusals import CONVERT_ONE, misfit, no_kernel
from gradcli.functions.shape import matrix_transposed, unsqueeze
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import float16, int32
from gradcli.lazy.shapes import describe


def check_matrices(name: str, A: Tensor, kernel: str | None = "") -> None:
    """Matrices, or batches of them, that are floating; not in half precision, unless there is no kernel to blame."""
    label = [OperandLabel(0, describe(A.shape))]
    if A.ndim < 2:
        raise ShapeMismatch.as_torch(f"{name}: The input tensor A must have at least 2 dimensions.", operands=label)
    if not A.dtype.is_floating:
        message = f"{name}: Expected a floating point or complex tensor as input. Got {A.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, operands=label, hint="convert it with .float()")
    if A.dtype is float16 and kernel is not None:
        if kernel:
            raise no_kernel(kernel, A.dtype, "convert it with .float()")
        raise DTypeMismatch.as_torch(f"{name}: Low precision dtypes not supported. Got Half", hint="convert it with .float()")


def check_square(name: str, A: Tensor, kernel: str | None = "") -> None:
    """Matrices as above that are square."""
    if A.ndim > 1 and A.shape[-1] != A.shape[-2]:
        message = f"{name}: A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(0, describe(A.shape))])
    check_matrices(name, A, kernel)


def _first_zero_pivots(A: Tensor) -> LazyArray:
    """For each matrix the first pivot that is 0, counted from 1, or 0 if none is."""
    size = A.shape[-1]
    return ops.cast(ops.factors("lu", A.array, ("",), (Size((size, size)), Size((size,)), Size()))[-1], int32)


# ── inverses ──


def _inverse(name: str, A: Tensor, is_refused: bool) -> LazyArray:
    check_square("linalg.inv", A)
    singular = (
        f"{name}: {{which}}The diagonal element {{order}} is zero, "
        "the inversion could not be completed because the input matrix is singular."
    )
    return ops.inverse(A.array, singular if is_refused else "")


@function(
    "LinalgInvExBackward0",
    namespace="torch.linalg",
    aliases=("torch.inverse",),
    method=True,
    examples=("torch.linalg.inv(x @ x.mT + eye(2))",),
    d_A=lambda g, result: -(matrix_transposed(result) @ g @ matrix_transposed(result)),
)
def inv(A: Tensor) -> LazyArray:
    """The inverse of square matrices."""
    return _inverse("linalg.inv", A, True)


@function(
    "LinalgInvExBackward0",
    namespace="torch.linalg",
    results=("inverse", "info"),
    examples=("torch.linalg.inv_ex(x @ x.mT + eye(2))",),
    d_A=lambda g_inverse, inverse: -(matrix_transposed(inverse) @ g_inverse @ matrix_transposed(inverse)),
)
def inv_ex(A: Tensor, *, check_errors: bool = False) -> tuple[LazyArray, LazyArray]:
    """The inverse of square matrices, with infinities where there is none; and where elimination meets a 0: 0 if nowhere."""
    return _inverse("linalg.inv_ex", A, check_errors), _first_zero_pivots(A)


# ── linear systems ──


def is_vector(A: Tensor, B: Tensor) -> bool:
    """Whether B is one right-hand side, or one for each matrix of a batch, rather than a matrix of several."""
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1]))


def _matrix_cotangent(g: Tensor, A: Tensor, B: Tensor, X: Tensor, left: bool) -> Tensor:
    """-A^-T g X^T of A X = B, and -X^T g A^-T of X A = B, by solving with the transpose."""
    back = solve(matrix_transposed(A), g, left=left)
    if is_vector(A, B):
        return -(unsqueeze(back, -1) * unsqueeze(X, -2))
    return -(back @ matrix_transposed(X) if left else matrix_transposed(X) @ back)


def check_right(name: str, A: Tensor, B: Tensor, left: bool, what: str = "A") -> None:
    """A right-hand side has the type of the matrix, and fits it: `what` is the matrix's name."""
    if A.dtype is not B.dtype:
        message = (
            f"{name}: Expected {what} and B to have the same dtype, but found {what} of type "
            f"{A.dtype.tensor_type} and B of type {B.dtype.tensor_type} instead"
        )
        raise DTypeMismatch.as_torch(message, hint=CONVERT_ONE)
    rows, columns = B.shape[-2], B.shape[-1]
    if A.shape[-1] != (rows if left else columns):
        message = (
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({A.shape[-2]}x{A.shape[-1]} and {rows}x{columns})"
        )
        raise misfit(message, A, B)


def transposed(matrices: LazyArray) -> LazyArray:
    """The last two axes exchanged."""
    rank = len(matrices.shape)
    return ops.permute(matrices, (*range(rank - 2), rank - 1, rank - 2))


def _solution(name: str, A: Tensor, B: Tensor, left: bool, is_refused: bool) -> LazyArray:
    check_square("linalg.solve", A, "lu_cpu")
    alone = is_vector(A, B)
    right = unsqueeze(B, -1) if alone else B
    check_right("linalg.solve", A, right, left)
    refusal = f"torch.{name}: {{which}}The solver failed because the input matrix is singular." if is_refused else ""
    if not left:
        return transposed(ops.solve(transposed(A.array), transposed(right.array), refusal))
    solution = ops.solve(A.array, right.array, refusal)
    return ops.reshape(solution, ops.without_last(solution.shape)) if alone else solution


@function(
    "LinalgSolveExBackward0",
    namespace="torch.linalg",
    examples=("torch.linalg.solve(x @ x.mT + eye(2), x)", "torch.linalg.solve(x @ x.mT + eye(2), x.mT, left=False)"),
    d_A=lambda g, A, B, result, left: _matrix_cotangent(g, A, B, result, left),
    d_B=lambda g, A, left: solve(matrix_transposed(A), g, left=left),
)
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> LazyArray:
    """The solution X of A @ X = B, or of X @ A = B unless `left`."""
    return _solution("linalg.solve", A, B, left, True)


@function(
    "LinalgSolveExBackward0",
    namespace="torch.linalg",
    results=("result", "info"),
    examples=("torch.linalg.solve_ex(x @ x.mT + eye(2), x)",),
    d_A=lambda g_result, A, B, result, left: _matrix_cotangent(g_result, A, B, result, left),
    d_B=lambda g_result, A, left: solve(matrix_transposed(A), g_result, left=left),
)
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> tuple[LazyArray, LazyArray]:
    """The solution X of A @ X = B, with infinities where there is none; and where elimination meets a 0: 0 if nowhere."""
    return _solution("linalg.solve_ex", A, B, left, check_errors), _first_zero_pivots(A)
