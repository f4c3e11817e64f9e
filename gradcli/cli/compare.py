"""`gradcli eval --compare`: the same evaluation on two devices, and how far the results lie apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gradcli.cli.streams import Streams
from gradcli.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from gradcli.session import Evaluation


def devices_of(text: str) -> tuple[str, str]:
    """The two devices that --compare names."""
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names):
        raise UsageError(f"--compare takes two devices, not {text!r}", hint="for example: --compare cpu,cuda")
    return names[0], names[1]


def compare(devices: tuple[str, str], evaluate: Callable[[str, bool], Evaluation], streams: Streams, nan: str) -> None:
    """Evaluate on both devices, the second time without what the program prints, and write the differences."""
    from gradcli.report import comparison

    evaluation = evaluate(devices[0], True)
    first = results(evaluation)  # asked for before the other device computes
    found = comparison.differences(first, results(evaluate(devices[1], False)))
    if not found:
        raise UsageError("--compare has nothing to compare: the result is no tensor", hint="end with an expression")
    if streams.layout == "json":
        streams.write_record(comparison.comparison_record(evaluation.source, devices, found, nan))
    else:
        streams.write_styled(comparison.comparison_segments(devices, found))
    for note in evaluation.notes:
        streams.note(note)


def results(evaluation: Evaluation) -> dict[str, np.ndarray]:
    """The tensors of the value and the gradients, by what a table calls them."""
    from gradcli.session.values import tensors_in

    values = [each.numpy() for each in tensors_in(evaluation.value)]
    named = {"value" if len(values) == 1 else f"value[{number}]": value for number, value in enumerate(values)}
    return named | {f"{name}.grad": gradient.numpy() for name, gradient in (evaluation.grads or {}).items()}
