"""torch.autograd.functional: derivatives of a function at given inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.transforms import (
    Differentiation,
    filled,
    jacobian_by_columns,
    jacobian_by_rows,
    pulled_back,
    pushed_forward,
)
from gradcli.errors import ArgumentError, AutogradError, NotSupported, OperandLabel, ShapeMismatch, TypeMismatch
from gradcli.functions.arguments import AnyFunction, Truth, type_name
from gradcli.functions.declare import function
from gradcli.functions.func import input_last, no_dependence
from gradcli.lazy import ops

STRATEGIES = ("reverse-mode", "forward-mode")
Found = Sequence[Tensor | None]


class Problem:
    """A function called with inputs to differentiate with respect to: its outputs, and how results are handed out.

    With `create_graph` results are in the graph of the inputs; without they are not.
    """

    def __init__(self, func: AnyFunction, inputs: Any, name: str, create_graph: bool, strict: bool) -> None:
        self.name = name
        self.create_graph = create_graph
        self.strict = strict
        self.has_one_input = isinstance(inputs, Tensor)
        given = _as_tuple(inputs, "inputs", name)
        with Differentiation() as self.block:
            self.inputs = [self.block.enter(tensor if create_graph else Tensor(tensor.array)) for tensor in given]
            outputs = func(*self.inputs)
        self.has_one_output = isinstance(outputs, Tensor)
        self.outputs = _as_tuple(outputs, "outputs of the user-provided function", name)
        for position, output in enumerate(self.outputs):
            if strict and not output.requires_grad:
                raise AutogradError.as_torch(
                    f"Output {position} of the user-provided function does not require gradients. The outputs must be computed "
                    "in a differentiable manner from the input when running in strict mode."
                )

    def again(self) -> Differentiation:
        """A block that goes on with what was entered."""
        return Differentiation(self.block.moment)

    def handed_out(self, tensors: Sequence[Tensor], is_one: bool) -> Any:
        """Results, as one tensor or as several."""
        left = tuple(self.block.leave(tensor) if self.create_graph else Tensor(tensor.array) for tensor in tensors)
        return left[0] if is_one else left

    def value(self) -> Any:
        """The outputs."""
        return self.handed_out(self.outputs, self.has_one_output)

    def scalar(self) -> Tensor:
        """The single output with a single element that a Hessian is taken of."""
        if not self.has_one_output:
            raise ArgumentError.as_torch(f"The function given to {self.name} should return a single Tensor")
        (output,) = self.outputs
        if output.shape.numel() != 1:
            message = f"The Tensor returned by the function given to {self.name} should contain a single element"
            raise ShapeMismatch.as_torch(message, hint=f"it has shape {tuple(output.shape)}: sum() or mean() make one of it")
        return output

    def refuse_independence(self, found: Found, sentence: str) -> None:
        """In strict mode, an error for the first derivative that is none."""
        if self.strict and None in found:
            raise AutogradError.as_torch(sentence.format(found.index(None)))


def _as_tuple(value: Any, what: str, name: str) -> tuple[Tensor, ...]:
    values = value if isinstance(value, tuple) else (value,)
    for position, item in enumerate(values):
        if not isinstance(item, Tensor):
            which = f"value at index {position}" if isinstance(value, tuple) else f"given {what}"
            raise TypeMismatch.as_torch(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the {which} has type "
                f"<class '{type_name(item)}'>."
            )
    return values


def _direction(v: Any, like: Sequence[Tensor], is_one: bool, name: str, missing: str) -> list[Tensor]:
    """The tensors that a Jacobian or Hessian is multiplied with, which have the shapes of others; 1 of a single element."""
    if v is None:
        if len(like) != 1 or like[0].shape.numel() != 1:
            raise ArgumentError.as_torch(f"The vector v can only be None if {missing}.")
        return [Tensor(ops.full(like[0].shape, 1.0, like[0].dtype))]
    directions = _as_tuple(v, "v", name)
    if len(directions) != len(like) or (not is_one and len(like) > 1 and isinstance(v, Tensor)):
        if is_one:
            raise ArgumentError.as_torch("The given v should contain a single Tensor.")
        raise ArgumentError.as_torch(f"v is a tuple of invalid length: should be {len(like)} but got {len(directions)}.")
    for position, (direction, tensor) in enumerate(zip(directions, like, strict=True)):
        if direction.shape != tensor.shape:
            prepend = "" if is_one else f"Entry {position} in "
            message = f"{prepend}v has invalid size: should be {tensor.shape} but got {direction.shape}."
            raise ShapeMismatch.as_torch(message, operands=[OperandLabel(2, f"this is {tuple(direction.shape)}")])
    return list(directions)


INDEPENDENT = "The output of the user-provided function is independent of input {}. This is not allowed in strict mode."
SINGLE_OUTPUT = "the user-provided function returns a single Tensor with a single element"
SINGLE_INPUT = "the input to the user-provided function is a single Tensor with a single element"


@function(namespace="torch.autograd.functional", examples=("torch.autograd.functional.vjp(lambda t: t**3, x, y)",))
def vjp(func: AnyFunction, inputs: Any, v: Any = None, create_graph: Truth = False, strict: Truth = False) -> tuple[Any, Any]:
    """The value of a function, and the product of v with its Jacobian: reverse mode."""
    problem = Problem(func, inputs, "vjp", create_graph, strict)
    cotangents = _direction(v, problem.outputs, problem.has_one_output, "vjp", SINGLE_OUTPUT)
    with problem.again():
        found = pulled_back(problem.outputs, problem.inputs, cotangents)
    problem.refuse_independence(found, INDEPENDENT)
    return problem.value(), problem.handed_out(filled(found, problem.inputs), problem.has_one_input)


@function(namespace="torch.autograd.functional", examples=("torch.autograd.functional.jvp(lambda t: t**3, x, y)",))
def jvp(func: AnyFunction, inputs: Any, v: Any = None, create_graph: Truth = False, strict: Truth = False) -> tuple[Any, Any]:
    """The value of a function, and the product of its Jacobian with v: forward mode."""
    problem = Problem(func, inputs, "jvp", create_graph, strict)
    tangents = _direction(v, problem.inputs, problem.has_one_input, "jvp", SINGLE_INPUT)
    with problem.again():
        found = pushed_forward(problem.outputs, problem.inputs, tangents)
    sentence = (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double backward "
        "trick to compute forward mode gradients. This is not allowed in strict mode."
    )
    problem.refuse_independence(found, sentence)
    return problem.value(), problem.handed_out(filled(found, problem.outputs), problem.has_one_output)


@function(namespace="torch.autograd.functional", examples=("torch.autograd.functional.jacobian(lambda t: t**3, x)",))
def jacobian(
    func: AnyFunction,
    inputs: Any,
    create_graph: Truth = False,
    strict: Truth = False,
    vectorize: Truth = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of a function: the axes of an output, then those of an input."""
    _check_strategy(strategy)
    if strategy == "forward-mode" and (strict or create_graph):
        flag = "strict" if strict else "create_graph"
        message = (
            f'torch.autograd.functional.jacobian: `{flag}=True` and `strategy="forward-mode"` are not supported together (yet). '
            f'Please either set `{flag}=False` or `strategy="reverse-mode"`.'
        )
        raise NotSupported.as_torch(message)
    stays_in_graph = create_graph or strategy == "forward-mode"  # as in PyTorch
    problem = Problem(func, inputs, "jacobian", stays_in_graph, strict)
    with problem.again():
        rows = _rows(problem) if strategy == "reverse-mode" else _columns(problem)
    tuples = [
        problem.handed_out(
            [no_dependence(output, input) if found is None else found for input, found in zip(problem.inputs, row, strict=True)],
            problem.has_one_input,
        )
        for output, row in zip(problem.outputs, rows, strict=True)
    ]
    return tuples[0] if problem.has_one_output else tuple(tuples)


def _check_strategy(strategy: str) -> None:
    if strategy not in STRATEGIES:
        raise ArgumentError.as_torch(
            'Expected strategy to be either "forward-mode" or "reverse-mode".',
            hint='"forward-mode" suits functions with more outputs than inputs, "reverse-mode" all others',
        )


def _rows(problem: Problem) -> list[list[Tensor | None]]:
    rows = []
    for position, output in enumerate(problem.outputs):
        rows.append(jacobian_by_rows(output, problem.inputs))
        sentence = (
            f"Output {position} of the user-provided function is independent of input {{}}. This is not allowed in strict mode."
        )
        problem.refuse_independence(rows[-1], sentence)
    return rows


def _columns(problem: Problem) -> list[list[Tensor | None]]:
    columns = [
        [None if column is None else input_last(column, input.ndim) for column in jacobian_by_columns(problem.outputs, input)]
        for input in problem.inputs
    ]
    return [list(row) for row in zip(*columns, strict=True)]


# ── second derivatives ──


def _gradient(problem: Problem) -> list[Tensor]:
    """The gradient of the scalar output, in the graph of the inputs."""
    output = problem.scalar()
    found = pulled_back([output], problem.inputs, [Tensor(ops.full(output.shape, 1.0, output.dtype))])
    problem.refuse_independence(found, INDEPENDENT)
    return filled(found, problem.inputs)


INDEPENDENT_JACOBIAN = (
    "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode."
)


@function(namespace="torch.autograd.functional", examples=("torch.autograd.functional.hessian(lambda t: sum(t**3), x)",))
def hessian(
    func: AnyFunction,
    inputs: Any,
    create_graph: Truth = False,
    strict: Truth = False,
    vectorize: Truth = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a scalar function: for inputs i and j the axes of i, then those of j."""
    _check_strategy(outer_jacobian_strategy)
    problem = Problem(func, inputs, "hessian", create_graph, strict)
    rows = []
    with problem.again():
        for position, gradient in enumerate(_gradient(problem)):
            found = jacobian_by_rows(gradient, problem.inputs)
            sentence = (
                f"The jacobian of the user-provided function with respect to input {position} is independent of input {{}}. "
                "This is not allowed in strict mode."
            )
            problem.refuse_independence(found, sentence)
            rows.append(
                [
                    no_dependence(gradient, input) if block is None else block
                    for input, block in zip(problem.inputs, found, strict=True)
                ]
            )
    tuples = [problem.handed_out(row, problem.has_one_input) for row in rows]
    return tuples[0] if problem.has_one_input else tuple(tuples)


@function(namespace="torch.autograd.functional", examples=("torch.autograd.functional.vhp(lambda t: sum(t**3), x, y)",))
def vhp(func: AnyFunction, inputs: Any, v: Any = None, create_graph: Truth = False, strict: Truth = False) -> tuple[Any, Any]:
    """The value of a scalar function, and the product of v with its Hessian: backward of backward."""
    problem = Problem(func, inputs, "vhp", create_graph, strict)
    directions = _direction(v, problem.inputs, problem.has_one_input, "vhp", SINGLE_INPUT)
    with problem.again():
        found = pulled_back(_gradient(problem), problem.inputs, directions)
    problem.refuse_independence(found, INDEPENDENT_JACOBIAN)
    return problem.value(), problem.handed_out(filled(found, problem.inputs), problem.has_one_input)


@function(namespace="torch.autograd.functional", examples=("torch.autograd.functional.hvp(lambda t: sum(t**3), x, y)",))
def hvp(func: AnyFunction, inputs: Any, v: Any = None, create_graph: Truth = False, strict: Truth = False) -> tuple[Any, Any]:
    """The value of a scalar function, and the product of its Hessian with v: forward over backward."""
    problem = Problem(func, inputs, "hvp", create_graph, strict)
    directions = _direction(v, problem.inputs, problem.has_one_input, "hvp", SINGLE_INPUT)
    with problem.again():
        found = pushed_forward(_gradient(problem), problem.inputs, directions)
    problem.refuse_independence(found, INDEPENDENT_JACOBIAN)
    return problem.value(), problem.handed_out(filled(found, problem.inputs), problem.has_one_input)
