"""Singular values and vectors, and eigenvalues and eigenvectors of symmetric matrices."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import ValueFault
from gradcli.functions.create import eye
from gradcli.functions.declare import function
from gradcli.functions.decompose import check_matrices, check_square
from gradcli.functions.diagonal import diag_embed
from gradcli.functions.shape import matrix_transposed, transpose, unsqueeze
from gradcli.functions.slices import narrow
from gradcli.lazy import LazyArray, Size, ops

# ── singular values ──


def _is_unused(g: Tensor) -> bool:
    """Whether a cotangent stands for a result that nothing depended on."""
    return g.array.primitive == "constant" and g.array.params[0] == 0


def _gaps(values: Tensor) -> Tensor:
    """v_j - v_i in row i and column j, and 1 on the diagonal."""
    return unsqueeze(values, -2) - unsqueeze(values, -1) + eye(values.shape[-1], dtype=values.dtype)


def _skewed(matrix: Tensor) -> Tensor:
    return matrix - matrix_transposed(matrix)


def _svd_cotangent(g_U: Tensor, g_S: Tensor, g_Vh: Tensor, U: Tensor, S: Tensor, Vh: Tensor) -> Tensor:
    """U [(A - A^T) / E S + S (B - B^T) / E + diag(g_S)] V^T, A = U^T g_U, B = V^T g_V, E the gaps of S^2; and beside U and V."""
    count = S.shape[-1]
    U, g_U, V, g_V = (narrow(each, -1, 0, count) for each in (U, g_U, matrix_transposed(Vh), matrix_transposed(g_Vh)))
    if _is_unused(g_U) and _is_unused(g_V):
        return _composed(U, g_S, V)
    gaps, rows, columns = _gaps(S * S), unsqueeze(S, -1), unsqueeze(S, -2)
    U_along, V_along = matrix_transposed(U) @ g_U, matrix_transposed(V) @ g_V
    inner = _skewed(U_along) / gaps * columns + rows * (_skewed(V_along) / gaps) + diag_embed(g_S)
    found = U @ inner @ matrix_transposed(V)
    if U.shape[-2] > count:
        found = found + (g_U - U @ U_along) / columns @ matrix_transposed(V)
    if V.shape[-2] > count:
        found = found + U / columns @ matrix_transposed(g_V - V @ V_along)
    return found


def _composed(vectors: Tensor, values: Tensor, others: Tensor) -> Tensor:
    """U diag(s) V^T"""
    return (vectors * unsqueeze(values, -2)) @ matrix_transposed(others)


def singular_factors(A: LazyArray, full_matrices: bool) -> tuple[LazyArray, LazyArray, LazyArray]:
    """U, S and V^T."""
    rows, columns = A.shape[-2:]
    count = min(rows, columns)
    shapes = (
        Size((rows, rows if full_matrices else count)),
        Size((count,)),
        Size((columns if full_matrices else count, columns)),
    )
    refusal = "linalg.svd: The algorithm failed to converge because the input matrix contained non-finite values."
    U, S, Vh = ops.factors("svd", A, (full_matrices, refusal), shapes)
    return U, S, Vh


def _check_driver(driver: str | None) -> None:
    if driver is not None:
        message = "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        raise ValueFault.as_torch(message, hint="leave it out")


@function(
    "LinalgSvdBackward0",
    namespace="torch.linalg",
    results=("U", "S", "Vh"),
    examples=("torch.linalg.svd(x, full_matrices=False)", "torch.linalg.svd(x).S"),
    d_A=_svd_cotangent,
)
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> tuple[LazyArray, LazyArray, LazyArray]:
    """U and V with orthonormal columns, whose signs are arbitrary, and the singular values S, of A = U @ diag(S) @ V.T."""
    _check_driver(driver)
    check_matrices("linalg.svd", A, "linalg_svd_cpu")
    return singular_factors(A.array, full_matrices)


@function(
    "LinalgSvdBackward0",
    namespace="torch.linalg",
    examples=("torch.linalg.svdvals(x)",),
    d_A=lambda g, A: _values_cotangent(g, A),
)
def svdvals(A: Tensor, *, driver: str | None = None) -> LazyArray:
    """The singular values, the largest first."""
    _check_driver(driver)
    check_matrices("linalg.svd", A, "linalg_svd_cpu")
    return singular_factors(A.array, False)[1]


def _values_cotangent(g: Tensor, A: Tensor) -> Tensor:
    """U diag(g) V^T."""
    U, _, Vh = svd(A, False)
    return _composed(U, g, matrix_transposed(Vh))


@function(name="svd", method=True, results=("U", "S", "V"), forms=(svd, transpose), examples=("svd(x).S",))
def _svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """U, the singular values S, and V of input = U @ diag(S) @ V.T; only as many columns as there are values if `some`."""
    if not compute_uv:
        values = svdvals(input)
        zeros = [Tensor(ops.full(Size((*input.shape[:-2], size, size)), 0.0, input.dtype)) for size in input.shape[-2:]]
        return zeros[0], values, zeros[1]
    U, S, Vh = svd(input, not some)
    return U, S, transpose(Vh, -2, -1)


# ── eigenvalues of symmetric matrices ──


def _eigh_cotangent(g_eigenvalues: Tensor, g_eigenvectors: Tensor, eigenvalues: Tensor, eigenvectors: Tensor) -> Tensor:
    """V [(M - M^T) / (2 E) + diag(g_L)] V^T, where M = V^T g_V and E holds the gaps of eigenvalues."""
    if _is_unused(g_eigenvectors):
        return _composed(eigenvectors, g_eigenvalues, eigenvectors)
    along = matrix_transposed(eigenvectors) @ g_eigenvectors
    inner = _skewed(along) / (2 * _gaps(eigenvalues)) + diag_embed(g_eigenvalues)
    return eigenvectors @ inner @ matrix_transposed(eigenvectors)


def symmetric_factors(A: Tensor, UPLO: str) -> tuple[LazyArray, LazyArray]:
    """Eigenvalues and eigenvectors."""
    check_square("linalg.eigh", A, "linalg_eigh_cpu")
    if UPLO.upper() not in ("L", "U"):
        raise ValueFault.as_torch(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    size = A.shape[-1]
    refusal = (
        "linalg.eigh: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated "
        "eigenvalues."
    )
    values, vectors = ops.factors("eigh", A.array, (UPLO.upper(), refusal), (Size((size,)), Size((size, size))))
    return values, vectors


@function(
    "LinalgEighBackward0",
    namespace="torch.linalg",
    results=("eigenvalues", "eigenvectors"),
    examples=("torch.linalg.eigh(x + x.mT)",),
    d_A=_eigh_cotangent,
)
def eigh(A: Tensor, UPLO: str = "L") -> tuple[LazyArray, LazyArray]:
    """Eigenvalues, the smallest first, and eigenvectors of symmetric matrices, of which one triangle is read."""
    return symmetric_factors(A, UPLO)


@function(
    "LinalgEighBackward0",
    namespace="torch.linalg",
    examples=("torch.linalg.eigvalsh(x + x.mT)",),
    d_A=lambda g, A, UPLO: _eigenvalues_cotangent(g, A, UPLO),
)
def eigvalsh(A: Tensor, UPLO: str = "L") -> LazyArray:
    """The eigenvalues of symmetric matrices, the smallest first; one triangle is read."""
    return symmetric_factors(A, UPLO)[0]


def _eigenvalues_cotangent(g: Tensor, A: Tensor, UPLO: str) -> Tensor:
    """V diag(g) V^T."""
    _, vectors = eigh(A, UPLO)
    return _composed(vectors, g, vectors)
