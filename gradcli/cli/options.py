"""The options that commands share, each declared once, and the checks of what they may say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated

import typer

from gradcli.errors import UsageError, close_matches

if TYPE_CHECKING:
    from gradcli.session import Session

BINDINGS = "Bindings"
GRADIENTS = "Gradients"
NUMBERS = "Numbers"
OUTPUT = "Output"

DTYPES = ("float32", "float64")
UNITS = {"": 1, **{unit: 1000 ** (power + 1) for power, unit in enumerate("KMGT")}}
UNITS |= {f"{unit}I": 1024 ** (power + 1) for power, unit in enumerate("KMGT")}
MOST_SECONDS = 10**8  # three years
COLORS = ("auto", "always", "never")
NONFINITE = ("null", "string", "error")


def one_of(*values: str) -> Callable[[str], list[str]]:
    """What the shell may complete the value of an option to."""

    def beginning(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return beginning


Statements = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STATEMENT...", show_default=False, help="Statements in one scope; the last expression is the result."
    ),
]
Let = Annotated[
    list[str] | None,
    typer.Option(
        "--let",
        metavar="NAME=VALUE",
        rich_help_panel=BINDINGS,
        help="Bind NAME to an expression, which may use earlier names. Numbers and numeric lists become floating; "
        "a floating binding is a leaf that requires grad. Repeatable.",
    ),
]
Const = Annotated[
    list[str] | None,
    typer.Option(
        "--const",
        metavar="NAME=VALUE",
        rich_help_panel=BINDINGS,
        help="Bind without gradient, by PyTorch's rule for literals: [0, 2] stays int64. Before all --let. "
        "NAME alone says so of a field of eval --input. Repeatable.",
    ),
]
Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="[NAME=]FILE[:ENTRY]",
        rich_help_panel=BINDINGS,
        help="Bind what a .npy, .npz, .json, .csv, .safetensors, .parquet or .zarr holds: dtypes are kept, numbers of .json and "
        ".csv become floating; floating ones are leaves that require grad. NAME=FILE:ENTRY takes one entry (x=t.csv:a,b these "
        "columns), FILE alone all by their names. Large arrays are not loaded but streamed. Repeatable.",
    ),
]
ConstData = Annotated[
    list[str] | None,
    typer.Option(
        "--const-data",
        metavar="[NAME=]FILE[:ENTRY]",
        rich_help_panel=BINDINGS,
        help="The same without gradient; whole numbers of .json and .csv are int64. Repeatable.",
    ),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="FILE|-",
        rich_help_panel=BINDINGS,
        help='JSON Lines: evaluate for each line, an object of bindings such as {"x": [1, 2]}; a JSON record a line comes out, '
        "in the same order. Fields are bound as by --let; those that the statements do not mention are left out.",
    ),
]
Wrt = Annotated[
    list[str] | None,
    typer.Option("--wrt", metavar="NAME", rich_help_panel=GRADIENTS, help="Differentiate with respect to NAME only. Repeatable."),
]
Jacobian = Annotated[
    list[str] | None,
    typer.Option(
        "--jacobian",
        metavar="NAME",
        rich_help_panel=GRADIENTS,
        help="Show the derivative of every element of the result with respect to NAME. Repeatable.",
    ),
]
Hessian = Annotated[
    list[str] | None,
    typer.Option(
        "--hessian",
        metavar="NAME",
        rich_help_panel=GRADIENTS,
        help="Show the second derivatives of a scalar result with respect to NAME, and to each two if repeated.",
    ),
]
GradOutput = Annotated[
    str | None,
    typer.Option(
        "--grad-output",
        metavar="EXPR",
        rich_help_panel=GRADIENTS,
        help="The gradient of a result that is no scalar (PyTorch's backward(gradient)).",
    ),
]
NoGrad = Annotated[bool, typer.Option("--no-grad", rich_help_panel=GRADIENTS, help="The value only.")]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="|".join(DTYPES),
        rich_help_panel=NUMBERS,
        help="The default floating dtype.",
        autocompletion=one_of(*DTYPES),
    ),
]
Seed = Annotated[
    str | None,
    typer.Option("--seed", metavar="N", rich_help_panel=NUMBERS, help="Seed of rand, randn, randint: same seed, same numbers."),
]
Threads = Annotated[
    str | None,
    typer.Option(
        "--threads",
        metavar="N",
        rich_help_panel=NUMBERS,
        help="Threads to use; default: the CPUs this process may use. Results do not depend on it.",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="cpu|cuda|cuda:N",
        rich_help_panel=NUMBERS,
        help="Where to compute; cuda uses CuPy, or else PyTorch or JAX. An error if it is not there.",
        autocompletion=one_of("cpu", "cuda"),
    ),
]
Compare = Annotated[
    str | None,
    typer.Option(
        "--compare",
        metavar="DEVICE,DEVICE",
        rich_help_panel=NUMBERS,
        help="Evaluate on both devices, and show how far value and gradients lie apart, in ulps as well.",
    ),
]
MaxMemory = Annotated[
    str | None,
    typer.Option(
        "--max-memory",
        metavar="SIZE",
        rich_help_panel=NUMBERS,
        help="Refuse what needs more, before it is computed; such as 500MB or 2GiB. Default: what the machine has available.",
    ),
]
Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        rich_help_panel=NUMBERS,
        help="Stop what takes longer, with status 5. Default: no limit.",
    ),
]
Out = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--out",
        metavar="FILE[:ENTRY]",
        rich_help_panel=OUTPUT,
        help="Save value and gradients (of a script: the tensors that it names, and their gradients), whole or not at all: "
        ".npz, .safetensors and .json have all by name, such as value and x.grad; .npy has the value, or the ENTRY.",
    ),
]
Profile = Annotated[
    bool, typer.Option("--profile", rich_help_panel=OUTPUT, help="What was computed, in which passes; bytes and time. On stderr.")
]
Json = Annotated[bool, typer.Option("--json", rich_help_panel=OUTPUT, help="JSON, one record a line.")]
Plain = Annotated[
    bool,
    typer.Option("--plain", rich_help_panel=OUTPUT, help="Text without colours, in lines of any length; the default when piped."),
]
Color = Annotated[
    str,
    typer.Option(
        "--color",
        metavar="|".join(COLORS),
        rich_help_panel=OUTPUT,
        help="Colours; auto respects NO_COLOR, FORCE_COLOR and TERM=dumb. With always a pipe gets what a terminal would show.",
        autocompletion=one_of(*COLORS),
    ),
]
Nan = Annotated[
    str,
    typer.Option(
        "--nan",
        metavar="|".join(NONFINITE),
        rich_help_panel=OUTPUT,
        help="Numbers that are not finite, in JSON.",
        autocompletion=one_of(*NONFINITE),
    ),
]
KeepGoing = Annotated[
    bool,
    typer.Option("--keep-going", rich_help_panel=OUTPUT, help="Go on after a failed statement; the exit status still tells."),
]
JsonSchema = Annotated[
    bool, typer.Option("--json-schema", rich_help_panel=OUTPUT, help="Print the JSON Schema of the records, and stop.")
]


def with_line_ends(text: str) -> str:
    """The text with lines that end as the language has them; those of Windows come in by files, and by what is pasted."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def choice(option: str, value: str, allowed: Sequence[str]) -> str:
    """The value, if it is one of those allowed."""
    if value not in allowed:
        message = f"{option} takes {', '.join(allowed[:-1])} or {allowed[-1]}, not {value!r}"
        raise UsageError(message, did_you_mean=close_matches(value, allowed))
    return value


def exclude(first: tuple[str, bool], *others: tuple[str, bool]) -> None:
    """Refuse the first option together with any of the others."""
    for option, is_given in others:
        if first[1] and is_given:
            raise UsageError(f"{first[0]} and {option} contradict each other", hint="leave one of them out")


def whole_number(option: str, value: str | None, lowest: int, highest: int | None = None) -> int | None:
    """The value as an integer from `lowest` to `highest`, if that is given."""
    if value is None:
        return None
    try:
        number = int(value)
    except ValueError:
        raise UsageError(f"{option} takes a whole number, not {value!r}") from None
    if number < lowest or (highest is not None and number > highest):
        end = "on" if highest is None else f"to {highest}"
        raise UsageError(f"{option} takes a whole number from {lowest} {end}, not {value}")
    return number


def memory_size(option: str, value: str | None) -> int | None:
    """The value as a number of bytes: a number with a unit, or without one."""
    if value is None:
        return None
    digits = value.rstrip("BbKkMmGgTtIi ")
    unit = value[len(digits) :].strip().upper().removesuffix("B")
    try:
        number = float(digits) * UNITS[unit]
    except (KeyError, ValueError):
        number = -1.0
    if not 1 <= number < 2**63:
        raise UsageError(
            f"{option} takes a size of at least one byte, not {value!r}", hint=f"for example: {option} 500MB, or {option} 2GiB"
        )
    return int(number)


def limit_time(timeout: str | None) -> None:
    """Let --timeout run from now on."""
    if timeout is None:
        return
    try:
        seconds = float(timeout)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MOST_SECONDS:
        message = f"--timeout takes seconds, a number above 0 and at most {MOST_SECONDS}, not {timeout!r}"
        raise UsageError(message, hint="for example: --timeout 10")
    from gradcli.cli.interrupts import start_timer

    start_timer(seconds)


def new_session(
    dtype: str,
    seed: str | None,
    threads: str | None,
    device: str,
    max_memory: str | None,
    profile: bool,
    write: Callable[[str], object] | None = None,
) -> Session:
    """A session with the numeric options of the command line."""
    checked_dtype = choice("--dtype", dtype, DTYPES)
    from gradcli.session import Session
    from gradcli.session.options import MOST_SEED

    checked_seed = whole_number("--seed", seed, 0, MOST_SEED)
    checked_threads = whole_number("--threads", threads, 1)
    checked_memory = memory_size("--max-memory", max_memory)
    return Session(
        checked_dtype, checked_seed, checked_threads, device=device, max_memory=checked_memory, profile=profile, write=write
    )


def bind_all(
    session: Session,
    *,
    let: Sequence[str] | None,
    const: Sequence[str] | None,
    data: Sequence[str] | None,
    const_data: Sequence[str] | None,
    note: Callable[[str], object],
) -> None:
    """Bind what the options say: files first, since expressions may use them; constants can't use what requires grad."""
    bound: dict[str, str] = {}  # where each name has its value from

    def add(name: str, origin: str) -> None:
        if name in bound:
            both = f"{bound[name]} and by {origin}" if bound[name] != origin else f"{origin} twice"
            raise UsageError(f"{name} is bound by {both}", hint="take another name for one of them")
        bound[name] = origin

    for option, files in (("--const-data", const_data), ("--data", data)):
        for file in files or ():
            for name in session.bind_data(file, requires_grad=option == "--data", origin=option, note=note):
                add(name, option)
    for option, bindings in (("--const", const), ("--let", let)):
        for binding in bindings or ():
            name, value = name_and_value(option, binding)
            add(name, option)
            session.bind(name, value, requires_grad=option == "--let", origin=option)
            if option == "--let" and (kind := _kind_without_gradient(session.scope[name])):
                note(f"--let {name} is {kind}, which has no gradient; --const says that none is meant")


def _kind_without_gradient(value: object) -> str | None:
    """What a value is whose numbers have no gradient, though they may have been meant to."""
    from gradcli.autograd import Tensor
    from gradcli.session.values import is_numeric

    if isinstance(value, Tensor):
        return None if value.requires_grad else f"a tensor of {value.dtype.name}"
    return "a tuple" if isinstance(value, tuple) and value and is_numeric(value) else None


def only(option: str, values: Sequence[str] | None) -> str | None:
    """The value of an option that may be given once: the last of several files would leave the others out."""
    if values is not None and len(values) > 1:
        raise UsageError(f"{option} is given twice: {values[0]!r} and {values[1]!r}", hint="leave one of them out")
    return values[0] if values else None


def name_and_value(option: str, binding: str) -> tuple[str, str]:
    """The two sides of NAME=VALUE."""
    name, equals, value = with_line_ends(binding).partition("=")
    name = checked_name(option, name)
    if not equals or not value.strip():
        field = "; a name alone is a field of --input" if option == "--const" else "; a field of --input has its value there"
        hint = f"NAME=VALUE is one word, in quotes if it has spaces: {option} '{name}=ones(2,2)'{field}"
        raise UsageError(f"{option} {name} has no value", hint=hint)
    return name, value


def checked_name(option: str, name: str) -> str:
    """The name of a binding."""
    name = name.strip()
    if name.isidentifier() and not iskeyword(name):
        return name
    hint = f"for example: {option} 'x=ones(2,2)'"
    if iskeyword(name):
        hint = f"it is a word of the language; take another, such as {name}_"
    elif set(name) & set("‘’“”„"):
        hint = f"write the straight quotes of the keyboard: {option} 'x=ones(2,2)'"
    raise UsageError(f"{option} takes NAME=VALUE, and {name!r} is not a name", hint=hint)
