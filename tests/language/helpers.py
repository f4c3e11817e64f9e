"""What the language's tests share: a host that collects what a program shows."""

from __future__ import annotations

from typing import Any

from gradcli.engine.whole import evaluate
from gradcli.errors import GradcliError
from gradcli.language import Interpreter, parse
from gradcli.lazy import settings
from gradcli.report.torch_text import format_value, represent_value


class CollectingHost:
    """Keeps displayed values and printed text."""

    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.printed = ""

    def display(self, value: Any, statement: Any) -> None:
        """Keep the value."""
        self.shown.append(value)

    def write(self, text: str) -> None:
        """Keep the text."""
        self.printed += text

    def text(self, value: Any) -> str:
        """PyTorch's text."""
        return format_value(value)

    def representation(self, value: Any) -> str:
        """PyTorch's text, with strings quoted."""
        return represent_value(value)


def run(text: str, **scope: Any) -> CollectingHost:
    """Run a program and give back what it showed."""
    host = CollectingHost()
    settings.evaluator = evaluate
    Interpreter(host, scope).run(parse(text))
    return host


def value_of(text: str, **scope: Any) -> Any:
    """The value of a program's last expression."""
    settings.evaluator = evaluate
    return Interpreter(CollectingHost(), scope).evaluate_last(parse(text))


def plain(text: str, **scope: Any) -> Any:
    """The value of a program's last expression, tensors as lists."""
    value = value_of(text, **scope)
    return value.tolist() if hasattr(value, "tolist") else value


def failure(text: str, **scope: Any) -> GradcliError:
    """The error that a program ends with."""
    try:
        run(text, **scope)
    except GradcliError as error:
        return error
    raise AssertionError("the program did not fail")


def described(error: GradcliError) -> str:
    """An error with all its places, as the expectations in `wrong/` are written."""
    assert error.source is not None and error.span is not None
    lines = [f"{error.code}: {error.message}", _place("at", error.source, error.span)]
    for related in error.related:
        lines.append(_place(related.label, related.source or error.source, related.span))
    if error.hint:
        lines.append(f"hint: {error.hint}")
    if error.did_you_mean:
        lines.append(f"did you mean: {', '.join(error.did_you_mean)}")
    return "\n".join(lines)


def _place(label: str, source: Any, span: Any) -> str:
    line, column = source.position(span.start)
    return f"{label} {line}:{column} [{source.piece(span)}]"
