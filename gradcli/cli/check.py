"""`gradcli check`: compare the gradients of statements' last expression with finite differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gradcli.cli import collect_sparingly, options
from gradcli.cli.streams import Streams
from gradcli.cli.typer_commands import CONTEXT_SETTINGS, Command
from gradcli.errors import UsageError

if TYPE_CHECKING:
    from gradcli.report.checked import Check

CHECK = "Check"
DISAGREES = 4  # the exit status

EXAMPLES = """
Examples:
  gradcli check 'sum(x*relu(x))' --let 'x=[-1,0,2]'
  gradcli check 'y = softmax(x @ w, 0)' 'log(y[0])' --let 'x=[1,2]' --let 'w=rand(2,3)' --seed 1
  gradcli check 'mean((x+2)*(x+2)*3)' --let 'x=ones(2,2)' --claim 'x: 6*(x+2)/numel(x)'
  gradcli check 'sum(x**3 * y)' --let 'x=[1,2]' --let y=3 --order 2
  gradcli check 'mean((X@w)**2)' --const-data X=rows.npy --data w=fit.npz:weights --samples 20

What is said of elements:
  agrees          autograd and the differences give the same, as far as the differences can tell
  kink            the slopes on both sides differ, and autograd gives one of them, or one between
  jump            the function itself jumps there
  infinite slope  as that of sqrt at 0
  undefined       there are no numbers to compare, as where the result is nan
  unclear         the differences are too far off to tell
  disagrees       none of these: the command points at what is to blame, and exits with status 4

Everything is computed in float64. How far off the differences themselves may be is estimated, and
allowed for. Of more than 1,000 elements some are checked one by one, and all of them together along
random directions. A result with several elements is checked as their sum with fixed random weights,
or with those of --grad-output.
Of a function that reads one triangle of a matrix only, such as eigvalsh or cholesky, the gradient is
that of a function of symmetric matrices: mirror images are moved together, and a note says so.
"""

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command(cls=Command, context_settings=CONTEXT_SETTINGS, epilog=EXAMPLES)
def check(
    statements: options.Statements = None,
    let: options.Let = None,
    const: options.Const = None,
    data: options.Data = None,
    const_data: options.ConstData = None,
    wrt: options.Wrt = None,
    grad_output: options.GradOutput = None,
    order: Annotated[
        str,
        typer.Option(
            "--order",
            metavar="1|2",
            rich_help_panel=CHECK,
            help="2 checks second derivatives: all of them, or of more than 24 elements the Hessian times a random vector.",
        ),
    ] = "1",
    claim: Annotated[
        list[str] | None,
        typer.Option(
            "--claim",
            metavar="NAME:EXPR",
            rich_help_panel=CHECK,
            help="A gradient written by hand, to be compared with both; EXPR may use all names. Repeatable.",
        ),
    ] = None,
    tolerance: Annotated[
        str,
        typer.Option(
            "--tolerance", metavar="X", rich_help_panel=CHECK, help="How far gradients may be apart, relative to their size."
        ),
    ] = "1e-6",
    samples: Annotated[
        str | None,
        typer.Option("--samples", metavar="N", rich_help_panel=CHECK, help="How many elements of each gradient to check."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", rich_help_panel=CHECK, help="Check every element, however many.")] = False,
    seed: options.Seed = None,
    threads: options.Threads = None,
    max_memory: options.MaxMemory = None,
    timeout: options.Timeout = None,
    json: options.Json = False,
    plain: options.Plain = False,
    color: options.Color = "auto",
    nan: options.Nan = "null",
) -> int:
    """Compare each gradient of the last expression with finite differences, element by element."""
    options.limit_time(timeout)
    options.choice("--color", color, options.COLORS)
    options.choice("--nan", nan, options.NONFINITE)
    options.choice("--order", order, ("1", "2"))
    options.exclude(("--json", json), ("--plain", plain))
    options.exclude(("--all", every), ("--samples", samples is not None))
    options.exclude(("--claim", bool(claim)), ("--order 2", order == "2"))
    streams = Streams(json=json, plain=plain, color=color)
    if not statements:
        raise UsageError(
            "check takes at least one statement", hint="for example: gradcli check 'sum(x*relu(x))' --let 'x=[-1,0,2]'"
        )
    limit = options.whole_number("--samples", samples, 1)
    seeded, threaded = options.whole_number("--seed", seed, 0, 2**64 - 1), options.whole_number("--threads", threads, 1)
    memory = options.memory_size("--max-memory", max_memory)
    allowed, claimed = relative_size("--tolerance", tolerance), [name_and_claim(text) for text in claim or ()]
    from gradcli.session.check import CheckedSession, CheckOptions, Claim

    session = CheckedSession(seeded, threaded, max_memory=memory, write=streams.note_printed if json else streams.write)
    options.bind_all(session, let=let, const=const, data=data, const_data=const_data, note=streams.note)
    collect_sparingly()
    wanted = CheckOptions(
        wrt=wrt,
        grad_output=grad_output,
        order=int(order),
        tolerance=allowed,
        samples=2**62 if every else limit,
        claims=[Claim(name, text) for name, text in claimed],
    )
    with streams.progress("elements"):
        found = session.check(options.with_line_ends("\n".join(statements)), wanted)
    show(found, streams, nan)
    return 0 if found.agrees else DISAGREES


def show(check: Check, streams: Streams, nan: str) -> None:
    """Write the outcome in the layout of the streams."""
    if streams.layout == "json":
        from gradcli.report.check_record import check_record

        streams.write_record(check_record(check, nan))
    else:
        from gradcli.report.check_view import check_segments

        streams.write_styled(check_segments(check, streams.width()))
    for note in check.notes:
        streams.note(note)


def relative_size(option: str, value: str) -> float:
    """The value as a number between 0 and 1."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise UsageError(f"{option} takes a number from 0 to below 1, not {value!r}", hint=f"for example: {option} 1e-4")
    return number


def name_and_claim(text: str) -> tuple[str, str]:
    """The two sides of NAME: EXPR."""
    name, colon, claim = text.partition(":")
    if not colon or not name.strip().isidentifier() or not claim.strip():
        raise UsageError(f"--claim takes NAME: EXPR, not {text!r}", hint="for example: --claim 'x: 2*x'")
    return name.strip(), claim.strip()
