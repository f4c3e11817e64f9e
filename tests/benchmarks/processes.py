"""Starts measurements in processes of their own, with as many processors and threads as everyone is to use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .workloads import Workload

#: Where `tests` is found.
ROOT = Path(__file__).parents[2]

#: How libraries that do not look at the processors of their process are told how many threads to use.
THREADS = ("MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS", "NUMEXPR_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Failed(Exception):
    """A measurement that ended without a result."""


class Processes:
    """Runs jobs with a number of threads; what torch.compile makes goes to a directory, where nothing is at first."""

    def __init__(self, threads: int, directory: str) -> None:
        self.threads = threads
        self._directory = directory

    def run(self, job: str, workload: Workload, **options: Any) -> dict[str, Any]:
        """What the job found."""
        count = str(self.threads)
        environment = {**os.environ, **dict.fromkeys(THREADS, count), "TORCHINDUCTOR_CACHE_DIR": self._directory}
        environment["JAX_PLATFORMS"] = "cpu"
        command = [sys.executable, "-m", "tests.benchmarks.measure", json.dumps({"job": job, "workload": workload, **options})]
        with _processors(self.threads):
            done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed((done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1])
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _processors(count: int) -> Iterator[None]:
    """Processes that are started here use so many processors, where the system can restrict them."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
