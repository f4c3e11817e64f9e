"""Format specifications in f-strings: Python's for numbers and strings, bounded in width and precision."""

from __future__ import annotations

import re
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import LimitExceeded, OperandLabel, TypeMismatch, ValueFault
from gradcli.language.arithmetic import describe, type_name
from gradcli.language.host import Host

#: The largest width and precision of a format.
WIDTH_LIMIT = 1000


def formatted(value: Any, specification: str, host: Host) -> str:
    """The text of a value under a format specification, as in f"{value:specification}"."""
    if type(value) is Tensor and not value.shape:
        value = value.item()  # as PyTorch does
    if any(len(number) > 4 or int(number) > WIDTH_LIMIT for number in re.findall(r"\d+", specification)):
        raise LimitExceeded(f"a format can be at most {WIDTH_LIMIT} wide", hint=f"the format is {specification[:40]}")
    if isinstance(value, (bool, int, float, str)) and (specification or not isinstance(value, float)):
        try:
            return format(value, specification)
        except (ValueError, TypeError, OverflowError) as refusal:
            hint = "for example :.3f (digits after the point), :8.3f (in all 8 wide), :e, :g, :d, :>10"
            raise ValueFault(f"the format {specification!r} does not fit {type_name(value)}: {refusal}", hint=hint) from None
    if specification:
        message = f"unsupported format string passed to {type(value).__name__}.__format__"
        hint = "a format is for single numbers and strings: use .item(), or format the elements one by one"
        raise TypeMismatch(message, hint=hint, operands=[OperandLabel(0, describe(value))])
    return host.text(value)
