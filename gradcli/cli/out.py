"""`--out`: value and gradients, or what a script gave names to, saved in a file with a note of what made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gradcli.errors import UsageError, close_matches

if TYPE_CHECKING:
    import numpy as np

    from gradcli.autograd import Tensor
    from gradcli.data import Target
    from gradcli.errors import Source
    from gradcli.lazy import LazyArray
    from gradcli.report.json_numbers import Nonfinite
    from gradcli.session import Evaluation, Session


def target_of(out: str | None) -> Target | None:
    """What --out says, checked before anything is computed."""
    if out is None:
        return None
    from gradcli.data import parse_target

    return parse_target(out)


def save_evaluation(target: Target, evaluation: Evaluation, session: Session, nan: str) -> None:
    """Save the value and all derivatives, under the names that --plain shows them by."""
    from gradcli.report.evaluated import labelled

    derivatives = {label: derivative for label, derivative in labelled(evaluation).items() if derivative is not None}
    _save(target, dict(_tensors("value", evaluation.value)) | derivatives, evaluation.source, session, nan)


def arrays_in(scope: Mapping[str, object]) -> dict[str, LazyArray]:
    """What the tensors of a scope hold now."""
    from gradcli.autograd import Tensor

    return {name: value.array for name, value in scope.items() if isinstance(value, Tensor)}


def save_scope(target: Target, given: Mapping[str, LazyArray], source: Source, session: Session, nan: str) -> None:
    """Save the tensors that a script gave names to or changed, and the gradients that it filled; not what was `given` to it."""
    from gradcli.data.files import METADATA

    found: dict[str, Tensor] = {}
    for name, array in arrays_in(session.scope).items():
        value = session.scope[name]
        if array is not given.get(name):
            found[name] = value
        if value.grad is not None:
            found[f"{name}.grad"] = value.grad
    if not found:
        raise UsageError("--out saves the tensors that a script gives names to, and this one gives none")
    if METADATA in found:
        raise UsageError(f"--out keeps the name {METADATA} for itself", hint="give the tensor another name")
    _save(target, found, source, session, nan)


def _tensors(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a result: numbers and numeric lists are some as well, other lists and tuples hold them."""
    from gradcli.autograd import Tensor
    from gradcli.functions import tensor
    from gradcli.functions.ndarray import NDArray
    from gradcli.language.arithmetic import type_name
    from gradcli.lazy.dtypes import float64
    from gradcli.session.values import is_numeric

    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, NDArray):
        yield name, value.tensor
    elif isinstance(value, (bool, int, float)):
        yield name, tensor(value, dtype=float64 if isinstance(value, float) else None)
    elif not isinstance(value, (list, tuple)):
        raise UsageError(f"--out saves tensors and numbers, and the {name} is of type {type_name(value)}")
    elif is_numeric(value):
        yield name, tensor(list(value))
    else:
        for index, item in enumerate(value):
            yield from _tensors(f"{name}[{index}]", item)


def _save(target: Target, tensors: Mapping[str, Tensor], source: Source, session: Session, nan: str) -> None:
    from gradcli import __version__
    from gradcli.data import write

    options = session.options
    metadata: dict[str, Any] = {"source": source.text, "gradcli": __version__, "dtype": options.dtype, "seed": str(options.seed)}
    computed = session.compute([tensor.array for tensor in tensors.values()])
    values: Mapping[str, Any] = _chosen(target, dict(zip(tensors, computed, strict=True)))
    if target.suffix == "json":
        values, nonfinite = _json_values(values, nan)
        metadata |= {"nonfinite": nonfinite} if nonfinite else {}
    write(target, values, metadata)


def _chosen(target: Target, arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """The arrays that a file gets: the one that is named, else all of them, of which .npy takes the first."""
    if target.entry is None:
        return dict([next(iter(arrays.items()))]) if target.suffix == "npy" else arrays
    if target.entry not in arrays:
        hint = f"there are {', '.join(arrays)}"
        raise UsageError(f"--out: there is no {target.entry}", hint=hint, did_you_mean=close_matches(target.entry, tuple(arrays)))
    return {target.entry: arrays[target.entry]}


def _json_values(arrays: Mapping[str, np.ndarray], nan: str) -> tuple[dict[str, Any], dict[str, Nonfinite]]:
    """Arrays as JSON has them, and the places of what it has no numbers for."""
    from gradcli.report.json_numbers import array_value

    places = {name: array_value(array, "null")[1] for name, array in arrays.items()}
    values = {name: array_value(array, nan)[0] for name, array in arrays.items()}
    return values, {name: found for name, found in places.items() if found}
