"""`gradcli run`: run a script of statements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradcli.cli import collect_sparingly, options
from gradcli.cli.eval import print_schema
from gradcli.cli.out import arrays_in, save_scope, target_of
from gradcli.cli.streams import Streams
from gradcli.cli.typer_commands import CONTEXT_SETTINGS, Command
from gradcli.errors import GradcliError, InputFault, UsageError, close_matches

if TYPE_CHECKING:
    from gradcli.language.tree import Statement

EXAMPLES = """
Examples:
  gradcli run train.grad
  gradcli run train.grad --let 'rate=0.1' --seed 1 --out weights.npz
  echo 'x = tensor([1., 2.]); x.sum()' | gradcli run -
  gradcli run train.grad --json | jq '.text // .value'
"""
LARGEST_SCRIPT = 64 * 2**20

ScriptFile = Annotated[
    str | None, typer.Argument(metavar="FILE", show_default=False, help="A file of statements (.grad), or - for standard input.")
]

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command(cls=Command, context_settings=CONTEXT_SETTINGS, epilog=EXAMPLES)
def run(
    file: ScriptFile = None,
    let: options.Let = None,
    const: options.Const = None,
    data: options.Data = None,
    const_data: options.ConstData = None,
    dtype: options.Dtype = "float32",
    seed: options.Seed = None,
    threads: options.Threads = None,
    device: options.Device = "cpu",
    max_memory: options.MaxMemory = None,
    timeout: options.Timeout = None,
    out: options.Out = None,
    json: options.Json = False,
    plain: options.Plain = False,
    color: options.Color = "auto",
    nan: options.Nan = "null",
    keep_going: options.KeepGoing = False,
    profile: options.Profile = False,
    json_schema: options.JsonSchema = False,
) -> int:
    """Run a script: a subset of Python with PyTorch's meaning, in a file that ends in .grad.

    An expression statement displays its value, unless it ends with a semicolon. print() prints what PyTorch prints.
    With --json each of them is a record.
    """
    options.limit_time(timeout)
    options.choice("--color", color, options.COLORS)
    options.choice("--nan", nan, options.NONFINITE)
    options.exclude(("--json", json), ("--plain", plain))
    streams = Streams(json=json, plain=plain, color=color)
    if json_schema:
        return print_schema(streams)
    if file is None:
        raise UsageError("run takes a file", hint="- stands for standard input")
    target = target_of(options.only("--out", out))
    if file == "-" and sys.stdin is not None and sys.stdin.isatty():
        streams.note("the script is read from this terminal; Ctrl-D on a line of its own ends it")
    text, name = read_script(file)
    from gradcli.cli.hosts import JsonHost, TextHost
    from gradcli.language import parse

    write = streams.note_printed if json else streams.write
    session = options.new_session(dtype, seed, threads, device, max_memory, profile, write)
    options.bind_all(session, let=let, const=const, data=data, const_data=const_data, note=streams.note)
    program = parse(text, name)
    host = JsonHost(streams, program.source, nan) if json else TextHost(streams)
    failed: list[GradcliError] = []

    def tell(error: GradcliError, statement: Statement) -> None:
        failed.append(error)
        streams.error(error, statement=statement.span)

    given = arrays_in(session.scope)
    collect_sparingly()
    try:
        with streams.progress():
            session.run(program, host=host, on_error=tell if keep_going else None)
        if target is not None:
            save_scope(target, given, program.source, session, nan)
    finally:
        if session.computations is not None:
            streams.profile(session.computations)
    return max((error.exit_code for error in failed), default=0)


def read_script(file: str) -> tuple[str, str]:
    """A script's text and the name that it is reported under."""
    from gradcli.data.files import shown

    name = "<stdin>" if file == "-" else shown(file)
    try:
        data = _bytes_of(file)
    except FileNotFoundError:
        path = Path(file)
        beside = [entry.name for entry in path.parent.glob("*.grad")] if path.parent.is_dir() else []
        hint = f"statements are evaluated with: gradcli eval '{name}'" if set(file) & set(" =()*+;") else None
        raise InputFault(f"there is no file {name}", hint=hint, did_you_mean=close_matches(path.name, beside)) from None
    except OSError as fault:
        raise InputFault(f"{name} cannot be read: {fault.strerror or fault}") from None
    if len(data) > LARGEST_SCRIPT:
        raise InputFault(f"{name} is larger than {LARGEST_SCRIPT // 2**20} MiB, the most that a script may have")
    try:
        return options.with_line_ends(data.decode("utf-8-sig")), name
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise InputFault(f"{name} is not a text in UTF-8: line {line} has the byte 0x{data[fault.start]:02x}") from None


def _bytes_of(file: str) -> bytes:
    """What a file or standard input holds, one byte beyond the limit at most."""
    if file == "-":
        if sys.stdin is None:
            raise InputFault("<stdin> cannot be read: standard input is closed")
        return sys.stdin.buffer.read(LARGEST_SCRIPT + 1)
    with open(file, "rb") as script:
        return script.read(LARGEST_SCRIPT + 1)
