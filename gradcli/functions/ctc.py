"""Connectionist temporal classification: the likelihood of labels whose times are not known."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.autograd.transforms import pulled_through
from gradcli.errors import IndexOutOfRange, ShapeMismatch, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.elementwise import div, eq, exp, isinf, log, neg
from gradcli.functions.extreme import amax
from gradcli.functions.gather import gather
from gradcli.functions.join import stack
from gradcli.functions.loss import reduction_kind
from gradcli.functions.padding import constant_pad_nd
from gradcli.functions.reduce import mean
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit, require_floating
from gradcli.functions.shape import squeeze, t, unsqueeze
from gradcli.functions.slices import select
from gradcli.lazy import ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import DType, bool_, int64

# ── labels and lengths, which are numbers ──


def _lengths(name: str, value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        if value.dtype.is_floating:
            raise ValueFault.as_torch(f"{name} must be integral")
        return np.atleast_1d(possible_values(value.array)).astype(np.int64)
    return np.atleast_1d(np.asarray(value, np.int64))


def _rows(targets: Tensor, lengths: np.ndarray) -> np.ndarray:
    """The labels of each example, in a row as long as the longest; what stands after the labels is of no account."""
    labels = possible_values(targets.array).astype(np.int64)
    longest = int(lengths.max(initial=0))
    if labels.ndim == 2:
        return labels[:, :longest]
    starts = np.cumsum(lengths) - lengths
    rows = np.zeros((len(lengths), longest), np.int64)
    for row, start, length in zip(rows, starts, lengths, strict=True):
        row[:length] = labels[start : start + length]
    return rows


def _with_blanks(rows: np.ndarray, blank: int) -> np.ndarray:
    """A blank before, between and after the labels."""
    extended = np.full((rows.shape[0], 2 * rows.shape[1] + 1), blank)
    extended[:, 1::2] = rows
    return extended


def _constant(values: np.ndarray, dtype: DType) -> Tensor:
    return Tensor(ops.from_buffer(np.ascontiguousarray(values), dtype))


# ── the likelihood ──


def _log_of_sum(terms: Tensor) -> Tensor:
    """The logarithm of the sum of exponentials along the first axis: -inf, with a slope of 0, where all terms are -inf."""
    largest = amax(terms.detach(), 0, True)
    shift = where(isinf(largest), 0.0, largest)
    sums = total(exp(terms - shift), 0)
    return where(eq(sums, 0), -inf, log(where(eq(sums, 0), 1.0, sums)) + squeeze(shift, 0))


def _losses(log_probs: Tensor, rows: np.ndarray, times: np.ndarray, lengths: np.ndarray, blank: int) -> Tensor:
    """By the likelihoods of all beginnings, one time after another (Graves et al. 2006)."""
    extended = _with_blanks(rows, blank)
    width = extended.shape[1]
    labels = _constant(extended, int64)
    may_skip = np.zeros(extended.shape, bool)
    may_skip[:, 2:] = extended[:, 2:] != extended[:, :-2]  # blanks stand two apart
    skips = _constant(may_skip, bool_)
    starts = _constant(np.arange(width)[None] < np.minimum(2, 2 * lengths[:, None] + 1), bool_)
    emitted = [gather(select(log_probs, 0, time), 1, labels) for time in range(log_probs.shape[0])]
    ahead = where(starts, emitted[0], -inf)
    for time, row in enumerate(emitted[1:], 1):
        before = [constant_pad_nd(ahead, (steps, -steps), -inf) for steps in range(min(3, width))]
        if width > 2:
            before[2] = where(skips, before[2], -inf)
        running = _constant((time < times)[:, None], bool_)
        ahead = where(running, _log_of_sum(stack(tuple(before), 0)) + row, ahead)
    ends = np.arange(width)[None]
    is_end = (ends == 2 * lengths[:, None]) | ((ends == 2 * lengths[:, None] - 1) & (lengths[:, None] > 0))
    return neg(_log_of_sum(where(_constant(is_end.T, bool_), t(ahead), -inf)))


def _cotangent(g: Tensor, log_probs: Tensor, result: Tensor, labels: Any, zero_infinity: bool) -> Tensor:
    """How much more likely each class is taken to be than it is found to be."""
    rows, times, lengths, blank = labels
    (found,) = pulled_through(lambda inner: _losses(inner, rows, times, lengths, blank), (log_probs,), g)
    steps = np.arange(log_probs.shape[0])[:, None] < times
    counted = unsqueeze(_constant(steps, bool_), 2)
    each = g * where(isinf(result), 0.0 if zero_infinity else nan, 1.0)
    return where(counted, exp(log_probs) * unsqueeze(each, 1) + found, 0.0)


@function(
    "CtcLossBackward0",
    name="ctc_loss",
    public=False,
    premise="log_probs come of log_softmax: only the gradient of what goes into that is the derivative, as in PyTorch",
    d_log_probs=_cotangent,
)
def _ctc(log_probs: Tensor, labels: Any, zero_infinity: bool) -> Tensor:
    """The negative logarithm of the likelihood of the labels of each example."""
    return _losses(log_probs, *labels)


def _check(log_probs: Tensor, times: np.ndarray, lengths: np.ndarray, rows: np.ndarray, blank: int) -> None:
    steps, count, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise ValueFault.as_torch("blank must be in label range")
    if not log_probs.shape.numel():
        raise ShapeMismatch.as_torch("log_probs tensor must not be empty")
    for name, found in (("input_lengths", times), ("target_lengths", lengths)):
        if len(found) != count:
            raise ShapeMismatch.as_torch(f"{name} must be of size batch_size")
        if found.min(initial=0) < 0:
            raise ValueFault.as_torch(f"{name} must be non-negative")
    if times.max(initial=0) > steps:
        message = f"Expected input_lengths to have value at most {steps}, but got value {times.max()}"
        raise ValueFault.as_torch(f"{message} (while checking arguments for ctc_loss_allocate_outputs)")
    named = rows[np.arange(rows.shape[1])[None] < lengths[:, None]]
    if named.size and not 0 <= named.min() <= named.max() < classes:
        raise IndexOutOfRange(f"a label is {named.max() if named.min() >= 0 else named.min()}, and there are {classes} classes")


@function(
    namespace=NN,
    forms=(_ctc,),
    examples=("F.ctc_loss(log_softmax(stack([x, y, x, y]), 2), tensor([[1], [0]]), (4, 4), (1, 1), blank=2)",),
)
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """How unlikely labels are, whose times are not known; `log_probs` (time, example, class) come of log_softmax."""
    require_floating("ctc_loss_cpu", log_probs)
    if log_probs.ndim not in (2, 3):
        raise misfit("log_probs must be 2D or 3D", log_probs, targets)
    kind = reduction_kind(reduction)
    is_alone = log_probs.ndim == 2
    batch = unsqueeze(log_probs, 1) if is_alone else log_probs
    times, lengths = _lengths("input_lengths", input_lengths), _lengths("target_lengths", target_lengths)
    rows = _rows(unsqueeze(targets, 0) if is_alone and targets.ndim == 1 else targets, lengths)
    _check(batch, times, lengths, rows, blank)
    losses: Tensor = _ctc(batch, (rows, times, lengths, blank), zero_infinity)
    if zero_infinity:
        losses = where(isinf(losses), 0.0, losses)
    if kind == "mean":
        return mean(div(losses, _constant(np.maximum(lengths, 1).astype(losses.dtype.name), losses.dtype)))
    if kind == "sum":
        return total(losses)
    return squeeze(losses, 0) if is_alone else losses
