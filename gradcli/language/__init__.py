"""The language: text to a tree, and running it in a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcli.language.parser import parse

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

__all__ = ["Interpreter", "parse"]


def __getattr__(name: str) -> Any:
    """Import the interpreter, and with it the rooms below, when it is first used: parsing needs none of them."""
    if name == "Interpreter":
        from gradcli.language.interpreter import Interpreter

        return Interpreter
    raise AttributeError(name)
