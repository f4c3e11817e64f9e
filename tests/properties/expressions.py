"""Random expressions over the functions, with their shapes known, for hypothesis to draw."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Shape = tuple[int, ...]


class Expression(NamedTuple):
    """A text in gradcli's language (and Python's), the shape of its value, and whether that is floating."""

    text: str
    shape: Shape
    is_floating: bool = True


#: What expressions are made from: shared leaves of the oracle's table, by name.
LEAVES: dict[str, Expression] = {
    name: Expression(name, shape, is_floating)
    for name, shape, is_floating in (
        ("x", (2, 3), True),
        ("y", (2, 3), True),
        ("p", (2, 3), True),
        ("a", (3, 2), True),
        ("m", (3, 3), True),
        ("c", (2, 2, 3), True),
        ("v", (3,), True),
        ("r", (2,), True),
        ("one", (1,), True),
        ("column", (2, 1), True),
        ("s", (), True),
        ("k", (), True),
        ("empty", (0,), True),
        ("f", (2, 3), True),
        ("g", (3,), True),
        ("j", (2, 3), False),
        ("const", (2, 3), True),
        ("zeros", (2, 3), True),
        ("ties", (2, 3), True),
    )
}

METHODS = """
    abs asinh atan ceil clone contiguous cos cosh detach double erf exp exp2 expm1 floor frac log log1p reciprocal relu round
    rsqrt sigmoid sign sin sqrt square tan tanh trunc
"""
ACTIVATIONS = "elu gelu leaky_relu logsigmoid silu softplus softsign"
UNARY = (
    *("-{0}", "{0} ** 2", "{0} ** 3", "{0} * 0.5", "2 - {0}", "{0} / 3", "1 / {0}", "{0} + 1", "2 ** {0}", "{0} % 0.75"),
    *(f"{{0}}.{name}()" for name in METHODS.split()),
    *(f"F.{name}({{0}})" for name in ACTIVATIONS.split()),
    "({0} > 0) * 1.5",
    "{0}.clamp(-1, 1)",
    "{0}.clamp(min=0)",
    "{0}.masked_fill({0} > 1, 0.5)",
    "torch.where({0} > 0, {0}, 0.1 * {0})",
)
BINARY = (
    *("{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / {1}"),
    *(f"torch.{name}({{0}}, {{1}})" for name in ("atan2", "fmax", "hypot", "maximum", "minimum")),
    *(f"torch.{name}({{0}}, {{1}} * {{1}} + 0.5)" for name in ("fmod", "remainder")),
    *(f"F.{name}({{0}}, {{1}}, reduction='none')" for name in ("mse_loss", "smooth_l1_loss")),
    "({0} * {0} + 1) ** {1}",
    "({0} < {1}) * {1}",
    "({0} >= {1}) & ({0} == {0})",
    "torch.where({0} > {1}, {0}, {1})",
    "{0}.add({1}, alpha=2)",
)
REDUCTIONS = ("sum", "mean", "prod", "amax", "amin", "var", "std", "logsumexp", "norm", "any", "all", "argmax")
ALONG_DIMENSION = (
    "softmax({0})",
    "log_softmax({0})",
    "cumsum({0})",
    "cumprod({0})",
    "sort({0}).values",
    "sort({0}, descending=True).values",
    "argsort({0})",
    "flip({0})",
    "roll(1, {0})",
)


def operands(leaves: Sequence[Expression] = tuple(LEAVES.values())) -> SearchStrategy[Expression]:
    """Any expression over leaves, small or nested."""
    return st.recursive(st.sampled_from(leaves), partial(extended, leaves), max_leaves=6)


def extended(leaves: Sequence[Expression], inner: SearchStrategy[Expression]) -> SearchStrategy[Expression]:
    """One more operation around expressions."""
    return st.one_of(
        unaries(inner),
        binaries(inner),
        binaries(inner),
        reductions(inner),
        scans(inner),
        views(inner),
        products(inner, leaves),
        joins(inner),
    )


@st.composite
def unaries(draw: DrawFn, inner: SearchStrategy[Expression]) -> Expression:
    """An elementwise function."""
    operand = draw(inner)
    return Expression(draw(st.sampled_from(UNARY)).format(_atom(operand)), operand.shape)


@st.composite
def binaries(draw: DrawFn, inner: SearchStrategy[Expression]) -> Expression:
    """An elementwise function of two operands; they mostly, but not always, broadcast."""
    left = draw(inner)
    right = draw(inner)
    shape = broadcast(left.shape, right.shape)
    if shape is None and draw(st.integers(0, 3)):  # mostly bring the second one to a shape that fits
        right = Expression(f"{_atom(right)}.sum()", ())
        shape = left.shape
    return Expression(draw(st.sampled_from(BINARY)).format(_atom(left), _atom(right)), shape or ())


@st.composite
def reductions(draw: DrawFn, inner: SearchStrategy[Expression]) -> Expression:
    """A reduction of everything or of one dimension, now and then of one that is not there."""
    operand = draw(inner)
    name = draw(st.sampled_from(REDUCTIONS))
    rank = len(operand.shape)
    if rank == 0 or (name != "logsumexp" and draw(st.booleans())):
        return Expression(f"{_atom(operand)}.{name}({'0' if name == 'logsumexp' else ''})", ())
    dimension = draw(st.integers(-rank, rank - 1)) if draw(st.integers(0, 19)) else rank
    keep = draw(st.booleans())
    shape = list(operand.shape)
    if dimension < rank:
        shape[dimension : dimension + 1 or None] = [1] if keep else []
    return Expression(f"{_atom(operand)}.{name}(dim={dimension}, keepdim={keep})", tuple(shape))


@st.composite
def scans(draw: DrawFn, inner: SearchStrategy[Expression]) -> Expression:
    """A function along one dimension that keeps the shape."""
    operand = draw(inner)
    rank = max(len(operand.shape), 1)
    dimension = draw(st.integers(-rank, rank - 1))
    return Expression(f"{_atom(operand)}.{draw(st.sampled_from(ALONG_DIMENSION)).format(dimension)}", operand.shape)


@st.composite
def views(draw: DrawFn, inner: SearchStrategy[Expression]) -> Expression:
    """Another arrangement of the elements, or some of them."""
    operand = draw(inner)
    text, shape = _atom(operand), operand.shape
    rank = len(shape)
    choices = [
        Expression(f"{text}.reshape(-1)", (_count(shape),)),
        Expression(f"{text}.unsqueeze(0)", (1, *shape)),
        Expression(f"{text}[None]", (1, *shape)),
        Expression(f"{text}[..., None]", (*shape, 1)),
        Expression(f"{text}.expand({', '.join(map(str, (2, *shape)))})", (2, *shape)),
    ]
    if rank:
        choices += [
            Expression(f"{text}.flip({draw(st.integers(-rank, rank - 1))})", shape),
            Expression(f"{text}[:1]", (min(shape[0], 1), *shape[1:])),
            Expression(f"{text}[1:]", (max(shape[0] - 1, 0), *shape[1:])),
            Expression(f"{text}[::2]", ((shape[0] + 1) // 2, *shape[1:])),
            Expression(f"{text}[{draw(st.integers(-1, 1))}]", shape[1:]),
            Expression(f"{text}[[0, 0]]", (2, *shape[1:])),
            Expression(f"{text}.transpose(0, -1)", (shape[-1], *shape[1:-1], shape[0]) if rank > 1 else shape),
            Expression(f"{text}[{text} > 0].sum()", ()),
            Expression(f"{text}.tril()", shape),
            Expression(f"{text}.max(0).values", shape[1:]),
            Expression(f"{text}.min({rank - 1}, keepdim=True).values", (*shape[:-1], 1)),
            Expression(f"{text}.unbind(-1)[0]", shape[:-1]),
            Expression(f"{text}.topk(1).values", (*shape[:-1], 1)),
            Expression(f"{text}.chunk(2)[0]", ((shape[0] + 1) // 2, *shape[1:])),
            Expression(f"{text}.index_select(0, torch.tensor([0, 0]))", (2, *shape[1:])),
            Expression(f"{text}.repeat({', '.join(['2'] * rank)})", tuple(2 * size for size in shape)),
        ]
    return draw(st.sampled_from(choices))


@st.composite
def products(draw: DrawFn, inner: SearchStrategy[Expression], leaves: Sequence[Expression]) -> Expression:
    """A matrix product with a leaf that mostly fits."""
    left = draw(inner)
    fitting = [leaf for leaf in leaves if product_shape(left.shape, leaf.shape) is not None and leaf.is_floating]
    wants_to_fit = draw(st.integers(0, 9)) > 0
    right = draw(st.sampled_from(fitting)) if fitting and wants_to_fit else draw(inner)
    return Expression(f"{_atom(left)} @ {_atom(right)}", product_shape(left.shape, right.shape) or ())


@st.composite
def joins(draw: DrawFn, inner: SearchStrategy[Expression]) -> Expression:
    """Two expressions one after the other, or on a new axis."""
    left = draw(inner)
    text = _atom(left)
    along_rows = draw(st.booleans())
    if left.shape and along_rows:
        return Expression(f"torch.cat([{text}, {text} * 2])", (2 * left.shape[0], *left.shape[1:]))
    return Expression(f"torch.stack([{text}, {text}.exp()])", (2, *left.shape))


def broadcast(left: Shape, right: Shape) -> Shape | None:
    """The common shape of two operands, None where there is none."""
    rank = max(len(left), len(right))
    padded = zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True)
    sizes = [max(one, other) if one and other else 0 for one, other in padded if one == other or 1 in (one, other)]
    return tuple(sizes) if len(sizes) == rank else None


def product_shape(left: Shape, right: Shape) -> Shape | None:
    """The shape of a product of matrices or vectors, None where they do not fit."""
    if not left or not right or len(right) > 2 or left[-1] != right[0]:
        return None
    return (*left[:-1], *right[1:])


def _count(shape: Shape) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _atom(operand: Expression) -> str:
    """The text as an operand of anything: in brackets unless it is a name."""
    return operand.text if operand.text.isidentifier() else f"({operand.text})"
