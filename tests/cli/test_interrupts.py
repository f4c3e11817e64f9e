"""What ends a command from outside: signals and the time limit; each within a second, and without half a file."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from gradcli.data.replace import replacing

from .command import run_apart, run_here

ENDLESS = {
    "a loop over integers": "i = 0\nwhile True:\n    i = i + 1\n",
    "a loop over tensors": "x = ones(3)\nwhile True:\n    x = (x + 1).detach()\n",
    "a loop that prints": "while True:\n    print(1)\n",
    "a long call": "tensor([1.]).expand(10**6, 10**6).amax()\n",
    "a long call of a whole array": "x = rand(3000, 3000)\nfor i in range(10**6):\n    x = x @ x / 1e9\nprint(x)\n",
    "a comprehension": "[i for j in range(10**9) for i in range(2) if j < 0]\n",
    "a list": "x = [1] * 10**7\nwhile True:\n    y = sum(x)\n",
}


def started(words: Sequence[str], **options: object) -> subprocess.Popen[bytes]:
    """A command that runs."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([sys.executable, "-m", "gradcli", *words], **pipes)


@pytest.mark.parametrize("program", ENDLESS)
def test_a_time_limit_ends_what_is_endless_with_status_5(program: str) -> None:
    start = time.perf_counter()
    done = run_apart(["run", "-", "--timeout", "0.5"], text=ENDLESS[program])
    assert time.perf_counter() - start < 4
    assert done.status == 5
    assert done.err.startswith("error: the time limit is over: it took more than 0.5 s\n")
    assert "Traceback" not in done.err


def test_a_time_limit_within_products_of_matrices_leaves_their_library_in_peace() -> None:
    words = ["eval", "x = rand(2000, 2000)", "for i in range(1000): x = x @ x / 2000", "x.sum()", "--timeout", "0.7"]
    assert [run_apart(words).status for _ in range(4)] == [5, 5, 5, 5]


def test_the_time_limit_is_an_error_record_with_its_place() -> None:
    done = run_here("eval", "1 + 1;", "tensor([1.]).expand(10**6, 10**6).amax()", "--timeout", "1", "--json")
    assert done.status == 5
    error = done.record["error"]
    assert (error["code"], error["span"]["line"], error["hint"]) == ("limit", 2, "--timeout sets the limit")


def test_the_time_limit_counts_waiting_for_input() -> None:
    process = started(["run", "-", "--timeout", "0.3", "--json"])
    assert process.wait(10) == 5
    assert process.stdout is not None and json.loads(process.stdout.read())["ok"] is False
    process.communicate()


def test_a_command_that_ends_in_time_is_not_disturbed() -> None:
    assert run_here("eval", "1 + 1", "--timeout", "0.2").status == 0
    time.sleep(0.3)
    assert run_here("check", "x**2", "--let", "x=3", "--timeout", "100").status == 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_the_time_limit_is_not_taken_for_the_failure_of_a_statement() -> None:
    done = run_apart(["run", "-", "--keep-going", "--timeout", "0.3"], text="x = 1/0\nwhile True:\n    pass\nprint('after')\n")
    assert (done.status, done.out) == (5, "")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1s", "", "100000001"])
def test_a_time_limit_is_a_number_of_seconds(seconds: str) -> None:
    done = run_here("eval", "1", "--timeout", seconds)
    assert done.status == 2 and "--timeout takes seconds" in done.err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
@pytest.mark.parametrize("program", ["a loop over integers", "a long call"])
def test_a_signal_ends_a_command_quietly_with_its_status(number: int, status: int, program: str) -> None:
    process = started(["run", "-"])
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"print('ready')\n" + ENDLESS[program].encode())
    process.stdin.close()
    process.stdin = None
    time.sleep(1)
    process.send_signal(number)
    start = time.perf_counter()
    assert process.communicate(timeout=30) == (b"ready\n", b"")
    assert time.perf_counter() - start < 2
    assert process.returncode == status


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    command = f"trap '' HUP TERM; echo ready; exec {sys.executable} -m gradcli run -"
    with subprocess.Popen(["sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)  # it reads its script now
        process.terminate()
        assert process.communicate(b"print(1)\n", timeout=30)[0] == b"1\n"
        assert process.returncode == 0


def ended_while_writing(folder: Path, number: int, delay: Callable[[], float], times: int) -> set[str]:
    """What a file holds after each of several writers was ended at a random time: `old`, `new`, or worse."""
    target, found = folder / "o.npy", set()
    size = 4_000_000
    for _ in range(times):
        np.save(target, np.zeros(3))
        process = started(["eval", f"ones({size})", "--out", str(target)], stdout=subprocess.DEVNULL)
        while not any(name.endswith(".tmp") for name in os.listdir(folder)) and process.poll() is None:
            time.sleep(0.0005)
        time.sleep(delay())
        process.send_signal(number)
        process.communicate(timeout=30)
        array = np.load(target)
        found.add("old" if array.shape == (3,) else "new" if array.shape == (size,) and array.min() == 1 else "damaged")
        left = [name for name in os.listdir(folder) if name != "o.npy"]
        assert number == signal.SIGKILL or left == []
        for name in left:  # nobody hears of SIGKILL
            os.unlink(folder / name)
    return found


@pytest.mark.parametrize(("number", "times"), [(signal.SIGKILL, 50), (signal.SIGINT, 20), (signal.SIGTERM, 5)])
def test_who_is_ended_while_writing_leaves_the_old_or_the_new_file_whole(number: int, times: int, tmp_path: Path) -> None:
    source = random.Random(0)
    found = ended_while_writing(tmp_path, number, lambda: source.uniform(0, 0.03), times)
    assert "old" in found
    assert found <= {"old", "new"}


def test_an_interrupt_during_a_write_that_hangs_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import os, signal, time; from gradcli.data import replace; from gradcli.cli.interrupts import watch_for_interrupt\n"
        "watch_for_interrupt()\n"
        "with replace.replacing('o.npy') as stream:\n"
        "    stream.write(b'half'); stream.flush()\n"
        "    signal.signal(signal.SIGINT, lambda *_: None)  # as in a call of the system that is not interrupted\n"
        "    os.kill(os.getpid(), signal.SIGINT); time.sleep(10)\n"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=os.environ | {"PYTHONPATH": os.getcwd()}, check=False
    )
    assert time.perf_counter() - start < 3
    assert (done.returncode, os.listdir(tmp_path)) == (130, [])


def test_two_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    with replacing(str(tmp_path / "a")) as first, replacing(str(tmp_path / "a")) as second:
        first.write(b"first")
        second.write(b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["a"]
