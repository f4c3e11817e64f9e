"""`gradcli eval`: evaluate statements and differentiate the last expression."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from gradcli.cli import collect_sparingly, options
from gradcli.cli.out import save_evaluation, target_of
from gradcli.cli.streams import Streams
from gradcli.cli.typer_commands import CONTEXT_SETTINGS, Command
from gradcli.errors import GradcliError, UsageError

if TYPE_CHECKING:
    from gradcli.language.tree import Statement
    from gradcli.session import Evaluation

EXAMPLES = """
Examples:
  gradcli eval 'mean((x+2)*(x+2)*3)' --let 'x=ones(2,2)'
  gradcli eval 'y = x @ w' 'softmax(y, 0)' --let 'x=[1,2]' --let 'w=eye(2)' --grad-output '[1,0]'
  gradcli eval 'sum(w*x)' --let 'w=[1,2]' --const 'x=[3,4]' --wrt w --json
  gradcli eval 'mean((X@w)**2)' --const-data X=rows.npy --data w=fit.npz:weights
  gradcli eval 'sum((w-1)**2)' --data w=fit.npz:weights --out step.npz
  gradcli eval 'sum(sin(x)*y)' --let 'x=[1,2]' --let 'y=[3,4]' --hessian x --hessian y
  gradcli eval 'sum((w*x - y)**2)' --input rows.jsonl --const x --const y > gradients.jsonl
  gradcli eval --let x=3 -- '-x*x'
"""

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command(cls=Command, context_settings=CONTEXT_SETTINGS, epilog=EXAMPLES)
def evaluate(
    statements: options.Statements = None,
    let: options.Let = None,
    const: options.Const = None,
    data: options.Data = None,
    const_data: options.ConstData = None,
    input: options.Input = None,
    wrt: options.Wrt = None,
    grad_output: options.GradOutput = None,
    jacobian: options.Jacobian = None,
    hessian: options.Hessian = None,
    no_grad: options.NoGrad = False,
    dtype: options.Dtype = "float32",
    seed: options.Seed = None,
    threads: options.Threads = None,
    device: options.Device = "cpu",
    max_memory: options.MaxMemory = None,
    timeout: options.Timeout = None,
    compare: options.Compare = None,
    out: options.Out = None,
    json: options.Json = False,
    plain: options.Plain = False,
    color: options.Color = "auto",
    nan: options.Nan = "null",
    keep_going: options.KeepGoing = False,
    profile: options.Profile = False,
    json_schema: options.JsonSchema = False,
) -> int:
    """Evaluate statements; differentiate the last expression; show value, gradients and grad_fn graph.

    A scalar result is differentiated with respect to every leaf that requires grad. A result that does not require grad
    is shown without gradients, and one with several elements needs --grad-output, or a sum().
    """
    options.limit_time(timeout)
    options.choice("--color", color, options.COLORS)
    options.choice("--nan", nan, options.NONFINITE)
    options.exclude(("--json", json), ("--plain", plain))
    options.exclude(("--compare", compare is not None), ("--device", device != "cpu"), ("--profile", profile))
    options.exclude(("--compare", compare is not None), ("--out", bool(out)))
    options.exclude(("--no-grad", no_grad), ("--wrt", bool(wrt)), ("--grad-output", grad_output is not None))
    options.exclude(("--no-grad", no_grad), ("--jacobian", bool(jacobian)))
    options.exclude(("--no-grad", no_grad), ("--hessian", bool(hessian)))
    options.exclude(
        ("--input", bool(input)),
        ("--plain", plain),
        ("--compare", compare is not None),
        ("--profile", profile),
        ("--out", bool(out)),
    )
    streams = Streams(json=json or bool(input), plain=plain, color=color)
    if json_schema:
        return print_schema(streams)
    if not statements:
        raise UsageError(
            "eval takes at least one statement", hint="for example: gradcli eval 'mean((x+2)*(x+2)*3)' --let 'x=ones(2,2)'"
        )
    text = options.with_line_ends("\n".join(statements))
    source = options.only("--input", input)
    if source is not None:
        from gradcli.cli.records import map_records
        from gradcli.session.records import Wanted

        session = options.new_session(dtype, seed, threads, device, max_memory, False, streams.note_printed)
        valued = [binding for binding in const or () if "=" in binding]
        options.bind_all(session, let=let, const=valued, data=data, const_data=const_data, note=streams.note)
        wanted = Wanted(text, wrt, grad_output, no_grad, jacobian or (), hessian or ())
        return map_records(source, session, wanted, let or (), const or (), streams, nan, keep_going)
    target = target_of(options.only("--out", out))
    failed: list[GradcliError] = []

    def tell(error: GradcliError, statement: Statement) -> None:
        failed.append(error)
        streams.error(error, record=False)

    def evaluated(device: str, seed: str | None, write: Callable[[str], object]) -> Evaluation:
        session = options.new_session(dtype, seed, threads, device, max_memory, profile, write)
        options.bind_all(session, let=let, const=const, data=data, const_data=const_data, note=streams.note)
        collect_sparingly()
        with streams.progress():
            on_error = tell if keep_going else None
            evaluation = session.evaluate(text, wrt, grad_output, no_grad, on_error, jacobian or (), hessian or ())
        if target is not None:
            save_evaluation(target, evaluation, session, nan)
        return evaluation

    write = streams.note_printed if json else streams.write
    if compare is None:
        evaluation = evaluated(device, seed, write)
        show(evaluation, streams, nan)
        if evaluation.profile is not None and not json:
            streams.profile(evaluation.profile)
    else:
        from gradcli.cli.compare import show_comparison

        evaluation = show_comparison(compare, evaluated, seed, write, streams, nan)
    for note in evaluation.notes:
        streams.note(note)
    return max((error.exit_code for error in failed), default=0)


def show(evaluation: Evaluation, streams: Streams, nan: str) -> None:
    """Write the result in the layout of the streams."""
    if evaluation.is_silent and streams.layout != "json":
        return
    if streams.layout == "json":
        from gradcli.report import records

        streams.write_record(records.evaluation_record(evaluation, nan))
    elif streams.layout == "plain":
        from gradcli.report import plain

        streams.write_styled([*plain.evaluation_segments(evaluation, sys.stdout.encoding), ("\n", "")])
    else:
        from gradcli.report import rich_view

        rich_view.render_evaluation(evaluation, streams.console(sys.stdout))


def print_schema(streams: Streams) -> int:
    """Write the JSON Schema that all records follow."""
    from gradcli.report import records

    streams.write(records.json_schema().rstrip("\n") + "\n")
    return 0
