"""Tensor: a lazy array with PyTorch's autograd state."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradcli.autograd.node import Hook, Node
from gradcli.autograd.state import Place, state
from gradcli.errors import AutogradError, TypeMismatch
from gradcli.lazy import DType, LazyArray, Size, compute, settings

if TYPE_CHECKING:
    import numpy as np

Scalar = bool | int | float
Strides = tuple[int, ...]


class ViewOf:
    """What a tensor is a view of, and how to make it again when the base is changed in place.

    Aliases (`detach()`, `.data`) are views that show the whole base. `strides_from` gives the view's strides from those of its
    base. A view of what requires grad that was made while nothing was recorded leads nowhere, though it says that it requires
    grad.
    """

    __slots__ = ("base", "counts_versions", "is_alias", "leads_nowhere", "replay", "strides", "strides_from")

    def __init__(
        self,
        base: Tensor,
        replay: Callable[[Tensor], Tensor],
        is_alias: bool,
        counts_versions: bool = True,
        strides_from: Callable[[Strides], Strides] | None = None,
    ) -> None:
        self.base = base
        self.strides_from = strides_from
        self.replay = replay
        self.is_alias = is_alias
        self.counts_versions = counts_versions
        self.leads_nowhere = False
        self.strides: Strides | None = None  # of the view, once somebody asked


class Tensor:
    """A value in the language: a lazy array, whether it requires grad, and the operation that made it.

    `version` counts in-place changes; `views` are the living tensors that show this one's elements. Class attributes hold
    what most tensors have: making one is then cheap.
    """

    requires_grad = False
    grad_fn: Node | None = None
    output_number = 0
    version = 0
    grad: Tensor | None = None
    name: str | None = None
    hooks: list[Hook] | None = None  # of a leaf; those of other tensors are with their node
    retains_grad = False
    accumulator: weakref.ref[Node] | None = None
    modified_at: Place | None = None
    view_of: ViewOf | None = None
    own_strides: Strides | None = None  # of what is no view and not contiguous all the same
    views: list[weakref.ref[Tensor]] | None = None

    def __init__(
        self, array: LazyArray, requires_grad: bool = False, grad_fn: Node | None = None, output_number: int = 0
    ) -> None:
        self.array = array
        if requires_grad:
            self.requires_grad = True
        if grad_fn is not None:
            self.grad_fn = grad_fn
            self.output_number = output_number

    @property
    def shape(self) -> Size:
        """The shape."""
        return self.array.shape

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self.array.dtype

    @property
    def device(self) -> str:
        """Where it lives."""
        return settings.device

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return len(self.array.shape)

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user rather than by a recorded operation."""
        return self.grad_fn is None

    def __repr__(self) -> str:
        return f"<Tensor {tuple(self.shape)} {self.dtype.name}>"

    def numpy(self) -> np.ndarray:
        """The computed value."""
        return compute([self.array])[0]

    def item(self) -> Scalar:
        """The value of a tensor with one element, as a Python number."""
        if self.shape.numel() != 1:
            message = f"a Tensor with {self.shape.numel()} elements cannot be converted to Scalar"
            raise TypeMismatch.as_torch(message, hint="reduce it first, for example with sum() or mean(), or index one element")
        value: Scalar = self.numpy().item()
        return value

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return self.numpy().tolist()

    def detach(self) -> Tensor:
        """The same elements outside of the graph."""
        return self._alias(counts_versions=True)

    def data(self) -> Tensor:
        """The same elements outside of the graph; changing them in place is not noticed by autograd."""
        return self._alias(counts_versions=False)

    def _alias(self, counts_versions: bool) -> Tensor:
        base = self
        if base.view_of is not None and base.view_of.is_alias and base.view_of.counts_versions:
            base = base.view_of.base  # what an alias of an alias shows; a loop that detaches in each turn makes no chain
        alias = Tensor(self.array if not state.keeps_values else _shown_apart(self.array))
        add_view(alias, ViewOf(base, Tensor.detach, is_alias=True, counts_versions=counts_versions))
        return alias

    def set_data(self, value: Tensor) -> None:
        """Show the elements of another tensor from now on; what was a view of this one keeps showing the old elements."""
        shown: Tensor | None = value
        while shown is not None:
            if shown is self:  # as in x.data = x.data[:2]
                value = Tensor(value.array)
                break
            shown = shown.view_of.base if shown.view_of is not None else None
        if self.views is not None:
            _hand_over(self)
        if self.view_of is not None:
            forget_view(self)
        self.array = value.array
        add_view(self, ViewOf(value, Tensor.detach, is_alias=True, counts_versions=False))

    # Operators, so that derivative rules read as formulas; the functions room fills the table.
    def __add__(self, other: Operand) -> Tensor:
        return operators["add"](self, other)

    def __radd__(self, other: Operand) -> Tensor:
        return operators["add"](other, self)

    def __sub__(self, other: Operand) -> Tensor:
        return operators["sub"](self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return operators["sub"](other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return operators["mul"](self, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return operators["mul"](other, self)

    def __truediv__(self, other: Operand) -> Tensor:
        return operators["div"](self, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return operators["div"](other, self)

    def __pow__(self, other: Operand) -> Tensor:
        return operators["pow"](self, other)

    def __rpow__(self, other: Operand) -> Tensor:
        return operators["pow"](other, self)

    def __matmul__(self, other: Tensor) -> Tensor:
        return operators["matmul"](self, other)

    def __neg__(self) -> Tensor:
        return operators["neg"](self)

    def __lt__(self, other: Operand) -> Tensor:
        return operators["lt"](self, other)

    def __le__(self, other: Operand) -> Tensor:
        return operators["le"](self, other)

    def __gt__(self, other: Operand) -> Tensor:
        return operators["gt"](self, other)

    def __ge__(self, other: Operand) -> Tensor:
        return operators["ge"](self, other)


Operand = Tensor | Scalar

#: Operations that autograd itself and the operators above need; declared, and put here, by the functions room.
operators: dict[str, Callable[..., Tensor]] = {}


def _shown_apart(array: LazyArray) -> LazyArray:
    """The same elements as an array that is told from this one, for who takes a graph apart."""
    return LazyArray("reshape", (array,), (array.shape,), array.shape, array.dtype)


def add_view(view: Tensor, of: ViewOf) -> None:
    """Register a view with its base, so that a change of the base in place reaches it."""
    view.view_of = of
    base = of.base
    if of.counts_versions:
        view.version = base.version
    if base.views is None:
        base.views = []
    elif len(base.views) >= 64 and len(base.views) & (len(base.views) - 1) == 0:  # now and then forget the dead ones
        base.views = [reference for reference in base.views if reference() is not None]
    base.views.append(weakref.ref(view))


def forget_view(view: Tensor) -> None:
    """A tensor that is no view any longer."""
    assert view.view_of is not None
    base = view.view_of.base
    base.views = [reference for reference in base.views or () if reference() is not view]
    view.view_of = None


def _hand_over(tensor: Tensor) -> None:
    """Let a tensor that nobody sees be what the views of this one are views of."""
    stand_in = Tensor(tensor.array, tensor.requires_grad, tensor.grad_fn, tensor.output_number)
    for reference in tensor.views or ():
        view = reference()
        if view is not None and view.view_of is not None:
            view.view_of.base = stand_in
    stand_in.views, tensor.views = tensor.views, None
    if tensor.view_of is not None:
        add_view(stand_in, tensor.view_of)
    stand_in.version = tensor.version


def set_requires_grad(tensor: Tensor, requires_grad: bool) -> None:
    """`tensor.requires_grad = ...`: for leaves only, and only floating tensors can require grad."""
    if not isinstance(requires_grad, bool):
        raise AutogradError.as_torch("requires_grad must be a bool")
    if not tensor.is_leaf and not requires_grad:
        message = (
            "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph "
            "that doesn't require differentiation use var_no_grad = var.detach()."
        )
        raise AutogradError.as_torch(message)
    if requires_grad and not tensor.dtype.is_floating:
        message = "only Tensors of floating point dtype can require gradients"
        raise AutogradError.as_torch(
            message, hint="write its numbers with a point (1. instead of 1), or convert it with .float()"
        )
    is_new = requires_grad and not tensor.requires_grad
    tensor.requires_grad = requires_grad
    if is_new and state.new_leaf is not None:
        state.new_leaf(tensor)
