"""Sessions: a scope with its settings, and the Python API `evaluate` and `compile`, which the commands are thin shells over."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

from gradcli.autograd import GradMode, Node, Tensor, gradients, walk
from gradcli.autograd.tensor import set_requires_grad
from gradcli.engine.evaluation import evaluate as evaluate_arrays
from gradcli.errors import (
    AutogradError,
    GradcliError,
    InputFault,
    NoGradRequired,
    NotScalar,
    ShapeMismatch,
    Source,
    Span,
    SyntaxFault,
    UsageError,
    close_matches,
)
from gradcli.functions import tensor as make_tensor
from gradcli.functions.ndarray import NDArray
from gradcli.language import Interpreter, parse
from gradcli.language.tree import Attribute, Call, ExpressionStatement, Program
from gradcli.lazy import compute, settings
from gradcli.lazy.dtypes import BY_NAME, float32, float64
from gradcli.report.torch_text import format_value, represent_value

if TYPE_CHECKING:
    import numpy as np

    from gradcli.language.host import Host
    from gradcli.language.interpreter import OnError

DEFAULT_DTYPES = {"float32": float32, "float64": float64}
UNUSED = (
    "One of the differentiated Tensors appears to not have been used in the graph. "
    "Set allow_unused=True if this is the desired behavior."
)


class QuietHost:
    """Shows no values of statements, and hands printed text to a function: without one, it goes to stdout."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write

    def display(self, value: Any, statement: ExpressionStatement) -> None:
        """An evaluation shows its result only."""

    def write(self, text: str) -> None:
        """Hand printed text on."""
        (self._write or sys.stdout.write)(text)

    def text(self, value: Any) -> str:
        """PyTorch's text."""
        return format_value(value)

    def representation(self, value: Any) -> str:
        """PyTorch's text, with strings quoted."""
        return represent_value(value)


class Evaluation:
    """What one evaluation gave: the language's values, all of them computed."""

    __slots__ = ("grad_fn", "grads", "is_silent", "notes", "source", "value")

    def __init__(self, source: Source, value: Any, is_silent: bool = False) -> None:
        self.source = source
        self.value = value
        self.is_silent = is_silent  # a call such as print(...), which is made for its effect and gives nothing back
        self.grads: dict[str, Tensor] | None = None
        self.grad_fn: Node | None = value.grad_fn if isinstance(value, Tensor) else None
        self.notes: list[str] = []

    @property
    def tensor(self) -> Tensor | None:
        """The value, if it is a tensor."""
        return self.value if isinstance(self.value, Tensor) else None


class Session:
    """A scope of bindings, and the settings that its statements run under.

    A session may be used from several threads; they take turns. `seed` makes random numbers repeatable; `write` takes what
    the statements print, which goes to stdout otherwise.
    """

    def __init__(
        self,
        *,
        dtype: str = "float32",
        seed: int | None = None,
        threads: int | None = None,
        write: Callable[[str], object] | None = None,
    ) -> None:
        if dtype not in DEFAULT_DTYPES:
            raise UsageError(f"the default dtype is float32 or float64, not {dtype!r}")
        self.threads = threads
        self.scope: dict[str, Any] = {}
        self._bound: list[str] = []
        self._host = QuietHost(write)
        self._dtype = DEFAULT_DTYPES[dtype]
        self._seed = int.from_bytes(os.urandom(6), "little") if seed is None else seed
        self._random_streams_used = 0
        self._lock = RLock()

    def bind(self, name: str, text: str, requires_grad: bool = True, origin: str = "--let") -> None:
        """Bind a name to the value of an expression, which may use the names bound before.

        With `requires_grad`, numbers and numeric lists become tensors of the default dtype, and any floating tensor a leaf
        that requires grad. Without, they become tensors by PyTorch's rule for literals.
        """
        with self._active():
            program = parse(text, f"{origin} {name}")
            if len(program.body) > 1:
                hint = f"a value is one expression; give another name its own {origin}"
                raise SyntaxFault(f"{name} has a value already, and this is a second statement", hint=hint).at(
                    program.source, program.body[1].span
                )
            value = Interpreter(self._host, self.scope).evaluate_last(program)
            try:
                self._bind_value(name, value, requires_grad)
            except GradcliError as error:
                _place(error, program)
                raise

    def bind_value(self, name: str, value: Any, requires_grad: bool = True) -> None:
        """Bind a name to a NumPy array (which keeps its dtype), a number, lists, or what NumPy can view as one."""
        with self._active():
            self._bind_value(name, language_value(name, value), requires_grad)

    def _bind_value(self, name: str, value: Any, requires_grad: bool) -> None:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = make_tensor(value, dtype=self._dtype if requires_grad else None)
        elif isinstance(value, list) and _is_numeric(value):
            literal = make_tensor(value)
            is_numbers = literal.dtype.name != "bool"
            value = make_tensor(value, dtype=self._dtype) if requires_grad and is_numbers else literal
        if isinstance(value, Tensor):
            value = Tensor(value.array)
            value.name = name
            if requires_grad and value.dtype.is_floating:
                set_requires_grad(value, True)
        if name not in self.scope:
            self._bound.append(name)
        self.scope[name] = value

    def evaluate(
        self,
        source: str | Program,
        wrt: Sequence[str] | None = None,
        grad_output: str | Any | None = None,
        no_grad: bool = False,
        on_error: OnError | None = None,
    ) -> Evaluation:
        """Run statements, and differentiate the last expression with respect to the leaves it depends on, or `wrt` only.

        A scalar is differentiated with gradient 1; a result with several elements needs `grad_output`. The value and all
        gradients are computed in one go. With `on_error`, a statement before the last that fails is told of and skipped.
        """
        with self._active():
            program = parse(source) if isinstance(source, str) else source
            interpreter = Interpreter(self._host, self.scope)
            with GradMode(not no_grad):
                value = interpreter.evaluate_last(
                    program if on_error is None else _run_all_but_last(interpreter, program, on_error)
                )
            call = _last_call(program) if value is None else None
            evaluation = Evaluation(program.source, value, is_silent=call is not None)
            if call is not None:
                self._note_gradients(call, evaluation)
            if not no_grad:
                try:
                    self._differentiate(evaluation, wrt, grad_output)
                except GradcliError as error:
                    _place(error, program)
                    raise
            results = [*_tensors_in(value), *(evaluation.grads or {}).values()]
            compute([tensor.array for tensor in results])
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
        with self._active():
            program = parse(source, name) if isinstance(source, str) else source
            Interpreter(host if host is not None else self._host, self.scope).run(program, on_error=on_error)

    def _differentiate(self, evaluation: Evaluation, wrt: Sequence[str] | None, grad_output: Any) -> None:
        result = evaluation.tensor
        if result is None or not result.requires_grad:
            self._refuse_without_graph(result, wrt)
            return
        wanted = self._wanted(wrt) if wrt else None
        if grad_output is None and result.shape.numel() != 1:
            if wrt:
                raise _not_scalar(result)
            evaluation.notes.append(
                f"the result has shape {tuple(result.shape)}, so there are no gradients: "
                "give --grad-output a value of this shape, or reduce the result with sum()"
            )
            return
        inputs = wanted or self._leaves(result)
        cotangent = None if grad_output is None else self._cotangent(grad_output, result)
        try:
            found = gradients([result], list(inputs.values()), [cotangent], allow_unused=True)
        except ShapeMismatch as error:
            error.hint = error.hint or f"the gradient that arrives must have the shape of the result, {tuple(result.shape)}"
            raise
        evaluation.grads = {}
        for name, gradient in zip(inputs, found, strict=True):
            if gradient is None:
                raise AutogradError(f"the result does not depend on {name}", torch_message=UNUSED, hint=f"leave out --wrt {name}")
            evaluation.grads[name] = Tensor(gradient.array)
        if not wrt:
            for name in self._bound:
                leaf = self.scope.get(name)
                if name not in evaluation.grads and isinstance(leaf, Tensor) and leaf.requires_grad and leaf.is_leaf:
                    evaluation.notes.append(f"the result does not depend on {name}, which therefore has no gradient")

    def _note_gradients(self, call: Call, evaluation: Evaluation) -> None:
        """Tell where to look after a backward(), which gives nothing back itself."""
        if not isinstance(call.function, Attribute) or call.function.name != "backward":
            return
        leaves = [
            name for name, value in self.scope.items() if isinstance(value, Tensor) and value.is_leaf and value.grad is not None
        ]
        if leaves:
            gradients = ", ".join(f"{name}.grad" for name in leaves)
            evaluation.notes.append(f"backward() gives no value; it filled {gradients}: end with {leaves[0]}.grad to see it")

    def _refuse_without_graph(self, result: Tensor | None, wrt: Sequence[str] | None) -> None:
        """A result without a graph is fine, unless gradients were asked for by name."""
        if not wrt:
            return
        self._wanted(wrt)
        kind = "the result is not a tensor" if result is None else "the result does not depend on any tensor that requires grad"
        raise NoGradRequired(
            kind,
            torch_message="element 0 of tensors does not require grad and does not have a grad_fn",
            hint=f"there is nothing to differentiate with respect to {', '.join(wrt)}",
        )

    def _wanted(self, wrt: Sequence[str]) -> dict[str, Tensor]:
        """The tensors that --wrt names."""
        wanted: dict[str, Tensor] = {}
        for name in wrt:
            value = self.scope.get(name)
            if isinstance(value, Tensor) and value.requires_grad:
                wanted[name] = value
                continue
            if name not in self.scope:
                names = [other for other, bound in self.scope.items() if isinstance(bound, Tensor) and bound.requires_grad]
                hint = f"these require grad: {', '.join(names)}" if names else f"bind it: --let {name}=VALUE"
                raise UsageError(f"--wrt {name}: there is no such name", hint=hint, did_you_mean=close_matches(name, names))
            what = f"is a tensor of {value.dtype.name}" if isinstance(value, Tensor) else "is not a tensor"
            message = f"--wrt {name}: {name} does not require grad; it {what}"
            raise UsageError(message, hint=f"--let {name}=VALUE makes a floating tensor that requires grad")
        return wanted

    def _leaves(self, result: Tensor) -> dict[str, Tensor]:
        """The leaves that a result depends on: bound ones in the order of binding, then those its statements made."""
        if result.grad_fn is None:
            reached = [result]
        else:
            reached = [node.variable for node in walk(result.grad_fn) if node.variable is not None]
        positions = {name: position for position, name in enumerate(self._bound)}
        names = {id(value): name for name, value in reversed(self.scope.items()) if isinstance(value, Tensor)}
        named: dict[str, Tensor] = {}
        for leaf in reached:
            name = names.get(id(leaf)) or leaf.name or f"leaf {len(named)}"
            while name in named:
                name += "'"
            named[name] = leaf
        return dict(sorted(named.items(), key=lambda item: positions.get(item[0], len(positions))))

    def _cotangent(self, grad_output: Any, result: Tensor) -> Tensor:
        """The value of --grad-output as a tensor like the result."""
        value = grad_output
        if isinstance(grad_output, str):
            value = Interpreter(self._host, self.scope).evaluate_last(parse(grad_output, "--grad-output"))
        else:
            value = language_value("grad_output", grad_output)
        if isinstance(value, (int, float, list, tuple)):
            value = make_tensor(value, dtype=result.dtype)
        if not isinstance(value, Tensor):
            raise UsageError("--grad-output takes a tensor, a number or a numeric list")
        return value

    @contextmanager
    def _active(self) -> Iterator[None]:
        """Hand the settings down to the rooms below for the length of a block, and take them back after it."""
        with self._lock:
            before = (settings.default_dtype, settings.seed, settings.random_streams_used)
            settings.evaluator = evaluate_arrays
            settings.threads = self.threads
            settings.default_dtype = self._dtype
            settings.seed = self._seed
            settings.random_streams_used = self._random_streams_used
            try:
                yield
            finally:
                self._seed = settings.seed
                self._random_streams_used = settings.random_streams_used
                settings.default_dtype, settings.seed, settings.random_streams_used = before


class Result:
    """What Python code gets of an evaluation: NumPy arrays, and the grad_fn graph.

    `value` is an array for a tensor, and the plain Python value otherwise; `grads` maps names to arrays, and is None where
    nothing was differentiated; `notes` are sentences on what was left out.
    """

    __slots__ = ("evaluation", "grads", "value")

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.value: Any = _python_value(evaluation.value)
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
    """Statements that were parsed once, to be evaluated with any bindings; made by `compile`."""

    __slots__ = ("_dtype", "_program", "_seed", "_threads", "_wrt")

    def __init__(
        self, source: str, wrt: str | Sequence[str] | None, dtype: str | None, seed: int | None, threads: int | None
    ) -> None:
        if not isinstance(source, str):
            raise UsageError(f"statements are a string, not {type(source).__name__}")
        self._program = parse(source)
        self._wrt = [wrt] if isinstance(wrt, str) else list(wrt) if wrt is not None else None
        self._dtype = dtype
        self._seed = seed
        self._threads = threads

    def __call__(self, *, grad_output: Any = None, **bindings: Any) -> Result:
        """Evaluate with these bindings."""
        session = Session(dtype=self._dtype or "float32", seed=self._seed, threads=self._threads)
        for name, value in bindings.items():
            session.bind_value(name, value)
        return Result(session.evaluate(self._program, self._wrt, grad_output))

    def __repr__(self) -> str:
        return f"<compiled {self._program.source.text!r}>"


def evaluate(
    source: str,
    *,
    wrt: str | Sequence[str] | None = None,
    grad_output: Any = None,
    dtype: str | None = None,
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
    return Compiled(source, wrt, dtype, seed, threads)(grad_output=grad_output, **bindings)


def compile(
    source: str,
    *,
    wrt: str | Sequence[str] | None = None,
    dtype: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
) -> Compiled:
    """Statements parsed once, as a function of their bindings.

    >>> f = compile("sum(x**2)", wrt=["x"])
    >>> f(x=[1, 2]).grads["x"], f(x=[3, 4]).grads["x"]
    (array([2., 4.], dtype=float32), array([6., 8.], dtype=float32))
    """
    return Compiled(source, wrt, dtype, seed, threads)


def language_value(name: str, value: Any) -> Any:
    """A value of Python as a value of the language: NumPy arrays and what NumPy can view as one become tensors."""
    if value is None or isinstance(value, (bool, int, float, str, Tensor)):
        return value
    if isinstance(value, (list, tuple)) and _is_numeric(value):
        return list(value)
    import numpy as np

    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.dtype.name not in BY_NAME:
        raise InputFault(f"{name} cannot be bound: {type(value).__name__} is not an array of numbers that has one of our dtypes")
    return make_tensor(NDArray(array))


def _last_call(program: Program) -> Call | None:
    """The last expression statement, if it is a call."""
    last = next((node.value for node in reversed(program.body) if isinstance(node, ExpressionStatement)), None)
    return last if isinstance(last, Call) else None


def _run_all_but_last(interpreter: Interpreter, program: Program, on_error: OnError) -> Program:
    """Run what stands before the last expression, skipping what fails, and return the rest."""
    position = max((place for place, node in enumerate(program.body) if isinstance(node, ExpressionStatement)), default=0)
    interpreter.run(Program(program.span, program.body[:position], program.source), on_error=on_error)
    return Program(program.span, program.body[position:], program.source)


def _is_numeric(value: Any) -> bool:
    """Whether a list holds nothing but numbers, at any depth."""
    stack = [value]
    seen: set[int] = set()  # a list may hold itself
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            if id(item) not in seen:
                seen.add(id(item))
                stack.extend(item)
        elif not isinstance(item, (bool, int, float)):
            return False
    return True


def _tensors_in(value: Any) -> list[Tensor]:
    """The tensors that a value is, or holds."""
    found: list[Tensor] = []
    stack = [value]
    seen: set[int] = set()  # a list may hold itself
    while stack:
        item = stack.pop()
        if isinstance(item, Tensor):
            found.append(item)
        elif isinstance(item, (list, tuple)) and id(item) not in seen:
            seen.add(id(item))
            stack.extend(item)
    return found


def _python_value(value: Any) -> Any:
    """A value of the language as Python code wants it: arrays for tensors, also inside of lists and tuples."""
    if isinstance(value, Tensor):
        return value.numpy()
    if isinstance(value, NDArray):
        return value.array
    if isinstance(value, list):
        return [_python_value(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_python_value(item) for item in value)
    return value


def _not_scalar(result: Tensor) -> NotScalar:
    message = "grad can be implicitly created only for scalar outputs"
    hint = f"the result has shape {tuple(result.shape)}: give --grad-output a value of this shape, or reduce it with sum()"
    return NotScalar.as_torch(message, hint=hint)


def _place(error: GradcliError, program: Program) -> None:
    """An error of differentiating the result happened at its expression."""
    if error.source is None and not isinstance(error, UsageError):
        error.source = program.source
        if error.span is None and program.body:
            last = program.body[-1].span
            error.span = Span(last.start, last.end)
