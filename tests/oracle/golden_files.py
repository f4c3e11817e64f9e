"""Reads the golden files: what PyTorch 2.13 said of each case."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "golden"


@cache
def golden(name: str) -> dict[str, Any]:
    """The records of one golden file, by the source of the case."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    records: dict[str, Any] = json.loads(text)
    return records
