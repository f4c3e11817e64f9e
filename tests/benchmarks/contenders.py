"""Who is timed: gradcli and its peers, each as a function from a workload to what computes its value and gradients."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from textwrap import indent
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from .workloads import Workload

Arrays = Sequence[np.ndarray]


class Program(NamedTuple):
    """A workload as a contender computes it: `take` makes arrays its own, `call` gives the value and the gradients."""

    take: Callable[[Arrays], Any]
    call: Callable[[Any], list[np.ndarray]]


class Contender(NamedTuple):
    """A name, what has to be imported, what makes a program, whom it is compared with, and how long programs may be.

    `forward`: computes the value alone, of workloads that are elementwise.
    """

    name: str
    modules: tuple[str, ...]
    make: Callable[[Workload], Program]
    against: str = "gradcli"
    most_operations: float = float("inf")
    forward: bool = False
    tools: tuple[str, ...] = ()

    def missing(self) -> str | None:
        """What is not installed, if anything."""
        for module in self.modules:
            if find_spec(module) is None:
                return f"{module} is not installed"
        if self.tools and not any(map(shutil.which, self.tools)):
            return f"it needs one of {', '.join(self.tools)}"
        return None

    def takes(self, workload: Workload) -> bool:
        """Whether the workload is one for this contender."""
        return workload.operations <= self.most_operations and not (self.forward and workload.elementwise is None)


def _gradcli(workload: Workload, forward: bool = False) -> Program:
    from gradcli import compile as compile_statements

    names = [*workload.leaves, *workload.constants]
    if forward:
        function = compile_statements(f"with torch.no_grad():\n    value = {workload.text}\nvalue")
        return Program(list, lambda arrays: [function(**dict(zip(names, arrays, strict=True))).value])
    function = compile_statements(workload.text, wrt=list(workload.leaves))

    def call(arrays: Arrays) -> list[np.ndarray]:
        result = function(**dict(zip(names, arrays, strict=True)))
        assert result.grads is not None
        return [result.value, *result.grads.values()]

    return Program(list, call)


def _torch(workload: Workload, compiled: bool = False) -> Program:
    import torch

    names = {name: getattr(torch, name) for name in ("mean", "exp", "log", "sin", "tanh", "relu", "sum")}
    function = _python_function(workload, {**names, "F": torch.nn.functional})
    if compiled:
        function = torch.compile(function)
    count = len(workload.leaves)

    def take(arrays: Arrays) -> Any:
        return [torch.from_numpy(array).requires_grad_(position < count) for position, array in enumerate(arrays)]

    def call(tensors: Any) -> list[np.ndarray]:
        for leaf in tensors[:count]:
            leaf.grad = None
        value = function(*tensors)
        value.backward()
        return [value.detach().numpy(), *(leaf.grad.numpy() for leaf in tensors[:count])]

    return Program(take, call)


def _jax(workload: Workload) -> Program:
    import jax

    jax.config.update("jax_enable_x64", True)  # or float64 would be computed in float32
    library = SimpleNamespace(
        gelu=partial(jax.nn.gelu, approximate=False),
        layer_norm=partial(_layer_norm, jax.numpy),
        log_softmax=jax.nn.log_softmax,
    )
    function = _python_function(workload, _numpy_names(jax.numpy, library))
    differentiated = jax.jit(jax.value_and_grad(function, tuple(range(len(workload.leaves)))))

    def call(arrays: Any) -> list[np.ndarray]:
        value, gradients = differentiated(*arrays)
        return [np.asarray(array) for array in (value, *gradients)]

    return Program(lambda arrays: [jax.numpy.asarray(array) for array in arrays], call)


def _autograd(workload: Workload) -> Program:
    import autograd.numpy
    from autograd import value_and_grad
    from autograd.scipy.special import erf, logsumexp

    library = SimpleNamespace(
        gelu=lambda x: x * (1 + erf(x * np.float32(0.5**0.5))) * 0.5,
        layer_norm=partial(_layer_norm, autograd.numpy),
        log_softmax=lambda x, axis: x - logsumexp(x, axis=axis, keepdims=True),
    )
    function = _python_function(workload, _numpy_names(autograd.numpy, library))
    differentiated = value_and_grad(function, tuple(range(len(workload.leaves))))

    def call(arrays: Any) -> list[np.ndarray]:
        value, gradients = differentiated(*arrays)
        return [value, *gradients]

    return Program(list, call)


def _numexpr(workload: Workload) -> Program:
    import numexpr

    names = [*workload.leaves, *workload.constants]

    def call(arrays: Any) -> list[np.ndarray]:
        return [numexpr.evaluate(workload.elementwise, dict(zip(names, arrays, strict=True)), {}).mean()]

    return Program(list, call)


def _python_function(workload: Workload, names: Mapping[str, Any]) -> Callable[..., Any]:
    """The statements as a Python function of the leaves and the constants."""
    *statements, last = workload.text.splitlines()
    body = indent("\n".join([*statements, f"return {last}"]), "    ")
    scope = dict(names)
    exec(f"def function({', '.join([*workload.leaves, *workload.constants])}):\n{body}", scope)
    function: Callable[..., Any] = scope["function"]
    return function


def _numpy_names(library: Any, functional: SimpleNamespace) -> dict[str, Any]:
    """What the statements call, in a library with NumPy's names."""
    names = {name: getattr(library, name) for name in ("mean", "exp", "log", "sin", "tanh", "sum")}
    return {**names, "relu": lambda x: library.maximum(x, 0), "F": functional}


def _layer_norm(library: Any, x: Any, shape: tuple[int, ...]) -> Any:
    """PyTorch's layer_norm over the last axis."""
    centred = x - library.mean(x, axis=-1, keepdims=True)
    return centred / library.sqrt(library.mean(centred * centred, axis=-1, keepdims=True) + 1e-5)


COMPILERS = ("c++", "g++", "clang++")

GRADCLI = Contender("gradcli", ("gradcli",), _gradcli)
FORWARD = Contender("gradcli, value alone", ("gradcli",), partial(_gradcli, forward=True), forward=True)
PEERS = (
    Contender("pytorch", ("torch",), _torch),
    Contender("torch.compile", ("torch",), partial(_torch, compiled=True), most_operations=200, tools=COMPILERS),
    Contender("jax.jit", ("jax",), _jax, most_operations=200),
    Contender("autograd", ("autograd", "scipy"), _autograd),
    Contender("numexpr", ("numexpr",), _numexpr, against=FORWARD.name, forward=True),
)
CONTENDERS = {contender.name: contender for contender in (GRADCLI, FORWARD, *PEERS)}
