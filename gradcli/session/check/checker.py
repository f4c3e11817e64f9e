"""The course of a check: what is differentiated, by autograd and by differences, and how both are brought together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradcli.autograd import Tensor, gradients, state
from gradcli.errors import AutogradError, NoGradRequired, ShapeMismatch, TypeMismatch, UsageError, close_matches
from gradcli.lazy import LazyArray, ops, settings
from gradcli.lazy.dtypes import float64
from gradcli.report.checked import VERDICTS, Check, CheckedClaim, Element, Finding
from gradcli.session.check.blame import Graph
from gradcli.session.check.claims import checked_claim, claimed_numbers
from gradcli.session.check.differences import Function, WeightedSum, moves, scales_of
from gradcli.session.check.elements import DIRECTIONS, Compared, compared, joined, number_of_samples
from gradcli.session.check.findings import About, finding_of
from gradcli.session.check.options import CheckOptions, Claim
from gradcli.session.check.program import CheckedProgram, epsilon_of, piece
from gradcli.session.check.triangles import mirror_gradients, reads_one_triangle
from gradcli.session.evaluation import Names, leaves_of, named_tensors
from gradcli.session.session import placed
from gradcli.session.trace import arrays_behind

if TYPE_CHECKING:
    from gradcli.session.check.check import CheckedSession

#: With no more elements in all leaves, each second derivative is checked, else their products with a random vector.
WHOLE_HESSIAN = 24
#: What one array costs, and one of its elements, in microseconds; running the statements again costs so many times as much.
COST_OF_ARRAY, COST_OF_ELEMENT, COST_OF_RUNNING = 1.0, 2.5e-3, 8.0
DOUBLE = 2.0**-52
NOT_FINITE = "the result is not finite, and where it is not, there is nothing to compare"
NARROW = "the program converts to a narrower dtype, whose rounding limits what differences can tell"
ONE_TRIANGLE = (
    "a function reads one triangle of a matrix only, and its gradient is that of a function of symmetric matrices: "
    "the differences move each element and its mirror image together, both by half"
)


class Row(NamedTuple):
    """What is compared at a time: the derivatives of the outputs times these weights."""

    weights: Sequence[np.ndarray]
    name: str = ""  # of a whole Hessian: the leaf of the first derivative, and its element
    place: tuple[int, ...] = ()
    size: float = 0.0  # what would be no more than rounding is told from it

    @property
    def label(self) -> str:
        """What stands before the element of the second derivative."""
        return f"{self.name}{list(self.place) if self.place else ''}, " if self.name else ""


class Subject(NamedTuple):
    """A tensor that is moved, and the outputs as a function of it."""

    tensor: Tensor
    array: LazyArray
    number: int  # among the arrays that the function takes
    at: Sequence[np.ndarray]
    function: Function
    epsilon: float
    cost: float  # of one evaluation, in microseconds by a rough count


class Checker:
    """One check of a program that has run."""

    def __init__(self, session: CheckedSession, program: CheckedProgram, options: CheckOptions) -> None:
        self.session = session
        self.program = program
        self.options = options
        self.observer = program.observer
        self.notes: list[str] = []

    def check(self) -> Check:
        """All gradients and claims, compared."""
        result = self._result()
        leaves = self._leaves(result)
        cotangent = self._cotangent(result)
        if self.options.order == 1:
            outputs, rows = [result], [Row([self._numbers(cotangent)])]
        else:
            outputs = self._first_derivatives(result, leaves, cotangent)
            rows = list(self._rows(leaves, outputs, self._size(result, cotangent)))
        subjects = self._subjects(leaves, outputs, cotangent)
        slopes = [self._slopes(outputs, row, leaves) for row in rows]
        if self.options.order == 1:
            subjects = self._used(subjects, slopes[0], rows[0])
        return self._report(subjects, outputs, rows, slopes)

    # ── what is differentiated ──

    def _result(self) -> Tensor:
        result = self.program.value
        if isinstance(result, Tensor) and result.dtype.is_floating:
            mirror_gradients(result)
            return result
        if isinstance(result, Tensor):
            raise NoGradRequired(
                f"the result is a tensor of {result.dtype.name}, which has no gradient",
                hint="whole numbers and comparisons have none: write numbers with a point, such as 2., or bind them with --let",
            )
        hint = (
            "take one of them, as in max(x, 0).values"
            if isinstance(result, (list, tuple))
            else "end with one that gives a tensor"
        )
        raise TypeMismatch("the result is no tensor, so that it has no gradient", hint=hint)

    def _leaves(self, result: Tensor) -> dict[str, Tensor]:
        """What is checked: the leaves that the result depends on, and those that it may depend on outside of the graph."""
        bound, scope = self.session.bound, self.session.scope
        if self.options.wrt:
            return named_tensors(scope, self.options.wrt)
        leaves = leaves_of(result, Names(scope, bound)) if result.requires_grad else {}
        if self.options.order == 2 and leaves:
            return leaves
        reached = {id(leaf) for leaf in leaves.values()}
        others = {
            name: value
            for name in bound
            if isinstance(value := self.program.bound[name], Tensor) and value.requires_grad and id(value) not in reached
        }
        leaves = {**leaves, **{name: leaf for name, leaf in others.items() if name not in leaves}}
        if not leaves:
            hint = "--let binds a leaf that requires grad"
            raise NoGradRequired("the result does not depend on any tensor that requires grad", hint=hint)
        return leaves

    def _cotangent(self, result: Tensor) -> Tensor:
        """The gradient that arrives at the result."""
        shape = result.shape
        if self.options.grad_output is not None:
            given = self.session.cotangent(self.options.grad_output, result)
            if given.shape != shape:
                message = f"--grad-output has shape {tuple(given.shape)}, and the result {tuple(shape)}"
                raise ShapeMismatch(message, hint="the gradient that arrives must have the shape of the result")
            return Tensor(ops.from_buffer(self._numbers(given), float64))
        if shape.numel() == 1:
            return Tensor(ops.full(shape, 1.0, float64))
        if self.options.claims:
            hint = f"give --grad-output a value of shape {tuple(shape)}, or reduce the result with sum()"
            raise UsageError("a claim is about the gradient of one number, and the result has several", hint=hint)
        self.notes.append(
            f"the result has shape {tuple(shape)}: what is checked is the gradient of its sum with fixed random weights; "
            "--grad-output gives others"
        )
        return Tensor(ops.from_buffer(_random_weights(shape, 1), float64))

    def _first_derivatives(self, result: Tensor, leaves: dict[str, Tensor], cotangent: Tensor) -> list[Tensor]:
        state.keeps_values = True
        try:
            return _gradients(result, list(leaves.values()), cotangent, create_graph=True)
        finally:
            state.keeps_values = False

    def _size(self, result: Tensor, cotangent: Tensor) -> float:
        """The size of the sum whose derivatives are taken."""
        weights, values = self._numbers(cotangent), self._numbers(result)
        size = float(np.abs(weights * values).sum())
        return size if 0 < size < np.inf else float(np.abs(weights).sum())

    def _rows(self, leaves: dict[str, Tensor], outputs: Sequence[Tensor], size: float) -> Iterator[Row]:
        """The weights of first derivatives: each by itself if they are few, else random ones."""
        if sum(output.shape.numel() for output in outputs) > WHOLE_HESSIAN:
            self.notes.append("what is checked is the Hessian times a fixed random vector")
            yield Row([_random_weights(output.shape, number) for number, output in enumerate(outputs)])
            return
        for number, (name, leaf) in enumerate(leaves.items()):
            scales = scales_of(self._numbers(leaf))[1]
            for index in np.ndindex(*leaf.shape):
                weights = [np.zeros(other.shape) for other in outputs]
                weights[number][index] = 1.0
                yield Row(weights, name, index, size / float(scales[index]))

    # ── autograd's side, and that of the differences ──

    def _slopes(self, outputs: Sequence[Tensor], row: Row, leaves: dict[str, Tensor]) -> dict[str, np.ndarray | None]:
        """Autograd's gradients of a row; None where it has none."""
        graph = self._graph(outputs, row)
        recorded = [(output, g) for output, g in zip(graph.outputs, graph.cotangents, strict=True) if output.requires_grad]
        if not recorded:
            return dict.fromkeys(leaves)
        tensors = list(leaves.values())
        found = gradients([o for o, _ in recorded], tensors, [g for _, g in recorded], retain_graph=True, allow_unused=True)
        numbers = iter(self.observer.numbers([tensor.array for tensor in found if tensor is not None]))
        return {name: None if own is None else next(numbers) for name, own in zip(leaves, found, strict=True)}

    def _graph(self, outputs: Sequence[Tensor], row: Row) -> Graph:
        arriving = [
            Tensor(ops.from_buffer(weight.astype(output.dtype.name), output.dtype))
            for weight, output in zip(row.weights, outputs, strict=True)
        ]
        return Graph(outputs, arriving, self.observer)

    def _subjects(self, leaves: dict[str, Tensor], outputs: Sequence[Tensor], cotangent: Tensor) -> dict[str, Subject]:
        """Each tensor with the outputs as a function of it: of all leaves at once, of a result in the middle alone."""
        own = {name: leaf for name, leaf in leaves.items() if leaf.is_leaf}
        again = self.program.has_looked and self.program.can_run_again(list(own.values()))
        if self.program.has_looked and not again:
            self.notes.append(
                "the program looks at numbers on its way, and cannot be run again from where these gradients start: "
                "what it looked at is held fixed"
            )
        roots = [output.array for output in outputs]
        subjects = {}
        for names in filter(None, (list(own), *([name] for name in leaves if name not in own))):
            arrays = [self.program.array_of(leaves[name], outputs) for name in names]
            at = [np.asarray(numbers) for numbers in self.observer.numbers(arrays)]
            cost = sum(
                (COST_OF_ARRAY + prod(array.shape) * COST_OF_ELEMENT for array in arrays_behind(roots, arrays)), COST_OF_ARRAY
            )
            if again and names == list(own):
                function = self.program.run_again([leaves[name] for name in names], self._outputs_again(cotangent))
                cost *= COST_OF_RUNNING
            else:
                function = piece(arrays, roots, self.observer)
            epsilon = epsilon_of(arrays, roots)
            if epsilon > DOUBLE and NARROW not in self.notes:
                self.notes.append(NARROW)
            if ONE_TRIANGLE not in self.notes and reads_one_triangle(arrays, at, roots):
                self.notes.append(ONE_TRIANGLE)
            for number, name in enumerate(names):
                subjects[name] = Subject(leaves[name], arrays[number], number, at, function, epsilon, cost)
        return {name: subjects[name] for name in leaves}

    def _outputs_again(self, cotangent: Tensor) -> Callable[[Any, Sequence[Tensor]], Sequence[Tensor]]:
        if self.options.order == 1:
            return lambda value, leaves: [value]

        def first_derivatives(value: Any, leaves: Sequence[Tensor]) -> Sequence[Tensor]:
            mirror_gradients(value)
            return _gradients(value, leaves, cotangent)

        return first_derivatives

    def _used(self, subjects: dict[str, Subject], slopes: dict[str, np.ndarray | None], row: Row) -> dict[str, Subject]:
        """Without the tensors that the result does not depend on, in the graph or outside of it."""
        used = {
            name: subject
            for name, subject in subjects.items()
            if slopes[name] is not None or moves(self._total(subject, row), subject.number)
        }
        unused = [name for name in subjects if name not in used]
        if self.options.wrt and unused:
            raise AutogradError(f"the result does not depend on {unused[0]}", hint=f"leave out --wrt {unused[0]}")
        if not used:
            raise NoGradRequired("the result does not depend on any tensor that requires grad")
        self.notes += [f"the result does not depend on {name}, which therefore has no gradient" for name in unused]
        return used

    def _total(self, subject: Subject, row: Row) -> WeightedSum:
        return WeightedSum(subject.function, subject.at, row.weights, subject.epsilon, row.size)

    # ── both together ──

    def _report(
        self,
        subjects: dict[str, Subject],
        outputs: Sequence[Tensor],
        rows: Sequence[Row],
        slopes: Sequence[dict[str, np.ndarray | None]],
    ) -> Check:
        found: dict[str, Compared] = {}
        findings: list[Finding] = []
        for title, name, parts in self._compared(subjects, rows, slopes):
            found[title] = whole = joined(title, [(row.place, part) for row, part in parts], self.options.tolerance)
            for verdict in reversed(VERDICTS[1:]):
                row, part = next((each for each in parts if verdict in each[1].examples), (None, None))
                if row is not None and part is not None:
                    element, graph = part.examples[verdict][0], self._graph(outputs, row)
                    others = whole.gradient.verdicts.get(verdict, 0) - 1
                    findings.append(self._finding(element, name, row.label, others, subjects[name], graph))
        self.notes += [_note_of_samples(each) for each in found.values() if each.gradient.checked < each.gradient.elements]
        claims = [self._claim(claim, slopes[0], found) for claim in self.options.claims]
        checked = tuple(each.gradient for each in found.values())
        source, options = self.program.executable.program.source, self.options
        return Check(source, options.order, options.tolerance, checked, tuple(claims), tuple(findings), tuple(self.notes))

    def _compared(
        self, subjects: dict[str, Subject], rows: Sequence[Row], slopes: Sequence[dict[str, np.ndarray | None]]
    ) -> Iterator[tuple[str, str, list[tuple[Row, Compared]]]]:
        """For each gradient its title, its leaf, and the comparison of each row."""
        samples = {
            name: number_of_samples(
                subject.tensor.shape.numel(), self.options.samples, subject.cost * len(subjects) * max(len(rows), 1)
            )
            for name, subject in subjects.items()
        }
        advance = _progress(sum(samples.values()) * len(rows))
        for first in dict.fromkeys(row.name for row in rows):
            for name, subject in subjects.items():
                title = f"{first}, {name}" if first else name
                parts = []
                for row, own in zip(rows, slopes, strict=True):
                    if row.name == first:
                        found = own[name]
                        gradient = np.zeros(subject.tensor.shape) if found is None else found
                        total, tolerance = self._total(subject, row), self.options.tolerance
                        if not total.is_finite and NOT_FINITE not in self.notes:
                            self.notes.append(NOT_FINITE)
                        parts.append((row, compared(title, total, subject.number, gradient, tolerance, samples[name], advance)))
                yield title, name, parts

    def _finding(self, element: Element, name: str, label: str, others: int, subject: Subject, graph: Graph) -> Finding:
        title = f"{label}{name}{list(element.place) if element.place else ''}"
        if element.place is None:
            title, others = f"{label}{name} along a random direction", 0
        function = "the result" if self.options.order == 1 else "the first derivative"
        about = About(element, name, title, others, subject.tensor, subject.array, function)
        return finding_of(about, graph, self.program.executable.program, self.options.tolerance)

    def _claim(self, claim: Claim, slopes: dict[str, np.ndarray | None], found: dict[str, Compared]) -> CheckedClaim:
        """A claim beside the gradient of its leaf."""
        gradient = slopes.get(claim.name)
        if claim.name not in found or gradient is None:
            message = f"--claim {claim.name}: there is no gradient of that name"
            matches = close_matches(claim.name, list(found))
            raise UsageError(message, hint=f"there are those of {', '.join(found)}", did_you_mean=matches)
        value, tree = self.session.value_of(claim.text, f"--claim {claim.name}")
        with placed(tree.source, tree.span):
            numbers = claimed_numbers(value, gradient.shape, claim.name, self.observer)
        return checked_claim(claim.name, tree.source, numbers, gradient, found[claim.name], self.options.tolerance)

    def _numbers(self, tensor: Tensor) -> np.ndarray:
        return np.asarray(self.observer.numbers([tensor.array])[0], np.float64)


def _gradients(result: Any, leaves: Sequence[Tensor], cotangent: Tensor, create_graph: bool = False) -> list[Tensor]:
    """The gradients of a result, zeros where it has none."""
    found = gradients([result], leaves, [cotangent], create_graph=create_graph, allow_unused=True)
    return [
        Tensor(ops.full(leaf.shape, 0.0, leaf.dtype)) if own is None else own for leaf, own in zip(leaves, found, strict=True)
    ]


def _random_weights(shape: Sequence[int], seed: int) -> np.ndarray:
    """Numbers between 1/2 and 3/2 of either sign, always the same."""
    generator = np.random.default_rng(seed)
    return np.asarray(generator.uniform(0.5, 1.5, tuple(shape)) * generator.choice([-1.0, 1.0], tuple(shape)))


def _note_of_samples(found: Compared) -> str:
    gradient = found.gradient
    return (
        f"{gradient.checked:,} of the {gradient.elements:,} elements of {gradient.name} were checked one by one, and all of them "
        f"together along {DIRECTIONS} random directions; --samples N checks more, --all each"
    )


def _progress(total: int) -> Callable[[], None]:
    """Tells how many elements are done, in the place of the rows that the engine would tell of."""
    tell, done = settings.progress, 0
    settings.progress = None
    if tell is None or not total:
        return lambda: None
    tell(0, total)

    def advance() -> None:
        nonlocal done
        done += 1
        tell(min(done, total), total)

    return advance
