"""Times gradcli against its peers: `python -m tests.benchmarks`.

Prints how many times as fast as each peer gradcli computes values and gradients, what a copy of the inputs and the results
takes, first calls, and peak memory. All use the same threads and take turns, results are compared, and a ratio is the median
over the rounds. A peer that is not installed is left out, with a note.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import machine, python_version
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from . import growth, table
from .contenders import CONTENDERS, FORWARD, GRADCLI, PEERS
from .processes import Failed, Processes, processors
from .workloads import LARGE, WORKLOADS, Workload, quick

#: The packages whose versions matter.
PACKAGES = ("numpy", "scipy", *dict.fromkeys(module for peer in PEERS for module in peer.modules if module != "scipy"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if somebody failed or had other results."""
    options = _parser().parse_args(arguments)
    out = table.console()
    peers = _installed(options.peers, out)
    names = options.only or [name for name in WORKLOADS if options.large or name not in LARGE]
    rows: dict[str, table.Row] = {}
    with TemporaryDirectory() as directory:
        processes = Processes(options.threads, directory)
        out.print(f"{_about(options.threads)}; medians of {options.rounds} rounds", highlight=False)
        for name in names:
            workload = quick(WORKLOADS[name]) if options.quick else WORKLOADS[name]
            with out.status(name) if out.is_terminal else nullcontext():
                rows[name] = measure(workload, peers, processes, options.rounds)
        table.show(rows, peers, out)
        if options.json:
            record = {"about": _about(options.threads), "workloads": {name: row.record() for name, row in rows.items()}}
            options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        if options.growth:
            points = list(growth.measure(directory, options.threads, peers, options.rounds, options.quick))
            out.print(growth.save(points, options.growth), markup=False, highlight=False)
    return int(any(row.notes for row in rows.values()))


def measure(workload: Workload, peers: Iterable[str], processes: Processes, rounds: int) -> table.Row:
    """All that is told of a workload."""
    takers = [name for name in (GRADCLI.name, *peers) if CONTENDERS[name].takes(workload)]
    if any(CONTENDERS[name].against == FORWARD.name for name in takers):
        takers.insert(1, FORWARD.name)
    start, first, peak, notes = {}, {}, {}, {}
    for name in takers:
        try:
            found = processes.run("first", workload, contenders=[name])
            start[name], first[name], peak[name] = found["start"], found["seconds"], found["bytes"]
        except Failed as fault:
            notes[name] = str(fault)
    able = [name for name in takers if name in first]
    together: dict[str, Any] = {"seconds": {}, "notes": {}}
    try:
        together = processes.run("rounds", workload, contenders=able, count=rounds)
    except Failed as fault:
        notes["all together"] = str(fault)
    return table.Row(together["seconds"], start, first, peak, {**notes, **together["notes"]})


def _installed(wanted: Sequence[str], out: Console) -> list[str]:
    """The peers that can be asked; the others are told."""
    missing = {name: CONTENDERS[name].missing() for name in wanted}
    for name, reason in missing.items():
        if reason is not None:
            out.print(f"without {name}: {reason}", highlight=False)
    return [name for name, reason in missing.items() if reason is None]


def _about(threads: int) -> str:
    """The machine and the versions."""
    found = [f"Python {python_version()} on {machine()}", f"{threads} threads"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _parser() -> argparse.ArgumentParser:
    peers = [peer.name for peer in PEERS]
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="how often everyone takes a turn (9)")
    parser.add_argument("--threads", type=int, default=processors(), help="how many threads all use (one for each processor)")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, metavar="WORKLOAD", help=f"of: {'; '.join(WORKLOADS)}")
    parser.add_argument("--peers", nargs="*", choices=peers, default=peers, metavar="PEER", help=f"of: {', '.join(peers)}")
    parser.add_argument("--large", action="store_true", help=f"with {', '.join(LARGE)}")
    parser.add_argument("--quick", action="store_true", help="with small arrays, to see whether everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to a file")
    parser.add_argument("--growth", type=Path, metavar="FILE", help="draw how cost grows to a file, or write it as CSV")
    return parser


if __name__ == "__main__":
    sys.exit(main())
