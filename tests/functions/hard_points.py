"""How far values and slopes are off at many points and hard ones, against mpmath; PyTorch's errors there, in a golden file.

`python -m tests.functions.hard_points` writes that file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import mpmath
import numpy as np
from mpmath import mp, mpf

from .claims import elementwise, narrow, networks, special, sums
from .claims.claim import Claim

GOLDEN = Path(__file__).with_name("golden_accuracy.json")
CLAIMS: list[Claim] = [*elementwise.CLAIMS, *special.CLAIMS, *networks.CLAIMS, *sums.CLAIMS, *narrow.CLAIMS]
#: So many elements are computed by the vector kernels.
MANY = 1 << 10

Numbers = tuple[np.ndarray, np.ndarray]  # values and slopes


def in_last_places(found: float, exact: mpf, dtype: str = "float64") -> float:
    """How far a number is from the exact one, in units in the last place of that."""
    if not np.isfinite(found):
        return float("inf")
    nearest = np.dtype(dtype).type(float(exact))
    return float(abs(mpf(float(found)) - exact) / mpf(float(np.spacing(abs(nearest)))))


@cache
def exact_numbers(title: str) -> list[tuple[mpf, mpf]]:
    """The value and the slope at each point of a claim."""
    (claim,) = (claim for claim in CLAIMS if claim.title == title)
    with mp.workdps(100):
        points = [mpf(point) for point in claim.points]
        return [(claim.exact(x), mpmath.diff(claim.exact, x, h=mpf(10) ** -32 * (abs(x) or 1))) for x in points]


def program(claim: Claim, repeated: int) -> str:
    """What gives the values and the slopes at the points, several times each, in both languages."""
    points = f"{list(claim.points)!r} * {repeated}" if repeated > 1 else repr(list(claim.points))
    leaf = f"x = torch.tensor({points}, dtype=torch.{claim.dtype}, requires_grad=True)\n"
    return f"{leaf}result = {claim.expression}\nresult.backward(torch.ones_like(result))\n(result.detach(), x.grad)"


def worst(claim: Claim, run: Callable[[str], Numbers], repeated: int) -> list[float]:
    """How far values and slopes are off at most, over the points of a claim; an infinite error as a large number."""
    exact = exact_numbers(claim.title)
    values, slopes = run(program(claim, repeated))
    with mp.workdps(100):
        off = [
            (in_last_places(value, exact_value, claim.dtype), in_last_places(slope, exact_slope, claim.dtype))
            for value, slope, (exact_value, exact_slope) in zip(values, slopes, exact, strict=False)
        ]
    return [min(round(max(column), 2), 1e300) for column in zip(*off, strict=True)]


def enough(claim: Claim) -> int:
    """How often the points are repeated, so that the vector kernels compute them."""
    return -(-MANY // len(claim.points))


@cache
def worst_of_pytorch() -> dict[str, list[float]]:
    """The golden file: how far PyTorch's values and slopes are off at most, by claim."""
    recorded: dict[str, list[float]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return recorded


def main() -> None:
    """Write PyTorch's errors, one line a claim: of many elements, which it, too, computes by other instructions than few."""
    from tests.oracle import torch_side

    def of_pytorch(program: str) -> Numbers:
        _, (values, slopes) = torch_side.run(program)
        return values.numpy(), slopes.numpy()

    lines = [f"{json.dumps(claim.title)}: {json.dumps(worst(claim, of_pytorch, enough(claim)))}" for claim in CLAIMS]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
