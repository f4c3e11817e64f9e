"""Several results of one call, which have names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ReturnTuple(tuple[Any, ...]):
    """Several named results, printed as PyTorch's torch.return_types."""

    name: str
    fields: tuple[str, ...]

    @classmethod
    def of(cls, name: str, fields: tuple[str, ...], values: Sequence[Any]) -> ReturnTuple:
        """The results of one call."""
        result = cls(values)
        result.name = name
        result.fields = fields
        return result
