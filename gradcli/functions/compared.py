"""Comparisons in place: truth values as numbers of the tensor's own dtype, of which PyTorch records that they do not vary."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.functions.arguments import Operand
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq, ge, gt, le, lt, ne, zeros_like
from gradcli.functions.pointwise import Binary
from gradcli.functions.registry import METHODS, InPlace, behind
from gradcli.lazy import LazyArray, ops


def _declare(comparison: Binary) -> None:
    """Declare the in-place variant of a comparison under all names that it has as a method."""
    name = comparison.name

    @function(
        lambda other: f"{name.title()}Backward{int(isinstance(other, Tensor))}",
        name=name,
        public=False,
        kink="0 everywhere",
        examples=(f"x.clone().{name}_(y)",),
        d_input=lambda g: zeros_like(g),
        d_other=lambda g: zeros_like(g),
    )
    def compared(input: Tensor, other: Operand) -> LazyArray:
        return ops.cast(comparison.apply_to(input, other).array, input.dtype)

    compared.doc = f"{comparison.doc}, as a number"
    for method in [own for own, value in METHODS.items() if behind(value) is comparison]:
        METHODS[f"{method}_"] = InPlace(compared, f"{method}_")


for _comparison in (eq, ge, gt, le, lt, ne):
    _declare(_comparison)
