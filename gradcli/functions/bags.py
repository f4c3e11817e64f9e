"""Bags of rows that are looked up: their sums, means or largest elements."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import DTypeMismatch, NotSupported, ValueFault
from gradcli.functions.activation import NN
from gradcli.functions.conditional import where
from gradcli.functions.declare import function
from gradcli.functions.elementwise import eq
from gradcli.functions.embedding import shorten_rows
from gradcli.functions.gather import check_integers
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.repetition import expand
from gradcli.functions.shape import reshape, unsqueeze
from gradcli.functions.slices import spread, take_at
from gradcli.lazy import Size, ops
from gradcli.lazy.batching import possible_values
from gradcli.lazy.dtypes import int64


@dataclass(frozen=True)
class Bags:
    """For each row that is looked up its bag, and whether it counts or is padding; and how many bags there are."""

    bag: Tensor
    is_counted: Tensor | None
    count: int


def _bags(input: Tensor, offsets: Tensor, padding_idx: int | None, include_last_offset: bool) -> Bags:
    positions = ops.arange(0, 1, input.shape[0], int64)
    starts = ops.cast(offsets.array, int64)
    bag = Tensor(ops.binary("sub", ops.searchsorted(starts, positions, True), ops.constant(1, int64)))
    is_counted = (
        None if padding_idx is None else Tensor(ops.binary("not_equal", input.array, ops.constant(padding_idx, input.dtype)))
    )
    return Bags(bag, is_counted, offsets.shape[0] - include_last_offset)


def _of_bags(values: Tensor, bags: Bags) -> Tensor:
    """What each row takes of its bag."""
    return take_at(values, (0, *(None,) * (values.ndim - 1)), (bags.bag,), False)


def _put(rows: Tensor, bags: Bags) -> Tensor:
    """The sums of the rows of each bag."""
    return spread(rows, (bags.count, *rows.shape[1:]), (0, *(None,) * (rows.ndim - 1)), (bags.bag,), False)


def _largest(rows: Tensor, bags: Bags) -> Tensor:
    """1 for each element that is the first of the largest in its bag, and 0 for the others."""
    counted = rows.detach()
    if bags.is_counted is not None:
        counted = where(unsqueeze(bags.is_counted, 1), counted, -inf)
    bag = expand(unsqueeze(bags.bag, 1), rows.shape).array
    lowest = ops.full(Size((bags.count, rows.shape[1])), -inf, rows.dtype)
    highest = ops.scatter_reduce(lowest, bag, counted.array, 0, "maximum")
    is_highest = ops.binary("equal", counted.array, ops.gather(highest, bag, 0))
    number = ops.reshape(ops.arange(0, 1, rows.shape[0], int64), Size((rows.shape[0], 1)))
    candidates = ops.where(is_highest, number, ops.constant(rows.shape[0], int64))
    first = ops.full(Size((bags.count, rows.shape[1])), rows.shape[0], int64)
    first = ops.gather(ops.scatter_reduce(first, bag, candidates, 0, "minimum"), bag, 0)
    return Tensor(ops.cast(ops.binary("equal", first, number), rows.dtype))


def _shares(rows: Tensor, bags: Bags, mode: str, per_sample_weights: Tensor | None) -> Tensor:
    """What each row, or each of its elements, counts in its bag."""
    if mode == "max":
        shares = _largest(rows, bags)
    elif per_sample_weights is not None:
        shares = unsqueeze(per_sample_weights, 1)
    else:
        shares = Tensor(ops.full(Size((rows.shape[0], 1)), 1.0, rows.dtype))
    if bags.is_counted is not None:
        shares = where(unsqueeze(bags.is_counted, 1), shares, 0.0)
    if mode == "mean":
        sizes = _put(shares, bags)
        shares = shares / _of_bags(where(eq(sizes, 0), 1.0, sizes), bags)
    return shares


def _looked_up(weight: Tensor, input: Tensor) -> Tensor:
    return take_at(weight, (0, None), (input,), False)


def _weight_cotangent(
    g: Tensor,
    input: Tensor,
    weight: Tensor,
    per_sample_weights: Tensor | None,
    bags: Bags,
    mode: str,
    scale_grad_by_freq: bool,
) -> Tensor:
    """For each row of weight the g of the bags that it was looked up for, times its share of each."""
    shares = _shares(_looked_up(weight, input), bags, mode, per_sample_weights)
    rows = _of_bags(g, bags) * shares
    if scale_grad_by_freq:
        ones = Tensor(ops.full(input.shape, 1.0, g.dtype))
        counts = spread(ones, (weight.shape[0],), (0,), (input,), False)
        rows = rows / unsqueeze(take_at(counts, (0,), (input,), False), 1)
    return spread(rows, weight.shape, (0, None), (input,), False)


def _samples_cotangent(g: Tensor, input: Tensor, weight: Tensor, bags: Bags) -> Tensor:
    """For each row that was looked up its product with the g of its bag, summed; 0 for what is padding."""
    products = total(_of_bags(g, bags) * _looked_up(weight, input), 1)
    return products if bags.is_counted is None else where(bags.is_counted, products, 0.0)


@function(
    "EmbeddingBagBackward0",
    name="embedding_bag",
    namespace=NN,
    public=False,
    d_weight=_weight_cotangent,
    d_per_sample_weights=lambda g, input, weight, bags: _samples_cotangent(g, input, weight, bags),
)
def _bags_of_rows(
    input: Tensor, weight: Tensor, per_sample_weights: Tensor | None, bags: Any, mode: str, scale_grad_by_freq: bool
) -> Tensor:
    """The sums of rows, each times its share."""
    rows = _looked_up(weight, input)
    return _put(rows * _shares(rows, bags, mode, per_sample_weights), bags)


def _check_indices(name: str, index: Tensor) -> None:
    found = f"but got torch.{index.dtype.tensor_type}Tensor instead (while checking arguments for embedding_bag)"
    check_integers(
        index, f"Expected tensor for argument #1 '{name}' to have one of the following scalar types: Long, Int; {found}"
    )


def _checked_offsets(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> Tensor:
    """Where each bag starts."""
    if input.ndim == 2:
        if offsets is not None:
            raise ValueFault.as_torch(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. "
                "However, found offsets of type <class 'torch.Tensor'>"
            )
        return Tensor(ops.arange(0, input.shape[1], input.shape[0] + include_last_offset, int64))
    if input.ndim != 1:
        raise misfit(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}", input)
    if offsets is None:
        raise ValueFault.as_torch("offsets has to be a 1D Tensor but got None", hint="give the place where each bag starts")
    if offsets.ndim != 1:
        raise misfit("offsets has to be a 1D Tensor", offsets)
    _check_indices("indices", offsets)
    starts = possible_values(offsets.array)
    if starts.size and starts[..., 0].any():
        message = "the first sequence in the mini-batch has to start from position 0"
        message = f"offsets[0] has to be 0, i.e., {message}. However, got {starts[..., 0].max()}"
        raise ValueFault(message, torch_message=f"{message}\n[ torch.LongTensor{{}} ]")
    if starts.size and starts[..., -1].max() > input.shape[0]:
        message = f"offsets[-1] can not be greater than input's length {input.shape[0]} but got offsets[-1] of"
        raise ValueFault.as_torch(f"{message} {starts[..., -1].max()}")
    return offsets


def _check_bags(input: Tensor, weight: Tensor, per_sample_weights: Tensor | None, mode: str) -> None:
    if mode not in ("sum", "mean", "max"):
        raise ValueFault.as_torch("mode has to be one of sum, mean or max")
    if per_sample_weights is not None:
        if per_sample_weights.shape != input.shape:
            message = (
                f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must have the same "
                f"shape as the input ({input.shape})"
            )
            raise misfit(message, input, weight)
        if mode != "sum":
            raise NotSupported.as_torch(
                "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
                f"(got mode='{mode}'). Please open a feature request on GitHub."
            )
    if weight.ndim != 2:
        raise misfit("'weight' must be 2-D", input, weight)
    if not weight.dtype.is_floating:
        raise DTypeMismatch.as_torch(f"expected scalar type Float but found {weight.dtype.tensor_type}")


@function(
    namespace=NN,
    forms=(_bags_of_rows,),
    examples=(
        "F.embedding_bag(tensor([0, 1, 1, 0]), x, tensor([0, 1]))",
        "F.embedding_bag(tensor([0, 1, 1, 0]), x, tensor([0, 1]), mode='max')",
        "F.embedding_bag(tensor([0, 1, 1]), x, tensor([0, 1]), mode='sum', per_sample_weights=v)",
    ),
)
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or largest elements of rows of weight that integers name, for each bag of them, which starts at an offset.

    The gradient is dense, with sparse=True as well.
    """
    _check_bags(input, weight, per_sample_weights, mode)
    _check_indices("indices", input)
    starts = _checked_offsets(input, offsets, include_last_offset)
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            message = f"padding_idx must be within the number of embeddings, -{rows} through {rows - 1}, but got {padding_idx}"
            raise ValueFault.as_torch(message)
        padding_idx %= rows
    flat = reshape(input, (-1,)) if input.ndim == 2 else input
    values = possible_values(flat.array)
    outside = values[(values < 0) | (values >= rows)]
    if outside.size:
        message = "embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be"
        raise ValueFault.as_torch(f"{message} {outside.flat[0]}", hint=f"0 to {rows - 1} are valid")
    samples = per_sample_weights
    if samples is not None and samples.ndim == 2:
        samples = reshape(samples, (-1,))
    if max_norm is not None:
        shorten_rows(weight, flat, max_norm, norm_type)
    bags = _bags(flat, starts, padding_idx, include_last_offset)
    result: Tensor = _bags_of_rows(flat, weight, samples, bags, mode, scale_grad_by_freq)
    return result
