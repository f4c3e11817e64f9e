"""Orthogonal and triangular factors of matrices, and products of reflections."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import ValueFault
from gradcli.functions.cholesky import solve_triangular
from gradcli.functions.create import eye
from gradcli.functions.declare import function
from gradcli.functions.decompose import check_matrices
from gradcli.functions.diagonal import tril
from gradcli.functions.join import cat
from gradcli.functions.padding import constant_pad_nd
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.repetition import expand
from gradcli.functions.shape import matrix_transposed, squeeze, unsqueeze
from gradcli.functions.slices import narrow
from gradcli.lazy import LazyArray, Size, ops

# ── orthogonal times triangular ──


def _square_cotangent(g_Q: Tensor, g_R: Tensor, Q: Tensor, R: Tensor) -> Tensor:
    """[g_Q + Q (tril(M) + tril(M, -1)^T)] R^-T where M = R g_R^T - g_Q^T Q (Seeger et al. 2017); R is square."""
    product = R @ matrix_transposed(g_R) - matrix_transposed(g_Q) @ Q
    inner = g_Q + Q @ (tril(product) + matrix_transposed(tril(product, -1)))
    return solve_triangular(matrix_transposed(R), inner, upper=False, left=False)


def _qr_cotangent(g_Q: Tensor, g_R: Tensor, Q: Tensor, R: Tensor, A_shape: Size, mode: str) -> Tensor:
    """For a wide matrix by its square part; the columns beside it are Q times those of R."""
    rows, columns = A_shape[-2:]
    if mode == "r":
        raise ValueFault.as_torch(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr."
        )
    if mode == "complete" and rows > columns:
        raise ValueFault.as_torch(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols.", hint="use mode='reduced'"
        )
    if rows >= columns:
        return _square_cotangent(g_Q, g_R, Q, R)
    square, beside = narrow(R, -1, 0, rows), narrow(R, -1, rows, columns - rows)
    g_square, g_beside = narrow(g_R, -1, 0, rows), narrow(g_R, -1, rows, columns - rows)
    through_both = g_Q + Q @ beside @ matrix_transposed(g_beside)
    return cat((_square_cotangent(through_both, g_square, Q, square), Q @ g_beside), -1)


@function(
    "LinalgQrBackward0",
    namespace="torch.linalg",
    results=("Q", "R"),
    examples=("torch.linalg.qr(x)", "torch.linalg.qr(x.mT)"),
    d_A=_qr_cotangent,
)
def qr(A: Tensor, mode: str = "reduced") -> tuple[LazyArray, LazyArray]:
    """Q with orthonormal columns and an upper triangular R of A = Q @ R; `complete` has a square Q, `r` an empty one."""
    check_matrices("linalg.qr", A, "geqrf_cpu")
    if mode not in ("reduced", "r", "complete"):
        message = f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        raise ValueFault.as_torch(message)
    rows, columns = A.shape[-2:]
    width = rows if mode == "complete" else min(rows, columns)
    factored = "complete" if mode == "complete" else "reduced"
    Q, R = ops.factors("qr", A.array, (factored,), (Size((rows, width)), Size((width, columns))))
    return (ops.full(Size((0,)), 0.0, A.dtype), R) if mode == "r" else (Q, R)


@function(name="qr", method=True, results=("Q", "R"), forms=(qr,), examples=("qr(x)",))
def _qr(input: Tensor, some: bool = True) -> tuple[Tensor, Tensor]:
    """Q with orthonormal columns and an upper triangular R of input = Q @ R; with a square Q unless `some`."""
    Q, R = qr(input, "reduced" if some else "complete")
    return Q, R


# ── products of reflections ──


Reflections = list[tuple[Tensor, Tensor]]


def _reflections(input: Tensor, tau: Tensor, last_first: bool) -> Reflections:
    """In the order in which they are applied: vectors, with 0 above the diagonal and 1 on it, and factors."""
    vectors = tril(input, -1) + eye(*input.shape[-2:], dtype=input.dtype)
    factors = unsqueeze(tau, -2)
    pairs = [(narrow(vectors, -1, each, 1), narrow(factors, -1, each, 1)) for each in range(tau.shape[-1])]
    return pairs[::-1] if last_first else pairs


def _reflected(matrix: Tensor, vector: Tensor, factor: Tensor) -> Tensor:
    """(1 - tau v v^T) times a matrix."""
    return matrix - factor * (vector @ (matrix_transposed(vector) @ matrix))


def _product(reflections: Reflections, matrix: Tensor) -> Tensor:
    for vector, factor in reflections:
        matrix = _reflected(matrix, vector, factor)
    return matrix


def _reflections_cotangents(g: Tensor, input: Tensor, tau: Tensor, matrix: Tensor, last_first: bool) -> tuple[Tensor, Tensor]:
    """The cotangents of the vectors and of the factors: of each from what it was applied to, and what then came of it."""
    reflections = _reflections(input, tau, last_first)
    if not reflections:
        return input * 0, tau * 0
    before = []
    for vector, factor in reflections:
        before.append(matrix)
        matrix = _reflected(matrix, vector, factor)
    of_vectors, of_factors = [], []
    for (vector, factor), part in zip(reversed(reflections), reversed(before), strict=True):
        along, g_along = matrix_transposed(vector) @ part, matrix_transposed(vector) @ g
        of_factors.append(-total(along * g_along, -1, True))
        of_vectors.append(-factor * (part @ matrix_transposed(g_along) + g @ matrix_transposed(along)))
        g = _reflected(g, vector, factor)
    if not last_first:
        of_vectors, of_factors = of_vectors[::-1], of_factors[::-1]
    lacking = input.shape[-1] - len(of_vectors)
    return tril(constant_pad_nd(cat(tuple(of_vectors), -1), (0, lacking)), -1), squeeze(cat(tuple(of_factors), -1), -2)


def _check_reflections(name: str, input: Tensor, tau: Tensor) -> None:
    if input.ndim < 2:
        raise misfit(f"{name}: input must have at least 2 dimensions.", input, tau)
    if input.shape[-2] < input.shape[-1]:
        raise misfit(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]", input, tau)
    if input.shape[-1] < tau.shape[-1]:
        raise misfit(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]", input, tau)
    if input.ndim - tau.ndim != 1:
        dimensions = f"but got tau.ndim equal to {tau.ndim} and input.ndim is equal to {input.ndim}"
        raise misfit(f"{name}: Expected tau to have one dimension less than input, {dimensions}", input, tau)


def _identity(input: Tensor) -> Tensor:
    """The identity matrix in the shape of the input."""
    return expand(eye(*input.shape[-2:], dtype=input.dtype), input.shape)


@function(
    "LinalgHouseholderProductBackward0",
    namespace="torch.linalg",
    aliases=("torch.orgqr",),
    method=True,
    examples=("torch.linalg.householder_product(x.mT, x[:, 0])",),
    d_input=lambda g, input, tau: _reflections_cotangents(g, input, tau, _identity(input), True)[0],
    d_tau=lambda g, input, tau: _reflections_cotangents(g, input, tau, _identity(input), True)[1],
)
def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first columns of a product of reflections 1 - tau v v.T, whose vectors stand below the diagonal of the input."""
    _check_reflections("torch.linalg.householder_product", input, tau)
    return _product(_reflections(input, tau, True), _identity(input))


def _as_left(other: Tensor, left: bool) -> Tensor:
    """A factor on the right as one on the left of the transpose."""
    return other if left else matrix_transposed(other)


@function(
    "OrmqrBackward0",
    examples=("ormqr(x.mT, x[:, 0], x.mT)", "ormqr(x.mT, x[:, 0], x, left=False, transpose=True)"),
    d_input=lambda g, input, tau, other, left, transpose: _reflections_cotangents(
        _as_left(g, left), input, tau, _as_left(other, left), left != transpose
    )[0],
    d_tau=lambda g, input, tau, other, left, transpose: _reflections_cotangents(
        _as_left(g, left), input, tau, _as_left(other, left), left != transpose
    )[1],
    d_other=lambda g, input, tau, left, transpose: ormqr(input, tau, g, left, not transpose),
)
def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """A product of reflections, as for householder_product, or its transpose, times a matrix on the left or the right."""
    _check_reflections("torch.ormqr", input, tau)
    axis = -2 if left else -1
    if other.ndim < 2 or other.shape[axis] != input.shape[-2]:
        raise misfit(f"torch.ormqr: other.shape[{axis}] must be equal to input.shape[-2]", input, tau, other)
    return _as_left(_product(_reflections(input, tau, left != transpose), _as_left(other, left)), left)
