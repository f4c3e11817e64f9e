"""Where users find functions: namespaces of torch, methods of Tensor, and the list of all that was declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gradcli.autograd import Tensor, change_in_place
from gradcli.autograd.in_place import overlaps, places, write_through
from gradcli.errors import ArgumentError
from gradcli.functions.arguments import REQUIRED, Parameter, bind

if TYPE_CHECKING:
    from gradcli.functions.function import Function

NAMESPACES: dict[str, dict[str, Any]] = {
    "torch": {},
    "torch.autograd": {},
    "torch.autograd.functional": {},
    "torch.cuda": {},
    "torch.func": {},
    "torch.linalg": {},
    "torch.nn": {},
    "torch.nn.functional": {},
    "torch.special": {},
    "numpy": {},
}
METHODS: dict[str, Callable[..., Any]] = {}

#: Every function, those included that users reach only through another one.
DECLARED: list[Function] = []


def called_in(namespace: str, name: str) -> str:
    """The name of a namespace's member in PyTorch's sentences about arguments, such as linalg_inv."""
    return f"{namespace.removeprefix('torch.')}_{name}" if namespace in ("torch.linalg", "torch.special") else name


def register(
    function: Function,
    name: str,
    *,
    namespace: str = "torch",
    aliases: Sequence[str] = (),
    method: bool = True,
    in_place: bool = False,
    one_by_one: bool = False,
) -> None:
    """Put a function under `namespace.name` and its aliases, which are full names or names of torch.

    With `method`, what torch has is a method of Tensor too, which may take its integers `one_by_one`; with `in_place`, there is
    the variant that ends with an underscore in all these places.
    """
    for full_name in (f"{namespace}.{name}", *(alias if "." in alias else f"torch.{alias}" for alias in aliases)):
        space, _, short = full_name.rpartition(".")
        NAMESPACES[space][short] = function
        is_method = method and space == "torch"
        if is_method:
            METHODS[short] = OneByOne(function) if one_by_one else function
        if in_place and space in ("torch", namespace):
            variant = (ByFlag if namespace == "torch.nn.functional" else InPlace)(function, f"{short}_")
            NAMESPACES[space][variant.name] = variant
            if is_method:
                METHODS[variant.name] = variant


class OneByOne:
    """A method whose integers are a tuple or stand one by one, as in x.permute(1, 0); the function of torch takes a tuple."""

    type_name = "builtin_function_or_method"

    def __init__(self, function: Function) -> None:
        self.function = function

    def __call__(self, input: Tensor, *integers: Any, **keywords: Any) -> Any:
        is_one = len(integers) == 1 and isinstance(integers[0], (int, Tensor))
        are_apart = len(integers) > 1 or (is_one and self.function.parameters[1].kind == "Lengths")
        return self.function(input, *([integers] if are_apart else integers), **keywords)


def behind(method: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """The function that a method stands for."""
    return method.function if isinstance(method, OneByOne) else method


_CHANGED = (Parameter("input", "Tensor"),)


class InPlace:
    """The in-place variant of a function, such as add_ of add."""

    type_name = "builtin_function_or_method"

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function = function
        self.name = name

    def __repr__(self) -> str:
        return f"<built-in function {self.name}>"

    def __call__(self, input: Any = REQUIRED, *arguments: Any, **keywords: Any) -> Tensor:
        if not isinstance(input, Tensor):
            bind(self.name, _CHANGED, () if input is REQUIRED else (input,), {})  # which refuses it

        def operation(snapshot: Tensor) -> Tensor:
            result: Tensor = self.function(snapshot, *arguments, **keywords)
            return result

        try:
            if overlaps(input):
                from gradcli.functions.overlapping import WRITTEN

                if (written := WRITTEN.get(self.name)) is not None:
                    return write_through(input, operation, partial(written, places(input)[1], *arguments, **keywords))
            return change_in_place(input, operation)
        except ArgumentError as error:
            raise error.of_variant(self.name.removesuffix("_"), self.name) from None


class ByFlag(InPlace):
    """The in-place variant of a function that has a flag for it, as those of torch.nn.functional have."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Tensor:
        if "inplace" in keywords:
            raise ArgumentError.as_torch(f"{self.name}() got an unexpected keyword argument 'inplace'")
        try:
            changed: Tensor = self.function(*arguments, inplace=True, **keywords)
        except ArgumentError as error:
            raise error.of_variant(self.name.removesuffix("_"), self.name) from None
        return changed
