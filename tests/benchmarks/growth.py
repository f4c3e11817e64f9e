"""How cost grows with elements, with the graph, with the script and with threads, drawn to a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from .contenders import CONTENDERS
from .processes import Processes, processors
from .workloads import Workload, chain, logistic, polynomial, quick, script


class Series(NamedTuple):
    """What is measured along an axis: the workload at each size; with `fresh`, preparing it counts as well."""

    title: str
    axis: str
    sizes: Sequence[int]
    workload: Callable[[int], Workload]
    fresh: bool = False


class Point(NamedTuple):
    """The median of the seconds that a contender took at a size."""

    title: str
    axis: str
    contender: str
    size: int
    seconds: float


THREADS = "threads"

SERIES = (
    Series("polynomial", "elements", [10**power for power in range(3, 8)], polynomial),
    Series("chain of small operations", "operations", [10**power for power in range(1, 6)], lambda size: chain(size // 2)),
    Series("script, from its text", "lines", [10**power for power in range(1, 5)], script, fresh=True),
    Series("logistic, float32", THREADS, range(1, processors() + 1), lambda threads: logistic("float32")),
)

#: What is left of the sizes in a quick look.
QUICK_SIZES = 2


def measure(directory: str, threads: int, peers: Sequence[str], rounds: int, is_quick: bool) -> Iterator[Point]:
    """The points of all series."""
    for series in SERIES:
        for size in series.sizes[:QUICK_SIZES] if is_quick else series.sizes:
            workload = quick(series.workload(size)) if is_quick else series.workload(size)
            names = [name for name in ("gradcli", *peers) if CONTENDERS[name].takes(workload) and not CONTENDERS[name].forward]
            processes = Processes(size if series.axis == THREADS else threads, directory)
            found = processes.run("rounds", workload, contenders=names, count=rounds, fresh=series.fresh)["seconds"]
            for name, seconds in found.items():
                yield Point(series.title, series.axis, name, size, median(seconds))


def save(points: Sequence[Point], path: Path) -> str:
    """Draw the points, or write them as CSV where nothing can draw; the sentence that tells."""
    if find_spec("matplotlib") is None:
        path = path.with_suffix(".csv")
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([Point._fields, *points])
        return f"matplotlib is not installed: the points are in {path}"
    _draw(points, path)
    return f"growth is drawn in {path}"


def _draw(points: Sequence[Point], path: Path) -> None:
    """A panel for each series, a line for each contender, which has the same colour in all."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator, NullLocator

    figure, panels = pyplot.subplots(2, 2, figsize=(11, 8), layout="constrained")
    colours = {name: f"C{number}" for number, name in enumerate(dict.fromkeys(point.contender for point in points))}
    series = groupby(points, lambda point: (point.title, point.axis))
    for ((title, axis), group), panel in zip(series, panels.flat, strict=False):
        lines: dict[str, list[Point]] = {}
        for point in group:
            lines.setdefault(point.contender, []).append(point)
        for name, line in lines.items():
            style: dict[str, Any] = {"color": "grey", "linestyle": ":"} if name == "copy" else {"color": colours[name]}
            panel.plot([point.size for point in line], [point.seconds * 1e3 for point in line], marker=".", label=name, **style)
        panel.set(title=title, xlabel=axis, ylabel="milliseconds", xscale="log", yscale="log")
        if axis == THREADS:
            panel.set(xscale="linear", yscale="linear", ylim=(0, None))
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
            panel.xaxis.set_minor_locator(NullLocator())
        panel.grid(alpha=0.3)
        panel.legend()
    figure.savefig(path)
