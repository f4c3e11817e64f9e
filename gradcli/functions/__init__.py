"""Every user-visible function, declared: PyTorch's name and signature, forward, derivative rules, grad_fn name."""

from __future__ import annotations

from typing import Any

from gradcli.functions import (
    activation,
    adaptive_pool,
    arrange,
    assign,
    attention,
    bags,
    bilinear,
    bounds,
    calculus,
    channels,
    cholesky,
    class_margins,
    classification,
    combine,
    compared,
    conditional,
    convolution,
    covariance,
    create,
    ctc,
    decompose,
    determinants,
    diagonal,
    distance,
    division,
    einsum,
    elementwise,
    embedding,
    extreme,
    floats,
    func,
    functional,
    gather,
    grid,
    index,
    interpolation,
    join,
    least_squares,
    legacy,
    likelihood_losses,
    linalg,
    linear_cross_entropy,
    logarithms,
    loss,
    lu,
    margin_losses,
    matrices,
    max_pool,
    nn,
    norm,
    normalization,
    number_limits,
    orthogonal,
    overlapping,
    padding,
    part,
    patches,
    placement,
    pool,
    power,
    quantile,
    random,
    ranges,
    reduce,
    repetition,
    search,
    select,
    shape,
    slices,
    softmax,
    sort,
    special,
    spectral,
    split,
    surface,
    variance,
    vmap,
    windows,
)
from gradcli.functions.assign import setitem
from gradcli.functions.create import tensor
from gradcli.functions.function import Function
from gradcli.functions.index import getitem
from gradcli.functions.operators import INPLACE_OPERATORS, OPERATORS, UNARY_OPERATORS
from gradcli.functions.registry import DECLARED, METHODS, NAMESPACES, behind, called_in
from gradcli.functions.results import ReturnTuple
from gradcli.functions.surface import ATTRIBUTES, SETTABLE

#: Names that work without a namespace; where namespaces share a name, torch's comes first.
BARE: dict[str, Any] = {
    name: value
    for space in ("torch.special", "torch.linalg", "torch.nn.functional", "torch")
    for name, value in NAMESPACES[space].items()
}

__all__ = [
    "ATTRIBUTES",
    "BARE",
    "DECLARED",
    "INPLACE_OPERATORS",
    "METHODS",
    "NAMESPACES",
    "OPERATORS",
    "SETTABLE",
    "UNARY_OPERATORS",
    "Function",
    "ReturnTuple",
    "behind",
    "called_in",
    "getitem",
    "setitem",
    "tensor",
]
