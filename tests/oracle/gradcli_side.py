"""gradcli's side of a comparison: runs a program in gradcli's language and records what is compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy

from gradcli import autograd
from gradcli.autograd import Node, Tensor
from gradcli.autograd.transforms import pushed_forward
from gradcli.engine.whole import evaluate as evaluate_arrays
from gradcli.errors import GradcliError
from gradcli.functions.ndarray import NDArray
from gradcli.language import Interpreter, parse
from gradcli.lazy import Size, settings
from gradcli.report.torch_text import format_value
from gradcli.session import QuietHost

from . import observation
from .observation import Record

settings.evaluator = evaluate_arrays  # what a session hands down


def interpreter_and_prints() -> tuple[Interpreter, list[str]]:
    """An interpreter with an empty scope, and the list that takes what it prints."""
    printed: list[str] = []
    return Interpreter(QuietHost(printed.append), {}), printed


def observe(program: str) -> Record:
    """Run a program whose last statement is an expression; record its value, text, graph, gradients and a second backward."""
    interpreter, printed = interpreter_and_prints()
    outcome = interpreter.evaluate_last(parse(program))
    record: Record = {"value": describe(outcome), "text": observation.normalised(format_value(outcome))}
    outputs = [tensor for tensor in tensors_in(outcome) if tensor.requires_grad]
    if outputs:
        record["graph"] = [graph(tensor.grad_fn) for tensor in outputs if tensor.grad_fn is not None]
        try:
            backward(interpreter, outputs)
        except GradcliError as error:
            record["backward_error"] = observation.sentence(error.torch_message or error.message)
        record["grads"] = gradients(interpreter)
        record["second_backward"] = allows_backward(interpreter, outputs)
    else:
        record["grads"] = gradients(interpreter)
    if printed:
        record["printed"] = "".join(printed)
    return record


def second_derivatives(program: str) -> Record:
    """The gradients of the gradients of a program's result, zeros where there are none; the error if they are refused."""
    interpreter, _ = interpreter_and_prints()
    outcome = interpreter.evaluate_last(parse(program))
    leaves = leaves_in(interpreter)
    try:
        first = gradients_of(differentiable(tensors_in(outcome)), leaves, create_graph=True)
        second = gradients_of(differentiable(first), leaves)
    except GradcliError as error:
        return {"error": observation.sentence(error.torch_message or error.message)}
    return {name: derivative(leaf, found) for (name, leaf), found in zip(leaves.items(), second, strict=True)}


def gradients_of(outputs: list[Tensor], leaves: dict[str, Tensor], create_graph: bool = False) -> list[Tensor | None]:
    """The gradients of outputs, each with its own cotangent; none of what they do not depend on."""
    if not outputs or not leaves:
        return [None] * len(leaves)
    inputs = list(leaves.values())
    return autograd.gradients(outputs, inputs, cotangents(outputs), create_graph=create_graph, allow_unused=True)


def differentiable(tensors: Sequence[Tensor | None]) -> list[Tensor]:
    """Those that require grad."""
    return [tensor for tensor in tensors if tensor is not None and tensor.requires_grad]


def derivative(of: Tensor, found: Tensor | None) -> Record:
    """A derivative as a record, zeros if there is none."""
    array = numpy.zeros(of.shape, of.dtype.name) if found is None else found.numpy()
    return observation.tensor_record(array, requires_grad=False)


def forward(bindings: str, expression: str) -> Any:
    """The derivative of an expression in a direction, by forward mode."""
    interpreter, _ = interpreter_and_prints()
    outcome = interpreter.evaluate_last(parse(bindings + expression))
    leaves = list(leaves_in(interpreter).values())
    outputs = [tensor for tensor in tensors_in(outcome) if tensor.dtype.is_floating]
    tangents = pushed_forward(outputs, leaves, cotangents(leaves))
    return [derivative(output, tangent) for output, tangent in zip(outputs, tangents, strict=True)]


def cotangents(outputs: list[Tensor]) -> list[Tensor]:
    """A cotangent for each output."""
    return [evaluate(observation.cotangent_text(tuple(tensor.shape), tensor.dtype.name)) for tensor in outputs]


def run(program: str) -> None:
    """Run a program for the error that it ends with."""
    interpreter_and_prints()[0].run(parse(program))


def evaluate(program: str) -> Any:
    """The value of a program's last expression."""
    return interpreter_and_prints()[0].evaluate_last(parse(program))


def describe(value: Any) -> Any:
    """A value of the language as a record."""
    if isinstance(value, Tensor):
        return observation.tensor_record(value.numpy(), requires_grad=value.requires_grad)
    if isinstance(value, NDArray):
        return {"ndarray": observation.tensor_record(value.array, requires_grad=False)}
    if isinstance(value, Size):
        return {"size": list(value)}
    if isinstance(value, (tuple, list)):
        return {"list" if isinstance(value, list) else "tuple": [describe(item) for item in value]}
    if isinstance(value, bool | int | str | None):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    return observation.normalised(format_value(value))


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors of a result: itself, or the items of a tuple or list."""
    if isinstance(value, Tensor):
        return [value]
    return [item for item in value if isinstance(item, Tensor)] if isinstance(value, (tuple, list)) else []


def backward(interpreter: Interpreter, outputs: list[Tensor]) -> None:
    """Differentiate all outputs, each with its own cotangent."""
    names = [f"output_{index}" for index in range(len(outputs))]
    cotangents = [observation.cotangent_text(tuple(tensor.shape), tensor.dtype.name) for tensor in outputs]
    scope = interpreter.scope
    scope.update(zip(names, outputs, strict=True))
    try:
        interpreter.run(parse(f"torch.autograd.backward([{', '.join(names)}], [{', '.join(cotangents)}])"))
    finally:
        for name in names:
            del scope[name]


def allows_backward(interpreter: Interpreter, outputs: list[Tensor]) -> bool:
    """Whether another backward through the same graph works, since nothing that it needs was saved and freed."""
    try:
        backward(interpreter, outputs)
    except GradcliError:
        return False
    return True


def gradients(interpreter: Interpreter) -> Record:
    """The gradient of each leaf that the program names, None where it has none."""
    return {name: None if leaf.grad is None else describe(leaf.grad) for name, leaf in leaves_in(interpreter).items()}


def leaves_in(interpreter: Interpreter) -> dict[str, Tensor]:
    """The leaves of the scope that require grad."""
    return {
        name: value
        for name, value in interpreter.scope.items()
        if isinstance(value, Tensor) and value.is_leaf and value.requires_grad
    }


def graph(root: Node) -> list[list[Any]]:
    """A grad_fn graph in breadth-first order: each node's name and the numbers of the nodes it passes its gradient to."""
    nodes = autograd.walk(root)
    numbers = {node: number for number, node in enumerate(nodes)}
    return [[node.name, [numbers[following] for following, _ in node.next_functions if following is not None]] for node in nodes]
