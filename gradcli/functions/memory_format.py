"""Memory formats as values, and tensors that lie in memory as one of them says."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Strides
from gradcli.errors import OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.layout import contiguous_strides, follow, is_contiguous, lies_as
from gradcli.lazy.shapes import describe


class MemoryFormat:
    """An order of elements in memory, of tensors with so many dimensions where it is not for all."""

    type_name = "torch.memory_format"
    __slots__ = ("name", "rank")

    def __init__(self, name: str, rank: int | None = None) -> None:
        self.name = name
        self.rank = rank

    def __repr__(self) -> str:
        return f"torch.{self.name}"


CONTIGUOUS = MemoryFormat("contiguous_format")
PRESERVE = MemoryFormat("preserve_format")
CHANNELS_LAST = MemoryFormat("channels_last", 4)
CHANNELS_LAST_3D = MemoryFormat("channels_last_3d", 5)

FORMATS = {format.name: format for format in (CONTIGUOUS, PRESERVE, CHANNELS_LAST, CHANNELS_LAST_3D)}


def _strides_in(shape: Sequence[int], format: MemoryFormat) -> Strides:
    """The strides of a shape in a format: rows one after the other, or the channels of each place of an image together."""
    if format.rank is None:
        return contiguous_strides(shape)
    batch, *places, channel = contiguous_strides((shape[0], *shape[2:], shape[1]))
    return (batch, channel, *places)


def is_in(tensor: Tensor, format: MemoryFormat) -> bool:
    """Whether PyTorch's tensor would lie in memory as a format says."""
    if format.rank is None:
        return is_contiguous(tensor)
    return tensor.ndim == format.rank and lies_as(tensor, _strides_in(tensor.shape, format))


def format_of(tensor: Tensor) -> MemoryFormat:
    """The format that PyTorch takes a tensor to be in: one with channels last if it is, else rows, even if it has none."""
    if not is_contiguous(tensor):
        for format in (CHANNELS_LAST, CHANNELS_LAST_3D):
            if is_in(tensor, format):
                return format
    return CONTIGUOUS


def lay_out(result: Tensor, format: MemoryFormat | None, operands: Sequence[Tensor]) -> None:
    """Let a new tensor lie in memory as a format says; with none, and to preserve it, as elementwise functions of operands do."""
    if format is None or format is PRESERVE:
        if format is not None and not operands:
            raise ValueFault.as_torch("unsupported memory format Preserve")
        follow(result, *operands)
        return
    if format.rank not in (None, result.ndim):
        message = f"required rank {format.rank} tensor to use {format.name} format"
        raise ShapeMismatch.as_torch(message, operands=[OperandLabel(0, describe(result.shape))])
    found = _strides_in(result.shape, format)
    if found != contiguous_strides(result.shape):
        result.own_strides = found
