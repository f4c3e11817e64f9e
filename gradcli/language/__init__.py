"""The language: text to a tree, and running it in a scope."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcli.language.interpreter import Executable, Interpreter
    from gradcli.language.parser import parse

__all__ = ["Executable", "Interpreter", "parse"]

_HOME = {
    "Executable": "gradcli.language.interpreter",
    "Interpreter": "gradcli.language.interpreter",
    "parse": "gradcli.language.parser",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is first asked for: parsing needs none of the rooms below, running needs them all."""
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(_HOME[name]), name)
