"""The samples with pipes print what is written beside them; jq and curl have stand-ins where they are not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "samples" / "pipes").glob("*.sh"))

JQ = """
import json, sys
found = json.load(sys.stdin)
for name in sys.argv[-1].strip(".").split("."):
    found = found[name]
print(json.dumps(found))
"""
STAND_INS = {"jq": JQ, "curl": "import sys; print(open(sys.argv[-1].removeprefix('file://')).read())"}


@pytest.fixture
def tools(tmp_path: Path) -> str:
    """A path of programs: gradcli as it is here, and what is not installed."""
    programs = {"gradcli": "import sys; from gradcli.cli import entry; sys.exit(entry())"}
    programs |= {name: program for name, program in STAND_INS.items() if which(name) is None}
    for name, program in programs.items():
        (tmp_path / name).write_text(f"#!{sys.executable}\n{program}")
        (tmp_path / name).chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_sample_with_pipes_prints_what_is_written_beside_it(script: Path, tools: str) -> None:
    environment = os.environ | {"PATH": tools, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == script.with_suffix(".expected").read_text()
    assert not [name for name in os.listdir(script.parent) if name.endswith((".npz", ".npy", ".tmp"))]


@pytest.mark.parametrize("path", [".readings.minutes", ".readings.celsius", ".station.name"])
def test_the_stand_in_for_jq_gives_what_jq_gives(path: str) -> None:
    content = (ROOT / "samples" / "pipes" / "readings.json").read_bytes()
    stand_in = subprocess.run([sys.executable, "-c", JQ, "-c", path], input=content, capture_output=True, check=True).stdout
    if which("jq") is None:
        pytest.skip("jq is not installed")
    real = subprocess.run(["jq", "-c", path], input=content, capture_output=True, check=True).stdout
    assert real.replace(b" ", b"") == stand_in.replace(b" ", b"")
