"""How Typer builds, parses and explains our commands: each command's file is imported only when that command is asked for."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from os.path import isfile
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from gradcli.cli import PipeClosed
from gradcli.cli.terminal import width_of
from gradcli.errors import UsageError, close_matches

# Typer keeps its context, parameter and formatter classes private, so that they have no name to annotate with.
Context = Any
Formatter = Any
AnyCommand = Any

WIDEST_HELP = 100
LONGEST_OPTION = 30  # beside its explanation
BINDING = "a name is given its value by --let, as in: --let x=3"
_UNEXPECTED = r"(?s)Got unexpected extra argument(?:s|\(s\))? \((.*)\)"
CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}


class CommandEntry(NamedTuple):
    """A command's place in the help: the group that it is listed under, and its one line."""

    module: str
    summary: str


COMMANDS = {
    "eval": CommandEntry("gradcli.cli.eval", "Evaluate; differentiate the last expression; show value, gradients, graph."),
    "run": CommandEntry("gradcli.cli.run", "Run a script of statements (- is standard input)."),
    "check": CommandEntry("gradcli.cli.check", "Compare each gradient with finite differences, element by element."),
    "functions": CommandEntry("gradcli.cli.functions", "List every function, or explain one."),
}


class TextParameter:
    """Takes a parameter's words as they are.

    Typer's own conversion imports pydantic, which costs more than all of the rest of the start-up; every value is text
    to us, and what it must look like is checked, with our own messages, where it is used.
    """

    def coerce(self, value: Any, param: Any, ctx: Context) -> Any:
        """The value, or nothing given as what the parameter's kind calls nothing."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        return value


class WordsOnly:
    """A command or group whose parameters take words as they are: see TextParameter."""

    epilog: str | None

    def get_params(self, ctx: Context) -> list[Any]:
        """All parameters: the declared ones, and those that Typer adds later for help and completion."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            parameter._runtime_param = TextParameter()
        return parameters

    def make_context(self, *words: Any, **settings: Any) -> Any:
        """Read the words, and show the help if they ask for it, past Typer's own treatment of a closed pipe."""
        settings.setdefault("terminal_width", min(width_of(sys.stdout), WIDEST_HELP))
        try:
            return super().make_context(*words, **settings)  # type: ignore[misc]
        except BrokenPipeError:
            raise PipeClosed from None

    def invoke(self, ctx: Context) -> Any:
        """Run the command, past Typer's own treatment of a closed pipe."""
        try:
            return super().invoke(ctx)  # type: ignore[misc]
        except BrokenPipeError:
            raise PipeClosed from None

    def format_epilog(self, ctx: Context, formatter: Formatter) -> None:
        """Write examples and lists, which Typer would fill as paragraphs."""
        if self.epilog:
            from gradcli.cli.epilogs import epilog_lines

            formatter.write("\n" + "\n".join(epilog_lines(self.epilog, formatter.width)) + "\n")


def write_rows(rows: list[tuple[str, str]], formatter: Formatter) -> None:
    """Write two columns, of which the first one leaves room for the second."""
    formatter.write_dl(rows, col_max=min(LONGEST_OPTION, formatter.width // 3))


class Command(WordsOnly, TyperCommand):
    """A command that shows its options in groups, and its examples last."""

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """The usage line: the options, then the arguments as they were declared."""
        return ["[OPTIONS]", *(str(parameter.metavar) for parameter in self.params if parameter.param_type_name == "argument")]

    def format_options(self, ctx: Context, formatter: Formatter) -> None:
        """Write the options under the headings that they were declared with."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if parameter.param_type_name == "argument":
                sections.setdefault("Arguments", []).append((parameter.metavar, parameter.help))
            elif (record := parameter.get_help_record(ctx)) is not None:
                sections.setdefault(getattr(parameter, "rich_help_panel", None) or "Other", []).append(record)
        for heading in sorted(sections, key=lambda name: (name == "Other", name != "Arguments")):
            with formatter.section(heading):
                write_rows(sections[heading], formatter)


class CommandGroup(WordsOnly, TyperGroup):
    """The program: a table of commands that are imported on demand."""

    def list_commands(self, ctx: Context) -> list[str]:
        """The names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> AnyCommand | None:
        """Import and build the one command asked for."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = typer.main.get_command(import_module(entry.module).app)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, AnyCommand | None, list[str]]:
        """The command that the first word names; a misspelt one gets suggestions."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            hint = f"a statement is evaluated with: gradcli eval '{name}'"
            if isfile(name):
                hint = f"a script is run with: gradcli run {name}"
            elif name.isidentifier():
                hint = "gradcli --help lists them"
            similar = close_matches(name, [*COMMANDS, "--help", "--version"])
            raise UsageError(f"there is no command {name!r}", hint=hint, did_you_mean=similar)
        return name, command, args[1:]

    def format_commands(self, ctx: Context, formatter: Formatter) -> None:
        """Write the table of commands without importing any."""
        with formatter.section("Commands"):
            write_rows([(name, entry.summary) for name, entry in COMMANDS.items()], formatter)


def usage_error(fault: Exception) -> UsageError | None:
    """What Typer found wrong with the command line, in our words; None where the fault is of another kind."""
    message = getattr(fault, "format_message", None)
    if message is None:
        return None
    option = getattr(fault, "option_name", None)
    context = getattr(fault, "ctx", None)
    if option is not None and context is not None:
        return _option_error(option, message(), context)
    text = message().strip().rstrip(".")
    if unexpected := re.fullmatch(_UNEXPECTED, text):
        return UsageError(f"there are words that no argument takes: {unexpected[1]}", hint=BINDING)
    return UsageError(text[:1].lower() + text[1:])


def _option_error(option: str, message: str, context: Context) -> UsageError:
    parameters = context.command.get_params(context)
    options = [name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)]
    if option in options:  # known, but used wrongly: without its value, or with one that it does not take
        text = message.strip().rstrip(".")
        return UsageError(text[:1].lower() + text[1:])
    similar = close_matches(option, options) or [name for name in options if name.startswith(f"-{option[:2].lower()}")]
    hint = None
    if any(parameter.name == "statements" for parameter in parameters) and not option.startswith("--"):
        hint = "a statement that starts with a minus sign stands after --, as in: gradcli eval --let x=3 -- '-x*x'"
    elif "--let" in options and not similar:
        hint = BINDING
    return UsageError(f"there is no option {option}", hint=hint, did_you_mean=similar)
