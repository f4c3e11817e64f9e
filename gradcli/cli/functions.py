"""`gradcli functions`: every function from its declaration, listed by family, or one explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradcli.cli import options
from gradcli.cli.streams import Segment, Streams
from gradcli.cli.typer_commands import CONTEXT_SETTINGS, Command
from gradcli.errors import UnknownName, close_matches

if TYPE_CHECKING:
    from gradcli.functions import Function

EXAMPLES = """
Examples:
  gradcli functions
  gradcli functions softplus
  gradcli functions torch.linalg.norm --json
"""
INDENT = "  "

FunctionName = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", show_default=False, help="A function, with its namespace or without, to explain."),
]

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command(cls=Command, context_settings=CONTEXT_SETTINGS, epilog=EXAMPLES)
def functions(
    name: FunctionName = None,
    json: options.Json = False,
    plain: options.Plain = False,
    color: options.Color = "auto",
) -> int:
    """List every function, or explain one: signature, derivative rules, grad_fn name, example.

    With --json each function is a record.
    """
    options.choice("--color", color, options.COLORS)
    streams = Streams(json=json, plain=plain, color=color)
    chosen = declared() if name is None else named(name)
    if json:
        for function in chosen:
            streams.write_record(record_of(function))
    elif name is None:
        streams.write_styled(listing(chosen))
    else:
        streams.write_styled(segment for function in chosen for segment in explanation(function))
    return 0


def declared() -> list[Function]:
    """All functions that users can call, each once, in the order of their families."""
    from gradcli.functions import NAMESPACES, Function

    found = {id(value): value for space in NAMESPACES.values() for value in space.values() if isinstance(value, Function)}
    return sorted(found.values(), key=lambda function: function.family)


def named(name: str) -> list[Function]:
    """The functions of a name: one, or one for each namespace that has it."""
    from gradcli.functions import NAMESPACES, Function

    short = name.removeprefix("F.") if name.startswith("F.") else name
    full_names = {f"{space}.{own}": value for space, names in NAMESPACES.items() for own, value in names.items()}
    wanted = [short, *(f"{space}.{short}" for space in NAMESPACES)]
    found = {id(value): value for full in wanted if isinstance(value := full_names.get(full), Function)}
    if not found:
        candidates = [*full_names, *(own for names in NAMESPACES.values() for own in names)]
        raise UnknownName(
            f"there is no function {name}", hint="gradcli functions lists all", did_you_mean=close_matches(short, candidates)
        )
    return list(found.values())


def listing(functions: list[Function]) -> list[Segment]:
    """Names and what they compute, under the heading of each family."""
    width = max(len(short_name(function)) for function in functions)
    segments: list[Segment] = []
    family = ""
    for function in sorted(functions, key=lambda function: (function.family, short_name(function))):
        if function.family != family:
            segments.append(("\n" * bool(family) + f"{function.family}\n", "bold"))
            family = function.family
        segments += [(f"{INDENT}{short_name(function).ljust(width)}  ", ""), (one_sentence(function), "dim"), ("\n", "")]
    return segments


def explanation(function: Function) -> list[Segment]:
    """Everything that the declaration says."""
    from gradcli.cli.function_facts import facts_of

    facts = facts_of(function)
    rows: list[tuple[str, str]] = [("also", ", ".join(facts.other_names))]
    rows += [("grad_fn", ", ".join(facts.grad_fn) or "none: it has no derivative")]
    has_forms = len({derivative.form for derivative in facts.derivatives}) > 1
    for derivative in facts.derivatives:
        rows.append((f"d {derivative.argument}", derivative.gradient + f"    in {derivative.form}" * has_forms))
    rows += [("where", facts.kink), ("shapes", facts.shapes), ("example", facts.command)]
    width = max(len(heading) for heading, text in rows if text)
    segments: list[Segment] = [(f"{function.namespace}.{function.signature}\n", "bold"), (f"{INDENT}{facts.summary}\n\n", "")]
    for heading, text in rows:
        if text:
            segments += [(f"{INDENT}{heading.ljust(width)}  ", "dim"), (f"{text}\n", "")]
    return segments


def record_of(function: Function) -> dict[str, Any]:
    """The record of a function."""
    from gradcli.cli.function_facts import facts_of
    from gradcli.report.records import FORMAT_VERSION

    facts = facts_of(function)
    return {
        "format_version": FORMAT_VERSION,
        "ok": True,
        "name": function.qualified_name,
        "also": facts.other_names,
        "family": function.family,
        "signature": function.signature,
        "summary": facts.summary,
        "grad_fn": facts.grad_fn,
        "derivatives": [derivative._asdict() for derivative in facts.derivatives],
        "kink": facts.kink or None,
        "shapes": facts.shapes or None,
        "example": facts.command or None,
    }


def short_name(function: Function) -> str:
    """The name without `torch.`, which every function can be called by."""
    return function.qualified_name.removeprefix("torch.").removeprefix("nn.functional.")


def one_sentence(function: Function) -> str:
    """What it computes, on one line."""
    text = " ".join(function.doc.split("\n\n")[0].split()).rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
