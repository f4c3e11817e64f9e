"""The Python API: `evaluate` and `compile`, which take arrays and give arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradcli.errors import UsageError
from gradcli.language import Executable, parse
from gradcli.session.session import Options, QuietHost, Session
from gradcli.session.values import python_value

if TYPE_CHECKING:
    import numpy as np

    from gradcli.autograd import Node
    from gradcli.session.evaluation import Evaluation


class Result:
    """What Python code gets of an evaluation: NumPy arrays, and the grad_fn graph.

    `value` is an array for a tensor, and the plain Python value otherwise; `grads` maps names to arrays, and is None where
    nothing was differentiated; `notes` are sentences on what was left out.
    """

    __slots__ = ("evaluation", "grads", "value")

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.value: Any = python_value(evaluation.value)
        self.grads: dict[str, np.ndarray] | None = None
        if evaluation.grads is not None:
            self.grads = {name: gradient.numpy() for name, gradient in evaluation.grads.items()}

    @property
    def grad_fn(self) -> Node | None:
        """The operation that made the value; `.next_functions` lead to the rest of the graph."""
        return self.evaluation.grad_fn

    @property
    def notes(self) -> tuple[str, ...]:
        """Why there are no gradients, or fewer than one might expect."""
        return tuple(self.evaluation.notes)

    def __repr__(self) -> str:
        return f"Result(value={self.value!r}, grads={self.grads!r})"


class Compiled:
    """Statements that were compiled once, to be evaluated with any bindings; made by `compile`."""

    __slots__ = ("_executable", "_options", "_wrt")

    def __init__(self, source: str, wrt: str | Sequence[str] | None, options: Options) -> None:
        if not isinstance(source, str):
            raise UsageError(f"statements are a string, not {type(source).__name__}")
        self._executable = Executable(parse(source), QuietHost(), wants_value=True)
        self._wrt = [wrt] if isinstance(wrt, str) else wrt
        self._options = options

    def __call__(self, *, grad_output: Any = None, **bindings: Any) -> Result:
        """Evaluate with these bindings."""
        session = Session(*self._options)
        for name, value in bindings.items():
            session.bind_value(name, value)
        return Result(session.evaluate(self._executable, self._wrt, grad_output))

    def __repr__(self) -> str:
        return f"<compiled {self._executable.program.source.text!r}>"


def evaluate(
    source: str,
    *,
    wrt: str | Sequence[str] | None = None,
    grad_output: Any = None,
    dtype: str = "float32",
    seed: int | None = None,
    threads: int | None = None,
    **bindings: Any,
) -> Result:
    """The value of statements' last expression and its gradients, with names bound to arrays, numbers or lists.

    Floating arrays keep their dtype and are differentiated; numbers and lists become floating tensors of the default dtype.
    Raises `gradcli.GradcliError`, with the message, the place and a hint.

    >>> evaluate("sum(x**2)", x=[1, 2, 3]).grads["x"]
    array([2., 4., 6.], dtype=float32)
    """
    return Compiled(source, wrt, Options(dtype, seed, threads))(grad_output=grad_output, **bindings)


def compile(
    source: str,
    *,
    wrt: str | Sequence[str] | None = None,
    dtype: str = "float32",
    seed: int | None = None,
    threads: int | None = None,
) -> Compiled:
    """Statements compiled once, as a function of their bindings.

    >>> f = compile("sum(x**2)", wrt=["x"])
    >>> f(x=[1, 2]).grads["x"], f(x=[3, 4]).grads["x"]
    (array([2., 4.], dtype=float32), array([6., 8.], dtype=float32))
    """
    return Compiled(source, wrt, Options(dtype, seed, threads))
