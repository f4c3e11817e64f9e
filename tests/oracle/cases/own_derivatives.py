"""Functions with a backward of the user's own: classes of torch.autograd.Function."""

from __future__ import annotations

LINES: dict[str, str] = {}


def _with(classes: str, programs: str) -> str:
    """Programs, one a line, each after the classes."""
    return "\n\n".join(classes.strip("\n") + "\n" + line.strip() for line in programs.strip().splitlines())


CUBE = """
class Cube(torch.autograd.Function):
    '''The third power.'''
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input**3
    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        return grad_output * 3 * input**2
"""
EXPONENTIAL = """
class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        result = torch.exp(input)
        ctx.save_for_backward(result)
        return result
    @staticmethod
    def backward(ctx, grad):
        result, = ctx.saved_tensors
        return grad * result
"""
SCALED = """
class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, factor, weight, shift=0.5):
        ctx.factor, ctx.shape = factor, input.shape
        ctx.save_for_backward(input, weight)
        return input * factor * weight + shift
    @staticmethod
    def backward(ctx, grad):
        input, weight = ctx.saved_tensors
        of_input = grad * ctx.factor * weight if ctx.needs_input_grad[0] else None
        of_weight = grad * ctx.factor * input if ctx.needs_input_grad[2] else None
        return of_input, None, of_weight, None
"""
SET_UP = """
class Square(torch.autograd.Function):
    generate_vmap_rule = True
    @staticmethod
    def forward(input, times):
        return input * input * times, times
    @staticmethod
    def setup_context(ctx, inputs, output):
        input, ctx.times = inputs
        value, times = output
        ctx.save_for_backward(input, None, value)
    @staticmethod
    def backward(ctx, grad, _):
        input, nothing, value = ctx.saved_tensors
        return grad * 2 * input * ctx.times, nothing
"""
SEVERAL = """
class Several(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        order = input.argsort(-1)
        rounded = input.round()
        ctx.mark_non_differentiable(order, rounded)
        return input * 2, order, rounded, input.sum()
    @staticmethod
    def backward(ctx, doubled, order, rounded, total):
        return 2 * doubled + total
class Unfilled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.set_materialize_grads(False)
        return input * 2, input * 3
    @staticmethod
    def backward(ctx, first, second):
        assert first is None or second is None
        return 2 * first if second is None else 3 * second
"""
SHAPES = """
class Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        return input
    @staticmethod
    def backward(ctx, grad):
        return grad * 10
class Column(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        return input.reshape(-1, 1)
    @staticmethod
    def backward(ctx, grad):
        return grad.reshape(2, 3)
class Wider(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        return input.clone()
    @staticmethod
    def backward(ctx, grad):
        return torch.stack([grad, grad]).to(torch.float32)
class Increased(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        input.add_(1)
        ctx.mark_dirty(input)
        return input
    @staticmethod
    def backward(ctx, grad):
        return grad * 5
class Nothing(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        return input * 2
    @staticmethod
    def backward(ctx, grad):
        return None
class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        return input.round()
    @staticmethod
    def backward(ctx, grad):
        return grad
"""

PROGRAMS: dict[str, str] = {
    "own_function": _with(
        CUBE,
        """
        Cube.apply(x)
        Cube.apply(x).grad_fn.name()
        Cube.apply(x).grad_fn.next_functions[0][0].name()
        Cube.apply(const)
        Cube.apply(const).requires_grad
        Cube.apply(input=x)
        Cube.apply(x.detach()) * x
        (Cube.apply(x) * y).sum()
        Cube.apply(Cube.apply(x))
        cube = Cube.apply; cube(x * 2) + x
        Cube.apply(x[0])
        Cube.apply(x.t())
        Cube.apply(s)
        Cube.apply(f)
        torch.autograd.grad(Cube.apply(x).sum(), x)
        torch.autograd.grad(torch.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)[0].sum(), x)
        q = Cube.apply(x); q.sum().backward(retain_graph=True); q.sum().backward(); x.grad
        q = Cube.apply(x); q.retain_grad(); (q * 2).sum().backward(); q.grad
        q = Cube.apply(x); q.register_hook(lambda g: g * 2); q
        q = Cube.apply(x); q.add_(1); q * 2
        q = Cube.apply(x); len(q.grad_fn.saved_tensors), q.grad_fn.saved_tensors[0] is x
        """,
    ),
    "saved_result": _with(
        EXPONENTIAL,
        """
        Exp.apply(x)
        Exp.apply(x.detach())
        torch.autograd.grad(torch.autograd.grad(Exp.apply(x).sum(), x, create_graph=True)[0].sum(), x)
        Exp.apply(Exp.apply(x) - 1)
        """,
    ),
    "plain_arguments": _with(
        SCALED,
        """
        Scaled.apply(x, 2, y)
        Scaled.apply(x, 2, y, 1.5)
        Scaled.apply(x, 2.0, const)
        Scaled.apply(const, 2.0, x)
        Scaled.apply(x, 3, y[0])
        Scaled.apply(x, torch.tensor(2.0), y)
        Scaled.apply(x, 2, x)
        q = Scaled.apply(x, 2, const); q.grad_fn.needs_input_grad
        q = Scaled.apply(x, 2, y); q.grad_fn.factor
        q = Scaled.apply(x, 2, y); [edge[0] is None for edge in q.grad_fn.next_functions]
        q = Scaled.apply(x, 2, const); [edge[0] is None for edge in q.grad_fn.next_functions]
        """,
    ),
    "setup_context": _with(
        SET_UP,
        """
        Square.apply(x, 3)[0]
        Square.apply(x, 3)[1]
        """,
    ),
    "own_functions_transformed": _with(
        SET_UP,
        """
        torch.func.grad(lambda q: Square.apply(q, 2)[0].sum())(x)
        torch.func.vmap(lambda q: Square.apply(q, 2)[0])(x)
        torch.func.vmap(torch.func.grad(lambda q: Square.apply(q, 2)[0].sum()))(x.detach())
        """,
    ),
    "several_results": _with(
        SEVERAL,
        """
        Several.apply(x)[0]
        Several.apply(x)[1]
        Several.apply(x)[2]
        Several.apply(x)[3]
        q = Several.apply(x); q[0].sum() + q[3]
        Unfilled.apply(x)[0]
        Unfilled.apply(x)[1] * 2
        """,
    ),
    "shapes_of_results": _with(
        SHAPES,
        """
        Same.apply(x)
        Same.apply(x) is x
        Column.apply(x)
        Wider.apply(x)
        Increased.apply(x * 2)
        q = x * 2; z = Increased.apply(q); q * 3
        Nothing.apply(x)
        Nothing.apply(x) + x
        Straight.apply(x) * x
        """,
    ),
    "defined_anywhere": """
        def power(n):
            class Power(torch.autograd.Function):
                @staticmethod
                def forward(ctx, q):
                    ctx.save_for_backward(q)
                    return q**n
                @staticmethod
                def backward(ctx, grad):
                    return grad * n * ctx.saved_tensors[0]**(n - 1)
            return Power.apply
        power(3)(x) + power(2)(y)

        from torch.autograd import Function
        class Negative(Function):
            @staticmethod
            def forward(ctx, q): return -q
            @staticmethod
            def backward(ctx, grad): return -grad
        Negative.apply(x)

        with torch.no_grad():
            class Twice(torch.autograd.Function):
                pass
            q = 1
        q
    """,
}
