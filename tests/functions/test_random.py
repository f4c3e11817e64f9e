"""Random tensors: the same seed gives the same numbers, each call takes new ones, and they are distributed as promised."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import Tensor
from gradcli.errors import AutogradError, DTypeMismatch, GradcliError, ValueFault
from gradcli.lazy import settings
from gradcli.lazy.dtypes import float16, float32, float64, int64
from tests.functions.derivatives import grad, leaf

TORCH = f.NAMESPACES["torch"]

DRAWS: dict[str, Callable[[], Tensor]] = {
    "rand": lambda: TORCH["rand"](3, 2),
    "randn": lambda: TORCH["randn"]((3, 2)),
    "rand_like": lambda: TORCH["rand_like"](leaf([1.0, 2.0])),
    "randn_like": lambda: TORCH["randn_like"](leaf([1.0, 2.0])),
    "randint": lambda: TORCH["randint"](1000, (4,)),
    "randint_like": lambda: TORCH["randint_like"](leaf([1.0, 2.0]), 1000),
    "randperm": lambda: TORCH["randperm"](20),
    "bernoulli": lambda: TORCH["bernoulli"](leaf(np.full(40, 0.5))),
}


def test_half_precision_numbers_stay_below_1() -> None:
    TORCH["manual_seed"](0)
    drawn = TORCH["rand"](20000, dtype=float16).numpy()
    assert drawn.max() < 1
    assert (drawn * 2048 % 1 == 0).all()
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("seed", "own"), [(-1, 2**64 - 1), (2**64 - 1, 2**64 - 1), (2**63, 2**63), (1.5, 1)])
def test_a_seed_has_64_bits(seed: float, own: int) -> None:
    TORCH["manual_seed"](seed)
    assert TORCH["initial_seed"]() == own
    assert 0 <= TORCH["rand"](1).item() < 1


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, float("nan"), float("inf")])
def test_a_seed_with_more_bits_is_refused(seed: float) -> None:
    with pytest.raises(ValueFault, match="Overflow"):
        TORCH["manual_seed"](seed)


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_seed_gives_the_same_numbers_and_each_call_new_ones(name: str) -> None:
    TORCH["manual_seed"](7)
    first, second = DRAWS[name]().tolist(), DRAWS[name]().tolist()
    assert first != second
    TORCH["manual_seed"](7)
    assert DRAWS[name]().tolist() == first
    assert DRAWS[name]().tolist() == second
    TORCH["manual_seed"](8)
    assert DRAWS[name]().tolist() != first


def test_numbers_are_drawn_when_they_are_made_not_when_they_are_read() -> None:
    TORCH["manual_seed"](0)
    first, second = TORCH["rand"](3), TORCH["rand"](3)
    later = second.tolist(), first.tolist()
    TORCH["manual_seed"](0)
    assert (TORCH["rand"](3).tolist(), TORCH["rand"](3).tolist()) == later[::-1]


def test_manual_seed_begins_again() -> None:
    TORCH["manual_seed"](-1)
    assert (settings.seed, settings.random_streams_used) == (2**64 - 1, 0)
    assert TORCH["initial_seed"]() == 2**64 - 1
    assert TORCH["rand"](2).shape == (2,)


def test_the_distributions_are_as_promised() -> None:
    TORCH["manual_seed"](0)
    uniform, normal = TORCH["rand"](100_000).numpy(), TORCH["randn"](100_000).numpy()
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.01
    assert abs(normal.mean()) < 0.02
    assert abs(normal.std() - 1) < 0.02
    integers = TORCH["randint"](-2, 3, (1000,)).numpy()
    assert set(integers.tolist()) == {-2, -1, 0, 1, 2}
    assert sorted(TORCH["randperm"](50).tolist()) == list(range(50))


def test_dtypes_are_pytorchs() -> None:
    assert TORCH["rand"](2).dtype is settings.default_dtype
    assert TORCH["rand"](2, dtype=float16).dtype is float16
    assert TORCH["randint"](5, (2,)).dtype is int64
    assert TORCH["randint"](high=5, size=(2,), dtype=float32).dtype is float32
    assert TORCH["randint_like"](leaf([1.0]), 2, 5).dtype is float64
    assert TORCH["randperm"](3).dtype is int64
    assert TORCH["randn"](2, requires_grad=True).requires_grad


def test_there_may_be_nothing_to_draw() -> None:
    assert TORCH["rand"](0, 2).shape == (0, 2)
    assert TORCH["rand"](()).shape == ()
    assert TORCH["randperm"](0).tolist() == []


def test_bernoulli_is_certain_at_0_and_1_and_has_derivative_0() -> None:
    certain = leaf([0.0, 1.0])
    assert TORCH["bernoulli"](certain).tolist() == [0, 1]
    assert grad(TORCH["bernoulli"], [0.5, 0.5]).tolist() == [0, 0]


REFUSALS: list[tuple[Callable[[], object], type[GradcliError], str]] = [
    (lambda: TORCH["rand"](2, dtype=int64), DTypeMismatch, "\"check_uniform_bounds\" not implemented for 'Long'"),
    (lambda: TORCH["randint"](5, 2, (2,)), ValueFault, "random_ expects 'from' to be less than 'to', but got from=5 >= to=2"),
    (lambda: TORCH["rand"](-1), ValueFault, "Trying to create tensor with negative dimension -1: [-1]"),
    (
        lambda: TORCH["randint"](5, (2,), requires_grad=True),
        AutogradError,
        "Only Tensors of floating point and complex dtype can require gradients",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_it_refuses_with_pytorchs_sentence(call: Callable[[], object], kind: type[GradcliError], message: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.torch_message == message
