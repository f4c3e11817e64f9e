"""The Python API: `evaluate` and `compile`, which take arrays and give arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradcli.autograd import Tensor
from gradcli.engine.devices import evaluate_on
from gradcli.engine.owned import owned, owner_of
from gradcli.errors import GradcliError, UsageError
from gradcli.language import Executable, parse
from gradcli.lazy.settings import bounded
from gradcli.session.options import Options, names_of
from gradcli.session.session import QuietHost, Session
from gradcli.session.trace import MOST_STEPS, Recorder, Trace
from gradcli.session.values import dtype_of, python_value

if TYPE_CHECKING:
    from gradcli.autograd import Node
    from gradcli.session.evaluation import Evaluation

#: How many kinds of calls a compiled function knows at most.
MOST_KNOWN = 32


class Result:
    """What Python code gets of an evaluation: NumPy arrays, and the grad_fn graph.

    `value` is an array for a tensor, and the plain Python value otherwise; `grads` maps names to arrays, and is None where
    nothing was differentiated; `notes` are sentences on what was left out. Arrays may be changed: they share no memory with
    what was bound, nor with each other.
    """

    def __init__(
        self, value: Any, grads: dict[str, np.ndarray] | None, notes: tuple[str, ...], evaluation: Callable[[], Evaluation]
    ) -> None:
        self.value = value
        self.grads = grads
        self.notes = notes
        self._evaluation = evaluation

    @cached_property
    def grad_fn(self) -> Node | None:
        """The operation that made the value; `.next_functions` lead to the rest of the graph."""
        return self._evaluation().grad_fn

    def __repr__(self) -> str:
        return f"Result(value={self.value!r}, grads={self.grads!r})"


class Known(NamedTuple):
    """What is known of calls of one kind: how to compute the value and the gradients, the latter's names, and the notes."""

    trace: Trace
    names: tuple[str, ...] | None
    notes: tuple[str, ...]


class Compiled:
    """Statements that were compiled once, to be evaluated with any bindings; made by `compile`.

    Called with names, shapes and dtypes that it knows, it computes without running the statements: they would do the same.
    Not so if they print, use random numbers, or look at the numbers they compute with.
    """

    def __init__(self, source: str, wrt: str | Iterable[str] | None, options: Options, device: str = "cpu") -> None:
        if not isinstance(source, str):
            raise UsageError(f"statements are a string, not {type(source).__name__}")
        self._executable = Executable(parse(source), QuietHost(self._write), wants_value=True)
        self._wrt = names_of(wrt)
        self._options = options.checked()
        self._device = None if device == "cpu" else evaluate_on(device)  # which remembers programs itself
        self._last_print: object = None  # another one after each print, of whatever thread
        self._known: dict[Hashable, Known] = {}

    def __call__(self, /, *, grad_output: Any = None, **bindings: Any) -> Result:
        """Evaluate with these bindings."""
        if self._device is not None:
            session = Session(*self._options, self._device)
            session.bind_values(bindings)
            return _result(session.evaluate(self._executable, self._wrt, grad_output), np.array)
        if grad_output is None and (known := self._known.get(_kind_of_arrays(bindings))) is not None:
            with suppress(GradcliError):  # running the statements tells where
                return self._replayed(known, [np.asarray(array, order="C") for array in bindings.values()], bindings)
        recorder = Recorder()
        session = Session(*self._options, recorder)
        session.bind_values(bindings)
        inputs = [value.array for value in session.scope.values() if isinstance(value, Tensor)]
        kind = tuple([(name, _kind(value)) for name, value in session.scope.items()])
        is_traced = grad_output is None and len(set(inputs)) == len(inputs)
        if is_traced and (known := self._known.get(kind)) is not None:
            with suppress(GradcliError):
                return self._replayed(known, session.compute(inputs), bindings)
        recorder.inputs = inputs if is_traced else None
        last_print = self._last_print
        evaluation = session.evaluate(self._executable, self._wrt, grad_output)
        has_printed = self._last_print is not last_print
        if recorder.trace is not None and evaluation.tensor is not None and not has_printed:
            steps = recorder.trace.steps + sum(known.trace.steps for known in self._known.values())
            if len(self._known) == MOST_KNOWN or steps > MOST_STEPS:
                self._known.clear()
            names = None if evaluation.grads is None else tuple(evaluation.grads)
            self._known[kind] = Known(recorder.trace, names, tuple(evaluation.notes))
        taken = {owner_of(array.buffer) for array in inputs if array.buffer is not None}
        return _result(evaluation, partial(owned, taken=taken))

    def _write(self, text: str) -> None:
        self._last_print = object()
        sys.stdout.write(text)

    def _replayed(self, known: Known, inputs: Sequence[np.ndarray], bindings: dict[str, Any]) -> Result:
        """The result of a known kind of call; the graph is recorded if somebody asks for it."""
        with bounded(self._options.threads, None):
            value, *gradients = known.trace.replay(inputs)
        grads = None if known.names is None else dict(zip(known.names, gradients, strict=True))

        def evaluation() -> Evaluation:
            session = Session(*self._options)
            session.bind_values(bindings)
            return session.evaluate(self._executable, self._wrt)

        return Result(value, grads, known.notes, evaluation)

    def __repr__(self) -> str:
        return f"<compiled {self._executable.program.source.text!r}>"


def _result(evaluation: Evaluation, give: Callable[[np.ndarray], np.ndarray]) -> Result:
    """What Python code gets of an evaluation, each array as it is to be given."""
    value = python_value(evaluation.value, give)
    grads = None if evaluation.grads is None else {name: give(grad.numpy()) for name, grad in evaluation.grads.items()}
    return Result(value, grads, tuple(evaluation.notes), lambda: evaluation)


def _kind(value: Hashable) -> Hashable:
    """What statements can know of a bound value without looking at the numbers of a tensor."""
    if not isinstance(value, Tensor):
        return value
    array = value.array
    return array if array.buffer is None else (array.shape, array.dtype)  # what is yet to be computed may be rewritten


def _kind_of_arrays(bindings: dict[str, Any]) -> Hashable:
    """The same, told from NumPy arrays before they are bound; None if there are others among the values."""
    for array in bindings.values():
        if not isinstance(array, np.ndarray):
            return None
    return tuple([(name, (array.shape, dtype_of(array.dtype))) for name, array in bindings.items()])


def evaluate(
    source: str,
    /,
    *,
    wrt: str | Iterable[str] | None = None,
    grad_output: Any = None,
    dtype: str = "float32",
    seed: int | None = None,
    threads: int | None = None,
    device: str = "cpu",
    **bindings: Any,
) -> Result:
    """The value of statements' last expression and its gradients, with names bound to arrays, numbers or lists.

    Floating arrays keep their dtype and are differentiated; numbers and lists become floating tensors of the default dtype.
    On another `device` than the CPU ("cuda", "cuda:1") the results are copied back when all are computed.
    Raises `gradcli.GradcliError`, with the message, the place and a hint.

    >>> evaluate("sum(x**2)", x=[1, 2, 3]).grads["x"]
    array([2., 4., 6.], dtype=float32)
    """
    return Compiled(source, wrt, Options(dtype, seed, threads), device)(grad_output=grad_output, **bindings)


def compile(
    source: str,
    *,
    wrt: str | Iterable[str] | None = None,
    dtype: str = "float32",
    seed: int | None = None,
    threads: int | None = None,
    device: str = "cpu",
) -> Compiled:
    """Statements compiled once, as a function of their bindings.

    >>> f = compile("sum(x**2)", wrt=["x"])
    >>> f(x=[1, 2]).grads["x"], f(x=[3, 4]).grads["x"]
    (array([2., 4.], dtype=float32), array([6., 8.], dtype=float32))
    """
    return Compiled(source, wrt, Options(dtype, seed, threads), device)
