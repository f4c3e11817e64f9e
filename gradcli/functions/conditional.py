"""One of two values by a condition: where, and the step function."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, OperandLabel
from gradcli.functions.arguments import Operand
from gradcli.functions.declare import function, method
from gradcli.functions.pointwise import common_dtype, wrap_number
from gradcli.functions.refusals import no_derivative
from gradcli.lazy import LazyArray, ops
from gradcli.lazy.dtypes import bool_


@function(
    "WhereBackward0",
    public=False,
    laid_out_as=("condition", "input", "other"),
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


@function(name="where", method=False, forms=(where,))
def where_or_positions(condition: Tensor, input: Any = None, other: Any = None, *_more: Any) -> Any:
    """input where the condition holds, else other; of a condition alone the positions where it holds, for each dimension."""
    given = {name: value for name, value in (("input", input), ("other", other)) if value is not None}
    if not given:
        from gradcli.functions.search import nonzero

        return nonzero(condition, as_tuple=True)
    # Of too few and of too many, the form tells.
    return where(condition, input, other, *_more) if len(given) == 2 else where(condition, **given)


@method("where")
def _where_method(input: Tensor, condition: Tensor, other: Operand) -> Tensor:
    """The tensor where the condition holds, else other."""
    return where(condition, input, other)


_no_step_derivative = no_derivative("derivative for aten::heaviside is not implemented")


@function(
    "NotImplemented",
    in_place=True,
    laid_out_as=("input", "values"),
    examples=("heaviside(tensor([-1., 0., 2.]), tensor(0.5))",),
    d_input=_no_step_derivative,
    d_values=_no_step_derivative,
)
def heaviside(input: Tensor, values: Tensor) -> LazyArray:
    """The step function: 0 below 0 and 1 above it, with a value of one's own at 0."""
    if values.dtype is not input.dtype:
        message = "heaviside is not yet implemented for tensors with different dtypes."
        raise DTypeMismatch.as_torch(message, operands=[OperandLabel(1, f"this is {values.dtype}")])
    zero = ops.constant(0, input.dtype)
    is_above = ops.cast(ops.binary("less", zero, input.array), input.dtype)
    return ops.where(ops.binary("equal", input.array, zero), values.array, is_above)
