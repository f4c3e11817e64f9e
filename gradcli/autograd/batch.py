"""A function's results for a whole batch at once: values by the rules of lazy primitives, and the graph image by image.

A function is called once, with placeholders. Then what it recorded is recorded again for the batch: a node of the same name
stands for each node, and its derivative is the batch of that node's derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.autograd.backward import call_hooks
from gradcli.autograd.node import NOWHERE, Edge, Node, edge_to
from gradcli.autograd.state import state
from gradcli.autograd.tensor import Tensor, operators
from gradcli.lazy import DType, Size, batching, ops, settings


class Alias:
    """The rule of a node whose output is its input."""

    def pull_back(self, node: Node, cotangents: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
        """The cotangent as it comes."""
        return cotangents


ALIAS = Alias()


def entering(tensor: Tensor, edge: Edge) -> Tensor:
    """The elements of a tensor as something to differentiate with respect to; what arrives there goes on along the edge."""
    node = Node("AliasBackward0", ALIAS, (edge,), ((tensor.shape, tensor.dtype),))
    return Tensor(tensor.array, True, node)


class Batch:
    """What was computed and recorded since a moment, of which there is to be a batch of some size.

    As a block, it is where a function is called with placeholders.
    """

    def __init__(self, size: int, moment: int) -> None:
        self.moment = moment
        self.elements = batching.Elements(size)
        self._entries: dict[Node, Edge] = {}  # of placeholders: where their cotangents go
        self._nodes: dict[Node, Node | None] = {}  # images; None of what leads to nothing outside

    def __enter__(self) -> Batch:
        settings.batches = (*settings.batches, self.elements)
        return self

    def __exit__(self, *failure: object) -> None:
        settings.batches = settings.batches[:-1]

    def placeholder(self, whole: Tensor) -> Tensor:
        """What stands for an element of a tensor whose first axis is the batch."""
        element = Tensor(ops.placeholder(Size(whole.shape[1:]), whole.dtype))
        self.elements.put(element.array, whole.array)
        if not (state.grad_enabled and whole.requires_grad):
            return element
        entered = entering(element, NOWHERE)
        assert entered.grad_fn is not None
        self._entries[entered.grad_fn] = edge_to(whole)
        return entered

    def replace(self, placeholder: Tensor, whole: Tensor) -> None:
        """Put the elements of a tensor, along its first axis, in the place of a placeholder that was made without one."""
        self.elements.put(placeholder.array, whole.array)

    def depends(self, element: Tensor) -> bool:
        """Whether a result is another one for each element of the batch."""
        return self.elements.whole(element.array) is not None

    def of(self, element: Tensor) -> Tensor:
        """The results for all elements of the batch, along a new first axis."""
        array = self.elements.repeated(element.array)
        if not (state.grad_enabled and element.requires_grad):
            return Tensor(array)
        edge = edge_to(element)
        self._record(edge)
        node, number = self._image(edge)
        if node is None:
            return Tensor(array)
        if edge[0] not in self._nodes:  # what the function was given, or what was there before
            name = "AliasBackward0" if edge[0] in self._entries else "ExpandBackward0"
            node, number = Node(name, ALIAS, ((node, number),), ((array.shape, array.dtype),)), 0
        return Tensor(array, True, node, number)

    def _record(self, edge: Edge) -> None:
        """Make the images of all nodes from an edge down to what was there before, or what was entered."""
        found: set[Node] = set()
        stack = [edge[0]]
        while stack:
            node = stack.pop()
            if node is not None and self._is_inside(node) and node not in found and node not in self._nodes:
                found.add(node)
                stack += [successor for successor, _ in node.next_functions]
        for node in sorted(found, key=lambda node: node.sequence):
            edges = tuple(self._image(edge) for edge in node.next_functions)
            if all(successor is None for successor, _ in edges):
                self._nodes[node] = None
                continue
            outputs = tuple((Size((self.elements.size, *shape)), dtype) for shape, dtype in node.outputs)
            image = Node(node.name_in_batch, BatchedRule(self, node), edges, outputs)
            image.saved, image.place = node.saved, node.place
            self._nodes[node] = image

    def _is_inside(self, node: Node) -> bool:
        return node.rule is not None and node.sequence > self.moment and node not in self._entries

    def _image(self, edge: Edge) -> Edge:
        """Where a cotangent of the batch goes whose elements would go along an edge."""
        node, number = edge
        if node is None:
            return NOWHERE
        if node in self._entries:
            return self._entries[node]
        if not self._is_inside(node):
            return edge
        image = self._nodes[node]
        return (image, number) if image is not None else NOWHERE


class BatchedRule:
    """The rule of the image of a node: the batch of that node's cotangents."""

    def __init__(self, batch: Batch, node: Node) -> None:
        self.batch = batch
        self.node = node

    def pull_back(self, node: Node, cotangents: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The node's own rule, of placeholders, for the batch; each cotangent is first fitted to what it goes to."""
        if node.freed:
            raise node.freed_error()
        inside, batch = self.node, self.batch
        arriving = [None if cotangent is None else batch.placeholder(cotangent) for cotangent in cotangents]
        assert inside.rule is not None
        with batch:
            call_hooks(inside, arriving, state.grad_enabled)
            pulled = inside.rule.pull_back(inside, arriving)
            return [
                None if cotangent is None or successor is None else batch.of(_fitted(cotangent, *successor.outputs[number]))
                for cotangent, (successor, number) in zip(pulled, inside.next_functions, strict=True)
            ]


def _fitted(cotangent: Tensor, shape: Size, dtype: DType) -> Tensor:
    """A cotangent as its receiver takes it, summed back over broadcast axes and in the receiver's dtype."""
    return operators["to"](operators["sum_to"](cotangent, shape), dtype)
