"""Fuzzes the parser and the readers: `python -m tests.fuzz SECONDS [TARGET...]`, so many seconds for each.

Each target has a process of its own, in case that it is ended by what it reads. An input that fails is kept in the corpus, which
the tests replay.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
import warnings
from hashlib import sha256
from pathlib import Path
from traceback import print_exc

from hypothesis import HealthCheck, Phase, given, seed, settings

from .mutations import mutated
from .targets import TARGETS

ROUND = 500  # inputs between two looks at the clock
SLOW = 2.0  # seconds of a processor; no small input takes so long


def main() -> int:
    """Fuzz the targets one after the other; 1 if one of them failed."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    if unknown := [name for name in options.targets if name not in TARGETS]:
        parser.error(f"there is no {unknown[0]!r}: the targets are {', '.join(TARGETS)}")
    status = 0
    for name in options.targets or TARGETS:
        process = multiprocessing.get_context("fork").Process(target=fuzz, args=(name, options.seconds))
        process.start()
        process.join()
        if process.exitcode:
            status = 1
            print(f"{name}: failed with {process.exitcode}; the last input is in {_last(name)}")
    return status


def fuzz(name: str, seconds: float) -> None:
    """Try inputs for so long; the first that fails ends the process."""
    target, last = TARGETS[name], _last(name)
    warnings.simplefilter("error")
    last.parent.mkdir(parents=True, exist_ok=True)
    count, end = 0, time.monotonic() + seconds
    first = int.from_bytes(os.urandom(4), "little")

    def attempt(content: bytes) -> None:
        nonlocal count
        count += 1
        last.write_bytes(content)
        start = time.process_time()
        target.check(content)
        assert time.process_time() - start < SLOW, "it takes long"

    while time.monotonic() < end:
        trial = given(mutated(target.seeds(), target.pieces))(attempt)
        trial = settings(
            max_examples=ROUND, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )(trial)
        try:
            seed(first + count)(trial)()
        except BaseException:
            print_exc()
            kept = last.with_name(sha256(last.read_bytes()).hexdigest()[:12])
            last.rename(kept)
            print(f"{name}: {kept}")
            sys.exit(1)
    last.unlink()
    print(f"{name}: {count} inputs, nothing found")


def _last(name: str) -> Path:
    return Path(__file__).parent / "corpus" / name.replace(" ", "_") / "last"


if __name__ == "__main__":
    sys.exit(main())
