"""Reading a file as --data does, and damaging a small one in every way that a disk or a stranger may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gradcli.data import parse_reference, read
from gradcli.engine.evaluation import evaluate
from gradcli.errors import GradcliError


def arrays(text: str, *, floating: bool = True) -> dict[str, np.ndarray]:
    """What a reference binds."""
    found = {}
    for name, array in read(parse_reference(text), floating=floating).items():
        (found[name],) = evaluate([array])
        assert (array.shape, array.dtype.name) == (found[name].shape, found[name].dtype.name)
    return found


def fault(text: str) -> GradcliError:
    """What is wrong with a reference."""
    try:
        arrays(text)
    except GradcliError as error:
        return error
    raise AssertionError(f"{text} can be read")


def prefixes(content: bytes) -> Iterator[bytes]:
    """The content cut off after any byte."""
    return (content[:length] for length in range(len(content)))


def changes(content: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The content with any one byte of a part changed, to values that mean something in headers and texts."""
    for position in range(start, len(content) if stop is None else stop):
        for value in {0, 255, content[position] ^ 1, content[position] ^ 128, *b"{}'(),:<>0OV[\n\""} - {content[position]}:
            yield content[:position] + bytes([value]) + content[position + 1 :]


def is_read_or_refused(path: Path, content: bytes) -> bool:
    """Whether a file of such content gives arrays; anything but a clean refusal fails the test."""
    path.write_bytes(content)
    try:
        for array in arrays(f"x={path}").values():
            array.sum()
    except GradcliError as error:
        assert error.exit_code in (5, 6)
        assert str(path) in error.message
        return False
    return True
