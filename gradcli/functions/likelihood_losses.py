"""Losses of torch.nn.functional that are negative logarithms of likelihoods, up to constants: of Poisson and of Gauss."""

from __future__ import annotations

from math import log as log_of_number
from math import pi

from gradcli.autograd import Tensor
from gradcli.errors import ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.arguments import Operand, Truth
from gradcli.functions.declare import function
from gradcli.functions.elementwise import add, div, exp, log, mul, sub, times_number
from gradcli.functions.loss import reduced_losses, reduction_kind
from gradcli.functions.nn import clone_at_least
from gradcli.functions.power import pow
from gradcli.functions.reduce import any as some
from gradcli.functions.reduce import mean
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.select import masked_fill_number
from gradcli.functions.shape import unsqueeze
from gradcli.lazy import ops
from gradcli.lazy.batching import possible_values


@function(
    namespace=NN,
    forms=(mean, total, add, sub, mul, exp, log),
    examples=("F.poisson_nll_loss(x, exp(y))", "F.poisson_nll_loss(exp(x), y, log_input=False)"),
)
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: Truth | None = None,
    eps: float = 1e-08,
    reduce: Truth | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of exp(input) - target * input; full adds Stirling's approximation of log(target!) where the target is over 1."""
    reduction = reduction_kind(reduction, size_average, reduce)
    if log_input:
        losses = sub(exp(input), mul(target, input))
    else:
        losses = sub(input, mul(target, log(add.apply_to(input, eps, "AddBackward1"))))
    if full:
        stirling = add(sub(mul(target, log(target)), target), times_number(log(times_number(target, 2 * pi)), 0.5))
        losses = add(losses, masked_fill_number(stirling, target <= 1, 0))
    return reduced_losses(losses, reduction)


@function(
    namespace=NN,
    forms=(mean, total, mul, add, log, div, pow),
    kink="below eps the variance is eps, and its derivative as if it were not",
    examples=("F.gaussian_nll_loss(x, y, exp(x))", "F.gaussian_nll_loss(x, y, exp(y[:, 0]), full=True)"),
)
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Operand,
    full: Truth = False,
    eps: float = 1e-06,
    reduction: str = "mean",
) -> Tensor:
    """The mean of (log(var) + (input - target)^2 / var) / 2; full adds log(2 pi) / 2."""
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueFault.as_torch("var has negative entry/entries")
        var = Tensor(ops.full(input.shape, float(var), input.dtype))
    elif var.shape != input.shape:
        var = _fitted_variance(input, var)
    reduction_kind(reduction)
    if possible_values(some(var < 0).array).any():
        raise ValueFault.as_torch("var has negative entry/entries")
    bounded = clone_at_least(var, eps)
    losses = mul(0.5, add(log(bounded), div(pow(sub(input, target), 2), bounded)))
    if full:
        losses = add(losses, 0.5 * log_of_number(2 * pi))
    return reduced_losses(losses, reduction)


def _fitted_variance(input: Tensor, var: Tensor) -> Tensor:
    """A variance for each row, or for each element of all but the last dimension, beside the input."""
    if input.shape[:-1] == var.shape:
        return unsqueeze(var, -1)
    if input.shape[:-1] == var.shape[:-1] and var.shape[-1] == 1:
        return var
    raise misfit("var is of incorrect size", input, var)
