"""What users see of autograd: a tensor's attributes, backward, hooks, detaching, and the grad modes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradcli.autograd import GradMode, SwitchedMode, Tensor, backward, gradients
from gradcli.autograd.node import retain_grad
from gradcli.autograd.state import state
from gradcli.autograd.tensor import Scalar, set_requires_grad
from gradcli.errors import ArgumentError, AutogradError, DTypeMismatch, ShapeMismatch, TypeMismatch, ValueFault
from gradcli.functions.arguments import Shape, Truth, type_name
from gradcli.functions.create import from_nested
from gradcli.functions.declare import function, method
from gradcli.functions.device import device_named
from gradcli.functions.layout import strides
from gradcli.functions.limits import check_length
from gradcli.functions.memory_format import CONTIGUOUS, FORMATS, MemoryFormat, is_in
from gradcli.functions.ndarray import NDArray
from gradcli.functions.registry import NAMESPACES
from gradcli.functions.shape import adjoint_of_matrix, all_reversed, matrix_transposed
from gradcli.lazy import DType, Size, ops, realize, settings
from gradcli.lazy.dtypes import BY_NAME, LIMITS
from gradcli.lazy.shapes import existing_dim

# ── backward ──


def _tensors(value: Any, what: str) -> tuple[Tensor, ...]:
    """One tensor or several, as a tuple."""
    values = value if isinstance(value, (list, tuple)) else (value,)
    for item in values:
        if not isinstance(item, Tensor):
            raise ArgumentError(f"{what} must be a tensor or several, not {type_name(item)}")
    return tuple(values)


def _gradient_list(value: Any) -> list[Tensor | None] | None:
    if value is None:
        return None
    values = value if isinstance(value, (list, tuple)) else (value,)
    return [None if item is None else item if isinstance(item, Tensor) else Tensor(from_nested(item, None)) for item in values]


@method("backward")
def _backward(
    input: Tensor, gradient: Any = None, retain_graph: Truth | None = None, create_graph: Truth = False, inputs: Any = None
) -> None:
    """Add the gradients to `.grad` of the leaves."""
    given = None if gradient is None else _gradient_list([gradient] if not isinstance(gradient, Tensor) else gradient)
    backward([input], given, retain_graph, create_graph, None if inputs is None else _tensors(inputs, "inputs"))


@function(name="backward", namespace="torch.autograd")
def _autograd_backward(
    tensors: Any, grad_tensors: Any = None, retain_graph: Truth | None = None, create_graph: Truth = False, inputs: Any = None
) -> None:
    """Add the gradients of several tensors to `.grad` of the leaves."""
    wanted = None if inputs is None else _tensors(inputs, "inputs")
    backward(_tensors(tensors, "tensors"), _gradient_list(grad_tensors), retain_graph, create_graph, wanted)


@function(name="grad", namespace="torch.autograd")
def _autograd_grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: Truth | None = None,
    create_graph: Truth = False,
    allow_unused: Truth | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of outputs with respect to inputs, leaving `.grad` alone."""
    wanted = _tensors(inputs, "inputs")
    unused = allow_unused if allow_unused is not None else materialize_grads
    found = gradients(_tensors(outputs, "outputs"), wanted, _gradient_list(grad_outputs), retain_graph, create_graph, unused)
    if materialize_grads:
        return tuple(
            Tensor(ops.full(tensor.shape, 0, tensor.dtype)) if gradient is None else gradient
            for tensor, gradient in zip(wanted, found, strict=True)
        )
    return tuple(found)


# ── hooks and retained gradients ──


class HookHandle:
    """What register_hook returns: `remove()` takes the hook away."""

    def __init__(self, hooks: list[Any], entry: Any) -> None:
        self._hooks = hooks
        self._entry = entry

    def __repr__(self) -> str:
        return f"<torch.utils.hooks.RemovableHandle object at {id(self):#x}>"

    def remove(self) -> None:
        """Take the hook away."""
        if self._entry in self._hooks:
            self._hooks.remove(self._entry)


@method("register_hook")
def _register_hook(input: Tensor, hook: Any) -> HookHandle:
    """Call a function with the gradient when it has been computed; what it returns replaces the gradient."""
    if not input.requires_grad:
        raise AutogradError.as_torch("cannot register a hook on a tensor that doesn't require gradient")

    name = getattr(hook, "name", "hook")

    def checked(gradient: Tensor) -> Tensor | None:
        result = hook(gradient)
        if result is not None and not isinstance(result, Tensor):
            message = f"expected Variable, but hook returned '{type_name(result)}'"
            raise TypeMismatch.as_torch(message, hint="a hook returns a tensor, or None to leave the gradient")
        if result is not None and result.dtype is not gradient.dtype:
            was, got = gradient.dtype.tensor_type, result.dtype.tensor_type
            message = f"hook '{name}' has changed the type of value (was torch.{was}Tensor got torch.{got}Tensor)"
            raise DTypeMismatch.as_torch(message)
        if result is not None and result.shape != gradient.shape:
            message = f"hook '{name}' has changed the size of value"
            raise ShapeMismatch.as_torch(message, hint=f"{tuple(gradient.shape)} became {tuple(result.shape)}")
        return result

    if input.grad_fn is None:
        input.hooks = input.hooks if input.hooks is not None else []
        input.hooks.append(checked)
        return HookHandle(input.hooks, checked)
    node = input.grad_fn
    node.hooks = node.hooks if node.hooks is not None else []
    entry = (input.output_number, checked)
    node.hooks.append(entry)
    return HookHandle(node.hooks, entry)


@method("retain_grad")
def _retain_grad(input: Tensor) -> None:
    """Keep the gradient of a tensor that is no leaf in its `.grad`."""
    if not input.requires_grad:
        raise AutogradError.as_torch("can't retain_grad on Tensor that has requires_grad=False")
    retain_grad(input)


# ── leaving the graph ──


@method("detach_", of_torch=True)
def _detach_in_place(input: Tensor) -> Tensor:
    """Take a tensor out of the graph."""
    if input.view_of is not None and not input.view_of.is_alias:
        raise AutogradError.as_torch("Can't detach views in-place. Use detach() instead.")
    input.grad_fn, input.requires_grad, input.output_number = None, False, 0
    return input


@method("requires_grad_")
def _requires_grad_in_place(input: Tensor, requires_grad: bool = True) -> Tensor:
    """Record what is done with this leaf from now on."""
    set_requires_grad(input, requires_grad)
    return input


@function()
def detach(input: Tensor) -> Tensor:
    """The same elements outside of the graph."""
    return input.detach()


# ── numbers out of tensors ──


@method("item")
def _item(input: Tensor) -> Scalar:
    """The value of a tensor with one element, as a number."""
    return input.item()


@method("tolist")
def _tolist(input: Tensor) -> Any:
    """The values as nested lists of numbers."""
    check_length(input.shape.numel())
    return input.tolist()


@method("numpy")
def _numpy(input: Tensor, *, force: bool = False) -> NDArray:
    """The elements as a NumPy array, which shares them: what changes one in place changes the other."""
    if input.requires_grad and not force:
        raise AutogradError.as_torch("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    realize([input.array])
    return NDArray.of(input)


# ── sizes ──


@method("size")
def _size(input: Tensor, dim: int | None = None) -> Any:
    """The shape, or the size of one dimension."""
    return input.shape if dim is None else input.shape[existing_dim(dim, input.ndim)]


@method("stride")
def _stride(input: Tensor, dim: int | None = None) -> Any:
    """How far apart neighbours are in memory, along each dimension."""
    found = strides(input)
    return found if dim is None else found[existing_dim(dim, input.ndim)]


def _numel(input: Tensor) -> int:
    """How many elements a tensor has."""
    return input.shape.numel()


def _dim(input: Tensor) -> int:
    """How many dimensions a tensor has."""
    return input.ndim


@function()
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating one."""
    return input.dtype.is_floating


@function()
def is_complex(input: Tensor) -> bool:
    """Whether elements have an imaginary part: none has one here."""
    return False


@function()
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return LIMITS[input.dtype][0] < 0


@function()
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element of a tensor is not 0."""
    count = input.shape.numel()
    if count != 1:
        which = "more than one value" if count else "no values"
        hint = "use .any() or .all(), or compare one element"
        raise ValueFault.as_torch(f"Boolean value of Tensor with {which} is ambiguous", hint=hint)
    return bool(input.item())


@function()
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape."""
    return input.shape == other.shape


@method("element_size")
def _element_size(input: Tensor) -> int:
    """How many bytes an element takes."""
    return input.dtype.itemsize


@method("is_contiguous")
def _is_contiguous(input: Tensor, *, memory_format: MemoryFormat = CONTIGUOUS) -> bool:
    """Whether rows lie one after the other in memory, or elements in another order."""
    return is_in(input, memory_format)


function(name="numel")(_numel)
method("nelement")(_numel)
method("dim")(_dim)
method("ndimension")(_dim)


# ── attributes ──

ATTRIBUTES: dict[str, Callable[[Tensor], Any]] = {
    "H": adjoint_of_matrix,
    "T": all_reversed,
    "data": Tensor.data,
    "device": lambda tensor: device_named(tensor.device),
    "dtype": lambda tensor: tensor.dtype,
    "grad": lambda tensor: tensor.grad,
    "grad_fn": lambda tensor: tensor.grad_fn,
    "is_cpu": lambda tensor: tensor.device == "cpu",
    "is_cuda": lambda tensor: tensor.device.startswith("cuda"),
    "is_leaf": lambda tensor: tensor.is_leaf,
    "itemsize": lambda tensor: tensor.dtype.itemsize,
    "mH": lambda tensor: matrix_transposed(tensor, "mH"),
    "mT": matrix_transposed,
    "nbytes": lambda tensor: tensor.shape.numel() * tensor.dtype.itemsize,
    "names": lambda tensor: (None,) * tensor.ndim,
    "ndim": lambda tensor: tensor.ndim,
    "output_nr": lambda tensor: tensor.output_number,
    "real": lambda tensor: tensor,
    "requires_grad": lambda tensor: tensor.requires_grad,
    "retains_grad": lambda tensor: tensor.retains_grad,
    "shape": lambda tensor: tensor.shape,
    "_version": lambda tensor: tensor.version,
}


def _set_grad(tensor: Tensor, value: Any) -> None:
    if value is not None and not isinstance(value, Tensor):
        raise TypeMismatch.as_torch(f"assigned grad expected to be a Tensor or None but got grad of type {type_name(value)}")
    if value is not None and value.shape != tensor.shape:
        message = (
            f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size '{list(tensor.shape)}'. "
            "Please ensure that the gradient and the tensor are the same size"
        )
        raise ShapeMismatch.as_torch(message)
    tensor.grad = value


def _set_data(tensor: Tensor, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeMismatch(f".data takes a tensor, not {type_name(value)}")
    if tensor.requires_grad and not value.dtype.is_floating:
        message = "data set to a tensor that requires gradients must be floating point or complex dtype"
        raise AutogradError.as_torch(message, hint="convert it first, for example with .float()")
    tensor.set_data(value)


def _switch_requires_grad(tensor: Tensor, value: Any) -> None:
    if value is True and not tensor.is_leaf:
        message = "you can only change requires_grad flags of leaf variables."
        raise AutogradError.as_torch(message, hint="what is computed from a leaf that requires grad does so itself")
    set_requires_grad(tensor, value)


SETTABLE: dict[str, Callable[[Tensor, Any], None]] = {
    "data": _set_data,
    "grad": _set_grad,
    "requires_grad": _switch_requires_grad,
}


# ── modes, dtypes and other names of torch ──


@function(method=False)
def set_default_dtype(dtype: DType) -> None:
    """Make a floating dtype the default of numbers with a point."""
    if not dtype.is_floating:
        raise TypeMismatch.as_torch("only floating-point types are supported as the default type")
    settings.default_dtype = dtype


@function(method=False)
def no_grad() -> GradMode:
    """A block in which nothing is recorded."""
    return GradMode(False)


@function(method=False)
def inference_mode(mode: bool = True) -> GradMode:
    """A block in which nothing is recorded, as no_grad; what is made in it may be used outside."""
    return GradMode(not mode)


@function(method=False)
def enable_grad() -> GradMode:
    """A block in which operations are recorded again."""
    return GradMode(True)


@function(method=False)
def set_grad_enabled(mode: bool) -> GradMode:
    """Switch recording on or off, at once or for a block."""
    return SwitchedMode(mode)


@function(method=False)
def is_grad_enabled() -> bool:
    """Whether operations are being recorded."""
    return state.grad_enabled


@function(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether a value is a tensor."""
    return isinstance(obj, Tensor)


@function(method=False)
def get_default_dtype() -> DType:
    """The dtype of numbers with a point."""
    return settings.default_dtype


@function(name="Size", method=False)
def _size_from(sizes: Shape) -> Size:
    """A shape."""
    return Size(sizes)


NAMESPACES["torch"].update(BY_NAME, **FORMATS, e=math.e, inf=math.inf, nan=math.nan, newaxis=None, pi=math.pi)
