"""Corners of autograd that random programs found: the printed texts are PyTorch 2.13's."""

from __future__ import annotations

import pytest

from gradcli.errors import GradcliError
from gradcli.session import Session

PROGRAMS = {
    "grad leaves the node alone where it ends": (
        "x = torch.ones(2,requires_grad=True); y = x.exp(); g, = torch.autograd.grad(y.sum(), y)\n"
        "y.sum().backward(); print(g, x.grad)",
        "tensor([1., 1.]) tensor([2.7183, 2.7183])\n",
    ),
    "grad gives what a hook makes of it only where it ends": (
        "x = torch.ones(2,requires_grad=True); y = x*5; h = y.register_hook(lambda g: g*3); z = (y*2).sum()\n"
        "print(torch.autograd.grad(z,y,retain_graph=True), torch.autograd.grad(z,[y,x]))",
        "(tensor([6., 6.]),) (tensor([2., 2.]), tensor([30., 30.]))\n",
    ),
    "inputs= that are no leaves keep their gradients from then on": (
        "x = torch.ones(2,requires_grad=True); y = x+1; (y*y).sum().backward(inputs=[y]); (y*3).sum().backward()\n"
        "print(y.grad, x.grad, y.retains_grad)",
        "tensor([7., 7.]) tensor([3., 3.]) True\n",
    ),
    "a gradient handed to backward is not in the graph of .grad": (
        "x = torch.ones(2,requires_grad=True); (x*x).backward(torch.ones(2,requires_grad=True)); print(x.grad.requires_grad)",
        "False\n",
    ),
    "a recorded gradient is a copy": (
        "x = torch.tensor(2.,requires_grad=True); y = x**3; y.backward(create_graph=True); x.grad.backward(); print(x.grad)",
        "tensor(24., grad_fn=<CopyBackwards>)\n",
    ),
    "what shows .grad shows it grow": (
        "x = torch.ones(2,requires_grad=True); (x*3).sum().backward(); g = x.grad.data; r = x.grad[0]\n"
        "(x*3).sum().backward(); print(g, r)",
        "tensor([6., 6.]) tensor(6.)\n",
    ),
    "a kept gradient is that of the tensor as it is now": (
        "x = torch.ones(2,requires_grad=True); y = x*1; y.retain_grad(); y.mul_(2); y.sum().backward(); print(y.grad)",
        "tensor([1., 1.])\n",
    ),
    "what .data changes is seen and not noticed": (
        "x = torch.ones(2,requires_grad=True); y = x.sigmoid(); y.data.zero_(); y.sum().backward(); print(x.grad)",
        "tensor([0., 0.])\n",
    ),
    "new .data leaves what was saved": (
        "x = torch.zeros(2,requires_grad=True); y = x.sigmoid(); y.data = torch.zeros(2); y.sum().backward(); print(x.grad)",
        "tensor([0.2500, 0.2500])\n",
    ),
    "new .data is shared, and old views keep the old elements": (
        "a = torch.ones(2); b = torch.zeros(2); v = a[0:1]; a.data = b; b.add_(5); print(a, v); v.add_(1); print(a, b, v)\n"
        "a.mul_(2); print(a, b)",
        "tensor([5., 5.]) tensor([1.])\ntensor([5., 5.]) tensor([5., 5.]) tensor([2.])\ntensor([10., 10.]) tensor([10., 10.])\n",
    ),
    "a tensor may show itself": (
        "a = torch.arange(4.); a.data = a; a.data = a.data; a.data = a.data[:2]; a.add_(1); print(a)",
        "tensor([1., 2.])\n",
    ),
    "the version goes with a view": (
        "a = torch.ones(2); a.add_(1); v = a[0]; v.add_(1); print(a._version, v._version, a.data._version)",
        "2 2 0\n",
    ),
    "a view made in no_grad says what its base requires and leads nowhere": (
        "x = torch.ones(2,requires_grad=True)\nwith torch.no_grad():\n    v = x[:1]\n"
        "v.sum().backward(); print(v.requires_grad, v.is_leaf, v.grad, x.grad)",
        "True True None None\n",
    ),
    "an in-place operation converts without a node of its own": (
        "a = torch.ones(2); b = torch.ones(2,dtype=torch.float64,requires_grad=True); a *= b; print(a); a.sum().backward()\n"
        "print(b.grad)",
        "tensor([1., 1.], grad_fn=<MulBackward0>)\ntensor([1., 1.], dtype=torch.float64)\n",
    ),
    "an element changed in place is changed as often as in Python": (
        "i = torch.tensor([1.,2,3]); i[[0,0]] += 1; i[1:] *= 2; print(i, i._version)",
        "tensor([2., 4., 6.])  3\n".replace("  ", " "),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_random_programs_agree_with_pytorch(name: str) -> None:
    program, expected = PROGRAMS[name]
    printed: list[str] = []
    Session(write=printed.append).run(program)
    assert "".join(printed) == expected


X = "x = torch.ones(2,requires_grad=True); "


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("i = torch.tensor([1, 2]); i[0] += 0.5", "result type Float can't be cast to the desired output type Long"),
        (X + "y = x*1; y.requires_grad = True", "you can only change requires_grad flags of leaf variables."),
        (X + "x.sum().backward(inputs=[torch.ones(2)])", "can't retain_grad on Tensor that has requires_grad=False"),
        (X + "torch.autograd.grad(torch.ones(2).sum(), torch.ones(2))", "element 0 of tensors does not require grad"),
        (X + "x.data = torch.tensor([1, 2])", "data set to a tensor that requires gradients must be floating point"),
        (X + "x.register_hook(lambda g: g.sum()); x.sum().backward()", "hook '<lambda>' has changed the size of value"),
        (X + "x.register_hook(lambda g: g.double()); x.sum().backward()", "hook '<lambda>' has changed the type of value"),
        (X + "x.register_hook(lambda g: 3); x.sum().backward()", "expected Variable, but hook returned 'int'"),
        (
            X + "y = x*1\nwith torch.no_grad():\n    v = y[0]\nv.mul_(2)",
            "A view was created in no_grad mode and is being modified",
        ),
    ],
)
def test_random_programs_end_with_pytorchs_error(program: str, sentence: str) -> None:
    with pytest.raises(GradcliError) as caught:
        Session().run(program)
    assert sentence in (caught.value.torch_message or "")
