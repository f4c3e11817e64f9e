"""Every error a user can meet: a class with a code and an exit code, a sentence, spans and a hint.

A lower room raises an error without knowing the source text: it names the *operands* at fault by position.
The interpreter turns operand positions into spans and attaches the source; the command line renders it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Self


class Span(NamedTuple):
    """A half-open range of characters in a source text."""

    start: int
    end: int


class Related(NamedTuple):
    """A second place that explains an error, and what to say there."""

    span: Span
    label: str
    source: Source | None = None  # None: the source of the error itself


class OperandLabel(NamedTuple):
    """An operand at fault, by its position in the call, and what to say about it."""

    position: int
    label: str


class Position(NamedTuple):
    """A place in a source text: 1-based line and 1-based column in characters."""

    line: int
    column: int


class Source:
    """A text that spans point into, and the name it is reported under."""

    __slots__ = ("_line_starts", "name", "text")

    def __init__(self, text: str, name: str = "<expression>") -> None:
        self.text = text
        self.name = name
        self._line_starts: list[int] | None = None

    def _starts(self) -> list[int]:
        if self._line_starts is None:
            starts = [0]
            for index, character in enumerate(self.text):
                if character == "\n":
                    starts.append(index + 1)
            self._line_starts = starts
        return self._line_starts

    def position(self, offset: int) -> Position:
        """The line and column of a character offset."""
        starts = self._starts()
        line = bisect_right(starts, offset)
        return Position(line, offset - starts[line - 1] + 1)

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its newline."""
        starts = self._starts()
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end]

    def piece(self, span: Span) -> str:
        """The text under a span."""
        return self.text[span.start : span.end]


class GradcliError(Exception):
    """The base of every error a user can meet; `code` names the kind, `exit_code` is the process's status."""

    code = "evaluation"
    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        torch_message: str | None = None,
        hint: str | None = None,
        span: Span | None = None,
        related: Sequence[Related] = (),
        operands: Sequence[OperandLabel] = (),
        did_you_mean: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.torch_message = torch_message
        self.hint = hint
        self.span = span
        self.related = tuple(related)
        self.operands = tuple(operands)
        self.did_you_mean = tuple(did_you_mean)
        self.source: Source | None = None

    @classmethod
    def as_torch(
        cls,
        message: str,
        *,
        hint: str | None = None,
        related: Sequence[Related] = (),
        operands: Sequence[OperandLabel] = (),
        did_you_mean: Sequence[str] = (),
    ) -> Self:
        """An error that says what PyTorch says, word for word."""
        return cls(message, torch_message=message, hint=hint, related=related, operands=operands, did_you_mean=did_you_mean)

    def at(self, source: Source, span: Span | None = None) -> Self:
        """The error with its place in a source text; a span that it has already stays."""
        self.source = source
        self.span = self.span or span
        return self


class UsageError(GradcliError):
    """A command line that makes no sense: an unknown option, a malformed binding, a name that --wrt cannot find."""

    code = "usage"
    exit_code = 2


class SyntaxFault(GradcliError):
    """Text that the grammar does not accept."""

    code = "syntax"
    exit_code = 3


class IndentationFault(SyntaxFault):
    """A block whose indentation does not fit the lines around it."""

    code = "indentation"


class NestingTooDeep(SyntaxFault):
    """Brackets, blocks or calls nested beyond the documented limit."""

    code = "nesting-too-deep"


class UnknownName(GradcliError):
    """A name that is bound nowhere and is no function."""

    code = "unknown-name"


class UnknownAttribute(GradcliError):
    """An attribute or method that the value does not have, or that the language does not let through."""

    code = "unknown-attribute"


class ImportRefused(GradcliError):
    """An import of something other than torch, its namespaces and numpy."""

    code = "import-refused"


class ArgumentError(GradcliError):
    """A call with a wrong number or wrong kinds of arguments.

    `as_method` is what PyTorch says if the first argument stood before the dot, where it is not counted.
    """

    code = "argument"
    as_method: str | None = None

    def of_method(self) -> Self:
        """The error of the same call, written as that of a method."""
        if self.as_method is not None:
            self.message, self.torch_message = self.as_method, self.as_method
        return self

    def of_variant(self, name: str, variant: str) -> Self:
        """The error of the same call under the name of a variant of the function."""
        called = f"{name}(", f"{variant}("
        self.message = self.message.replace(*called)
        self.torch_message = self.torch_message and self.torch_message.replace(*called)
        self.as_method = self.as_method and self.as_method.replace(*called)
        return self


class TypeMismatch(GradcliError):
    """An operation on kinds of values that it is not defined for."""

    code = "type-mismatch"


class ValueFault(GradcliError):
    """A value outside of what the operation accepts."""

    code = "value"


class ShapeMismatch(GradcliError):
    """Shapes that do not fit each other."""

    code = "shape-mismatch"


class DTypeMismatch(GradcliError):
    """Element types that the operation does not accept or does not mix."""

    code = "dtype-mismatch"


class DimensionOutOfRange(GradcliError):
    """A dimension number beyond the tensor's dimensions."""

    code = "dimension-out-of-range"


class IndexOutOfRange(GradcliError):
    """An index beyond the size of its dimension."""

    code = "index-out-of-range"


class NotSupported(GradcliError):
    """Something PyTorch can do and gradcli cannot do yet."""

    code = "not-supported"


class AutogradError(GradcliError):
    """A rule of automatic differentiation that was broken."""

    code = "autograd"


class NotScalar(AutogradError):
    """backward() of a tensor with several elements and no gradient for them."""

    code = "not-scalar"


class NoGradRequired(AutogradError):
    """backward() of a tensor that depends on nothing that requires grad."""

    code = "no-grad-required"


class BackwardTwice(AutogradError):
    """A second backward through nodes whose saved values were freed by the first."""

    code = "backward-twice"


class ModifiedInPlace(AutogradError):
    """A value needed for the gradient was changed in place after it was saved."""

    code = "modified-in-place"


class LeafInPlace(AutogradError):
    """An in-place change of a leaf that requires grad."""

    code = "leaf-in-place"


class AssertionFailed(GradcliError):
    """An assert statement or a gradient check that did not hold."""

    code = "assert-failed"
    exit_code = 4


class LimitExceeded(GradcliError):
    """A limit on size, depth, time or memory that was reached."""

    code = "limit"
    exit_code = 5


class DeviceUnavailable(GradcliError):
    """A device or the library for it that is not there."""

    code = "device"
    exit_code = 5


class InputFault(GradcliError):
    """Input data that cannot be read or does not say what it should."""

    code = "input-data"
    exit_code = 6


class OutputFault(GradcliError):
    """Output that cannot be written."""

    code = "output"
    exit_code = 7


def close_matches(word: str, candidates: Sequence[str]) -> tuple[str, ...]:
    """Up to three candidates that the word may be a misspelling of, best first."""
    from difflib import get_close_matches

    by_folded = {candidate.lower(): candidate for candidate in candidates}
    return tuple(by_folded[match] for match in get_close_matches(word.lower(), by_folded, n=3, cutoff=0.7))
