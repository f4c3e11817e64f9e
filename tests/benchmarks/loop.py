"""The long loop of small operations, and the million-node graph: programs that a comparison times.

Lazy values are asked for, so that both sides compute the same: the last value, and its gradient.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import perf_counter
from typing import Any

LOOP = """\
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x
for step in range({count}):
    y = y * 1.0001 + 0.1
y.sum().backward()
"""


def _numbers(scope: dict[str, Any]) -> Any:
    """The last value and the gradient, both computed."""
    from gradcli.lazy import compute

    return compute([scope["y"].array, scope["x"].grad.array])


def gradcli_loop(count: int, with_value: bool = True) -> Callable[[], Any]:
    """The loop in gradcli, from parsed text to the numbers of the gradient, and of the last value if that is asked for too."""
    from gradcli.language import parse
    from tests.oracle.gradcli_side import interpreter_and_prints

    program = parse(LOOP.format(count=count))

    def run() -> Any:
        interpreter = interpreter_and_prints()[0]
        interpreter.run(program)
        return _numbers(interpreter.scope) if with_value else [interpreter.scope["x"].grad.numpy()]

    return run


def gradcli_loop_with_parsing(count: int) -> Callable[[], Any]:
    """The loop in gradcli, from its text."""
    from gradcli.language import parse
    from tests.oracle.gradcli_side import interpreter_and_prints

    def run() -> Any:
        interpreter = interpreter_and_prints()[0]
        interpreter.run(parse(LOOP.format(count=count)))
        return _numbers(interpreter.scope)

    return run


def torch_loop(count: int) -> Callable[[], Any]:
    """The loop in PyTorch eager, from compiled Python."""
    import torch

    code = compile(LOOP.format(count=count), "<loop>", "exec")

    def run() -> Any:
        scope: dict[str, Any] = {"torch": torch}
        exec(code, scope)
        return [scope["y"].detach().numpy(), scope["x"].grad.numpy()]

    return run


def million_nodes(count: int) -> dict[str, float]:
    """Seconds to build a chain of operations, compute its value, differentiate it, compute the gradient, and free it all."""
    from gradcli.functions import NAMESPACES

    x = NAMESPACES["torch"]["tensor"]([1.0, 2.0, 3.0], requires_grad=True)
    seconds: dict[str, float] = {}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        start = perf_counter()
        result = step()
        seconds[name] = perf_counter() - start
        return result

    def build() -> Any:
        y = x
        for _ in range(count // 2):
            y = y * 1.0000001 + 0.1
        return y.array, NAMESPACES["torch"]["sum"](y)

    holder = [timed("build", build)]
    timed("value", lambda: holder[0][1].numpy())
    timed("backward", lambda: NAMESPACES["torch.autograd"]["backward"](holder[0][1]))
    timed("gradient", lambda: x.grad.numpy())

    def free() -> None:
        holder.clear()
        x.grad = None
        gc.collect()

    timed("free", free)
    return seconds
