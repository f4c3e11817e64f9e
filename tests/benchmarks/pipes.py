"""The command over a file of records, against a loop of PyTorch's: `python -m tests.benchmarks.pipes [RECORDS...]`.

Both are processes of their own, from their start to their end, and take turns; their results are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import numpy as np

EXPRESSION = "sum((w*x - y)**2)"
CONSTANTS = {"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 0.5, 0.25, 0.125]}

#: What one writes with PyTorch for the same. It prints no more than it has to.
LOOP = f"""
import json, sys, torch
x, y = torch.tensor({CONSTANTS["x"]}), torch.tensor({CONSTANTS["y"]})
for line in open(sys.argv[1]):
    w = torch.tensor(json.loads(line)["w"], requires_grad=True)
    value = torch.sum((w*x - y)**2)
    value.backward()
    print(json.dumps({{"value": value.item(), "grads": {{"w": w.grad.tolist()}}}}))
"""

TOLERANCE = 1e-5


class Taken(NamedTuple):
    """What a command took: seconds and the most bytes that were resident."""

    seconds: float
    peak: int


def commands(file: Path) -> dict[str, list[str]]:
    """Who answers the records of a file, and how."""
    constants = [word for name, value in CONSTANTS.items() for word in ("--const", f"{name}={value}")]
    found = {"gradcli": [sys.executable, "-m", "gradcli", "eval", EXPRESSION, *constants, "--input", str(file)]}
    if find_spec("torch") is not None:
        found["pytorch"] = [sys.executable, "-c", LOOP, str(file)]
    return found


def write_records(file: Path, count: int) -> None:
    """A file of records of four numbers each."""
    rng = np.random.default_rng(0)
    with file.open("w", encoding="ascii") as out:
        for start in range(0, count, 10_000):
            rows = rng.standard_normal((min(10_000, count - start), 4)).round(6).tolist()
            out.writelines(json.dumps({"w": row}) + "\n" for row in rows)


def taken(command: Sequence[str], output: Path) -> Taken:
    """Run a command once, its output to a file."""
    with output.open("wb") as out:
        start = perf_counter()
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with status {process.returncode}")
    return Taken(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def check_alike(outputs: Sequence[Path], count: int) -> None:
    """Stop if there are not as many answers as records, or others."""
    numbers = []
    for output in outputs:
        with output.open(encoding="utf-8") as lines:
            records = map(json.loads, lines)
            numbers.append(np.array([_numbers(record) for record in records]))
        if len(numbers[-1]) != count or not np.allclose(numbers[-1], numbers[0], TOLERANCE, TOLERANCE):
            raise SystemExit(f"{output.name} has other answers")


def _numbers(record: dict[str, object]) -> list[float]:
    grads = record["grads"]
    assert isinstance(grads, dict)
    gradient = grads["w"]
    return [record["value"], *(gradient["value"] if isinstance(gradient, dict) else gradient)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what everyone takes for so many records."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks.pipes", description=__doc__)
    parser.add_argument("records", type=int, nargs="*", default=[20_000], help="how many (20000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often everyone takes a turn (5)")
    options = parser.parse_args(arguments)
    print(f"{'records':>10}  {'':10}{'seconds':>9}{'a second':>12}{'peak MB':>9}{'times':>7}")
    with TemporaryDirectory() as directory:
        for count in options.records:
            file = Path(directory, "records.jsonl")
            write_records(file, count)
            found: dict[str, list[Taken]] = {}
            for _ in range(options.rounds):
                for name, command in commands(file).items():
                    found.setdefault(name, []).append(taken(command, Path(directory, name)))
            check_alike([Path(directory, name) for name in found], count)
            ours = median(each.seconds for each in found["gradcli"])
            for name, rounds in found.items():
                seconds, peak = median(each.seconds for each in rounds), max(each.peak for each in rounds)
                row = f"{count:10,}  {name:10}{seconds:9.2f}{count / seconds:12,.0f}{peak / 1e6:9.0f}"
                print(row + (f"{seconds / ours:7.1f}" if name != "gradcli" else ""), flush=True)


if __name__ == "__main__":
    main()
