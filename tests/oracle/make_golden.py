"""Writes the golden files from real PyTorch: `python -m tests.oracle.make_golden [NAME...]`, all or those named.

One line a case, for readable differences.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from . import promotion, torch_side
from .cases import PARTS, cases_of, differentiable_lines
from .errors import TABLES, errors_of
from .golden_files import FOLDER

MADE_WITH = "2.13"
Records = dict[str, Any]


def main(chosen: list[str]) -> None:
    """Evaluate every case, refusal and pair of types in PyTorch and write what it said."""
    if not torch.__version__.startswith(MADE_WITH):
        raise SystemExit(f"the golden files are made with torch {MADE_WITH}, this is {torch.__version__}")
    for name, records in golden_files().items():
        if not chosen or name.removesuffix("_higher") in chosen:
            # One JSON object whose every line is one key with its record.
            lines = [f"{json.dumps(key)}: {json.dumps(record, allow_nan=False)}" for key, record in records().items()]
            (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def golden_files() -> dict[str, Callable[[], Records]]:
    """What gives the records of each golden file, by the source of the case."""
    return {
        **{part: partial(_observed, part) for part in PARTS},
        **{f"{part}_higher": partial(_higher, part) for part in PARTS},
        **{table: partial(_refused, table) for table in TABLES},
        "promotion": lambda: dict(promotion.torch_results()),
    }


def _observed(part: str) -> Records:
    return {case.source: torch_side.observe(case.program()) for case in cases_of(part)}


def _refused(table: str) -> Records:
    return {case.source: torch_side.refusal(case.program()) for case in errors_of(table)}


def _higher(part: str) -> Records:
    return {
        case.source: {
            "second": torch_side.second_derivatives(case.program()),
            "forward": torch_side.forward(case.bindings(), case.source),
        }
        for case in differentiable_lines(part)
    }


if __name__ == "__main__":
    main(sys.argv[1:])
