"""Every user-visible function, declared: PyTorch's name and signature, forward, derivative rules, grad_fn name."""

from __future__ import annotations

from gradcli.functions import linalg, reduce, surface  # with what they import, all that operators of tensors need
from gradcli.functions.assign import setitem
from gradcli.functions.create import tensor
from gradcli.functions.function import Function
from gradcli.functions.index import getitem
from gradcli.functions.lookup import BARE, METHODS, NAMESPACES, declared, import_all
from gradcli.functions.operators import INPLACE_OPERATORS, OPERATORS, UNARY_OPERATORS
from gradcli.functions.registry import behind, called_in
from gradcli.functions.results import ReturnTuple
from gradcli.functions.surface import ATTRIBUTES, SETTABLE

__all__ = [
    "ATTRIBUTES",
    "BARE",
    "INPLACE_OPERATORS",
    "METHODS",
    "NAMESPACES",
    "OPERATORS",
    "SETTABLE",
    "UNARY_OPERATORS",
    "Function",
    "ReturnTuple",
    "behind",
    "called_in",
    "declared",
    "getitem",
    "import_all",
    "setitem",
    "tensor",
]
