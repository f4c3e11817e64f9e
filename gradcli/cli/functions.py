"""`gradcli functions`: every function listed by family, those that words describe, or one explained."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli import options
from gradcli.cli.streams import Streams
from gradcli.cli.typer_commands import CONTEXT_SETTINGS, Command

EXAMPLES = """
Examples:
  gradcli functions
  gradcli functions softplus
  gradcli functions matrix inverse
  gradcli functions torch.linalg.norm --json
  gradcli functions backward
  gradcli functions @
"""


def names_beginning(incomplete: str) -> list[str]:
    """What the shell may complete a name to."""
    from gradcli.cli.function_names import known_names

    return known_names(incomplete)


Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME|WORD]...",
        show_default=False,
        help="Functions, methods or operators to explain, by their names; or words that describe what to look for.",
        autocompletion=names_beginning,
    ),
]

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command(cls=Command, context_settings=CONTEXT_SETTINGS, epilog=EXAMPLES)
def functions(
    words: Words = None,
    json: options.Json = False,
    plain: options.Plain = False,
    color: options.Color = "auto",
) -> int:
    """List functions, or explain them: signature, derivative rules, grad_fn name, example.

    A name is explained. Words that are no name list the functions whose names or sentences have all of them.
    With --json each function is a record.
    """
    options.choice("--color", color, options.COLORS)
    options.exclude(("--json", json), ("--plain", plain))
    streams = Streams(json=json, plain=plain, color=color)
    from gradcli.cli.function_names import declared, meant_by
    from gradcli.cli.function_view import explanations, listing, record_of

    chosen, are_named = meant_by(words) if words else (declared(), False)
    if json:
        for function in chosen:
            streams.write_record(record_of(function))
    elif are_named:
        streams.write_styled(explanations(chosen, streams.width()))
    else:
        streams.write_styled(listing(chosen, streams.width()))
        if streams.layout == "rich":
            streams.note("gradcli functions NAME explains one, and other words find those that they describe")
    return 0
