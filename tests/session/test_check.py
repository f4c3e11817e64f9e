"""Checks: what differences say of right and wrong gradients, at kinks, jumps and edges, and who is to blame."""

from __future__ import annotations

from collections.abc import Sequence
from math import cbrt
from typing import Any

import numpy as np
import pytest

from gradcli.autograd import Tensor
from gradcli.errors import AutogradError, NoGradRequired, ShapeMismatch, TypeMismatch, UnknownName, UsageError
from gradcli.functions import declared
from gradcli.functions.pointwise import Unary
from gradcli.report.checked import AGREES, JUMP, KINK, MISMATCH, STEEP, UNCLEAR, UNDEFINED, Check, CheckedGradient
from gradcli.session.check import CheckedSession, CheckOptions, Claim
from gradcli.session.check.differences import QUIET, WeightedSum, along_element, noise_of
from gradcli.session.check.verdicts import examined


def check(*statements: str, const: dict[str, str] | None = None, options: dict[str, Any] | None = None, **let: str) -> Check:
    """A check of statements with these bindings."""
    session = CheckedSession(seed=0, write=lambda text: None)
    for name, value in (const or {}).items():
        session.bind(name, value, requires_grad=False)
    for name, value in let.items():
        session.bind(name, value)
    return session.check("\n".join(statements), CheckOptions(**options or {}))


def only(found: Check) -> CheckedGradient:
    (gradient,) = found.gradients
    return gradient


def verdicts(found: Check) -> dict[str, int]:
    return only(found).verdicts


# ── what agrees ──


@pytest.mark.parametrize(
    ("statement", "x"),
    [
        ("mean((x+2)*(x+2)*3)", "ones(2,2)"),
        ("sum(sin(x) * exp(x))", "[1,2,3]"),
        ("logsumexp(x, 0)", "[100., 200, 300]"),
        ("sum(log(x))", "[1e-8, 1, 1e8]"),
        ("sum(x**3)", "[1e-20, 1e20]"),
        ("x * 1e-12 + 1", "3"),
        ("(x - 1e8)**2", "1e8 + 3"),
        ("norm(x)", "[3, 4]"),
        ("det(x)", "[[2., 1], [1, 3]]"),
        ("sum(x.cumsum(0)[1:] * x[:-1])", "[1,2,3]"),
        ("sum(x)", "zeros(0)"),
        ("x.exp().log()", "[[1,2],[3,4]]"),
    ],
)
def test_a_right_gradient_agrees_at_each_element(statement: str, x: str) -> None:
    found = check(statement, x=x)
    assert found.agrees
    assert only(found).checked == only(found).elements
    assert set(only(found).verdicts) <= {AGREES}
    assert not found.findings


def test_everything_is_computed_in_double_precision() -> None:
    found = check("sum(x * k / 3)", const={"k": "[0.1]"}, x="[1,2]")
    worst = only(found).worst
    assert worst is not None
    assert worst.autograd == 0.1 / 3
    assert worst.relative < 1e-9


def test_a_program_that_converts_to_single_precision_is_compared_as_exactly_as_that_allows() -> None:
    found = check("sum(sin(x.float()))", x="[1,2,3]")
    assert verdicts(found) == {AGREES: 3}
    assert any("narrower dtype" in note for note in found.notes)


def test_a_result_with_several_elements_is_weighted_so_that_each_counts() -> None:
    found = check("stack([x, x.detach()])", x="[1,2]")
    assert verdicts(found) == {MISMATCH: 2}
    assert any("fixed random weights" in note for note in found.notes)


def test_grad_output_gives_the_weights() -> None:
    found = check("stack([x, x.detach()])", x="[1,2]", options={"grad_output": "[[1,1],[0,0]]"})
    assert found.agrees
    assert not found.notes


def test_random_numbers_are_the_same_in_each_evaluation() -> None:
    assert check("sum(x * rand(3))", x="[1,2,3]").agrees
    assert check("y = x * rand(3)", "sum(y) + 0 * y[0].item()", x="[1,2,3]").agrees
    assert check("sum(F.dropout(x, 0.5))", x="ones(20)").agrees


def test_a_program_whose_course_depends_on_numbers_is_run_again() -> None:
    assert check("y = x", "while y.norm() < 100:", "    y = y * 2", "sum(y * y)", x="[1,2,3]").agrees
    assert check("sum(x[x > 1.5]**2)", x="[1,2,3]").agrees


def test_what_a_program_prints_it_prints_once() -> None:
    texts: list[str] = []
    session = CheckedSession(write=texts.append)
    session.bind("x", "[1,2]")
    session.check("print(x.sum().item())\nsum(x**2)")
    assert texts == ["3.0\n"]


def test_a_program_that_changes_its_bindings_is_run_with_fresh_ones() -> None:
    assert check("c += 1", "c.sum().item()", "sum(x * c)", const={"c": "[1.,2.]"}, x="[1,2]").agrees


def test_leaves_that_statements_make_are_checked_under_their_names() -> None:
    found = check("w = tensor([1., 2.], requires_grad=True)", "k = ones(2).requires_grad_()", "sum(w * x * k)", x="[3,4]")
    assert {gradient.name for gradient in found.gradients} == {"x", "w", "k"}
    assert found.agrees


def test_leaves_that_statements_make_are_checked_in_a_program_that_is_run_again() -> None:
    found = check("w = tensor([1., 2.], requires_grad=True)", "while (w * x).sum() < 0: x = x + 1", "sum(w * w * x)", x="[3,4]")
    assert [gradient.name for gradient in found.gradients] == ["x", "w"]
    assert found.agrees


def test_a_training_loop_that_prints_is_checked_at_what_it_arrives_at() -> None:
    found = check(
        "w = tensor([1., 2.], requires_grad=True)",
        "for i in range(3):",
        "    loss = ((w * x).sum() - 1)**2",
        "    loss.backward()",
        "    print(loss.item())",
        "    with torch.no_grad():",
        "        w -= 0.01 * w.grad",
        "    w.grad = None",
        "((w * x).sum() - 1)**2",
        const={"x": "[3.,4.]"},
    )
    assert only(found).name == "w"
    assert found.agrees


def test_a_result_in_the_middle_can_be_checked() -> None:
    assert check("h = x * 2", "sum(h * h)", x="[1,2]", options={"wrt": ["h"]}).agrees


def test_a_leaf_that_the_result_does_not_depend_on_is_told_of() -> None:
    found = check("sum(x)", x="[1,2]", y="[3]")
    assert only(found).name == "x"
    assert found.notes == ("the result does not depend on y, which therefore has no gradient",)


# ── kinks, jumps, edges ──


@pytest.mark.parametrize(
    ("statement", "x", "kind", "name", "convention"),
    [
        ("sum(relu(x))", "[-1, 0, 2]", KINK, "relu", "0 at 0"),
        ("sum(abs(x))", "[1, 0]", KINK, "abs", "0 at 0"),
        ("sum(clamp(x, 0, 1))", "[0.5, 1]", KINK, "clamp", "1 at bounds"),
        ("amax(x)", "[1, 3, 3]", KINK, "amax", "ties share evenly"),
        ("max(x, 0).values", "[1, 3, 3]", KINK, "max", "the first of equals"),
        ("sum(exp(relu(x * 3) + 1))", "[0, 1]", KINK, "relu", "0 at 0"),
        ("sum(where(x > 0, x, 0.1 * x))", "[0, 1]", KINK, "where", ""),
        ("sum(floor(x))", "[0.5, 2]", JUMP, "floor", "0 everywhere"),
        ("sum(sign(x))", "[0., 2]", JUMP, "sign", "0 everywhere"),
        ("sum(sqrt(x))", "[0, 2]", STEEP, "sqrt", ""),
        ("sum(abs(x)**0.5)", "[0, 2]", STEEP, "pow", ""),
        ("norm(x)", "[0., 0]", KINK, "norm", "0 where the norm is 0"),
    ],
)
def test_a_point_without_derivative_is_told_with_the_function_that_has_none_there(
    statement: str, x: str, kind: str, name: str, convention: str
) -> None:
    found = check(statement, x=x)
    assert found.agrees
    assert kind in verdicts(found)
    (finding,) = found.findings
    assert finding.verdict == kind
    assert name in finding.message
    assert convention in finding.message


def test_a_kink_nearby_is_no_kink() -> None:
    assert verdicts(check("sum(abs(x))", x="[1e-9, 1]")) == {AGREES: 2}


def test_a_gradient_that_lies_outside_of_the_slopes_at_a_kink_is_a_mismatch() -> None:
    found = check("y = abs(x)", "y.register_hook(lambda g: g * 0 + 1)", "x.register_hook(lambda g: g + 3)", "y", x="0.")
    assert verdicts(found) == {MISMATCH: 1}


def test_second_derivatives_jump_where_first_ones_have_a_kink() -> None:
    found = check("sum(relu(x))", x="[0., 1]", options={"order": 2})
    assert only(found).verdicts == {AGREES: 3, JUMP: 1}


def test_where_the_result_is_nan_there_is_nothing_to_compare() -> None:
    found = check("sum(log(x))", x="[-1, 2]")
    assert verdicts(found) == {UNDEFINED: 2}
    assert found.agrees
    assert any("not finite" in note for note in found.notes)


def test_at_the_edge_of_a_domain_the_slope_of_the_one_side_counts() -> None:
    assert verdicts(check("sum(x**1.5)", x="[0, 1]")) == {AGREES: 2}


# ── where one triangle of a matrix is read ──

SYMMETRIC, LOPSIDED = "[[2., 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 4]]", "[[2., -9, 8], [1, 3, -7], [0.5, 0.2, 4]]"


@pytest.mark.parametrize("x", [SYMMETRIC, LOPSIDED])
@pytest.mark.parametrize(
    "statement",
    [
        "torch.linalg.eigvalsh(x)[0]",
        "torch.linalg.eigvalsh(x.mT, 'U')[0]",
        "torch.linalg.eigh(x).eigenvectors[0].square()",
        "torch.linalg.cholesky(x)",
        "torch.linalg.cholesky(2 * x.mT, upper=True)",
        "torch.linalg.cholesky_ex(x).L",
        "cholesky(torch.stack([x, x + eye(3)]))",
    ],
)
def test_the_gradient_of_what_reads_one_triangle_is_that_of_a_function_of_symmetric_matrices(statement: str, x: str) -> None:
    found = check(statement, x=x)
    assert verdicts(found) == {AGREES: 9}
    assert any("reads one triangle" in note for note in found.notes)


@pytest.mark.parametrize(
    "statement",
    [
        "torch.linalg.pinv(x, hermitian=True)[0, 1]",
        "torch.linalg.pinv(x, hermitian=True) * tensor([[1., 2, 3], [4, 5, 6], [7, 8, 9]])",
        "torch.linalg.pinv(x @ diag(tensor([1., 1, 0])), hermitian=True, atol=0.1)[0]",
        "(torch.linalg.pinv(x, hermitian=True) @ x @ x)[0]",
    ],
)
def test_a_rule_for_any_matrix_is_that_of_a_function_of_symmetric_ones_where_these_are_meant(statement: str) -> None:
    found = check(statement, x="[[2., 1, 0], [1, 3, 0], [0, 0, 4]]")
    assert verdicts(found) == {AGREES: 9}
    assert any("reads one triangle" in note for note in found.notes)


def test_second_derivatives_of_a_pseudoinverse_of_a_symmetric_matrix_agree() -> None:
    found = check("torch.linalg.pinv(x, hermitian=True)[0, 1]", x="[[2., 1], [1, 3]]", options={"order": 2})
    assert verdicts(found) == {AGREES: 16}


def test_a_program_that_looks_at_numbers_moves_mirror_images_together_too() -> None:
    found = check("print(x[0, 0].item())", "torch.linalg.cholesky(x).sum()", x=LOPSIDED)
    assert verdicts(found) == {AGREES: 9}


def test_a_program_whose_course_changes_may_read_other_triangles_than_at_first() -> None:
    found = check(
        "y = x", "if x[0, 0].item() != 2:", "    y = torch.linalg.cholesky(x)", "torch.linalg.cholesky(y).sum()", x=SYMMETRIC
    )
    assert verdicts(found) == {AGREES: 8, JUMP: 1}


def test_second_derivatives_of_what_reads_one_triangle_agree() -> None:
    found = check("torch.linalg.cholesky(x).sum()", x="[[2., 7], [1, 3]]", options={"order": 2})
    assert verdicts(found) == {AGREES: 16}


def test_nothing_is_said_of_triangles_where_a_matrix_is_symmetric_whatever_moves() -> None:
    found = check("torch.linalg.cholesky(x @ x.mT + eye(3)).sum()", x=LOPSIDED)
    assert verdicts(found) == {AGREES: 9}
    assert not found.notes


def test_a_wrong_rule_of_what_reads_one_triangle_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    (function,) = (function for function in declared() if function.qualified_name == "torch.cholesky")
    rule = function.rules["input"]
    monkeypatch.setitem(function.rules, "input", lambda g, result, upper: rule(g, result, upper) * 1.5)
    found = check("cholesky(x)[2, 2]", x=SYMMETRIC)
    assert verdicts(found) == {MISMATCH: 9}
    assert found.findings[0].grad_fn == "CholeskyBackward0"


def test_a_wrong_rule_of_a_pseudoinverse_of_a_symmetric_matrix_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    function = next(own for own in declared() if own.name == "pinv" and own.rules)
    rule = function.rules["A"]
    monkeypatch.setitem(function.rules, "A", lambda g, A, result: rule(g, A, result) * 1.5)  # noqa: N803
    found = check("torch.linalg.pinv(x, hermitian=True)[0, 1]", x=SYMMETRIC)
    assert MISMATCH in verdicts(found)
    assert found.findings[0].grad_fn == "LinalgPinvBackward0"


# ── who is to blame ──


def blamed(found: Check) -> tuple[str | None, str]:
    """The operation that is to blame, and the piece of the source it stands for."""
    (finding,) = [finding for finding in found.findings if finding.verdict == MISMATCH]
    assert finding.source is not None and finding.span is not None
    return finding.grad_fn, finding.source.piece(finding.span)


def test_a_wrong_rule_is_found_among_right_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    sine = next(function for function in declared() if function.name == "sin" and isinstance(function, Unary))
    monkeypatch.setattr(sine, "_pull_backs", [lambda g, node: g * 0.9])
    found = check("y = exp(x) + cos(x)", "z = sin(y * 2)", "sum(z * z)", x="[0.1, 0.2]")
    assert not found.agrees
    assert blamed(found) == ("SinBackward0", "sin(y * 2)")


def test_a_rule_that_takes_something_for_granted_says_so_where_it_is_not() -> None:
    loss = "F.ctc_loss({}, tensor([[1]]), (4,), (1,))"
    found = check(loss.format("x"), x="log_softmax(sin(arange(12.)).reshape(4, 1, 3), 2)")
    assert blamed(found)[0] == "CtcLossBackward0"
    hint = found.findings[0].hint
    assert hint is not None and hint.startswith("its rule takes it that log_probs come of log_softmax")
    assert check(loss.format("log_softmax(x, 2)"), x="sin(arange(12.)).reshape(4, 1, 3)").agrees


def test_a_wrong_second_derivative_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    cosine = next(function for function in declared() if function.name == "cos" and isinstance(function, Unary))
    monkeypatch.setattr(cosine, "_pull_backs", [lambda g, node: g])
    assert check("sum(sin(x))", x="[0.1, 0.2]").agrees
    found = check("sum(sin(x))", x="[0.1, 0.2]", options={"order": 2})
    assert blamed(found)[0] == "CosBackward0"


def test_one_wrong_element_of_many_is_found_where_not_each_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(g: Tensor, node: Any) -> Tensor:
        mask = np.ones(5000)
        mask[4321] = 0.5
        from gradcli.lazy import ops
        from gradcli.lazy.dtypes import float64

        return g * Tensor(ops.from_buffer(mask, float64))

    exponential = next(function for function in declared() if function.name == "neg")
    monkeypatch.setattr(exponential, "_pull_backs", [lambda g, node: wrong(-g, node)])
    found = check("sum(-x)", x="rand(5000)")
    worst = only(found).worst
    assert worst is not None
    assert (worst.verdict, worst.place) == (MISMATCH, (4321,))


@pytest.mark.parametrize(
    ("statements", "piece"),
    [
        (["h = x * x", "h.register_hook(lambda g: g * 2)", "sum(h * 3)"], "x * x"),
        (["h = exp(x)", "k = h * 2", "k.register_hook(lambda g: -g)", "h.register_hook(lambda g: g)", "sum(k)"], "h * 2"),
    ],
)
def test_a_hook_that_changes_a_gradient_is_found(statements: Sequence[str], piece: str) -> None:
    found = check(*statements, x="[1,2,3]")
    assert blamed(found)[1] == piece
    assert found.findings[0].label == "a hook changes the gradient of this"


def test_a_hook_of_a_leaf_is_found() -> None:
    found = check("x.register_hook(lambda g: g * 2)", "sum(x * 3)", x="[1,2]")
    assert found.findings[0].label == "a hook changes the gradient of x"


@pytest.mark.parametrize(
    ("statements", "piece", "label"),
    [
        (["y = x.detach()", "sum(x * y)"], "x.detach()", "detached here"),
        (["sum(x.detach())"], "x.detach()", "detached here"),
        (["sum(x.data * x)"], "x.data", "taken out of the graph here"),
        (["k = x[0].item()", "sum(x * k)"], "x[0].item()", "made a plain number here, which has no gradient"),
        (
            ["g = torch.autograd.grad(sum(x**3), x)[0]", "sum(g * x)"],
            "torch.autograd.grad(sum(x**3), x)",
            "a derivative, which is",
        ),
        (["with torch.no_grad():", "    y = x * 2", "sum(x * y)"], "torch.no_grad()", "nothing is recorded in this block"),
    ],
)
def test_what_leaves_the_graph_is_pointed_at(statements: Sequence[str], piece: str, label: str) -> None:
    found = check(*statements, x="[1,2]")
    assert not found.agrees
    ((related,),) = [finding.related for finding in found.findings]
    assert related.source is not None
    assert related.source.piece(related.span) == piece
    assert related.label.startswith(label)


def test_conventions_that_do_not_make_a_derivative_together_are_told_whatever_else_the_program_does() -> None:
    found = check("print(x.sum().item())", "minimum(fmax(x, one), one).sum()", x="[1, 2]", options={"wrt": ["x"]}, one="1")
    assert blamed(found) == ("FmaxBackward0", "fmax(x, one)")
    assert "convention" in (found.findings[0].hint or "")


def test_what_could_not_be_looked_at_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    sine = next(function for function in declared() if function.name == "sin" and isinstance(function, Unary))
    right = sine._pull_backs[0]
    monkeypatch.setattr(sine, "_pull_backs", [lambda g, node: right(g, node) * 0.9])
    monkeypatch.setattr("gradcli.functions.pointwise.Kept", lambda *arrays: None)
    found = check("sin(x)", x="1")
    assert not found.agrees
    assert "not looked at: SinBackward0" in (found.findings[0].hint or "")


def test_a_nan_of_a_branch_that_is_not_taken_is_traced_to_the_operation_that_makes_it() -> None:
    found = check("sum(where(x > 0, sqrt(x), 0.))", x="[-1, 1]")
    assert blamed(found) == ("SqrtBackward0", "sqrt(x)")
    assert "where() does not take" in (found.findings[0].hint or "")


# ── claims and second derivatives ──


def test_a_claim_is_compared_with_autograd_and_with_differences() -> None:
    claims = [Claim("x", "6*(x+2)/numel(x)"), Claim("x", "2*x"), Claim("x", "4.5"), Claim("x", "[[4.5, 4.5], [4.5, 4]]")]
    found = check("mean((x+2)*(x+2)*3)", x="ones(2,2)", options={"claims": claims})
    assert [(claim.against_autograd, claim.against_differences) for claim in found.claims] == [(0, 0), (4, 4), (0, 0), (1, 1)]
    assert found.claims[3].worst is not None and found.claims[3].worst.place == (1, 1)
    assert not found.agrees
    assert only(found).verdict == AGREES


def test_at_a_kink_any_slope_between_those_of_both_sides_may_be_claimed() -> None:
    found = check("sum(abs(x))", x="[0., 1]", options={"claims": [Claim("x", "[0.5, 1]"), Claim("x", "[2., 1]")]})
    assert [claim.against_differences for claim in found.claims] == [0, 1]


@pytest.mark.parametrize(
    ("claim", "error"),
    [
        (Claim("y", "1"), UsageError),
        (Claim("x", "ones(3)"), ShapeMismatch),
        (Claim("x", "'text'"), TypeMismatch),
        (Claim("x", "nothing"), UnknownName),
    ],
)
def test_a_claim_that_cannot_be_is_an_error(claim: Claim, error: type[Exception]) -> None:
    with pytest.raises(error):
        check("sum(x)", x="[1,2]", options={"claims": [claim]})


def test_a_claim_is_about_one_number() -> None:
    with pytest.raises(UsageError):
        check("x * 2", x="[1,2]", options={"claims": [Claim("x", "2")]})


def test_second_derivatives_are_checked_one_by_one_if_they_are_few() -> None:
    found = check("sum(x**3 * y)", x="[1,2]", y="3", options={"order": 2})
    assert {gradient.name: gradient.shape for gradient in found.gradients} == {
        "x, x": (2, 2),
        "x, y": (2,),
        "y, x": (2,),
        "y, y": (),
    }
    assert found.agrees
    worst = found.gradients[1].worst
    assert worst is not None and worst.autograd in (3.0, 12.0)


def test_of_many_second_derivatives_the_product_with_a_random_vector_is_checked() -> None:
    found = check("sum(sin(x) * x.flip(0))", x="rand(100)", options={"order": 2})
    assert only(found).elements == 100
    assert found.agrees
    assert any("Hessian" in note for note in found.notes)


def test_the_second_derivatives_of_a_linear_function_are_zero() -> None:
    assert check("sum(2 * x)", x="[1,2]", options={"order": 2}).agrees


# ── sizes and refusals ──


def test_of_a_large_tensor_some_elements_and_random_directions_are_checked() -> None:
    found = check("mean(x**2)", x="rand(3000)")
    assert (only(found).elements, only(found).checked, len(only(found).directions)) == (3000, 100, 2)
    assert "100 of the 3,000 elements of x" in found.notes[0]


@pytest.mark.parametrize(("samples", "checked"), [(5, 5), (2**62, 1200)])
def test_how_many_elements_are_checked_can_be_said(samples: int, checked: int) -> None:
    assert only(check("sum(x)", x="rand(1200)", options={"samples": samples})).checked == checked


def test_the_tolerance_decides() -> None:
    statements = ["x.register_hook(lambda g: g * 1.001)", "sum(x * x)"]
    assert not check(*statements, x="[1,2]").agrees
    assert check(*statements, x="[1,2]", options={"tolerance": 1e-2}).agrees


@pytest.mark.parametrize(
    ("statement", "let", "options", "error"),
    [
        ("argmax(x)", {"x": "[1,2]"}, {}, NoGradRequired),
        ("max(x, 0)", {"x": "[1,2]"}, {}, TypeMismatch),
        ("ones(2).sum()", {}, {}, NoGradRequired),
        ("ones(2).sum()", {"x": "1"}, {}, NoGradRequired),
        ("sum(x)", {"x": "1", "y": "2"}, {"wrt": ["y"]}, AutogradError),
        ("x * 2", {"x": "[1,2]"}, {"grad_output": "[1]"}, ShapeMismatch),
    ],
)
def test_what_cannot_be_checked_is_an_error(
    statement: str, let: dict[str, str], options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        check(statement, options=options, **let)


# ── the differences themselves ──


def test_a_slope_from_differences_is_as_exact_as_it_says() -> None:
    for function, slope, at in ((np.exp, np.exp(1.3), 1.3), (np.sin, np.cos(1e3), 1e3), (np.log, 1e5, 1e-5)):
        total = WeightedSum(lambda arrays, f=function: [f(arrays[0])], [np.array([at])], [np.ones(1)], 2.0**-52)
        verdict = examined(along_element(total, 0, 0, at, at), float(slope), 1e-6, QUIET)
        assert verdict.kind == AGREES
        assert abs(verdict.value - slope) <= verdict.error <= 1e-6 * abs(slope)


def test_noise_is_measured() -> None:
    generator = np.random.default_rng(0)
    total = WeightedSum(lambda arrays: [arrays[0] + generator.normal(0, 1e-9, 1)], [np.ones(1)], [np.ones(1)], 2.0**-52)
    assert 1e-10 < noise_of(along_element(total, 0, 0, 1.0, 1.0)).amount < 1e-8


def test_differences_that_drown_in_noise_are_unclear() -> None:
    generator = np.random.default_rng(0)
    total = WeightedSum(lambda arrays: [arrays[0] + generator.normal(0, 1.0, 1)], [np.ones(1)], [np.ones(1)], 2.0**-52)
    line = along_element(total, 0, 0, 1.0, 1.0)
    assert examined(line, 3.0, 1e-6, noise_of(line)).kind == UNCLEAR


def test_the_first_step_is_a_power_of_two_near_the_cube_root_of_epsilon() -> None:
    total = WeightedSum(lambda arrays: arrays, [np.ones(1)], [np.ones(1)], 2.0**-52)
    step = along_element(total, 0, 0, 3.0, 3.0).first_step
    assert np.frexp(step)[0] == 0.5
    assert 0.5 < step / (3.0 * cbrt(2.0**-52)) < 2
