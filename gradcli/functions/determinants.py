"""Determinants of square matrices and their logarithms."""

from __future__ import annotations

from math import nan

from gradcli.autograd import Tensor, state
from gradcli.functions.conditional import where
from gradcli.functions.create import eye
from gradcli.functions.declare import function
from gradcli.functions.decompose import check_square, inv
from gradcli.functions.diagonal import diag_embed
from gradcli.functions.elementwise import eq
from gradcli.functions.ranges import arange
from gradcli.functions.reduce import product_of_the_others
from gradcli.functions.repetition import expand
from gradcli.functions.shape import matrix_transposed, unsqueeze
from gradcli.functions.spectral import svd
from gradcli.lazy import LazyArray, ops


def _for_each_matrix(numbers: Tensor) -> Tensor:
    """Numbers that broadcast against matrices."""
    return unsqueeze(unsqueeze(numbers, -1), -1)


def _inverse_transposed(A: Tensor, is_singular: Tensor) -> Tensor:
    """A^-T, and the identity for what is singular."""
    return matrix_transposed(inv(where(is_singular, eye(A.shape[-1], dtype=A.dtype), A)))


def _cofactors(A: Tensor) -> Tensor:
    """The derivative of the determinant, also where A is singular: det(U V^T) U diag(products of the other S) V^T."""
    U, S, Vh = svd(A)
    products = product_of_the_others(unsqueeze(det(U) * det(Vh), -1), S, -1, True)
    return (U * unsqueeze(products, -2)) @ Vh


def _det_cotangent(g: Tensor, A: Tensor, result: Tensor) -> Tensor:
    """g * det(A) * A^-T; of a singular A it is 0, as in PyTorch, or g times its cofactors if they are differentiated again."""
    is_singular = _for_each_matrix(eq(result, 0))
    found = _for_each_matrix(g * result) * _inverse_transposed(A, is_singular)
    if not state.grad_enabled:
        return where(is_singular, 0.0, found)
    with_gaps = diag_embed(arange(1, A.shape[-1] + 1, dtype=A.dtype))  # between singular values
    return where(is_singular, _for_each_matrix(g) * _cofactors(where(is_singular, A, with_gaps)), found)


def _slogdet_cotangent(g: Tensor, A: Tensor) -> Tensor:
    """g * A^-T; of a singular A what triangular factors give, inf and nan, or an error if it is to be differentiated again."""
    if state.grad_enabled:
        return _for_each_matrix(g) * matrix_transposed(inv(A))
    right = diag_embed(expand(unsqueeze(g, -1), tuple(A.shape[:-1])))
    return Tensor(ops.solve(matrix_transposed(A).array, right.array, ""))  # PyTorch factors the transpose, too


@function(
    "LinalgDetBackward0",
    namespace="torch.linalg",
    aliases=("torch.det",),
    method=True,
    examples=("torch.linalg.det(x @ x.mT + eye(2))",),
    d_A=_det_cotangent,
)
def det(A: Tensor) -> LazyArray:
    """The determinant of square matrices."""
    check_square("linalg.det", A, "lu_cpu")
    return ops.determinant(A.array)


@function(
    "LinalgSlogdetBackward0",
    namespace="torch.linalg",
    results=("sign", "logabsdet"),
    examples=("torch.linalg.slogdet(x @ x.mT + eye(2))",),
    d_A=lambda g_logabsdet, A: _slogdet_cotangent(g_logabsdet, A),
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
