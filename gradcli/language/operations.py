"""Operators on any values: tensors go to the functions room, NumPy arrays to theirs, plain values to Python's arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradcli import functions
from gradcli.autograd import Tensor, state
from gradcli.errors import (
    ArgumentError,
    GradcliError,
    IndexOutOfRange,
    OperandLabel,
    Related,
    Source,
    Span,
    TypeMismatch,
    ValueFault,
)
from gradcli.functions import ndarray
from gradcli.functions.limits import check_length, collected
from gradcli.functions.ndarray import NDArray
from gradcli.language import arithmetic
from gradcli.language.arithmetic import NOTHING, describe, guarded, is_numeric, mismatch, type_name
from gradcli.language.comparing import equal

Apply = Callable[[Any, Any], Any]

_CONVERTED = {list, tuple, NDArray}
_NUMBERS = {bool, int, float}
_LIST_ARITHMETIC = ("+", "-", "/", "**", "//", "%", "@")


class Place:
    """Where an operation stands in the source, and where its operands do."""

    __slots__ = ("operands", "source", "span")

    def __init__(self, source: Source, span: Span, operands: Sequence[Span]) -> None:
        self.source = source
        self.span = span
        self.operands = operands

    def locate(self, error: GradcliError) -> GradcliError:
        """The error with this place, unless it has one already."""
        if error.source is None:
            if error.span is None:
                error.span = self.span
            labels = [
                (self.operands[label.position], label.label) for label in error.operands if label.position < len(self.operands)
            ]
            error.related = (*error.related, *(Related(span, label) for span, label in labels))
            error.source = self.source
        return error

    def enter(self) -> None:
        """Let the nodes recorded from here on know their piece of the source."""
        state.place = self


class MethodPlace(Place):
    """Where a method is called, whose first operand stands before the dot."""

    __slots__ = ()

    def locate(self, error: GradcliError) -> GradcliError:
        """The error with this place and its sentence for methods, unless it has a place already."""
        if error.source is None and isinstance(error, ArgumentError):
            error.of_method()
        return super().locate(error)


def binary(symbol: str, place: Place) -> Apply:
    """The operator at a place, as a function of its operands."""
    tensor_operation = functions.OPERATORS[symbol]
    number_operation = arithmetic.number_operation(symbol)

    def apply(left: Any, right: Any) -> Any:
        try:
            if type(left) is Tensor:
                state.place = place
                return tensor_operation(left, as_tensor(right) if type(right) in _CONVERTED else right)
            if type(right) is Tensor:
                state.place = place
                return tensor_operation(as_tensor(left) if type(left) in _CONVERTED else left, right)
            if type(left) in _NUMBERS and type(right) in _NUMBERS:
                return number_operation(left, right)
            return other_binary(symbol, left, right)
        except ArgumentError:  # a function's words about its arguments; of an operator, say which operands do not go
            raise place.locate(mismatch(symbol, left, right)) from None
        except GradcliError as error:
            raise place.locate(error) from None
        except TypeError as refusal:
            if type(left) is Tensor or type(right) is Tensor:
                raise  # a fault of ours, not of the program
            raise place.locate(mismatch(symbol, left, right)) from refusal

    return apply


def operate(symbol: str, left: Any, right: Any) -> Any:
    """An operator inside a function such as sum(), whose place is that of the call."""
    if type(left) is Tensor or type(right) is Tensor:
        return functions.OPERATORS[symbol](as_tensor(left), as_tensor(right))
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return arithmetic.number_operation(symbol)(left, right)
    return other_binary(symbol, left, right)


def other_binary(symbol: str, left: Any, right: Any) -> Any:
    """An operator whose operands are neither tensors nor two numbers."""
    if type(left) is NDArray or type(right) is NDArray:
        return ndarray.operate(symbol, left, right)
    result = arithmetic.sequence_operation(symbol, left, right)
    if result is not NotImplemented:
        return result
    has_list = isinstance(left, (list, tuple)) or isinstance(right, (list, tuple))
    if has_list and symbol in _LIST_ARITHMETIC and is_numeric(left) and is_numeric(right):
        return functions.OPERATORS[symbol](as_tensor(left), as_tensor(right))
    hint = "make a string of it with str(), or use an f-string" if isinstance(left, str) or isinstance(right, str) else None
    if left is None or right is None:
        hint = NOTHING
    raise mismatch(symbol, left, right, hint)


def as_tensor(value: Any) -> Any:
    """A numeric list or a NumPy array as a tensor; a number as it is."""
    if isinstance(value, (list, tuple)) or type(value) is NDArray:
        return guarded("tensor", functions.tensor, value)
    return value


def in_place(symbol: str, place: Place) -> Apply:
    """`+=` and its like: tensors, arrays and lists are changed, other values make new ones."""
    plain = binary(symbol[:-1], place)
    tensor_operation = functions.INPLACE_OPERATORS.get(symbol)  # there is none for @=, as in PyTorch

    def apply(target: Any, value: Any) -> Any:
        try:
            if type(target) is Tensor and tensor_operation is not None:
                place.enter()
                return tensor_operation(target, as_tensor(value))
            if type(target) is NDArray:
                return ndarray.operate_in_place(symbol, target, value)
            if type(target) is list and symbol == "+=":
                items = collected(iterate(value))
                check_length(len(target) + len(items))
                target += items
                return target
        except GradcliError as error:
            raise place.locate(error) from None
        return plain(target, value)

    return apply


_UNARY = {"-": "neg", "+": "pos", "~": "invert"}


def unary(symbol: str, place: Place) -> Callable[[Any], Any]:
    """A sign in front of an operand."""
    tensor_operation = functions.UNARY_OPERATORS[_UNARY[symbol]]

    def apply(operand: Any) -> Any:
        try:
            if type(operand) is Tensor:
                place.enter()
                return tensor_operation(operand)
            if type(operand) is NDArray and symbol != "~":
                return ndarray.negate(operand) if symbol == "-" else operand
            if isinstance(operand, (list, tuple)) and is_numeric(operand):
                return tensor_operation(as_tensor(operand))
            return arithmetic.unary(symbol, operand)
        except GradcliError as error:
            raise place.locate(error) from None

    return apply


def comparison(symbol: str, place: Place) -> Apply:
    """One comparison at a place, as a function of its operands."""
    if symbol == "is":
        return lambda left, right: left is right
    if symbol == "is not":
        return lambda left, right: left is not right
    if symbol in ("<", "<=", ">", ">="):
        return binary(symbol, place)
    compare = _COMPARISONS[symbol]

    def apply(left: Any, right: Any) -> Any:
        try:
            if type(left) is Tensor or type(right) is Tensor:
                place.enter()
            return compare(left, right)
        except GradcliError as error:
            raise place.locate(error) from None

    return apply


def _equal(left: Any, right: Any) -> Any:
    return _equality("==", left, right, False)


def _unequal(left: Any, right: Any) -> Any:
    return _equality("!=", left, right, True)


def _equality(symbol: str, left: Any, right: Any, otherwise: bool) -> Any:
    if type(left) is Tensor or type(right) is Tensor:
        if is_numeric(left) or is_numeric(right) or type(left) is type(right) or NDArray in (type(left), type(right)):
            return functions.OPERATORS[symbol](as_tensor(left), as_tensor(right))
        return otherwise
    if type(left) is NDArray or type(right) is NDArray:
        return ndarray.operate(symbol, left, right)
    return equal(left, right) is (symbol == "==")


def _contains(item: Any, container: Any) -> bool:
    if isinstance(container, str) and not isinstance(item, str):
        raise TypeMismatch(f"a string contains strings, not {type_name(item)}", operands=[OperandLabel(0, describe(item))])
    if isinstance(container, range):
        return _in_range(as_index(item), container)
    if isinstance(container, str):
        return item in container
    return any(item is element or truth(_equal(item, element)) for element in iterate(container))


def _in_range(item: Any, numbers: range) -> bool:
    """Whether a number is one of a range, without going through it."""
    if type(item) is Tensor and not item.shape:
        item = item.item()
    if isinstance(item, float) and item.is_integer():
        item = int(item)
    return isinstance(item, int) and item in numbers


def _contains_not(item: Any, container: Any) -> bool:
    return not _contains(item, container)


_COMPARISONS: dict[str, Apply] = {"==": _equal, "!=": _unequal, "in": _contains, "not in": _contains_not}


def truth(value: Any) -> bool:
    """Whether a condition holds."""
    if type(value) is Tensor:
        elements = value.shape.numel()
        if elements != 1:
            count = "no values" if elements == 0 else "more than one value"
            message = f"Boolean value of Tensor with {count} is ambiguous"
            hint = "use .any() or .all(), or compare one element"
            raise ValueFault.as_torch(message, hint=hint, operands=[OperandLabel(0, describe(value))])
        return bool(value.item())
    if type(value) is NDArray:
        if value.array.size != 1:
            raise ValueFault("an array with more than one element is neither true nor false", hint="compare one element")
        return bool(value.array.item())
    return bool(value)


def number(value: Any) -> Any:
    """A tensor or array of one element as its number; other values as they are."""
    if type(value) is Tensor:
        if value.shape.numel() != 1:
            message = "only one element tensors can be converted to Python scalars"
            hint = "reduce it first, for example with sum() or mean(), or index one element"
            raise TypeMismatch.as_torch(message, operands=[OperandLabel(0, describe(value))], hint=hint)
        return value.item()
    return value.array.item() if type(value) is NDArray and value.array.size == 1 else value


def iterate(value: Any) -> Iterator[Any]:
    """The elements of a value, one after the other; a tensor's along its first dimension."""
    if type(value) is Tensor:
        if not value.shape:
            message = "iteration over a 0-d tensor"
            raise TypeMismatch.as_torch(
                message,
                hint="it holds one number: .item() gives it",
                operands=[OperandLabel(0, describe(value))],
            )
        return iter(functions.METHODS["unbind"](value))
    if type(value) is NDArray:
        return iter(value.array.tolist())
    if isinstance(value, (str, list, tuple, range, zip, enumerate)):
        return iter(value)
    raise TypeMismatch(f"{type_name(value)} has no elements to go through", operands=[OperandLabel(0, describe(value))])


def as_index(value: Any) -> Any:
    """A 0-dim integer tensor as the number it holds; anything else as it is."""
    if type(value) is Tensor and not value.shape and not value.dtype.is_floating:
        return value.item()
    return value


def get_item(value: Any, index: Any) -> Any:
    """`value[index]`"""
    if type(value) is Tensor:
        return functions.getitem(value, index)
    if type(value) is NDArray:
        return _array_item(value, index)
    if not isinstance(value, (str, list, tuple, range)):
        hint = "a function is called with round brackets: f(x)" if callable(value) else None
        message = f"{type_name(value)} has no elements to pick by [ ]"
        raise TypeMismatch(message, operands=[OperandLabel(0, describe(value))], hint=hint)
    index = as_index(index)
    try:
        return value[index]
    except IndexError:
        raise _out_of_range(value, index) from None
    except (TypeError, ValueError):
        raise _bad_index(value, index) from None


def _array_item(value: NDArray, index: Any) -> Any:
    try:
        item = value.array[index]
    except IndexError as refusal:
        raise IndexOutOfRange(str(refusal), operands=[OperandLabel(0, describe(value))]) from None
    except (TypeError, ValueError):
        raise _bad_index(value, index) from None
    if not getattr(item, "shape", ()):
        return item.item()
    try:
        return NDArray.of(functions.getitem(value.tensor, index))
    except GradcliError:  # a step backwards, for example, which no view of a tensor has
        return NDArray(item)


def set_item(value: Any, index: Any, new: Any) -> None:
    """`value[index] = new`"""
    if type(value) is Tensor:
        functions.setitem(value, index, as_tensor(new))
        return
    if type(value) is NDArray:
        ndarray.set_item(value, index, new)
        return
    if type(value) is not list:
        hint = "make a list of it with list()" if isinstance(value, (str, tuple)) else None
        raise TypeMismatch(
            f"elements of {type_name(value)} cannot be assigned to", hint=hint, operands=[OperandLabel(0, describe(value))]
        )
    index = as_index(index)
    try:
        if isinstance(index, slice):
            items = collected(iterate(new))
            check_length(len(value) + len(items))
            value[index] = items
        else:
            value[index] = new
    except IndexError:
        raise _out_of_range(value, index) from None
    except (TypeError, ValueError):
        raise _bad_index(value, index) from None


def delete_item(value: Any, index: Any) -> None:
    """`del value[index]`"""
    if type(value) is not list:
        raise TypeMismatch(f"elements of {type_name(value)} cannot be deleted", operands=[OperandLabel(0, describe(value))])
    try:
        del value[as_index(index)]
    except IndexError:
        raise _out_of_range(value, index) from None
    except (TypeError, ValueError):
        raise _bad_index(value, index) from None


def _out_of_range(value: Any, index: Any) -> IndexOutOfRange:
    label = f"this has {len(value)} element{'' if len(value) == 1 else 's'}"
    return IndexOutOfRange(
        f"index {index} is out of range", operands=[OperandLabel(0, label)], hint="the first index is 0, the last is -1"
    )


def _bad_index(value: Any, index: Any) -> TypeMismatch:
    message = f"{type_name(value)} is indexed by integers and slices, not by {type_name(index)}"
    hint = "a tensor takes several indexes: tensor(x)[i, j]" if isinstance(index, tuple) else None
    return TypeMismatch(message, operands=[OperandLabel(1, describe(index))], hint=hint)
