"""Functions by a forward and derivative rules: a call is bound, computed, recorded, and differentiated by the rules.

What the names that a rule takes mean is told in `declare`, which makes these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

from gradcli.autograd import Node, Tensor, change_in_place, state
from gradcli.autograd.node import Edge, Kept, Saved, SavedInput, SavedOutput, edge_to
from gradcli.autograd.tensor import Strides, ViewOf, add_view
from gradcli.functions.arguments import Parameter, bind, parameters_of
from gradcli.functions.function import Function, GradFnName, Rule, names_taken
from gradcli.functions.memory_format import lay_out
from gradcli.functions.results import ReturnTuple
from gradcli.lazy import DType, LazyArray, Size, ops


class GeneralFunction(Function):
    """A function by its forward, a Python function, and a derivative rule for each differentiable argument."""

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        name: str,
        namespace: str,
        grad_fn: GradFnName,
        rules: dict[str, Rule],
        results: tuple[str, ...],
        returns_named: bool,
        constant: tuple[str, ...],
        view: bool,
        strides: Rule | None,
        laid_out_as: tuple[str, ...],
        examples: tuple[str, ...],
        kink: str,
        premise: str,
        forms: tuple[Function, ...],
    ) -> None:
        super().__init__(
            name=name,
            namespace=namespace,
            family=str(forward.__module__).rpartition(".")[2],
            doc=(forward.__doc__ or "").strip(),
            grad_fn=grad_fn,
            rules=rules,
            examples=examples,
            kink=kink,
            premise=premise,
            forms=forms,
        )
        self.forward = forward
        self.results = results
        self.returns_named = returns_named
        self.constant = frozenset(results.index(name) for name in constant)
        self.view = view
        self.strides = strides
        self.laid_out_as = laid_out_as

    # ── what is read off the declaration, when it is first needed: a command uses few of hundreds of functions ──

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, read off the forward's signature."""
        return parameters_of(self.forward)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where each parameter stands among the bound values."""
        return {parameter.name: position for position, parameter in enumerate(self.parameters)}

    @cached_property
    def _is_plain(self) -> bool:
        return not any(parameter.is_variadic or parameter.is_keyword_only for parameter in self.parameters)

    @cached_property
    def _wants(self) -> dict[str, tuple[str, ...]]:
        return {argument: names_taken(rule) for argument, rule in self.rules.items()}

    @cached_property
    def _grad_fn_wants(self) -> tuple[str, ...]:
        return () if self.grad_fn is None or isinstance(self.grad_fn, str) else names_taken(self.grad_fn)

    # ── forward ──

    def __call__(self, /, *arguments: Any, **keywords: Any) -> Any:
        bound = bind(self.called, self.parameters, arguments, keywords)
        inplace = self.positions.get("inplace")
        if inplace is not None and bound[inplace]:
            return change_in_place(bound[0], lambda snapshot: self.apply([snapshot, *bound[1:]]))
        return self.apply(bound)

    def apply(self, bound: list[Any]) -> Any:
        """The results of a call whose arguments are bound and checked."""
        if not self.rules:
            result = self._wrap(self._call_forward(bound))
            self._lay_out(bound, result)
            return result
        recording = state.grad_enabled
        state.grad_enabled = False
        try:
            outcome = self._call_forward(bound)
        finally:
            state.grad_enabled = recording
        result = self._wrap(outcome)
        if recording and self._requires_grad(bound):
            self._record(bound, result)
        if self.view:
            self._link_view(bound, result)
        else:
            self._lay_out(bound, result)
        return result

    def _call_forward(self, bound: list[Any]) -> Any:
        if self._is_plain:
            return self.forward(*bound)
        positional: list[Any] = []
        keywords = {}
        for parameter, value in zip(self.parameters, bound, strict=True):
            if parameter.is_variadic:
                positional += value
            elif parameter.is_keyword_only:
                keywords[parameter.name] = value
            else:
                positional.append(value)
        return self.forward(*positional, **keywords)

    def _wrap(self, outcome: Any) -> Any:
        """What a forward returned, as tensors that are not in the graph yet."""
        if isinstance(outcome, LazyArray):
            return Tensor(outcome)
        if self.results and isinstance(outcome, tuple) and self.returns_named:
            qualified = f"torch.return_types.{self.called}"
            return ReturnTuple.of(qualified, self.results, [_as_tensor(value) for value in outcome])
        if isinstance(outcome, tuple) and not isinstance(outcome, (ReturnTuple, Size)):
            return tuple(_as_tensor(value) for value in outcome)
        if self.rules and isinstance(outcome, Tensor):
            return Tensor(outcome.array)  # a forward in our own functions may return its argument itself
        return outcome

    def _link_view(self, bound: list[Any], result: Any) -> None:
        """Let a view follow when its base is changed in place: the view is made again."""
        base = bound[0]
        strides_from = partial(self._strides_from, bound)
        for number, output in enumerate(result if isinstance(result, tuple) else (result,)):

            def replay(changed: Tensor, number: int = number) -> Tensor:
                again = self.apply([changed, *bound[1:]])
                return again[number] if isinstance(again, tuple) else again

            view_of = ViewOf(base, replay, is_alias=False, strides_from=strides_from)
            if base.requires_grad and not output.requires_grad:
                output.requires_grad = view_of.leads_nowhere = True
            add_view(output, view_of)

    def _lay_out(self, bound: list[Any], result: Any) -> None:
        """Let the results lie in memory as the declaration says, or else the call."""
        if not self.laid_out_as:
            return
        place = self.positions.get("memory_format")
        operands = [value for name in self.laid_out_as if isinstance(value := bound[self.positions[name]], Tensor)]
        for output in _items(result):
            lay_out(output, None if place is None else bound[place], operands)

    def _strides_from(self, bound: list[Any], strides: Strides) -> Strides:
        """The strides of a view from those of what it is a view of, by the rule of the declaration."""
        if self.strides is None:
            return strides
        names = names_taken(self.strides)
        found: Strides = self.strides(*[strides if name == "strides" else self._plain(name, bound) for name in names])
        return found

    # ── recording ──

    def _requires_grad(self, bound: list[Any]) -> bool:
        for argument in self.rules:
            value = bound[self.positions[argument]]
            if isinstance(value, Tensor):
                if value.requires_grad:
                    return True
            elif isinstance(value, tuple) and any(isinstance(item, Tensor) and item.requires_grad for item in value):
                return True
        return False

    def _record(self, bound: list[Any], result: Any) -> None:
        outputs: Sequence[Tensor] = result if isinstance(result, tuple) else (result,)
        edges: list[Edge] = []
        active = []  # the arguments whose rules a backward will use
        for argument in self.rules:
            value = bound[self.positions[argument]]
            own = [edge_to(item) if isinstance(item, Tensor) else (None, 0) for item in _items(value)]
            edges += own
            if any(node is not None for node, _ in own):
                active.append(argument)
        node = Node(self.grad_fn_name(bound), self, tuple(edges), tuple((output.shape, output.dtype) for output in outputs))
        for number, output in enumerate(outputs):
            if output.dtype.is_floating and number not in self.constant:
                output.requires_grad, output.grad_fn, output.output_number = True, node, number
        node.saved = self._saved(active, bound, outputs)
        node.parameters = (active, [_metadata(value) for value in bound])
        if state.keeps_values:
            node.kept = self._kept(bound, edges, outputs)

    def _kept(self, bound: list[Any], edges: Sequence[Edge], outputs: Sequence[Tensor]) -> Kept:
        """The arrays of all operands, those with an edge apart."""
        differentiable = [item for argument in self.rules for item in _items(bound[self.positions[argument]])]
        given = [item.array if node is not None else None for item, (node, _) in zip(differentiable, edges, strict=True)]
        with_edge = {id(item) for item, array in zip(differentiable, given, strict=True) if array is not None}
        operands = [item for value in bound for item in _items(value) if isinstance(item, Tensor)]
        others = tuple(item.array for item in operands if id(item) not in with_edge)
        return Kept(tuple(given), others, tuple(output.array for output in outputs))

    def grad_fn_name(self, bound: Sequence[Any]) -> str:
        """The name PyTorch gives the node of this form of the call."""
        if isinstance(self.grad_fn, str) or self.grad_fn is None:
            return self.grad_fn or ""
        return self.grad_fn(*[bound[self.positions[name]] for name in self._grad_fn_wants])

    def _saved(self, active: list[str], bound: list[Any], outputs: Sequence[Tensor]) -> dict[str, Saved]:
        """What the rules in use need of tensors: those named as arguments and as results."""
        saved: dict[str, Saved] = {}
        for argument in active:
            for name in self._wants[argument]:
                if name in saved:
                    continue
                if name in self.positions:
                    value = bound[self.positions[name]]
                    if isinstance(value, Tensor):
                        saved[name] = SavedInput(value)
                    elif isinstance(value, tuple):
                        saved |= {f"{name}[{i}]": SavedInput(v) for i, v in enumerate(value) if isinstance(v, Tensor)}
                elif name == "result":
                    saved[name] = SavedOutput(outputs[0])
                elif name in self.results:
                    number = self.results.index(name)
                    saved[name] = SavedOutput(outputs[number], number)
        return saved

    # ── backward ──

    def pull_back(self, node: Node, cotangents: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The cotangents of the arguments from those of the results, by the rules."""
        active, plain = node.parameters
        saved = node.unpack()
        pulled: list[Tensor | None] = []
        for argument, rule in self.rules.items():
            if argument in active:
                cotangent = rule(*[self._meaning(name, node, cotangents, saved, plain) for name in self._wants[argument]])
                pulled += cotangent if isinstance(cotangent, (list, tuple)) else [cotangent]
            else:
                pulled += [None] * len(_items(plain[self.positions[argument]]))
        return pulled

    def _meaning(
        self, name: str, node: Node, cotangents: Sequence[Tensor | None], saved: dict[str, Tensor], plain: list[Any]
    ) -> Any:
        """What a rule means by one of the names it takes: see the module's docstring."""
        if name in saved:
            return saved[name]
        if name == "g":
            return _cotangent(node, cotangents, 0)
        if name == "gs":
            return [_cotangent(node, cotangents, number) for number in range(len(cotangents))]
        if name.startswith("g_"):
            return _cotangent(node, cotangents, self.results.index(name[2:]))
        if name in self.positions:
            value = plain[self.positions[name]]
            if isinstance(value, tuple) and value and all(isinstance(item, _Metadata) for item in value):
                return tuple(saved[f"{name}[{i}]"] for i in range(len(value)))
        return self._plain(name, plain)

    def _plain(self, name: str, plain: list[Any]) -> Any:
        """What a rule means by the name of an argument, or of the shape or dtype of one."""
        if name in self.positions:
            return plain[self.positions[name]]
        argument, _, what = name.rpartition("_")
        metadata = plain[self.positions[argument]]
        if isinstance(metadata, tuple) and not isinstance(metadata, _Metadata):
            return tuple(getattr(item, what) for item in metadata)
        return getattr(metadata, what)


class _Metadata(NamedTuple):
    """Shape and dtype of a tensor argument, kept instead of the tensor where the rule needs no more."""

    shape: Size
    dtype: DType


def _metadata(value: Any) -> Any:
    if isinstance(value, Tensor):
        return _Metadata(value.shape, value.dtype)
    if isinstance(value, tuple) and value and any(isinstance(item, Tensor) for item in value):
        return tuple(_metadata(item) for item in value)
    return value


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple) and not isinstance(value, _Metadata) else (value,)


def _cotangent(node: Node, cotangents: Sequence[Tensor | None], number: int) -> Tensor:
    """The cotangent of a result; zeros if nothing depended on it."""
    cotangent = cotangents[number]
    if cotangent is not None:
        return cotangent
    shape, dtype = node.outputs[number]
    return Tensor(ops.full(shape, 0.0, dtype))


def _as_tensor(value: Any) -> Any:
    return Tensor(value) if isinstance(value, LazyArray) else value
