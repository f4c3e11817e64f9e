"""Examples of declared functions, tried in many arrangements of their tensors.

The tensors x, y and z of an example are matrices, vectors, scalars, of shapes that broadcast, not contiguous, without elements.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy

from gradcli import autograd
from gradcli.autograd import Tensor
from gradcli.autograd.transforms import filled, pushed_forward
from gradcli.errors import GradcliError
from gradcli.functions import BARE, Function, declared
from gradcli.functions.pointwise import Pointwise
from gradcli.language import parse
from gradcli.lazy import ops, settings
from gradcli.lazy.dtypes import float64

from .gradcli_side import interpreter_and_prints, tensors_in

Shape = tuple[int, ...]
Arrays = dict[str, numpy.ndarray]

NAMES = ("x", "y", "z")
OTHERS: dict[str, Shape] = {"v": (3,), "b": (2, 2, 3)}  # a vector and a batch of matrices, the same in all arrangements
WITHOUT_DIFFERENCES = ("random",)  # the families whose results jump where a sample changes
#: Arrangements that put a function at a kink, where the derivative of its gradient is PyTorch's nan: no variance, norm 0.
AT_A_KINK = {
    "std": ("expanded",),
    "std_mean": ("expanded",),
    "vector_norm": ("no columns",),
    "norm": ("no columns",),
}
#: What has no derivative where columns are equal, whose singular values or pivots are 0.
NEED_INDEPENDENT_COLUMNS = {"cond", "lu", "lu_factor_ex", "lu_unpack", "matrix_norm", "qr", "svd", "svdvals"}
#: What changes the precision cannot be compared in double precision; the golden file has its cases.
CONVERSIONS = ("to_dtype",)
STEP = 1e-5
TOLERANCE = 2e-6
DIRECTIONS = 2
NEAREST_ZERO = 0.2  # quotients and roots of smaller numbers bend too much for a difference

Pair = tuple["Difference", float]


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


def shapes_of(arrangement: Arrangement) -> dict[str, Shape]:
    """The shape of each tensor that an example may name."""
    return {**arrangement.shapes, **OTHERS}


class Example(NamedTuple):
    """One example of a declared function, with the interval its arguments are drawn from."""

    function: Function
    text: str
    low: float
    high: float


def named_tensors(text: str) -> list[str]:
    """The tensors that an example names."""
    return [name for name in (*NAMES, *OTHERS) if re.search(rf"\b{name}\b", text)]


def run(example: Example, arrangement: Arrangement, arrays: Arrays) -> tuple[list[Tensor], list[Tensor]]:
    """The leaves that the example names, and its differentiable outputs."""
    leaves = {name: Tensor(ops.from_buffer(array, float64), True) for name, array in arrays.items()}
    return list(leaves.values()), differentiable(outcome(example, arrangement, leaves))


def differentiable(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Those that require grad."""
    return [tensor for tensor in tensors if tensor.requires_grad]


def outcome(example: Example, arrangement: Arrangement, leaves: dict[str, Tensor]) -> list[Tensor]:
    """The tensors that an example gives."""
    interpreter, _ = interpreter_and_prints()
    function = example.function
    if function.name not in BARE or (isinstance(function, Pointwise) and BARE[function.name] is not function):
        interpreter.scope[function.name] = function  # a form that users reach through another function
    interpreter.scope.update(leaves)
    settings.random_streams_used = 0  # the same sample each time
    statements = [statement for statement in arrangement.prelude.split("; ") if statement[:1] in leaves]
    return list(tensors_in(interpreter.evaluate_last(parse("\n".join([*statements, example.text])))))


def weighted_sum(tensors: Sequence[Tensor], weights: Sequence[numpy.ndarray]) -> float:
    """The sum of all elements times their weights."""
    return float(sum(numpy.sum(tensor.numpy() * weight) for tensor, weight in zip(tensors, weights, strict=True)))


def gradients(
    outputs: Sequence[Tensor], leaves: Sequence[Tensor], cotangents: Sequence[Tensor], create_graph: bool = False
) -> list[Tensor]:
    """The gradients of the leaves, zero where a leaf has none."""
    found = autograd.gradients(outputs, leaves, cotangents, create_graph=create_graph, allow_unused=True)
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
        shapes = shapes_of(arrangement)
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

    def cotangents(self) -> Arrays:
        """A random cotangent for each output, by the names g0, g1 and so on."""
        return {f"g{number}": self.random.standard_normal(output.shape) for number, output in enumerate(self.outputs)}

    def direction(self, point: Arrays) -> Arrays:
        """A random direction to leave a point in."""
        return {name: self.random.standard_normal(array.shape) for name, array in point.items()}

    def first_order(self) -> list[Pair]:
        """Derivatives along random directions: by finite differences and by backward."""
        return [self._slope(self.cotangents(), self.direction(self.arrays)) for _ in range(DIRECTIONS)]

    def second_order(self) -> list[Pair]:
        """Derivatives of the gradient along random directions, of its cotangents too: by finite differences and by backward."""
        return [self._curvature({**self.arrays, **self.cotangents()}) for _ in range(DIRECTIONS)]

    def forward(self) -> list[Pair]:
        """Derivatives along random directions: by finite differences and by forward mode."""
        return [self._push(self.cotangents(), self.direction(self.arrays)) for _ in range(DIRECTIONS)]

    def _push(self, weights: Arrays, direction: Arrays) -> Pair:
        leaves, outputs = run(self.example, self.arrangement, self.arrays)
        pushed = filled(pushed_forward(outputs, leaves, [constant(array) for array in direction.values()]), outputs)
        return central(lambda step: self._weighted(weights, direction, step)), weighted_sum(pushed, list(weights.values()))

    def _weighted(self, weights: Arrays, direction: Arrays, step: float) -> float:
        outputs = run(self.example, self.arrangement, moved(self.arrays, direction, step))[1]
        return weighted_sum(outputs, list(weights.values()))

    def _slope(self, cotangents: Arrays, direction: Arrays) -> Pair:
        leaves, outputs = run(self.example, self.arrangement, self.arrays)
        found = gradients(outputs, leaves, as_cotangents(outputs, cotangents))
        return central(lambda step: self._weighted(cotangents, direction, step)), weighted_sum(found, list(direction.values()))

    def _curvature(self, point: Arrays) -> Pair:
        along, direction = list(self.direction(self.arrays).values()), self.direction(point)
        numeric = central(lambda step: weighted_sum(self.gradient(moved(point, direction, step))[1], along))
        variables, first = self.gradient(point)
        recorded = [(tensor, array) for tensor, array in zip(first, along, strict=True) if tensor.requires_grad]
        handed = [constant(array) for _, array in recorded]
        second = gradients([tensor for tensor, _ in recorded], variables, handed)
        return numeric, weighted_sum(second, list(direction.values()))

    def gradient(self, point: Arrays) -> tuple[list[Tensor], list[Tensor]]:
        """What the gradient depends on, the leaves and the cotangents; and the gradient, which can be differentiated again."""
        leaves, outputs = run(self.example, self.arrangement, {name: point[name] for name in self.arrays})
        handed = as_cotangents(outputs, {name: array for name, array in point.items() if name not in self.arrays})
        return [*leaves, *handed], gradients(outputs, leaves, handed, create_graph=True)


def moved(point: Arrays, direction: Arrays, step: float) -> Arrays:
    """A point a step along a direction."""
    return {name: array + step * direction[name] for name, array in point.items()}


def constant(array: numpy.ndarray) -> Tensor:
    """An array as a tensor."""
    return Tensor(ops.from_buffer(array, float64))


def as_cotangents(outputs: Sequence[Tensor], arrays: Arrays) -> list[Tensor]:
    """Cotangents as tensors that require grad, in the dtypes of the outputs."""
    pairs = zip(arrays.values(), outputs, strict=True)
    return [Tensor(ops.from_buffer(array.astype(output.dtype.name), output.dtype), True) for array, output in pairs]


def trials(example: Example) -> list[Trial]:
    """The example in every arrangement that it accepts: at least one."""
    accepted = []
    refusals = []
    for arrangement in ARRANGEMENTS:
        if arrangement.title == "expanded" and example.function.name in NEED_INDEPENDENT_COLUMNS:
            continue
        try:
            trial = Trial(example, arrangement)
            has_values = all(numpy.isfinite(output.numpy()).all() for output in trial.outputs)
        except GradcliError as error:
            refusals.append(f"{arrangement.title}: {error.message}")
        else:
            if trial.outputs and has_values:  # where the function has no value there is nothing to compare
                accepted.append(trial)
    assert accepted, f"{example.text} works in no arrangement:\n" + "\n".join(refusals)
    return accepted


@cache
def differentiable_examples() -> list[Example]:
    """The examples of all functions that have a derivative: rules of their own, or results that require grad."""
    found = []
    for function in declared():
        if function.family in WITHOUT_DIFFERENCES:
            continue
        low, high = getattr(function, "domain", (-2.0, 2.0))
        for text in function.examples:
            example = Example(function, text, low, high)
            if named_tensors(text) and (has_rules(function) or has_differentiable_results(example)):
                found.append(example)
    return found


def has_rules(function: Function) -> bool:
    """Whether a function is declared with derivative rules."""
    return bool(function.rules) or any(partial is not None for partial in getattr(function, "partials", ()))


def has_differentiable_results(example: Example) -> bool:
    """Whether some arrangement gives results that require grad."""
    for arrangement in ARRANGEMENTS:
        with contextlib.suppress(GradcliError):
            if Trial(example, arrangement).outputs:
                return True
    return False
