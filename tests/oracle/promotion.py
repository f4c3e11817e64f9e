"""All pairs of element types, as tensors with dimensions, 0-dim tensors and Python numbers, and the operations tried on them."""

from __future__ import annotations

from itertools import product

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
NUMBERS = {"bool": "True", "int": "2", "float": "1.5"}

# `{a}` and `{b}` stand for the two operands.
OPERATIONS = {
    "add": "{a} + {b}",
    "mul": "{a} * {b}",
    "div": "{a} / {b}",
    "floor_div": "{a} // {b}",
    "pow": "{a} ** {b}",
    "compare": "{a} < {b}",
    "where": "torch.where(torch.tensor([True, False]), {a}, {b})",
    "sub": "{a} - {b}",
    "remainder": "{a} % {b}",
}


def operands() -> dict[str, str]:
    """Every kind of operand: its name and its text in both languages."""
    tensors = {}
    for dtype in DTYPES:
        tensors[f"{dtype}[2]"] = f"torch.tensor([1, 1], dtype=torch.{dtype})"
        tensors[f"{dtype}[]"] = f"torch.tensor(1, dtype=torch.{dtype})"
    return {**tensors, **NUMBERS}


def pairs() -> list[tuple[str, str]]:
    """Every ordered pair of operands with at least one tensor."""
    names = list(operands())
    return [(left, right) for left, right in product(names, names) if not {left, right} <= set(NUMBERS)]


def torch_results() -> dict[str, dict[str, str]]:
    """What PyTorch says of each pair: `torch.result_type`, and each operation's dtype or 'refused'."""
    import torch

    scope = {"torch": torch}
    texts = operands()
    results = {}
    for left, right in pairs():
        a, b = eval(texts[left], scope), eval(texts[right], scope)
        record = {"result_type": str(torch.result_type(a, b))}
        for name, operation in OPERATIONS.items():
            try:
                record[name] = str(eval(operation.format(a="a", b="b"), {**scope, "a": a, "b": b}).dtype)
            except (RuntimeError, TypeError):
                record[name] = "refused"
        results[f"{left}, {right}"] = record
    return results
