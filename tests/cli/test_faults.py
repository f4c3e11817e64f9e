"""Bad inputs and faults, each in a process of its own with little memory and time: a status, a place, and nothing left behind."""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 3 << 30  # of addresses, most of which libraries only reserve
SECONDS = 5


class Fault(NamedTuple):
    """What a command is given, and how it ends: the status, the start of the error's span, and a part of the sentence."""

    words: str | list[str]
    status: int
    place: str | None
    sentence: str
    text: str | bytes = ""
    files: Mapping[str, str | bytes] = {}


def npy(header: str, numbers: bytes = b"", version: int = 1) -> bytes:
    text = header.encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + numbers


def array(values: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array(values))
    return stream.getvalue()


def zipped(entries: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tensors(header: object, numbers: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def shape(text: str) -> bytes:
    return npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {text}, }}")


X = ["--let", "x=[1,2]"]
HUGE = "99999999"
NESTED = "a = ['x'*1000]\nb = ['x'*1000]\nfor i in range(60):\n    a = [a, a]\n    b = [b, b]\n"

FAULTS = {
    # the command line
    "no command of this name": Fault("evla 1", 2, None, "there is no command 'evla'"),
    "no option of this name": Fault("eval 1 --jsn", 2, None, "there is no option --jsn"),
    "an option without its value": Fault("eval 1 --let", 2, None, "--let"),
    "no statement": Fault("eval", 2, None, "eval takes at least one statement"),
    "no file": Fault("run", 2, None, "run takes a file"),
    "a binding without a name": Fault(["eval", "1", "--let", "\x1b[31m=1"], 2, None, "is not a name"),
    "a binding without a value": Fault("eval x --let x=", 2, None, "--let x has no value"),
    "options that contradict": Fault("eval 1 --json --plain", 2, None, "contradict each other"),
    "a seed beyond its range": Fault("eval 1 --seed 18446744073709551616", 2, None, "--seed takes a whole number"),
    "a dtype that is none": Fault("eval 1 --dtype float8", 2, None, "--dtype takes"),
    "a size that is none": Fault("eval 1 --max-memory -1", 2, None, "--max-memory takes a size"),
    "a time that is none": Fault("eval 1 --timeout never", 2, None, "--timeout takes seconds"),
    "a device that is not there": Fault("eval 1 --device tpu", 5, None, "tpu"),
    "a wrt that is not there": Fault(["eval", "sum(x)", *X, "--wrt", "\u202ey"], 2, None, "there is no such name"),
    # texts
    "an unknown name": Fault(["eval", "sum(x) + maen(x)", *X], 1, "1:10", "maen is not defined"),
    "a syntax error": Fault(["eval", "1 +"], 3, "1:4", "is missing"),
    "a control character": Fault(["eval", "1 + \x1b[31m"], 3, "1:5", "invisible character"),
    "a bidirectional character": Fault(["eval", "x = 1 # \u202e\nx + \u202e1"], 3, "2:5", "right-to-left override"),
    "brackets nested too deep": Fault(["eval", "(" * 500 + "1" + ")" * 500], 3, "1:201", "nested more than 200 deep"),
    "operators nested too deep": Fault("run -", 3, "1:", "nested", "-" * 100_000 + "1"),
    "a number with too many digits": Fault(["eval", "1" * 2000], 3, "1:1", "at most 1000 digits"),
    "a tower of powers": Fault(["eval", "9**9**9"], 5, "1:1", "more than 4096 bits"),
    "an attribute with underscores": Fault(["eval", "x.__class__", *X], 1, "1:3", "no attribute or method __class__"),
    "an import of something else": Fault(["eval", "import os", "1"], 1, "1:", "os"),
    "a script that is not there": Fault(["run", "no\x07where.grad"], 6, None, "there is no file 'no\\x07where.grad'"),
    "a script that is a folder": Fault("run .", 6, None, "Is a directory"),
    "a script that is no text": Fault("run -", 6, None, "line 2 has the byte 0xff", b"print(1)\n\xff\xfe"),
    "a script in another encoding": Fault("run -", 6, None, "not a text in UTF-8", "print(1)".encode("utf-16")),
    "a null character": Fault("run -", 3, "1:9", "U+0000", "print(1)\0"),
    "an error in a line that ends as on another system": Fault("run -", 1, "2:1", "y is not defined", "x = 1\r\ny\r\n"),
    "an error after a byte order mark": Fault("run -", 1, "1:1", "y is not defined", "\ufeffy\n"),
    "an error at the end of a long line": Fault("run -", 1, "1:200001", "y is not defined", "1+" * 100_000 + "y"),
    "a block that is not indented": Fault("run -", 3, "1:1", "a block must follow", "if 1:\nx = 1\n"),
    "a string without an end": Fault("run -", 3, "2:5", "string", "x = 1\ny = 'abc\nz"),
    # evaluation
    "shapes that do not fit": Fault(["eval", "ones(2,3) + ones(4)"], 1, "1:1", "must match the size"),
    "a gradient of several elements": Fault(["eval", "x*2", *X, "--wrt", "x"], 1, "1:1", "only for scalar outputs"),
    "a failed assertion": Fault("run -", 4, "2:8", "assertion failed", "x = 1\nassert x == 2"),
    "a division by zero": Fault(["eval", "1/0"], 1, "1:1", "division by zero"),
    "a list that is too long": Fault(["eval", f"[1]*{HUGE}"], 5, "1:1", "the limit is 10,000,000"),
    "a string that is too long": Fault(["eval", f"'a'*{HUGE}"], 5, "1:1", "the limit is 10,000,000"),
    "a tensor that is too large": Fault(["eval", f"sum(rand({HUGE}, {HUGE}))"], 5, "1:5", "beyond any memory"),
    "more memory than is allowed": Fault(["eval", "sum(rand(10**6))", "--max-memory", "1kB"], 5, "1:1", "1,000 are allowed"),
    "more memory than there is": Fault(["eval", "x = rand(10**11)", "x @ x"], 5, "2:1", "bytes of memory"),
    "calls without an end": Fault("run -", 5, "1:18", "deep", "def f(x): return f(x)\nf(1)"),
    "a loop without an end": Fault("run - --timeout 0.3", 5, None, "the time limit is over", "while True: pass"),
    "a computation without an end": Fault(
        ["eval", "tensor([1.]).expand(10**6, 10**6).amax()", "--timeout", "1"], 5, "1:1", "the time limit is over"
    ),
    "lists that hold each other": Fault("run -", 5, "6:1", "the limit is 10,000,000", NESTED + "str(a)"),
    "lists that hold each other, compared": Fault("run - --timeout 0.3", 5, None, "time limit", NESTED + "a == b"),
    "a number that JSON does not have": Fault(["eval", "log(0*x)", *X, "--nan", "error"], 1, None, "JSON has no number for"),
    "a check that does not hold": Fault(["check", "x.detach()*x", "--let", "x=3"], 4, None, ""),
    # files
    "a file that is not there": Fault("eval x --data x=nowhere.npy", 6, None, "there is no file nowhere.npy"),
    "a format that is not known": Fault("eval x --data x=a.pickle", 2, None, "no known format"),
    "a name with escapes": Fault(["eval", "x", "--data", "x=a\x1b[31m.npy"], 6, None, "'a\\x1b[31m.npy'"),
    "a .npy file that is empty": Fault("eval x --data x=a.npy", 6, None, "cut off", files={"a.npy": b""}),
    "a .npy file that is cut off": Fault("eval x --data x=a.npy", 6, None, "cut off", files={"a.npy": array([1.0] * 9)[:-1]}),
    "a .npy file that claims too much": Fault("eval x --data x=a.npy", 6, None, "takes", files={"a.npy": shape("(1000000000,)")}),
    "a .npy file beyond any memory": Fault(
        "eval x --data x=a.npy", 6, None, "beyond any memory", files={"a.npy": shape("(2147483648, 2147483648)")}
    ),
    "a .npy file of pickles": Fault(
        "eval x --data x=a.npy", 6, None, "pickled Python objects",
        files={"a.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"cos\nsystem\n(S'touch gotcha'\ntR.")},
    ),
    "a .npz file that is no zip file": Fault("eval x --data x=a.npz", 6, None, "zip file", files={"a.npz": b"PK\x03\x04"}),
    "a .npz file with a bomb": Fault(
        "eval x --data x=a.npz --max-memory 1MB", 5, None, "1,000,000 are allowed",
        files={"a.npz": zipped({"a.npy": shape("(5000000,)") + bytes(40_000_000)})},
    ),
    "a .npz file without the entry": Fault(
        "eval x --data x=a.npz:b", 6, None, "no entry b", files={"a.npz": zipped({"a.npy": array(1)})}
    ),
    "a .json file that is none": Fault("eval x --data x=a.json", 6, None, "line 2, column 1", files={"a.json": "[1,\n"}),
    "a .json file with something else": Fault(
        "eval x --data x=a.json", 6, None, '[1] is the text "\\u001b"', files={"a.json": '[1, "\\u001b"]'}
    ),
    "a .json file that is nested deep": Fault("eval x --data x=a.json", 6, None, "nest", files={"a.json": "[" * 10**6}),
    "a .json file with long numbers": Fault(
        "eval x --data x=a.json", 6, None, "int64", files={"a.json": "[" + "9" * 10**6 + "]"}
    ),
    "a .json file with a name of escapes": Fault(
        "eval 1 --data a.json", 6, None, "'w\\x1b[2J': no name", files={"a.json": '{"w\\u001b[2J": 1}'}
    ),
    "a .csv file with a missing value": Fault(
        "eval x --data x=a.csv", 6, None, "line 3, column 2 (b): the value is missing", files={"a.csv": "a,b\r\n1,2\r\n3,\r\n"}
    ),
    "a .csv file that is no text": Fault("eval x --data x=a.csv", 6, None, "line 2", files={"a.csv": b"a,b\n1,\xff\n"}),
    "a .csv file with a long line": Fault(
        "eval x --data x=a.csv", 6, None, "16777216 bytes", files={"a.csv": b"a\n" + b"1" * (1 << 25)}
    ),
    "a .safetensors file that claims too much": Fault(
        "eval x --data x=a.safetensors", 6, None, "longer than the file", files={"a.safetensors": (1 << 62).to_bytes(8, "little")}
    ),
    "a .safetensors file of another dtype": Fault(
        "eval x --data x=a.safetensors", 6, None, "entry w: the dtype is BF16",
        files={"a.safetensors": tensors({"w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, b"\0\0")},
    ),
    "a .parquet file that is none": Fault(
        "eval x --data x=a.parquet", 6, None, "cannot be read", files={"a.parquet": b"PAR1" * 9}
    ),
    "a .zarr folder that is none": Fault("eval x --data x=a.zarr", 6, None, "no .zarr folder", files={"a.zarr/notes": "hello"}),
    "a .zarr folder with a filter that runs code": Fault(
        "eval x --data x=a.zarr", 6, None, "its filter pickle is not read",
        files={
            "a.zarr/.zarray": '{"zarr_format":2,"shape":[1],"chunks":[1],"dtype":"<f4","fill_value":0,"order":"C",'
            '"filters":[{"id":"pickle"}],"compressor":null}',
            "a.zarr/0": b"cos\nsystem\n(S'touch gotcha'\ntR.",
        },
    ),
    # outputs
    "an output without a format": Fault("eval 1 --out a.txt", 2, None, "no format that is written"),
    "an output in no folder": Fault("eval 1 --out nowhere/a.npz", 7, None, "there is no folder nowhere"),
    "an output that is a folder": Fault("eval 1 --out a.npz", 7, None, "it is a folder", files={"a.npz/b": "old"}),
    "an output beyond what may be written": Fault(
        "eval ones(2000000) --out a.npz", 7, None, "a.npz cannot be written: File too large", files={"a.npz": b"old"}
    ),
    "an output of an error": Fault("eval 1/0 --out a.npz", 1, "1:1", "division by zero", files={"a.npz": b"old"}),
    "an output of a text": Fault(["eval", "'a'", "--out", "a.npz"], 2, None, "--out saves tensors", files={"a.npz": b"old"}),
    "an output that takes too long": Fault(
        ["eval", "tensor([1.]).expand(10**6, 10**6).amax()", "--timeout", "1", "--out", "a.npz"], 5, "1:1", "the time limit",
        files={"a.npz": b"old"},
    ),
}  # fmt: skip


def limited() -> None:
    """Little memory, time and room for files: 4 MB, which no fault needs."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def content(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 60


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_with_its_status_and_place_and_leaves_everything_as_it_was(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    for file, text in ({"other.npz": b"other"} | dict(fault.files)).items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(text.encode() if isinstance(text, str) else text)
    before = content(tmp_path)
    words = fault.words.split(" ") if isinstance(fault.words, str) else fault.words
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "gradcli", *words, *(["--json"] if "--plain" not in words else [])],
        input=fault.text.encode() if isinstance(fault.text, str) else fault.text, preexec_fn=limited,
        capture_output=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60, check=False,
    )  # fmt: skip
    assert time.perf_counter() - start < SECONDS
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == fault.status, err
    assert fault.sentence in err
    assert fault.place is None or f":{fault.place}" in err
    assert "Traceback" not in out + err and "internal fault" not in err
    assert all(character.isprintable() or character == "\n" for character in out + err)
    assert content(tmp_path) == before
    if fault.status not in (2, 4):
        record = json.loads(out.splitlines()[-1])
        assert record["ok"] is False
        assert record["error"]["message"].split("\n")[0][:1000] in err
