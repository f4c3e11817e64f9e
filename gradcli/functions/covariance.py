"""Covariances and correlations of variables, one a row, of which each column is an observation."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, ValueFault
from gradcli.functions.bounds import clamp
from gradcli.functions.declare import function
from gradcli.functions.diagonal import diagonal
from gradcli.functions.elementwise import div, mul, sqrt, sub, times_number
from gradcli.functions.linalg import mm
from gradcli.functions.pointwise import wrap_number
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import squeeze, t, unsqueeze, view_as_shape
from gradcli.lazy import settings
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import INTEGER, bool_


def _check_weights(name: str, weights: Tensor | None, kind: str, observations: int) -> None:
    if weights is None:
        return
    if weights.ndim > 1:
        raise misfit(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {weights.ndim} dimensions", weights
        )
    is_right = weights.dtype.kind == INTEGER if kind == "integral" else weights.dtype.is_floating
    if not is_right:
        message = f"cov(): expected {name} to have {kind} dtype but got {name} with {weights.dtype.tensor_type} dtype"
        raise DTypeMismatch.as_torch(message)
    count = weights.shape.numel()
    if count != observations:
        message = f"cov(): expected {name} to have the same numel as there are observations in the input but got"
        raise misfit(f"{message} {count} != {observations}", weights)
    if (possible_values(weights.array) < 0).any():
        raise ValueFault.as_torch(f"cov(): {name} cannot be negative")


def _degrees_of_freedom(weights: Tensor | None, sum_of_weights: Tensor, aweights: Tensor | None, correction: int) -> Tensor:
    """What the sums of products are divided by; never below 0."""
    degrees = sum_of_weights
    if correction and (weights is None or aweights is None):
        degrees = sub(sum_of_weights, correction)
    elif correction:
        degrees = sub(sum_of_weights, div(times_number(total(mul(weights, aweights)), correction), sum_of_weights))
    return clamp(degrees, 0) if (possible_values(degrees.array) < 0).any() else degrees


@function(
    forms=(mm, sub, div),
    examples=("cov(x)", "cov(x, correction=0)", "cov(b[0], aweights=v.exp())"),
)
def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
    """The covariances of the rows, with numbers of occurrences and weights of the columns if given."""
    if input.ndim > 2:
        message = f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        raise misfit(message, input)
    if input.dtype is bool_:
        raise DTypeMismatch.as_torch("cov(): bool dtype is not supported for input", hint="convert it with .float()")
    rows = input if input.ndim == 2 else view_as_shape(input, (1, input.shape.numel()))
    observations = rows.shape[1]
    _check_weights("fweights", fweights, "integral", observations)
    _check_weights("aweights", aweights, "floating point", observations)
    weights = fweights if aweights is None else aweights if fweights is None else mul(fweights, aweights)
    dtype = rows.dtype if rows.dtype.is_floating else settings.default_dtype
    sum_of_weights = wrap_number(observations, dtype) if weights is None else total(weights)
    mean = div(total(rows if weights is None else mul(rows, weights), 1), sum_of_weights)
    centred = sub(rows, unsqueeze(mean, 1))
    products = mm(centred, t(centred if weights is None else mul(centred, weights)))
    degrees = _degrees_of_freedom(weights, sum_of_weights, aweights, correction)
    return squeeze(div(products, degrees))


@function(forms=(cov, div, sqrt, diagonal, clamp), examples=("corrcoef(x)",))
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows."""
    if input.ndim > 2:
        message = f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        raise misfit(message, input)
    covariances = cov(input)
    if covariances.ndim == 0:
        return div(covariances, covariances)
    deviations = sqrt(diagonal(covariances))
    size = deviations.shape[0]
    by_row = div(covariances, view_as_shape(deviations, (size, 1)))
    return clamp(div(by_row, view_as_shape(deviations, (1, size))), -1, 1)
