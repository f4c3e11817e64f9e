"""Writes which file declares a name: `python -m tests.functions.make_names`, after a function was declared, renamed or moved."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import Any

PACKAGE = "gradcli.functions"


def main() -> None:
    """Write the file."""
    from gradcli.functions import lookup

    Path(lookup.STORED).write_text(names_text(), encoding="utf-8")


def names_text() -> str:
    """A line for each file that declares names and that the package does not import itself; it must not have been imported yet.

    Files are imported one by one, after those that they import: what is new then was declared by this file.
    """
    folder = Path(import_module(PACKAGE).__file__ or "").parent
    imported = {file.stem: set(_imported_by(file)) for file in folder.glob("*.py") if file.stem != "__init__"}
    lines = []
    for file in TopologicalSorter(imported).static_order():
        before = _registered()
        import_module(f"{PACKAGE}.{file}")
        names = {name for (_, name), value in _registered().items() if before.get((_, name)) is not value}
        if names:
            lines.append(" ".join([file, *sorted(names)]) + "\n")
    return "".join(sorted(lines))


def _imported_by(file: Path) -> Iterator[str]:
    """The files of the package that a file imports when it is imported."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            yield str(node.module).removeprefix(f"{PACKAGE}.")


def _registered() -> dict[tuple[str, str], Any]:
    """All that is registered now, by namespace and name."""
    from gradcli.functions.registry import METHODS, NAMESPACES

    tables = {**NAMESPACES, "Tensor": METHODS}
    return {(space, name): value for space, table in tables.items() for name, value in table.items()}


if __name__ == "__main__":
    main()
