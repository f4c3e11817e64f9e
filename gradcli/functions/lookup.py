"""Looking functions up: a file that declares some is imported when one of their names is first asked for.

`names.txt` says which files declare a name, apart from those that `gradcli.functions` imports itself. It only decides what is
imported first: a name that it lacks is looked for in all files. `python -m tests.functions.make_names` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from os import path
from typing import Any

from gradcli.functions import registry
from gradcli.functions.function import Function

FOLDER = path.dirname(__file__)
STORED = path.join(FOLDER, "names.txt")


class Names(Mapping[str, Any]):
    """What is called by a name in the first of some tables that has it; going through them imports all files."""

    def __init__(self, *tables: Mapping[str, Any]) -> None:
        self._tables = tables

    def under(self, table: Mapping[str, Any]) -> Names:
        """The same names under those of a table, which come first."""
        return Names(table, *self._tables)

    def __getitem__(self, name: str) -> Any:
        if name in _files_of:
            _import_files_of(name)
        for table in self._tables:
            if name in table:
                return table[name]
        import_all()
        for table in self._tables:
            if name in table:
                return table[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        import_all()
        return iter(dict.fromkeys(name for table in reversed(self._tables) for name in table))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def declared() -> list[Function]:
    """Every function, those included that users reach only through another one."""
    import_all()
    return registry.DECLARED


@cache
def import_all() -> None:
    """Import all files, so that everything is declared."""
    from pkgutil import iter_modules

    for module in iter_modules([FOLDER]):
        import_module(f"gradcli.functions.{module.name}")


def _import_files_of(name: str) -> None:
    for file in _files_of[name]:
        import_module(f"gradcli.functions.{file}")
    _files_of.pop(name, None)


def _stored() -> dict[str, list[str]]:
    """The files that declare a name: a line has a file and its names."""
    files_of: dict[str, list[str]] = {}
    with open(STORED, encoding="utf-8") as lines:
        for line in lines:
            file, *names = line.split()
            for name in names:
                files_of.setdefault(name, []).append(file)
    return files_of


_files_of = _stored()

METHODS = Names(registry.METHODS)
NAMESPACES = {space: Names(members) for space, members in registry.NAMESPACES.items()}
#: Names that work without a namespace; where namespaces share a name, torch's comes first.
BARE = Names(*(registry.NAMESPACES[space] for space in ("torch", "torch.nn.functional", "torch.linalg", "torch.special")))
