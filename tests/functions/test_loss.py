"""Losses: values from their definitions, reductions, derivatives, stability and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import Tensor
from gradcli.errors import AutogradError, DTypeMismatch, GradcliError, IndexOutOfRange, ShapeMismatch, ValueFault
from tests.functions.derivatives import agrees_with_differences, grad, leaf

TORCH, NN = f.NAMESPACES["torch"], f.NAMESPACES["torch.nn.functional"]
X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
Y = np.array([[1.4, 0.25, -0.75], [-2.0, 1.25, 0.45]])
PROBABILITIES = np.array([[0.2, 0.7, 0.5], [0.9, 0.4, 0.1]])
TARGETS = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]])
WEIGHTS = np.array([1.0, 2.0, 0.5])
D = X - Y

ELEMENTWISE: dict[str, tuple[Callable[..., Tensor], np.ndarray, str]] = {
    "mse_loss": (NN["mse_loss"], D**2, "MseLossBackward0"),
    "l1_loss": (NN["l1_loss"], np.abs(D), "MeanBackward0"),
    "smooth_l1_loss": (NN["smooth_l1_loss"], np.where(np.abs(D) < 1, D**2 / 2, np.abs(D) - 0.5), "SmoothL1LossBackward0"),
    "huber_loss": (
        lambda x, y, **options: NN["huber_loss"](x, y, delta=0.6, **options),
        np.where(np.abs(D) < 0.6, D**2 / 2, 0.6 * (np.abs(D) - 0.3)),
        "HuberLossBackward0",
    ),
    "binary_cross_entropy_with_logits": (
        NN["binary_cross_entropy_with_logits"],
        -(Y * -np.log1p(np.exp(-X)) + (1 - Y) * -np.log1p(np.exp(X))),
        "BinaryCrossEntropyWithLogitsBackward0",
    ),
    "kl_div with log_target": (
        lambda x, y, **options: NN["kl_div"](x, y, log_target=True, **options),
        np.exp(Y) * (Y - X),
        "MeanBackward0",
    ),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_losses_follow_their_definition_in_all_reductions(name: str) -> None:
    loss, expected, grad_fn = ELEMENTWISE[name]
    np.testing.assert_allclose(loss(leaf(X), leaf(Y), reduction="none").numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(loss(leaf(X), leaf(Y), reduction="sum").item(), expected.sum(), rtol=1e-12)
    result = loss(leaf(X), leaf(Y))
    np.testing.assert_allclose(result.item(), expected.mean(), rtol=1e-12)
    assert result.grad_fn is not None
    assert result.grad_fn.name == grad_fn


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_losses_can_be_differentiated_twice_in_both_arguments(name: str, reduction: str) -> None:
    loss = ELEMENTWISE[name][0]
    assert agrees_with_differences(lambda x: loss(x, leaf(Y), reduction=reduction), X)
    assert agrees_with_differences(lambda y: loss(leaf(X), y, reduction=reduction), Y)


def test_weights_weigh_the_mean() -> None:
    weight = np.abs(Y)
    for name, each in (("mse_loss", D**2), ("l1_loss", np.abs(D))):
        found = NN[name](leaf(X), leaf(Y), weight=leaf(weight))
        np.testing.assert_allclose(found.item(), (each * weight).sum() / weight.sum())


def test_the_slope_of_distances_at_their_kinks() -> None:
    zeros = leaf(np.zeros(3))
    assert grad(lambda x: NN["l1_loss"](x, zeros, reduction="sum"), [0.0, 1.0, -1.0]).tolist() == [0, 1, -1]
    assert grad(lambda x: NN["smooth_l1_loss"](x, zeros, reduction="sum"), [0.0, 1.0, -1.0]).tolist() == [0, 1, -1]
    assert grad(lambda x: NN["huber_loss"](x, zeros, reduction="sum", delta=2.0), [0.0, 2.0, -3.0]).tolist() == [0, 2, -2]


def logarithms(x: np.ndarray) -> np.ndarray:
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def classes(*values: Any) -> Tensor:
    return TORCH["tensor"](list(values))


def test_cross_entropy_picks_the_logarithm_of_the_class() -> None:
    each = -logarithms(X)[[0, 1], [2, 0]]
    found = NN["cross_entropy"](leaf(X), classes(2, 0), reduction="none")
    np.testing.assert_allclose(found.numpy(), each, rtol=1e-12)
    np.testing.assert_allclose(NN["cross_entropy"](leaf(X), classes(2, 0)).item(), each.mean(), rtol=1e-12)
    np.testing.assert_allclose(NN["nll_loss"](leaf(logarithms(X)), classes(2, 0)).item(), each.mean(), rtol=1e-12)


def test_class_weights_weigh_the_mean() -> None:
    each = -logarithms(X)[[0, 1], [2, 0]] * WEIGHTS[[2, 0]]
    found = NN["cross_entropy"](leaf(X), classes(2, 0), weight=leaf(WEIGHTS).detach())
    np.testing.assert_allclose(found.item(), each.sum() / WEIGHTS[[2, 0]].sum(), rtol=1e-12)


def test_ignored_examples_count_for_nothing() -> None:
    assert NN["cross_entropy"](leaf(X), classes(-100, 1)).item() == pytest.approx(-logarithms(X)[1, 1])
    slopes = grad(lambda x: NN["cross_entropy"](x, classes(2, 1), ignore_index=2), X)
    assert slopes[0].tolist() == [0, 0, 0]
    assert np.isnan(NN["nll_loss"](leaf(X), classes(-100, -100)).item())
    assert not grad(lambda x: NN["nll_loss"](x, classes(-100, -100)), X).any()


CROSS_ENTROPIES: dict[str, Callable[[Tensor], Tensor]] = {
    "classes": lambda x: NN["cross_entropy"](x, classes(2, 0)),
    "each": lambda x: NN["cross_entropy"](x, classes(2, 0), reduction="none"),
    "weights": lambda x: NN["cross_entropy"](x, classes(2, 0), leaf(WEIGHTS).detach()),
    "ignored": lambda x: NN["cross_entropy"](x, classes(2, 0), ignore_index=0),
    "smoothed": lambda x: NN["cross_entropy"](x, classes(2, 0), label_smoothing=0.1),
    "smoothed with weights": lambda x: NN["cross_entropy"](x, classes(2, 0), leaf(WEIGHTS).detach(), label_smoothing=0.1),
    "probabilities": lambda x: NN["cross_entropy"](x, leaf(TARGETS)),
    "smoothed probabilities": lambda x: NN["cross_entropy"](x, leaf(TARGETS), label_smoothing=0.3, reduction="sum"),
    "both": lambda x: NN["cross_entropy"](x, TORCH["softmax"](x, 1)),
    "one example": lambda x: NN["cross_entropy"](f.getitem(x, 0), TORCH["tensor"](1)),
    "positions": lambda x: NN["cross_entropy"](f.getitem(x, None), classes([0, 1, 1]), label_smoothing=0.1),
    "images": lambda x: NN["cross_entropy"](f.getitem(x, (None, ..., None)), classes([[0], [1], [1]])),
}


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
def test_cross_entropy_can_be_differentiated_twice(name: str) -> None:
    assert agrees_with_differences(CROSS_ENTROPIES[name], X)


def test_cross_entropy_does_not_overflow() -> None:
    assert NN["cross_entropy"](leaf([[1000.0, 0.0]]), classes(1)).item() == 1000
    assert NN["binary_cross_entropy_with_logits"](leaf([-1000.0, 1000.0]), leaf([1.0, 0.0])).item() == 1000


def test_cross_entropy_of_classes_is_that_of_certain_probabilities() -> None:
    certain = np.eye(3)[[2, 0]]
    of_classes = NN["cross_entropy"](leaf(X), classes(2, 0), label_smoothing=0.2).item()
    assert of_classes == pytest.approx(NN["cross_entropy"](leaf(X), leaf(certain), label_smoothing=0.2).item())


def test_binary_cross_entropy_follows_its_definition() -> None:
    p, t = PROBABILITIES, TARGETS
    each = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    np.testing.assert_allclose(NN["binary_cross_entropy"](leaf(p), leaf(t), reduction="none").numpy(), each)
    weighted = NN["binary_cross_entropy"](leaf(p), leaf(t), leaf(WEIGHTS).detach())
    np.testing.assert_allclose(weighted.item(), (each * WEIGHTS).mean())
    assert agrees_with_differences(lambda x: NN["binary_cross_entropy"](x, leaf(t)), p)
    assert agrees_with_differences(lambda y: NN["binary_cross_entropy"](leaf(p), y, leaf(WEIGHTS).detach()), t)


def test_binary_cross_entropy_stops_at_100() -> None:
    assert NN["binary_cross_entropy"](leaf([0.0, 1.0]), leaf([1.0, 0.0]), reduction="none").tolist() == [100, 100]


def test_pos_weight_weighs_what_is_true() -> None:
    options = {"weight": leaf(TARGETS + 1).detach(), "pos_weight": leaf(WEIGHTS).detach()}
    each = -(WEIGHTS * TARGETS * -np.log1p(np.exp(-X)) + (1 - TARGETS) * -np.log1p(np.exp(X))) * (TARGETS + 1)
    found = NN["binary_cross_entropy_with_logits"](leaf(X), leaf(TARGETS), **options)
    np.testing.assert_allclose(found.item(), each.mean())
    assert agrees_with_differences(lambda x: NN["binary_cross_entropy_with_logits"](x, leaf(TARGETS), **options), X)
    assert agrees_with_differences(lambda y: NN["binary_cross_entropy_with_logits"](leaf(X), y, **options), TARGETS)


def test_kl_div_of_a_target_of_0_is_0() -> None:
    found = NN["kl_div"](leaf(X), leaf(TARGETS), reduction="none").numpy()
    logs = np.log(np.where(TARGETS > 0, TARGETS, 1))
    np.testing.assert_allclose(found, TARGETS * (logs - X))
    assert NN["kl_div"](leaf(X), leaf(TARGETS), reduction="batchmean").item() == pytest.approx(found.sum() / 2)
    assert agrees_with_differences(lambda y: NN["kl_div"](leaf(X), y), PROBABILITIES)


REFUSALS: list[tuple[Callable[[], object], type[GradcliError], str]] = [
    (lambda: NN["cross_entropy"](leaf(X), classes(0, 3)), IndexOutOfRange, "Target 3 is out of bounds."),
    (
        lambda: NN["cross_entropy"](leaf(X), classes(0, 1, 2)),
        ShapeMismatch,
        "Expected input batch_size (2) to match target batch_size (3).",
    ),
    (
        lambda: NN["nll_loss"](leaf(X), leaf([0.0, 1.0])),
        DTypeMismatch,
        "expected target dtype to be Long or Byte, but got Double",
    ),
    (
        lambda: NN["nll_loss"](leaf(X), classes(0, 1), leaf(WEIGHTS)),
        AutogradError,
        "The function 'nll_loss_forward' is not differentiable with respect to argument 'weight'. "
        "This input cannot have requires_grad True.",
    ),
    (lambda: NN["mse_loss"](leaf(X), leaf(Y), reduction="average"), ValueFault, "average is not a valid value for reduction"),
    (
        lambda: NN["binary_cross_entropy"](leaf(X), leaf(TARGETS)),
        ValueFault,
        "all elements of input should be between 0 and 1",
    ),
    (
        lambda: NN["binary_cross_entropy_with_logits"](leaf(X), leaf(WEIGHTS)),
        ShapeMismatch,
        "Target size (torch.Size([3])) must be the same as input size (torch.Size([2, 3]))",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_it_refuses_with_pytorchs_sentence(call: Callable[[], object], kind: type[GradcliError], message: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.torch_message == message
