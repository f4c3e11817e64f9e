"""The rooms of the design: each imports only what its arrows allow, and costly packages come in by one door."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "gradcli"

# A room may import itself, gradcli.errors, and what is listed here.
ARROWS = {
    "lazy": set(),
    "autograd": {"lazy"},
    "functions": {"autograd", "lazy"},
    "language": {"autograd", "functions", "lazy"},
    "engine": {"lazy"},
    "data": {"lazy"},
    "report": {"autograd", "functions", "language", "lazy"},
    "session": {"autograd", "data", "engine", "functions", "language", "lazy", "report"},
    "cli": {"autograd", "data", "engine", "functions", "language", "lazy", "report", "session"},
}
# Who may import a third-party package, and whether only inside of functions, on first use.
PACKAGES = {
    "numpy": {"autograd", "cli", "data", "engine", "functions", "language", "lazy", "report", "session"},
    "typer": {"cli"},
    "rich": {"cli", "report"},
    "lark": {"language"},
    "orjson": {"data", "report"},
    "scipy": {"engine"},
    "threadpoolctl": {"engine"},
    "array_api_compat": {"engine"},
    "cupy": {"engine"},
    "cupyx": {"engine"},
    "jax": {"engine"},
    "numcodecs": {"data"},
    "pyarrow": {"data"},
    "torch": {"engine"},
}
NEVER_CALLED = {"eval", "exec", "compile", "__import__"}
NEVER_IMPORTED = {"pickle", "marshal", "shelve", "code", "codeop"}

FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    """The room a file belongs to: its folder, or its own name at the top of the package."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """The full names of all modules that a file imports, type checking included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            yield from ((f"{module}.{alias.name}" for alias in node.names) if module == "gradcli" else (module,))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_room_imports_only_along_its_arrows(path: Path) -> None:
    room = room_of(path)
    allowed = {*ARROWS.get(room, set()), room, "errors", "__version__"}
    if room in ("__init__", "__main__"):
        allowed |= {"session", "cli"}
    for module in imports(ast.parse(path.read_text(encoding="utf-8"))):
        if module.startswith("gradcli.") and len(module.split(".")) > 1:
            target = module.split(".")[1]
            assert target in allowed, f"{room} may not import {module}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_third_party_package_is_imported_only_by_its_rooms(path: Path) -> None:
    room = room_of(path)
    for module in imports(ast.parse(path.read_text(encoding="utf-8"))):
        package = module.partition(".")[0]
        if package != "gradcli" and package not in sys.stdlib_module_names:
            assert room in PACKAGES.get(package, set()), f"{room} may not import {package}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_is_ever_evaluated_or_unpickled(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not NEVER_IMPORTED & set(imports(tree))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & NEVER_CALLED


def test_every_room_of_the_design_is_in_the_table_of_arrows() -> None:
    rooms = {room_of(path) for path in FILES} - {"__init__", "__main__", "errors"}
    assert rooms <= set(ARROWS)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_module_starts_with_a_sentence_that_says_what_lives_there(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
