"""Changes in place reach every tensor that shows the same elements: the printed texts are PyTorch 2.13's."""

from __future__ import annotations

import pytest

from gradcli.errors import AutogradError, ModifiedInPlace
from gradcli.session import Session

PROGRAMS = {
    "a row": (
        "x = torch.arange(6.).reshape(2,3); y = x[0]; y += 1; print(x, y)",
        "tensor([[1., 2., 3.],\n        [3., 4., 5.]]) tensor([1., 2., 3.])\n",
    ),
    "a transpose": (
        "x = torch.arange(4.).reshape(2,2); y = x.t(); y[0] = 9; print(x)",
        "tensor([[9., 1.],\n        [9., 3.]])\n",
    ),
    "a part of a split": (
        "x = torch.arange(4.); a, b = x.split(2); a.zero_(); b.fill_(7); print(x)",
        "tensor([0., 0., 7., 7.])\n",
    ),
    "a diagonal": ("x = torch.ones(2,2); d = x.diagonal(); d.zero_(); print(x)", "tensor([[0., 1.],\n        [1., 0.]])\n"),
    "a view of a view": (
        "x = torch.ones(2,2); v = x.unsqueeze(0)[0,:,1]; v.add_(torch.tensor([1.,2.])); print(x)",
        "tensor([[1., 2.],\n        [1., 3.]])\n",
    ),
    "an alias's row": (
        "x = torch.ones(2,2,requires_grad=True); x.detach()[0].zero_(); print(x)",
        "tensor([[0., 0.],\n        [1., 1.]], requires_grad=True)\n",
    ),
    "a gradient through the change": (
        "x = torch.ones(2,2,requires_grad=True); z = x*2; y = z[0]; y.mul_(3); z.sum().backward(); print(x.grad)",
        "tensor([[6., 6.],\n        [2., 2.]])\n",
    ),
    "the names of its nodes": (
        "x = torch.ones(2,2,requires_grad=True); z = x*2; y = z[0]; y.mul_(3); print(y.grad_fn.name(), z.grad_fn.name())",
        "AsStridedBackward0 torch::autograd::CopySlices\n",
    ),
    "a base that begins to require grad": (
        "w = torch.ones(2,requires_grad=True); b = torch.zeros(3); b[1:].add_(w); (b*b).sum().backward(); print(w.grad)",
        "tensor([2., 2.])\n",
    ),
    "a leaf that is a view of what requires no grad": (
        "y = torch.arange(4.); x = y.reshape(2,2).requires_grad_()\nwith torch.no_grad():\n    x -= 1\ny.detach().add_(2)\n"
        "print(x); (x*x).sum().backward(); print(x.grad)",
        "tensor([[1., 2.],\n        [3., 4.]], requires_grad=True)\ntensor([[2., 4.],\n        [6., 8.]])\n",
    ),
    "a view of a leaf that no_grad changes": (
        "x = torch.ones(2,requires_grad=True); v = x[:1]\nwith torch.no_grad():\n    x.add_(1)\n"
        "print(v); (v*v).sum().backward(); print(x.grad)",
        "tensor([2.], grad_fn=<AsStridedBackward0>)\ntensor([4., 0.])\n",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_shows_the_same_elements_shows_the_change(name: str) -> None:
    program, expected = PROGRAMS[name]
    printed: list[str] = []
    Session(write=printed.append).run(program)
    assert "".join(printed) == expected


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("x = torch.ones(2, requires_grad=True); x[0].zero_()", "a view of a leaf Variable that requires grad"),
        ("x = torch.ones(4).view(2, 2).requires_grad_(); x.add_(1)", "a view of a leaf Variable that requires grad"),
        ("x = torch.ones(3).expand(2, 3); x.add_(1)", "more than one element of the written-to tensor"),
    ],
)
def test_changes_that_would_reach_too_far_are_refused(program: str, sentence: str) -> None:
    with pytest.raises(AutogradError, match=sentence):
        Session().run(program)


def test_a_change_through_an_alias_of_a_view_is_counted_once() -> None:
    program = "x = torch.ones(2,2,requires_grad=True); v = x[0]; y = (v*v).sum(); v.detach().zero_(); y.backward()"
    with pytest.raises(ModifiedInPlace, match="is at version 1; expected version 0"):
        Session().run(program)
