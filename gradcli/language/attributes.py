"""Attributes: for each kind of value the names that the language lets through; there are no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from gradcli import functions
from gradcli.autograd import Node, Tensor
from gradcli.autograd.own import OwnNode
from gradcli.errors import TypeMismatch, UnknownAttribute, close_matches
from gradcli.functions import ReturnTuple, ndarray
from gradcli.functions.device import Device
from gradcli.functions.limits import check_length, collected
from gradcli.functions.number_limits import NumberLimits
from gradcli.functions.surface import HookHandle
from gradcli.language.absent import instead_of_member
from gradcli.language.arithmetic import NOTHING, guarded, type_name
from gradcli.language.comparing import positions
from gradcli.language.values import UNBOUND, BoundMethod, Builtin, Namespace, OwnFunction
from gradcli.lazy import DType, Size

Table = dict[str, Callable[..., Any]]


def _joined(separator: str, items: Any) -> str:
    texts = collected(items)
    check_length(sum(len(text) for text in texts if isinstance(text, str)) + len(separator) * len(texts))
    return separator.join(texts)


def _replaced(text: str, old: str, new: str, count: int = -1) -> str:
    check_length(len(text) + text.count(old) * max(len(new) - len(old), 0))
    return text.replace(old, new, count)


def _padded(method: Callable[..., str]) -> Callable[..., str]:
    def pad(text: str, width: int, *fill: str) -> str:
        check_length(width)
        return method(text, width, *fill)

    return pad


def _appended(target: list[Any], item: Any) -> None:
    check_length(len(target) + 1)
    target.append(item)


def _inserted(target: list[Any], position: int, item: Any) -> None:
    check_length(len(target) + 1)
    target.insert(position, item)


def _count(items: list[Any] | tuple[Any, ...], value: Any) -> int:
    return sum(1 for _ in positions(items, value))


def _index(items: list[Any] | tuple[Any, ...], value: Any, *bounds: int) -> int:
    found = next(positions(items, value, *bounds), None)
    if found is None:
        raise ValueError(f"the value is not in the {type(items).__name__}")
    return found


def _removed(target: list[Any], value: Any) -> None:
    found = next(positions(target, value), None)
    if found is None:
        raise ValueError("list.remove(x): x not in list")
    del target[found]


def _extended(target: list[Any], items: Iterable[Any]) -> None:
    added = collected(items)
    check_length(len(target) + len(added))
    target.extend(added)


_STRING: Table = {
    "capitalize": str.capitalize,
    "center": _padded(str.center),
    "count": str.count,
    "endswith": str.endswith,
    "find": str.find,
    "join": _joined,
    "ljust": _padded(str.ljust),
    "lower": str.lower,
    "lstrip": str.lstrip,
    "replace": _replaced,
    "rjust": _padded(str.rjust),
    "rstrip": str.rstrip,
    "split": str.split,
    "splitlines": str.splitlines,
    "startswith": str.startswith,
    "strip": str.strip,
    "title": str.title,
    "upper": str.upper,
    "zfill": _padded(str.zfill),
}
_LIST: Table = {
    "append": _appended,
    "clear": list.clear,
    "copy": list.copy,
    "count": _count,
    "extend": _extended,
    "index": _index,
    "insert": _inserted,
    "pop": list.pop,
    "remove": _removed,
    "reverse": list.reverse,
}
_TUPLE: Table = {"count": _count, "index": _index}

#: Nodes that PyTorch's engine defines itself, under a name with its namespace.
_NODES_OF_THE_ENGINE = frozenset({"AccumulateGrad", "CopyBackwards", "CopySlices"})

_NODE: Table = {"name": lambda node: f"torch::autograd::{node.name}" if node.name in _NODES_OF_THE_ENGINE else node.name}

#: Methods of values that are not tensors.
_METHODS: dict[type, Table] = {
    HookHandle: {"remove": HookHandle.remove},
    Node: _NODE,
    OwnFunction: {"apply": OwnFunction.apply},
    OwnNode: {
        **_NODE,
        "mark_dirty": OwnNode.mark_dirty,
        "mark_non_differentiable": OwnNode.mark_non_differentiable,
        "save_for_backward": OwnNode.save_for_backward,
        "set_materialize_grads": OwnNode.set_materialize_grads,
    },
    Size: {**_TUPLE, "numel": Size.numel},
    float: {"is_integer": float.is_integer},
    list: _LIST,
    ndarray.NDArray: ndarray.METHODS,
    str: _STRING,
    tuple: _TUPLE,
}

_NODE_ATTRIBUTES: Table = {"next_functions": lambda node: node.next_functions, "variable": lambda node: node.variable}

#: Attributes of values that are not tensors.
_ATTRIBUTES: dict[type, Table] = {
    Device: {"index": lambda device: device.index, "type": lambda device: device.type},
    DType: {"is_floating_point": lambda dtype: dtype.is_floating, "itemsize": lambda dtype: dtype.itemsize},
    Node: _NODE_ATTRIBUTES,
    OwnNode: {
        **_NODE_ATTRIBUTES,
        "needs_input_grad": lambda node: node.needs_input_grad,
        "saved_tensors": lambda node: node.saved_tensors,
    },
    ndarray.NDArray: ndarray.ATTRIBUTES,
}


def get_attribute(value: Any, name: str) -> Any:
    """The attribute or bound method of a value."""
    kind = type(value)
    if kind is Tensor:
        reader = functions.ATTRIBUTES.get(name)
        if reader is not None:
            return reader(value)
    elif kind is Namespace:
        member = value.find(name, UNBOUND)
        if member is not UNBOUND:
            return member
    elif kind in (NumberLimits, OwnNode) and name in value.attributes:
        return value.attributes[name]
    elif kind is ReturnTuple and name in value.fields:
        return value[value.fields.index(name)]
    elif name in _ATTRIBUTES.get(kind, ()):
        return _ATTRIBUTES[kind][name](value)
    method = find_method(value, name)
    if method is not None:
        return BoundMethod(value, name, method)
    raise unknown(value, name)


_method_of_tensors = cache(functions.METHODS.get)


def find_method(value: Any, name: str) -> Callable[..., Any] | None:
    """The function behind a method of a value, which takes the value first."""
    kind = type(value)
    if kind is Tensor:
        return _method_of_tensors(name)
    method = _METHODS.get(kind, _TUPLE if isinstance(value, tuple) else {}).get(name)
    if method is None:
        return None
    return Builtin(name, lambda *arguments, **keywords: guarded(name, method, *arguments, **keywords))


def set_attribute(value: Any, name: str, new: Any) -> None:
    """`value.name = new`: tensors have a few attributes that can be assigned to, and a ctx takes any."""
    if type(value) is OwnNode:
        if name in _ATTRIBUTES[OwnNode] or name in _METHODS[OwnNode]:
            raise TypeMismatch(f"{name} of a ctx cannot be assigned to", hint="give what you keep another name")
        value.attributes[name] = new
        return
    if type(value) is Tensor:
        setter = functions.SETTABLE.get(name)
        if setter is not None:
            setter(value, new)
            return
        hint = f"these can: {', '.join(sorted(functions.SETTABLE))}"
        if name in functions.ATTRIBUTES or name in functions.METHODS:
            raise TypeMismatch(f"the attribute {name} of a Tensor cannot be assigned to", hint=hint)
        raise UnknownAttribute(
            f"Tensor has no attribute {name}", hint=hint, did_you_mean=close_matches(name, sorted(functions.SETTABLE))
        )
    raise TypeMismatch(
        f"attributes of {type_name(value)} cannot be assigned to", hint="only those of tensors can, such as x.grad = None"
    )


def unknown(value: Any, name: str) -> UnknownAttribute:
    """The error for a name that the value does not have."""
    owner = value.name if type(value) is Namespace else type_name(value)
    message = f"{owner} has no {name}" if type(value) is Namespace else f"{owner} has no attribute or method {name}"
    hint = instead_of_member(owner, name)
    if type(value) in (list, tuple, int, float) and (name in functions.METHODS or name in functions.ATTRIBUTES):
        hint = "tensors have it: tensor(...) makes one of numbers and lists"
    if value is None:
        hint = NOTHING
    if name.startswith("__"):
        hint = "names with two underscores are not reachable"
    matches = () if hint else close_matches(name, names_of(value))
    if owner == "numpy" and name in functions.NAMESPACES["torch"]:
        matches = (f"torch.{name}",)
    return UnknownAttribute(message, did_you_mean=matches, hint=hint)


def names_of(value: Any) -> list[str]:
    """All attributes and methods that a value has in the language."""
    kind = type(value)
    if kind is Tensor:
        return [*functions.ATTRIBUTES, *functions.METHODS]
    if kind is Namespace:
        return list(value.members)
    fields = value.fields if kind is ReturnTuple else value.attributes if kind in (NumberLimits, OwnNode) else ()
    return [*fields, *_ATTRIBUTES.get(kind, ()), *_METHODS.get(kind, _TUPLE if isinstance(value, tuple) else ())]
