"""torch.vmap: a function of elements made into a function of batches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gradcli.autograd import Tensor, change_in_place
from gradcli.autograd.batch import Batch
from gradcli.autograd.node import moment
from gradcli.errors import ArgumentError, OperandLabel, ShapeMismatch
from gradcli.functions.arguments import AnyFunction, type_name
from gradcli.functions.declare import function
from gradcli.functions.func import Transformed, name_of
from gradcli.functions.join import cat
from gradcli.functions.shape import movedim
from gradcli.functions.slices import narrow
from gradcli.functions.trees import first_of_another_kind, leaves, structure, with_leaves
from gradcli.lazy import settings

RANDOMNESS = ("error", "different", "same")


class Mapping(NamedTuple):
    """How a function is mapped: over which dimensions, into which, and how random numbers are drawn."""

    function: AnyFunction
    in_dims: Any
    out_dims: Any
    randomness: str

    @property
    def name(self) -> str:
        """What errors call it."""
        return name_of(self.function)


@function(
    namespace="torch.func",
    aliases=("vmap",),
    method=False,
    examples=("torch.vmap(lambda t: t / t.sum())(x)",),
)
def vmap(
    func: AnyFunction, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *, chunk_size: int | None = None
) -> Transformed:
    """The function of whole batches that a function of their elements makes: called once, computed for all at once."""
    if randomness not in RANDOMNESS:
        raise ArgumentError.as_torch(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ArgumentError.as_torch(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    mapping = Mapping(func, in_dims, out_dims, randomness)

    def call(*arguments: Any, **keywords: Any) -> Any:
        dims, values = _in_dims(mapping, arguments), leaves(arguments)
        size = _size(values, dims)
        step = min(chunk_size or size, size)
        parts = []
        for start in range(0, size, step) if size else (0,):
            length = min(step, size - start)
            part = [
                value if dim is None or length == size else narrow(value, dim, start, length)
                for value, dim in zip(values, dims, strict=True)
            ]
            parts.append(_mapped(mapping, with_leaves(arguments, iter(part)), keywords, dims, length))
        return parts[0] if len(parts) == 1 else _joined(mapping, parts)

    return Transformed(func, call)


# ── what is mapped over ──


def _in_dims(mapping: Mapping, arguments: tuple[Any, ...]) -> list[int | None]:
    """The dimension of each tensor that is mapped over, counted from the front; None of those that are given whole."""
    in_dims = mapping.in_dims
    if not isinstance(in_dims, (int, tuple, list)) and in_dims is not None:
        message = (
            f"vmap({mapping.name}, in_dims={in_dims}, ...)(<inputs>): expected `in_dims` to be int or a (potentially nested) "
            f"tuple matching the structure of inputs, got: <class '{type_name(in_dims)}'>."
        )
        raise ArgumentError.as_torch(message)
    if not leaves(arguments):
        message = (
            f"vmap({mapping.name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
        raise ArgumentError.as_torch(message)
    spread = _spread(in_dims, arguments)
    if spread is None:
        message = (
            f"vmap({mapping.name}, in_dims={in_dims}, ...)(<inputs>): in_dims is not compatible with the structure of `inputs`. "
            f"in_dims has structure {structure(in_dims)} but inputs has structure {structure(arguments)}."
        )
        raise ArgumentError.as_torch(message)
    return [_in_dim(mapping, value, dim) for value, dim in zip(leaves(arguments), spread, strict=True)]


def _spread(dims: Any, tree: Any) -> list[Any] | None:
    """A dimension for each leaf of a tree, of dimensions nested as the tree or less deeply; None if they do not fit."""
    if not isinstance(dims, (tuple, list)):
        return [dims] * len(leaves(tree))
    if not isinstance(tree, (tuple, list)) or len(dims) != len(tree):
        return None
    branches = [_spread(dim, branch) for dim, branch in zip(dims, tree, strict=True)]
    return None if None in branches else [dim for branch in branches if branch is not None for dim in branch]


def _in_dim(mapping: Mapping, value: Any, dim: Any) -> int | None:
    if dim is None:
        return None
    call = f"vmap({mapping.name}, in_dims={mapping.in_dims}, ...)(<inputs>)"
    if not isinstance(dim, int) or isinstance(dim, bool):
        message = f"{call}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
        raise ArgumentError.as_torch(message)
    if not isinstance(value, Tensor):
        message = (
            f"{call}: Got in_dim={dim} for an input but the input is of type <class '{type_name(value)}'>. "
            "We cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
        )
        raise ArgumentError.as_torch(message)
    if not -value.ndim <= dim < value.ndim:
        message = (
            f"{call}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {value.ndim} so expected "
            f"in_dim to satisfy -{value.ndim} <= in_dim < {value.ndim}."
        )
        raise ArgumentError.as_torch(message)
    return dim % value.ndim


def _size(values: list[Any], dims: list[int | None]) -> int:
    """The size of the batch, which all that is mapped over agree on."""
    sizes = [value.shape[dim] for value, dim in zip(values, dims, strict=True) if dim is not None]
    if not sizes:
        raise ArgumentError.as_torch("vmap: Expected at least one Tensor to vmap over")
    if any(size != sizes[0] for size in sizes):
        message = (
            "vmap: Expected all tensors to have the same size in the mapped dimension, "
            f"got sizes {sizes} for the mapped dimension"
        )
        labels = [
            OperandLabel(position, f"this is {tuple(value.shape)}")
            for position, value in enumerate(values)
            if isinstance(value, Tensor)
        ]
        raise ShapeMismatch.as_torch(message, operands=labels)
    return sizes[0]


# ── one call ──


def _mapped(mapping: Mapping, arguments: tuple[Any, ...], keywords: dict[str, Any], dims: list[int | None], size: int) -> Any:
    """The results of one call with placeholders, for the whole batch."""
    batch = Batch(size, moment())
    streams = settings.random_streams_used
    wholes = [movedim(value, dim, 0) if dim else value for value, dim in zip(leaves(arguments), dims, strict=True)]
    elements = [value if dim is None else batch.placeholder(value) for value, dim in zip(wholes, dims, strict=True)]
    if mapping.randomness == "different":
        batch.elements.different = range(streams, sys.maxsize)
    with batch:
        result = mapping.function(*with_leaves(arguments, iter(elements)), **keywords)
    for whole, element in zip(wholes, elements, strict=True):
        if element is not whole and element.version:  # the function changed what it was given
            change_in_place(whole, _giving(batch.of(element)))
    if settings.random_streams_used > streams and mapping.randomness == "error":
        message = (
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
            "randomness flags on vmap or perform the randomness operation out of vmap"
        )
        raise ArgumentError.as_torch(message)
    return _results(mapping, result, batch)


def _giving(result: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda old: result


def _results(mapping: Mapping, result: Any, batch: Batch) -> Any:
    outputs = leaves(result)
    out_dims = _spread(mapping.out_dims, result)
    if out_dims is None:
        message = (
            f"vmap({mapping.name}, ..., out_dims={mapping.out_dims})(<inputs>): out_dims is not compatible with the structure of "
            f"`outputs`. out_dims has structure {structure(mapping.out_dims)} but outputs has structure {structure(result)}."
        )
        raise ArgumentError.as_torch(message)
    other = first_of_another_kind(result)
    if other is not None or None in outputs:
        message = (
            f"vmap({mapping.name}, ...): `{mapping.name}` must only return Tensors, got type <class '{type_name(other)}'>. "
            "Did you mean to set out_dims= to None for output?"
        )
        raise ArgumentError.as_torch(message)

    def wholes() -> Iterator[Tensor]:
        for output, dim in zip(outputs, out_dims, strict=True):
            if dim is not None:
                whole = batch.of(output)
                yield movedim(whole, 0, dim) if dim else whole
            elif batch.depends(output):
                message = f"vmap({mapping.name}, ...): `{mapping.name}` can not return a BatchedTensor when out_dim is None"
                raise ArgumentError.as_torch(message)
            else:
                yield output

    return with_leaves(result, wholes())


def _joined(mapping: Mapping, parts: list[Any]) -> Any:
    """The results for parts of a batch, joined along the dimensions of the batch."""
    dims = _spread(mapping.out_dims, parts[0])
    assert dims is not None
    columns = zip(*(leaves(part) for part in parts), strict=True)
    return with_leaves(
        parts[0], iter([column[0] if dim is None else cat(column, dim) for column, dim in zip(columns, dims, strict=True)])
    )
