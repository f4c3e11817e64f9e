"""Whether time grows in proportion to what a user writes: `python -m tests.benchmarks.linear`.

For each series the size is doubled several times. The exponent is the slope of log time over log size: 1 is in proportion, 2 its
square. R² tells how well a straight line through the times fits.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import numpy as np

from gradcli.cli import collect_sparingly
from gradcli.data import parse_reference, read
from gradcli.errors import GradcliError
from gradcli.report.diagnostics import error_text
from gradcli.session import Session

DOUBLINGS = 5
REPEATS = 3  # of which the quickest counts


class Series(NamedTuple):
    """What grows, the largest size, and what is done with a size, after it was prepared."""

    name: str
    largest: int
    prepare: Callable[[int], Callable[[], object]]


class Fit(NamedTuple):
    """How times grow with sizes."""

    sizes: list[int]
    seconds: list[float]
    exponent: float
    r_squared: float


def program(text: Callable[[int], str]) -> Callable[[int], Callable[[], object]]:
    """Parse and run a text of a size, and show what goes wrong."""

    def prepare(size: int) -> Callable[[], object]:
        written = text(size)

        def run() -> object:
            try:
                return Session(write=lambda printed: None).run(written)
            except GradcliError as error:
                return error_text(error)

        return run

    return prepare


def file(suffix: str, text: Callable[[int], str]) -> Callable[[int], Callable[[], object]]:
    """Read a file of a size."""

    def prepare(size: int) -> Callable[[], object]:
        folder = TemporaryDirectory()
        path = Path(folder.name) / f"x.{suffix}"
        path.write_text(text(size), encoding="utf-8")
        return lambda: (folder, read(parse_reference(f"x={path}"), floating=True))

    return prepare


SERIES = (
    Series("terms of a sum of numbers", 200_000, program(lambda n: "1+" * n + "1")),
    Series("terms of a sum of tensors", 50_000, program(lambda n: "x = ones(1)\nprint(" + "x+" * n + "x)")),
    Series("characters of a string", 6_000_000, program(lambda n: f"x = '{'a' * n}'")),
    Series("characters of a comment", 6_000_000, program(lambda n: "# " + "a" * n)),
    Series("characters of a name", 3_000_000, program(lambda n: "a" * n)),
    Series("items of a list", 200_000, program(lambda n: "x = [" + "1," * n + "]")),
    Series("pieces of an f-string", 100_000, program(lambda n: "x = 1\ny = f'" + "{x} " * n + "'")),
    Series("nesting of brackets, 100 lines", 192, program(lambda n: ("(" * n + "1" + ")" * n + ";\n") * 100)),
    Series("nesting of blocks", 192, program(lambda n: "".join(" " * i + "if 1:\n" for i in range(n)) + " " * n + "pass\n" * 50)),
    Series("nesting of calls", 900, program(lambda n: f"def f(n): return n if n == 0 else f(n - 1)\nfor i in range(20): f({n})")),
    Series("statements", 50_000, program(lambda n: "x = 1\n" + "x = x + 1\n" * n)),
    Series("statements with tensors", 20_000, program(lambda n: "x = ones(1)\n" + "x = x + 1\n" * n + "print(x)")),
    Series("names", 50_000, program(lambda n: "".join(f"x{i} = {i}\n" for i in range(n)))),
    Series("names of functions", 20_000, program(lambda n: "".join(f"def f{i}(x): return x\n" for i in range(n)))),
    Series("turns of a loop", 100_000, program(lambda n: f"x = 0\nfor i in range({n}): x = x + i")),
    Series("leaves and their gradients", 5_000, program(
        lambda n: "".join(f"x{i} = ones(1, requires_grad=True)\n" for i in range(n))
        + "y = " + "+".join(f"x{i}" for i in range(n)) + "\ny.sum().backward()\nprint(x0.grad)"
    )),
    Series("characters before a syntax error", 400_000, program(lambda n: "1+" * (n // 2) + ")")),
    Series("lines before an error", 50_000, program(lambda n: "x = 1\n" * n + "x.y")),
    Series("numbers of a .json file", 500_000, file("json", lambda n: "[" + "1.5," * n + "1]")),
    Series("rows of a .csv file", 200_000, file("csv", lambda n: "x\n" + "1.5\n" * n)),
    Series("columns of a .csv file", 50_000, file("csv", lambda n: ",".join(f"x{i}" for i in range(n)) + "\n1" + ",1" * (n - 1))),
)  # fmt: skip


def measure(series: Series, largest: int | None = None) -> Fit:
    """The times of a series, and how they grow."""
    largest = largest or series.largest
    sizes = [largest >> doubling for doubling in reversed(range(DOUBLINGS))]
    seconds = []
    for size in sizes:
        run = series.prepare(size)
        times = []
        for _ in range(REPEATS):
            start = perf_counter()
            run()
            times.append(perf_counter() - start)
        seconds.append(min(times))
    x, y = np.array(sizes, float), np.array(seconds)
    exponent = float(np.polyfit(np.log(x), np.log(y), 1)[0])
    rest = y - np.polyval(np.polyfit(x, y, 1), x)
    return Fit(sizes, seconds, exponent, float(1 - (rest**2).sum() / ((y - y.mean()) ** 2).sum()))


def main(names: list[str]) -> int:
    """Print a row for each series whose name has one of the words; all without words."""
    collect_sparingly()  # as a command does
    print(f"{'what grows':34} {'size':>9}  {'milliseconds at 1/16, 1/8, 1/4, 1/2 and all':45} {'exponent':>8} {'R²':>6}")
    for series in SERIES:
        if not names or any(name in series.name for name in names):
            fit = measure(series)
            times = " ".join(f"{seconds * 1e3:8.2f}" for seconds in fit.seconds)
            print(f"{series.name:34} {series.largest:9,}  {times:45} {fit.exponent:8.2f} {fit.r_squared:6.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
