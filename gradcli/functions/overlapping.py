"""What PyTorch changes in place although elements share places in memory: each function says what it writes where."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.autograd import Tensor
from gradcli.autograd.in_place import Written
from gradcli.autograd.tensor import Scalar
from gradcli.functions.arguments import Tensors
from gradcli.functions.assign import given_positions
from gradcli.functions.diagonal import tril, triu
from gradcli.functions.elementwise import logical_not
from gradcli.functions.pointwise import scalar_dtype, wrap_number
from gradcli.functions.select import index_select, masked_select
from gradcli.functions.slices import take_at
from gradcli.lazy import ops
from gradcli.lazy.dtypes import bool_


def _as_tensor(value: Tensor | Scalar) -> Tensor:
    return value if isinstance(value, Tensor) else wrap_number(value, scalar_dtype(value))


def _masked_fill(places: Tensor, mask: Tensor, value: Tensor | Scalar) -> Written:
    return Written(masked_select(places, mask), _as_tensor(value))


def _index_fill(places: Tensor, dim: int, index: Tensor, value: Tensor | Scalar) -> Written:
    return Written(index_select(places, dim, index), _as_tensor(value))


def _index_put(places: Tensor, indices: Tensors, values: Tensor, accumulate: bool = False) -> Written:
    return Written(take_at.apply([places, *given_positions(places, indices)]), values, accumulate)


def _triangle(kept: Callable[[Tensor, int], Tensor]) -> Callable[..., Written]:
    """0 where a triangle does not reach."""

    def written(places: Tensor, diagonal: int = 0) -> Written:
        inside = kept(Tensor(ops.full(places.shape, True, bool_)), diagonal)
        return Written(masked_select(places, logical_not(inside)), wrap_number(0, places.dtype))

    return written


#: By the name of the method.
WRITTEN: dict[str, Callable[..., Written]] = {
    "index_fill_": _index_fill,
    "index_put_": _index_put,
    "masked_fill_": _masked_fill,
    "tril_": _triangle(tril),
    "triu_": _triangle(triu),
}
