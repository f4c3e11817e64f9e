"""The text that PyTorch prints for a value, character for character (addresses aside)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from gradcli.autograd.tensor import Tensor
from gradcli.functions.limits import check_length
from gradcli.functions.results import ReturnTuple
from gradcli.lazy.settings import settings

if TYPE_CHECKING:
    import numpy as np

    from gradcli.lazy.dtypes import DType

LINE_WIDTH: Final = 80
PRECISION: Final = 4
SUMMARY_THRESHOLD: Final = 1000  # a tensor of more elements than this shows only its edges
MOST_DEPTH: Final = 3  # of lists whose items stand below each other
EDGE_ITEMS: Final = 3  # how many elements of an axis are shown at each edge
INT64_OR_BOOL: Final = ("int64", "bool")  # dtypes that the elements themselves give away

Element = float | int


def tensor_text(
    value: np.ndarray,
    dtype: DType,
    *,
    grad_fn: str | None = None,
    requires_grad: bool = False,
    device: str = "cpu",
    default_dtype: DType | None = None,
    line_width: int = LINE_WIDTH,
) -> str:
    """`tensor(...)` as PyTorch writes it; the default dtype, the session's if none is given, is not mentioned."""
    prefix = "tensor("
    default = (default_dtype or settings.default_dtype).name
    suffixes = [] if device == "cpu" else [f"device='{device}'"]
    if value.size == 0:
        elements = "[]"
        if value.ndim != 1:
            suffixes.append(f"size={tuple(value.shape)}")
        is_implied = dtype.name == default
    else:
        elements = elements_text(value, len(prefix), line_width)
        is_implied = dtype.name == default or dtype.name in INT64_OR_BOOL
    if not is_implied:
        suffixes.append(f"dtype={dtype}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return _with_suffixes(prefix + elements, suffixes, len(prefix), line_width)


def elements_text(value: np.ndarray, indent: int, line_width: int = LINE_WIDTH, threshold: int = SUMMARY_THRESHOLD) -> str:
    """The nested brackets of a tensor with at least one element, of which the first line is indented by `indent`."""
    is_summary = value.size > threshold
    shown = _edges(value) if is_summary else value
    texts, width = _element_texts(shown)
    if value.ndim == 0:
        return texts[0]
    per_line = max(1, (line_width - indent - value.ndim + 1) // (width + 2))
    return _brackets(iter(texts), value.shape, indent, per_line, is_summary)


def _edges(value: np.ndarray) -> np.ndarray:
    """The elements that a summary shows: of every long axis the first and the last few."""
    import numpy as np

    edges = [*range(EDGE_ITEMS), *range(-EDGE_ITEMS, 0)]
    shown: np.ndarray = value[np.ix_(*(edges if size > 2 * EDGE_ITEMS else range(size) for size in value.shape))]
    return shown


def _element_texts(shown: np.ndarray) -> tuple[list[str], int]:
    """The text of each element, all padded to one width, and that width."""
    elements: list[Element] = shown.ravel().tolist()
    if shown.dtype.kind != "f":
        texts = [str(element) for element in elements]
        width = max(map(len, texts))
    else:
        write = _float_writer(elements)
        texts = [write(element) for element in elements]
        width = max(
            (len(text) for text, element in zip(texts, elements, strict=True) if element != 0 and isfinite(element)), default=1
        )
    return [text.rjust(width) for text in texts], width


def _float_writer(elements: Sequence[Element]) -> Callable[[Element], str]:
    """How all floats of a tensor are written: as integers with a point, with four digits, or in scientific notation."""
    magnitudes = [abs(element) for element in elements if element != 0 and isfinite(element)]
    if not magnitudes:
        return _as_integer
    smallest, largest = min(magnitudes), max(magnitudes)
    if largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4:
        return f"{{:.{PRECISION}e}}".format
    if all(magnitude % 1 == 0 for magnitude in magnitudes):
        return _as_integer
    return f"{{:.{PRECISION}f}}".format


def _as_integer(element: Element) -> str:
    return f"{element:.0f}." if isfinite(element) else f"{element:.0f}"


def _brackets(texts: Iterator[str], shape: Sequence[int], indent: int, per_line: int, is_summary: bool) -> str:
    """Lay out element texts in the order of the array; an axis that is cut short gets an ellipsis between its edges."""
    size = shape[0]
    is_cut = is_summary and size > 2 * EDGE_ITEMS
    count = 2 * EDGE_ITEMS if is_cut else size
    line_start = "\n" + " " * (indent + 1)
    if len(shape) == 1:
        items = [next(texts) for _ in range(count)]
        if is_cut:
            items.insert(EDGE_ITEMS, " ...")
        lines = [", ".join(items[start : start + per_line]) for start in range(0, len(items), per_line)]
        return "[" + ("," + line_start).join(lines) + "]"
    items = [_brackets(texts, shape[1:], indent + 1, per_line, is_summary) for _ in range(count)]
    if is_cut:
        items.insert(EDGE_ITEMS, "...")
    blank_lines = "\n" * (len(shape) - 2)
    return "[" + ("," + blank_lines + line_start).join(items) + "]"


def _with_suffixes(text: str, suffixes: Sequence[str], indent: int, line_width: int) -> str:
    """Append `dtype=...` and the like, on a line of its own where it would not fit by PyTorch's count of characters."""
    parts = [text]
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > line_width:
            parts.append(",\n" + " " * indent + suffix)
            length = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            length += len(suffix) + 2
    return "".join(parts) + ")"


def format_value(value: object) -> str:
    """What `print` shows of a value of the language: a string as it is, everything else as PyTorch, NumPy or Python write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, (Tensor, tuple, list)):
        return represent_value(value)
    return str(value)


def represent_value(value: object) -> str:
    """The `repr` of a value of the language, with PyTorch's text for the tensors inside containers of any depth."""
    parts: list[str] = []
    open_containers: set[int] = set()
    pending: list[Any] = [value]
    length = 0
    while pending:
        if parts:
            length += len(parts[-1])
            check_length(length)  # lists that hold each other many times
        item = pending.pop()
        if type(item) is _Literal:
            parts.append(item.text)
            open_containers.discard(item.closes)
        elif isinstance(item, Tensor):
            parts.append(text_of_tensor(item))
        elif not _is_container(item):
            parts.append(repr(item))
        elif id(item) in open_containers:
            parts.append("[...]" if isinstance(item, list) else "(...)")
        else:
            open_containers.add(id(item))
            pending.extend(reversed(_container_pieces(item)))
    return "".join(parts)


def text_within(value: object, width: int | None) -> str:
    """The text of a value in lines of at most `width` cells; without a width PyTorch's.

    The tensors of a list or tuple that has no room on one line stand below each other. Lines are longer only where a single
    element or name is.
    """
    if width is None:
        return format_value(value)
    if isinstance(value, Tensor):
        return text_of_tensor(value, width)
    return _container_within(value, format_value(value), width, ())


def _container_within(value: object, text: str, width: int, around: tuple[int, ...]) -> str:
    """The text of a value that is no tensor, with what is in it below each other if that holds tensors and is too long.

    `around` are the identities of the containers that it is in, of which it may be one.
    """
    is_short = "\n" not in text and len(text) <= width
    if is_short or not isinstance(value, (list, tuple)) or "tensor(" not in text:
        return text
    if id(value) in around or len(around) == MOST_DEPTH:
        return text
    opening, separator, closing, labels = _container_marks(value)
    indent = "" if opening.endswith("\n") else " "
    items = []
    for label, item in zip(labels, value, strict=True):
        room = width - len(indent + label) - 1
        if isinstance(item, Tensor):
            inner = text_of_tensor(item, room)
        else:
            inner = _container_within(item, represent_value(item), room, (*around, id(value)))
        items.append(label + inner.replace("\n", "\n" + indent))
    return opening + (separator.rstrip() + "\n" + indent).join(items) + closing


class _Literal:
    """A piece of text between the items of a container; `closes` is the container that ends with it."""

    __slots__ = ("closes", "text")

    def __init__(self, text: str, closes: int = 0) -> None:
        self.text = text
        self.closes = closes


def text_of_tensor(tensor: Tensor, width: int | None = None) -> str:
    """The text of a tensor with what autograd knows of it, in lines of PyTorch's width, or of a narrower one."""
    node = tensor.grad_fn
    return tensor_text(
        tensor.numpy(),
        tensor.dtype,
        grad_fn=node.name if node is not None else None,
        requires_grad=tensor.requires_grad,
        device=tensor.device,
        line_width=line_width_within(width, tensor.ndim),
    )


def line_width_within(width: int | None, dimensions: int) -> int:
    """The line width by which no line takes more cells than `width`: PyTorch counts neither closing brackets nor the comma."""
    return LINE_WIDTH if width is None else min(width - dimensions, LINE_WIDTH)


def _is_container(value: object) -> bool:
    """Whether the value is a list, a tuple or named results; a Size writes itself."""
    return type(value) in (list, tuple, ReturnTuple)


def _container_pieces(container: list[Any] | tuple[Any, ...]) -> list[Any]:
    """A container as items to write one after the other: literals, and the items that it holds."""
    opening, separator, closing, labels = _container_marks(container)
    pieces: list[Any] = []
    for label, item in zip(labels, container, strict=True):
        pieces += [_Literal((separator if pieces else opening) + label), item]
    return [*(pieces or [_Literal(opening)]), _Literal(closing, closes=id(container))]


def _container_marks(container: list[Any] | tuple[Any, ...]) -> tuple[str, str, str, list[str]]:
    """What stands before, between and behind the items of a container, and what each is labelled with."""
    if isinstance(container, ReturnTuple):
        return f"{container.name}(\n", ",\n", ")", [f"{field}=" for field in container.fields]
    labels = [""] * len(container)
    if isinstance(container, list):
        return "[", ", ", "]", labels
    return "(", ", ", ",)" if len(container) == 1 else ")", labels
