"""`gradcli eval --compare`: the same evaluation on two devices, and how far the results lie apart."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from gradcli.cli.streams import Streams
from gradcli.errors import UsageError
from gradcli.report.evaluated import labelled

if TYPE_CHECKING:
    import numpy as np

    from gradcli.session import Evaluation


def devices_of(text: str) -> tuple[str, str]:
    """The two devices that --compare names."""
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names):
        raise UsageError(f"--compare takes two devices, not {text!r}", hint="for example: --compare cpu,cuda")
    return names[0], names[1]


def show_comparison(
    text: str,
    evaluated: Callable[[str, str | None, Callable[[str], object]], Evaluation],
    seed: str | None,
    write: Callable[[str], object],
    streams: Streams,
    nan: str,
) -> Evaluation:
    """Evaluate on both devices with one seed, write the differences, and give the first evaluation.

    What the program prints is written once.
    """
    from gradcli.report import comparison

    devices = devices_of(text)
    seed = seed or str(int.from_bytes(os.urandom(6), "little"))
    evaluation = evaluated(devices[0], seed, write)
    first = results(evaluation)  # asked for before the other device computes
    found = comparison.differences(first, results(evaluated(devices[1], seed, lambda text: None)))
    if not found:
        raise UsageError("--compare compares tensors, and the result is none", hint="end with an expression that gives one")
    if streams.layout == "json":
        streams.write_record(comparison.comparison_record(evaluation.source, devices, found, nan))
    else:
        streams.write_styled(comparison.comparison_segments(devices, found, streams.width()))
    return evaluation


def results(evaluation: Evaluation) -> dict[str, np.ndarray]:
    """The tensors of the value and the gradients, by what a table calls them."""
    from gradcli.session.values import tensors_in

    values = [each.numpy() for each in tensors_in(evaluation.value)]
    named = {"value" if len(values) == 1 else f"value[{number}]": value for number, value in enumerate(values)}
    return named | {label: derivative.numpy() for label, derivative in labelled(evaluation).items() if derivative is not None}
