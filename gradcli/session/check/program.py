"""A program as a function of its leaves: run once so that it can be taken apart, and again with other numbers in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradcli.autograd import GradMode, Tensor, state
from gradcli.engine.evaluation import evaluate
from gradcli.errors import GradcliError
from gradcli.language import Executable
from gradcli.lazy import LazyArray, compute, ops, settings
from gradcli.lazy.dtypes import float64
from gradcli.session.check.differences import Arrays, Function
from gradcli.session.check.triangles import by_pairs
from gradcli.session.trace import Trace, arrays_behind, by_serial, copy_graph
from gradcli.session.values import tensors_in

Outputs = Callable[[Any, Sequence[Tensor]], Sequence[Tensor]]  # what is asked of a run: of its value and its leaves


class Observer:
    """The engine's evaluator, for graphs to be taken apart: it keeps numbers beside the arrays, which stay as they were made."""

    device = "cpu"

    def __init__(self) -> None:
        self.has_looked = False  # at numbers that depend on a leaf
        self.held: Callable[[], Iterable[Tensor]] = tuple  # what the program has in its hands, and may look at again
        self._numbers: dict[LazyArray, np.ndarray] = {}
        self._depending: set[LazyArray] = set()

    def add_leaf(self, leaf: Tensor) -> None:
        """Give a leaf numbers of its own; from now on, to look at what depends on it is noticed."""
        leaf.array = ops.from_buffer(self.numbers([leaf.array])[0], leaf.dtype)
        self._depending.add(leaf.array)

    def __call__(self, roots: Sequence[LazyArray]) -> list[np.ndarray]:
        """The values of the roots, which a program looks at."""
        found = self.numbers(roots)
        self.has_looked = self.has_looked or not self._depending.isdisjoint(roots)
        return found

    def numbers(self, roots: Sequence[LazyArray]) -> list[np.ndarray]:
        """The values of the roots, which nobody looks at."""
        unknown = [root for root in roots if root.buffer is None and root not in self._numbers]
        if unknown:
            self._compute(unknown)
        return [root.buffer if root.buffer is not None else self._numbers[root] for root in roots]

    def _compute(self, roots: list[LazyArray]) -> None:
        order = sorted(arrays_behind(roots, self._numbers), key=by_serial)
        made = {array for array in order if array.buffer is None}
        wanted = list(dict.fromkeys([*roots, *(tensor.array for tensor in self.held() if tensor.array in made)]))
        copies: dict[LazyArray, LazyArray] = {}
        for array in order:
            if not self._depending.isdisjoint(array.operands):
                self._depending.add(array)
            for operand in array.operands:
                if operand in self._numbers and operand not in copies:
                    copies[operand] = ops.from_buffer(self._numbers[operand], operand.dtype)
        copy_graph(order, copies)
        stand_ins = [copies[array] for array in wanted]
        copies.clear()  # the engine keeps the value of what somebody refers to
        self._numbers.update(zip(wanted, evaluate(stand_ins), strict=True))


class CheckedProgram:
    """A program that ran once, in the scope of a session; what it drew at random, it draws again."""

    def __init__(self, executable: Executable, scope: dict[str, Any], observer: Observer) -> None:
        self.executable = executable
        self.observer = observer
        self.made: list[Tensor] = []  # the leaves that its statements made, in order
        self.bound = dict(scope)
        self._random = settings.seed, settings.random_streams_used
        self._first_arrays = {id(leaf): leaf.array for leaf in tensors_in(list(scope.values())) if leaf.requires_grad}
        observer.held = lambda: tensors_in(list(scope.values()))
        with _watching(self._hold, keeps_values=True):
            self.value = executable.run(scope)
        observer.held = tuple
        self.has_looked = observer.has_looked

    def _hold(self, leaf: Tensor) -> None:
        self.observer.add_leaf(leaf)
        self.made.append(leaf)
        self._first_arrays[id(leaf)] = leaf.array

    def array_of(self, tensor: Tensor, outputs: Sequence[Tensor]) -> LazyArray:
        """The array of a leaf that outputs are made from: what it had first, if it was changed in place after they were made."""
        first = self._first_arrays.get(id(tensor), tensor.array)
        if first is tensor.array:
            return first
        behind = set(arrays_behind([output.array for output in outputs], ()))
        return first if first in behind and tensor.array not in behind else tensor.array

    def can_run_again(self, leaves: Sequence[Tensor]) -> bool:
        """Whether another run can be given other numbers for these: all are leaves that were not changed in place."""
        is_whole = all(tensor.grad_fn is None for tensor in tensors_in(list(self.bound.values())))
        return is_whole and all(self._first_arrays.get(id(leaf)) is leaf.array for leaf in leaves)

    def run_again(self, leaves: Sequence[Tensor], outputs: Outputs) -> Function:
        """The outputs as a function of leaves, by running all statements; it has no value where they fail."""
        number_of = {id(leaf): number for number, leaf in enumerate(leaves)}
        made = [number_of.get(id(leaf)) for leaf in self.made]
        matrices_before: list[np.ndarray] = []

        def before(matrices: Sequence[LazyArray]) -> list[np.ndarray]:
            """What the first run, in which nothing had moved, found in their place; a run of another course has its own."""
            found = Trace((), sorted(arrays_behind(matrices, ()), key=by_serial), matrices).replay(())
            matrices_before.extend(found if not matrices_before else ())
            is_same_course = [each.shape for each in found] == [each.shape for each in matrices_before]
            return matrices_before if is_same_course else found

        def function(arrays: Arrays) -> list[np.ndarray] | None:
            stand_ins: dict[int, Tensor] = {}
            held: dict[int, Tensor] = {}

            def hold(leaf: Tensor) -> None:
                number = made[count] if (count := len(seen)) < len(made) else None
                seen.append(leaf)
                if number is not None:
                    leaf.array = ops.from_buffer(arrays[number], leaf.dtype)
                    held[number] = leaf

            seen: list[Tensor] = []
            scope = {name: _fresh(value, stand_ins) for name, value in self.bound.items()}
            for leaf, number in ((leaf, number_of[id(leaf)]) for leaf in leaves if id(leaf) in stand_ins):
                held[number] = stand_ins[id(leaf)]
                held[number].array = ops.from_buffer(arrays[number], leaf.dtype)
            try:
                with _watching(hold), self._restarted():
                    value = self.executable.run(scope)
                    if len(held) < len(leaves):
                        return None
                    found = outputs(value, [held[number] for number in sorted(held)])
                    moved = [leaf.array for leaf in held.values()]
                    return compute(by_pairs(moved, [output.array for output in found], before))
            except GradcliError:
                return None

        return function

    @contextmanager
    def _restarted(self) -> Iterator[None]:
        """The settings as they were when the program ran first, and the engine itself to compute."""
        before = settings.evaluator, settings.seed, settings.random_streams_used, settings.default_dtype
        settings.evaluator, settings.default_dtype = evaluate, float64
        settings.seed, settings.random_streams_used = self._random
        try:
            with GradMode(True):
                yield
        finally:
            settings.evaluator, settings.seed, settings.random_streams_used, settings.default_dtype = before


@contextmanager
def _watching(new_leaf: Callable[[Tensor], None], keeps_values: bool = False) -> Iterator[None]:
    state.new_leaf, state.keeps_values = new_leaf, keeps_values
    try:
        yield
    finally:
        state.new_leaf, state.keeps_values = None, False


def _fresh(value: Any, stand_ins: dict[int, Tensor]) -> Any:
    """A bound value for another run, which may change it in place: tensors and lists are made anew, each once."""
    if isinstance(value, Tensor):
        if id(value) not in stand_ins:
            fresh = stand_ins[id(value)] = Tensor(value.array, value.requires_grad, value.grad_fn, value.output_number)
            fresh.name = value.name
        return stand_ins[id(value)]
    if type(value) in (list, tuple):
        return type(value)(_fresh(item, stand_ins) for item in value)
    return value


def piece(inputs: Sequence[LazyArray], roots: Sequence[LazyArray], observer: Observer) -> Function:
    """Arrays as a function of others that they are made from, by the graph between them."""
    roots = by_pairs(inputs, roots, observer.numbers)
    order = sorted(arrays_behind(roots, inputs), key=by_serial)
    return Trace(inputs, order, roots).replay


def epsilon_of(inputs: Sequence[LazyArray], roots: Sequence[LazyArray]) -> float:
    """The relative rounding error of the narrowest floating dtype between arrays."""
    sizes = {array.dtype.itemsize for array in (*inputs, *arrays_behind(roots, inputs)) if array.dtype.is_floating}
    return {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52}[min(sizes, default=8)]
