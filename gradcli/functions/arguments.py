"""Arguments: what kinds of values parameters take, by the annotation in the declaration, and how a call is bound to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Operand as Operand
from gradcli.errors import ArgumentError, OperandLabel, ValueFault, close_matches
from gradcli.functions.device import available_device
from gradcli.functions.memory_format import MemoryFormat
from gradcli.lazy import DType

# The annotations that declarations use, besides Operand.
AnyFunction = Callable[..., Any]
Dims = int | Sequence[int] | None
Lengths = Sequence[int]  # not one alone
Shape = Sequence[int]
Sizes = int | Sequence[int]
Tensors = Sequence[Tensor]
Truth = bool  # or a whole number: what PyTorch asks in Python rather than in C++

REQUIRED = object()

#: Other spellings of a parameter: those of NumPy that PyTorch accepts, and names that one of its overloads has.
OTHER_NAMES = {
    "A": ("input",),
    "dim": ("axis",),
    "dim0": ("axis0",),
    "dim1": ("axis1",),
    "dims": ("axes",),
    "indices_or_sections": ("indices", "sections", "tensor_indices_or_sections"),
    "input": ("x", "self", "A"),
    "keepdim": ("keepdims",),
    "split_size_or_sections": ("split_size",),
    "x": ("input",),
}


def type_name(value: object) -> str:
    """What PyTorch's messages call the type of a value; our own classes that stand for others say so in `type_name`."""
    name: str = getattr(value, "type_name", type(value).__name__)
    return name


#: An integer with more bits is beyond the floating-point numbers, and of no use as a number in a call.
MOST_BITS = 1023


def _is_number(value: object) -> bool:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise ValueFault.as_torch("int too big to convert", hint="write it with a point to make it floating")
    return isinstance(value, (bool, int, float))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _as_int(value: object) -> int | None:
    """An integer, also from a 0-dim integer tensor, as PyTorch takes it."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not -(2**63) <= value < 2**63:
            raise ValueFault.as_torch("Overflow when unpacking long long")
        return value
    if isinstance(value, Tensor) and not value.dtype.is_floating and value.shape.numel() == 1:
        return int(value.item())
    return None


def _is_index(value: object) -> bool:
    return _as_int(value) is not None


def _ints(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, (list, tuple)):
        return None
    ints = [_as_int(item) for item in value]
    return tuple(item for item in ints if item is not None) if None not in ints else None


def _coerce_dims(value: Any) -> Any:
    if value is None:
        return None
    single = _as_int(value)
    return single if single is not None else _ints(value)


def _coerce_float(value: Any) -> Any:
    if isinstance(value, Tensor) and value.shape.numel() == 1 and not value.requires_grad:
        return float(value.item())
    return value if _is_number(value) else None


def _coerce_tensors(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) and all(isinstance(item, Tensor) for item in value) else None


def _number_or_item(value: Any) -> Any:
    if _is_number(value):
        return value
    return value.item() if isinstance(value, Tensor) and value.shape.numel() == 1 and not value.requires_grad else None


def _operand(value: Any) -> Any:
    return value if isinstance(value, Tensor) or _is_number(value) else None


#: Annotation -> (what PyTorch calls it, the coercion: None where the value is of the wrong kind).
KINDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "Any": ("object", lambda value: value),
    "AnyFunction": ("function", lambda value: value if callable(value) else None),
    "DType": ("torch.dtype", lambda value: value if isinstance(value, DType) else None),
    "Device": ("torch.device", available_device),
    "Dims": ("tuple of ints", _coerce_dims),
    "Lengths": ("tuple of ints", _ints),
    "MemoryFormat": ("torch.memory_format", lambda value: value if isinstance(value, MemoryFormat) else None),
    "Operand": ("Tensor", _operand),
    "Scalar": ("Number", _number_or_item),
    "Shape": ("tuple of ints", lambda value: _ints(value) if not _is_int(value) else (value,)),
    "Sizes": ("tuple of ints", _coerce_dims),
    "Tensor": ("Tensor", lambda value: value if isinstance(value, Tensor) else None),
    "Tensors": ("tuple of Tensors", _coerce_tensors),
    "Truth": ("bool", lambda value: bool(value) if isinstance(value, int) else None),
    "bool": ("bool", lambda value: value if isinstance(value, bool) else None),
    "float": ("float", _coerce_float),
    "int": ("int", _as_int),
    "str": ("str", lambda value: value if isinstance(value, str) else None),
}


#: The kind of all values of a variadic parameter, by the annotation of one.
VARIADIC = {"int": "Shape", "Tensor": "Tensors"}


class Parameter:
    """A parameter of a declared function: its name, its kind and its default."""

    __slots__ = ("coerce", "default", "expected", "is_keyword_only", "is_optional", "is_variadic", "kind", "name")

    def __init__(
        self, name: str, annotation: str, default: object = REQUIRED, is_keyword_only: bool = False, is_variadic: bool = False
    ) -> None:
        self.name = name
        self.kind = annotation.removesuffix(" | None")
        self.is_optional = annotation.endswith(" | None")
        self.default = default
        self.is_keyword_only = is_keyword_only
        self.is_variadic = is_variadic
        self.expected, self.coerce = KINDS[self.kind]


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a declaration, read off its Python signature."""
    code = function.__code__
    positional = code.co_argcount
    names = code.co_varnames[: positional + code.co_kwonlyargcount]
    defaults: dict[str, object] = dict(zip(reversed(names[:positional]), reversed(function.__defaults__ or ()), strict=False))
    defaults.update(function.__kwdefaults__ or {})
    annotations = function.__annotations__
    parameters = [
        Parameter(name, annotations[name], defaults.get(name, REQUIRED), position >= positional)
        for position, name in enumerate(names)
    ]
    if code.co_flags & 0x04:  # *args
        name = code.co_varnames[len(names)]
        annotation: str = annotations[name]
        least = REQUIRED if annotation == "int" else ()  # of numbers there must be one, or an empty tuple
        parameters.insert(positional, Parameter(name, VARIADIC.get(annotation, annotation), least, False, True))
    return tuple(parameters)


def bind(function_name: str, parameters: Sequence[Parameter], arguments: Sequence[Any], keywords: Mapping[str, Any]) -> list[Any]:
    """The values of all parameters in order, checked and coerced; a variadic one becomes a tuple."""
    bound: list[Any] = []
    position = 0
    remaining = dict(keywords) if keywords else {}
    if remaining.get("out", REQUIRED) is None:  # PyTorch's functions take a tensor to write to, and None for none
        del remaining["out"]
    if len(arguments) > len(parameters) and not any(parameter.is_variadic for parameter in parameters):
        raise _beyond(function_name, parameters, arguments)
    for parameter in parameters:
        is_missing = position >= len(arguments) and parameter.name not in remaining
        if parameter.is_variadic and not (is_missing and parameter.default is REQUIRED):
            start, values = position, arguments[position:]
            position = len(arguments)
            if len(values) == 1 and isinstance(values[0], (list, tuple)):
                values = values[0]
            elif not values and parameter.name in remaining:
                values = remaining.pop(parameter.name)
            single = values[0] if len(values) == 1 else None  # the value at fault, if it is of the wrong kind
            bound.append(_checked(function_name, parameter, tuple(values), start, single))
        elif position < len(arguments) and not parameter.is_keyword_only:
            bound.append(_checked(function_name, parameter, arguments[position], position))
            position += 1
        else:
            bound.append(_keyword(function_name, parameters, parameter, remaining, arguments, keywords))
    if position < len(arguments):
        raise _beyond(function_name, parameters, arguments)
    for name in remaining:
        raise _unwanted(function_name, parameters, name)
    return bound


def _fault(message: str, as_method: str, **more: Any) -> ArgumentError:
    error = ArgumentError.as_torch(message, **more)
    error.as_method = as_method
    return error


def _beyond(function_name: str, parameters: Sequence[Parameter], arguments: Sequence[Any]) -> ArgumentError:
    """The error for more arguments than there are parameters."""
    return _fault(
        _too_many(function_name, parameters, len(arguments)),
        _too_many(function_name, parameters[1:], len(arguments) - 1),
        operands=[OperandLabel(sum(not parameter.is_keyword_only for parameter in parameters), "one too many")],
        hint=_signature_hint(function_name, parameters),
    )


def _too_many(function_name: str, parameters: Sequence[Parameter], given: int) -> str:
    """The same in PyTorch's words."""
    if not parameters:
        return f"TensorBase.{function_name}() takes no arguments ({given} given)"
    positional = [parameter for parameter in parameters if not parameter.is_keyword_only]
    least, most = sum(parameter.default is REQUIRED for parameter in positional), len(positional)
    count = f"{most}" if least == most else f"from {least} to {most}"
    takes = f"{function_name}() takes {count} positional argument{'' if count == '1' else 's'}"
    return f"{takes} but {given} {'was' if given == 1 else 'were'} given"


def _unwanted(function_name: str, parameters: Sequence[Parameter], name: str) -> ArgumentError:
    """The error for a keyword that names no parameter, or one that has its value already."""
    names = [parameter.name for parameter in parameters]
    if name in names:
        return ArgumentError.as_torch(f"{function_name}() got multiple values for argument '{name}'")
    message = f"{function_name}() got an unexpected keyword argument '{name}'"
    return _fault(
        message,
        message if len(parameters) > 1 else f"TensorBase.{function_name}() takes no keyword arguments",
        hint=_signature_hint(function_name, parameters),
        did_you_mean=close_matches(name, names),
    )


def _missing(function_name: str, parameters: Sequence[Parameter], first: Parameter, keywords: Mapping[str, Any]) -> ArgumentError:
    """The error for parameters without a value, from the first one on."""
    following = parameters[list(parameters).index(first) :]
    missing = [parameter.name for parameter in following if parameter.default is REQUIRED and parameter.name not in keywords]
    quoted = ", ".join(f'"{name}"' for name in missing)
    what = "arguments" if len(missing) == 1 else "argument"  # in PyTorch's words
    message = f"{function_name}() missing {len(missing)} required positional {what}: {quoted}"
    return ArgumentError.as_torch(message, hint=_signature_hint(function_name, parameters))


def _keyword(
    function_name: str,
    parameters: Sequence[Parameter],
    parameter: Parameter,
    remaining: dict[str, Any],
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
) -> Any:
    name = parameter.name
    if name not in remaining:
        name = next((other for other in OTHER_NAMES.get(name, ()) if other in remaining), name)
    if name in remaining:
        operand = len(arguments) + list(keywords).index(name)
        return _checked(function_name, parameter, remaining.pop(name), operand, is_keyword=True)
    if parameter.default is REQUIRED:
        raise _missing(function_name, parameters, parameter, keywords)
    return parameter.default


def _checked(
    function_name: str, parameter: Parameter, value: Any, operand: int, culprit: Any = None, is_keyword: bool = False
) -> Any:
    if value is None and (parameter.is_optional or parameter.default is None):
        return None
    coerced = parameter.coerce(value)
    value = value if culprit is None else culprit
    if coerced is None and not (parameter.kind in ("Any", "Dims") and value is None):
        raise _of_wrong_kind(function_name, parameter, value, operand, is_keyword)
    return coerced


def _of_wrong_kind(function_name: str, parameter: Parameter, value: Any, operand: int, is_keyword: bool) -> ArgumentError:
    """The error for a value that the parameter does not take."""
    items = value if isinstance(value, (list, tuple)) else ()
    fits: Callable[[Any], bool] = (lambda item: isinstance(item, Tensor)) if parameter.kind == "Tensors" else _is_index
    culprit, kind = next(((place, type_name(item)) for place, item in enumerate(items) if not fits(item)), (0, ""))

    def sentence(position: int) -> str:
        if kind and parameter.kind == "Tensors":
            return f"expected Tensor as element {culprit} in argument {position}, but got {kind}"
        place = "" if is_keyword else f" (position {position + 1})"
        argument = f"{function_name}(): argument '{parameter.name}'"
        if kind and parameter.expected == "tuple of ints":
            if culprit:
                fault = f'"type must be tuple of ints,but got {kind}"'
                return f"{argument} failed to unpack the object at pos {culprit + 1} with error {fault}"
            return f"{argument}{place} must be tuple of ints, but found element of type {kind} at pos 0"
        return f"{argument}{place} must be {parameter.expected}, not {type_name(value)}"

    is_numeric = isinstance(value, (list, tuple, int, float))
    hint = "make a tensor of it: tensor(...)" if parameter.kind == "Tensor" and is_numeric else None
    if parameter.kind == "Tensors" and isinstance(value, Tensor):
        hint = f"the tensors stand in brackets: {function_name}([x, y])"
    labels = [OperandLabel(operand, f"this is {type_name(value)}")]
    return _fault(sentence(operand), sentence(operand - 1), operands=labels, hint=hint)


def _signature_hint(function_name: str, parameters: Sequence[Parameter]) -> str:
    return f"its signature is {signature_text(function_name, parameters)}"


def signature_text(function_name: str, parameters: Sequence[Parameter]) -> str:
    """The signature as PyTorch's documentation writes it: `sum(input, dim=None, keepdim=False, *, dtype=None)`.

    A parameter with a leading underscore is taken, for the sake of PyTorch's callers, but not shown.
    """
    pieces: list[str] = []
    for parameter in parameters:
        if parameter.name.startswith("_"):
            continue
        if parameter.is_keyword_only and "*" not in pieces and not any(piece.startswith("*") for piece in pieces):
            pieces.append("*")
        if parameter.is_variadic:
            pieces.append(f"*{parameter.name}")
        else:
            pieces.append(parameter.name if parameter.default is REQUIRED else f"{parameter.name}={parameter.default!r}")
    return f"{function_name}({', '.join(pieces)})"
