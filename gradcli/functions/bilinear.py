"""Bilinear layers: each output is a product of one input with a matrix and with another input."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.functions.activation import NN
from gradcli.functions.declare import function
from gradcli.functions.elementwise import add
from gradcli.functions.linalg import matmul
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.shape import permute, reshape, unsqueeze, view
from gradcli.lazy.shapes import existing_dim


def _halfway(rows: Tensor, weight: Tensor) -> Tensor:
    """For each row and each output the row times that output's matrix."""
    outputs, inner, others = weight.shape
    products = matmul(rows, reshape(permute(weight, (1, 0, 2)), (inner, outputs * others)))
    return reshape(products, (rows.shape[0], outputs, others))


def _weight_cotangent(g: Tensor, input1: Tensor, input2: Tensor) -> Tensor:
    """For each output k the sum over the rows of g[:, k] times the outer products of input1 and input2."""
    rows, outputs = g.shape
    weighted = reshape(unsqueeze(g, 2) * unsqueeze(input1, 1), (rows, outputs * input1.shape[1]))
    return reshape(matmul(permute(weighted, (1, 0)), input2), (outputs, input1.shape[1], input2.shape[1]))


@function(
    "TrilinearBackward0",
    public=False,
    examples=("trilinear(x, stack([x.mT @ y]), y)",),
    d_input1=lambda g, weight, input2: total(unsqueeze(g, 2) * _halfway(input2, permute(weight, (0, 2, 1))), 1),
    d_weight=lambda g, input1, input2: _weight_cotangent(g, input1, input2),
    d_input2=lambda g, input1, weight: total(unsqueeze(g, 2) * _halfway(input1, weight), 1),
)
def trilinear(input1: Tensor, weight: Tensor, input2: Tensor) -> Tensor:
    """x1 @ W @ x2 for each pair of rows and each matrix."""
    return total(_halfway(input1, weight) * unsqueeze(input2, 1), 2)


@function(
    namespace=NN,
    aliases=("bilinear",),
    method=False,
    forms=(trilinear, add),
    examples=("F.bilinear(x, y, stack([x.mT @ y, y.mT @ y]))", "F.bilinear(x, x, ones(3, 3, 3), y[0])"),
)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x1 @ W @ x2 for each pair of rows and each matrix of the weight, plus a bias."""
    existing_dim(2, weight.ndim)
    if not input1.ndim or input1.ndim != input2.ndim:
        message = f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}"
        raise misfit(message, input1, input2)
    for axis, (own, other) in enumerate(zip(input1.shape[:-1], input2.shape[:-1], strict=True)):
        if own != other:
            message = f"bilinear(): input batch dimensions do not match at dim {axis}: got {own} and {other}"
            raise misfit(message, input1, input2)
    for number, (rows, axis) in enumerate(((input1, 1), (input2, 2)), 1):
        if rows.shape[-1] != weight.shape[axis]:
            sizes = f"got {rows.shape[-1]} but expected {weight.shape[axis]}"
            raise misfit(f"bilinear(): input{number} size does not match weight size: {sizes}", input1, input2, weight)
    if bias is not None and bias.shape[:1] != weight.shape[:1]:
        message = f"bilinear(): bias size does not match weight size: got {bias.shape.numel()} but expected {weight.shape[0]}"
        raise misfit(message, input1, input2, weight, bias)
    rows1, rows2 = reshape(input1, (-1, input1.shape[-1])), reshape(input2, (-1, input2.shape[-1]))
    result = view(trilinear(rows1, weight, rows2), (*input1.shape[:-1], weight.shape[0]))
    return result if bias is None else add(result, bias)
