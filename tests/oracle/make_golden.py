"""Writes the golden files from real PyTorch: `python -m tests.oracle.make_golden` (one line a case, for readable differences)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from . import promotion, torch_side
from .cases import all_cases
from .errors import all_errors

FOLDER = Path(__file__).parent
MADE_WITH = "2.13"


def main() -> None:
    """Evaluate every case, refusal and pair of types in PyTorch and write what it said."""
    if not torch.__version__.startswith(MADE_WITH):
        raise SystemExit(f"the golden files are made with torch {MADE_WITH}, this is {torch.__version__}")
    write("golden.json", ((case.source, torch_side.observe(case.program())) for case in all_cases()))
    write("golden_errors.json", ((case.source, torch_side.refusal(case.program())) for case in all_errors()))
    write("golden_promotion.json", promotion.torch_results().items())


def write(name: str, rows: Iterable[tuple[str, Any]]) -> None:
    """One JSON object whose every line is one key with its record."""
    lines = [f"{json.dumps(key)}: {json.dumps(record, allow_nan=False)}" for key, record in rows]
    (FOLDER / name).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
