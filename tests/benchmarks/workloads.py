"""What is timed: statements that gradcli and its peers all understand, over the same arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

Shape = tuple[int, ...]

#: No dimension is longer than this in a quick look.
QUICK = 300


class Workload(NamedTuple):
    """Statements whose last line is what is differentiated, the shapes of the leaves and of the constants, and their dtype.

    `elementwise` is what the value is the mean of, for peers that know no more. A workload of `records` is computed once for
    each row of its arrays. `operations` is how many a program has that is so long that compilers would take minutes.
    """

    text: str
    leaves: Mapping[str, Shape]
    constants: Mapping[str, Shape] = {}
    dtype: str = "float32"
    elementwise: str | None = None
    records: bool = False
    operations: int = 0


def polynomial(*shape: int) -> Workload:
    """The example of the README."""
    return Workload("mean((x+2)*(x+2)*3)", {"x": shape}, elementwise="(x+2)*(x+2)*3")


def logistic(dtype: str) -> Workload:
    """Transcendental functions of four million elements."""
    text = "log(1+exp(-y*x)) + sin(x)*tanh(x)"
    return Workload(f"mean({text})", {"x": (4_000_000,)}, {"y": (4_000_000,)}, dtype, text)


def chain(steps: int) -> Workload:
    """A loop of small operations, each of which waits for the last."""
    text = f"y = x\nfor step in range({steps}):\n    y = y * 1.0001 + 0.1\nsum(y)"
    return Workload(text, {"x": (3,)}, operations=2 * steps)


def script(lines: int) -> Workload:
    """The same operations, written out."""
    return Workload("y = x\n" + "y = y * 1.0001 + 0.1\n" * lines + "sum(y)", {"x": (3,)}, operations=2 * lines)


WORKLOADS = {
    "polynomial, 3x3": polynomial(3, 3),
    **{f"polynomial, 10^{power}": polynomial(10**power) for power in range(3, 9)},
    "logistic, float32": logistic("float32"),
    "logistic, float64": logistic("float64"),
    "normalise and gelu": Workload("mean(F.gelu(F.layer_norm(x, (256,))))", {"x": (20_000, 256)}),
    "softmax cross-entropy": Workload("-mean(F.log_softmax(x, 1)[:, 7])", {"x": (20_000, 1000)}),
    "least squares": Workload("mean((X @ w - y)**2)", {"w": (100,)}, {"X": (400_000, 100), "y": (400_000,)}),
    "two-layer network": Workload(
        "-mean(F.log_softmax(relu(X @ W + b) @ V + c, 1)[:, 3])",
        {"W": (784, 256), "b": (256,), "V": (256, 10), "c": (10,)},
        {"X": (60_000, 784)},
    ),
    "matrix product": Workload("sum(a @ b)", {"a": (1500, 1500), "b": (1500, 1500)}),
    "deep chain": chain(5000),
    "records, 10^5": Workload("sum((w * x - y)**2)", {"w": (10**5, 3)}, {"x": (10**5, 3), "y": (10**5, 3)}, records=True),
}

#: What is measured only when it is asked for.
LARGE = ("polynomial, 10^8",)

#: Whoever has done this has loaded all that it needs for anything.
WARM = Workload("mean(x*3)", {"x": (2,)}, elementwise="x*3")


def quick(workload: Workload) -> Workload:
    """The same with small arrays."""

    def small(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        return {name: tuple(min(length, QUICK) for length in shape) for name, shape in shapes.items()}

    return workload._replace(leaves=small(workload.leaves), constants=small(workload.constants))


def arrays_of(workload: Workload) -> list[np.ndarray]:
    """The same random arrays for everyone: the leaves, then the constants."""
    rng = np.random.default_rng(0)
    dtype = np.float64 if workload.dtype == "float64" else np.float32
    return [rng.standard_normal(shape, dtype) for shape in [*workload.leaves.values(), *workload.constants.values()]]
