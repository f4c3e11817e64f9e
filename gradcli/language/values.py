"""The kinds of values that only the language knows: functions of the user, bound methods, namespaces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcli.errors import ArgumentError, LimitExceeded, close_matches

#: How many calls of user functions may be under way inside each other.
CALL_LIMIT = 1000
#: A call that comes back through a function of the library (a hook, torch.func.grad) weighs as much as this many.
FOREIGN_CALL_WEIGHT = 20

UNBOUND = object()
REQUIRED = object()

Evaluate = Callable[[Any], Any]


class Namespace:
    """torch, torch.linalg, numpy, ...: names to pick members from."""

    __slots__ = ("members", "name")

    def __init__(self, name: str, members: dict[str, Any]) -> None:
        self.name = name
        self.members = members

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
