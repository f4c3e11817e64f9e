"""Write `golden_text.json`: tensors and what PyTorch prints for them. Run where torch 2.13 is installed."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import numpy as np
import torch

SHAPES = [(), (1,), (3,), (7,), (25,), (1, 1), (2, 3), (4, 17), (2, 2, 2), (3, 1, 4), (2, 1, 2, 3), (1, 1, 1, 1, 2)]
LARGE_SHAPES = [(1001,), (1000,), (40, 40), (2, 600), (600, 2), (7, 7, 40), (10, 3, 50), (1, 1, 1200), (6, 6, 6, 6), (12, 1, 100)]
EMPTY_SHAPES = [(0,), (0, 3), (2, 0), (3, 0, 2), (1, 0)]
FLOATS = ["float32", "float64", "float16"]
INTEGERS = ["int64", "int32", "int16", "int8", "uint8", "bool"]
SPECIALS = ["nan", "inf", "-inf", "-0.0", "0.0"]


def numbers(rng: random.Random, count: int, style: str) -> list[float]:
    """Random numbers of one style: alike, of many magnitudes, whole, tiny, huge, and mixes with special values."""
    base = {
        "unit": lambda: rng.uniform(-1, 1),
        "hundreds": lambda: rng.uniform(-999, 999),
        "magnitudes": lambda: rng.choice([-1, 1]) * 10 ** rng.uniform(-9, 9),
        "narrow": lambda: 10 ** rng.uniform(-1, 1.9),
        "whole": lambda: float(rng.randint(-50, 50)),
        "whole wide": lambda: float(rng.randint(-(10**5), 10**5)),
        "huge": lambda: 10 ** rng.uniform(7.5, 9),
        "tiny": lambda: 10 ** rng.uniform(-6, -3.8),
        "zeros": lambda: rng.choice([0.0, -0.0]),
        "tenths": lambda: rng.randint(-30, 30) / 10,
    }
    kind, _, extra = style.partition("+")
    values = [base[kind]() for _ in range(count)]
    if extra:
        values = [float(rng.choice(SPECIALS)) if rng.random() < 0.3 else value for value in values]
    return values


def make_array(rng: random.Random, shape: tuple[int, ...], dtype: str, style: str) -> np.ndarray:
    count = int(np.prod(shape))
    if dtype in FLOATS:
        with np.errstate(over="ignore"):
            return np.array(numbers(rng, count, style)).astype(dtype).reshape(shape)
    if dtype == "bool":
        return np.array([rng.random() < 0.5 for _ in range(count)]).reshape(shape)
    limits = np.iinfo(dtype)
    bound = rng.choice([3, 100, 10**6, 2**62])
    return (
        np.array([rng.randint(max(limits.min, -bound), min(limits.max, bound)) for _ in range(count)])
        .astype(dtype)
        .reshape(shape)
    )


def case(array: np.ndarray, grad: str | None = None, default: str = "float32") -> dict[str, object]:
    """One case: the array's bytes, how it is recorded, and PyTorch's text."""
    torch.set_default_dtype(getattr(torch, default))
    tensor = torch.from_numpy(array.copy())
    name = None
    if grad == "leaf":
        tensor = tensor.requires_grad_()
    elif grad is not None:
        tensor = getattr(tensor.requires_grad_(), grad)()
        name = type(tensor.grad_fn).__name__
    text = repr(tensor)
    torch.set_default_dtype(torch.float32)
    shown = tensor.detach().numpy()
    edges = {"shape": list(shown.shape), "hex": shown.tobytes().hex()}
    return {
        "dtype": str(shown.dtype),
        **edges,
        "grad_fn": name,
        "requires_grad": grad == "leaf",
        "default_dtype": default,
        "text": text,
    }


def all_cases() -> list[dict[str, object]]:
    rng = random.Random(2)
    styles = ["unit", "hundreds", "magnitudes", "narrow", "whole", "whole wide", "huge", "tiny", "zeros", "tenths"]
    styles += [f"{style}+special" for style in styles]
    cases = []
    for style, shape in itertools.product(styles, SHAPES):
        cases.append(
            case(
                make_array(rng, shape, rng.choices(FLOATS, [4, 2, 1])[0], style),
                rng.choice([None, None, "leaf", "clone", "neg", "sigmoid"]),
            )
        )
    for dtype, shape in itertools.product(INTEGERS, SHAPES):
        cases.append(case(make_array(rng, shape, dtype, "")))
    for shape, dtype in itertools.product(LARGE_SHAPES, ["float32", "int8", "bool"]):
        cases.append(
            case(
                make_array(rng, shape, dtype, rng.choice(styles)),
                rng.choice([None, "leaf", "clone"]) if dtype == "float32" else None,
            )
        )
    for shape, dtype, default in itertools.product(
        EMPTY_SHAPES, ["float32", "float64", "int64", "bool", "uint8"], ["float32", "float64"]
    ):
        cases.append(
            case(make_array(rng, shape, dtype, "unit"), "leaf" if dtype == default and rng.random() < 0.5 else None, default)
        )
    for shape, dtype in itertools.product([(), (3,), (2, 3)], [*FLOATS, "int64"]):
        cases.append(case(make_array(rng, shape, dtype, "unit"), "neg" if dtype in FLOATS else None, "float64"))
    for width in range(60, 85):  # where the suffix no longer fits on the line
        cases.append(
            case(np.full((width - 55) // 3, 1.5 if width % 2 else 11.25, np.float64), rng.choice(["leaf", "exp", "sigmoid"]))
        )
    return cases


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(entry) for entry in all_cases())
    Path(__file__).with_name("golden_text.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
