"""Programs that are valid both in gradcli's language and as Python with PyTorch: the table every comparison runs over.

A case is a short program whose last expression is its result. Names that it does not bind itself are taken from `LEAVES`.
Each module here is one part of the table, with a golden file of its name. In its `LINES` a line is one case; a case of several
lines stands in its `PROGRAMS`, where cases are separated by blank lines.
"""

from __future__ import annotations

import ast
import textwrap
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

#: The modules of the table.
PARTS = (
    "arguments",
    "basics",
    "channels",
    "factors",
    "forms",
    "images",
    "layouts",
    "lookups",
    "losses",
    "matrices",
    "networks",
    "normalizations",
    "own_derivatives",
    "programs",
    "rearranging",
    "special",
    "spellings",
    "transforms",
    "triangular",
)
#: The graph that a backward pass records with create_graph is made by the derivative rules, and these are gradcli's own:
#: of these cases values and gradients are compared, not the nodes of the derivative. What PyTorch computes in chunks is one node
#: there and several of ours.
OWN_GRAPHS = (
    "chunked_cross_entropy",
    "derivatives_of_derivatives",
    "own_functions_transformed",
    "transforms",
    "transforms_of_lines",
)


class Leaf(NamedTuple):
    """A tensor that cases may name: its numbers, and whether it requires grad."""

    values: Any
    dtype: str = "float64"
    requires_grad: bool = True

    def text(self) -> str:
        """The leaf as an expression of both languages."""
        options = f"dtype=torch.{self.dtype}" + (", requires_grad=True" if self.requires_grad else "")
        return f"torch.tensor({self.values!r}, {options})"


LEAVES: dict[str, Leaf] = {
    # matrices 2 by 3: any sign, positive, within (-1, 1), with equal values, with zeros
    "x": Leaf([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]]),
    "y": Leaf([[1.5, 0.25, -0.75], [-2.0, 1.25, 0.5]]),
    "p": Leaf([[0.5, 1.25, 2.0], [1.5, 0.75, 3.0]]),
    "u": Leaf([[0.5, -0.25, 0.75], [-0.6, 0.1, -0.9]]),
    "ties": Leaf([[1.0, 3.0, 3.0], [2.0, 2.0, 1.0]]),
    "zeros": Leaf([[0.0, 2.0, 3.0], [0.0, 0.0, 1.5]]),
    # other shapes
    "s": Leaf(1.5),
    "k": Leaf(-0.5),
    "v": Leaf([1.0, -2.0, 0.5]),
    "w": Leaf([0.25, 1.5, -1.0]),
    "r": Leaf([2.0, -1.0]),
    "one": Leaf([0.75]),
    "column": Leaf([[0.5], [-1.5]]),
    "a": Leaf([[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]]),
    "m": Leaf([[2.0, 0.5, -0.25], [0.75, 1.5, 0.5], [-0.5, 0.25, 3.0]]),
    "line": Leaf([0.5, -1.0, 2.0, 1.5, -0.25, 0.75]),
    "c": Leaf([[[0.5, -1.0, 1.5], [2.0, 0.25, -0.75]], [[1.25, -0.5, 0.0], [-1.5, 1.0, 0.5]]]),
    "d": Leaf([[[1.0, -0.5], [0.25, 1.5], [-2.0, 0.75]], [[0.5, 1.25], [-1.0, 0.5], [2.0, -0.25]]]),
    "empty": Leaf([]),
    "hollow": Leaf([[], []]),
    # single precision and half
    "f": Leaf([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]], "float32"),
    "g": Leaf([1.0, -2.0, 0.5], "float32"),
    "fs": Leaf(1.5, "float32"),
    "half": Leaf([0.5, -1.5, 2.0], "float16"),
    # without gradient: integers, masks, constants
    "t": Leaf([0, 2], "int64", False),
    "label": Leaf([2, 0], "int64", False),
    "i": Leaf([[0, 2, 1], [1, 0, 2]], "int64", False),
    "j": Leaf([[3, -2, 5], [-7, 4, 1]], "int64", False),
    "n": Leaf([[2, 3, 2], [-3, 5, 1]], "int64", False),
    "small": Leaf([1, 2, 250], "uint8", False),
    "short": Leaf([3, -1, 2], "int32", False),
    "mask": Leaf([[True, False, True], [False, True, True]], "bool", False),
    "rows": Leaf([True, False], "bool", False),
    "const": Leaf([[1.0, 2.0, -1.0], [0.5, -0.5, 3.0]], "float64", False),
    "prob": Leaf([[0.2, 0.7, 0.5], [0.9, 0.4, 0.1]]),
    "target": Leaf([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]], "float64", False),
}


class Case(NamedTuple):
    """One program: the part of the table and the family it is listed under, its text, and the shared leaves that it names."""

    part: str
    family: str
    source: str
    leaves: tuple[str, ...]

    @property
    def precision(self) -> str:
        """The dtype whose rounding the results may show: the coarsest that the case converts to on the way."""
        return next((name for name in ("float16", "float32") if f"torch.{name}" in self.source), "float64")

    def program(self, leaves: dict[str, Leaf] = LEAVES) -> str:
        """The text to run: the leaves it names, then the source; its last statement is the expression that is compared."""
        return self.bindings(leaves) + self.source

    def bindings(self, leaves: dict[str, Leaf] = LEAVES) -> str:
        """The statements that bind the leaves it names."""
        return "".join(f"{name} = {leaves[name].text()}\n" for name in self.leaves)


def case_of(part: str, family: str, source: str) -> Case:
    """A source with the leaves that it names."""
    return Case(part, family, source, named_leaves(source))


def named_leaves(source: str) -> tuple[str, ...]:
    """The shared leaves that a source names, in the table's order; no source gives these names another meaning."""
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    return tuple(name for name in LEAVES if name in names)


@cache
def cases_of(part: str) -> tuple[Case, ...]:
    """Every case of one part of the table, in its order."""
    module = import_module(f"{__name__}.{part}")
    sources = [
        (family, line.strip()) for family, lines in module.LINES.items() for line in lines.splitlines() if line.strip()
    ] + [
        (family, program.strip())
        for family, programs in module.PROGRAMS.items()
        for program in textwrap.dedent(programs).split("\n\n")
        if program.strip()
    ]
    return tuple(case_of(part, family, source) for family, source in sources)


def all_cases() -> tuple[Case, ...]:
    """Every case of the table."""
    return tuple(case for part in PARTS for case in cases_of(part))


def differentiable_lines(part: str) -> tuple[Case, ...]:
    """The cases of a part that are one expression of leaves that require grad."""
    return tuple(
        case
        for case in cases_of(part)
        if "\n" not in case.source and ";" not in case.source and any(LEAVES[name].requires_grad for name in case.leaves)
    )
