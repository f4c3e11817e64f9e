"""The sample scripts, and the text that they are expected to print.

`python -m tests.cli.samples` writes the expected texts: from Python with torch, which must be installed, and for a shell's
scripts from gradcli.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "samples"
SCRIPTS = sorted(FOLDER.glob("*.grad"))
SHELL_SCRIPTS = sorted(FOLDER.glob("*.sh"))


def normalised(text: str) -> str:
    """Text without what differs from one run to the next: the addresses of objects."""
    return re.sub(r"0x[0-9a-f]+", "0x...", text)


def expected(script: Path) -> str:
    """What a script is expected to print."""
    return script.with_suffix(".expected").read_text(encoding="utf-8")


def printed_by_torch(script: Path) -> str:
    """What a script prints under Python with torch."""
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    return normalised(done.stdout)


def printed_by_a_shell(script: Path) -> str:
    """What a script for a shell prints, where this Python's gradcli is the first that is found."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["sh", f"{FOLDER.name}/{script.name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=FOLDER.parent, env=os.environ | {"PATH": path})
    return done.stdout + done.stderr


if __name__ == "__main__":
    for path in SCRIPTS:
        path.with_suffix(".expected").write_text(printed_by_torch(path), encoding="utf-8")
    for path in SHELL_SCRIPTS:
        path.with_suffix(".expected").write_text(printed_by_a_shell(path), encoding="utf-8")
