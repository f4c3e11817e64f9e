"""Names: which are local to a function, and where the value of a name is found when the program runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.errors import Source, Span, UnknownName, close_matches
from gradcli.language import tree
from gradcli.language.absent import SPELLINGS, instead_of_name
from gradcli.language.host import Host
from gradcli.language.prelude import PRELUDE
from gradcli.language.values import UNBOUND, CallDepth, Evaluate

Store = Callable[[Any, Any], None]


class Unit:
    """What is known while a program, or a function in it, is compiled.

    The names of the program live in a dict, `scope`. Those of a function live in a frame: a list whose first element is the
    frame around it. `slots` says which element holds which name; it is None at the level of the program.
    """

    __slots__ = ("around", "builtins", "depth", "host", "loops", "scope", "slots", "source")

    def __init__(self, source: Source, scope: dict[str, Any], builtins: dict[str, Any], host: Host, depth: CallDepth) -> None:
        self.source = source
        self.scope = scope
        self.builtins = builtins
        self.host = host
        self.depth = depth
        self.loops = 0
        self.slots: dict[str, int] | None = None
        self.around: Unit | None = None

    def inner(self, names: Iterable[str]) -> Unit:
        """A unit for a function inside this one with local names."""
        unit = Unit(self.source, self.scope, self.builtins, self.host, self.depth)
        unit.slots = {name: slot for slot, name in enumerate(names, 1)}
        unit.around = self
        return unit

    def find(self, name: str) -> tuple[int, int] | None:
        """How many frames out a name lives and in which slot; None for a name of the program."""
        unit: Unit | None = self
        distance = 0
        while unit is not None and unit.slots is not None:
            if name in unit.slots:
                return distance, unit.slots[name]
            unit = unit.around
            distance += 1
        return None

    def load(self, name: str, span: Span) -> Evaluate:
        """Reading a name."""
        found = self.find(name)
        if found is None:
            return self._load_program_name(name, span)
        distance, slot = found

        def load_local(frame: Any) -> Any:
            for _ in range(distance):
                frame = frame[0]
            value = frame[slot]
            if value is UNBOUND:
                raise self.unbound(name, span)
            return value

        def load_own(frame: Any) -> Any:
            value = frame[slot]
            if value is UNBOUND:
                raise self.unbound(name, span)
            return value

        return load_local if distance else load_own

    def _load_program_name(self, name: str, span: Span) -> Evaluate:
        scope = self.scope
        given = PRELUDE.get(name, self.builtins.get(name, UNBOUND))

        def load(frame: Any) -> Any:
            try:
                return scope[name]
            except KeyError:
                raise self.unbound(name, span) from None

        return load if given is UNBOUND else lambda frame: scope.get(name, given)

    def store(self, name: str) -> Store:
        """Binding a name; a tensor is called by the first name it gets."""
        slot = (self.slots or {}).get(name)
        scope = self.scope

        def store(frame: Any, value: Any) -> None:
            if type(value) is Tensor and value.name is None:
                value.name = name
            if slot is None:
                scope[name] = value
            else:
                frame[slot] = value

        return store

    def delete(self, name: str, span: Span) -> Evaluate:
        """Unbinding a name."""
        slot = (self.slots or {}).get(name)

        def delete(frame: Any) -> None:
            if slot is None:
                if self.scope.pop(name, UNBOUND) is UNBOUND:
                    raise self.unbound(name, span)
                return
            if frame[slot] is UNBOUND:
                raise self.unbound(name, span)
            frame[slot] = UNBOUND

        return delete

    def unbound(self, name: str, span: Span) -> UnknownName:
        """The error for a name that is bound nowhere."""
        known = [*self.scope, *PRELUDE, *self.builtins]
        unit: Unit | None = self
        while unit is not None and unit.slots is not None:
            known += [other for other in unit.slots if other != name and not other.startswith(" ")]
            unit = unit.around
        if self.find(name) is not None:
            error = UnknownName(
                f"{name} has no value yet at this point",
                hint="it is assigned in this function, but only later or in a branch not taken",
            )
        else:
            meant = SPELLINGS.get(name)
            matches = (meant,) if meant else close_matches(name, known)
            hint = None if meant else instead_of_name(name) or f"give it a value before: {name} = ..., or with --let {name}=VALUE"
            error = UnknownName(f"{name} is not defined", hint=hint, did_you_mean=matches)
        return error.at(self.source, span)


def assigned_names(statements: Sequence[tree.Statement]) -> list[str]:
    """The names that a function's statements bind, each once, in order; inner functions keep theirs to themselves."""
    names: dict[str, None] = {}
    pending: list[tree.Node] = list(reversed(statements))
    while pending:
        node = pending.pop()
        match node:
            case tree.Assign():
                bound = [name for target in node.targets for name in target_names(target)]
            case tree.Augmented() | tree.For():
                bound = target_names(node.target)
            case tree.Define():
                bound = [node.name]
            case tree.Delete():
                bound = [name for target in node.targets for name in target_names(target)]
            case tree.Import():
                bound = [alias.alias or alias.name.split(".")[0] for alias in node.modules]
            case tree.ImportFrom():
                bound = [alias.alias or alias.name for alias in node.members]
            case _:
                bound = []
        names.update(dict.fromkeys(bound))
        match node:
            case tree.If():
                pending.extend(statement for branch in reversed(node.branches) for statement in reversed(branch.body))
            case tree.While() | tree.For() | tree.With():
                pending.extend(reversed(node.body))
    return list(names)


def target_names(target: tree.Expression) -> list[str]:
    """The names that a target binds."""
    if isinstance(target, tree.Name):
        return [target.identifier]
    if isinstance(target, tree.TupleDisplay):
        return [name for element in target.elements for name in target_names(element)]
    return []
