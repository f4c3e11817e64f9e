"""What classes of torch.autograd.Function are refused for, under the code of the error."""

from __future__ import annotations

LINES: dict[str, str] = {}


def _backward(expression: str) -> str:
    """A program whose backward returns an expression."""
    return f"""
class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, factor):
        ctx.save_for_backward(input)
        return input * factor
    @staticmethod
    def backward(ctx, grad):
        return {expression}
Own.apply(x, 2).sum().backward()
"""


def _forward(statement: str, call: str = "Own.apply(x)") -> str:
    """A program whose forward begins with a statement."""
    return f"""
class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        {statement}
        ctx.save_for_backward(input)
        return input * 2
    @staticmethod
    def backward(ctx, grad):
        return 0 * ctx.saved_tensors[0] + grad
{call}
"""


PROGRAMS: dict[str, str] = {
    "autograd": _backward("grad") + _backward("grad, None, grad") + _backward("grad, grad") + _backward("2.0, None"),
    "backward-twice": _forward("pass", "q = Own.apply(x).sum(); q.backward(); q.backward()"),
    "leaf-in-place": _forward("input.add_(1); ctx.mark_dirty(input); return input"),
    "modified-in-place": _forward("pass", "q = x * 1; z = Own.apply(q); q.add_(1); z.sum().backward()"),
    "not-supported": """
        class Own(torch.autograd.Function):
            pass
        Own.apply(x)

        class Own(torch.autograd.Function):
            @staticmethod
            def forward(ctx, input): return input * 2
        Own.apply(x).sum().backward()
    """,
    "shape-mismatch": _backward("torch.ones(3, 2), None") + _backward("grad[0], None"),
    "type-mismatch": _forward("ctx.save_for_backward(3); return input"),
    "unknown-attribute": _backward("grad * ctx.missing, None"),
}
PROGRAMS["autograd"] += _forward("return input", "Own.apply(x * 1).add_(1)")
