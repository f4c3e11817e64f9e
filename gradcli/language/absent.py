"""Names of Python, PyTorch and mathematics that are not here, and what to write instead."""

from __future__ import annotations

import re

#: A derivative as it is written on paper: d/dx, dy/dx.
LEIBNIZ = re.compile(r"d\w?\s*/\s*d[a-zA-Z]\b")
DERIVATIVE = "derivatives are not written: eval shows the gradient by each leaf; in a script, call torch.autograd.grad"
_ARRAYS = "of numpy there are only arrays here; what is computed of them, torch's functions compute"
_PLOTS = "there are no plots: print the numbers, or let --out save them for what draws them"
_LIBRARIES = "functions are called as PyTorch's: sin(x), torch.func.grad(f)(x); formulas are evaluated, not rewritten"
_FILES = "programs reach no files and no processes; values come in with --let and --const"
_TEXT = "text is never run: write the expression itself"
_TYPES = "there are no types to ask for; x.dtype and x.shape tell about a tensor"
MODULES = "there are no modules: make the weights with requires_grad=True, and write x @ w + b, or F.linear(x, w, b)"
_OPTIMIZERS = "there are no optimizers: write w -= rate * w.grad inside `with torch.no_grad():`"

#: Names under which other languages and mathematics know a value or function of ours.
SPELLINGS = {
    "arctg": "arctan",
    "average": "mean",
    "avg": "mean",
    "ceiling": "ceil",
    "false": "False",
    "integral": "trapezoid",
    "integrate": "trapezoid",
    "lg": "log10",
    "ln": "log",
    "logistic": "sigmoid",
    "mod": "remainder",
    "nil": "None",
    "none": "None",
    "null": "None",
    "power": "pow",
    "product": "prod",
    "sqr": "square",
    "tg": "tan",
    "true": "True",
    "variance": "var",
    "π": "pi",
}

#: Names that stand alone, with what to write instead.
NAMES = {
    "__import__": _FILES,
    "cbrt": "write x**(1/3)",
    "cot": "write 1/tan(x)",
    "csc": "write 1/sin(x)",
    "derivative": DERIVATIVE,
    "dict": "there are no dicts: take lists, or names",
    "eval": _TEXT,
    "exec": _TEXT,
    "factorial": "write exp(lgamma(x + 1))",
    "filter": "write a list comprehension: [value for value in values if condition]",
    "input": _FILES,
    "isinstance": _TYPES,
    "jax": _LIBRARIES,
    "map": "write a list comprehension: [f(value) for value in values]",
    "open": _FILES,
    "optim": _OPTIMIZERS,
    "pd": _FILES,
    "plt": _PLOTS,
    "repr": 'write f"{value!r}"',
    "reversed": "write values[::-1] for a list, and flip(x, (0,)) for a tensor",
    "root": "write x**(1/n)",
    "sec": "write 1/cos(x)",
    "set": "there are no sets: take a list",
    "sorted": "write sort(x) for a tensor",
    "sympy": _LIBRARIES,
    "tf": _LIBRARIES,
    "type": _TYPES,
}

#: Members that a namespace or a type lacks.
MEMBERS = {
    ("Tensor", "append"): "write cat([x, y]), or stack([x, y]) along a new dimension",
    ("Tensor", "astype"): "write x.float(), x.double(), x.long() or x.to(dtype)",
    ("Tensor", "copy"): "write x.clone()",
    ("Tensor", "len"): "write len(x), or x.shape for all dimensions",
    ("Tensor", "length"): "write len(x), or x.shape for all dimensions",
    ("str", "format"): 'write an f-string, such as f"{value:.3f}"',
    ("torch", "load"): _FILES,
    ("torch", "optim"): _OPTIMIZERS,
    ("torch", "save"): _FILES,
    ("torch", "utils"): _FILES,
}


def instead_of_name(name: str) -> str | None:
    """What to write instead of a name that is bound nowhere."""
    return NAMES.get(name)


def instead_of_member(space: str, name: str) -> str | None:
    """What to write instead of a member that a namespace or a type lacks; modules are written with a capital."""
    if space == "torch.nn" and name[:1].isupper():
        return MODULES
    return _ARRAYS if space == "numpy" else MEMBERS.get((space, name))
