"""The sample scripts, and the text that they are expected to print.

`python -m tests.cli.samples` writes the expected texts, from Python with torch, which must be installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "samples"
SCRIPTS = sorted(FOLDER.glob("*.grad"))


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


if __name__ == "__main__":
    for path in SCRIPTS:
        path.with_suffix(".expected").write_text(printed_by_torch(path), encoding="utf-8")
