"""Streams and signals: colours where they are wanted, pipes that close, interrupts, encodings, and no traceback ever."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

import pytest

from gradcli.cli.terminal import is_decorated, wants_color, width_of

from .command import run_apart, run_here

EXAMPLE = ["eval", "mean((x+2)*(x+2)*3)", "--let", "x=ones(2,2)"]
ENDLESS = "i = 0\nwhile True:\n    print(i)\n    i = i + 1\n"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "GRADCLI_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize(
    ("policy", "environment", "terminal", "pipe"),
    [
        ("auto", {}, True, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, True, True),
        ("auto", {"FORCE_COLOR": "0"}, True, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colours_follow_the_option_then_the_environment_then_the_stream(
    monkeypatch: pytest.MonkeyPatch, policy: str, environment: dict[str, str], terminal: bool, pipe: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_color(Terminal(), policy) is terminal
    assert wants_color(io.StringIO(), policy) is pipe


def test_a_terminal_without_colours_keeps_the_rich_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert is_decorated(Terminal(), "auto")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not is_decorated(io.StringIO(), "auto")


def test_forced_colours_leave_the_layout_of_a_pipe_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run_here(*EXAMPLE).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    colored = run_here(*EXAMPLE).out
    assert "\x1b[1m27.\x1b[0m" in colored and "\x1b[1;32mx.grad" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
    assert run_here(*EXAMPLE, "--plain").out == plain


def test_a_dumb_terminal_has_the_width_that_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "40")
    assert width_of(Terminal()) == 40
    written = run_here("eval", "sum(x)", "--let", "x=rand(9, 9)", "--color", "always").out
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", written).splitlines())) <= 40


def on_a_terminal(words: list[str], environment: dict[str, str]) -> str:
    """What a command writes to a terminal of 80 columns."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", *words],
        stdin=writer,
        stdout=writer,
        stderr=writer,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"} | environment,
    )
    os.close(writer)
    written = b""
    while select.select([reader], [], [], 30)[0]:
        try:
            piece = os.read(reader, 65536)
        except OSError:
            break
        if not piece:
            break
        written += piece
    os.close(reader)
    process.wait(30)
    return written.decode()


def test_a_terminal_gets_the_rich_layout_in_colours() -> None:
    written = on_a_terminal(EXAMPLE, {})
    assert "\x1b[" in written and "gradient" in written and "└─" in written


@pytest.mark.parametrize("words", [EXAMPLE, ["functions", "sin"], ["check", "x**2", "--let", "x=3"], ["eval", "y"]])
def test_a_terminal_with_no_color_gets_the_rich_layout_without_escape_sequences(words: list[str]) -> None:
    in_colors, without = on_a_terminal(words, {}), on_a_terminal(words, {"NO_COLOR": "1"})
    assert "\x1b" not in without
    assert without == re.sub(r"\x1b\[[0-9;]*m", "", in_colors)
    assert without == on_a_terminal([*words, "--color", "never"], {})


@pytest.mark.parametrize("options", [[], ["--plain"], ["--color", "never"]])
@pytest.mark.parametrize("statement", ["print({})", "{}", "[{}]", "x = {}; x"])
def test_a_terminal_is_shown_the_characters_that_would_steer_it(statement: str, options: list[str]) -> None:
    text = r"'a\x1b[2J\x9b1m\x07\u202e[red]:boom:\u200fb\x08'"
    written = on_a_terminal(["eval", statement.format(text), *options], {"NO_COLOR": "1"})
    assert r"a\x1b[2J\x9b1m\x07\u202e[red]:boom:\u200fb\x08" in written
    assert not any(character in written for character in "\x9b\x07\u202e\u200f\x08")


def test_a_pipe_gets_what_a_program_prints_as_it_is() -> None:
    assert run_here("eval", r"print('\x1b[2J\u202e')").out == "\x1b[2J\u202e\n"


def test_json_on_a_terminal_is_json() -> None:
    assert json.loads(on_a_terminal([*EXAMPLE, "--json"], {}))["value"] == 27.0


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_closes_the_pipe_ends_the_command_quietly_with_141(options: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", "run", "-", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    process.stdin.write(ENDLESS.encode())
    process.stdin.close()
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_an_interrupt_ends_a_script_with_130_within_a_second() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", "run", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"print('ready')\n" + b"i = 0\nwhile True:\n    i = i + 1\n")
    process.stdin.close()
    process.stdin = None
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    start = time.perf_counter()
    _, err = process.communicate(timeout=30)
    assert time.perf_counter() - start < 2
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_an_interrupt_ends_a_long_call_of_numpys_and_keeps_what_was_printed() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", "run", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(b"print('ready')\nprint(tensor([1.]).expand(10**6, 10**6).amax())\n")
    process.stdin.close()
    process.stdin = None
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    start = time.perf_counter()
    out, err = process.communicate(timeout=30)
    assert time.perf_counter() - start < 2
    assert process.returncode == 130
    assert (out, err) == (b"ready\n", b"")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_in_the_middle_of_a_long_line_ends_the_command_with_141(unbuffered: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", "eval", "arange(300000)", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.read(20).startswith(b'{"format_version"')
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr.read() == b""


@pytest.mark.parametrize("words", ["--help", "eval --help"])
def test_help_for_a_reader_that_is_gone_ends_with_141(words: str) -> None:
    command = f"{sys.executable} -m gradcli {words} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_an_encoding_that_lacks_a_character_gets_an_escape_for_it(encoding: str) -> None:
    done = run_apart(["eval", "'naïve ∂x'"], environment={"PYTHONIOENCODING": encoding})
    assert done.status == 0
    assert "\\u2202x" in done.out


def test_the_c_locale_works() -> None:
    environment = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert run_apart(EXAMPLE, environment=environment).status == 0
    assert run_apart([*EXAMPLE, "--color", "always"], environment=environment).status == 0


def test_json_is_utf_8_whatever_the_locale_says() -> None:
    done = run_apart(["eval", "'∂'", "--json"], environment={"PYTHONIOENCODING": "latin-1"})
    assert done.record["value"] == "∂"


def test_bytes_that_are_no_text_do_not_stop_a_command() -> None:
    done = run_apart(["eval", b"'\xff'".decode("utf-8", "surrogateescape"), "--json"])
    assert done.status == 0
    assert json.loads(done.out)["ok"]


def test_control_characters_of_the_input_are_made_visible_in_an_error() -> None:
    done = run_here("eval", "1 + \x1b[31mred")
    assert done.status == 3
    assert "\x1b" not in done.err


def test_an_internal_fault_is_one_line_and_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcli import session

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh\nno")

    monkeypatch.setattr(session.Session, "evaluate", fail)
    done = run_here("eval", "1")
    assert done.status == 1
    assert "internal fault" in done.err and "ZeroDivisionError: oh no" in done.err and "GRADCLI_DEBUG=1" in done.err
    assert "Traceback" not in done.err
    monkeypatch.setenv("GRADCLI_DEBUG", "1")
    assert "Traceback" in run_here("eval", "1").err


def test_too_little_memory_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcli import session

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(session.Session, "evaluate", fail)
    done = run_here("eval", "1", "--json")
    assert (done.status, done.record["error"]["code"]) == (5, "limit")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "words",
    [
        "eval 1",
        "eval 1 --json",
        "eval 1 --color always",
        "eval --json-schema",
        "check x**2 --let x=3",
        "functions",
        "--help",
        "run -",
    ],
)
def test_a_full_disk_is_an_output_that_cannot_be_written(words: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gradcli", *words.split()],
            input=b"for i in range(10**5): print(i)", stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode == 7
    assert done.stderr.decode() == "error: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize(("statement", "status"), [("1", 0), ("x", 1), ("1 +", 3)])
def test_a_closed_standard_error_changes_no_status(statement: str, status: int) -> None:
    command = f"{sys.executable} -m gradcli eval '{statement}' --json 2>&-"
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=False)
    assert done.returncode == status
    assert json.loads(done.stdout)["ok"] is (status == 0)


def test_a_terminal_that_does_not_know_its_width_gets_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    assert "27." in run_here(*EXAMPLE, "--color", "always").out


def test_an_interrupt_from_the_terminal_removes_the_bar_and_leaves_the_terminal_as_it_was() -> None:
    reader, writer = pty.openpty()
    before = termios.tcgetattr(writer)
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", "check", "sum(sin(x))", "--let", "x=ones(1000000)", "--all"],
        stdin=writer, stdout=writer, stderr=writer, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80"},
    )  # fmt: skip
    written = b""
    while b"elements/s" not in written:
        assert select.select([reader], [], [], 30)[0], "there is no bar"
        written += os.read(reader, 65536)
    os.write(reader, b"\x03")  # Ctrl-C
    assert process.wait(5) == 130
    while select.select([reader], [], [], 0.2)[0]:
        written += os.read(reader, 65536)
    assert written.endswith(b"\r" + b" " * 79 + b"\r")
    assert termios.tcgetattr(writer) == before
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("end", ["x", "'text'"])
def test_an_error_at_the_end_of_a_very_long_line_has_its_place_and_a_short_text(end: str) -> None:
    done = run_apart(["run", "-"], text="1+" * 300_000 + end)
    assert done.status == 1
    assert "<stdin>:1:" in done.err and len(done.err) < 5000


@pytest.mark.parametrize("name", ["", "a\x1b[31mb.grad", "a\nb.grad", "a\u202eb.grad"])
def test_the_name_of_a_script_is_shown_visibly(name: str) -> None:
    done = run_here("run", name)
    assert (done.status, done.err) == (6, f"error: there is no file {name!r}\n")


def test_a_closed_standard_output_is_an_output_that_cannot_be_written() -> None:
    done = subprocess.run(["sh", "-c", f"{sys.executable} -m gradcli eval 1 >&-"], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 7
    assert b"standard output is closed" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("statement", "status"),
    [("ones(2)*2", 0), ("x", 1), ("1 +", 3), ("tensor([1.,2.], requires_grad=True)", 0), ("print(1); 1", 0)],
)
def test_a_full_standard_error_changes_neither_results_nor_status(statement: str, status: int) -> None:
    command = f"{sys.executable} -m gradcli eval '{statement}' --json 2>/dev/full"
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=False)
    assert done.returncode == status
    assert json.loads(done.stdout)["ok"] is (status == 0)


def test_a_script_that_is_typed_is_waited_for_with_words() -> None:
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gradcli", "run", "-"], stdin=writer, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    os.write(reader, b"print(6*7)\n\x04")  # Ctrl-D
    out, err = process.communicate(timeout=30)
    os.close(reader)
    assert (out, err) == ("42\n", "note: the script is read from this terminal; Ctrl-D on a line of its own ends it\n")
