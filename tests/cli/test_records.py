"""`gradcli eval --input`: real pipes, slow and fast, errors in the place of records, and the ways that a stream can end."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gradcli.data.json_lines import MOST_LINE
from gradcli.report.records import json_schema

from .command import Outcome, run_apart, run_here

FIT = ["sum((w*x - y)**2)", "--const", "x", "--const", "y"]
VALIDATOR = Draft202012Validator(json.loads(json_schema()))


def lines_of(records: Sequence[dict[str, Any]]) -> str:
    """Records as JSON Lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def mapped(text: str | bytes, *words: str) -> Outcome:
    """What the command makes of a standard input."""
    done = run_apart(["eval", *words, "--input", "-"], text=text)
    assert "Traceback" not in done.err
    for record in done.records:
        VALIDATOR.validate(record)
    return done


@contextmanager
def streaming(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command with its pipes in our hands."""
    command = [sys.executable, "-m", "gradcli", "eval", *words, "--input", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    try:
        yield process
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None and not stream.closed:
                stream.close()
        process.wait(30)


def send(process: subprocess.Popen[bytes], text: str) -> None:
    """Write text to the command, and let it go."""
    assert process.stdin is not None
    process.stdin.write(text.encode())


def answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The next record, which has to come without more input."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 30)[0], "there is no answer"
    record = json.loads(process.stdout.readline())
    assert isinstance(record, dict)
    return record


# ── a record in, a record out ──


def test_a_record_is_that_of_eval_with_its_line() -> None:
    records = [{"w": [1, 2], "x": [3, 4], "y": [5, 6]}, {"w": [0.1, 0.2], "x": [1, 1], "y": [0, 1e-9]}] * 3
    done = mapped(lines_of(records), *FIT)
    assert (done.status, done.err) == (0, "")
    for number, (record, line) in enumerate(zip(records, done.out.splitlines(), strict=True), 1):
        names = {name: json.dumps(value) for name, value in record.items()}
        alone = run_here(
            "eval", FIT[0], "--let", f"w={names['w']}", "--const", f"x={names['x']}", "--const", f"y={names['y']}", "--json"
        )
        assert line == alone.out.rstrip("\n").replace('"ok":true,', f'"ok":true,"input_line":{number},')


def test_records_of_different_structures_keep_their_order() -> None:
    records = [{"x": [float(number)] * (1 + number % 3), "n": number} for number in range(50)]
    done = mapped(lines_of(records), "sum(x*x)")
    assert [record["input_line"] for record in done.records] == list(range(1, 51))
    assert [record["value"] for record in done.records] == [number**2 * (1 + number % 3) for number in range(50)]
    assert [record["grads"]["x"]["shape"] for record in done.records] == [[1 + number % 3] for number in range(50)]


def test_blank_lines_are_skipped_and_counted() -> None:
    done = mapped('\n{"x": 1}\r\n   \n\n\t\n{"x": 2}', "x*x")
    assert [(record["input_line"], record["value"]) for record in done.records] == [(2, 1.0), (6, 4.0)]


def test_no_input_has_no_answer() -> None:
    assert mapped("", "x*x") == (0, "", "")
    assert mapped("\n\n", "x*x") == (0, "", "")


def test_a_byte_order_mark_may_stand_in_front() -> None:
    assert mapped(b'\xef\xbb\xbf{"x": 3}\n', "x*x").record["value"] == 9.0


def test_a_file_is_read_as_standard_input_is(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(lines_of([{"x": number} for number in range(5)]))
    assert run_here("eval", "x*x", "--input", str(file)).out == mapped(file.read_text(), "x*x").out


def test_a_named_pipe_is_a_file_as_well(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text('{"x": 3}\n'))
    writer.start()
    assert run_here("eval", "x*x", "--input", str(pipe)).record["value"] == 9.0
    writer.join()


# ── names ──


def test_const_makes_fields_constants_by_the_rule_for_literals() -> None:
    done = mapped('{"x": [0, 2], "k": [0, 2]}\n{"x": [0, 2], "k": [0.5, 2]}\n', "sum(x*k), k", "--const", "k")
    assert [record["value"][1]["dtype"] for record in done.records] == ["int64", "float32"]
    done = mapped('{"x": [0, 2], "k": [0, 2]}\n', "sum(x*k)", "--const", "k")
    assert list(done.record["grads"]) == ["x"]


def test_options_bind_names_for_all_records(tmp_path: Path) -> None:
    file = tmp_path / "y.json"
    file.write_text("[5, 6]")
    bound = ["--let", "w=[1,2]", "--const", "k=10", "--const-data", f"y={file}"]
    done = mapped('{"x": [3, 4]}\n{"x": [1, 1]}\n', "sum(w*x*k - y)", "--const", "x", *bound)
    assert [record["value"] for record in done.records] == [99.0, 19.0]
    assert [record["grads"]["w"]["value"] for record in done.records] == [[30.0, 40.0], [10.0, 10.0]]


def test_fields_that_are_not_mentioned_are_left_out_whatever_they_are() -> None:
    text = '{"id": "a:b", "x": 2, "nested": {"x": 5}, "not a name": null, "if": [1, [2]]}\n'
    assert mapped(text, "x*x").record["value"] == 4.0


def test_texts_and_truth_values_are_bound_as_they_are() -> None:
    cases = [(3, "square", True, 18.0), (3, "plain", False, 3.0), (4, "plain", False, 4.0)]
    records = [{"x": x, "how": how, "twice": twice} for x, how, twice, _ in cases]
    done = mapped(lines_of(records), "y = x*x if how == 'square' else x", "y*2 if twice else y")
    assert [record["value"] for record in done.records] == [value for *_, value in cases]


def test_a_name_of_all_records_may_not_be_a_field() -> None:
    done = mapped('{"x": 1}\n', "x*x", "--let", "x=3")
    assert (done.status, done.record["ok"]) == (6, False)
    assert "the field x has a name that an option binds" in done.record["error"]["message"]


def test_a_constant_that_is_not_mentioned_is_a_slip() -> None:
    done = mapped('{"x": 1}\n', "x*x", "--const", "z")
    assert (done.status, done.record["error"]["message"]) == (2, "--const z: the statements do not mention z")


# ── statements see one record only ──


def test_what_statements_change_lasts_for_the_record() -> None:
    done = mapped(
        '{"x": 1}\n{"x": 2}\n{"x": 3}\n', "(w*x).sum().backward()", "with torch.no_grad(): w += 1", "w.grad + w", "--let", "w=[5]"
    )
    assert [record["value"] for record in done.records] == [[7.0], [8.0], [9.0]]
    done = mapped('{"x": 1}\n{"x": 2}\n', "seen[0] = seen[0] + x", "seen[0] * 1", "--let", "seen=[tensor(5.), 'a']")
    assert [record["value"] for record in done.records] == [6.0, 7.0]
    done = mapped('{"x": 1}\n{"y": 2}\n', "kept = x", "kept", "--keep-going")
    assert done.records[1]["error"]["message"] == "x is not defined"


def test_random_numbers_are_other_ones_for_each_record_and_the_same_for_a_seed() -> None:
    text = '{"x": 1}\n' * 4
    first, again = (mapped(text, "x*rand(())", "--seed", "1") for _ in range(2))
    assert first.out == again.out
    assert len({record["value"] for record in first.records}) == 4


def test_what_is_printed_goes_to_stderr_in_order() -> None:
    done = mapped('{"x": 1}\n{"x": 2}\n{"x": 3}\n', "print('x is', x.item())", "x*x")
    assert done.err == "x is 1.0\nx is 2.0\nx is 3.0\n"
    assert [record["value"] for record in done.records] == [1.0, 4.0, 9.0]


def test_a_note_is_told_once() -> None:
    done = mapped('{"x": [1, 2]}\n' * 20, "x*x")
    assert done.err.count("note:") == 1
    assert len(done.records) == 20


@pytest.mark.parametrize(
    "options",
    [
        ["--wrt", "w", "--grad-output", "[1, 0]"],
        ["--no-grad"],
        ["--grad-output", "[1, 0]"],
        ["--jacobian", "w"],
        ["--dtype", "float64"],
        ["--max-memory", "1MB"],
        ["--threads", "1"],
        ["--nan", "string"],
    ],
    ids=" ".join,
)
def test_options_do_for_records_what_they_do_for_one(options: list[str]) -> None:
    records = [{"w": [1, 2], "x": [3, number]} for number in range(10)]
    done = mapped(lines_of(records), "1/(w*x)", "--const", "x", *options)
    assert done.status == 0
    for number, line in enumerate(done.out.splitlines()):
        alone = run_here("eval", "1/(w*x)", "--let", "w=[1,2]", "--const", f"x=[3,{number}]", "--json", *options)
        assert line == alone.out.rstrip("\n").replace('"ok":true,', f'"ok":true,"input_line":{number + 1},')


def test_second_derivatives_of_records_are_those_of_each() -> None:
    records = [{"w": [1, number]} for number in range(6)]
    done = mapped(lines_of(records), "prod(w)**2", "--hessian", "w")
    for number, line in enumerate(done.out.splitlines()):
        alone = run_here("eval", "prod(w)**2", "--let", f"w=[1,{number}]", "--hessian", "w", "--json")
        assert line == alone.out.rstrip("\n").replace('"ok":true,', f'"ok":true,"input_line":{number + 1},')


# ── errors ──

WRONG = {
    "no JSON": (b'{"x": 1', "column 8: this is no JSON"),
    "no value": (b'{"x": }', "this is no JSON"),
    "a comma too many": (b'{"x": [1,]}', "this is no JSON"),
    "two objects": (b'{"x": 1} {"x": 2}', "this is no JSON"),
    "a list": (b"[1, 2]", "this is a list, not an object"),
    "a number": (b"17", "this is a number, not an object"),
    "null": (b"null", "this is null, not an object"),
    "a name twice": (b'{"x": 1, "x": 2}', "the field x is there twice"),
    "a name twice, deeply": (b'{"x": 1, "y": {"a:": 1, "a:": 2}}', "the field a: is there twice"),
    "NaN": (b'{"x": NaN}', "column 7: NaN is not in JSON"),
    "infinity": (b'{"x": [1, -Infinity]}', "Infinity is not in JSON"),
    "a number beyond float64": (b'{"x": 1e999}', "this is no JSON"),
    "rows of two lengths": (b'{"x": [[1, 2], [3]]}', "the field x: [1] is a list of 1"),
    "null among numbers": (b'{"x": [1, null]}', "the field x: [1] is null, not a number"),
    "text among numbers": (b'{"x": [1, "2"]}', 'the field x: [1] is the text "2", not a number'),
    "an object": (b'{"x": {"a": 1}}', "the field x: it is an object"),
    "no UTF-8": (b'{"x": 1, "y": "\xff"}', "this is not a text in UTF-8: byte 16 of the line is 0xff"),
    "half of a pair": (b'{"x": 1, "y": "\\ud800"}', "this is no JSON"),
    "a byte order mark within": (b'\xef\xbb\xbf{"x": 1}', "this is no JSON"),
    "a control character": (b'{"x": 1, "y": "\x00"}', "this is no JSON"),
    "too deep": (b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}", "this is no JSON"),
    "more axes than a tensor has": (b'{"x": ' + b"[" * 100 + b"1" + b"]" * 100 + b"}", "nest more than 64 deep"),
    "a whole number beyond int64": (b'{"x": 1, "k": 9223372036854775808}', "the field k: it is a whole number beyond int64"),
    "one beyond 64 bits": (b'{"x": 1, "k": [1, 100000000000000000000]}', "the field k: [1] is a whole number beyond int64"),
    "the name of a function in use": (b'{"x": 1, "sin": 2}', "the field sin has the name of a function"),
    "no such field": (b'{"y": 1}', "x is not defined"),
    "shapes that do not fit": (b'{"x": [1, 2], "k": [1, 2, 3]}', "The size of tensor a (2) must match"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_takes_the_place_of_its_record(name: str) -> None:
    line, message = WRONG[name]
    has_k = b'"k"' in line
    statement = ["sin(x) * k", "--const", "k"] if has_k else ["sin(x)"]
    good = [json.dumps({"x": number, **({"k": 1} if has_k else {})}).encode() for number in (1, 2, 3)]
    text = good[0] + b"\n\n" + good[1] + b"\n" + line + b"\n" + good[2] + b"\n"
    status = 1 if name in ("no such field", "shapes that do not fit") else 6

    stopped = mapped(text, *statement)
    assert stopped.status == status
    assert [(record["input_line"], record["ok"]) for record in stopped.records] == [(1, True), (3, True), (4, False)]
    assert message in stopped.records[-1]["error"]["message"]
    assert stopped.err.startswith("<stdin>, line 4:\nerror: ")

    going = mapped(text, *statement, "--keep-going")
    assert going.status == status
    assert [(record["input_line"], record["ok"]) for record in going.records] == [(1, True), (3, True), (4, False), (5, True)]
    assert going.out.startswith(stopped.out)


def test_an_error_in_a_batch_is_that_of_its_record() -> None:
    records = [{"x": [6, 1], "k": number % 7} for number in range(50)]
    done = mapped(lines_of(records), "x.long() // k", "--const", "k", "--const", "x", "--keep-going")
    assert done.status == 1
    wrong = [record["input_line"] for record in done.records if not record["ok"]]
    assert wrong == [number + 1 for number in range(50) if number % 7 == 0]
    assert {record["error"]["torch_message"] for record in done.records if not record["ok"]} == {"ZeroDivisionError"}
    assert done.records[1]["value"] == [6, 1]


def test_the_worst_error_is_the_exit_status() -> None:
    text = '{"x": 1}\n{}\n{"x": [1, [2]]}\n{}\n'
    assert mapped(text, "x*x", "--keep-going").status == 6
    assert mapped(text, "x*x").status == 1


def test_numbers_that_json_lacks_are_as_nan_says() -> None:
    text = lines_of([{"x": number} for number in (1, 0, 2)])
    assert mapped(text, "1/x").records[1]["nonfinite"] == [[[], "inf"]]
    assert mapped(text, "1/x", "--nan", "string").records[1]["value"] == "inf"
    done = mapped(text, "1/x", "--nan", "error", "--keep-going")
    assert [record["ok"] for record in done.records] == [True, False, True]
    assert done.status == 1


@pytest.mark.parametrize(("size", "is_ok"), [(MOST_LINE - 1, True), (MOST_LINE, True), (MOST_LINE + 1, False)])
def test_a_line_has_a_largest_size(tmp_path: Path, size: int, is_ok: bool) -> None:
    start = '{"x": 2, "note": "'
    file = tmp_path / "rows.jsonl"
    file.write_text('{"x": 1}\n' + start + "a" * (size - len(start) - 2) + '"}\n{"x": 3}\n')
    done = run_here("eval", "x*x", "--input", str(file), "--keep-going")
    assert [record["ok"] for record in done.records] == [True, is_ok, True]
    assert [record["input_line"] for record in done.records] == [1, 2, 3]
    if not is_ok:
        assert (done.status, done.records[1]["error"]["message"]) == (6, "the line has more than 16 MiB")


@pytest.mark.parametrize("words", [["--plain"], ["--compare", "cpu,cpu"], ["--profile"]])
def test_options_that_do_not_fit_are_refused(words: list[str]) -> None:
    done = run_here("eval", "x", "--input", "-", *words)
    assert (done.status, done.record["error"]["code"]) == (2, "usage")


def test_a_file_that_is_not_there_or_no_file_is_input_that_cannot_be_read(tmp_path: Path) -> None:
    for file in (tmp_path / "none.jsonl", tmp_path):
        done = run_here("eval", "x", "--input", str(file))
        assert (done.status, done.record["ok"]) == (6, False)


def test_a_closed_standard_input_is_input_that_cannot_be_read() -> None:
    command = f"{sys.executable} -m gradcli eval x --input - <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False, timeout=60)
    assert done.returncode == 6
    assert b"standard input is closed" in done.stderr


def test_const_without_a_value_is_for_records_only() -> None:
    done = run_here("eval", "x", "--const", "x")
    assert done.status == 2
    assert "--input" in done.err


# ── streams ──


def test_a_slow_producer_sees_each_answer_at_once() -> None:
    with streaming("sum(x*x)") as process:
        for number in range(1, 6):
            send(process, f'{{"x": [{number}, 1]}}\n')
            record = answer(process)
            assert (record["input_line"], record["value"]) == (number, number**2 + 1)
        send(process, '{"x": [1')
        time.sleep(0.2)
        send(process, ', 2]}\n{"x": [3, 4]}\n{"x"')
        assert [answer(process)["value"] for _ in range(2)] == [5.0, 25.0]
        send(process, ": 7}")
        assert process.stdin is not None
        process.stdin.close()
        assert answer(process)["value"] == 49.0
        assert process.wait(30) == 0


def test_an_error_is_answered_at_once_and_ends_the_command() -> None:
    with streaming("sum(x*x)") as process:
        send(process, '{"x": [1, 1]}\n')
        assert answer(process)["ok"]
        send(process, '{"x": "no"}\n')
        assert not answer(process)["ok"]
        assert process.wait(30) == 1


def test_a_fast_producer_gets_every_answer_in_order() -> None:
    records = [{"w": [number % 1000, 1, 2, 3], "x": 1} for number in range(30_000)]
    done = run_apart(["eval", "sum((w*x)**2)", "--const", "x", "--input", "-"], text=lines_of(records))
    assert done.status == 0
    found = [(record["input_line"], record["value"], record["grads"]["w"]["value"][0]) for record in done.records]
    assert found == [(number + 1, (number % 1000) ** 2 + 14.0, number % 1000 * 2.0) for number in range(30_000)]


def test_a_reader_that_closes_the_pipe_ends_the_command_quietly_with_141() -> None:
    with streaming("x*x") as process:
        send(process, '{"x": 1}\n')
        answer(process)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        with pytest.raises(BrokenPipeError):
            for _ in range(1000):
                send(process, '{"x": 1}\n' * 100)
                time.sleep(0.001)
        assert process.wait(30) == 141
        assert process.stderr.read() == b""


@pytest.mark.parametrize("is_waiting", [True, False])
def test_an_interrupt_ends_the_command_with_130_and_whole_lines(is_waiting: bool) -> None:
    with streaming("x*x" if is_waiting else "while True: x = x + 1\nx") as process:
        send(process, '{"x": 1}\n')
        if is_waiting:
            answer(process)
        else:
            time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        start = time.perf_counter()
        assert process.wait(30) == 130
        assert time.perf_counter() - start < 2
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"x": 1}\n' * 1000)
    command = [sys.executable, "-m", "gradcli", "eval", "x*x", "--input", str(file)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (7, b"error: the output cannot be written: No space left on device\n")


def test_memory_does_not_grow_with_the_records(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from gradcli.cli import entry; status = entry(sys.argv[1:])\n"
        "sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)); sys.exit(status)"
    )
    peaks = []
    for count in (20_000, 120_000):
        file = tmp_path / f"{count}.jsonl"
        file.write_text('{"w": [0.25, 0.5, 0.75, 1.0]}\n' * count)
        command = [sys.executable, "-c", program, "eval", "sum((w*2 - 1)**2)", "--input", str(file)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, timeout=120)
        peaks.append(int(done.stderr))
    assert peaks[1] < peaks[0] * 1.1
