"""Reads the golden files: what PyTorch 2.13 said of each case."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def golden(name: str) -> dict[str, Any]:
    """The records of one golden file, by the source of the case."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    records: dict[str, Any] = json.loads(text)
    return records
