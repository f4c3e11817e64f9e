"""What all functions that users can call have: names, a signature, derivative rules, and what help shows of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from gradcli.functions.arguments import Parameter, signature_text
from gradcli.functions.registry import DECLARED, called_in

Rule = Callable[..., Any]
GradFnName = str | Callable[..., str] | None


class Function:
    """A function that users can call: its names, its signature, its derivative rules and what help shows of them."""

    type_name = "builtin_function_or_method"

    def __init__(
        self,
        *,
        name: str,
        namespace: str,
        family: str,
        doc: str,
        grad_fn: GradFnName,
        rules: dict[str, Rule],
        examples: tuple[str, ...],
        kink: str,
        premise: str = "",
        forms: tuple[Function, ...] = (),
    ) -> None:
        self.name = name
        self.namespace = namespace
        self.family = family  # the file that declares it
        self.doc = doc  # one sentence on what it computes
        self.grad_fn = grad_fn
        self.rules = rules
        self.examples = examples
        self.kink = kink
        self.premise = premise
        self.forms = forms  # of an overloaded function, which has no rules itself
        DECLARED.append(self)

    @property
    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """What a call takes."""

    @property
    def qualified_name(self) -> str:
        """The name with its namespace, such as torch.nn.functional.gelu."""
        return f"{self.namespace}.{self.name}"

    @property
    def called(self) -> str:
        """The name in PyTorch's sentences about arguments, such as linalg_inv."""
        return called_in(self.namespace, self.name)

    @property
    def signature(self) -> str:
        """The signature as PyTorch's documentation writes it."""
        return signature_text(self.name, self.parameters)

    def __repr__(self) -> str:
        return f"<built-in function {self.name}>"

    @abstractmethod
    def __call__(self, /, *arguments: Any, **keywords: Any) -> Any:
        """The results of a call, recorded for backward."""


def names_taken(rule: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a rule's parameters, which say what it needs."""
    code = rule.__code__
    return code.co_varnames[: code.co_argcount]
