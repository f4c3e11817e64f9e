"""Writes what is compared of each function into a Markdown table: `python -m tests.oracle.coverage FILE`.

`differentiable.txt` lists the differentiable, deterministic, real-valued functions of PyTorch 2.13. For each of them: how many
calls of it the cases have, how many of these are compared in their first, second and forward derivatives and in what is refused,
and in how many examples it is compared with finite differences and under vmap.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from gradcli.functions import ATTRIBUTES, METHODS, NAMESPACES, Function, declared

from .cases import PARTS, all_cases, differentiable_lines
from .errors import all_errors
from .golden_files import golden

LISTED = Path(__file__).with_name("differentiable.txt")
HEADINGS = ("function", "calls", "gradient", "second", "forward", "refused", "differences and vmap")


def is_there(name: str) -> bool:
    """Whether gradcli has a function of PyTorch, or a method or attribute of tensors."""
    space, _, own = name.rpartition(".")
    return own in NAMESPACES.get(space, {}) or (space in ("torch", "torch.Tensor") and (own in METHODS or own in ATTRIBUTES))


def called(sources: Iterable[str]) -> Counter[str]:
    """How often each name is called, or read as an attribute, in the sources."""
    names: Counter[str] = Counter()
    for source in sources:
        parts = list(ast.walk(ast.parse(source)))
        names.update({part.attr for part in parts if isinstance(part, ast.Attribute)})
        names.update({part.id for part in parts if isinstance(part, ast.Name)})
    return names


def function_of(name: str) -> Function | None:
    """The function of gradcli under PyTorch's name of it."""
    space, _, own = name.rpartition(".")
    found = NAMESPACES.get(space, {}).get(own) or METHODS.get(own)
    return found if isinstance(found, Function) else None


def arguments_given(sources: Iterable[str], functions: Mapping[str, Function]) -> dict[str, set[str]]:
    """The parameters that calls in the sources give, of each function by its own name; what is before the dot is the first."""
    given: dict[str, set[str]] = defaultdict(set)
    for call in (part for source in sources for part in ast.walk(ast.parse(source)) if isinstance(part, ast.Call)):
        if isinstance(call.func, ast.Attribute):
            own, space = call.func.attr, ast.unparse(call.func.value)
        elif isinstance(call.func, ast.Name):
            own, space = call.func.id, "torch"
        else:
            continue
        if own not in functions:
            continue
        is_method = space != "F" and space.partition(".")[0] != "torch"
        names = [parameter.name for parameter in functions[own].parameters][: is_method + len(call.args)]
        given[own].update(names, [keyword.arg for keyword in call.keywords if keyword.arg])
    return given


def compared(aspect: str) -> list[str]:
    """The cases whose second or forward derivative PyTorch has."""
    return [
        case.source
        for part in PARTS
        for case in differentiable_lines(part)
        if "error" not in golden(f"{part}_higher")[case.source][aspect]
    ]


def table(names: list[str]) -> list[str]:
    """The lines of the table."""
    counts = [
        called(case.source for case in all_cases()),
        called(case.source for case in all_cases() if golden(case.part)[case.source].get("grads")),
        called(compared("second")),
        called(compared("forward")),
        called(case.source for case in all_errors()),
        called(example for function in declared() for example in function.examples),
    ]
    rows = [[name, *(str(count[name.rpartition(".")[2]] or "") for count in counts)] for name in names]
    return [f"| {' | '.join(row)} |" for row in (HEADINGS, ["---"] * len(HEADINGS), *rows)]


def main(file: str) -> None:
    """Write the table, and which functions are missing."""
    listed = LISTED.read_text(encoding="utf-8").split()
    there = [name for name in listed if is_there(name)]
    missing = [name for name in listed if name not in there]
    text = "\n".join(
        [
            "# Functions and what is compared of them",
            "",
            f"{len(there)} of {len(listed)} functions are there. Not there yet: {', '.join(missing) or 'none'}.",
            "",
            *table(there),
        ]
    )
    Path(file).write_text(text + "\n", encoding="utf-8")
    print(f"{len(there)} of {len(listed)} functions are there: {file}")


if __name__ == "__main__":
    main(*sys.argv[1:])
