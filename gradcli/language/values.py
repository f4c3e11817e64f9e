"""The kinds of values that only the language knows: functions of the user, bound methods, namespaces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from gradcli.autograd import own
from gradcli.errors import ArgumentError, LimitExceeded, TypeMismatch, close_matches

#: How many calls of user functions may be under way inside each other.
CALL_LIMIT = 1000
#: A call that comes back through a function of the library (a hook, torch.func.grad) weighs as much as this many.
FOREIGN_CALL_WEIGHT = 20

UNBOUND = object()
REQUIRED = object()

Evaluate = Callable[[Any], Any]


class Namespace:
    """torch, torch.linalg, numpy, ...: names to pick members from."""

    __slots__ = ("find", "members", "name")

    def __init__(self, name: str, members: Mapping[str, Any]) -> None:
        self.name = name
        self.members = members
        self.find = cache(members.get)  # loops pick the same members again and again

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"


class BoundMethod:
    """A method together with the value it was taken from."""

    __slots__ = ("function", "name", "receiver")

    def __init__(self, receiver: Any, name: str, function: Callable[..., Any]) -> None:
        self.receiver = receiver
        self.name = name
        self.function = function

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        try:
            return self.function(self.receiver, *arguments, **keywords)
        except ArgumentError as error:
            raise error.of_method() from None

    def __repr__(self) -> str:
        if type(self.receiver) is OwnFunction:
            return f"<bound method Function.{self.name} of {self.receiver!r}>"
        return f"<built-in method {self.name} of {type(self.receiver).__name__} object at {id(self.receiver):#x}>"


class Builtin:
    """A function of the language itself, such as len or print."""

    __slots__ = ("function", "name")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.function(*arguments, **keywords)

    def __repr__(self) -> str:
        return f"<built-in function {self.name}>"


class _CallDepth(threading.local):
    """How deep the calls of user functions are nested, in a thread."""

    value = 0


call_depth = _CallDepth()


class Code:
    """A function's compiled body and the layout of its frame: slot 0 is the frame around, then parameters, then other names."""

    __slots__ = ("body", "name", "parameters", "size")

    def __init__(self, name: str, parameters: Sequence[str]) -> None:
        self.name = name
        self.parameters = tuple(parameters)
        self.size = 0  # known when the body is compiled
        self.body: Evaluate = lambda frame: None


class UserFunction:
    """A function made by def or lambda."""

    __slots__ = ("code", "defaults", "frame")

    def __init__(self, code: Code, defaults: Sequence[Any], frame: Any) -> None:
        self.code = code
        self.defaults = defaults  # for each parameter, or REQUIRED
        self.frame = frame

    @property
    def name(self) -> str:
        """The name it was defined with."""
        return self.code.name

    def __repr__(self) -> str:
        return f"<function {self.code.name} at {id(self):#x}>"

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.invoke(arguments, keywords, FOREIGN_CALL_WEIGHT)

    def invoke(self, arguments: Sequence[Any], keywords: Mapping[str, Any], weight: int = 1) -> Any:
        """Run the body in a frame of its own."""
        code = self.code
        depth = call_depth.value
        if depth >= CALL_LIMIT:
            raise LimitExceeded(
                f"{code.name}() calls itself, or others, more than {CALL_LIMIT} deep",
                hint="does it ever stop calling? A loop can go on longer",
            )
        frame: list[Any] = [self.frame, *arguments]
        given = len(arguments)
        wanted = len(code.parameters)
        if given != wanted or keywords:
            self._complete(frame, given, wanted, keywords)
        frame += [UNBOUND] * (code.size - wanted)
        call_depth.value = depth + weight
        try:
            return code.body(frame)
        finally:
            call_depth.value = depth

    def _complete(self, frame: list[Any], given: int, wanted: int, keywords: Mapping[str, Any]) -> None:
        """Put keyword arguments and defaults into the frame."""
        code = self.code
        if given > wanted:
            raise ArgumentError(
                f"{code.name}() takes {wanted} argument{'' if wanted == 1 else 's'} but {given} were given",
                hint=f"it is defined as {code.name}({', '.join(code.parameters)})",
            )
        frame += self.defaults[given:]
        for name, value in keywords.items():
            if name not in code.parameters:
                raise ArgumentError(f"{code.name}() has no argument {name}", did_you_mean=close_matches(name, code.parameters))
            position = code.parameters.index(name)
            if position < given:
                raise ArgumentError(f"{code.name}() got two values for the argument {name}")
            frame[position + 1] = value
        missing = [name for name, value in zip(code.parameters, frame[1:], strict=False) if value is REQUIRED]
        if missing:
            raise ArgumentError(
                f"{code.name}() is missing the argument{'' if len(missing) == 1 else 's'} {', '.join(missing)}",
                hint=f"it is defined as {code.name}({', '.join(code.parameters)})",
            )


class OwnFunction:
    """A class of torch.autograd.Function that the user wrote: a function with a backward of its own."""

    __slots__ = ("methods", "name")
    type_name = "type"

    def __init__(self, name: str, methods: dict[str, UserFunction]) -> None:
        self.name = name
        self.methods = methods

    def __repr__(self) -> str:
        return f"<class '__main__.{self.name}'>"

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        given = ", ".join(self.methods["forward"].code.parameters[1:]) if "forward" in self.methods else "x"
        raise TypeMismatch(f"{self.name} is a class, not a function", hint=f"write {self.name}.apply({given})")

    def apply(self, *inputs: Any, **keywords: Any) -> Any:
        """The results of its forward, with its backward as their derivative."""
        given = (*inputs, *self._by_name(len(inputs), keywords)) if keywords else inputs
        return own.apply(own.Definition(self.name, dict(self.methods)), given)

    def _by_name(self, count: int, keywords: Mapping[str, Any]) -> list[Any]:
        """Arguments that are given by their names in forward, and defaults before them, as what follows so many others."""
        forward = self.methods.get("forward")
        if forward is None:
            return []
        start = count + ("setup_context" not in self.methods)  # ctx comes first
        names, defaults = forward.code.parameters[start:], forward.defaults[start:]
        unknown = [name for name in keywords if name not in names]
        if unknown:
            raise ArgumentError(
                f"{self.name}.apply() has no argument {unknown[0]}", did_you_mean=close_matches(unknown[0], names)
            )
        last = max(names.index(name) for name in keywords)
        given = [keywords.get(name, default) for name, default in zip(names[: last + 1], defaults, strict=False)]
        missing = [name for name, value in zip(names, given, strict=False) if value is REQUIRED]
        if missing:
            raise ArgumentError(f"{self.name}.apply() is missing the argument {missing[0]}")
        return given


class _Base:
    """torch.autograd.Function, which classes are made of."""

    type_name = "type"

    def __repr__(self) -> str:
        return "<class 'torch.autograd.function.Function'>"


OWN_FUNCTION = _Base()
