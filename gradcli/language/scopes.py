"""Names: which are local to a function, and where the value of a name is found when the program runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from gradcli.autograd import Tensor
from gradcli.errors import Source, Span, UnknownName, close_matches
from gradcli.functions import NAMESPACES
from gradcli.language import tree
from gradcli.language.absent import DERIVATIVE, LEIBNIZ, SPELLINGS, instead_of_name
from gradcli.language.host import Host
from gradcli.language.prelude import PRELUDE
from gradcli.language.values import UNBOUND, Evaluate

Store = Callable[[Any, Any], None]


class Unit:
    """What is known while a program, or a function in it, is compiled.

    Every closure takes a frame. The frame of a program is its scope, a dict of names. That of a function is a list whose first
    element is the frame around it; `slots` says which element holds which name, and is None at the level of the program.
    """

    __slots__ = ("around", "builtins", "host", "loops", "slots", "source")

    def __init__(self, source: Source, builtins: dict[str, Any], host: Host) -> None:
        self.source = source
        self.builtins = builtins
        self.host = host
        self.loops = 0
        self.slots: dict[str, int] | None = None
        self.around: Unit | None = None

    def inner(self, names: Iterable[str]) -> Unit:
        """A unit for a function inside this one with local names."""
        unit = Unit(self.source, self.builtins, self.host)
        unit.slots = {name: slot for slot, name in enumerate(names, 1)}
        unit.around = self
        return unit

    def load(self, name: str, span: Span, nearby: Sequence[str] = ()) -> Evaluate:
        """Reading a name; `nearby` are other names that could be meant, those of functions inside this one."""
        if self.slots is None or self.around is None:
            given = self.builtins.get(name, UNBOUND)

            def load_from_scope(scope: Any) -> Any:
                nonlocal given
                value = scope.get(name, given)
                if value is UNBOUND:  # the names of the prelude are looked for last: who has bound one does not need it
                    value = given = PRELUDE.get(name, UNBOUND)
                    if value is UNBOUND:
                        raise _undefined(name, [*scope, *PRELUDE, *self.builtins, *nearby], self.source, span)
                return value

            return load_from_scope
        if name not in self.slots:
            outside = self.around.load(name, span, [*nearby, *self.slots])
            return lambda frame: outside(frame[0])
        slot = self.slots[name]

        def load_from_slot(frame: Any) -> Any:
            value = frame[slot]
            if value is UNBOUND:
                raise _not_yet(name).at(self.source, span)
            return value

        return load_from_slot

    def store(self, name: str) -> Store:
        """Binding a name; a tensor is called by the first name it gets."""
        key = name if self.slots is None else self.slots[name]

        def store(frame: Any, value: Any) -> None:
            if type(value) is Tensor and value.name is None:
                value.name = name
            frame[key] = value

        return store

    def delete(self, name: str, span: Span) -> Evaluate:
        """Unbinding a name."""
        if self.slots is None:

            def delete_from_scope(scope: Any) -> None:
                if scope.pop(name, UNBOUND) is UNBOUND:
                    raise _undefined(name, [*scope, *PRELUDE, *self.builtins], self.source, span)

            return delete_from_scope
        slot = self.slots[name]

        def delete_from_slot(frame: Any) -> None:
            if frame[slot] is UNBOUND:
                raise _not_yet(name).at(self.source, span)
            frame[slot] = UNBOUND

        return delete_from_slot


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
            case tree.Define() | tree.DefineClass():
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


class Mentions(NamedTuple):
    """The names in a text: all, those that are called, as in f(x), and those that are looked into, as in F.relu."""

    all: set[str]
    called: set[str]
    looked_into: set[str]


def mentions(program: tree.Program) -> Mentions:
    """The names that a program mentions."""
    found = Mentions(set(), set(), set())
    for node in tree.walk(program):
        match node:
            case tree.Name(identifier=name):
                found.all.add(name)
            case tree.Call(function=tree.Name(identifier=name)):
                found.called.add(name)
            case tree.Attribute(value=tree.Name(identifier=name)):
                found.looked_into.add(name)
    return found


def target_names(target: tree.Expression) -> list[str]:
    """The names that a target binds."""
    if isinstance(target, tree.Name):
        return [target.identifier]
    if isinstance(target, tree.TupleDisplay):
        return [name for element in target.elements for name in target_names(element)]
    return []


def _undefined(name: str, known: Sequence[str], source: Source, span: Span) -> UnknownName:
    """The error for a name that is bound nowhere."""
    meant = SPELLINGS.get(name)
    instead = DERIVATIVE if LEIBNIZ.match(source.text, span.start) else instead_of_name(name)
    members = tuple(f"{space}.{name}" for space, names in NAMESPACES.items() if name in names)
    matches = (meant,) if meant else members or (() if instead else close_matches(name, known))
    hint = None if meant else instead or f"give it a value before: {name} = ..., or with --let {name}=VALUE"
    if members:
        hint = "it is called by its full name"
    return UnknownName(f"{name} is not defined", hint=hint, did_you_mean=matches).at(source, span)


def _not_yet(name: str) -> UnknownName:
    """The error for a name of a function that is not bound yet, or no longer."""
    hint = "it is assigned in this function, but only later or in a branch not taken"
    return UnknownName(f"{name} has no value yet at this point", hint=hint)
