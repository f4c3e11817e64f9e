"""Activations, softmax, normalisation, padding and dropout: values, kinks, stability and derivatives."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, exp, inf, log1p, sqrt, tanh
from typing import Any

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import Tensor, gradients
from gradcli.errors import DTypeMismatch, GradcliError, LeafInPlace, NotSupported, ShapeMismatch, ValueFault
from tests.functions.derivatives import agrees_with_differences, grad, is_adjoint, leaf

TORCH, NN = f.NAMESPACES["torch"], f.NAMESPACES["torch.nn.functional"]
X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.45]])
POINTS = np.array([-4.2, -1.3, -0.4, 0.3, 0.9, 4.1])

ACTIVATIONS: dict[str, tuple[Callable[[float], float], str]] = {
    "celu": (lambda x: x if x > 0 else exp(x) - 1, "CeluBackward0"),
    "elu": (lambda x: x if x > 0 else exp(x) - 1, "EluBackward0"),
    "gelu": (lambda x: x * (1 + erf(x / sqrt(2))) / 2, "GeluBackward0"),
    "hardshrink": (lambda x: x if abs(x) > 0.5 else 0, "HardshrinkBackward0"),
    "hardsigmoid": (lambda x: min(max(x / 6 + 0.5, 0), 1), "HardsigmoidBackward0"),
    "hardswish": (lambda x: x * min(max(x / 6 + 0.5, 0), 1), "HardswishBackward0"),
    "hardtanh": (lambda x: min(max(x, -1), 1), "HardtanhBackward0"),
    "leaky_relu": (lambda x: x if x > 0 else 0.01 * x, "LeakyReluBackward0"),
    "logsigmoid": (lambda x: -log1p(exp(-x)), "LogSigmoidBackward0"),
    "mish": (lambda x: x * tanh(log1p(exp(x))), "MishBackward0"),
    "relu": (lambda x: max(x, 0), "ReluBackward0"),
    "relu6": (lambda x: min(max(x, 0), 6), "HardtanhBackward0"),
    "selu": (lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (exp(x) - 1)), "EluBackward0"),
    "silu": (lambda x: x / (1 + exp(-x)), "SiluBackward0"),
    "softplus": (lambda x: log1p(exp(x)), "SoftplusBackward0"),
    "softshrink": (lambda x: x - 0.5 if x > 0.5 else x + 0.5 if x < -0.5 else 0, "SoftshrinkBackward0"),
    "softsign": (lambda x: x / (1 + abs(x)), "DivBackward0"),
    "tanhshrink": (lambda x: x - tanh(x), "SubBackward0"),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_have_their_value_name_and_two_derivatives(name: str) -> None:
    formula, grad_fn = ACTIVATIONS[name]
    result = NN[name](leaf(POINTS))
    np.testing.assert_allclose(result.numpy(), [formula(x) for x in POINTS], rtol=1e-12)
    assert result.grad_fn is not None
    assert result.grad_fn.name == grad_fn
    assert agrees_with_differences(NN[name], POINTS)
    assert NN[name](leaf(np.zeros((2, 0)))).shape == (2, 0)


PARAMETERS: dict[str, Callable[[Tensor], Tensor]] = {
    "celu": lambda x: NN["celu"](x, 2.0),
    "elu": lambda x: NN["elu"](x, alpha=0.5),
    "gelu with tanh": lambda x: NN["gelu"](x, approximate="tanh"),
    "hardtanh": lambda x: NN["hardtanh"](x, -0.5, 2.0),
    "leaky_relu": lambda x: NN["leaky_relu"](x, 0.2),
    "softplus": lambda x: NN["softplus"](x, beta=2, threshold=3),
    "threshold": lambda x: NN["threshold"](x, 0.5, 20.0),
    "glu": lambda x: NN["glu"](x),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_their_parameters_can_be_differentiated_through_twice(name: str) -> None:
    assert agrees_with_differences(PARAMETERS[name], POINTS)


KINKS: list[tuple[str, tuple[Any, ...], list[float], list[float]]] = [
    ("relu", (), [0.0], [0.0]),
    ("leaky_relu", (0.1,), [0.0], [0.1]),
    ("elu", (), [0.0], [1.0]),
    ("hardtanh", (), [-1.0, 1.0], [0.0, 0.0]),
    ("relu6", (), [0.0, 6.0], [0.0, 0.0]),
    ("hardsigmoid", (), [-3.0, 3.0], [0.0, 0.0]),
    ("hardswish", (), [-3.0, 3.0], [0.0, 1.0]),
    ("softshrink", (), [-0.5, 0.5], [0.0, 0.0]),
    ("hardshrink", (), [-0.5, 0.5], [0.0, 0.0]),
    ("threshold", (0.5, 1.0), [0.5], [0.0]),
]


@pytest.mark.parametrize(("name", "arguments", "points", "slopes"), KINKS, ids=[kink[0] for kink in KINKS])
def test_at_a_kink_the_slope_is_pytorchs(name: str, arguments: tuple[Any, ...], points: list[float], slopes: list[float]) -> None:
    np.testing.assert_allclose(grad(lambda x: NN[name](x, *arguments), points), slopes)


@pytest.mark.parametrize("name", ["elu", "gelu", "logsigmoid", "mish", "selu", "silu", "softplus"])
def test_smooth_activations_do_not_overflow(name: str) -> None:
    far = [-1000.0, 1000.0]
    assert np.isfinite(NN[name](leaf(far)).numpy()).all()
    assert np.isfinite(grad(NN[name], far)).all()


def test_gelu_is_exact_far_to_the_left() -> None:
    assert NN["gelu"](leaf(-10.0)).item() == pytest.approx(-7.61985302416047e-23, rel=1e-10)


def test_inplace_changes_the_input_but_not_a_leaf() -> None:
    x = leaf(X)
    y = x * 1.0
    assert NN["elu"](y, inplace=True) is y
    np.testing.assert_allclose(y.numpy(), np.where(X > 0, X, np.expm1(X)))
    with pytest.raises(LeafInPlace):
        NN["relu"](x, inplace=True)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_sums_to_1_and_log_softmax_is_its_logarithm(dim: int) -> None:
    weights = np.exp(X) / np.exp(X).sum(dim, keepdims=True)
    np.testing.assert_allclose(TORCH["softmax"](leaf(X), dim).numpy(), weights, rtol=1e-12)
    np.testing.assert_allclose(NN["log_softmax"](leaf(X), dim).numpy(), np.log(weights), rtol=1e-12)
    np.testing.assert_allclose(NN["softmin"](leaf(-X), dim).numpy(), weights, rtol=1e-12)
    assert agrees_with_differences(lambda x: TORCH["softmax"](x, dim), X)
    assert agrees_with_differences(lambda x: TORCH["log_softmax"](x, dim), X)


def test_softmax_does_not_overflow() -> None:
    assert NN["softmax"](leaf([1000.0, 0.0, -inf]), 0).tolist() == [1, 0, 0]
    assert NN["log_softmax"](leaf([1000.0, 0.0]), 0).tolist() == [0, -1000]


def test_softmax_of_a_number_is_1_and_of_nothing_is_nothing() -> None:
    assert TORCH["softmax"](leaf(3.0), 0).item() == 1
    assert grad(lambda x: TORCH["softmax"](x, 0), 3.0).item() == 0
    assert TORCH["softmax"](leaf(np.zeros((2, 0))), 1).shape == (2, 0)


def test_layer_norm_gives_mean_0_and_variance_1() -> None:
    found = NN["layer_norm"](leaf(X), (3,)).numpy()
    np.testing.assert_allclose(found.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(found.var(1), 1, rtol=1e-3)


def test_layer_norm_can_be_differentiated_twice_in_all_arguments() -> None:
    weight, bias = leaf([1.0, -2.0, 0.5]), leaf([0.25, 1.5, -1.0])
    assert agrees_with_differences(lambda x: NN["layer_norm"](x, (3,), weight, bias), X)
    assert agrees_with_differences(lambda w: NN["layer_norm"](leaf(X), (3,), w * w, bias), weight.numpy())
    assert agrees_with_differences(lambda b: NN["layer_norm"](leaf(X), (3,), weight, b * b), bias.numpy())
    assert agrees_with_differences(lambda x: NN["layer_norm"](x, (2, 3)), X)
    assert agrees_with_differences(lambda x: NN["rms_norm"](x, (3,), weight), X)


def test_normalize_gives_length_1_and_leaves_0_alone() -> None:
    np.testing.assert_allclose(np.linalg.norm(NN["normalize"](leaf(X)).numpy(), axis=1), 1)
    assert NN["normalize"](leaf(np.zeros((1, 2)))).tolist() == [[0, 0]]
    assert agrees_with_differences(lambda x: NN["normalize"](x, p=3, dim=0), X)


def test_cosine_similarity_knows_directions() -> None:
    x = leaf(X)
    np.testing.assert_allclose(NN["cosine_similarity"](x, x * 2.0).numpy(), [1, 1])
    np.testing.assert_allclose(TORCH["cosine_similarity"](x, -x, dim=0).numpy(), [-1, -1, -1])
    assert agrees_with_differences(lambda x: NN["cosine_similarity"](x, x * x), X)


PADS: list[tuple[tuple[int, ...], str, Any]] = [
    ((1, 2), "constant", [(0, 0), (1, 2)]),
    ((1, 0, 2, 1), "constant", [(2, 1), (1, 0)]),
    ((2, 1), "reflect", [(0, 0), (2, 1)]),
    ((4, 1), "replicate", [(0, 0), (4, 1)]),
]


@pytest.mark.parametrize(("pad", "mode", "margins"), PADS, ids=str)
def test_padding_is_numpys_and_its_pullback_its_adjoint(pad: tuple[int, ...], mode: str, margins: Any) -> None:
    numpys = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}[mode]

    def padded(x: Tensor) -> Tensor:
        return NN["pad"](x, pad, mode)

    np.testing.assert_array_equal(padded(leaf(X)).numpy(), np.pad(X, margins, numpys))
    assert is_adjoint(padded, X)
    assert agrees_with_differences(lambda x: padded(x * x), X)


def test_padding_with_a_number_and_with_negative_margins() -> None:
    assert NN["pad"](leaf([1.0, 2.0]), (1, 1), value=7.0).tolist() == [7, 1, 2, 7]
    assert NN["pad"](leaf([1.0, 2.0, 3.0]), (-1, 1)).tolist() == [2, 3, 0]
    assert is_adjoint(lambda x: NN["pad"](x, (-1, 1, 1, -1)), X)


def test_dropout_keeps_a_share_and_scales_it() -> None:
    x = leaf(np.ones(10_000))
    kept = NN["dropout"](x, 0.25).numpy()
    assert set(np.round(kept, 12)) == {0.0, round(1 / 0.75, 12)}
    assert 0.73 < np.count_nonzero(kept) / kept.size < 0.77
    assert not np.array_equal(kept, NN["dropout"](x, 0.25).numpy())
    assert NN["dropout"](x, 0.25, training=False) is x
    assert NN["dropout"](x, 0.0) is x
    assert not NN["dropout"](x, 1.0).numpy().any()


def test_the_gradient_of_dropout_is_dropped_with_the_elements() -> None:
    x = leaf(np.ones(100))
    result = NN["dropout"](x, 0.5)
    (found,) = gradients([f.METHODS["sum"](result)], [x])
    assert found is not None
    np.testing.assert_array_equal(found.numpy(), result.numpy())


REFUSALS: list[tuple[Callable[[], object], type[GradcliError], str]] = [
    (
        lambda: TORCH["softmax"](TORCH["tensor"]([1]), 0),
        DTypeMismatch,
        "\"softmax_lastdim_kernel_impl\" not implemented for 'Long'",
    ),
    (lambda: NN["gelu"](leaf(X), approximate="fast"), ValueFault, "approximate argument must be either none or tanh."),
    (
        lambda: NN["layer_norm"](leaf(X), (2,)),
        ShapeMismatch,
        "Given normalized_shape=[2], expected input with shape [*, 2], but got input of size[2, 3]",
    ),
    (lambda: NN["glu"](leaf(X)), ShapeMismatch, "Halving dimension must be even, but dimension 1 is size 3"),
    (lambda: NN["pad"](leaf(X), (1,)), ValueFault, "Padding length must be divisible by 2"),
    (lambda: NN["pad"](leaf(X), (1, 1), "mirror"), NotSupported, "Unrecognised padding mode mirror"),
    (lambda: NN["dropout"](leaf(X), 2.0), ValueFault, "dropout probability has to be between 0 and 1, but got 2.0"),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_it_refuses_with_pytorchs_sentence(call: Callable[[], object], kind: type[GradcliError], message: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.torch_message == message


@pytest.mark.parametrize("margins", [(3, -1), (-2, 2), (1, -3)])
def test_circular_margins_longer_than_what_negative_ones_leave_are_refused(margins: tuple[int, int]) -> None:
    """PyTorch reads there what it has not written."""
    with pytest.raises(ShapeMismatch, match=r"wrapping around more than once|empty dimension"):
        NN["pad"](Tensor(leaf(X).array), margins, mode="circular")
