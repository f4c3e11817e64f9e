"""Changing a tensor in place: PyTorch's rules for leaves, views and versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradcli.autograd.node import Node, SavedOutput, retain_grad
from gradcli.autograd.own import OwnNode
from gradcli.autograd.state import GradMode, state
from gradcli.autograd.tensor import Strides, Tensor, operators
from gradcli.errors import AutogradError, DTypeMismatch, LeafInPlace, ShapeMismatch
from gradcli.lazy import LazyArray, Size, look_at, ops
from gradcli.lazy.dtypes import int64


def change_in_place(target: Tensor, operation: Callable[[Tensor], Tensor], uniform: bool = False) -> Tensor:
    """Give a tensor the value that an operation makes of it; the graph goes on from the operation.

    The operation is given a snapshot, so that a derivative that needs the old value still has it. Aliases and views of
    the tensor show the change, and so does what a view is a view of; versions are counted, so that backward notices what
    was needed and is gone. `uniform` says that all elements get the same value, so that it does not matter that some of them
    share a place in memory.
    """
    views = _views_to(target)
    base = _base_of(target, views)
    _refuse_leaf(target, base)
    refuse_overlap(base if uniform else target)
    result = _fitted(operation(_snapshot(target)), target)
    if views:
        result = operators["copy_at"](_snapshot(base), result, _positions(views, base))
    base.version += 1
    if result.requires_grad:
        kept_at = base.grad_fn if base.retains_grad else None
        base.requires_grad = True
        base.grad_fn = result.grad_fn
        base.output_number = result.output_number
        _own_saved_output(result, base)
        if kept_at is not None:
            _retain_anew(base, kept_at)
    base.array = result.array
    _mark(base)
    _propagate(base)
    return target


class Written(NamedTuple):
    """What is written where in memory: places may be named several times, and the last value stays, or all are added."""

    places: Tensor
    value: Tensor
    accumulate: bool = False


def write_through(target: Tensor, operation: Callable[[Tensor], Tensor], write: Callable[[], Written]) -> Tensor:
    """Change a tensor whose elements share places in memory as PyTorch's kernels do that write one element after another.

    The operation on elements with places of their own finds what is wrong with its arguments.
    """
    base = _base_of(target, _views_to(target))
    _refuse_leaf(target, base)
    _fitted(operation(_snapshot(target)), target)
    written = write()
    change_in_place(base, lambda old: operators["write_at"](old, written.value, written.places, written.accumulate))
    return target


def _views_to(target: Tensor) -> list[Tensor]:
    """The chain of views that leads to a tensor, from the first view of its base on; nothing if it is no view."""
    views: list[Tensor] = []
    while target.view_of is not None and not target.view_of.is_alias:
        views.append(target)
        target = target.view_of.base
    views.reverse()
    return views


def _base_of(tensor: Tensor, views: list[Tensor]) -> Tensor:
    return views[0].view_of.base if views and views[0].view_of is not None else tensor


def _snapshot(tensor: Tensor) -> Tensor:
    return Tensor(tensor.array, tensor.requires_grad, tensor.grad_fn, tensor.output_number)


def _positions(views: list[Tensor], base: Tensor) -> Tensor:
    """Where the elements of a view stand in its base, counted through all dimensions: the view of the positions themselves."""
    return _shown(views, _counted(base))


def _counted(tensor: Tensor) -> LazyArray:
    return ops.reshape(ops.arange(0, 1, tensor.shape.numel(), int64), tensor.shape)


def _shown(views: list[Tensor], positions: LazyArray) -> Tensor:
    shown = Tensor(positions)
    with GradMode(False):
        for view in views:
            assert view.view_of is not None
            shown = view.view_of.replay(shown)
    return shown


def places(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """The tensor whose elements a view shows, and where they stand in it."""
    views = _views_to(tensor)
    base = _base_of(tensor, views)
    return base, _positions(views, base)


def places_in_memory(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """What a tensor is a view or an alias of, in the end, and where its elements stand in the memory of that."""
    path, top = _path_up(tensor)
    return top, _shown(path, _counted(top) if top.own_strides is None else stepped(top.shape, top.own_strides, 0))


def stepped(shape: Size, strides: Strides, offset: int) -> LazyArray:
    """Positions in memory from an offset on, with a stride along each dimension."""
    positions = ops.full(shape, offset, int64)
    for axis, (length, step) in enumerate(zip(shape, strides, strict=True)):
        along = Size(length if own == axis else 1 for own in range(len(shape)))
        positions = ops.binary("add", positions, ops.reshape(ops.arange(0, step, length, int64), along))
    return positions


def _path_up(tensor: Tensor) -> tuple[list[Tensor], Tensor]:
    """The views and aliases that lead to a tensor, from the outermost on, and what they all show in the end."""
    path: list[Tensor] = []
    while tensor.view_of is not None:
        path.append(tensor)
        tensor = tensor.view_of.base
    return path[::-1], tensor


def refuse_overlap(target: Tensor) -> None:
    """Refuse to change elements that share a place in memory."""
    if overlaps(target):
        raise overlap()


def overlap() -> AutogradError:
    """The error for a change of elements that share a place in memory."""
    return AutogradError.as_torch(
        "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
        "Please clone() the tensor before performing the operation."
    )


def overlaps(tensor: Tensor) -> bool:
    """Whether elements share a place in memory, as those of an expanded tensor do.

    An alias of a tensor that was expanded counts as if they did: a change of it could not be carried back.
    """
    if not is_expanded(tensor):
        return False
    if any(shown.view_of is not None and shown.view_of.is_alias for shown in _path_up(tensor)[0]):
        return True
    positions = look_at([places(tensor)[1].array])[0]
    return np.unique(positions).size < positions.size


def is_expanded(tensor: Tensor) -> bool:
    """Whether a tensor shows elements of what it is a view of more than once."""
    shown = tensor
    while shown.view_of is not None:
        if shown.shape.numel() > shown.view_of.base.shape.numel():
            return True
        shown = shown.view_of.base
    return False


def _refuse_leaf(target: Tensor, base: Tensor) -> None:
    if state.grad_enabled and target.view_of is not None and target.view_of.leads_nowhere and not base.is_leaf:
        message = (
            "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that this use case "
            "is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace "
            "either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want "
            "the inplace to be tracked)."
        )
        raise AutogradError.as_torch(message)
    if state.grad_enabled and target.view_of is not None and isinstance(target.grad_fn, OwnNode):
        message = (
            f"Output {target.output_number} of {target.grad_fn.definition.name} is a view and is being modified inplace. This "
            "view was created inside a custom Function (or because an input was returned as-is) and the autograd logic to handle "
            "view+inplace would override the custom backward associated with the custom Function, leading to incorrect "
            "gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function."
        )
        raise AutogradError.as_torch(message)
    if state.grad_enabled and base.is_leaf and (base.requires_grad or target.requires_grad):
        what = "a leaf Variable" if target is base else "a view of a leaf Variable"
        message = f"{what} that requires grad is being used in an in-place operation."
        raise LeafInPlace.as_torch(
            message,
            hint="update it inside `with torch.no_grad():`, or make a new tensor, for example with clone()",
        )


def _fitted(result: Tensor, target: Tensor) -> Tensor:
    """A result that can take the place of the target: of its shape, and converted to its dtype."""
    if result.shape != target.shape:
        message = f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(result.shape)}"
        hint = "an in-place operation cannot change the shape; write x = x + ... instead"
        raise ShapeMismatch.as_torch(message, hint=hint)
    return result if result.dtype is target.dtype else _converted(result, target)


def _converted(result: Tensor, target: Tensor) -> Tensor:
    if result.dtype.kind > target.dtype.kind:
        kinds = (result.dtype.tensor_type, target.dtype.tensor_type)
        message = f"result type {kinds[0]} can't be cast to the desired output type {kinds[1]}"
        raise DTypeMismatch.as_torch(message, hint="convert the tensor first, for example with .float()")
    converted = Tensor(ops.cast(result.array, target.dtype))
    node = result.grad_fn
    if node is not None:  # the conversion is part of the operation
        converted.requires_grad, converted.grad_fn, converted.output_number = True, node, result.output_number
        outputs = list(node.outputs)
        outputs[result.output_number] = (target.shape, target.dtype)
        node.outputs = tuple(outputs)
    return converted


def _own_saved_output(result: Tensor, target: Tensor) -> None:
    """The operation saved its result, which lives on as the target: later changes of the target must be noticed."""
    import weakref

    assert result.grad_fn is not None
    for saved in result.grad_fn.saved.values():
        if isinstance(saved, SavedOutput) and saved.owner() is result:
            saved.owner = weakref.ref(target)
            saved.version = target.version


def _retain_anew(tensor: Tensor, before: Node) -> None:
    """A gradient that is kept is that of the tensor as it is now."""
    before.retained = [entry for entry in before.retained or () if entry[1]() is not tensor]
    tensor.retains_grad = False
    retain_grad(tensor)


def _mark(tensor: Tensor) -> None:
    if state.place is not None:
        tensor.modified_at = state.place


def _propagate(changed: Tensor) -> None:
    """Carry a change to all tensors that show the same elements: up to what it is an alias of, then down to all views."""
    path, top = _path_up(changed)
    counts = all(shown.view_of is not None and shown.view_of.counts_versions for shown in path)
    if path:
        with GradMode(False):  # an alias is outside of the graph
            value = Tensor(changed.array)
            top.array = operators["copy_at"](Tensor(top.array), value, _positions(path, top)).array
        if counts:
            top.version += 1
            _mark(top)
    _refresh_views(top, changed, counts)


def _refresh_views(top: Tensor, changed: Tensor, counts: bool) -> None:
    """Make all views below a tensor again, except for the one that was changed and knows its value."""
    stack = [top]
    while stack:
        base = stack.pop()
        for reference in base.views or ():
            view = reference()
            if view is not None:
                if view is not changed:
                    _refresh(view, base, counts)
                stack.append(view)


def _refresh(view: Tensor, base: Tensor, counts: bool) -> None:
    """Make a view again from its changed base; what required grad goes on requiring it."""
    assert view.view_of is not None
    noticed = counts and view.view_of.counts_versions
    with GradMode(noticed and (state.grad_enabled or view.requires_grad)):
        fresh = view.view_of.replay(base)
    view.array = fresh.array
    if not noticed:
        return
    is_own_leaf = view.requires_grad and view.is_leaf and not fresh.requires_grad
    view.grad_fn, view.output_number = fresh.grad_fn, fresh.output_number
    if not view.view_of.is_alias:
        view.requires_grad, view.view_of.leads_nowhere = fresh.requires_grad or is_own_leaf, False
        if fresh.grad_fn is not None:
            fresh.grad_fn.name = "AsStridedBackward0"  # as PyTorch calls it, whichever function made the view
    view.version += 1
    _mark(view)
