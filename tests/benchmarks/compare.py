"""Times gradcli against PyTorch eager in one process, in turns: `python -m tests.benchmarks.compare`.

Prints medians, and the median of each round's ratio.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy

from gradcli.cli import collect_sparingly

from . import loop

PEER = "PyTorch eager"


def alternate(contenders: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each contender in each round; they take turns, so that a busy machine slows all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():  # imports and caches
        run()
    for _ in range(rounds):
        for name, run in contenders.items():
            start = perf_counter()
            run()
            seconds[name].append(perf_counter() - start)
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    options = parser.parse_args()
    collect_sparingly()  # as the command does

    contenders = {
        "gradcli": loop.gradcli_loop(options.iterations),
        "gradcli, gradient alone": loop.gradcli_loop(options.iterations, with_value=False),
        "gradcli, with parsing": loop.gradcli_loop_with_parsing(options.iterations),
    }
    try:
        contenders[PEER] = loop.torch_loop(options.iterations)
    except ImportError:
        print("PyTorch is not installed: gradcli alone")
    gradients = [run()[-1] for run in contenders.values()]
    for gradient in gradients[1:]:
        numpy.testing.assert_allclose(gradient, gradients[0], rtol=1e-4)

    print(f"y = y * 1.0001 + 0.1 on 3 elements, {options.iterations:,} times, then backward (medians of {options.rounds})")
    measured = alternate(contenders, options.rounds)
    for name, seconds in measured.items():
        median = statistics.median(seconds)
        each = median / (2 * options.iterations) * 1e6
        line = f"  {name:24}{median * 1e3:9.1f} ms  {each:7.2f} µs an operation  (best {min(seconds) * 1e3:.1f} ms)"
        if name != PEER and PEER in measured:
            ratios = [theirs / ours for theirs, ours in zip(measured[PEER], seconds, strict=True)]
            line += f"  {statistics.median(ratios):.2f} times as fast as {PEER}"
        print(line)
    print(f"a graph of {options.nodes:,} nodes, and of half as many")
    whole, half = loop.million_nodes(options.nodes), loop.million_nodes(options.nodes // 2)
    for step, seconds_taken in whole.items():
        print(f"  {step:24}{seconds_taken:9.2f} s   {half[step]:9.2f} s")


if __name__ == "__main__":
    main()
