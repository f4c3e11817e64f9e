"""Changing a tensor in place: PyTorch's rules for leaves, views and versions."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.autograd.node import SavedOutput
from gradcli.autograd.state import state
from gradcli.autograd.tensor import Tensor, operators
from gradcli.errors import DTypeMismatch, LeafInPlace, NotSupported, ShapeMismatch


def change_in_place(target: Tensor, operation: Callable[[Tensor], Tensor]) -> Tensor:
    """Give a tensor the value that an operation makes of it; the graph goes on from the operation.

    The operation is given a snapshot, so that a derivative that needs the old value still has it. Aliases and views of
    the tensor show the change, and versions are counted, so that backward notices what was needed and is gone.
    """
    _refuse(target)
    snapshot = Tensor(target.array, target.requires_grad, target.grad_fn, target.output_number)
    result = operation(snapshot)
    if result.shape != target.shape:
        message = f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(result.shape)}"
        raise ShapeMismatch(
            message, torch_message=message, hint="an in-place operation cannot change the shape; write x = x + ... instead"
        )
    if result.dtype is not target.dtype:
        result = _converted(result, target)
    target.version += 1
    if result.requires_grad:
        target.requires_grad = True
        target.grad_fn = result.grad_fn
        target.output_number = result.output_number
        _own_saved_output(result, target)
    target.array = result.array
    _mark(target)
    _propagate(target)
    return target


def _refuse(target: Tensor) -> None:
    is_view = target.view_of is not None and not target.view_of.is_alias
    if state.grad_enabled and target.requires_grad and target.is_leaf:
        message = "a leaf Variable that requires grad is being used in an in-place operation."
        raise LeafInPlace(
            message,
            torch_message=message,
            hint="update it inside `with torch.no_grad():`, or make a new tensor, for example with clone()",
        )
    if is_view:
        assert target.view_of is not None
        base = target.view_of.base
        if state.grad_enabled and base.requires_grad and base.is_leaf:
            message = "a view of a leaf Variable that requires grad is being used in an in-place operation."
            raise LeafInPlace(message, torch_message=message, hint="change a clone() of it")
        raise NotSupported(
            "changing a view in place is not supported yet",
            hint="assign through the base instead, for example x[0] = ..., or change a clone()",
        )


def _converted(result: Tensor, target: Tensor) -> Tensor:
    if result.dtype.kind > target.dtype.kind:
        kinds = (result.dtype.tensor_type, target.dtype.tensor_type)
        message = f"result type {kinds[0]} can't be cast to the desired output type {kinds[1]}"
        raise DTypeMismatch(message, torch_message=message, hint="convert the tensor first, for example with .float()")
    return operators["to"](result, target.dtype)


def _own_saved_output(result: Tensor, target: Tensor) -> None:
    """The operation saved its result, which lives on as the target: later changes of the target must be noticed."""
    import weakref

    assert result.grad_fn is not None
    for saved in result.grad_fn.saved.values():
        if isinstance(saved, SavedOutput) and saved.owner() is result:
            saved.owner = weakref.ref(target)
            saved.version = target.version


def _mark(tensor: Tensor) -> None:
    if state.span is not None and state.source is not None:
        tensor.modified_at = (state.span, state.source)


def _propagate(target: Tensor) -> None:
    """Carry a change to the tensors that show the same elements: to the base of an alias, then to all views."""
    counts = True
    while target.view_of is not None:
        counts = counts and target.view_of.counts_versions
        base = target.view_of.base
        base.array = target.array
        if counts:
            base.version += 1
            _mark(base)
        target = base
    _refresh_views(target, counts)


def _refresh_views(target: Tensor, counts: bool) -> None:
    stack = [target]
    while stack:
        base = stack.pop()
        for reference in base.views or ():
            view = reference()
            if view is None or view.view_of is None:
                continue
            if view.array is not base.array or not view.view_of.is_alias:
                _refresh(view, base, counts)
            stack.append(view)


def _refresh(view: Tensor, base: Tensor, counts: bool) -> None:
    assert view.view_of is not None
    fresh = view.view_of.replay(base)
    view.array = fresh.array
    view.grad_fn, view.output_number = fresh.grad_fn, fresh.output_number
    if not view.view_of.is_alias:
        view.requires_grad = fresh.requires_grad
    if counts and view.view_of.counts_versions:
        view.version += 1
        _mark(view)
