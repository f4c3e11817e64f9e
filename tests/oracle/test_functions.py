"""Every differentiable declared function against finite differences, first and second derivatives, made from its examples.

An example is tried with its tensors x, y and z in many arrangements: matrices, vectors, scalars, shapes that broadcast, tensors
that are not contiguous, and tensors without elements. Along random directions the derivative that backward gives is compared
with a central difference in float64; the second derivative with a central difference of the gradient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy
import pytest

from gradcli import autograd
from gradcli.autograd import Tensor
from gradcli.errors import GradcliError
from gradcli.functions import BARE, DECLARED, Function
from gradcli.language import parse
from gradcli.lazy import ops, settings
from gradcli.lazy.dtypes import float64

from .gradcli_side import interpreter_and_prints, tensors_in

Shape = tuple[int, ...]
Arrays = dict[str, numpy.ndarray]

NAMES = ("x", "y", "z")
OTHERS: dict[str, Shape] = {"v": (3,), "b": (2, 2, 3)}  # a vector and a batch of matrices, the same in all arrangements
WITHOUT_DIFFERENCES = ("random",)  # the families whose results jump from one sample to another
STEP = 1e-5
TOLERANCE = 2e-6
DIRECTIONS = 2
NEAREST_ZERO = 0.2  # quotients and roots of smaller numbers bend too much for a difference

Pair = tuple["Difference", float]


@pytest.fixture(autouse=True)
def double_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors that an example creates are as precise as those it is given."""
    monkeypatch.setattr(settings, "default_dtype", float64)


class Arrangement(NamedTuple):
    """Shapes of the example's tensors, and statements that run before the example."""

    title: str
    shapes: dict[str, Shape]
    prelude: str = ""


def arrange(title: str, *shapes: Shape, prelude: str = "") -> Arrangement:
    """Shapes of x, y and z; the last one given goes on."""
    return Arrangement(title, {name: shapes[min(i, len(shapes) - 1)] for i, name in enumerate(NAMES)}, prelude)


ARRANGEMENTS = (
    arrange("matrices", (2, 3)),
    arrange("square matrices", (3, 3)),
    arrange("matrices that can be multiplied", (2, 3), (3, 2), (2, 2)),
    arrange("vectors", (3,)),
    arrange("scalars", ()),
    arrange("three axes", (2, 3, 2)),
    arrange("batches that can be multiplied", (2, 2, 3), (2, 3, 2)),
    arrange("a matrix and a row", (2, 3), (3,)),
    arrange("a row and a matrix", (3,), (2, 3)),
    arrange("a column and a row", (2, 1), (1, 3), ()),
    arrange("a matrix and a scalar", (2, 3), ()),
    arrange("a scalar and a matrix", (), (2, 3)),
    arrange("not contiguous", (3, 2), prelude="x = x.t(); y = y.t(); z = z.t()"),
    arrange("every second element", (4, 6), prelude="x = x[::2, ::2]; y = y[::2, ::2]; z = z[::2, ::2]"),
    arrange("expanded", (2, 1), prelude="x = x.expand(2, 3); y = y.expand(2, 3); z = z.expand(2, 3)"),
    arrange("no elements", (0,)),
    arrange("no columns", (2, 0)),
    arrange("no rows", (0, 3)),
)


class Example(NamedTuple):
    """One example of a declared function, with the interval its arguments are drawn from."""

    function: Function
    text: str
    low: float
    high: float


def differentiable_examples() -> list[Example]:
    """The examples of all functions that have a derivative."""
    found = []
    for function in DECLARED:
        partials = getattr(function, "partials", None)
        has_derivative = bool(function.rules) if partials is None else any(partial is not None for partial in partials)
        low, high = getattr(function, "domain", (-2.0, 2.0))
        if has_derivative and function.family not in WITHOUT_DIFFERENCES:
            texts = [text for text in function.examples if named_tensors(text)]
            found += [Example(function, text, low, high) for text in texts]
    return found


def named_tensors(text: str) -> list[str]:
    """The tensors that an example names."""
    return [name for name in (*NAMES, *OTHERS) if re.search(rf"\b{name}\b", text)]


EXAMPLES = differentiable_examples()


def run(example: Example, arrangement: Arrangement, arrays: Arrays) -> tuple[list[Tensor], list[Tensor]]:
    """The leaves that the example names, and its differentiable outputs."""
    leaves = {name: Tensor(ops.from_buffer(array, float64), True) for name, array in arrays.items()}
    interpreter, _ = interpreter_and_prints()
    if example.function.name not in BARE:  # a form that users reach through another function
        interpreter.scope[example.function.name] = example.function
    interpreter.scope.update(leaves)
    statements = [statement for statement in arrangement.prelude.split("; ") if statement[:1] in arrays]
    outcome = interpreter.evaluate_last(parse("\n".join([*statements, example.text])))
    return list(leaves.values()), [tensor for tensor in tensors_in(outcome) if tensor.requires_grad]


def weighted_sum(tensors: Sequence[Tensor], weights: Sequence[numpy.ndarray]) -> float:
    """The sum of all elements times their weights."""
    return float(sum(numpy.sum(tensor.numpy() * weight) for tensor, weight in zip(tensors, weights, strict=True)))


def gradients(
    outputs: Sequence[Tensor], leaves: Sequence[Tensor], cotangents: Sequence[numpy.ndarray], create_graph: bool = False
) -> list[Tensor]:
    """The gradients of the leaves, zero where a leaf has none."""
    handed = [
        Tensor(ops.from_buffer(numpy.asarray(array, output.dtype.name), output.dtype))
        for array, output in zip(cotangents, outputs, strict=True)
    ]
    found = autograd.gradients(outputs, leaves, handed, create_graph=create_graph, allow_unused=True)
    return [
        Tensor(ops.full(leaf.shape, 0.0, float64)) if gradient is None else gradient
        for gradient, leaf in zip(found, leaves, strict=True)
    ]


class Difference(NamedTuple):
    """A derivative by central differences, and how far the difference of a halved step is from it."""

    value: float
    uncertainty: float


def central(function: Callable[[float], float]) -> Difference:
    """The derivative at 0, extrapolated from two steps."""
    wide, narrow = ((function(step) - function(-step)) / (2 * step) for step in (STEP, STEP / 2))
    return Difference((4 * narrow - wide) / 3, abs(narrow - wide))


class Trial:
    """An example in one arrangement with numbers, and the random directions it is looked at from."""

    def __init__(self, example: Example, arrangement: Arrangement) -> None:
        self.example = example
        self.arrangement = arrangement
        self.random = numpy.random.default_rng(len(example.text))
        shapes = {**arrangement.shapes, **OTHERS}
        self.arrays = {name: self.numbers(shapes[name]) for name in named_tensors(example.text)}
        self.outputs = run(example, arrangement, self.arrays)[1]

    def numbers(self, shape: Shape) -> numpy.ndarray:
        """Distinct numbers inside the function's domain, away from its ends and from zero and halves."""
        low, high = max(self.example.low, -10.0), min(self.example.high, 10.0)
        count = int(numpy.prod(shape, dtype=int))
        fractions = (0.31 + 0.618033988749895 * numpy.arange(count) + 0.01 * self.random.random(count)) % 1
        numbers = low + (high - low) * (0.05 + 0.9 * fractions)
        return numpy.where(numpy.abs(numbers) < NEAREST_ZERO, numpy.copysign(NEAREST_ZERO, numbers) + numbers, numbers).reshape(
            shape
        )

    def directions(self) -> Arrays:
        """A random direction for all leaves together."""
        return {name: self.random.standard_normal(array.shape) for name, array in self.arrays.items()}

    def moved(self, direction: Arrays, step: float) -> Arrays:
        """The leaves a step along a direction."""
        return {name: array + step * direction[name] for name, array in self.arrays.items()}

    def weights(self) -> list[numpy.ndarray]:
        """A random cotangent for each output."""
        return [self.random.standard_normal(output.shape) for output in self.outputs]

    def first_order(self) -> list[Pair]:
        """Derivatives along random directions: by finite differences and by backward."""
        pairs = []
        for _ in range(DIRECTIONS):
            weights, direction = self.weights(), self.directions()
            numeric = central(lambda step, weights=weights, direction=direction: self.value(step, direction, weights))
            leaves, outputs = run(self.example, self.arrangement, self.arrays)
            derivative = weighted_sum(gradients(outputs, leaves, weights), list(direction.values()))
            pairs.append((numeric, derivative))
        return pairs

    def value(self, step: float, direction: Arrays, weights: list[numpy.ndarray]) -> float:
        """The weighted sum of the outputs a step along a direction."""
        return weighted_sum(run(self.example, self.arrangement, self.moved(direction, step))[1], weights)

    def second_order(self) -> list[Pair]:
        """Derivatives of the gradient along random directions: by finite differences and by a second backward."""
        pairs = []
        for _ in range(DIRECTIONS):
            weights, direction, other = self.weights(), self.directions(), self.directions()

            numeric = central(
                lambda step, weights=weights, direction=direction, other=other: weighted_sum(
                    self.gradient(self.moved(other, step), weights)[1], list(direction.values())
                )
            )
            leaves, first = self.gradient(self.arrays, weights)
            recorded = [(tensor, array) for tensor, array in zip(first, direction.values(), strict=True) if tensor.requires_grad]
            if recorded:
                second = gradients([tensor for tensor, _ in recorded], leaves, [array for _, array in recorded])
                derivative = weighted_sum(second, list(other.values()))
            else:
                derivative = 0.0  # a linear function: its gradient does not depend on the leaves
            pairs.append((numeric, derivative))
        return pairs

    def gradient(self, arrays: Arrays, weights: list[numpy.ndarray]) -> tuple[list[Tensor], list[Tensor]]:
        """The leaves and their gradients, which can be differentiated again."""
        leaves, outputs = run(self.example, self.arrangement, arrays)
        return leaves, gradients(outputs, leaves, weights, create_graph=True)


def trials(example: Example) -> list[Trial]:
    """The example in every arrangement that it accepts: at least one."""
    accepted = []
    refusals = []
    for arrangement in ARRANGEMENTS:
        try:
            trial = Trial(example, arrangement)
            for output in trial.outputs:
                output.numpy()
        except GradcliError as error:
            refusals.append(f"{arrangement.title}: {error.message}")
        else:
            accepted.append(trial)
    assert any(trial.outputs for trial in accepted), f"{example.text} works in no arrangement:\n" + "\n".join(refusals)
    return [trial for trial in accepted if trial.outputs]


def check(trial: Trial, pairs: Sequence[Pair], tolerance: float) -> list[str]:
    """Where the two ways to a derivative disagree by more than the difference is uncertain."""
    return [
        f"{trial.arrangement.title}: {trial.example.text}: finite difference {numeric.value!r}, backward {exact!r}"
        for numeric, exact in pairs
        if numpy.isfinite(numeric.value)  # where the function has no value there is nothing to compare
        and not abs(numeric.value - exact) <= tolerance * max(1.0, abs(exact)) + 4 * numeric.uncertainty
    ]


def label(example: Example) -> str:
    """The test's name."""
    return f"{example.function.qualified_name}: {example.text}"


@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_backward_agrees_with_finite_differences(example: Example) -> None:
    wrong = [line for trial in trials(example) for line in check(trial, trial.first_order(), TOLERANCE)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_the_second_derivative_agrees_with_finite_differences_of_the_gradient(example: Example) -> None:
    wrong = [line for trial in trials(example) for line in check(trial, trial.second_order(), 10 * TOLERANCE)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("function", DECLARED, ids=lambda function: function.qualified_name)
def test_every_differentiable_function_has_an_example_to_differentiate(function: Function) -> None:
    assert not function.rules or any(named_tensors(text) for text in function.examples)
