"""PyTorch's side of a comparison: runs a program as Python with torch and records what is compared."""

from __future__ import annotations

import ast
import contextlib
import io
import warnings
from typing import Any

import numpy
import torch

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
        return observation.tensor_record(value.detach().numpy(), requires_grad=value.requires_grad)
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


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors of a result: itself, or the items of a tuple or list."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [item for item in value if isinstance(item, torch.Tensor)] if isinstance(value, (tuple, list)) else []


def backward(outputs: list[torch.Tensor]) -> None:
    """Differentiate all outputs, each with its own cotangent."""
    scope = {"torch": torch}
    cotangents = [
        eval(observation.cotangent_text(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")), scope)
        for tensor in outputs
    ]
    torch.autograd.backward(outputs, cotangents)


def allows_backward(outputs: list[torch.Tensor]) -> bool:
    """Whether another backward through the same graph works, since nothing that it needs was saved and freed."""
    try:
        backward(outputs)
    except RuntimeError:
        return False
    return True


def gradients(scope: dict[str, Any]) -> Record:
    """The gradient of each leaf that the program names, None where it has none."""
    leaves = {
        name: value for name, value in scope.items() if isinstance(value, torch.Tensor) and value.is_leaf and value.requires_grad
    }
    return {name: None if leaf.grad is None else describe(leaf.grad) for name, leaf in leaves.items()}


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
