"""Elementwise functions from scalar partial derivatives: broadcasting, promotion, saving and the chain rule are derived here.

A partial is 1, -1, 0 or a function of what it needs: `x` and `y` (the operands, saved) or `result` (saved). One that takes `g`,
the cotangent, gives the operand's cotangent itself: where a function chooses between its operands, the one not chosen gets 0
even of an infinite cotangent. The fast path matters: a loop of small operations spends its time here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, compress, product
from typing import Any

from gradcli.autograd import Node, Tensor, state
from gradcli.autograd.node import NOWHERE, Kept, Saved, SavedInput, SavedOutput, edge_to
from gradcli.autograd.tensor import Scalar, operators
from gradcli.functions.arguments import Parameter, bind
from gradcli.functions.function import Function, names_taken
from gradcli.functions.layout import follow
from gradcli.functions.refusals import Refuse
from gradcli.functions.registry import register
from gradcli.lazy import DType, LazyArray, ops, settings
from gradcli.lazy.dtypes import FLOATING, bool_, int64, promote, result_type

Partial = Callable[..., Tensor] | int
PullBack = Callable[[Tensor, Node], Tensor]
Formula = str | Callable[..., Tensor]  # a primitive's name, or a stable form in our own functions

_OPERANDS = (Tensor, bool, int, float)
_X = Parameter("input", "Tensor")
_X_OR_NUMBER = Parameter("input", "Operand")
_Y = Parameter("other", "Operand")
_Y_TENSOR = Parameter("other", "Tensor")


def scalar_dtype(value: Scalar) -> DType:
    """The dtype a Python number has by itself."""
    if isinstance(value, bool):
        return bool_
    return int64 if isinstance(value, int) else settings.default_dtype


def common_dtype(*operands: Tensor | Scalar) -> DType:
    """The dtype that operands are promoted to, as `torch.result_type`."""
    groups: list[DType | None] = [None, None, None]
    for operand in operands:
        if isinstance(operand, Tensor):
            dtype, group = operand.array.dtype, 0 if operand.array.shape else 1
        else:
            dtype, group = scalar_dtype(operand), 2
        earlier = groups[group]
        groups[group] = dtype if earlier is None else promote(earlier, dtype)
    return result_type(*groups)


def wrap_number(value: Scalar, dtype: DType) -> Tensor:
    """A Python number as a 0-dim tensor."""
    return Tensor(ops.constant(value, dtype))


_wrapped = lru_cache(maxsize=1024, typed=True)(wrap_number)  # the same number gives the same tensor, not for 0, which equals -0.0


class Pointwise(Function):
    """What unary and binary elementwise functions share: how a declaration is read, and the chain rule."""

    def __init__(
        self,
        name: str,
        summary: str,
        partials: tuple[Partial | None, ...],
        *,
        formula: Formula | None,
        namespace: str,
        grad_fn: str | None,
        domain: tuple[float, float],
        kink: str,
        floating: bool,
        refuse: Refuse | None,
        examples: tuple[str, ...] = (),
    ) -> None:
        self.node_name = grad_fn or f"{name.title().replace('_', '')}Backward0"
        super().__init__(
            name=name,
            namespace=namespace,
            family="elementwise",
            doc=summary,
            grad_fn=self.node_name,
            rules={
                parameter.name: partial for parameter, partial in zip(self.parameters, partials, strict=True) if callable(partial)
            },
            examples=examples or (f"{name}({', '.join('xy'[: len(partials)])})",),
            kink=kink,
        )
        self.partials = partials
        self.primitive = name if formula is None else formula if isinstance(formula, str) else ""
        self.formula = formula if callable(formula) else None
        self.domain = domain  # where help and tests may try it
        self.floating_result = floating
        self.refuse = refuse
        wants = [_saved_names(partial) for partial in partials]
        self._pull_backs = [_pull_back_by(partial, names) for partial, names in zip(partials, wants, strict=True)]
        # What to save, by which of the operands require grad.
        patterns = product((False, True), repeat=len(partials))
        self._wanted_by = {active: tuple(dict.fromkeys(chain(*compress(wants, active)))) for active in patterns}

    def _array(self, *operands: Tensor) -> LazyArray:
        """The result, not recorded."""
        if self.formula is None:
            arrays = [operand.array for operand in operands]
            return ops.unary(self.primitive, arrays[0]) if len(arrays) == 1 else ops.binary(self.primitive, *arrays)
        recording = state.grad_enabled
        state.grad_enabled = False
        try:
            return self.formula(*operands).array
        finally:
            state.grad_enabled = recording


def _saved_names(partial: Partial | None) -> tuple[str, ...]:
    """What a partial needs of the operands and the result."""
    return tuple(name for name in names_taken(partial) if name != "g") if callable(partial) else ()


def _pull_back_by(partial: Partial | None, wants: Sequence[str]) -> PullBack:
    """The chain rule for one operand: from the cotangent of the result, and what the node saved, to that of the operand."""
    if partial == 1:
        return lambda g, node: g
    if partial == -1:
        return lambda g, node: -g
    if not callable(partial):
        return lambda g, node: Tensor(ops.full(g.shape, 0.0, g.dtype))

    def operands(g: Tensor, node: Node) -> list[Tensor]:
        saved, dtype = node.saved, g.array.dtype
        return [_as_wide(saved[name].unpack(node), dtype) for name in wants]

    if "g" in names_taken(partial):
        return lambda g, node: partial(g, *operands(g, node))
    if len(wants) != 1:
        return lambda g, node: _times(g, partial(*operands(g, node)))
    (name,) = wants

    def pull_back(g: Tensor, node: Node) -> Tensor:
        """The common case, where a list would cost more than the rest."""
        operand = node.saved[name].unpack(node)
        if operand.array.dtype is not g.array.dtype:
            operand = _as_wide(operand, g.array.dtype)
        return _times(g, partial(operand))

    return pull_back


def _times(g: Tensor, slope: Tensor) -> Tensor:
    a, b = g.array, slope.array
    if state.grad_enabled or a.dtype is not b.dtype:
        return operators["mul"](g, slope)
    return Tensor(ops.binary("mul", a, b))


def _as_wide(operand: Tensor, dtype: DType) -> Tensor:
    """A saved operand in the dtype it was promoted to: 1 / y of an integer or a narrower float is not exact enough."""
    return operand if operand.array.dtype is dtype else operators["to"](operand, dtype)


class Unary(Pointwise):
    """An elementwise function of one tensor."""

    parameters = (_X,)

    def __call__(self, /, *arguments: Any, **keywords: Any) -> Tensor:
        if len(arguments) == 1 and not keywords and type(arguments[0]) is Tensor:
            x = arguments[0]
        else:
            (x,) = bind(self.called, self.parameters, arguments, keywords)
        if self.refuse is not None:
            self.refuse(x)
        source = x
        if self.floating_result and x.array.dtype.kind != FLOATING:
            x = Tensor(ops.cast(x.array, settings.default_dtype))
        result = Tensor(self._array(x))
        if source.view_of or source.own_strides:
            follow(result, source)
        if state.grad_enabled and source.requires_grad and self.partials[0] is not None:
            array = result.array
            node = Node(self.node_name, self, (edge_to(source),), ((array.shape, array.dtype),))
            result.requires_grad, result.grad_fn = True, node
            node.saved = {name: SavedInput(source) if name == "x" else SavedOutput(result) for name in self._wanted_by[True,]}
            if state.keeps_values:
                node.kept = Kept((source.array,), (), (array,))
        return result

    def pull_back(self, node: Node, cotangents: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
        """g times the partial."""
        g = cotangents[0]
        assert g is not None
        if node.freed:
            raise node.freed_error()
        return (self._pull_backs[0](g, node),)


class Binary(Pointwise):
    """An elementwise function of two operands, at least one of them a tensor."""

    parameters = (_X, _Y)
    scaled: Function | None = None  # the form with alpha=, which scales the second operand
    takes_tensors_only = False  # of users; `apply_to` takes a number too
    laid_out_as: tuple[int, ...] = (0, 1)  # the operands whose order in memory decides, in turn
    names_with_number: tuple[str, str] | None = None  # PyTorch's names of nodes whose first or second operand is a number

    def __call__(self, /, *arguments: Any, **keywords: Any) -> Tensor:
        if len(arguments) == 2 and not keywords:
            x, y = arguments
            if type(x) is not Tensor and type(y) is not Tensor:
                x, y = bind(self.called, (_X, _Y), arguments, keywords)
            elif self.takes_tensors_only and (type(x) is not Tensor or type(y) is not Tensor):
                x, y = bind(self.called, (_X, _Y_TENSOR), arguments, keywords)
        elif self.scaled is not None and "alpha" in keywords:
            return self.scaled(*arguments, **keywords)
        else:
            x, y = bind(self.called, (_X, _Y_TENSOR if self.takes_tensors_only else _Y), arguments, keywords)
        return self.apply_to(x, y)

    def apply_to(self, x: Tensor | Scalar, y: Tensor | Scalar, node_name: str = "") -> Tensor:
        """The result for two operands, at least one a tensor; a number is promoted by PyTorch's rules."""
        dtype = self._dtype(x, y)
        x_tensor = x if isinstance(x, Tensor) else wrap_number(x, dtype)
        y_tensor = y if isinstance(y, Tensor) else _wrapped(y, dtype) if y else wrap_number(y, dtype)
        a, b = x_tensor.array, y_tensor.array
        if a.dtype is not dtype:
            a = ops.cast(a, dtype)
        if b.dtype is not dtype:
            b = ops.cast(b, dtype)
        result = Tensor(ops.binary(self.primitive, a, b) if self.formula is None else self._array(Tensor(a), Tensor(b)))
        if x_tensor.view_of or y_tensor.view_of or x_tensor.own_strides or y_tensor.own_strides:
            follow(result, *[(x_tensor, y_tensor)[place] for place in self.laid_out_as])
        if (x_tensor.requires_grad or y_tensor.requires_grad) and state.grad_enabled and self.partials[0] is not None:
            if self.names_with_number is not None and not (isinstance(x, Tensor) and isinstance(y, Tensor)):
                node_name = self.names_with_number[isinstance(x, Tensor)]
            self._record_on(result, x_tensor, y_tensor, node_name or self.node_name)
        return result

    def _dtype(self, x: Any, y: Any) -> DType:
        """What the operands are promoted to; the common cases first."""
        if type(x) is Tensor:
            dtype = x.array.dtype
            if dtype.kind == FLOATING and (type(y) is float or (type(y) is Tensor and y.array.dtype is dtype)):
                return dtype
        if not isinstance(x, _OPERANDS) or not isinstance(y, _OPERANDS):
            bind(self.called, (_X_OR_NUMBER, _Y), (x, y), {})
        if self.refuse is not None:
            self.refuse(x, y)
        dtype = common_dtype(x, y)
        return settings.default_dtype if self.floating_result and dtype.kind != FLOATING else dtype

    def _record_on(self, result: Tensor, x: Tensor, y: Tensor, node_name: str) -> None:
        array = result.array
        edges = (edge_to(x) if x.requires_grad else NOWHERE, edge_to(y) if y.requires_grad else NOWHERE)
        node = Node(node_name, self, edges, ((array.shape, array.dtype),))
        result.requires_grad, result.grad_fn = True, node
        wanted = self._wanted_by[x.requires_grad, y.requires_grad]
        if wanted:
            saved: dict[str, Saved] = {}
            for name in wanted:
                saved[name] = SavedInput(x) if name == "x" else SavedInput(y) if name == "y" else SavedOutput(result)
            node.saved = saved
        if state.keeps_values:
            given = tuple(operand.array if operand.requires_grad else None for operand in (x, y))
            node.kept = Kept(given, tuple(operand.array for operand in (x, y) if not operand.requires_grad), (array,))

    def pull_back(self, node: Node, cotangents: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
        """g times each partial."""
        g = cotangents[0]
        assert g is not None
        if node.freed:
            raise node.freed_error()
        pull_x, pull_y = self._pull_backs
        (x, _), (y, _) = node.next_functions
        return None if x is None else pull_x(g, node), None if y is None else pull_y(g, node)


def unary(
    name: str,
    summary: str,
    d: Partial | None,
    *,
    formula: Formula | None = None,
    namespace: str = "torch",
    aliases: Sequence[str] = (),
    grad_fn: str | None = None,
    domain: tuple[float, float] = (-2.0, 2.0),
    kink: str = "",
    floating: bool = True,
    refuse: Refuse | None = None,
    in_place: bool = True,
) -> Unary:
    """Declare an elementwise function of one tensor by its partial derivative; `floating`: integers give floats."""
    declared = Unary(
        name,
        summary,
        (d,),
        formula=formula,
        namespace=namespace,
        grad_fn=grad_fn,
        domain=domain,
        kink=kink,
        floating=floating,
        refuse=refuse,
    )
    is_of_torch = namespace == "torch"
    register(declared, name, namespace=namespace, aliases=aliases, method=is_of_torch, in_place=in_place and is_of_torch)
    return declared


def binary(
    name: str,
    summary: str,
    dx: Partial | None,
    dy: Partial | None,
    *,
    formula: Formula | None = None,
    namespace: str = "torch",
    aliases: Sequence[str] = (),
    grad_fn: str | None = None,
    names_with_number: tuple[str, str] | None = None,
    domain: tuple[float, float] = (-2.0, 2.0),
    kink: str = "",
    floating: bool = False,
    public: bool = True,
    in_place: bool = True,
    tensors_only: bool = False,
    laid_out_as: tuple[int, ...] = (0, 1),
    refuse: Refuse | None = None,
    examples: tuple[str, ...] = (),
) -> Binary:
    """Declare an elementwise function of two operands by its partial derivatives; `floating`: integers give floats."""
    declared = Binary(
        name,
        summary,
        (dx, dy),
        formula=formula,
        namespace=namespace,
        grad_fn=grad_fn,
        domain=domain,
        kink=kink,
        floating=floating,
        refuse=refuse,
        examples=examples,
    )
    declared.takes_tensors_only = tensors_only
    declared.laid_out_as = laid_out_as
    declared.names_with_number = names_with_number
    if public:
        is_of_torch = namespace == "torch"
        register(declared, name, namespace=namespace, aliases=aliases, method=is_of_torch, in_place=in_place and is_of_torch)
    return declared
