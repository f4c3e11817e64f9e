"""Functions with a derivative of the user's own, as PyTorch's torch.autograd.Function: a forward, and a backward for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gradcli.autograd.node import NOTHING_SAVED, Kept, Node, Output, Saved, SavedInput, SavedOutput, edge_to
from gradcli.autograd.state import GradMode, state
from gradcli.autograd.tensor import Tensor, ViewOf, add_view, operators
from gradcli.errors import AutogradError, GradcliError, LeafInPlace, NotSupported, Related, ShapeMismatch, TypeMismatch
from gradcli.lazy import DType, Size, ops
from gradcli.lazy.dtypes import int64
from gradcli.lazy.shapes import broadcast

#: Stands among a node's outputs for a result that is no tensor.
NO_TENSOR: Output = (Size(()), int64)


class Definition(NamedTuple):
    """What the user wrote: the name, and the functions under the names that torch.autograd.Function has for them."""

    name: str
    methods: dict[str, Callable[..., Any]]


class OwnNode(Node):
    """The node of such a function, which is also the `ctx` that its forward and its backward are given."""

    def __init__(self, definition: Definition, inputs: Sequence[Any]) -> None:
        super().__init__(f"{definition.name}Backward", OWN, (), ())
        self.definition = definition
        self.is_tensor = [isinstance(value, Tensor) for value in inputs]
        self.metadata: list[tuple[Size, DType]] = [(value.shape, value.dtype) for value in inputs if isinstance(value, Tensor)]
        self.needs_input_grad = tuple(isinstance(value, Tensor) and value.requires_grad for value in inputs)
        self.attributes: dict[str, Any] = {}  # what the user puts there
        self.to_save: tuple[Tensor | None, ...] = ()
        self.dirty: tuple[Tensor, ...] = ()
        self.non_differentiable: tuple[Tensor, ...] = ()
        self.materializes = True

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{self.name} object at {id(self):#x}>"

    @property
    def name_in_batch(self) -> str:
        return f"Vmapped{self.name}"

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward, which notices when they are changed in place."""
        for position, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, Tensor):
                kind = type(tensor).__name__
                message = f"save_for_backward can only save variables, but argument {position} is of type {kind}"
                raise TypeMismatch.as_torch(message, hint="keep what is no tensor as an attribute: ctx.name = value")
        self.to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was saved, in its order; an error if a first backward freed it or if it was changed in place."""
        found = self.unpack()
        return tuple(found.get(str(position)) for position in range(len(self.to_save))) if found else ()

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward changed in place."""
        self.dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which results have no derivative."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward is given zeros, rather than None, for results that nothing depends on."""
        self.materializes = value


class OwnRule:
    """The rule of all such nodes: the user's backward, and what PyTorch checks of its answer."""

    def pull_back(self, node: Node, cotangents: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The gradients that backward returns, for each input that is a tensor."""
        assert isinstance(node, OwnNode)
        backward = node.definition.methods.get("backward")
        if backward is None:
            message = (
                "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward "
                "mode AD."
            )
            raise NotSupported.as_torch(message, hint=f"add a static `def backward(ctx, grad)` to {node.definition.name}")
        try:
            returned = backward(node, *[_given(node, number, each) for number, each in enumerate(cotangents)])
            return _checked(node, returned)
        except GradcliError as error:
            if node.place is not None:
                label = f"{node.name} was recorded here"
                error.related = (*error.related, Related(node.place.span, label, node.place.source))
            raise


OWN = OwnRule()


def _given(node: OwnNode, number: int, cotangent: Tensor | None) -> Tensor | None:
    """What backward is given for a result."""
    if cotangent is not None or not node.materializes or node.outputs[number] is NO_TENSOR:
        return cotangent
    shape, dtype = node.outputs[number]
    return Tensor(ops.full(shape, 0.0 if dtype.is_floating else 0, dtype))


def _checked(node: OwnNode, returned: Any) -> list[Tensor | None]:
    """The gradients for the inputs that are tensors, from what backward returned for all inputs."""
    gradients = list(returned) if isinstance(returned, tuple) else [returned]
    expected = len(node.is_tensor)
    if any(gradient is not None for gradient in gradients[expected:]) or len(gradients) < expected:
        message = f"function {node.name} returned an incorrect number of gradients (expected {expected}, got {len(gradients)})"
        raise AutogradError.as_torch(message, hint="backward returns one for each argument of forward after ctx; None for none")
    found: list[Tensor | None] = []
    for position, (gradient, is_tensor) in enumerate(zip(gradients, node.is_tensor, strict=False)):
        if gradient is not None and not isinstance(gradient, Tensor):
            raise AutogradError.as_torch(f"expected Variable or None (got {type(gradient).__name__})")
        if is_tensor:
            _check_shape(node, len(found), gradient)
            found.append(gradient)
        elif gradient is not None:
            message = (
                f"function {node.name} returned a gradient different than None at position {position + 1}, "
                "but the corresponding forward input was not a Variable"
            )
            raise AutogradError.as_torch(message)
    return found


def _check_shape(node: OwnNode, index: int, gradient: Tensor | None) -> None:
    """A gradient can be summed to the shape of its input."""
    shape = node.metadata[index][0]
    if gradient is None or gradient.shape == shape or _sums_to(gradient.shape, shape):
        return
    message = (
        f"Function {node.name} returned an invalid gradient at index {index} - got {list(gradient.shape)} "
        f"but expected shape compatible with {list(shape)}"
    )
    raise ShapeMismatch.as_torch(message)


def _sums_to(larger: Size, shape: Size) -> bool:
    try:
        return broadcast(larger, shape) == larger
    except ShapeMismatch:
        return False


# ── forward ──


def apply(definition: Definition, inputs: Sequence[Any]) -> Any:
    """The results of the user's forward, with its backward as their derivative."""
    methods = definition.methods
    if "forward" not in methods:
        message = "You must implement the forward function for custom autograd.Function."
        raise NotSupported.as_torch(message, hint=f"add a static `def forward(ctx, x)` to {definition.name}")
    tensors = [value for value in inputs if isinstance(value, Tensor)]
    records = state.grad_enabled and any(tensor.requires_grad for tensor in tensors)
    edges = tuple(edge_to(tensor) for tensor in tensors)
    node = OwnNode(definition, inputs)  # after those it leads to, so that their numbers are in order
    given = tuple(tensor.array for tensor in tensors)
    with GradMode(False):
        if "setup_context" in methods:
            returned = methods["forward"](*inputs)
            methods["setup_context"](node, tuple(inputs), returned)
        else:
            returned = methods["forward"](node, *inputs)
    results = list(returned) if isinstance(returned, tuple) else [returned]
    if not records:
        return returned
    node.next_functions = edges
    outputs = [_result(value, node, tensors) for value in results]
    _put_into_graph(node, outputs)
    node.saved = _saved(node, tensors, results, outputs) or NOTHING_SAVED
    if state.keeps_values:
        arrays = tuple(array if edge[0] is not None else None for array, edge in zip(given, edges, strict=True))
        others = tuple(array for array, edge in zip(given, edges, strict=True) if edge[0] is None)
        node.kept = Kept(arrays, others, tuple(output.array for output in outputs if isinstance(output, Tensor)))
    return tuple(outputs) if isinstance(returned, tuple) else outputs[0]


def _result(value: Any, node: OwnNode, inputs: Sequence[Tensor]) -> Any:
    """What forward returned as what can be put into the graph: an input that was not changed, and a view, as another tensor."""
    if not isinstance(value, Tensor) or _is_among(value, node.non_differentiable):
        return value
    if _is_among(value, node.dirty):
        if value.view_of is not None:
            raise NotSupported("mark_dirty takes no views", hint="let forward change a clone() of it, and return that")
        if value.is_leaf and value.requires_grad:
            raise LeafInPlace.as_torch("a leaf Variable that requires grad has been used in an in-place operation.")
        return value
    if not _is_among(value, inputs) and value.view_of is None and not value.requires_grad:
        return value
    result = Tensor(value.array)
    add_view(result, ViewOf(value, operators["clone"], is_alias=True, counts_versions=False))
    return result


def _put_into_graph(node: OwnNode, outputs: Sequence[Any]) -> None:
    """Let floating results lead to the node, by their positions among all that forward returned."""
    node.outputs = tuple((each.shape, each.dtype) if isinstance(each, Tensor) else NO_TENSOR for each in outputs)
    for number, tensor in enumerate(outputs):
        if isinstance(tensor, Tensor) and tensor.dtype.is_floating and not _is_among(tensor, node.non_differentiable):
            tensor.requires_grad, tensor.grad_fn, tensor.output_number = True, node, number


def _saved(node: OwnNode, inputs: Sequence[Tensor], results: Sequence[Any], outputs: Sequence[Any]) -> dict[str, Saved]:
    """What is to be saved, by its position: results by their values, so that they do not own themselves."""
    saved: dict[str, Saved] = {}
    for position, tensor in enumerate(node.to_save):
        if tensor is None:
            continue
        output = next((output for result, output in zip(results, outputs, strict=True) if result is tensor), None)
        is_new = not _is_among(tensor, inputs) or _is_among(tensor, node.dirty)
        if is_new and output is not None and output.grad_fn is node:
            saved[str(position)] = SavedOutput(output, output.output_number)
        else:
            saved[str(position)] = SavedInput(tensor)
    return saved


def _is_among(tensor: Tensor, tensors: Sequence[Any]) -> bool:
    return any(tensor is each for each in tensors)
