"""The exponential of matrices of small norm by its series, for arrays of NumPy and of devices; squares of it give the others.

All terms are products of the matrix, and what has no negative elements cancels nowhere, as it would in a quotient.
"""

from __future__ import annotations

from math import factorial
from typing import Any

#: The norm up to which the series is exact to the last place, by dtype (Bader, Blanes, Casas 2019, table 2).
NEAR = {"float32": 3.01, "float64": 1.09}
_DEGREE, _BLOCK = 18, 4


def series(matrix: Any, identity: Any) -> Any:
    """1 + A + A^2/2 + ... up to degree 18, four terms at a time (Paterson and Stockmeyer 1973)."""
    powers = [identity, matrix]
    while len(powers) <= _BLOCK:
        powers.append(powers[-1] @ matrix)
    result = None
    for first in range(_DEGREE - _DEGREE % _BLOCK, -1, -_BLOCK):
        degrees = range(first, min(first + _BLOCK, _DEGREE + 1))
        terms = sum(powers[degree - first] / factorial(degree) for degree in reversed(degrees))
        result = terms if result is None else powers[_BLOCK] @ result + terms
    return result
