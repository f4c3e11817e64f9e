"""Rows of a table that integers name, and integers as rows of zeros with a one."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor, change_in_place
from gradcli.errors import DTypeMismatch, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq
from gradcli.functions.gather import check_integers, check_within
from gradcli.functions.norm import renorm
from gradcli.functions.shape import unsqueeze
from gradcli.functions.slices import spread
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import int64
from gradcli.lazy.shapes import describe


def _times_looked_up(input: Tensor, ones: Tensor, rows: int) -> Tensor:
    """How often each row is looked up."""
    return spread(ones, (rows,), (0,), (input,), False)


def shorten_rows(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up and longer than max_norm down to it, in weight itself and outside of the graph."""
    ones = Tensor(ops.full(input.shape, 1.0, weight.dtype))
    is_looked_up = unsqueeze(_times_looked_up(input, ones, weight.shape[0]) > 0, -1)
    change_in_place(weight.detach(), lambda rows: where(is_looked_up, renorm(rows, norm_type, 0, max_norm), rows))


def _rows_summed(g: Tensor, input: Tensor, weight_shape: Size, padding_idx: int | None, scale_grad_by_freq: bool) -> Tensor:
    """What each row of an embedding gets: the cotangents of where it was looked up; nothing for the row of padding."""
    if padding_idx is not None:
        row = padding_idx % weight_shape[0]
        g = where(unsqueeze(eq(input, row), -1), 0.0, g)
    if scale_grad_by_freq:
        ones = Tensor(ops.full(input.shape, 1.0, g.dtype))
        counts = _times_looked_up(input, ones, weight_shape[0])
        g = g / unsqueeze(Tensor(ops.index(counts.array, (0,), [input.array])), -1)
    return spread(g, weight_shape, (0, None), (input,), False)


@function("EmbeddingBackward0", name="embedding", public=False, d_weight=_rows_summed)
def rows_of(input: Tensor, weight: Tensor, padding_idx: int | None, scale_grad_by_freq: bool) -> LazyArray:
    """Rows of weight, looked up by integers."""
    return ops.index(weight.array, (0, None), [check_within(input, weight.shape[0], "index out of range in self", operand=0)])


@function(
    namespace=NN,
    forms=(rows_of,),
    examples=("F.embedding(tensor([0, 1, 1]), x)",),
)
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of weight, looked up by integers; with max_norm, longer rows are first shortened to it, in weight itself.

    The gradient is dense, with sparse=True as well.
    """
    if weight.ndim != 2:
        raise ShapeMismatch.as_torch("'weight' must be 2-D", operands=[OperandLabel(1, describe(weight.shape))])
    if padding_idx is not None and not -weight.shape[0] <= padding_idx < weight.shape[0]:
        raise ValueFault.as_torch("Padding_idx must be within num_embeddings")
    check_integers(
        input,
        "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
        f"torch.{input.dtype.tensor_type}Tensor instead (while checking arguments for embedding)",
    )
    if max_norm is not None:
        check_within(input, weight.shape[0], "index out of range in self", operand=0)
        shorten_rows(weight, input, max_norm, norm_type)
    result: Tensor = rows_of(input, weight, padding_idx, scale_grad_by_freq)
    return result


@function(namespace="torch.nn.functional", examples=("F.one_hot(tensor([0, 2]), 3)",))
def one_hot(tensor: Tensor, num_classes: int = -1) -> Any:
    """A new last dimension with 1 at the class and 0 elsewhere; as many classes as there are, unless said."""
    if tensor.dtype is not int64:
        message = "one_hot is only applicable to index tensor of type LongTensor."
        raise DTypeMismatch.as_torch(message, hint="convert it with .long()")
    if not tensor.shape.numel() and num_classes <= 0:
        raise ValueFault.as_torch("Can not infer total number of classes from empty tensor.")
    values = possible_values(tensor.array)
    if (values < 0).any():
        raise ValueFault.as_torch("Class values must be non-negative.")
    classes = int(values.max(initial=0)) + 1 if num_classes == -1 else num_classes
    if (values >= classes).any():
        message = "Class values must be smaller than num_classes."
        raise ValueFault.as_torch(message, operands=[OperandLabel(0, f"the largest is {values.max()}")])
    column = ops.reshape(tensor.array, Size((*tensor.shape, 1)))
    return ops.cast(ops.binary("equal", column, ops.arange(0, 1, classes, int64)), int64)
