"""What takes several statements: graphs, accumulation, hooks, higher derivatives, changes in place, control flow, printing."""

from __future__ import annotations

LINES: dict[str, str] = {}

PROGRAMS: dict[str, str] = {
    "graph_cuts": """
        with torch.no_grad():
            q = x * 2
        q

        with torch.no_grad():
            q = x * 2
        q * x

        with torch.no_grad():
            with torch.enable_grad():
                q = x * 2
        q

        with torch.set_grad_enabled(False):
            q = x * 2
        q.requires_grad

        q = x.detach()
        q.requires_grad

        q = x.detach().clone()
        q.requires_grad_()
        q * 2 + x

        q = x.data
        q * x

        q = (x * 2).detach().requires_grad_(True)
        q * q

        q = torch.ones(2, 2)
        q.requires_grad

        q = torch.ones(2, 2)
        q.requires_grad = True
        (q * 3).sum()

        q = torch.ones(2, 2, requires_grad=True)
        z = q + 2
        z.grad_fn.name()

        z = x + 2
        z.grad_fn.next_functions[0][0].name()

        z = (x + 2) * y
        [edge[0].name() for edge in z.grad_fn.next_functions]

        x.grad_fn

        z = x * const
        [edge[0] is None for edge in z.grad_fn.next_functions]
    """,
    "parts_written": """
        z = x.clone()
        z[0] = y[0]
        z

        z = torch.zeros(2, 3, dtype=torch.float64)
        z[:, 1] = y[:, 0]
        z

        z = x.clone()
        z[0] = 2.0
        z
    """,
    "accumulation": """
        (x * x).sum().backward()
        x.grad

        (x * x).sum().backward()
        (x * 3).sum().backward()
        x.grad

        (x * x).sum().backward()
        x.grad.zero_()
        (x * 3).sum().backward()
        x.grad

        (x * x).sum().backward()
        x.grad = None
        (x * 3).sum().backward()
        x.grad

        z = x * 2
        z.backward(torch.ones(2, 3, dtype=torch.float64))
        x.grad

        z = v * 2
        z.backward(gradient=torch.tensor([0.01, 1.0, 0.0001], dtype=torch.float64))
        v.grad

        z = v * 2
        while z.data.norm() < 1000:
            z = z * 2
        z.backward(torch.tensor([0.01, 1.0, 0.0001], dtype=torch.float64))
        v.grad

        z = (x * x).sum()
        z.backward(retain_graph=True)
        z.backward(retain_graph=True)
        z.backward()
        x.grad

        z = (x + 2).sum()
        z.backward()
        z.backward()
        x.grad

        z = (x * y).sum()
        z.backward(inputs=[x])
        (x.grad, y.grad)

        z = (x * y).sum()
        torch.autograd.backward([z, x.sum()])
        (x.grad, y.grad)

        z = x * x
        torch.autograd.backward(z, torch.ones_like(z))
        x.grad

        for step in range(3):
            loss = ((x - 1) ** 2).sum()
            loss.backward()
        x.grad

        for step in range(3):
            loss = (v * v).sum()
            v.grad = None
            loss.backward()
            with torch.no_grad():
                v -= 0.1 * v.grad
        v

        q = torch.tensor([1.0, 2.0], requires_grad=True)
        for step in range(5):
            loss = (q ** 2).sum()
            loss.backward()
            with torch.no_grad():
                q -= 0.25 * q.grad
                q.grad.zero_()
        q

        (x * x).sum().backward()
        (f * f).sum().backward()
        (x.grad.dtype, f.grad.dtype)

        z = (f.double() * x).sum()
        z.backward()
        f.grad

        z = (x * f).sum()
        z.backward()
        f.grad

        q = torch.ones(2, 2, requires_grad=True)
        z = q + 2
        out = (z * z * 3).mean()
        out.backward()
        q.grad

        x.grad is None

        z = x * 2
        z.sum().backward()
        z.grad is None
    """,
    "retain_grad_and_hooks": """
        z = x * 2
        z.retain_grad()
        (z * z).sum().backward()
        z.grad

        z = x * 2
        handle = z.register_hook(lambda grad: grad * 10)
        (z * z).sum().backward()
        x.grad

        handle = x.register_hook(lambda grad: grad * 2)
        (x * x).sum().backward()
        x.grad

        handle = x.register_hook(lambda grad: grad * 2)
        handle.remove()
        (x * x).sum().backward()
        x.grad

        z = x * 2
        first = z.register_hook(lambda grad: grad + 1)
        second = z.register_hook(lambda grad: grad * 3)
        z.sum().backward()
        x.grad

        z = x * 2
        def keep(grad):
            print(grad.sum().item())
        handle = z.register_hook(keep)
        (z * z).sum().backward()
        x.grad

        z = x * 2
        z.retain_grad()
        handle = z.register_hook(lambda grad: grad * 10)
        z.sum().backward()
        (z.grad, x.grad)

        x.retain_grad()
        x.sum().backward()
        x.grad
    """,
    "derivatives_of_derivatives": """
        g1, = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)
        g1

        g1 = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)[0]
        g2 = torch.autograd.grad(g1.sum(), x)[0]
        g2

        z = (x ** 3).sum()
        z.backward(create_graph=True)
        x.grad

        g1 = torch.autograd.grad(s ** 4, s, create_graph=True)[0]
        g2 = torch.autograd.grad(g1, s, create_graph=True)[0]
        g3 = torch.autograd.grad(g2, s, create_graph=True)[0]
        g3

        g1 = torch.autograd.grad((x * y).sum(), [x, y], create_graph=True)
        (g1[0] * g1[1]).sum()

        g1 = torch.autograd.grad(x.sin().sum(), x, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad(x.exp().sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(x.tanh().sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(x.sigmoid().sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(p.log().sum(), p, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(p.sqrt().sum(), p, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad((x / p).sum(), p, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad((p ** y).sum(), p, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad(x.norm(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(x.var(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(x.std(1).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(x.prod(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad((x.softmax(1) * y).sum(), x, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad((x.log_softmax(1) * y).sum(), x, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad(x.logsumexp(1).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(F.cross_entropy(x, label), x, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad(F.mse_loss(x, y), x, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad(F.gelu(x).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(F.softplus(x).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad((x @ m).sin().sum(), m, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad((c @ d).sin().sum(), d, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad((x.cumsum(1) ** 2).sum(), x, create_graph=True)[0]
        (g1 * g1).sum()

        g1 = torch.autograd.grad((x[:, 1:] ** 3).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad((x.gather(1, i) ** 3).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad((x.max(1).values ** 3).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad((x.sort(1).values ** 3 * y).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        g1 = torch.autograd.grad(torch.where(x > 0, x ** 3, x * x).sum(), x, create_graph=True)[0]
        (g1 * y).sum()

        torch.autograd.grad(x.sum(), x)

        torch.autograd.grad(x * 2, x, grad_outputs=torch.ones(2, 3, dtype=torch.float64))

        torch.autograd.grad((x * 2).sum(), [x, y], allow_unused=True)

        torch.autograd.grad([x.sum(), (x * y).sum()], [x, y])
    """,
    "in_place": """
        q = x.clone()
        q += 1
        q

        q = x.clone()
        q *= y
        q

        q = x.clone()
        q.addcmul_(y, y, value=0.5)
        q

        q = x.clone()
        q.addcdiv_(v, p, value=-2)
        q * q

        q = x.clone()
        q -= y
        q

        q = x.clone()
        q /= 2
        q

        q = x.clone()
        q **= 2
        q

        q = x * 2
        q.add_(y)
        q.mul_(2)
        q

        q = x * 2
        q.zero_()
        q

        q = x * 2
        q.fill_(3)
        q

        q = x.clone()
        q.exp_()
        q

        q = x.clone()
        q.clamp_(0, 1)
        q

        q = x.clone()
        q.relu_()
        q

        q = torch.zeros(2, 3, dtype=torch.float64)
        q += x
        q

        q = torch.zeros(2, 3, dtype=torch.float64)
        q += x
        q += x * y
        q

        q = torch.ones(3)
        q += 1
        q

        q = torch.ones(3)
        same = q
        same += 1
        q

        q = x.exp()
        z = q.sum()
        q.add_(1)
        z

        q = x.sin()
        z = q + 1
        q.mul_(2)
        z

        q = x.clone()
        q._version

        q = torch.zeros(3)
        q[1] = 5
        q

        q = torch.ones(2, 3)
        q[0, 1:] = 9
        q

        q = torch.ones(2, 3)
        q[q > 0.5] = 0
        q

        q = torch.zeros(3, dtype=torch.float64)
        q[[0, 2]] = r
        q

        q = (v * 1).expand(2, 3)
        q[0] = 1
        q * y

        q = (v * 1).expand(2, 3)
        q[1, 0] = s
        q * y

        q = (v.detach() * 1).expand(2, 3)
        q[0].mul_(2)
        q[:1, 1:].fill_(7)
        q * y

        q = (v.detach() * 1).expand(2, 3)
        q[q > 0] = 1
        q * y

        q = torch.ones(3, 1).expand(3, 2)
        q[torch.tensor([0, 2])] = 5
        q

        q = torch.ones(3).expand(2, 3)
        q.zero_()
        q

        q = torch.ones(3).expand(2, 3)
        q[0] += 1
        q[q > 3] = 0
        q

        g = torch.autograd.grad(x.sum(), x)[0]
        g[x > 0] = 0
        g

        (x + 1).sum().backward()
        x.grad[x > 0] = 0
        x.grad[0, 0] = 7
        x.grad

        q = torch.ones(2, 2)
        q.data.mul_(3)
        q

        with torch.no_grad():
            x.mul_(2)
        x

        with torch.no_grad():
            x += 1
        x * x

        x.data *= 2
        x * x

        total = 0
        for row in x:
            total = total + row.sum()
        total

        q = s
        for step in range(4):
            q = q * q + k
        q
    """,
    "control_flow": """
        def square(value):
            return value * value
        square(x).sum()

        def power(value, count):
            if count == 0:
                return torch.ones_like(value)
            return value * power(value, count - 1)
        power(x, 3)

        q = x
        while q.norm() < 100:
            q = q * 2
        q

        total = 0
        for step in range(1, 4):
            if step == 2:
                continue
            total = total + step * x
        total

        total = 0
        for step in range(10):
            if step > 3:
                break
            total += (x ** step).sum()
        total

        first, second = x
        first * second

        first, second = 1, 2
        first + second

        if x.sum() > 0:
            q = x * 2
        elif x.sum() > -1:
            q = x * 3
        else:
            q = x
        q

        [float(number) for number in v]

        q = lambda value: value * 2
        q(x) + q(y)

        sum([x, y])

        max(v.tolist())

        sum([number * number for number in [1, 2, 3]]) + len([1, 2])

        total = 0
        for left, right in zip(x, y):
            total = total + left @ right
        total

        total = 0
        for index, row in enumerate(x):
            total = total + index * row
        total

        0 < s < 2

        f"{s.item():.3f} {x.shape}"

        assert s > 0
        s

        q = 3
        del q
        x.sum()

        np.array([[1, 2], [3, 4]])

        q = np.array([[1, 2], [3, 4]])
        q.dot(q.T)

        q = np.array([1.5, 2.5])
        torch.from_numpy(q) * r

        str(v)

        (x.shape, x.dtype, 1.5, True, None, "text")
    """,
    "printing": """
        torch.tensor([1.0, 2.0, 3.0])

        torch.tensor([1.5, 2.25, 1000.0])

        torch.tensor([1e-8, 1.0])

        torch.tensor([1e8, 1.0])

        torch.tensor([1e5, 1.5])

        torch.tensor([0.0001, 0.5])

        torch.tensor([1e10])

        torch.tensor([float("nan"), 1.0])

        torch.tensor([float("inf"), -1.5, float("-inf")])

        torch.tensor([float("inf"), float("nan")])

        torch.tensor([-0.0, 0.0])

        torch.tensor([100000.0, 200000.0])

        torch.tensor([99999999.0, 1.0])

        torch.tensor(1234567.0)

        torch.tensor(0.1)

        torch.tensor(0.1, dtype=torch.float64)

        torch.tensor(1e-5)

        torch.tensor(-3)

        torch.tensor([1, -20, 300])

        torch.tensor([[True], [False]])

        torch.zeros(0)

        torch.zeros(0, 3)

        torch.zeros(2, 0, dtype=torch.int64)

        torch.zeros(2, 2, 2)

        torch.zeros(1, 2, 1, 2)

        torch.arange(30)

        torch.arange(100.0)

        torch.arange(1001)

        torch.arange(2000.0).reshape(40, 50)

        torch.arange(1200).reshape(2, 3, 200)

        torch.arange(1200).reshape(200, 6)

        torch.full((3, 400), 0.5)

        torch.linspace(0, 1, 1000)

        torch.linspace(0, 1, 2000)

        torch.arange(24.0).reshape(2, 3, 4) / 7

        torch.ones(2, 2, dtype=torch.float16) / 3

        torch.ones(3, requires_grad=True)

        torch.ones(3, dtype=torch.float64, requires_grad=True)

        torch.ones(30, dtype=torch.float64, requires_grad=True) * 1.25

        torch.ones(2, 2, requires_grad=True) + 2

        torch.zeros(0, requires_grad=True) * 2

        torch.tensor([1, 2], dtype=torch.uint8)

        torch.tensor([1, 2], dtype=torch.int32)

        torch.ones(2, 2).t()

        torch.tensor([[1e-3, 2e3], [3.0, 4e5]])

        torch.tensor([[1.0, 1000.0], [1e-3, 5.5]])

        torch.tensor([1e-45, 1e38])

        torch.tensor([123456.789, 0.001])

        torch.tensor([5e-324, 1e308], dtype=torch.float64)

        torch.tensor(float("nan"))

        torch.tensor(float("-inf"))

        torch.tensor([1.0, 2.0]).max(0)

        torch.ones(2, 3).shape

        torch.ones(2, 3).size()

        (torch.ones(2, requires_grad=True) * 2).grad_fn

        torch.float32

        torch.ones(2).sum().item()

        torch.tensor([1.1, 2.2]).tolist()

        torch.eye(12)

        torch.arange(0, 1, 0.01).reshape(10, 10)
    """,
}
