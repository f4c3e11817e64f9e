"""`gradcli functions`: every function from its declaration, listed by family, or one explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradcli.cli import options
from gradcli.cli.streams import Streams
from gradcli.cli.typer_commands import CONTEXT_SETTINGS, Command
from gradcli.errors import UnknownName, close_matches
from gradcli.report.visible import wrapped

if TYPE_CHECKING:
    from gradcli.cli.function_facts import Facts
    from gradcli.functions import Function
    from gradcli.report.styles import Segment

EXAMPLES = """
Examples:
  gradcli functions
  gradcli functions softplus
  gradcli functions torch.linalg.norm --json
  gradcli functions backward
  gradcli functions @
"""
INDENT = "  "
METHOD_PREFIXES = ("x.", "Tensor.", "torch.Tensor.")
OPERATOR_NAMES = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floor_divide",
    "%": "remainder",
    "**": "pow",
    "@": "matmul",
    "&": "bitwise_and",
    "|": "bitwise_or",
    "^": "bitwise_xor",
    "~": "bitwise_not",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}

FunctionName = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", show_default=False, help="A function, a method or an operator to explain."),
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
    options.exclude(("--json", json), ("--plain", plain))
    streams = Streams(json=json, plain=plain, color=color)
    chosen = declared() if name is None else named(name)
    if json:
        for function in chosen:
            streams.write_record(record_of(function))
    elif name is None:
        streams.write_styled(listing(chosen, streams.width()))
    else:
        streams.write_styled(explanations(chosen, streams.width()))
    return 0


def declared() -> list[Function]:
    """All functions and methods that users can call, each once, in the order of their families."""
    from gradcli.functions import NAMESPACES, Function

    functions = [value for space in NAMESPACES.values() for value in space.values() if isinstance(value, Function)]
    found = {id(value): value for value in (*functions, *only_methods().values())}
    return sorted(found.values(), key=lambda function: function.family)


def only_methods() -> dict[str, Function]:
    """The methods of tensors that are no functions, by name: `backward`, `item`, `zero_` and their kin."""
    from gradcli.functions import METHODS, NAMESPACES, Function

    def is_own(name: str) -> bool:
        in_place_of = name.removesuffix("_")
        return not isinstance(NAMESPACES["torch"].get(name), Function) and (in_place_of == name or in_place_of not in METHODS)

    return {name: value for name, value in METHODS.items() if isinstance(value, Function) and is_own(name)}


def named(name: str) -> list[Function]:
    """The functions of a name: one, or one for each namespace that has it, and the method; an operator's too."""
    from gradcli.functions import METHODS, NAMESPACES, Function

    full_names = {f"{space}.{own}": value for space, names in NAMESPACES.items() for own, value in names.items()}
    short = OPERATOR_NAMES.get(name, name).removeprefix("F.")
    own = short
    for prefix in METHOD_PREFIXES:
        own = own.removeprefix(prefix)
    candidates = [full_names.get(full) for full in (short, *(f"{space}.{short}" for space in NAMESPACES))]
    candidates += [only_methods().get(own)] if own in only_methods() or own == short else [METHODS.get(own)]
    found = {id(value): value for value in candidates if isinstance(value, Function)}
    if not found and own in METHODS and own.endswith("_"):  # in place of a function, which tells all about it
        return named(own.removesuffix("_"))
    if not found:
        names = [*full_names, *(own for members in NAMESPACES.values() for own in members), *only_methods()]
        raise UnknownName(
            f"there is no function {name}", hint="gradcli functions lists all", did_you_mean=close_matches(own, names)
        )
    return list(found.values())


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
    """Everything that the declaration says; the example stays on one line, so that it can be copied."""
    from gradcli.cli.function_facts import facts_of

    facts = facts_of(function)
    rows: list[tuple[str, str]] = [("also", ", ".join(facts.other_names))]
    rows += [("grad_fn", _nodes(facts))]
    has_forms = len({derivative.form for derivative in facts.derivatives}) > 1
    for derivative in facts.derivatives:
        rows.append((f"d {derivative.argument}", derivative.gradient + f"    in {derivative.form}" * has_forms))
    rows += [("where", facts.kink), ("shapes", facts.example.shapes), ("example", facts.example.command)]
    headings = max(len(heading) for heading, text in rows if text)
    signature = f"\n{INDENT * 2}".join(wrapped(full_signature(function), width, len(INDENT) * 2))
    summary = f"\n{INDENT}".join(wrapped(facts.summary, width, len(INDENT)))
    segments: list[Segment] = [(f"{signature}\n", "bold"), (f"{INDENT}{summary}\n\n", "")]
    indent = headings + 2 * len(INDENT)
    for heading, text in rows:
        if text:
            lines = [text] if heading == "example" else wrapped(text, width, indent)
            segments += [(f"{INDENT}{heading.ljust(headings)}{INDENT}", "dim"), (f"\n{' ' * indent}".join(lines) + "\n", "")]
    segments += [(f"{' ' * indent}{line}\n", "dim") for line in facts.example.output.splitlines()]
    return segments


def _nodes(facts: Facts) -> str:
    if facts.grad_fn:
        return ", ".join(facts.grad_fn)
    if facts.composed_of:
        return f"{', '.join(dict.fromkeys(facts.composed_of))}: of the functions that it is made of"
    return "none: it has no derivative"


def record_of(function: Function) -> dict[str, Any]:
    """The record of a function."""
    from gradcli.cli.function_facts import facts_of
    from gradcli.report.records import FORMAT_VERSION

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
        "shapes": facts.example.shapes or None,
        "example": facts.example.command or None,
        "output": facts.example.output or None,
    }


def full_signature(function: Function) -> str:
    """The signature with the namespace; a method's without the tensor that it is called on."""
    if function in only_methods().values():
        _, _, parameters = function.signature.partition("(input")
        return f"torch.Tensor.{function.name}({parameters.removeprefix(', ')}"
    return f"{function.namespace}.{function.signature}"


def short_name(function: Function) -> str:
    """The name without `torch.`, which every function can be called by; a method's on an x."""
    if function in only_methods().values():
        return f"x.{function.name}"
    return function.qualified_name.removeprefix("torch.").removeprefix("nn.functional.")


def one_sentence(function: Function) -> str:
    """What it computes, on one line."""
    text = " ".join(function.doc.split("\n\n")[0].split()).rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
