"""Compiling imports: of torch, its namespaces, math and numpy, and of names from them; there are no others."""

from __future__ import annotations

from typing import Any

from gradcli.errors import ImportRefused, close_matches
from gradcli.language import tree
from gradcli.language.absent import instead_of_member, instead_of_name
from gradcli.language.attributes import unknown
from gradcli.language.compilers import Run, compiles
from gradcli.language.prelude import NAMESPACES
from gradcli.language.scopes import Store, Unit
from gradcli.language.values import Namespace

Binding = tuple[Store, Any]  # how a name is bound, and to what


@compiles(tree.Import)
def _import(unit: Unit, node: tree.Import) -> Run:
    bindings: list[Binding] = []
    for module in node.modules:
        space = _namespace(unit, module)
        if module.alias is None:
            first = module.name.split(".")[0]
            bindings.append((unit.store(first), NAMESPACES[first]))
        else:
            bindings.append((unit.store(module.alias), space))
    return _binding(bindings)


@compiles(tree.ImportFrom)
def _import_from(unit: Unit, node: tree.ImportFrom) -> Run:
    space = _namespace(unit, node.module)
    bindings: list[Binding] = []
    for member in node.members:
        if member.name not in space.members:
            raise unknown(space, member.name).at(unit.source, member.span)
        bindings.append((unit.store(member.alias or member.name), space.members[member.name]))
    return _binding(bindings)


def _binding(bindings: list[Binding]) -> Run:
    def run(frame: Any) -> None:
        for store, value in bindings:
            store(frame, value)

    return run


def _namespace(unit: Unit, module: tree.Alias) -> Namespace:
    space = NAMESPACES.get(module.name)
    if space is not None:
        return space
    outer, _, name = module.name.rpartition(".")
    instead = instead_of_name(module.name) or instead_of_member(outer, name)
    hint = instead or "torch, its namespaces, math and numpy can be imported"
    message = f"{module.name} cannot be imported"
    matches = close_matches(module.name, list(NAMESPACES))
    raise ImportRefused(message, hint=hint, did_you_mean=matches).at(unit.source, module.span)
