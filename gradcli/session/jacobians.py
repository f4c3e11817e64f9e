"""The whole Jacobian or Hessian of an evaluation's result, with respect to the variables that are named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.transforms import filled, jacobian_by_rows, pulled_back
from gradcli.errors import NotScalar
from gradcli.lazy import Size, ops
from gradcli.session.evaluation import Evaluation, named_tensors, nothing_to_differentiate


def add_jacobian(evaluation: Evaluation, scope: dict[str, Any], wrt: Sequence[str]) -> None:
    """Give an evaluation the derivative of each element of its result: the result's axes, then the variable's."""
    result = _differentiable(evaluation, wrt)
    inputs = named_tensors(scope, wrt, "--jacobian")
    evaluation.jacobian = _row(result, inputs)


def add_hessian(evaluation: Evaluation, scope: dict[str, Any], wrt: Sequence[str]) -> None:
    """Give an evaluation the second derivatives of its result for each two variables: the axes of one, then of the other."""
    result = _differentiable(evaluation, wrt)
    inputs = named_tensors(scope, wrt, "--hessian")
    if result.shape.numel() != 1:
        message = f"only the Hessian of one number is shown, and the result has shape {tuple(result.shape)}"
        raise NotScalar(message, hint="reduce it with sum() or mean(); --jacobian takes a result of any shape")
    one = Tensor(ops.full(result.shape, 1.0, result.dtype))
    gradients = filled(pulled_back([result], list(inputs.values()), [one]), list(inputs.values()))
    evaluation.hessian = {name: _row(gradient, inputs) for name, gradient in zip(inputs, gradients, strict=True)}


def _differentiable(evaluation: Evaluation, wrt: Sequence[str]) -> Tensor:
    result = evaluation.tensor
    if result is None or not result.requires_grad:
        raise nothing_to_differentiate(result, wrt)
    return result


def _row(output: Tensor, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The derivative of each element of an output for each input, outside of the graph; zeros where there is no dependence."""
    row = {}
    for (name, input), found in zip(inputs.items(), jacobian_by_rows(output, list(inputs.values())), strict=True):
        zeros = ops.full(Size((*output.shape, *input.shape)), 0.0, output.dtype)
        row[name] = Tensor(zeros if found is None else found.array)
    return row
