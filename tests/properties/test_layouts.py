"""Where elements lie in memory: `view` is refused where PyTorch refuses it, after views, elementwise functions and reductions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gradcli.errors import GradcliError
from tests.oracle import gradcli_side
from tests.oracle.cases import case_of

from .expressions import LEAVES, Expression, binaries, operands, reductions, unaries, views

pytest.importorskip("torch", reason="the live comparison needs PyTorch")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's, about programs that it runs all the same

#: What of the expressions lies as it is said to; of others no more is promised than that nothing is refused.
ARRANGED = st.recursive(
    st.sampled_from([LEAVES[name] for name in ("x", "y", "a", "c", "v", "column", "s", "j")]),
    lambda inner: st.one_of(views(inner), unaries(inner), binaries(inner), reductions(inner)),
    max_leaves=5,
)
ANY = settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def in_pytorch(program: str) -> object:
    """The value of a program's last expression; programs that PyTorch refuses are not compared."""
    from tests.oracle import torch_side

    assume(torch_side.refusal(program)["class"] is None)
    return torch_side.run(program)[1]


def program_of(expression: Expression, ending: str) -> str:
    """The expression, and something that is asked of it."""
    return case_of("random", "layout", f"({expression.text}){ending}").program()


def steps(strides: object, shape: tuple[int, ...]) -> list[int]:
    """The strides along dimensions that have neighbours; nothing tells those of the others."""
    assert isinstance(strides, tuple)
    return [step for step, size in zip(strides, shape, strict=True) if size > 1] if 0 not in shape else []


@ANY
@given(ARRANGED)
def test_views_elementwise_functions_and_reductions_lie_in_memory_as_in_pytorch(expression: Expression) -> None:
    program = program_of(expression, ".stride()")
    expected = in_pytorch(program)
    shape = gradcli_side.evaluate(program_of(expression, ".shape"))
    assert steps(gradcli_side.evaluate(program), shape) == steps(expected, shape)


@ANY
@given(operands())
def test_what_is_contiguous_in_pytorch_can_be_viewed(expression: Expression) -> None:
    if in_pytorch(program_of(expression, ".is_contiguous()")):
        assert gradcli_side.evaluate(program_of(expression, ".is_contiguous()"))
        gradcli_side.run(program_of(expression, ".view(-1)"))


@ANY
@given(ARRANGED)
def test_a_view_is_refused_exactly_where_pytorch_refuses_it(expression: Expression) -> None:
    from tests.oracle import torch_side

    in_pytorch(program_of(expression, ""))
    program = program_of(expression, ".view(-1)")
    if torch_side.refusal(program)["class"] is None:
        gradcli_side.run(program)
    else:
        with pytest.raises(GradcliError):
            gradcli_side.run(program)
