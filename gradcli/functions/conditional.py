"""where: one of two values by a condition."""

from __future__ import annotations

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch
from gradcli.functions.arguments import Operand
from gradcli.functions.declare import function, method
from gradcli.functions.pointwise import common_dtype, wrap_number
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import bool_


@function(
    "WhereBackward0",
    method=False,
    examples=("where(x > 0, x, y)", "where(x > 0, x, 1.0)"),
    d_input=lambda g, condition: where(condition, g, 0.0),
    d_other=lambda g, condition: where(condition, 0.0, g),
)
def where(condition: Tensor, input: Operand, other: Operand) -> LazyArray:
    """input where the condition holds, else other."""
    if condition.dtype is not bool_:
        message = f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint="compare it with something, for example condition > 0")
    dtype = common_dtype(input, other)
    a, b = (value if isinstance(value, Tensor) else wrap_number(value, dtype) for value in (input, other))
    return ops.where(condition.array, ops.cast(a.array, dtype), ops.cast(b.array, dtype))


@method("where")
def _where_method(input: Tensor, condition: Tensor, other: Operand) -> Tensor:
    """The tensor where the condition holds, else other."""
    return where(condition, input, other)
