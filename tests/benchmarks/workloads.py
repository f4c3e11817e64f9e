"""Value and gradients of large arrays, gradcli against PyTorch eager: `python -m tests.benchmarks.workloads [NAME ...]`.

Each workload is an expression that both understand, over the same arrays; the two take turns, their results are compared,
and medians are printed with the median of each round's ratio, the time of the first call apart.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from gradcli import compile as compile_expression
from gradcli.cli import collect_sparingly


class Workload(NamedTuple):
    """An expression, the shapes of what it differentiates with respect to, those of its constants, and its dtype."""

    expression: str
    leaves: dict[str, tuple[int, ...]]
    constants: dict[str, tuple[int, ...]]
    dtype: str = "float32"
    tolerance: float = 2e-3


LOGISTIC = "mean(log(1+exp(-y*x)) + sin(x)*tanh(x))"
MILLIONS = (4_000_000,)

WORKLOADS = {
    "polynomial, 10^5": Workload("mean((x+2)*(x+2)*3)", {"x": (10**5,)}, {}),
    "polynomial, 10^7": Workload("mean((x+2)*(x+2)*3)", {"x": (10**7,)}, {}),
    "logistic, float32": Workload(LOGISTIC, {"x": MILLIONS}, {"y": MILLIONS}),
    "logistic, float64": Workload(LOGISTIC, {"x": MILLIONS}, {"y": MILLIONS}, dtype="float64"),
    "normalise and gelu": Workload("mean(F.gelu(F.layer_norm(x, (256,))))", {"x": (20_000, 256)}, {}),
    "softmax cross-entropy": Workload("-mean(F.log_softmax(x, 1)[:, 7])", {"x": (20_000, 1000)}, {}),
    "least squares": Workload("mean((X @ w - y)**2)", {"w": (100,)}, {"X": (400_000, 100), "y": (400_000,)}),
    "two-layer network": Workload(
        "-mean(F.log_softmax(relu(X @ W + b) @ V + c, 1)[:, 3])",
        {"W": (784, 256), "b": (256,), "V": (256, 10), "c": (10,)},
        {"X": (60_000, 784)},
    ),
    "matrix product": Workload("sum(a @ b)", {"a": (1500, 1500), "b": (1500, 1500)}, {}),
}


def arrays_of(workload: Workload) -> dict[str, np.ndarray]:
    """The same random arrays for everyone."""
    rng = np.random.default_rng(0)
    shapes = {**workload.leaves, **workload.constants}
    return {name: rng.standard_normal(shape).astype(workload.dtype) for name, shape in shapes.items()}


def gradcli_side(workload: Workload, arrays: dict[str, np.ndarray]) -> Callable[[], list[np.ndarray]]:
    """Value and gradients by gradcli, parsed once."""
    function = compile_expression(workload.expression, wrt=list(workload.leaves))

    def run() -> list[np.ndarray]:
        result = function(**arrays)
        assert result.grads is not None
        return [np.asarray(result.value), *(result.grads[name] for name in workload.leaves)]

    return run


def torch_side(workload: Workload, arrays: dict[str, np.ndarray]) -> Callable[[], list[np.ndarray]]:
    """Value and gradients by PyTorch eager."""
    import torch

    names = {name: getattr(torch, name) for name in ("mean", "exp", "log", "sin", "tanh", "relu", "sum")}
    scope: dict[str, Any] = {**names, "F": torch.nn.functional}
    scope |= {name: torch.from_numpy(value).requires_grad_(name in workload.leaves) for name, value in arrays.items()}
    code = compile(workload.expression, "<workload>", "eval")

    def run() -> list[np.ndarray]:
        for name in workload.leaves:
            scope[name].grad = None
        value = eval(code, scope)
        value.backward()
        return [value.detach().numpy(), *(scope[name].grad.numpy() for name in workload.leaves)]

    return run


def compare(name: str, rounds: int = 7) -> float:
    """Print a line for a workload; how many times as fast as PyTorch gradcli is."""
    workload = WORKLOADS[name]
    arrays = arrays_of(workload)
    sides = {"gradcli": gradcli_side(workload, arrays), "torch": torch_side(workload, arrays)}
    first: dict[str, float] = {}
    results = {}
    for side, run in sides.items():
        start = perf_counter()
        results[side] = run()
        first[side] = perf_counter() - start
    for ours, theirs in zip(results["gradcli"], results["torch"], strict=True):
        scale = max(float(np.abs(theirs).max()), 1e-30)
        np.testing.assert_allclose(ours / scale, theirs / scale, atol=workload.tolerance)
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            start = perf_counter()
            run()
            seconds[side].append(perf_counter() - start)
    median = {side: statistics.median(times) * 1e3 for side, times in seconds.items()}
    ratio = statistics.median([theirs / ours for theirs, ours in zip(seconds["torch"], seconds["gradcli"], strict=True)])
    print(f"{name:24}{median['gradcli']:9.1f}{median['torch']:10.1f}{ratio:8.2f}x{first['gradcli'] * 1e3:12.1f}", flush=True)
    return ratio


def main() -> None:
    """Print the table."""
    collect_sparingly()  # as the command does
    print(f"{'medians in ms':24}{'gradcli':>9}{'PyTorch':>10}{'ratio':>9}{'first call':>12}")
    ratios = [compare(name) for name in sys.argv[1:] or WORKLOADS]
    print(f"geometric mean of the ratios: {statistics.geometric_mean(ratios):.2f}x")


if __name__ == "__main__":
    main()
