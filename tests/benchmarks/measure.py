"""One measurement in a process of its own: `python -m tests.benchmarks.measure JOB` prints what it found as a line of JSON.

Every job starts afresh, so that neither memory nor caches are left over from another.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import pairwise
from time import perf_counter, sleep
from typing import Any

import numpy as np

from gradcli.lazy.memory import peak_memory, restart_peak

from .contenders import CONTENDERS, Contender
from .workloads import WARM, Workload, arrays_of

Run = Callable[[], Any]

#: What results may differ by, relative to the largest number: all compute in float32, and sum in their own order.
TOLERANCE = 2e-3
#: Calls that take less are timed together, so that the clock does not count.
SHORTEST_SECONDS = 5e-3
#: Rest before each turn, because threads of the one before may spin for a while after their work.
PAUSE_SECONDS = 0.02
#: Each turn begins with calls that are not timed: processors that rested are slow for a while, virtual ones by half.
WARM_SECONDS = 0.1
#: No more rounds are begun after this long, except the first few.
LONGEST_SECONDS, FEWEST_ROUNDS = 60.0, 3
#: Less is copied by one thread.
LARGE_COPY = 1 << 20


def prepare(contender: Contender, workload: Workload, arrays: Sequence[np.ndarray]) -> Run:
    """What computes the value and the gradients, and for a stream of records those of each."""
    program = contender.make(workload)
    if workload.records:
        return lambda: [program.call(program.take(record)) for record in zip(*arrays, strict=True)]
    taken = program.take(arrays)
    return lambda: program.call(taken)


def rounds(workload: Workload, contenders: Sequence[str], count: int, fresh: bool = False) -> dict[str, Any]:
    """Seconds of each contender, and of the copy, in each round: they take turns, so that a busy machine slows all of them.

    Results are compared first, and who fails or differs is left out, with a note. With `fresh`, what a contender prepares is
    prepared anew each time.
    """
    arrays = arrays_of(workload)
    runs: dict[str, Run] = {}
    notes: dict[str, str] = {}
    expected = None
    for name in contenders:

        def anew(name: str = name) -> Any:
            return prepare(CONTENDERS[name], workload, arrays)()

        try:
            run = anew if fresh else prepare(CONTENDERS[name], workload, arrays)
            results = numbers(workload, run())
        except Exception as fault:  # a peer's limits are no reason to stop
            if name == "gradcli":
                raise
            notes[name] = "failed: " + f"{type(fault).__name__}: {fault}".strip().splitlines()[0]
            continue
        expected = results if expected is None else expected
        if difference := _difference(results, expected):
            notes[name] = difference
        else:
            runs[name] = run
    if not (workload.records or workload.operations):  # which are many small things
        runs["copy"] = copying(workload, arrays)
    return {"seconds": alternate(runs, count), "notes": notes}


def alternate(runs: Mapping[str, Run], count: int) -> dict[str, list[float]]:
    """Seconds of a call of each in each round."""
    calls = {name: max(1, round(SHORTEST_SECONDS / _usual_seconds(run))) for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    begin = perf_counter()
    for done in range(count):
        if done >= FEWEST_ROUNDS and perf_counter() - begin > LONGEST_SECONDS:
            break
        for name, run in runs.items():
            sleep(PAUSE_SECONDS)
            _warm(run)
            seconds[name].append(_seconds(run, calls[name]))
    return seconds


def _usual_seconds(run: Run) -> float:
    """What a call takes, about: the least of a few, because early ones may prepare what later ones use."""
    return min(_seconds(run, 1) for _ in range(3))


def _warm(run: Run) -> None:
    begin = perf_counter()
    while perf_counter() - begin < WARM_SECONDS:
        run()


def first(workload: Workload, contenders: Sequence[str]) -> dict[str, Any]:
    """Seconds from statements to the first result, and how many bytes the process then and later grew by.

    `start` are the seconds of what comes before and only once: imports, and the first number of all.
    """
    (contender,) = (CONTENDERS[name] for name in contenders)
    arrays = arrays_of(workload)
    start = perf_counter()
    for module in contender.modules:
        import_module(module)
    prepare(contender, WARM, arrays_of(WARM))()
    before = restart_peak() or _peak()
    begin = perf_counter()
    run = prepare(contender, workload, arrays)
    run()
    end = perf_counter()
    run()
    return {"start": begin - start, "seconds": end - begin, "bytes": max(0, _peak() - before)}


def copying(workload: Workload, arrays: Sequence[np.ndarray]) -> Run:
    """What moves as many bytes as there are in the inputs and the results, half of them in and half out, with all threads."""
    results = arrays[: len(workload.leaves)]
    half = sum(array.nbytes for array in [*arrays, *results]) // 2
    source, target = np.ones(half, np.uint8), np.ones(half, np.uint8)
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if half < LARGE_COPY or threads == 1:
        return lambda: np.copyto(target, source)
    pool = ThreadPoolExecutor(threads)
    parts = [slice(*bounds) for bounds in pairwise(half * part // threads for part in range(threads + 1))]
    return lambda: list(pool.map(lambda part: np.copyto(target[part], source[part]), parts))


def numbers(workload: Workload, results: Any) -> list[np.ndarray]:
    """The results of a run as arrays: the value, then the gradients."""
    return [np.stack(each) for each in zip(*results, strict=True)] if workload.records else [np.asarray(each) for each in results]


def _difference(results: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> str | None:
    """What is wrong with the results, of which there may be fewer than expected."""
    for result, other in zip(results, expected, strict=False):
        scale = max(float(np.abs(other).max()), 1e-30)
        if result.shape != other.shape or not (distance := float(np.abs(result - other).max()) / scale) <= TOLERANCE:
            return "its results differ" + (f" by {distance:.1e} of the largest" if result.shape == other.shape else " in shape")
    return None


def _seconds(run: Run, calls: int) -> float:
    """Seconds of a call, of as many as are made."""
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls


def _peak() -> int:
    """The most bytes that were in memory, as far as the system tells."""
    found = peak_memory()
    if found is not None:
        return found
    import resource  # not on every system

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


JOBS: dict[str, Callable[..., dict[str, Any]]] = {"first": first, "rounds": rounds}


def main() -> None:
    """Do the job."""
    from gradcli.cli import collect_sparingly

    collect_sparingly()  # as the command does
    job = json.loads(sys.argv[1])
    workload = Workload(*job.pop("workload"))
    print(json.dumps(JOBS[job.pop("job")](workload, **job)))


if __name__ == "__main__":
    main()
