"""Derivatives of functions of tensors: products with a Jacobian from either side, and the Jacobian as a batch of them.

The rules of backward are enough for all of it. What backward makes of a cotangent is linear in it, so that *its* derivative,
with respect to the cotangent, pushes a tangent forward; of what it computes on the way nothing is needed, and laziness drops it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.autograd.backward import gradients
from gradcli.autograd.batch import Batch, entering
from gradcli.autograd.node import NOWHERE, Node, edge_to, moment
from gradcli.autograd.state import GradMode, state
from gradcli.autograd.tensor import Tensor, operators, set_requires_grad
from gradcli.errors import LeafInPlace
from gradcli.lazy import Size, ops
from gradcli.lazy.dtypes import int64

Tensors = Sequence[Tensor]


class Differentiation:
    """A block in which functions are differentiated, whether or not gradients are recorded around it.

    What it enters can be differentiated with respect to. What leaves it is in the graph only if something around the block
    required grad. Where a block goes on with what an earlier one entered, it is of the moment of that one.
    """

    def __init__(self, since: int | None = None) -> None:
        self.moment = moment() if since is None else since
        self._is_recorded = state.grad_enabled
        self._mode = GradMode(True)
        self._entered: list[Tensor] = []

    def __enter__(self) -> Differentiation:
        self._mode.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *failure: object) -> None:
        self._mode.__exit__(None, None, None)
        if kind is None and any(tensor.version for tensor in self._entered):
            message = "a leaf Variable that requires grad is being used in an in-place operation."
            raise LeafInPlace.as_torch(message, hint="the function changes what it is given: let it change a clone()")

    def enter(self, tensor: Tensor) -> Tensor:
        """A tensor to differentiate with respect to."""
        if not tensor.dtype.is_floating:
            set_requires_grad(tensor, True)  # which refuses
        self._entered.append(entering(tensor, edge_to(tensor) if self._is_recorded else NOWHERE))
        return self._entered[-1]

    def leave(self, tensor: Tensor) -> Tensor:
        """A result without what was entered."""
        return tensor if self._is_recorded and self._leads_outside(tensor) else Tensor(tensor.array)

    def _leads_outside(self, tensor: Tensor) -> bool:
        seen: set[Node] = set()
        stack = [edge_to(tensor)[0]]
        while stack:
            node = stack.pop()
            if node is not None and node not in seen:
                if node.rule is None or node.sequence < self.moment:
                    return True
                seen.add(node)
                stack += [successor for successor, _ in node.next_functions]
        return False


def zeros_like(tensor: Tensor) -> Tensor:
    """Zeros of the shape and dtype of a tensor, outside of the graph."""
    return Tensor(ops.full(tensor.shape, 0.0, tensor.dtype))


def filled(found: Sequence[Tensor | None], like: Tensors) -> list[Tensor]:
    """Derivatives with zeros for those that are none, because nothing depends on something."""
    return [zeros_like(tensor) if derivative is None else derivative for derivative, tensor in zip(found, like, strict=True)]


def pulled_back(outputs: Tensors, inputs: Tensors, cotangents: Tensors) -> list[Tensor | None]:
    """The product of the cotangents with the Jacobian, for each input: none where the outputs do not depend on it."""
    pairs = [(output, cotangent) for output, cotangent in zip(outputs, cotangents, strict=True) if output.requires_grad]
    if not pairs:
        return [None] * len(inputs)
    roots, arriving = zip(*pairs, strict=True)
    return gradients(roots, inputs, arriving, create_graph=True, allow_unused=True)


def pushed_forward(outputs: Tensors, inputs: Tensors, tangents: Tensors) -> list[Tensor | None]:
    """The product of the Jacobian with the tangents, for each output: the derivative of what backward makes of a cotangent."""
    cotangents = [entering(Tensor(ops.placeholder(output.shape, output.dtype)), NOWHERE) for output in outputs]
    pulled = filled(pulled_back(outputs, inputs, cotangents), inputs)
    return pulled_back(pulled, cotangents, tangents)


def pulled_through(function: Callable[..., Tensor], inputs: Tensors, cotangent: Tensor) -> list[Tensor]:
    """The cotangents of the inputs of a function from that of its result: the rule of what is made of functions with rules."""
    with Differentiation() as block:
        entered = [block.enter(tensor) for tensor in inputs]
        found = filled(pulled_back([function(*entered)], entered, [cotangent]), inputs)
    return [block.leave(tensor) for tensor in found]


def jacobian_by_rows(output: Tensor, inputs: Tensors, chunk: int | None = None) -> list[Tensor | None]:
    """The Jacobian of one output, for each input: all cotangents of one element pulled back at once, or so many at a time.

    Its axes are those of the output, then those of the input.
    """
    since = moment()
    cotangent = Tensor(ops.placeholder(output.shape, output.dtype))
    return _for_each_element(cotangent, pulled_back([output], inputs, [cotangent]), since, chunk)


def jacobian_by_columns(outputs: Tensors, input: Tensor) -> list[Tensor | None]:
    """The Jacobian of each output, for one input: all tangents of one element pushed forward at once.

    Its axes are those of the input, then those of the output.
    """
    since = moment()
    tangent = Tensor(ops.placeholder(input.shape, input.dtype))
    return _for_each_element(tangent, pushed_forward(outputs, [input], [tangent]), since, None)


def _for_each_element(
    placeholder: Tensor, results: Sequence[Tensor | None], since: int, chunk: int | None
) -> list[Tensor | None]:
    """The results for a placeholder that is 1 in one element and 0 elsewhere: the element's axes, then the result's."""
    count = placeholder.shape.numel()
    size = min(chunk or count, count)
    parts: list[list[Tensor | None]] = []
    for start in range(0, count, size) if count else (0,):
        batch = Batch(min(size, count - start), since)
        batch.replace(placeholder, _units(placeholder, start, batch.elements.size))
        parts.append([None if result is None else batch.of(result) for result in results])
    return [None if column[0] is None else _joined(column, placeholder.shape) for column in zip(*parts, strict=True)]


def _joined(parts: Sequence[Tensor], shape: Size) -> Tensor:
    whole = parts[0] if len(parts) == 1 else operators["cat"](parts, 0)
    return operators["reshape"](whole, (*shape, *whole.shape[1:]))


def _units(like: Tensor, start: int, size: int) -> Tensor:
    """`size` tensors of a shape: in the first, the element counted by `start` is 1, in the next the one after it, and so on."""
    count = like.shape.numel()
    rows = ops.reshape(ops.arange(start, 1, size, int64), Size((size, 1)))
    columns = ops.reshape(ops.arange(0, 1, count, int64), Size((1, count)))
    return Tensor(ops.reshape(ops.cast(ops.binary("equal", rows, columns), like.dtype), Size((size, *like.shape))))
