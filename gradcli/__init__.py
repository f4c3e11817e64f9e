"""gradcli: the value of a formula, its gradients and its autograd graph, with PyTorch's rules.

>>> import gradcli
>>> result = gradcli.evaluate("mean((x+2)*(x+2)*3)", x=[[1, 1], [1, 1]])
>>> result.value, result.grads["x"]
(array(27., dtype=float32), array([[4.5, 4.5],
       [4.5, 4.5]], dtype=float32))

What stands behind the names is imported on first use, so that importing gradcli costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes long enough for a Ctrl-C that nobody handles yet
if TYPE_CHECKING:
    from gradcli.errors import GradcliError
    from gradcli.session import Session
    from gradcli.session.api import Compiled, Result, compile, evaluate

__version__ = "0.1.0"

__all__ = ["Compiled", "GradcliError", "Result", "Session", "__version__", "compile", "evaluate"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'gradcli' has no attribute {name!r}")
    from importlib import import_module

    home = {"GradcliError": "gradcli.errors", "Session": "gradcli.session"}.get(name, "gradcli.session.api")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
