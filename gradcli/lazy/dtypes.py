"""Element types and PyTorch's promotion rules between them."""

from __future__ import annotations

from typing import Final

BOOLEAN: Final = 0
INTEGER: Final = 1
FLOATING: Final = 2


class DType:
    """An element type: its name, its kind (boolean, integer or floating) and its size in bytes."""

    type_name = "torch.dtype"
    __slots__ = ("cpp_name", "is_floating", "itemsize", "kind", "name", "tensor_type")

    def __init__(self, name: str, kind: int, itemsize: int, tensor_type: str, cpp_name: str) -> None:
        self.name = name
        self.kind = kind
        self.itemsize = itemsize
        self.tensor_type = tensor_type  # as PyTorch's error sentences call it
        self.cpp_name = cpp_name  # as those call it that come from C++
        self.is_floating = kind == FLOATING

    def __repr__(self) -> str:
        return f"torch.{self.name}"


bool_ = DType("bool", BOOLEAN, 1, "Bool", "bool")
uint8 = DType("uint8", INTEGER, 1, "Byte", "unsigned char")
int8 = DType("int8", INTEGER, 1, "Char", "signed char")
int16 = DType("int16", INTEGER, 2, "Short", "short int")
int32 = DType("int32", INTEGER, 4, "Int", "int")
int64 = DType("int64", INTEGER, 8, "Long", "long int")
float16 = DType("float16", FLOATING, 2, "Half", "c10::Half")
float32 = DType("float32", FLOATING, 4, "Float", "float")
float64 = DType("float64", FLOATING, 8, "Double", "double")

ALL: Final = (bool_, uint8, int8, int16, int32, int64, float16, float32, float64)
BY_NAME: Final = {dtype.name: dtype for dtype in ALL} | {
    "half": float16,
    "float": float32,
    "double": float64,
    "short": int16,
    "int": int32,
    "long": int64,
}

#: The lowest and the highest finite number that elements can hold.
LIMITS: Final[dict[DType, tuple[float, float]]] = {
    bool_: (0, 1),
    uint8: (0, 2**8 - 1),
    int8: (-(2**7), 2**7 - 1),
    int16: (-(2**15), 2**15 - 1),
    int32: (-(2**31), 2**31 - 1),
    int64: (-(2**63), 2**63 - 1),
    float16: (-65504.0, 65504.0),
    float32: (-3.4028234663852886e38, 3.4028234663852886e38),
    float64: (-1.7976931348623157e308, 1.7976931348623157e308),
}


def accumulator(dtype: DType) -> DType:
    """What sums and products of many elements are kept in: half precision in single, which is rounded once at the end."""
    return float32 if dtype is float16 else dtype


def promote(a: DType, b: DType) -> DType:
    """The smallest dtype that both convert to, as `torch.promote_types`."""
    if a is b:
        return a
    if a.kind != b.kind:
        return a if a.kind > b.kind else b
    narrow, wide = (a, b) if a.itemsize <= b.itemsize else (b, a)
    if uint8 in (a, b) and narrow.itemsize == wide.itemsize:
        return int16  # uint8 with int8: neither holds the other
    return wide


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    """Let a higher-priority group of operands decide, unless the lower one is of a higher kind."""
    if higher is None or lower is None:
        return higher or lower
    if higher.kind == FLOATING:
        return higher
    if higher.kind == BOOLEAN or lower.kind == FLOATING:
        return promote(higher, lower)
    return higher


def result_type(dimensioned: DType | None, zero_dim: DType | None, scalar: DType | None) -> DType:
    """The dtype of an operation, from what its operands with dimensions, its 0-dim tensors and its Python numbers promote to.

    Python numbers and 0-dim tensors only decide when they are of a higher kind; the rule is `torch.result_type`'s.
    """
    combined = _combine(dimensioned, _combine(zero_dim, scalar))
    assert combined is not None, "at least one operand"
    return combined
