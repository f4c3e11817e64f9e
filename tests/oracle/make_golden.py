"""Writes the golden files from real PyTorch: `python -m tests.oracle.make_golden` (one line a case, for readable differences)."""

from __future__ import annotations

import json
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
    for name, records in golden_files().items():
        # One JSON object whose every line is one key with its record.
        lines = [f"{json.dumps(key)}: {json.dumps(record, allow_nan=False)}" for key, record in records.items()]
        (FOLDER / name).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def golden_files() -> dict[str, dict[str, Any]]:
    """The records of each golden file, by the source of the case."""
    return {
        "golden.json": {case.source: torch_side.observe(case.program()) for case in all_cases()},
        "golden_errors.json": {case.source: torch_side.refusal(case.program()) for case in all_errors()},
        "golden_promotion.json": dict(promotion.torch_results()),
    }


if __name__ == "__main__":
    main()
