"""Compiles bytecode for an editable install, as pip does for every other install: the start-up time depends on it."""

from __future__ import annotations

import compileall
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BytecodeHook(BuildHookInterface):
    """Runs before a wheel is built, and acts on editable ones, which point at this tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the package; what can't be written is compiled in memory at each start, as usual."""
        if version == "editable":
            compileall.compile_dir(Path(self.root) / "gradcli", quiet=2)
