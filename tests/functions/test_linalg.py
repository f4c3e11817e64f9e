"""Products of vectors and matrices, contractions and norms: values, graphs, derivatives and refusals."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from gradcli import functions as f
from gradcli.autograd import Node, Tensor
from gradcli.errors import DimensionOutOfRange, DTypeMismatch, GradcliError, ShapeMismatch, ValueFault
from tests.functions.derivatives import agrees_with_differences, grad, leaf
from tests.oracle import gradcli_side

TORCH, LINALG, NN = (f.NAMESPACES[name] for name in ("torch", "torch.linalg", "torch.nn.functional"))
X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
A = np.array([[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]])
V = np.array([1.0, -2.0, 0.5])
C = np.cos(np.arange(12.0)).reshape(2, 2, 3)
D = np.sin(np.arange(12.0)).reshape(2, 3, 2)


def drawn(node: Node | None) -> str:
    """A graph as text: `Mm0(acc, T0(acc))`."""
    assert node is not None
    if node.name == "AccumulateGrad":
        return "acc"
    edges = [drawn(following) for following, _ in node.next_functions if following is not None]
    return f"{node.name.replace('Backward', '')}({', '.join(edges)})"


SHAPES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3, 2)),
    ((2, 3), (5, 3, 2)),
    ((5, 2, 3), (5, 3, 2)),
    ((5, 2, 3), (1, 3, 2)),
    ((1, 2, 3), (5, 3, 2)),
    ((4, 1, 2, 3), (5, 3, 2)),
    ((2, 0), (0, 3)),
    ((0, 2), (2, 3)),
    ((4, 2, 0), (0, 3)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES, ids=str)
def test_matmul_is_numpys_in_every_rank(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = (np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape) for shape in (left, right))
    for product in (f.OPERATORS["@"](leaf(a), leaf(b)), TORCH["matmul"](leaf(a).detach(), leaf(b))):
        assert tuple(product.shape) == (a @ b).shape
        np.testing.assert_allclose(product.numpy(), a @ b, rtol=1e-12)


@pytest.mark.parametrize(("left", "right"), [pair for pair in SHAPES if 0 not in (*pair[0], *pair[1])], ids=str)
def test_matmul_can_be_differentiated_twice_in_both_operands(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = (np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape) for shape in (left, right))
    assert agrees_with_differences(lambda x: TORCH["matmul"](x * x, leaf(b)), a)
    assert agrees_with_differences(lambda x: TORCH["matmul"](leaf(a), x * x), b)


GRAPHS: list[tuple[Callable[[Tensor], Tensor], str]] = [
    (lambda x: x @ TORCH["t"](x), "Mm0(acc, T0(acc))"),
    (lambda x: x @ f.getitem(x, 0), "Mv0(acc, Select0(acc))"),
    (lambda x: f.getitem(x, 0) @ TORCH["t"](x), "Squeeze4(Mm0(Unsqueeze0(Select0(acc)), T0(acc)))"),
    (lambda x: f.getitem(x, 0) @ f.getitem(x, 1), "Dot0(Select0(acc), Select0(acc))"),
    (
        lambda x: f.getitem(x, None) @ f.getitem(TORCH["t"](x), None),
        "UnsafeView0(Bmm0(View0(Expand0(Unsqueeze0(acc))), ReshapeAlias0(Expand0(Unsqueeze0(T0(acc))))))",
    ),
    (lambda x: NN["linear"](x, x), "Mm0(acc, T0(acc))"),
    (lambda x: NN["linear"](x, x, f.getitem(x, (slice(None), 0))), "Addmm0(Select0(acc), acc, T0(acc))"),
    (lambda x: TORCH["outer"](f.getitem(x, 0), f.getitem(x, 1)), "Mul0(View0(Select0(acc)), Select0(acc))"),
    (
        lambda x: TORCH["einsum"]("ij,kj->ik", x, x),
        "View0(Permute0(View0(Bmm0(View0(Permute0(Permute0(Unsqueeze0(acc)))), "
        "ReshapeAlias0(Permute0(Permute0(Unsqueeze0(acc))))))))",
    ),
    (lambda x: TORCH["tensordot"](x, x, dims=([1], [1])), "View0(Mm0(View0(Permute0(acc)), ReshapeAlias0(Permute0(acc))))"),
    (lambda x: f.METHODS["norm"](x), "LinalgVectorNorm0(acc)"),
    (lambda x: LINALG["norm"](x, 1), "Amax0(LinalgVectorNorm0(acc))"),
]


@pytest.mark.parametrize(("function", "graph"), GRAPHS, ids=[graph for _, graph in GRAPHS])
def test_the_graph_is_pytorchs(function: Callable[[Tensor], Tensor], graph: str) -> None:
    assert drawn(function(leaf(X)).grad_fn) == graph


PRODUCTS: dict[str, Callable[[Tensor], Tensor]] = {
    "addmm": lambda x: TORCH["addmm"](leaf(A[0]), x, leaf(A) * x.shape[0], beta=0.5, alpha=2),
    "addmv": lambda x: TORCH["addmv"](f.getitem(x, (slice(None), 0)), x, leaf(V), beta=2, alpha=0.5),
    "addr": lambda x: TORCH["addr"](x, f.getitem(x, (slice(None), 0)), f.getitem(x, 1), alpha=3),
    "inner": lambda x: TORCH["inner"](x, x * x),
    "outer": lambda x: TORCH["outer"](f.getitem(x, 0), f.getitem(x, 1)),
    "vdot": lambda x: TORCH["vdot"](f.getitem(x, 0), f.getitem(x, 1)),
    "linear": lambda x: NN["linear"](x, x * x, f.getitem(x, (slice(None), 1))),
    "tensordot": lambda x: TORCH["tensordot"](x, x * x, 2),
    "einsum of three": lambda x: TORCH["einsum"]("ij,jk,il->kl", x, leaf(A), x * x),
    "einsum diagonal": lambda x: TORCH["einsum"]("ii->i", x @ TORCH["t"](x)),
    "einsum ellipsis": lambda x: TORCH["einsum"]("...i,...i", x, x * x),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_can_be_differentiated_twice(name: str) -> None:
    assert agrees_with_differences(PRODUCTS[name], X)


def test_products_of_batches_can_be_differentiated_twice() -> None:
    assert agrees_with_differences(lambda x: TORCH["baddbmm"](leaf(C[:, :, :2]), x * x, leaf(D), beta=2, alpha=3), C)
    assert agrees_with_differences(lambda x: TORCH["addbmm"](leaf(C[0, :, :2]), leaf(C), x * x, beta=2), D)


EQUATIONS = ["bij,bjk->bik", "bij,bjk", "bij,cjk->bcik", "bij,bjk->", "bij,bjk->kb", "b...,b...->b...", "bij,bik->bjk"]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum_is_numpys(equation: str) -> None:
    second = C if equation == "bij,bik->bjk" or "..." in equation else D
    found = TORCH["einsum"](equation, leaf(C), leaf(second))
    np.testing.assert_allclose(found.numpy(), np.einsum(equation, C, second), rtol=1e-12)


def test_addmm_does_not_read_the_input_for_beta_0() -> None:
    poisoned = leaf(np.full((2, 2), np.nan))
    np.testing.assert_allclose(TORCH["addmm"](poisoned, leaf(X), leaf(A), beta=0).numpy(), X @ A)


ORDERS = [0.5, 1, 1.5, 2, 3, -1, inf, -inf]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dim", [None, 0, 1])
def test_norms_are_numpys_and_can_be_differentiated_twice(order: float, dim: int | None) -> None:
    found = TORCH["norm"](leaf(X), order, dim)
    np.testing.assert_allclose(found.numpy(), np.linalg.norm(X.reshape(-1) if dim is None else X, order, dim), rtol=1e-12)
    assert agrees_with_differences(lambda x: TORCH["norm"](x, order, dim), X)


@pytest.mark.parametrize("order", [1, 1.5, 2, 3, inf])
def test_the_norm_has_derivative_0_at_0(order: float) -> None:
    assert grad(lambda x: TORCH["norm"](x, order), np.zeros(3)).tolist() == [0, 0, 0]


def test_the_norm_of_order_inf_shares_ties_evenly() -> None:
    assert grad(lambda x: TORCH["norm"](x, inf), [3.0, -3.0, 1.0]).tolist() == [0.5, -0.5, 0]


@pytest.mark.parametrize("order", ["fro", 1, -1, inf, -inf])
def test_matrix_norms_are_numpys(order: Any) -> None:
    np.testing.assert_allclose(LINALG["norm"](leaf(X), order).item(), np.linalg.norm(X, order))
    expected = np.linalg.norm(C, order, axis=(2, 0), keepdims=True)
    np.testing.assert_allclose(LINALG["matrix_norm"](leaf(C), order, (2, 0), True).numpy(), expected)


def test_dist_is_the_norm_of_the_difference() -> None:
    assert TORCH["dist"](leaf(X), leaf(X)).item() == 0
    assert grad(lambda x: TORCH["dist"](x, leaf(X)), X).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert agrees_with_differences(lambda x: TORCH["dist"](x, x * x, 3), X)


def test_reading_no_elements_gives_0() -> None:
    empty = leaf(np.zeros((2, 0)))
    assert TORCH["norm"](empty).item() == 0
    assert TORCH["norm"](empty, dim=1).tolist() == [0, 0]
    assert TORCH["dot"](leaf([]), leaf([])).item() == 0


REFUSALS: list[tuple[Callable[[], object], type[GradcliError], str]] = [
    (lambda: leaf(X) @ leaf(X), ShapeMismatch, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
    (lambda: leaf(X) @ leaf(V[:2]), ShapeMismatch, "size mismatch, got input (2), mat (2x3), vec (2)"),
    (lambda: leaf(1.0) @ leaf(X), ShapeMismatch, "both arguments to matmul need to be at least 1D, but they are 0D and 2D"),
    (lambda: TORCH["mm"](leaf(X), leaf(V)), ShapeMismatch, "mat2 must be a matrix"),
    (lambda: TORCH["dot"](leaf(X), leaf(X)), ShapeMismatch, "1D tensors expected, but got 2D and 2D tensors"),
    (
        lambda: leaf(X) @ f.METHODS["float"](leaf(A)),
        DTypeMismatch,
        "expected m1 and m2 to have the same dtype, but got: double != float",
    ),
    (
        lambda: TORCH["einsum"]("ij,jk->ik", leaf(X), leaf(X)),
        ShapeMismatch,
        "einsum(): subscript j has size 2 for operand 1 which does not broadcast with previously seen size 3",
    ),
    (
        lambda: TORCH["einsum"]("ij->k", leaf(X)),
        ValueFault,
        "einsum(): output subscript k does not appear in the equation for any input operand",
    ),
    (
        lambda: TORCH["norm"](TORCH["tensor"]([1, 2])),
        DTypeMismatch,
        "linalg.vector_norm: Expected a floating point or complex tensor as input. Got Long",
    ),
    (
        lambda: TORCH["norm"](leaf(X), dim=2),
        DimensionOutOfRange,
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_it_refuses_with_pytorchs_sentence(call: Callable[[], object], kind: type[GradcliError], message: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.torch_message == message


# ── determinants of singular matrices, as PyTorch 2.13 has them ──

SINGULAR, COFACTORS = "[[1., 2], [2, 4]]", [[4.0, -2.0], [-2.0, 1.0]]


def slopes(expression: str, create_graph: bool = False, matrix: str = SINGULAR) -> Any:
    leaf = f"x = torch.tensor({matrix}, dtype=torch.float64, requires_grad=True)\n"
    return gradcli_side.evaluate(f"{leaf}torch.autograd.grad({expression}.sum(), x, create_graph={create_graph})[0]").tolist()


def test_the_gradient_of_det_at_a_singular_matrix_is_0() -> None:
    assert slopes("torch.det(x)") == [[0, 0], [0, 0]]
    assert slopes("torch.det(x)", matrix=f"[{SINGULAR}, [[1., 2], [3, 4]]]")[1] == pytest.approx(np.array([[4, -3], [-2, 1]]))


def test_the_gradient_of_det_that_is_differentiated_again_is_the_cofactors() -> None:
    np.testing.assert_allclose(slopes("torch.det(x)", create_graph=True), COFACTORS, atol=1e-12)
    program = (
        f"x = torch.tensor({SINGULAR}, dtype=torch.float64, requires_grad=True)\n"
        "g, = torch.autograd.grad(torch.det(x), x, create_graph=True)\n"
        "torch.autograd.grad((g * torch.tensor([[1., 2], [3, 5]])).sum(), x)[0]"
    )
    np.testing.assert_allclose(gradcli_side.evaluate(program).tolist(), [[5, -3], [-2, 1]], atol=1e-12)


# What a triangular factor with a 0 on its diagonal gives: each line is a matrix, and its gradient as PyTorch 2.13 has it.
FACTORED = [
    ("[[0.]]", [[inf]]),
    ("[[0., 0], [0, 0]]", [[nan, nan], [nan, inf]]),
    ("[[1., 2], [2, 4]]", [[-inf, inf], [inf, -inf]]),
    ("[[-1., -2], [2, 4]]", [[inf, -inf], [inf, -inf]]),
    ("[[0., 1], [0, 2]]", [[-inf, nan], [inf, nan]]),
    ("[[1., 2], [0, 0]]", [[nan, nan], [inf, -inf]]),
    ("[[0., 0], [0, 1]]", [[inf, nan], [0, 1]]),
    ("[[1., 1, 1], [1, 1, 1], [1, 1, 1]]", [[nan, nan, nan], [nan, nan, nan], [-inf, nan, inf]]),
    ("[[1., 2, 3], [2, 4, 6], [1, 0, 1]]", [[-inf, -inf, inf], [inf, inf, -inf], [1.5, 0, -0.5]]),
]


@pytest.mark.parametrize("expression", ["torch.logdet(x)", "torch.slogdet(x)[1]"])
@pytest.mark.parametrize(("matrix", "gradient"), FACTORED, ids=lambda value: str(value))
def test_the_gradient_of_the_logarithm_of_a_determinant_of_0_is_what_factors_give(
    expression: str, matrix: str, gradient: list[list[float]]
) -> None:
    np.testing.assert_allclose(slopes(expression, matrix=matrix), gradient, atol=1e-15)
    with pytest.raises(GradcliError, match="singular"):
        slopes(expression, create_graph=True, matrix=matrix)


def test_a_singular_matrix_in_a_batch_leaves_the_others_their_gradients() -> None:
    found = slopes("torch.slogdet(x)[1]", matrix=f"[{SINGULAR}, [[1., 2], [3, 4]]]")
    np.testing.assert_allclose(found, [[[-inf, inf], [inf, -inf]], [[-2, 1.5], [1, -0.5]]])
