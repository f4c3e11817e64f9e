"""What is shown of functions: a listing by family, or all that a declaration says, as text and as a record."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from gradcli.cli.function_examples import Example, output_of
from gradcli.cli.function_facts import Facts, facts_of
from gradcli.cli.function_names import one_sentence, only_methods, short_name
from gradcli.cli.shell import command_lines
from gradcli.functions import Function
from gradcli.report.records import FORMAT_VERSION
from gradcli.report.visible import wrapped

if TYPE_CHECKING:
    from gradcli.report.styles import Segment

INDENT = "  "
EXAMPLE = "example"
COMFORTABLE_EXAMPLE = 40  # cells beside the heading


def listing(functions: list[Function], width: int | None) -> list[Segment]:
    """Names and what they compute, under the heading of each family; sentences are wrapped to the width of a terminal."""
    names = max(len(short_name(function)) for function in functions)
    if width is not None:
        names = min(names, max(width // 3, 16))
    segments: list[Segment] = []
    family = ""
    for function in sorted(functions, key=lambda function: (function.family, short_name(function))):
        if function.family != family:
            segments.append(("\n" * bool(family) + f"{function.family}\n", "bold"))
            family = function.family
        name = short_name(function)
        below = f"\n{' ' * (names + 2 * len(INDENT))}"
        segments.append((f"{INDENT}{name.ljust(names)}{INDENT}" if len(name) <= names else f"{INDENT}{name}{below}", ""))
        sentence = wrapped(one_sentence(function), width, names + 2 * len(INDENT))
        segments += [(below.join(sentence), "dim"), ("\n", "")]
    return segments


def explanations(functions: list[Function], width: int | None) -> list[Segment]:
    """Everything that the declarations say, with an empty line between two functions."""
    segments: list[Segment] = []
    for function in functions:
        segments += [*([("\n", "")] if segments else []), *explanation(function, width)]
    return segments


def explanation(function: Function, width: int | None) -> list[Segment]:
    """Everything that the declaration says."""
    facts = facts_of(function)
    rows: list[tuple[str, str]] = [("also", ", ".join(facts.other_names))]
    rows += [("grad_fn", _nodes(function, facts))]
    for form, derivatives in groupby(facts.derivatives, key=lambda derivative: derivative.form):
        rows += [("through", form if form != function.signature else "")]
        rows += [(f"d {derivative.argument}", derivative.gradient) for derivative in derivatives]
    rows += [("where", facts.kink), ("provided", facts.premise), ("shapes", facts.example.shapes)]
    headings = max(len(heading) for heading, text in [*rows, (EXAMPLE, facts.example.command)] if text)
    signature = f"\n{INDENT * 2}".join(wrapped(full_signature(function), width, len(INDENT) * 2))
    summary = f"\n{INDENT}".join(wrapped(facts.summary, width, len(INDENT)))
    segments: list[Segment] = [(f"{signature}\n", "bold"), (f"{INDENT}{summary}\n\n", "")]
    indent = headings + 2 * len(INDENT)
    for heading, text in rows:
        if text:
            lines = wrapped(text, width, indent)
            segments += [(f"{INDENT}{heading.ljust(headings)}{INDENT}", "dim"), (f"\n{' ' * indent}".join(lines) + "\n", "")]
    return segments + _example(facts.example, indent, width)


def _example(example: Example, indent: int, width: int | None) -> list[Segment]:
    """The command and what it prints, beside their heading, or below it where little room is left there."""
    if not example.command:
        return []
    heading = f"{INDENT}{EXAMPLE}".ljust(indent)
    if width is not None and width - indent < COMFORTABLE_EXAMPLE:
        indent = 2 * len(INDENT)
        heading = f"{INDENT}{EXAMPLE}\n{' ' * indent}"
    room = None if width is None else width - indent
    below = f"\n{' ' * indent}"
    command, output = (below.join(lines) for lines in (command_lines(example.command, room), output_of(example.evaluation, room)))
    return [(heading, "dim"), (command, ""), (f"{below}{output}" if output else "", "dim"), ("\n", "")]


def _nodes(function: Function, facts: Facts) -> str:
    if facts.grad_fn:
        return ", ".join(facts.grad_fn)
    if facts.composed_of:
        return f"{', '.join(dict.fromkeys(facts.composed_of))}: of the functions that it is made of"
    return "none of its own" if function.grad_fn is None else "none: it has no derivative"


def record_of(function: Function) -> dict[str, Any]:
    """The record of a function."""
    facts = facts_of(function)
    return {
        "format_version": FORMAT_VERSION,
        "ok": True,
        "name": full_signature(function).partition("(")[0],
        "also": facts.other_names,
        "family": function.family,
        "signature": function.signature,
        "summary": facts.summary,
        "grad_fn": facts.grad_fn,
        "composed_of": facts.composed_of,
        "derivatives": [derivative._asdict() for derivative in facts.derivatives],
        "kink": facts.kink or None,
        "premise": facts.premise or None,
        "shapes": facts.example.shapes or None,
        "example": facts.example.command or None,
        "output": "\n".join(output_of(facts.example.evaluation)) or None,
    }


def full_signature(function: Function) -> str:
    """The signature with the namespace; a method's without the tensor that it is called on."""
    if function in only_methods().values():
        _, _, parameters = function.signature.partition("(input")
        return f"torch.Tensor.{function.name}({parameters.removeprefix(', ')}"
    return f"{function.namespace}.{function.signature}"
