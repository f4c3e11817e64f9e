"""New tensors: every function that makes one takes a device, and nested lists have rows of one length."""

from __future__ import annotations

import pytest

import gradcli

MAKERS = [
    "arange(3",
    "eye(2",
    "full((2,), 1.",
    "linspace(0, 1, 3",
    "logspace(0, 1, 3",
    "ones(2",
    "rand(2",
    "randint(0, 3, (2,)",
    "randn(2",
    "randperm(3",
    "tensor([1.]",
    "zeros(2",
    "full_like(ones(2), 3",
    "ones_like(ones(2)",
    "rand_like(ones(2)",
    "randint_like(ones(2), 3",
    "randn_like(ones(2)",
    "zeros_like(ones(2)",
    "ones(2).new_ones(2",
    "ones(2).new_zeros(2",
]


@pytest.mark.parametrize("maker", MAKERS)
def test_a_maker_of_tensors_takes_the_cpu_and_refuses_a_device_that_is_not_there(maker: str) -> None:
    assert gradcli.evaluate(f"{maker}, device='cpu')").value is not None
    with pytest.raises(gradcli.GradcliError) as caught:
        gradcli.evaluate(f"{maker}, device='cuda')")
    assert caught.value.exit_code == 5


def test_a_list_among_numbers_makes_no_tensor() -> None:
    with pytest.raises(gradcli.GradcliError, match="a list stands among numbers"):
        gradcli.evaluate("tensor([1, [2]])")
    with pytest.raises(gradcli.GradcliError, match="expected sequence of length 1 at dim 1"):
        gradcli.evaluate("tensor([[1], [2, 3]])")
