"""Every function, called with arguments of any kind, gives a value or an error of ours: no other exception leaves it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcli import functions
from gradcli.autograd import Tensor, backward
from gradcli.errors import GradcliError
from gradcli.functions.ndarray import NDArray
from gradcli.lazy import ops
from tests.oracle import gradcli_side

tensor = functions.tensor
CALLS = 12_000
KEYWORDS = ["dim", "keepdim", "dtype", "reduction", "p", "alpha", "other", "weight", "out"]
#: What changes a session's settings for what comes after.
LEFT_OUT = {"torch.set_default_dtype", "torch.set_grad_enabled"}


def arguments() -> list[Any]:
    """Values of every kind, the tensors new ones."""
    x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    row = tensor([1.0, 2.0, 3.0], requires_grad=True)
    half = tensor([[0.5, -1.0]], dtype=functions.NAMESPACES["torch"]["float32"])
    tensors = [x, row, half, tensor(2.5, requires_grad=True), tensor([0, 2]), tensor(1), tensor([]), tensor([[1, 2], [3, 4]])]
    tensors += [tensor([[True, False, True], [False, True, True]]), functions.OPERATORS["*"](x, 2), tensor([float("nan"), -0.0])]
    numbers = [0, 1, -1, 2, 5, -7, True, False, 0.5, -1.5, 1e30, float("nan"), float("inf"), 10**20, 2**70, -(2**63), 2**1030]
    others = [
        None,
        "mean",
        "ij,jk->ik",
        "sum",
        "x",
        "",
        slice(0, 1),
        slice(None, None, 0),
        [[1, 2], [3]],
        ["a"],
        NDArray(np.ones(2)),
    ]
    shapes = [(), (0,), (0, 1), [1, 2], [2, 3], (3, 2), (-1,), [x, x], [x, row], [1.5], (10**12,), (1,) * 70]
    dtypes = [functions.NAMESPACES["torch"][name] for name in ("int64", "float64", "bool")]
    return [*tensors, *tensors, *numbers, *others, *shapes, *dtypes]


def callables() -> dict[str, Callable[..., Any]]:
    """All that the language can call, by name."""
    found = {
        f"{space}.{name}": value
        for space, members in functions.NAMESPACES.items()
        for name, value in members.items()
        if callable(value)
    }
    found |= {f"Tensor.{name}": method for name, method in functions.METHODS.items()}
    found |= {f"operator {symbol}": operator for symbol, operator in functions.OPERATORS.items()}
    found |= {"getitem": functions.getitem, "setitem": functions.setitem}
    return {name: found[name] for name in sorted(found) if name not in LEFT_OUT}


def choose(source: random.Random, name: str) -> tuple[list[Any], dict[str, Any]]:
    """Arguments for one call; a method, an operator and an index get a tensor first."""
    values = arguments()
    tensors = [value for value in values if isinstance(value, Tensor)]
    if name.startswith("operator"):
        return [source.choice(tensors), source.choice([*tensors, *(v for v in values if isinstance(v, (int, float)))])], {}
    if name in ("getitem", "setitem"):
        index = source.choice(values) if source.random() < 0.6 else tuple(source.choices(values, k=2))
        return [source.choice(tensors), index, *([source.choice(values)] if name == "setitem" else [])], {}
    chosen = source.choices(values, k=source.randint(0, 4))
    if name.startswith("Tensor."):
        chosen = [source.choice(tensors), *chosen[:3]]
    keywords = {source.choice(KEYWORDS): source.choice(values)} if source.random() < 0.2 else {}
    return chosen, keywords


def survives(function: Callable[..., Any], chosen: list[Any], keywords: dict[str, Any]) -> None:
    """Call, compute and differentiate; what goes wrong must be ours."""
    try:
        outcome = function(*chosen, **keywords)
        for result in outcome if isinstance(outcome, tuple) else (outcome,):
            if isinstance(result, Tensor) and result.shape.numel() <= 10**4:
                result.numpy()
                if result.requires_grad:
                    differentiate(result, chosen)
    except GradcliError:
        pass


def differentiate(result: Tensor, chosen: list[Any]) -> None:
    """Backward, and the gradients of the arguments computed."""
    backward([result], [Tensor(ops.full(result.shape, 1.0, result.dtype))], retain_graph=True)
    for argument in chosen:
        for item in argument if isinstance(argument, list) else [argument]:
            if isinstance(item, Tensor) and item.grad is not None:
                item.grad.numpy()


@pytest.mark.parametrize("seed", range(4))
def test_random_arguments_give_a_value_or_an_error_of_ours(seed: int) -> None:
    source = random.Random(seed)
    known = callables()
    for _ in range(CALLS // 4):
        name = source.choice(list(known))
        chosen, keywords = choose(source, name)
        try:
            survives(known[name], chosen, keywords)
        except Exception as fault:
            fault.add_note(f"{name}(*{chosen}, **{keywords})")
            raise


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("torch.tensordot", lambda: [tensor([[1.0]]), tensor([[1.0]]), float("nan")]),
        ("Tensor.tile", lambda: [tensor([]), -1]),
        ("torch.nn.functional.embedding", lambda: [tensor([0]), tensor(1.0), 0]),
        ("operator *", lambda: [tensor([1.0]), 2**1030]),
        ("torch.zeros", lambda: [(1,) * 70]),
        ("Tensor.expand", lambda: [tensor([1.0]), -2]),
        ("torch.triu", lambda: [tensor([[1.0]]), -(2**63)]),
        ("torch.rand", lambda: [(1,) * 70]),
        ("torch.randint", lambda: [2, [[1, 2], [3]]]),
        ("torch.float_power", lambda: [2**1030, tensor(1.0)]),
        ("torch.celu", lambda: [tensor(1.0), 2**1030]),
        ("torch.arange", lambda: [2**1030]),
        ("Tensor.stride", lambda: [tensor(1), 0]),
        ("Tensor.size", lambda: [tensor(1), 0]),
        ("numpy.dot", lambda: [-1, 10**20]),
        ("setitem", lambda: [tensor([1]), 0, 2**1030]),
    ],
)
def test_what_random_arguments_once_broke(name: str, chosen: Callable[[], list[Any]]) -> None:
    survives(callables()[name], chosen(), {})


def test_a_keyword_is_checked_like_an_argument() -> None:
    with pytest.raises(GradcliError, match="must be Tensor, not int"):
        functions.METHODS["hypot_"](tensor([1.0]), other=1)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("F.layer_norm(torch.ones(2, 3), 3)", "argument 'normalized_shape' (position 2) must be tuple of ints, not int"),
        ("F.rms_norm(torch.ones(2, 3), 3)", "argument 'normalized_shape' (position 2) must be tuple of ints, not int"),
        ("torch.tile(torch.ones(2))", 'tile() missing 1 required positional arguments: "dims"'),
        ("torch.ones(2).repeat()", 'repeat() missing 1 required positional arguments: "repeats"'),
        ("torch.zeros()", 'zeros() missing 1 required positional arguments: "size"'),
        ("torch.round(torch.tensor([1, 2]), decimals=1)", "\"round_cpu\" not implemented for 'Long'"),
    ],
)
def test_what_pytorch_refuses_is_refused_in_its_words(expression: str, message: str) -> None:
    with pytest.raises(GradcliError) as caught:
        gradcli_side.evaluate(expression)
    assert message in str(caught.value)


@pytest.mark.parametrize("expression", ["torch.tile(torch.ones(2), ())", "torch.zeros(())", "torch.block_diag()"])
def test_an_empty_tuple_is_not_a_missing_argument(expression: str) -> None:
    assert isinstance(gradcli_side.evaluate(expression), Tensor)
