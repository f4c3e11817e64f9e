"""Norms of vectors and matrices, and the distances made of them."""

from __future__ import annotations

from builtins import abs as builtin_abs
from math import inf, isinf
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.arguments import Dims, Shape
from gradcli.functions.conditional import where
from gradcli.functions.create import to
from gradcli.functions.declare import function
from gradcli.functions.dims import axes_of, listed, names_all
from gradcli.functions.elementwise import abs as magnitude
from gradcli.functions.elementwise import eq, isnan, logical_or, ne, reciprocal, sign, sqrt, sub
from gradcli.functions.extreme import amax, amin
from gradcli.functions.power import pow
from gradcli.functions.reduce import kept, widened
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import inverse, permute, unsqueeze
from gradcli.functions.spectral import svdvals
from gradcli.lazy import DType
from gradcli.lazy.dtypes import promote
from gradcli.lazy.shapes import normalize_dim

# ── vector norms ──


def norm_cotangent(g: Tensor, input: Tensor, result: Tensor, ord: float, dim: Dims, keepdim: bool) -> Tensor | None:
    """The cotangent of an input of a norm: 0 where the norm is 0, none for order 0, which counts."""
    if ord == 0:
        return None
    g, norm = (kept(value, input.shape, dim, keepdim) for value in (g, result))
    if input.dtype is not norm.dtype:
        input = to(input, norm.dtype)
    if ord == 1:
        return sign(input) * g
    if ord == 2:
        return g * where(eq(norm, 0), 0.0, input / norm)
    size = magnitude(input)
    if isinf(ord):
        ties = to(logical_or(eq(size, norm), isnan(size)), input.dtype)
        axes = axes_of(input.ndim, dim)
        return sign(input) * (g / (total(ties, axes, True) if axes else ties) * ties)
    if ord < 1:
        return where(eq(input, 0), 0.0, sign(input) * pow(size, ord - 1)) * g * pow(norm, 1 - ord)
    scaled = sign(input) * pow(size, ord - 1) if ord < 2 else input * pow(size, ord - 2)
    return scaled * (g * where(eq(norm, 0), 0.0, pow(norm, 1 - ord)))


@function(
    "LinalgVectorNormBackward0",
    namespace="torch.linalg",
    examples=("torch.linalg.vector_norm(x)", "torch.linalg.vector_norm(x, 3, dim=1)"),
    kink="0 where the norm is 0; of order inf, ties share evenly",
    d_x=lambda g, x, result, ord, dim, keepdim: norm_cotangent(g, x, result, float(ord), dim, keepdim),
)
def vector_norm(x: Tensor, ord: Scalar = 2, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The norm of order `ord` of all elements, or along dimensions."""
    own = _checked_dtype(x, dtype)
    axes = axes_of(x.ndim, dim)
    _refuse_empty(x, axes, float(ord), dim)
    values = widened(to(x, own))  # squares of half precision overflow early
    return to(_norm(values, float(ord), axes, keepdim), own)


def _norm(values: Tensor, ord: float, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    size = magnitude(values)
    if ord == 0:
        size = to(ne(values, 0), values.dtype)
    if not axes:
        return size
    if isinf(ord):
        return amax(size, axes, keepdim) if ord > 0 else amin(size, axes, keepdim)
    if ord in (0, 1):
        return total(size, axes, keepdim)
    if ord == 2:
        return sqrt(total(values * values, axes, keepdim))
    return pow(total(pow(size, ord), axes, keepdim), 1 / ord)


def _checked_dtype(x: Tensor, dtype: DType | None) -> DType:
    """The dtype of a norm: the input's, or a wider one that was asked for."""
    if not x.dtype.is_floating:
        message = f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="convert it with .float(), or write its numbers with a point")
    if dtype is None:
        return x.dtype
    if not dtype.is_floating:
        message = f"linalg.vector_norm: dtype should be floating point or complex, but got {dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message)
    if promote(x.dtype, dtype) is not dtype:
        message = (
            f"linalg.vector_norm: the dtype of the input ({x.dtype.tensor_type}) should be convertible without narrowing "
            f"to the specified dtype ({dtype.tensor_type})"
        )
        raise DTypeMismatch.as_torch(message)
    return dtype


def _refuse_empty(x: Tensor, axes: tuple[int, ...], ord: float, dim: Dims) -> None:
    """Negative orders and inf have no value for no elements."""
    if x.shape.numel() or not (ord < 0 or isinf(ord)):
        return
    text = f"linalg.vector_norm cannot compute the {ord:g} norm on"
    reason = "the operation does not have an identity"
    if names_all(dim):
        message = f"{text} an empty tensor because {reason}"
        raise misfit(message, x)
    for axis in axes:
        if x.shape[axis] == 0:
            raise misfit(f"{text} the dimension {axis}because this dimension is empty and {reason}", x)


# ── norms of both kinds ──


@function(
    namespace="torch.linalg",
    forms=(vector_norm, amax, amin),
    examples=("torch.linalg.matrix_norm(x)", "torch.linalg.matrix_norm(x, 1)"),
)
def matrix_norm(
    A: Tensor,
    ord: Any = "fro",
    dim: Shape = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """A norm of matrices: 'fro'; the extreme sum of a column or row (1, -1, inf, -inf), or singular value (2, -2); or 'nuc'."""
    if A.ndim < 2:
        raise misfit("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.", A)
    if len(dim) != 2:
        raise ValueFault.as_torch(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    if ord == "fro":
        return vector_norm(A, 2, tuple(dim), keepdim, dtype=dtype)
    if ord == "nuc" or (_is_number(ord) and builtin_abs(ord) == 2):
        return _spectral_norm(A if dtype is None else to(A, dtype), ord, tuple(dim), keepdim)
    if not _is_number(ord) or builtin_abs(ord) not in (1, inf):
        raise ValueFault.as_torch(f"linalg.matrix_norm: Order {ord} not supported.")
    rows, columns = (normalize_dim(axis, A.ndim) for axis in dim)
    if builtin_abs(ord) == inf:
        rows, columns = columns, rows
    sums = vector_norm(A, 1, rows, keepdim, dtype=dtype)
    across = columns - 1 if rows < columns and not keepdim else columns
    return (amax if ord > 0 else amin)(sums, across, keepdim)


def _spectral_norm(A: Tensor, ord: Any, dim: tuple[int, ...], keepdim: bool) -> Tensor:
    """The largest, the smallest or the sum of the singular values."""
    last = [normalize_dim(axis, A.ndim) for axis in dim]
    order = (*(axis for axis in range(A.ndim) if axis not in last), *last)
    values = svdvals(permute(A, order))
    found = total(values, -1, keepdim) if ord == "nuc" else (amax if ord > 0 else amin)(values, -1, keepdim)
    return permute(unsqueeze(found, -1), inverse(order)) if keepdim else found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


@function(
    name="norm",
    namespace="torch.linalg",
    forms=(vector_norm, matrix_norm),
    examples=("torch.linalg.norm(x)", "torch.linalg.norm(x, 1)"),
)
def linalg_norm(
    A: Tensor,
    ord: Any = None,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """The norm of a vector, of a matrix, or of all elements where no order is given."""
    dims = None if dim is None else listed(dim)
    if dims is not None and len(dims) not in (1, 2):
        raise ValueFault.as_torch(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if ord is None:
        return vector_norm(A, 2, dims, keepdim, dtype=dtype)
    if dims is None and A.ndim not in (1, 2):
        message = f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D."
        raise misfit(message, A)
    if isinstance(ord, str) or len(dims if dims is not None else A.shape) == 2:
        return matrix_norm(A, ord, dims if dims is not None else (-2, -1), keepdim, dtype=dtype)
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


@function(forms=(vector_norm,), examples=("norm(x)", "x.norm(dim=0)", "x.norm(1)"))
def norm(input: Tensor, p: Any = "fro", dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The norm of order p of all elements, or along dimensions; 'fro' is order 2."""
    if isinstance(p, str):
        if p == "fro" and len(listed(dim)) <= 2:
            return vector_norm(input, 2, dim, keepdim, dtype=dtype)
        return matrix_norm(input, p, (-2, -1) if dim is None else listed(dim), keepdim, dtype=dtype)
    return vector_norm(input, 2 if p is None else p, dim, keepdim, dtype=dtype)


# ── distances ──


def _difference_cotangent(g: Tensor, input: Tensor, other: Tensor, result: Tensor, p: float) -> Tensor | None:
    """g times the slope of the norm at the difference; 0 where it is 0."""
    return norm_cotangent(g, sub(input, other), result, float(p), None, False)


@function(
    "DistBackward0",
    examples=("dist(x, y)", "dist(x, y, 1)"),
    kink="0 where the distance is 0",
    d_input=_difference_cotangent,
    d_other=lambda g, input, other, result, p: _difference_cotangent(g, other, input, result, p),
)
def dist(input: Tensor, other: Tensor, p: Scalar = 2) -> Tensor:
    """The norm of order p of input - other."""
    return vector_norm(sub(input, other), p)


# ── slices of a bounded norm ──


def _renorm_cotangent(g: Tensor, input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """g times the factor, and where the factor depends on the input, what its norm brings."""
    norm = _norm_of_slices(input, p, dim)
    others = _others(input, dim)
    share = norm_cotangent(total(input * g, others, True), input, norm, p, others, True)
    assert share is not None, "orders are positive"
    inverse = reciprocal(norm + _LEAST_NORM)
    return where(norm > maxnorm, inverse * maxnorm * (g - inverse * share), g)


def _others(input: Tensor, dim: int) -> tuple[int, ...]:
    """All dimensions but one."""
    return tuple(axis for axis in range(input.ndim) if axis != normalize_dim(dim, input.ndim))


def _norm_of_slices(input: Tensor, p: float, dim: int) -> Tensor:
    return vector_norm(input, p, _others(input, dim), True)


_LEAST_NORM = 1e-7  # what PyTorch adds to a norm that it divides by


@function(
    "RenormBackward0",
    in_place=True,
    examples=("renorm(x, 2, 0, 1.0)", "renorm(x, 1, 1, 0.5)"),
    d_input=lambda g, input, p, dim, maxnorm: _renorm_cotangent(g, input, float(p), dim, float(maxnorm)),
)
def renorm(input: Tensor, p: Scalar, dim: int, maxnorm: Scalar) -> Tensor:
    """The tensor with those slices along a dimension made smaller whose norm of order p is above maxnorm."""
    if p <= 0:
        raise ValueFault.as_torch("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise ValueFault.as_torch(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input.ndim < 2:
        raise misfit(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions", input)
    norm = _norm_of_slices(widened(input), p, dim)
    factor = where(norm > maxnorm, reciprocal(norm + _LEAST_NORM) * maxnorm, 1.0)
    return to(input * factor, input.dtype)
