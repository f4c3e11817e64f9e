"""Functions of functions: torch.func and torch.autograd.functional, of each other too."""

from __future__ import annotations

LINES: dict[str, str] = {
    "transforms_of_lines": """
        torch.func.grad(lambda q: (q ** 3).sum())(const)
        torch.func.grad(lambda q: (q ** 3).sum())(x)
        torch.func.grad(lambda q: (y * q * q).sum())(const)
        torch.func.grad(lambda q: y.sum())(const)
        torch.func.grad(lambda q, h: (q * h).sum(), argnums=1)(x, y)
        torch.func.grad(lambda q, h: (q * h).sum(), argnums=(0, -1))(x, y)
        torch.func.grad(lambda q: ((q * q).sum(), q * 2), has_aux=True)(x)
        torch.func.grad(lambda q: (q[0] * q[1][0]).sum())((x, [y]))
        torch.func.grad(lambda q, h: (q * h).sum())(x, h=y)
        torch.func.grad(lambda q: (q.detach() * q).sum())(x)
        torch.func.grad(torch.func.grad(lambda q: q ** 3))(torch.tensor(2.0))
        torch.func.grad(torch.func.grad(torch.func.grad(torch.sin)))(s)
        torch.func.grad(lambda q: torch.func.grad(lambda h: (h ** 2 * q).sum())(q).sum())(x)
        torch.func.grad(lambda q: torch.func.grad(lambda h: h * q)(q))(s)
        torch.func.grad_and_value(lambda q: (q * q).sum())(x)
        torch.func.grad_and_value(lambda q: ((q * q).sum(), q), has_aux=True)(const)
        torch.func.vjp(lambda q: q * q, const)[0]
        torch.func.vjp(lambda q: q * q, const)[1](y)
        torch.func.vjp(lambda q, h: q * h, x, y)[1](const)
        torch.func.vjp(lambda q: (q * q, q.sum()), const)[1]((const, torch.tensor(2.0, dtype=torch.float64)))
        torch.func.vjp(lambda q: (q * 2, q.sum()), const, has_aux=True)[2]
        torch.func.vjp(lambda q: [q * q, (q,)], const)[1]([const, (const,)])
        torch.func.jvp(lambda q: q * q, (const,), (target,))
        torch.func.jvp(lambda q, h: q @ h.t(), (const, target), (target, const))
        torch.func.jvp(lambda q: (q * q, q.sum()), (const,), (target,))
        torch.func.jvp(lambda q: (q * q, q.sum()), (const,), (target,), has_aux=True)
        torch.func.jvp(lambda q: y * q.exp(), (const,), (target,))[1]
        torch.func.jvp(lambda q: q.softmax(1), (const,), (target,))[1]
        torch.func.jvp(lambda q: q.cumprod(1), (const,), (target,))[1]
        torch.func.jvp(lambda q: q.sort(1).values, (const,), (target,))[1]
        torch.func.jvp(lambda q: F.layer_norm(q, (3,)), (const,), (target,))[1]
        torch.func.jvp(lambda q: q.std(), (const,), (target,))[1]
        torch.func.jvp(lambda q: q.norm(), (const,), (target,))[1]
        torch.func.jvp(lambda q: torch.ones(2), (const,), (target,))[1]
        torch.func.jvp(lambda q: torch.func.grad(lambda h: (h ** 3).sum())(q), (const,), (target,))
        torch.func.jacrev(lambda q: q * q)(const)
        torch.func.jacrev(lambda q: q.sum())(const)
        torch.func.jacrev(lambda q: (q * q, q.sum()))(const[0])
        torch.func.jacrev(lambda q, h: q * h.sum(), argnums=(0, 1))(const[0], target[0])
        torch.func.jacrev(lambda q, h: (q * h.sum(), h), argnums=(0, 1))(const[0], target[0])
        torch.func.jacrev(lambda q: q @ q.t())(const)
        torch.func.jacrev(lambda q: q.sort(1).values)(const)
        torch.func.jacrev(lambda q: q[:, [0, 2]].exp())(const)
        torch.func.jacrev(lambda q: (q * q, q), has_aux=True)(const[0])
        torch.func.jacrev(lambda q: q * q, chunk_size=4)(const)
        torch.func.jacrev(lambda q: y * q, chunk_size=1)(const)
        torch.func.jacrev(lambda q: q * 2)(torch.tensor(2.0))
        torch.func.jacrev(lambda q: q * 2)(torch.ones(0))
        torch.func.jacrev(lambda q: y * q)(const)
        torch.func.jacfwd(lambda q: q * q)(const)
        torch.func.jacfwd(lambda q: torch.stack([q, q * q]))(torch.tensor(2.0))
        torch.func.jacfwd(lambda q: (q * q, q.sum()))(const[0])
        torch.func.jacfwd(lambda q, h: (q * h.sum(), h), argnums=(0, 1))(const[0], target[0])
        torch.func.jacfwd(lambda q: q.logsumexp(0))(const)
        torch.func.jacfwd(lambda q: (q * q, q), has_aux=True)(const[0])
        torch.func.hessian(lambda q: (q ** 3).sum())(const)
        torch.func.hessian(lambda q: q ** 3)(const[0])
        torch.func.hessian(lambda q, h: (q * h).sum(), argnums=(0, 1))(const[0], target[0])
        torch.func.hessian(lambda q: F.softplus(q @ m.detach()).sum())(const)
        torch.func.jacrev(torch.func.jacfwd(lambda q: q.prod()))(const[0])
        torch.func.jacfwd(torch.func.jacfwd(lambda q: q.prod()))(const[0])
        torch.func.jacrev(torch.func.hessian(lambda q: (q ** 4).sum()))(const[0])
        torch.vmap(lambda q: q * 2)(const)
        torch.vmap(lambda q: q.sum())(const)
        torch.vmap(lambda q: q * y[0])(const)
        torch.vmap(lambda q: q)(const)
        torch.vmap(lambda q: torch.ones(2))(const)
        torch.vmap(lambda q, h: q @ h)(const, target)
        torch.vmap(lambda q, h: q @ h, in_dims=(0, None))(const, target[0])
        torch.vmap(lambda q, h: q + h, in_dims=(1, None))(const, target[:, 0])
        torch.vmap(lambda q: q * 2, in_dims=1, out_dims=1)(const)
        torch.vmap(lambda q: q * 2, in_dims=-1, out_dims=-1)(const)
        torch.vmap(lambda q: (q, q.sum()), out_dims=(1, 0))(const)
        torch.vmap(lambda q: [q, (q * 2,)])(const)
        torch.vmap(lambda q: y.sum(), out_dims=None)(const)
        torch.vmap(lambda q: q[0] * q[1][0])((const, [target]))
        torch.vmap(lambda q: q[0] * q[1], in_dims=((0, None),))((const, target[0]))
        torch.vmap(lambda q, h: (q * h).sum())(const, h=target)
        torch.vmap(lambda q: q * 2, chunk_size=1)(const)
        torch.vmap(lambda q: q.softmax(0))(const)
        torch.vmap(lambda q: q.sort().values)(const)
        torch.vmap(lambda q: q.max())(const)
        torch.vmap(lambda q: q[1:])(const)
        torch.vmap(lambda q: q[[2, 0]])(const)
        torch.vmap(lambda q: const[:, q])(t)
        torch.vmap(lambda q: const[0][q])(t)
        torch.vmap(lambda q: const[q.unsqueeze(0) - 1])(t[:1])
        torch.vmap(lambda q, h: q.gather(0, h))(const, i)
        torch.vmap(lambda q, h: q[h])(const, i)
        torch.vmap(lambda q: torch.where(q > 0, q, -q))(const)
        torch.vmap(lambda q: F.one_hot(q, 4))(t)
        torch.vmap(lambda q, h: F.cross_entropy(q, h))(const, label)
        torch.vmap(lambda q, h: F.nll_loss(q.log_softmax(0), h))(const, label)
        torch.vmap(lambda q: torch.linalg.inv(q))(torch.stack([m.detach(), m.detach() * 2]))
        torch.vmap(lambda q: torch.linalg.det(q))(torch.stack([m.detach(), m.detach() * 2]))
        torch.vmap(lambda q: torch.linalg.solve(m.detach(), q))(const)
        torch.vmap(torch.vmap(lambda q, h: q * h, in_dims=(0, None)), in_dims=(None, 0))(const[0], target[0])
        torch.vmap(torch.vmap(lambda q: q * q))(const)
        torch.vmap(torch.func.grad(lambda q: (q ** 3).sum()))(const)
        torch.vmap(torch.func.grad(lambda w, q: F.softplus(q @ w), argnums=0), in_dims=(None, 0))(m.detach()[0], const)
        torch.vmap(torch.func.jacrev(lambda q: q * q))(const)
        torch.vmap(torch.func.hessian(lambda q: (q ** 3).sum()))(const)
        torch.vmap(lambda q: torch.func.jvp(torch.sin, (q,), (q,))[1])(const)
        torch.func.jacrev(lambda q: torch.vmap(lambda h: h * h)(q))(const[0])
        torch.func.grad(lambda q: torch.vmap(lambda h: (h * q.sum()).exp())(q).sum())(const[0] * 0.1)
        torch.func.hessian(lambda q: torch.vmap(lambda h: h ** 3)(q).sum())(const[0])
        torch.autograd.functional.vjp(lambda q: (q * q).sum(), x)
        torch.autograd.functional.vjp(lambda q: q * q, x, const)
        torch.autograd.functional.vjp(lambda q, h: q * h, (x, y), const)
        torch.autograd.functional.vjp(lambda q: (q * q, q), x, (const, const))
        torch.autograd.functional.vjp(lambda q: q * q, (x,), const)
        torch.autograd.functional.vjp(lambda q: q * q, x, const, create_graph=True)
        torch.autograd.functional.jvp(lambda q: q * q, x, const)
        torch.autograd.functional.jvp(lambda q, h: q * h, (x, y), (const, const))
        torch.autograd.functional.jvp(lambda q: (q * q, q.sum()), x, const)
        torch.autograd.functional.jvp(lambda q: q * 3, s)
        torch.autograd.functional.jvp(lambda q: q * q, x, const, create_graph=True)
        torch.autograd.functional.jacobian(lambda q: q * q, x)
        torch.autograd.functional.jacobian(lambda q: q * q, x, vectorize=True)
        torch.autograd.functional.jacobian(lambda q: q * q, x, vectorize=True, strategy="forward-mode")
        torch.autograd.functional.jacobian(lambda q, h: q * h.sum(), (x[0], y[0]))
        torch.autograd.functional.jacobian(lambda q, h: (q * h.sum(), h), (x[0], y[0]))
        torch.autograd.functional.jacobian(lambda q: q.sum(), (x,))
        torch.autograd.functional.jacobian(lambda q: q * q, x, create_graph=True)
        torch.autograd.functional.jacobian(lambda q: q * q, x, strict=True)
        torch.autograd.functional.jacobian(lambda q: torch.ones(2), x)
        torch.autograd.functional.hessian(lambda q: (q ** 3).sum(), x)
        torch.autograd.functional.hessian(lambda q, h: (q * q * h).sum(), (x[0], y[0]))
        torch.autograd.functional.hessian(lambda q: (q ** 3).sum(), x, create_graph=True)
        torch.autograd.functional.hessian(lambda q: q.sum(), x)
        torch.autograd.functional.vhp(lambda q: (q ** 3).sum(), x, const)
        torch.autograd.functional.vhp(lambda q, h: (q * q * h).sum(), (x, y), (const, const))
        torch.autograd.functional.hvp(lambda q: (q ** 3).sum(), x, const)
        torch.autograd.functional.hvp(lambda q, h: (q * q * h).sum(), (x, y), (const, const))
        torch.autograd.functional.hvp(lambda q: (q ** 3).sum(), x, const, create_graph=True)
        torch.autograd.functional.hvp(lambda q: q ** 3, s)
    """,
}

PROGRAMS: dict[str, str] = {
    "transforms": """
        def f(q, scale=2.0):
            return (q * scale).sin().sum()
        torch.func.grad(f)(const, scale=3.0)

        h = const * 1
        torch.vmap(lambda q: q.mul_(2))(h)
        h

        h = const * 1
        torch.vmap(lambda q: q.clamp_(min=0), in_dims=1)(h)
        h

        with torch.no_grad():
            q = torch.func.grad(lambda h: (h * y).sum())(const)
        q

        with torch.no_grad():
            q = torch.vmap(lambda h: h * 2)(x)
        q

        q = torch.vmap(lambda h: (h * y[0]).exp())(x)
        torch.autograd.grad((q * q).sum(), (x, y))

        q = torch.vmap(lambda h: torch.vmap(lambda r: r * h.sum() + y[0, 0])(h))(x)
        torch.autograd.grad((q * q).sum(), (x, y))

        q = torch.vmap(lambda h: h.sort().values * y[1])(x)
        g1 = torch.autograd.grad((q ** 3).sum(), x, create_graph=True)[0]
        torch.autograd.grad((g1 * const).sum(), (x, y))

        q = torch.vmap(torch.func.grad(lambda h: (h ** 3 * y[0]).sum()))(x)
        torch.autograd.grad((q * const).sum(), (x, y))

        q = torch.func.jacrev(lambda h: h.exp() * y[0])(x[0])
        torch.autograd.grad((q * q).sum(), (x, y))

        q = torch.func.hessian(lambda h: (h ** 3 * y[0]).sum())(x[0])
        torch.autograd.grad((q * q).sum(), (x, y))

        q = torch.func.jvp(lambda h: h.exp() * y, (x,), (const,))[1]
        torch.autograd.grad((q * q).sum(), (x, y))

        q = torch.autograd.functional.hvp(lambda h: (h ** 4).sum(), x, const, create_graph=True)[1]
        torch.autograd.grad(q.sum(), x)

        q = torch.autograd.functional.jacobian(lambda h: h ** 3, x[0], create_graph=True)
        torch.autograd.grad(q.sum(), x)

        def loss(w, q, expected):
            return F.mse_loss(torch.tanh(q @ w), expected)
        torch.vmap(torch.func.grad_and_value(loss), in_dims=(None, 0, 0))(m.detach(), const, target)

        def norm_of_gradient(q):
            g1, = torch.func.vjp(lambda h: (h ** 3).sum(), q)[1](torch.tensor(1.0, dtype=torch.float64))
            return (g1 * g1).sum()
        torch.func.grad(norm_of_gradient)(const)

        torch.manual_seed(0)
        q = torch.vmap(lambda h: torch.rand(3), randomness="same")(const)
        (q[0] == q[1]).all()

        torch.manual_seed(0)
        q = torch.vmap(lambda h: h * torch.rand(3), randomness="different")(const)
        (q[0] / const[0] == q[1] / const[1]).any()
    """,
}
