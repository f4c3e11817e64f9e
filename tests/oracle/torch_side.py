"""PyTorch's side of a comparison: runs a program as Python with torch and records what is compared."""

from __future__ import annotations

import ast
import contextlib
import io
import warnings
from typing import Any

import numpy
import torch
from torch.autograd import forward_ad

from . import observation
from .observation import Record


def observe(program: str) -> Record:
    """Run a program whose last statement is an expression; record its value, text, graph, gradients and a second backward."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()) as printed:
        warnings.simplefilter("ignore")
        scope, outcome = run(program)
        record: Record = {"value": describe(outcome), "text": observation.normalised(str(outcome))}
        outputs = [tensor for tensor in tensors_in(outcome) if tensor.requires_grad]
        if outputs:
            record["graph"] = [graph(tensor.grad_fn) for tensor in outputs if tensor.grad_fn is not None]
            try:
                backward(outputs)
            except RuntimeError as error:
                record["backward_error"] = observation.sentence(str(error))
            record["grads"] = gradients(scope)
            record["second_backward"] = allows_backward(outputs)
        else:
            record["grads"] = gradients(scope)
    if printed.getvalue():
        record["printed"] = printed.getvalue()
    return record


def run(program: str) -> tuple[dict[str, Any], Any]:
    """Execute the program; the scope it leaves and the value of its last statement, an expression."""
    tree = ast.parse(program)
    last = tree.body.pop()
    if not isinstance(last, ast.Expr):
        raise TypeError(f"the last statement is no expression: {program}")
    scope: dict[str, Any] = {"torch": torch, "F": torch.nn.functional, "np": numpy}
    torch.manual_seed(0)
    exec(compile(tree, "<case>", "exec"), scope)
    return scope, eval(compile(ast.Expression(last.value), "<case>", "eval"), scope)


def second_derivatives(program: str) -> Record:
    """The gradients of the gradients of a program's result, zeros where there are none; the error if PyTorch refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scope, outcome = run(program)
        leaves = leaves_in(scope)
        try:
            first = gradients_of(differentiable(tensors_in(outcome)), leaves, create_graph=True)
            second = gradients_of(differentiable(first), leaves)
        except RuntimeError as error:
            return {"error": observation.sentence(str(error))}
    return {name: derivative(leaf, found) for (name, leaf), found in zip(leaves.items(), second, strict=True)}


def gradients_of(
    outputs: list[torch.Tensor], leaves: dict[str, torch.Tensor], create_graph: bool = False
) -> list[torch.Tensor | None]:
    """The gradients of outputs, each with its own cotangent; none of what they do not depend on."""
    if not outputs or not leaves:
        return [None] * len(leaves)
    found = torch.autograd.grad(outputs, list(leaves.values()), cotangents(outputs), create_graph=create_graph, allow_unused=True)
    return list(found)


def differentiable(tensors: list[torch.Tensor | None]) -> list[torch.Tensor]:
    """Those that require grad."""
    return [tensor for tensor in tensors if tensor is not None and tensor.requires_grad]


def derivative(of: torch.Tensor, found: torch.Tensor | None) -> Record:
    """A derivative as a record, zeros if there is none."""
    array = numpy.zeros(of.shape, observation.name_of(of.dtype)) if found is None else found.detach().numpy(force=True)
    return observation.tensor_record(array, requires_grad=False)


def forward(bindings: str, expression: str) -> Any:
    """The derivative of an expression in a direction, by forward mode; the error if PyTorch has none."""
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore")
        scope, _ = run(bindings + "None")
        leaves = leaves_in(scope)
        duals = zip(leaves, leaves.values(), cotangents(list(leaves.values())), strict=True)
        scope |= {name: forward_ad.make_dual(leaf, tangent) for name, leaf, tangent in duals}
        try:
            outcome = eval(expression, scope)
        except (RuntimeError, NotImplementedError) as error:
            return {"error": observation.sentence(str(error))}
        outputs = [tensor for tensor in tensors_in(outcome) if tensor.is_floating_point()]
        return [derivative(output, forward_ad.unpack_dual(output).tangent) for output in outputs]


def refusal(program: str) -> Record:
    """The class and the message of the error that a program ends with."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            run(program + "\nNone")
        except Exception as error:
            return {"class": type(error).__name__, "message": str(error)}
    return {"class": None, "message": None}


def describe(value: Any) -> Any:
    """A value of the language as a record."""
    if isinstance(value, torch.Tensor):
        return observation.tensor_record(value.numpy(force=True), requires_grad=value.requires_grad)
    if isinstance(value, numpy.ndarray):
        return {"ndarray": observation.tensor_record(value, requires_grad=False)}
    if isinstance(value, torch.Size):
        return {"size": list(value)}
    if isinstance(value, (tuple, list)):
        return {"list" if isinstance(value, list) else "tuple": [describe(item) for item in value]}
    if isinstance(value, bool | int | str | None):
        return value
    if isinstance(value, float):
        return value if numpy.isfinite(value) else {"float": str(value)}
    return observation.normalised(str(value))


def tensors_in(value: Any) -> list[Any]:
    """The tensors of a result: itself, or the items of a tuple or list."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [item for item in value if isinstance(item, torch.Tensor)] if isinstance(value, (tuple, list)) else []


def backward(outputs: list[torch.Tensor]) -> None:
    """Differentiate all outputs, each with its own cotangent."""
    torch.autograd.backward(outputs, cotangents(outputs))


def cotangents(outputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """A cotangent for each output."""
    return [
        eval(observation.cotangent_text(tuple(tensor.shape), observation.name_of(tensor.dtype)), {"torch": torch})
        for tensor in outputs
    ]


def allows_backward(outputs: list[torch.Tensor]) -> bool:
    """Whether another backward through the same graph works, since nothing that it needs was saved and freed."""
    try:
        backward(outputs)
    except RuntimeError:
        return False
    return True


def gradients(scope: dict[str, Any]) -> Record:
    """The gradient of each leaf that the program names, None where it has none."""
    return {name: None if leaf.grad is None else describe(leaf.grad) for name, leaf in leaves_in(scope).items()}


def leaves_in(scope: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The leaves of a scope that require grad."""
    return {
        name: value for name, value in scope.items() if isinstance(value, torch.Tensor) and value.is_leaf and value.requires_grad
    }


def graph(root: Any) -> list[list[Any]]:
    """A grad_fn graph in breadth-first order: each node's name and the numbers of the nodes it passes its gradient to."""
    numbers = {root: 0}
    nodes = [root]
    rows: list[list[Any]] = []
    for node in nodes:
        edges = []
        for following, _ in node.next_functions:
            if following is None:
                continue
            if following not in numbers:
                numbers[following] = len(nodes)
                nodes.append(following)
            edges.append(numbers[following])
        rows.append([type(node).__name__, edges])
    return rows
