"""Names of older programs: tensors by the types of their elements, and variables."""

from __future__ import annotations

from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import set_requires_grad
from gradcli.errors import AutogradError, TypeMismatch
from gradcli.functions.arguments import type_name
from gradcli.functions.create import from_nested, size_of
from gradcli.functions.declare import function
from gradcli.functions.shape import alias
from gradcli.lazy import DType, Size, ops, settings
from gradcli.lazy.dtypes import ALL


def _constructor(name: str, dtype: DType | None) -> None:
    """Declare torch.Tensor or one of its kin."""

    def make(data: Any = 0, *more: Any) -> Tensor:
        own = dtype or settings.default_dtype
        if isinstance(data, Tensor):
            return alias(data)
        if isinstance(data, (list, tuple)) and not isinstance(data, Size):
            return Tensor(from_nested(data, own))
        sizes = data if isinstance(data, Size) else (data, *more)
        if not all(type(size) is int for size in sizes):
            raise TypeMismatch.as_torch(f"new(): data must be a sequence (got {type_name(data)})")
        return Tensor(ops.full(size_of(sizes), 0, own))

    kind = "the default dtype" if dtype is None else dtype.name
    make.__doc__ = f"A tensor of {kind} from nested lists, or of given sizes, which holds zeros; torch.tensor is what to write."
    function(name=name, method=False)(make)


_constructor("Tensor", None)
for _dtype in ALL:
    _constructor(f"{_dtype.tensor_type}Tensor", _dtype)


@function(name="Variable", namespace="torch.autograd")
def variable(data: Any, requires_grad: bool = False) -> Tensor:
    """The elements of a tensor outside of its graph, as a leaf; every tensor is a variable today."""
    if not isinstance(data, Tensor):
        raise TypeMismatch.as_torch(f"Variable data has to be a tensor, but got {type_name(data)}")
    if requires_grad and not data.dtype.is_floating:
        raise AutogradError.as_torch("Only Tensors of floating point and complex dtype can require gradients")
    made = data.detach()
    set_requires_grad(made, requires_grad)
    return made
