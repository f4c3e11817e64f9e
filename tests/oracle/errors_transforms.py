"""Calls of functions of functions that PyTorch refuses, under the code of the error that gradcli gives in its place."""

from __future__ import annotations

LINES: dict[str, str] = {
    "argument": """
        torch.func.grad(lambda q: (q.sum(), q))(x)
        torch.func.grad(lambda q: 1.0)(x)
        torch.func.grad(lambda q: q.sum())(1.0)
        torch.func.grad(lambda q: q.sum(), argnums=1)(x)
        torch.func.grad(lambda q, h: q.sum(), argnums=(0, 1, 0))(x, y)
        torch.func.grad(lambda q, h: q.sum(), argnums="a")(x, y)
        torch.func.vjp(lambda q: 1.0, x)
        torch.func.jvp(lambda q: q * q, x, x)
        torch.func.jvp(lambda q: 1.0, (const,), (const,))
        torch.func.jacrev(lambda q: 1.0)(x)
        torch.func.jacrev(lambda q: q, chunk_size=0)
        torch.vmap(lambda q: 1.0)(x)
        torch.vmap(lambda q: (q, 1.0))(x)
        torch.vmap(lambda q: q.shape[0])(x)
        torch.vmap(lambda q: q * 2)(1.0)
        torch.vmap(lambda q: q * 2)()
        torch.vmap(lambda q: q * 2)(s)
        torch.vmap(lambda q, h: q * 2, in_dims=(None, None))(x, x)
        torch.vmap(lambda q: q * 2, in_dims=2)(x)
        torch.vmap(lambda q: q * 2, in_dims="a")(x)
        torch.vmap(lambda q: q * 2, out_dims=None)(x)
        torch.vmap(lambda q: torch.rand(2))(x)
        torch.vmap(lambda q: torch.rand(2), randomness="x")(x)
        torch.vmap(lambda q: q * 2, chunk_size=0)(x)
        torch.autograd.functional.vjp(lambda q: q * q, x)
        torch.autograd.functional.vjp(lambda q: q * q, x, (x, x))
        torch.autograd.functional.jvp(lambda q, h: q * h, (x, x), x)
        torch.autograd.functional.jvp(lambda q: q * q, x)
        torch.autograd.functional.hessian(lambda q: (q.sum(), q), x)
    """,
    "shape-mismatch": """
        torch.func.vjp(lambda q: q * q, x)[1](r)
        torch.func.jvp(lambda q: q * q, (const,), (r,))
        torch.vmap(lambda q, h: q * 2)(x, v)
        torch.autograd.functional.vjp(lambda q: q * q, x, r)
        torch.autograd.functional.jvp(lambda q, h: q * h, (x, x), (x, r))
        torch.autograd.functional.hessian(lambda q: q * q, x)
    """,
    "index-out-of-range": """
        torch.vmap(lambda q: const[q])(i)
    """,
    "dimension-out-of-range": """
        torch.vmap(lambda q: q.sum(), out_dims=1)(x)
    """,
    "autograd": """
        torch.func.grad(lambda q: q * 2)(x)
        torch.func.grad(lambda q: q.sum())(j)
        torch.autograd.functional.jacobian(lambda q: const, x, strict=True)
        torch.autograd.functional.jacobian(lambda q, h: q, (x, x), strict=True)
        torch.vmap(lambda q: q.sum().backward())(x)
    """,
    "leaf-in-place": """
        torch.func.grad(lambda q: q.mul_(2).sum())(const * 1)
    """,
    "type-mismatch": """
        torch.autograd.functional.jacobian(lambda q: [q, q], x)
        torch.autograd.functional.jacobian(lambda q: q * q, [x])
    """,
    "value": """
        torch.vmap(lambda q: q.sum().item())(x)
    """,
    "not-supported": """
        torch.vmap(lambda q: const[0][q > 0])(const)
        torch.autograd.functional.jacobian(lambda q: q, x, create_graph=True, strategy="forward-mode")
    """,
}

PROGRAMS: dict[str, str] = {}
