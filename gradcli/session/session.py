"""The session: a scope of names, and programs that run in it under its options."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any

from gradcli.autograd import GradMode, Tensor, state
from gradcli.autograd.tensor import set_requires_grad
from gradcli.engine.devices import evaluate_on
from gradcli.errors import GradcliError, Source, Span, SyntaxFault, UsageError
from gradcli.functions import tensor
from gradcli.language import Executable, Interpreter, parse
from gradcli.language.operations import Place
from gradcli.language.tree import Call, ExpressionStatement, Program
from gradcli.lazy import LazyArray, compute, realize, settings
from gradcli.lazy.settings import bounded
from gradcli.report.torch_text import format_value, represent_value
from gradcli.session.evaluation import Evaluation, Names, differentiate
from gradcli.session.notes import notes_on, notes_on_backward
from gradcli.session.options import Options, default_dtype, names_of
from gradcli.session.values import is_numeric, language_value, tensors_in, unshared

if TYPE_CHECKING:
    import numpy as np

    from gradcli.language.host import Host
    from gradcli.language.interpreter import OnError
    from gradcli.lazy.settings import Evaluator
    from gradcli.session.profile import Computation


class QuietHost:
    """Shows no values of statements, and hands printed text to a function: without one, it goes to stdout."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write
        self.times_written = 0

    def display(self, value: Any, statement: ExpressionStatement) -> None:
        """An evaluation shows its result only."""

    def write(self, text: str) -> None:
        """Hand printed text on."""
        self.times_written += 1
        (self._write or sys.stdout.write)(text)

    def text(self, value: Any) -> str:
        """PyTorch's text."""
        return format_value(value)

    def representation(self, value: Any) -> str:
        """PyTorch's text, with strings quoted."""
        return represent_value(value)


class Session:
    """A scope of bindings, and the options that its statements run under.

    A session may be used from several threads; they take turns. `dtype` is the default dtype, `seed` makes random numbers
    repeatable, `threads` is how many to use (all that the process may, if None); `device` says where arrays are computed, unless
    there is an `evaluator` that does it, no more than `max_memory` bytes of them at a time (what the machine has available,
    if None), and `write` takes what the statements print, which goes to stdout otherwise. With `profile`, `computations` tell
    what was computed, and what it took.
    """

    def __init__(
        self,
        dtype: str = "float32",
        seed: int | None = None,
        threads: int | None = None,
        evaluator: Evaluator | None = None,
        *,
        device: str = "cpu",
        max_memory: int | None = None,
        profile: bool = False,
        write: Callable[[str], object] | None = None,
    ) -> None:
        dtype, seed, threads = Options(dtype, seed, threads).checked()
        self.scope: dict[str, Any] = {}
        self._bound: list[str] = []
        self._host = QuietHost(write)
        self._interpreter = Interpreter(self._host, self.scope)
        self._dtype = default_dtype(dtype)
        self._seed = int.from_bytes(os.urandom(6), "little") if seed is None else seed
        self.options = Options(dtype, self._seed, threads)
        self._random_streams_used = 0
        self._threads = threads
        self.computations: list[Computation] | None = None
        evaluator = evaluator or evaluate_on(device)
        if profile:
            from gradcli.session.profile import Profiler

            evaluator = Profiler(evaluator)
            self.computations = evaluator.computations
        self.evaluator = evaluator
        self._max_memory = max_memory
        self._lock = RLock()

    def bind(self, name: str, text: str, requires_grad: bool = True, origin: str = "--let") -> None:
        """Bind a name to the value of an expression, which may use the names bound before.

        With `requires_grad`, numbers and numeric lists become tensors of the default dtype, and any floating tensor a leaf
        that requires grad. Without, they become tensors by PyTorch's rule for literals.
        """
        with self.active():
            program = parse(text, f"{origin} {name}")
            if len(program.body) > 1:
                hint = f"a value is one expression; give another name its own {origin}"
                raise SyntaxFault(f"{name} has a value already, and this is a second statement", hint=hint).at(
                    program.source, program.body[1].span
                )
            value = self._interpreter.evaluate_last(program)
            with placed(program.source, program.span):
                self._bind(name, value, requires_grad)

    def bind_value(self, name: str, value: Any, requires_grad: bool = True) -> None:
        """Bind a name to a NumPy array (which keeps its dtype), a number, lists, or what NumPy can view as one."""
        self.bind_values({name: value}, requires_grad)

    def bind_values(self, values: Mapping[str, Any], requires_grad: bool = True) -> None:
        """Bind names to values as `bind_value` does."""
        with self.active():
            for name, value in values.items():
                self._bind(name, language_value(name, value), requires_grad)

    def bind_data(
        self, text: str, requires_grad: bool = True, origin: str = "--data", note: Callable[[str], object] | None = None
    ) -> tuple[str, ...]:
        """Bind the arrays of a file, [NAME=]FILE[:ENTRY], which keep their dtype; the names are given back.

        `note` is told of entries of the file that have no name for a variable.

        In text files numbers are floating with `requires_grad`, as in `bind`, and follow PyTorch's rule for literals without.
        """
        from gradcli.data import parse_reference, read

        with self.active():
            found = read(parse_reference(text, origin), floating=requires_grad, note=note)
            for name, array in found.items():
                self._bind(name, Tensor(array), requires_grad)
            return tuple(found)

    def _bind(self, name: str, value: Any, requires_grad: bool) -> None:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = tensor(value, dtype=self._dtype if requires_grad else None)
        elif isinstance(value, list) and is_numeric(value):
            literal = tensor(value)
            is_numbers = literal.dtype.name != "bool"
            value = tensor(value, dtype=self._dtype) if requires_grad and is_numbers else literal
        if isinstance(value, Tensor):
            value = Tensor(value.array)
            value.name = name
            if requires_grad and value.dtype.is_floating:
                set_requires_grad(value, True)
        if name not in self.scope:
            self._bound.append(name)
        self.scope[name] = value

    def restart(self, values: Mapping[str, Any]) -> None:
        """Forget all names, and bind these to values of the language, which statements then don't change."""
        with self.active():
            self.scope.clear()
            self._bound.clear()
            for name, value in values.items():
                self._bind(name, unshared(value), isinstance(value, Tensor) and value.requires_grad)

    def compiled(self, source: str) -> Executable:
        """Statements to be evaluated any number of times."""
        return Executable(parse(source), self._host, wants_value=True)

    def evaluate(
        self,
        source: str | Executable,
        wrt: str | Iterable[str] | None = None,
        grad_output: Any = None,
        no_grad: bool = False,
        on_error: OnError | None = None,
        jacobian: Sequence[str] = (),
        hessian: Sequence[str] = (),
    ) -> Evaluation:
        """Run statements, and differentiate the last expression with respect to the leaves it depends on, or `wrt` only.

        A scalar is differentiated with gradient 1; a result with several elements needs `grad_output`. `jacobian` and
        `hessian` name variables for which all first or second derivatives are wanted. The value and all derivatives are
        computed in one go. With `on_error`, a statement before the last that fails is told of and skipped.
        """
        with self.active():
            executable = self.compiled(source) if isinstance(source, str) else source
            with GradMode(not no_grad):
                value = executable.run(self.scope, on_error)
            assert executable.result is not None
            place, expression = executable.result.span, executable.result.value
            evaluation = Evaluation(executable.program.source, value, is_silent=value is None and isinstance(expression, Call))
            evaluation.notes += notes_on(executable.program, executable.result)
            if evaluation.is_silent:
                evaluation.notes += notes_on_backward(expression, self.scope)
            if not no_grad:
                cotangent = None if grad_output is None else partial(self._cotangent, grad_output)
                with placed(evaluation.source, place):
                    if jacobian or hessian:
                        from gradcli.session.jacobians import add_hessian, add_jacobian

                        if jacobian:
                            add_jacobian(evaluation, self.scope, jacobian)
                        if hessian:
                            add_hessian(evaluation, self.scope, hessian)
                    differentiate(evaluation, Names(self.scope, self._bound), names_of(wrt), cotangent)
            results = [*tensors_in(value), *evaluation.derivatives]
            with placed(evaluation.source, place):
                realize([result.array for result in results])
            evaluation.profile = self.computations
            return evaluation

    def run(
        self,
        source: str | Program,
        name: str = "<script>",
        host: Host | None = None,
        on_error: OnError | None = None,
    ) -> None:
        """Run a script; the host shows what it prints, and the values of its expression statements.

        With `on_error`, a statement that fails is told of and skipped.
        """
        with self.active():
            program = parse(source, name) if isinstance(source, str) else source
            Executable(program, host or self._host).run(self.scope, on_error)

    def compute(self, arrays: Sequence[LazyArray]) -> list[np.ndarray]:
        """The values of lazy arrays, under the session's options."""
        with self.active():
            return compute(arrays)

    def _cotangent(self, grad_output: Any, result: Tensor) -> Tensor:
        """The value of --grad-output as a tensor like the result."""
        if isinstance(grad_output, str):
            value = self._interpreter.evaluate_last(parse(grad_output, "--grad-output"))
        else:
            value = language_value("grad_output", grad_output)
        if isinstance(value, (int, float, list, tuple)):
            value = tensor(value, dtype=result.dtype)
        if not isinstance(value, Tensor):
            raise UsageError("--grad-output takes a tensor, a number or a numeric list")
        return value

    @property
    def times_printed(self) -> int:
        """How often statements printed something."""
        return self._host.times_written

    @property
    def has_drawn(self) -> bool:
        """Whether random numbers were used."""
        return self._random_streams_used > 0

    @contextmanager
    def active(self) -> Iterator[None]:
        """Hand the options down to the rooms below for the length of a block, and take them back after it."""
        with self._lock:
            before = (settings.default_dtype, settings.seed, settings.random_streams_used)
            settings.evaluator = self.evaluator  # stays, for what is read later
            settings.device = getattr(self.evaluator, "device", "cpu")
            settings.default_dtype = self._dtype
            settings.seed = self._seed
            settings.random_streams_used = self._random_streams_used
            try:
                with bounded(self._threads, self._max_memory):
                    yield
            finally:
                self._seed = settings.seed
                self._random_streams_used = settings.random_streams_used
                settings.default_dtype, settings.seed, settings.random_streams_used = before


@contextmanager
def placed(source: Source, span: Span) -> Iterator[None]:
    """What is done with the value of an expression, and what goes wrong with it, has the place of the expression."""
    state.place = Place(source, span, (span,))
    try:
        yield
    except GradcliError as error:
        if error.source is None and not isinstance(error, UsageError):
            error.at(source, span)
        raise
    finally:
        state.place = None
