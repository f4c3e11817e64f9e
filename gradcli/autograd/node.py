"""Node: one recorded operation, what PyTorch calls grad_fn."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gradcli.autograd.state import state
from gradcli.errors import BackwardTwice, ModifiedInPlace, Related, Source, Span
from gradcli.lazy import DType, LazyArray, Size

if TYPE_CHECKING:
    from gradcli.autograd.tensor import Tensor

_next_sequence = count(1).__next__

Edge = tuple["Node | None", int]
Output = tuple[Size, DType]
Hook = Callable[["Tensor"], "Tensor | None"]

NOWHERE: Edge = (None, 0)
NOTHING_SAVED: Mapping[str, Saved] = MappingProxyType({})

TWICE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). "
    "Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True "
    "if you need to backward through the graph a second time or if you need to access saved tensors after calling backward."
)


class Rule(Protocol):
    """How an operation turns the cotangents of its outputs into those of its inputs."""

    def pull_back(self, node: Node, cotangents: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
        """One cotangent for each of the node's edges, in their order; None where there is none."""


class SavedInput:
    """A tensor that an operation read and its derivative needs again, with the version it had."""

    __slots__ = ("tensor", "version")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.version = tensor.version

    def unpack(self, node: Node) -> Tensor:
        """The tensor, unless it was changed in place meanwhile."""
        if self.tensor.version != self.version:
            producer = self.tensor.grad_fn
            raise _modified(node, self.tensor, self.version, producer, self.tensor.output_number)
        return self.tensor


class SavedOutput:
    """A result that the derivative of the operation needs again; holds its value, not the tensor, which owns the node."""

    __slots__ = ("array", "output_number", "owner", "version")

    def __init__(self, tensor: Tensor, output_number: int = 0) -> None:
        self.array: LazyArray = tensor.array
        self.output_number = output_number
        self.owner = weakref.ref(tensor)
        self.version = tensor.version

    def unpack(self, node: Node) -> Tensor:
        """The result as a tensor in the graph, unless it was changed in place meanwhile."""
        from gradcli.autograd.tensor import Tensor

        owner = self.owner()
        if owner is not None and owner.version != self.version:
            raise _modified(node, owner, self.version, node, self.output_number)
        is_shown = owner is not None and (owner.view_of is None or not owner.view_of.is_alias)
        array = owner.array if owner is not None and is_shown else self.array  # a change through `.data` is seen, not noticed
        return Tensor(array, True, node, self.output_number)


Saved = SavedInput | SavedOutput


class Kept(NamedTuple):
    """What an operation was given, by edge and besides, and what it made of that: for who takes a graph apart."""

    given: tuple[LazyArray | None, ...]  # None where there is no edge
    others: tuple[LazyArray, ...]
    results: tuple[LazyArray, ...]


def _modified(node: Node, tensor: Tensor, expected: int, producer: Node | None, output_number: int) -> ModifiedInPlace:
    made_by = ""
    if producer is not None:
        stem, _, form = producer.name.partition("Backward")
        made_by = f", which is output {output_number} of {stem}{form.removesuffix('0')},"
    message = (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[torch.{tensor.dtype.tensor_type}Tensor {list(tensor.shape)}]{made_by} is at version {tensor.version}; "
        f"expected version {expected} instead."
    )
    related = []
    if node.place is not None:
        related.append(Related(node.place.span, f"{node.name} saved {tensor.name or 'it'} here", node.place.source))
    if tensor.modified_at is not None:
        place = tensor.modified_at
        related.append(Related(place.span, f"{tensor.name or 'it'} was changed in place here", place.source))
    return ModifiedInPlace.as_torch(
        message,
        related=related,
        hint=f"use an operation that is not in place on {tensor.name or 'it'}, or change a clone() of it",
    )


class Node:
    """A recorded operation: its name, its edges to the operations that made its inputs, and what it saved for backward.

    `sequence` grows with recording, so that it orders the graph: an operation comes after everything it depends on.
    """

    hooks: list[tuple[int, Hook]] | None = None  # on the cotangent of an output
    retained: list[tuple[int, weakref.ref[Tensor]]] | None = None  # tensors that keep their gradient
    variable: Tensor | None = None  # of an AccumulateGrad node
    parameters: Any = None  # what the rule needs besides tensors
    saved: Mapping[str, Saved] = NOTHING_SAVED  # what the rule needs of tensors, by the names it uses
    kept: Kept | None = None  # if nodes keep what they compute
    freed = False

    def __init__(
        self,
        name: str,
        rule: Rule | None,
        next_functions: tuple[Edge, ...],
        outputs: tuple[Output, ...],
    ) -> None:
        self.name = name
        self.rule = rule
        self.next_functions = next_functions
        self.outputs = outputs
        self.place = state.place
        self.sequence = _next_sequence()

    def __repr__(self) -> str:
        return f"<{self.name} object at {id(self):#x}>"

    @property
    def span(self) -> Span | None:
        """The piece of the source that recorded it, if it was recorded by a program."""
        return self.place.span if self.place is not None else None

    @property
    def source(self) -> Source | None:
        """The source that `span` is a piece of."""
        return self.place.source if self.place is not None else None

    @property
    def name_in_batch(self) -> str:
        """What the node is called that stands for it in a batch."""
        return self.name

    @property
    def shape(self) -> Size:
        """The shape of the first output."""
        return self.outputs[0][0]

    @property
    def dtype(self) -> DType:
        """The dtype of the first output."""
        return self.outputs[0][1]

    def unpack(self) -> dict[str, Tensor]:
        """What was saved, by name; an error if a first backward freed it or if it was changed in place."""
        if self.freed:
            raise self.freed_error()
        return {name: saved.unpack(self) for name, saved in self.saved.items()}

    def freed_error(self) -> BackwardTwice:
        """The error for a second backward through a node that no longer has what it saved."""
        related = []
        if self.place is not None:
            label = f"the values that {self.name} saved here were freed by the first backward"
            related.append(Related(self.place.span, label, self.place.source))
        hint = "give retain_graph=True to the first backward"
        return BackwardTwice.as_torch(TWICE, related=related, hint=hint)

    def free(self) -> None:
        """Let go of what was saved. A node that saved nothing may be gone through again; CopySlices saves what it copies with."""
        if self.saved or self.name == "CopySlices":
            self.saved = NOTHING_SAVED
            self.freed = True


def moment() -> int:
    """A number between the sequence of all nodes recorded so far and of those to come."""
    return _next_sequence()


def accumulator(variable: Tensor) -> Node:
    """The AccumulateGrad node of a leaf: one and the same as long as a graph holds it."""
    reference = variable.accumulator
    node = reference() if reference is not None else None
    if node is None:
        node = Node("AccumulateGrad", None, (), ((variable.shape, variable.dtype),))
        node.variable = variable
        variable.accumulator = weakref.ref(node)
    return node


def edge_to(tensor: Tensor) -> Edge:
    """Where the cotangent of a tensor goes: the node that made it, a leaf's AccumulateGrad, or nowhere."""
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor.output_number
    if tensor.requires_grad and not (tensor.view_of is not None and tensor.view_of.leads_nowhere):
        return accumulator(tensor), 0
    return NOWHERE


def retain_grad(tensor: Tensor) -> None:
    """Keep the gradient of a tensor that is no leaf in its `.grad`, from the next backward on."""
    node = tensor.grad_fn
    if node is not None and not tensor.retains_grad:
        tensor.retains_grad = True
        node.retained = node.retained if node.retained is not None else []
        node.retained.append((tensor.output_number, weakref.ref(tensor)))


def walk(root: Node) -> list[Node]:
    """All nodes reachable from one, breadth first, each once."""
    return list(_breadth_first(root))


def _breadth_first(root: Node) -> Iterator[Node]:
    seen = {root}
    level = [root]
    while level:
        yield from level
        following = []
        for node in level:
            for successor, _ in node.next_functions:
                if successor is not None and successor not in seen:
                    seen.add(successor)
                    following.append(successor)
        level = following
