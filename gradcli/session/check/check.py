"""The session of a check: everything in double precision, and with numbers that can be changed one by one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.autograd import Tensor
from gradcli.language import Executable, parse
from gradcli.lazy import ops
from gradcli.lazy.dtypes import float64
from gradcli.report.checked import Check
from gradcli.session.check.checker import Checker
from gradcli.session.check.options import CheckOptions
from gradcli.session.check.program import CheckedProgram, Observer
from gradcli.session.session import Session, placed


class CheckedSession(Session):
    """A session in double precision whose bindings are numbers that can be changed one by one."""

    def __init__(
        self,
        seed: int | None = None,
        threads: int | None = None,
        *,
        max_memory: int | None = None,
        write: Callable[[str], object] | None = None,
    ) -> None:
        self._observer = Observer()
        self._is_mute = False
        self._take_text = write
        super().__init__("float64", seed, threads, self._observer, max_memory=max_memory, write=self._write_once)

    def _write_once(self, text: str) -> None:
        """What a program prints, it prints once, however often it runs."""
        if not self._is_mute:
            (self._take_text or sys.stdout.write)(text)

    def _bind(self, name: str, value: Any, requires_grad: bool) -> None:
        super()._bind(name, value, requires_grad)
        bound = self.scope[name]
        if isinstance(bound, Tensor) and bound.dtype.is_floating:
            bound.array = ops.cast(bound.array, float64)
            if bound.requires_grad:
                self._observer.add_leaf(bound)

    def check(self, source: str, options: CheckOptions | None = None) -> Check:
        """Compare the gradients of the last expression with differences."""
        with self.active():
            executable = Executable(parse(source), self._host, wants_value=True)
            assert executable.result is not None
            program = CheckedProgram(executable, self.scope, self._observer)
            self._is_mute = True
            try:
                with np.errstate(all="ignore"), placed(executable.program.source, executable.result.span):
                    return Checker(self, program, options or CheckOptions()).check()
            finally:
                self._is_mute = False

    @property
    def bound(self) -> list[str]:
        """The names that were bound before the program ran, in order."""
        return self._bound

    def cotangent(self, grad_output: Any, result: Tensor) -> Tensor:
        """The value of --grad-output."""
        return self._cotangent(grad_output, result)

    def value_of(self, text: str, origin: str) -> tuple[Any, Any]:
        """The value of an expression in the scope of the program, and its syntax tree."""
        program = parse(text, origin)
        return self._interpreter.evaluate_last(program), program
