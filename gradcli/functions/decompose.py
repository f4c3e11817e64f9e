"""Inverses, determinants and linear systems."""

from __future__ import annotations

from math import nan

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, OperandLabel, ShapeMismatch
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import matrix_transposed, unsqueeze
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.shapes import describe


def check_square(name: str, A: Tensor) -> None:
    """Matrices, or batches of them, that are square and floating."""
    label = [OperandLabel(0, describe(A.shape))]
    if A.ndim < 2:
        raise ShapeMismatch.as_torch(f"{name}: The input tensor A must have at least 2 dimensions.", operands=label)
    if A.shape[-1] != A.shape[-2]:
        message = f"{name}: A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices"
        raise ShapeMismatch.as_torch(message, operands=label)
    if not A.dtype.is_floating:
        message = f"{name}: Expected a floating point or complex tensor as input. Got {A.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, operands=label, hint="convert it with .float()")


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
    check_square("linalg.inv", A)
    return ops.inverse(A.array)


@function(
    "LinalgDetBackward0",
    namespace="torch.linalg",
    aliases=("torch.det",),
    method=True,
    examples=("torch.linalg.det(x @ x.mT + eye(2))",),
    d_A=lambda g, A, result: unsqueeze(unsqueeze(g * result, -1), -1) * matrix_transposed(inv(A)),
)
def det(A: Tensor) -> LazyArray:
    """The determinant of square matrices."""
    check_square("linalg.det", A)
    return ops.determinant(A.array)


@function(
    "LinalgSlogdetBackward0",
    namespace="torch.linalg",
    results=("sign", "logabsdet"),
    examples=("torch.linalg.slogdet(x @ x.mT + eye(2))",),
    d_A=lambda g_logabsdet, A: unsqueeze(unsqueeze(g_logabsdet, -1), -1) * matrix_transposed(inv(A)),
)
def slogdet(A: Tensor) -> tuple[LazyArray, LazyArray]:
    """The sign of the determinant of square matrices, and the logarithm of its size."""
    check_square("linalg.slogdet", A)
    return ops.sign_of_determinant(A.array), ops.log_determinant(A.array)


@function(name="slogdet", method=True, results=("sign", "logabsdet"), forms=(slogdet,), examples=("slogdet(x @ x.mT + eye(2))",))
def _slogdet(input: Tensor) -> tuple[Tensor, Tensor]:
    """The sign of the determinant of square matrices, and the logarithm of its size."""
    sign, logarithm = slogdet(input)
    return sign, logarithm


@function(method=True, forms=(where, slogdet), examples=("logdet(x @ x.mT + eye(2))",))
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant of square matrices: nan where that is negative, -inf where it is 0."""
    check_square("logdet", input)
    sign, logarithm = slogdet(input)
    return where(sign < 0, nan, logarithm)


def _is_vector(A: Tensor, B: Tensor) -> bool:
    """Whether B is one right-hand side, or one for each matrix of a batch, rather than a matrix of several."""
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1]))


def _matrix_cotangent(g: Tensor, A: Tensor, B: Tensor, result: Tensor) -> Tensor:
    """-inverse(A).T @ g @ X.T, by solving with the transpose."""
    back = solve(matrix_transposed(A), g)
    if _is_vector(A, B):
        return -(unsqueeze(back, -1) * unsqueeze(result, -2))
    return -(back @ matrix_transposed(result))


@function(
    "LinalgSolveExBackward0",
    namespace="torch.linalg",
    examples=("torch.linalg.solve(x @ x.mT + eye(2), x)",),
    d_A=_matrix_cotangent,
    d_B=lambda g, A: solve(matrix_transposed(A), g),
)
def solve(A: Tensor, B: Tensor) -> LazyArray:
    """The solution X of A @ X = B."""
    check_square("linalg.solve", A)
    if A.dtype is not B.dtype:
        message = (
            "linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{A.dtype.tensor_type} and B of type {B.dtype.tensor_type} instead"
        )
        raise DTypeMismatch.as_torch(message)
    is_vector = _is_vector(A, B)
    rows, columns = (B.shape[-1], 1) if is_vector else (B.shape[-2], B.shape[-1])
    if rows != A.shape[-1]:
        message = (
            "linalg.solve: Incompatible shapes of A and B for the equation AX = B "
            f"({A.shape[-2]}x{A.shape[-1]} and {rows}x{columns})"
        )
        raise misfit(message, A, B)
    right = unsqueeze(B, -1) if is_vector else B
    solution = ops.solve(A.array, right.array)
    return ops.reshape(solution, ops.without_last(solution.shape)) if is_vector else solution
