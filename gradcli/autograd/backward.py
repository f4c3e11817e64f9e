"""The reverse pass: cotangents flow from the roots through the recorded nodes, newest first, each node once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter

from gradcli.autograd.in_place import change_in_place, is_expanded
from gradcli.autograd.node import Node, accumulator, edge_to, retain_grad
from gradcli.autograd.state import GradMode
from gradcli.autograd.tensor import Tensor, operators
from gradcli.errors import AutogradError, NoGradRequired, NotScalar, OperandLabel, ShapeMismatch
from gradcli.lazy import ops, settings
from gradcli.lazy.shapes import describe

Target = tuple[Node, int]
Cotangents = list[Tensor | None]

_by_sequence = attrgetter("sequence")


def backward(
    tensors: Sequence[Tensor],
    gradients: Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of the tensors to `.grad` of the leaves (or of `inputs` only), as `torch.autograd.backward`."""
    if settings.batches:
        message = (
            "backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp "
            "instead or call backward() outside of functorch transforms."
        )
        raise AutogradError.as_torch(message, hint="torch.func.grad(f) inside of vmap gives the gradients of each element")
    if inputs is not None and not inputs:
        raise AutogradError.as_torch("`inputs` argument to `backward()` cannot be empty.")
    roots = _roots(tensors, gradients)
    keep = create_graph if retain_graph is None else retain_graph
    if any(not tensor.requires_grad for tensor in inputs or ()):
        message = "can't retain_grad on Tensor that has requires_grad=False"
        raise AutogradError.as_torch(message, hint="inputs= takes tensors that require grad")
    targets = None if inputs is None else {_target(tensor): tensor for tensor in inputs}
    captured = ReversePass(keep, create_graph, None if targets is None else set(targets), accumulates=True).run(roots)
    for target, tensor in (targets or {}).items():
        if target in captured and not tensor.retains_grad:
            _accumulate(tensor, captured[target], create_graph)
        retain_grad(tensor)


def gradients(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    grad_outputs: Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> list[Tensor | None]:
    """The gradients of the outputs with respect to the inputs, leaving `.grad` alone, as `torch.autograd.grad`."""
    roots = _roots(outputs, grad_outputs)
    for position, tensor in enumerate(inputs):
        if not tensor.requires_grad:
            message = "One of the differentiated Tensors does not require grad"
            hint = "make it a leaf with requires_grad=True, or bind it with --let"
            labels = [OperandLabel(1, "this one" if len(inputs) == 1 else f"number {position} of these, counted from 0")]
            raise AutogradError.as_torch(message, operands=labels, hint=hint)
    targets = [_target(tensor) for tensor in inputs]
    keep = create_graph if retain_graph is None else retain_graph
    captured = ReversePass(keep, create_graph, set(targets)).run(roots)
    found = [captured.get(target) for target in targets]
    if not allow_unused and None in found:
        message = (
            f"The differentiated Tensor at index {found.index(None)} appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior."
        )
        raise AutogradError.as_torch(message, hint="the outputs do not depend on it; with allow_unused=True its gradient is None")
    return found


def _target(tensor: Tensor) -> Target:
    node, number = edge_to(tensor)
    return (node, number) if node is not None else (accumulator(tensor), 0)


def _roots(tensors: Sequence[Tensor], gradients: Sequence[Tensor | None] | None) -> list[tuple[Target, Tensor]]:
    """Where the pass starts, and with which cotangents: 1 for a scalar unless one is given."""
    roots = []
    if gradients is not None and len(gradients) != len(tensors):
        raise AutogradError.as_torch(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    given: Sequence[Tensor | None] = gradients if gradients is not None else [None] * len(tensors)
    for position, (tensor, gradient) in enumerate(zip(tensors, given, strict=True)):
        if gradient is None and tensor.requires_grad:
            gradient = _one(tensor)
        node, number = edge_to(tensor)
        if node is None:
            message = f"element {position} of tensors does not require grad and does not have a grad_fn"
            raise NoGradRequired.as_torch(
                message,
                operands=[OperandLabel(0, "this depends on no tensor that requires grad")],
                hint="make a leaf with requires_grad=True, or with x.requires_grad_(), and do not detach it on the way",
            )
        assert gradient is not None
        _check_gradient(tensor, gradient, position)
        roots.append(((node, number), gradient))
    return roots


def _one(tensor: Tensor) -> Tensor:
    if tensor.shape.numel() != 1:
        message = "grad can be implicitly created only for scalar outputs"
        shape = ", ".join(map(str, tensor.shape))
        raise NotScalar.as_torch(
            message,
            operands=[OperandLabel(0, describe(tensor.shape))],
            hint=f"reduce it with .sum() or .mean(), or give a gradient of its shape, such as ones({shape})",
        )
    return Tensor(ops.full(tensor.shape, 1.0, tensor.dtype))


def _check_gradient(tensor: Tensor, gradient: Tensor, position: int) -> None:
    if gradient.shape != tensor.shape:
        message = (
            f"Mismatch in shape: grad_output[{position}] has a shape of {gradient.shape} "
            f"and output[{position}] has a shape of {tensor.shape}."
        )
        raise ShapeMismatch.as_torch(message)


class ReversePass:
    """One backward: what it keeps, what it is to capture (the leaves' `.grad` if nothing), and the cotangents on their way."""

    def __init__(self, retain_graph: bool, create_graph: bool, targets: set[Target] | None, accumulates: bool = False) -> None:
        self.retain_graph = retain_graph
        self.create_graph = create_graph
        self.targets = targets
        self.accumulates = accumulates  # as backward(inputs=...), which goes through the nodes of its inputs, unlike grad
        self.captured: dict[Target, Tensor] = {}
        self.received: dict[Node, Cotangents] = {}
        self.needed: set[Node] | None = None  # the nodes that lead to a target, once they are known

    def run(self, roots: list[tuple[Target, Tensor]]) -> dict[Target, Tensor]:
        """Let the cotangents flow from the roots; those that arrived at the targets."""
        order, pending = _reachable({node for (node, _), _ in roots})
        ends = {node for node, _ in self.targets or ()}
        if self.targets is not None:
            order = _leading_to(order, ends)
            self.needed = set(order)
            pending = Counter(successor for node in order for successor, _ in node.next_functions if successor in self.needed)
        needed, received, receive = self.needed, self.received, self._receive
        frees = not self.retain_graph
        with GradMode(self.create_graph):
            for (node, number), cotangent in roots:
                if needed is None or node in needed:
                    receive(node, number, cotangent)
            for node in order:
                cotangents = received.pop(node, None)
                rule = node.rule
                if rule is None:
                    if cotangents is not None:
                        self._finish_leaf(node, cotangents)
                    continue
                pulled: Sequence[Tensor | None] | None = None
                is_watched = node in ends or node.hooks is not None or node.retained is not None
                if cotangents is not None and (not is_watched or self._goes_on(node, cotangents)):
                    pulled = rule.pull_back(node, cotangents)
                    if frees:
                        node.free()
                for position, (successor, number) in enumerate(node.next_functions):
                    if successor is None or (needed is not None and successor not in needed):
                        continue
                    if pulled is not None and (arriving := pulled[position]) is not None:
                        receive(successor, number, arriving)
                    if successor.rule is None:  # a leaf is served as soon as its last cotangent has arrived
                        pending[successor] -= 1
                        if not pending[successor] and successor in received:
                            self._finish_leaf(successor, received.pop(successor))
        return self.captured

    def _goes_on(self, node: Node, cotangents: Cotangents) -> bool:
        """Call hooks, capture, and say whether the pass goes on from a node: `grad` captures what arrives where it goes on,
        else what hooks make of it."""
        needed = self.needed
        goes_on = needed is None or self.accumulates or any(successor in needed for successor, _ in node.next_functions)
        only_passing = goes_on and not self.accumulates
        if self.targets is not None and only_passing:
            self._capture(node, cotangents)
        if node.hooks is not None or node.retained is not None:
            call_hooks(node, cotangents, self.create_graph)
        if self.targets is not None and not only_passing:
            self._capture(node, cotangents)
        return goes_on

    def _receive(self, node: Node, number: int, cotangent: Tensor) -> None:
        """Add a cotangent to those a node has received, summed back over broadcast axes and in the dtype of the node's output."""
        outputs = node.outputs
        shape, dtype = outputs[number]
        array = cotangent.array
        if array.shape != shape:
            cotangent = operators["sum_to"](cotangent, shape)
        if array.dtype is not dtype:
            cotangent = operators["to"](cotangent, dtype)
        if cotangent.view_of or cotangent.own_strides:
            cotangent = _in_rows(cotangent)
        slots = self.received.get(node)
        if slots is None:
            slots = self.received[node] = [None] * len(outputs)
        earlier = slots[number]
        slots[number] = cotangent if earlier is None else operators["add"](earlier, cotangent)

    def _capture(self, node: Node, cotangents: Cotangents) -> None:
        assert self.targets is not None
        for number, cotangent in enumerate(cotangents):
            if cotangent is not None and (node, number) in self.targets:
                self.captured[node, number] = cotangent

    def _finish_leaf(self, node: Node, cotangents: Cotangents) -> None:
        variable, cotangent = node.variable, cotangents[0]
        assert variable is not None and cotangent is not None
        if not variable.requires_grad:  # any longer
            return
        for hook in variable.hooks or ():
            changed = hook(cotangent)
            cotangent = cotangent if changed is None else changed
        if self.targets is None:
            _accumulate(variable, cotangent, self.create_graph)
        else:
            self._capture(node, [cotangent])


def _in_rows(cotangent: Tensor) -> Tensor:
    """A cotangent whose rows lie one after the other: where PyTorch's lies in memory is told by its rules, not by ours.

    What shows elements several times goes on doing so, since it cannot be changed in place.
    """
    if is_expanded(cotangent):
        return cotangent
    return Tensor(cotangent.array, cotangent.requires_grad, cotangent.grad_fn, cotangent.output_number)


def _reachable(roots: Iterable[Node]) -> tuple[list[Node], dict[Node, int]]:
    """All nodes below the roots, newest first: an order in which consumers come before what they consume.

    With it, how many cotangents each leaf waits for.
    """
    found: list[Node] = []
    seen: set[Node] = set()
    pending: dict[Node, int] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        found.append(node)
        for successor, _ in node.next_functions:
            if successor is not None:
                stack.append(successor)
                if successor.rule is None:
                    pending[successor] = pending.get(successor, 0) + 1
    found.sort(key=_by_sequence, reverse=True)  # almost sorted already, which the sort takes advantage of
    return found, pending


def _leading_to(order: list[Node], targets: set[Node]) -> list[Node]:
    """Only the nodes from which a target can be reached."""
    leading: set[Node] = set()
    for node in reversed(order):
        if node in targets or any(successor in leading for successor, _ in node.next_functions):
            leading.add(node)
    return [node for node in order if node in leading]


def call_hooks(node: Node, cotangents: Cotangents, create_graph: bool) -> None:
    if node.hooks is not None:
        for number, hook in list(node.hooks):
            cotangent = cotangents[number]
            if cotangent is not None:
                changed = hook(cotangent)
                cotangents[number] = cotangent if changed is None else changed
    if node.retained is not None:
        for number, reference in node.retained:
            tensor, cotangent = reference(), cotangents[number]
            if tensor is not None and cotangent is not None:
                _accumulate(tensor, cotangent, create_graph)


def _accumulate(variable: Tensor, cotangent: Tensor, create_graph: bool) -> None:
    """Add to `.grad`: in place, unless the gradient itself is being recorded."""
    earlier = variable.grad
    if earlier is None:
        if not create_graph or not cotangent.requires_grad:
            variable.grad = Tensor(cotangent.array)
        elif variable.grad_fn is None:
            variable.grad = operators["copy"](Tensor(ops.full(cotangent.shape, 0, cotangent.dtype)), cotangent)
        else:
            variable.grad = operators["clone"](cotangent)
    elif create_graph:
        variable.grad = operators["add"](earlier, cotangent)
    elif earlier.views is None and earlier.view_of is None:
        earlier.array = operators["add"](earlier, cotangent).array
        earlier.version += 1
    else:
        change_in_place(earlier, lambda old: operators["add"](old, cotangent))
