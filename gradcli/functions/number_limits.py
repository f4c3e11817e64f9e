"""The limits of element types: torch.finfo and torch.iinfo."""

from __future__ import annotations

import numpy as np

from gradcli.errors import TypeMismatch
from gradcli.functions.declare import function
from gradcli.lazy import DType, settings
from gradcli.lazy.dtypes import INTEGER, LIMITS


class NumberLimits:
    """What elements of a type can hold; `shown` are the attributes that it prints."""

    __slots__ = ("attributes", "dtype", "shown", "type_name")

    def __init__(self, type_name: str, dtype: DType, attributes: dict[str, float], shown: tuple[str, ...]) -> None:
        self.type_name = type_name
        self.dtype = dtype
        self.attributes = {**attributes, "bits": 8 * dtype.itemsize, "dtype": dtype.name}
        self.shown = shown

    def __repr__(self) -> str:
        pieces = [f"{name}={self.attributes[name]:g}" for name in self.shown]
        return f"{self.type_name.removeprefix('torch.')}({', '.join(pieces)}, dtype={self.dtype.name})"


@function(method=False, examples=("torch.finfo(torch.float32).eps",))
def finfo(type: DType | None = None) -> NumberLimits:
    """The limits of floating numbers: eps, max, min, tiny, smallest_normal, resolution and bits."""
    dtype = settings.default_dtype if type is None else type
    if not dtype.is_floating:
        raise TypeMismatch.as_torch("torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'")
    found = np.finfo(dtype.name)
    names = ("min", "max", "eps", "smallest_normal", "tiny")
    numbers = {"resolution": 10.0**-found.precision, **{name: float(getattr(found, name)) for name in names}}
    return NumberLimits("torch.finfo", dtype, numbers, tuple(numbers))


@function(method=False, examples=("torch.iinfo(torch.int32).max",))
def iinfo(type: DType) -> NumberLimits:
    """The limits of whole numbers: max, min and bits."""
    if type.kind != INTEGER:
        raise TypeMismatch.as_torch("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
    lowest, highest = LIMITS[type]
    return NumberLimits("torch.iinfo", type, {"min": lowest, "max": highest}, ("min", "max"))
