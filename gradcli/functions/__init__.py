"""Every user-visible function, declared: PyTorch's name and signature, forward in lazy primitives, derivative rule, grad_fn name."""

from __future__ import annotations

from gradcli.functions import create, elementwise
from gradcli.functions.declare import DECLARED, METHODS, NAMESPACES, Function, ReturnTuple

__all__ = ["DECLARED", "METHODS", "NAMESPACES", "Function", "ReturnTuple", "create", "elementwise"]
