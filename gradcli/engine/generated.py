"""Arrays that are made from nothing: numbers that are counted or drawn, all of them or some rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import float64

Array = np.ndarray

# The numbers of a stream come in pages, each drawn from a counter of its own: rows are the same, whatever was drawn before.
PAGE = 1 << 14


def counted(array: LazyArray) -> Callable[..., Array]:
    """What writes rows of start, start + step, ..., from a first one on."""
    start, step, _ = array.params
    dtype = np.result_type(np.float64 if array.dtype.is_floating else np.int64, start, step)

    def count(first: int, out: Array) -> Array:
        numbers = np.arange(first, first + out.size, dtype=dtype)
        numbers *= step
        numbers += start
        np.copyto(out, numbers, casting="unsafe")
        return out

    return count


def drawn(array: LazyArray) -> Callable[..., Array]:
    """What writes rows of random numbers, from a first one on."""
    _, seed, stream, _, shape = array.params
    row = prod(shape[1:])
    sample = _sampler(array)

    def draw(first: int, out: Array) -> Array:
        start, target = first * row, out.reshape(-1)
        end = start + target.size
        for page in range(start // PAGE, -(-end // PAGE)):
            generator = _generator(seed, stream, page)
            low, high = max(start, page * PAGE), min(end, (page + 1) * PAGE)
            numbers = sample(generator, high - page * PAGE)
            target[low - start : high - start] = numbers[low - page * PAGE :]
        return out

    return draw


def _generator(seed: int, stream: int, page: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, page, stream, 0]))


def _sampler(array: LazyArray) -> Callable[[np.random.Generator, int], Array]:
    """What draws so many numbers, of which the first ones are those that fewer would be."""
    kind, _, _, limits, _ = array.params
    if kind == "integers":
        return lambda generator, count: generator.integers(limits[0], limits[1], count)
    dtype = np.float64 if array.dtype is float64 else np.float32
    if kind == "uniform":
        return lambda generator, count: generator.random(count, dtype)
    return lambda generator, count: generator.standard_normal(count, dtype)


#: What writes rows of what is made from nothing, by primitive.
MAKERS: dict[str, Callable[[LazyArray], Callable[..., Array]]] = {"arange": counted, "random": drawn}


def arange(node: LazyArray, values: list[Array]) -> Array:
    """All the numbers from start, a step apart."""
    return counted(node)(0, np.empty(node.shape, node.dtype.name))


def random(node: LazyArray, values: list[Array]) -> Array:
    """All numbers of a stream, or a permutation, which has no rows of its own."""
    kind, seed, stream, _, _ = node.params
    if kind == "permutation":
        return _generator(seed, stream, 0).permutation(node.shape[0]).astype(node.dtype.name)
    return drawn(node)(0, np.empty(node.shape, node.dtype.name))
