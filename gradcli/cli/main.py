"""The program `gradcli`: its global options, and how any outcome becomes an exit status."""

from __future__ import annotations

import sys
from os.path import isfile
from typing import Annotated

import typer

from gradcli.cli import PipeClosed, debugging
from gradcli.cli.interrupts import TimeIsUp, stop_timer
from gradcli.cli.options import COLORS
from gradcli.cli.typer_commands import CONTEXT_SETTINGS, CommandGroup, usage_error
from gradcli.errors import GradcliError, LimitExceeded, Source, Span, SyntaxFault

DESCRIPTION = "The value of a formula, its gradients and its autograd graph: PyTorch's rules at the command line."

EXAMPLES = """
Examples:
  gradcli eval 'mean((x+2)*(x+2)*3)' --let 'x=ones(2,2)'
  gradcli eval 'y = x**2' 'sum(sin(y))' --let 'x=[1,2,3]' --json
  gradcli check 'sum(x*relu(x))' --let 'x=[-1,0,2]'
  gradcli run script.grad
  gradcli functions softplus

Exit status:
  0    done
  1    evaluation or autograd error
  2    usage
  3    syntax
  4    check or assert failed
  5    limit or device
  6    input data
  7    output
  130  Ctrl-C
  141  the reader closed the pipe
"""

app = typer.Typer(
    cls=CommandGroup,
    context_settings=CONTEXT_SETTINGS,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True, help=DESCRIPTION, epilog=EXAMPLES)
def gradcli(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Show the version, or the help where no command is named."""
    if version:
        from gradcli import __version__

        sys.stdout.write(f"gradcli {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")


def execute(arguments: list[str]) -> int:
    """Run the command line and return its exit status."""
    try:
        outcome = typer.main.get_command(app)(args=arguments, prog_name="gradcli", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except (KeyboardInterrupt, OSError, PipeClosed):
        raise
    except GradcliError as error:
        return failed(error, arguments)
    except TimeIsUp as stop:
        return failed(stop.limit, arguments)
    except typer.Abort:
        return 1
    except (MemoryError, RecursionError) as fault:
        _show_details()
        return failed(_limit(fault), arguments)
    except Exception as fault:
        usage = usage_error(fault)
        if usage is not None:
            return failed(usage, arguments)
        _show_details()
        return failed(InternalFault(fault), arguments)
    finally:
        stop_timer()


class InternalFault(GradcliError):
    """A mistake of ours, told in one line."""

    code = "internal"

    def __init__(self, fault: BaseException) -> None:
        text = " ".join(str(fault).split())
        super().__init__(
            f"an internal fault of gradcli, not of your input: {type(fault).__name__}{': ' * bool(text)}{text}",
            hint=None if debugging() else "GRADCLI_DEBUG=1 in the environment shows the details",
        )


def _limit(fault: BaseException) -> LimitExceeded:
    if isinstance(fault, MemoryError):
        return LimitExceeded(str(fault) or "there is not enough memory")
    return LimitExceeded("the statements nest too deeply")


def failed(error: GradcliError, arguments: list[str]) -> int:
    """Report an error that ended the command; its options may not have been parsed, so the words are looked at."""
    from gradcli.cli.streams import Streams

    source = error.source if arguments[:1] in (["eval"], ["check"]) else None  # whose statements are one text
    statement = None if source is None else Span(0, len(source.text))
    if error.source is not None:
        error.hint = _misplaced(error, error.source, arguments) or error.hint
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    color = next((policy for policy in COLORS if f"--color={policy}" in words), "auto")
    if "--color" in words[:-1]:
        color = words[words.index("--color") + 1]
    json = "--json" in words or any(word.partition("=")[0] == "--input" for word in words)
    Streams(json=json, color=color if color in COLORS else "auto").error(error, statement=statement)
    return error.exit_code


def _misplaced(error: GradcliError, source: Source, arguments: list[str]) -> str | None:
    """What to write where a script stands in the place of a statement, or a shell made several words of one."""
    is_statement = arguments[0] in ("eval", "check")
    if is_statement and (scripts := [word for word in arguments[1:] if word.endswith(".grad") and isfile(word)]):
        return f"a script is run with: gradcli run {scripts[0]}"
    if not isinstance(error, SyntaxFault):
        return None
    option, _, name = source.name.partition(" ")
    if option in ("--let", "--const") and error.span is not None and error.span.start >= len(source.text.rstrip()):
        return f"a value that has spaces stands in quotes: {option} '{name}=[1, 2]'"
    lines = source.text.split("\n")
    if is_statement and len(lines) > 1 and set(lines) <= set(arguments) and _is_program(" ".join(lines)):
        from gradcli.cli.shell import quoted

        return f"a statement that has spaces stands in quotes: gradcli {arguments[0]} {quoted(' '.join(lines))}"
    return None


def _is_program(text: str) -> bool:
    from gradcli.language import parse

    try:
        parse(text)
    except GradcliError:
        return False
    return True


def _show_details() -> None:
    if debugging():
        from traceback import print_exc

        print_exc()
