"""Where the time of a very deep graph goes, stage by stage: `python -m tests.benchmarks.stages [NODES]`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from gradcli.cli import collect_sparingly
from gradcli.functions import NAMESPACES


def stages(nodes: int) -> dict[str, float]:
    """Seconds to build a chain of operations, compute its value, differentiate it, compute the gradient, and free it all."""
    x = NAMESPACES["torch"]["tensor"]([1.0, 2.0, 3.0], requires_grad=True)
    held: list[Any] = []
    seconds: dict[str, float] = {}

    def build() -> None:
        y = x
        for _ in range(nodes // 2):
            y = y * 1.0000001 + 0.1
        held.append(NAMESPACES["torch"]["sum"](y))

    def free() -> None:
        held.clear()
        x.grad = None
        gc.collect()

    steps: dict[str, Callable[[], Any]] = {
        "build": build,
        "value": lambda: held[0].numpy(),
        "backward": lambda: NAMESPACES["torch.autograd"]["backward"](held[0]),
        "gradient": lambda: x.grad.numpy(),
        "free": free,
    }
    for name, step in steps.items():
        start = perf_counter()
        step()
        seconds[name] = perf_counter() - start
    return seconds


def main() -> None:
    """Print the seconds for a graph, and for one of half as many nodes, since each should take half of it."""
    from gradcli.engine.evaluation import evaluate
    from gradcli.lazy import settings

    settings.evaluator = evaluate  # what a session hands down
    collect_sparingly()  # as the command does
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    whole, half = stages(nodes), stages(nodes // 2)
    print(f"seconds for a graph of {nodes:,} nodes, and of half as many")
    for name, seconds in whole.items():
        print(f"  {name:12}{seconds:9.2f}{half[name]:9.2f}")


if __name__ == "__main__":
    main()
