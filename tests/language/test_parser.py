"""Text to tree: shapes of nodes, their spans, and texts of any length."""

from __future__ import annotations

import time

import pytest

from gradcli.errors import IndentationFault, NestingTooDeep, SyntaxFault
from gradcli.language import parse, tree
from gradcli.language.lexer import NESTING_LIMIT
from gradcli.language.parser import STACK_LIMIT


def expression(text: str) -> tree.Expression:
    """The one expression of a text."""
    (statement,) = parse(text).body
    assert isinstance(statement, tree.ExpressionStatement)
    return statement.value


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a + b - c", "Chain([Name('a'), Name('b'), Name('c')], ['+', '-'])"),
        ("a + b * c", "Chain([Name('a'), Chain([Name('b'), Name('c')], ['*'])], ['+'])"),
        ("-a ** -b", "Unary(Power(Name('a'), Unary(Name('b'), '-')), '-')"),
        ("a ** b ** c", "Power(Name('a'), Power(Name('b'), Name('c')))"),
        ("a | b & c", "Chain([Name('a'), Chain([Name('b'), Name('c')], ['&'])], ['|'])"),
        ("0 < a <= 1", "Comparison([Literal(0), Name('a'), Literal(1)], ['<', '<='])"),
        ("a is not None", "Comparison([Name('a'), Literal(None)], ['is not'])"),
        ("not a in b", "Not(Comparison([Name('a'), Name('b')], ['in']))"),
        ("a or b and not c", "Or([Name('a'), And([Name('b'), Not(Name('c'))])])"),
        ("a if b else c if d else e", "Conditional(Name('b'), Conditional(Name('d'), Name('e'), Name('c')), Name('a'))"),
        ("f(a, *b, k=1)", "Call([Name('a'), Starred(Name('b'))], Name('f'), [Keyword('k', Literal(1))])"),
        ("a[1:, None]", "Subscript(TupleDisplay([Slice(Literal(1), None, None), Literal(None)]), Name('a'))"),
        ("a[::2]", "Subscript(Slice(None, Literal(2), None), Name('a'))"),
        ("a[0,]", "Subscript(TupleDisplay([Literal(0)]), Name('a'))"),
        ("1,", "TupleDisplay([Literal(1)])"),
        ("()", "TupleDisplay([])"),
        ("lambda x, y=1: x", "Lambda(Name('x'), [Parameter(None, 'x'), Parameter(Literal(1), 'y')])"),
        ("'a' \"b\"", "Literal('ab')"),
        ("0x_ff + 1_000 + .5e1", "Chain([Literal(255), Literal(1000), Literal(5.0)], ['+', '+'])"),
        ("r'\\n' '\\n\\x41\\u00e9\\q'", r"Literal('\\n\nAé\\q')"),
        ("f'a{x!r:>{w}}{{}}'", "Formatted(['a', Field('r', ['>', Field('', None, Name('w'))], Name('x')), '{}'])"),
        ("f'{x=}'", "Formatted(['x=', Field('r', None, Name('x'))])"),
        ("f'{x != y}{a[1:2]}'", "Formatted([Field('', None, Comparison([Name('x'), Name('y')], ['!='])), "
         "Field('', None, Subscript(Slice(Literal(1), None, Literal(2)), Name('a')))])"),
    ],
)  # fmt: skip
def test_an_expression_has_pythons_shape(text: str, shape: str) -> None:
    assert repr(expression(text)) == shape


def test_a_semicolon_after_an_expression_silences_it() -> None:
    silent = [statement.silent for statement in parse("a; b\nc;\nd").body if isinstance(statement, tree.ExpressionStatement)]
    assert silent == [True, False, True, False]


def test_spans_of_operands_include_their_parentheses() -> None:
    text = "mean((x+2)*(x+2)*3)"
    call = expression(text)
    assert isinstance(call, tree.Call) and isinstance(call.arguments[0], tree.Chain)
    product = call.arguments[0]
    assert call.span == (0, 19)
    assert product.span == (5, 18)
    assert [text[operand.span.start : operand.span.end] for operand in product.operands] == ["(x+2)", "(x+2)", "3"]


def test_spans_in_an_f_string_point_into_the_program() -> None:
    text = "y = f'value {a + b:.3f}'"
    (statement,) = parse(text).body
    assert isinstance(statement, tree.Assign) and isinstance(statement.value, tree.Formatted)
    field = statement.value.parts[1]
    assert isinstance(field, tree.Field)
    assert text[field.value.span.start : field.value.span.end] == "a + b"


def test_a_sum_of_100_000_terms_is_one_flat_node() -> None:
    chain = expression("+".join(["x"] * 100_000))
    assert isinstance(chain, tree.Chain)
    assert len(chain.operands) == 100_000


@pytest.mark.parametrize("joint", [" and ", " or ", " < ", " @ ", " & ", ", "])
def test_other_long_rows_are_flat_as_well(joint: str) -> None:
    node = expression(joint.join(["x"] * 20_000))
    assert not isinstance(node, tree.Name)


def test_a_script_of_10_000_lines_is_parsed_in_a_few_seconds() -> None:
    lines = [f"loss_{number} = ((w * x[{number}] + b - target) ** 2).mean(dim=0) / {number}.5" for number in range(10_000)]
    parse("x")
    begin = time.process_time()
    assert len(parse("\n".join(lines)).body) == 10_000
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("[", "]"), ("f(", ")"), ("1 + (", ")"), ("a[1, b or -(", ")]")])
def test_brackets_nest_up_to_the_limit_and_no_further(opening: str, closing: str) -> None:
    brackets = sum(character in "([" for character in opening)
    for depth in (NESTING_LIMIT // brackets - 1, NESTING_LIMIT // brackets):
        parse(opening * depth + "1" + closing * depth)
    with pytest.raises(NestingTooDeep) as caught:
        parse(opening * (NESTING_LIMIT // brackets + 1) + "1" + closing * (NESTING_LIMIT // brackets + 1))
    assert caught.value.span is not None and caught.value.source is not None


def test_blocks_nest_up_to_the_limit_and_no_further() -> None:
    def nested(depth: int) -> str:
        return "".join(" " * level + "if x:\n" for level in range(depth)) + " " * depth + "y\n"

    for depth in (NESTING_LIMIT - 1, NESTING_LIMIT):
        parse(nested(depth))
    with pytest.raises(NestingTooDeep):
        parse(nested(NESTING_LIMIT + 1))


@pytest.mark.parametrize("piece", ["not ", "-", "~", "x ** ", "lambda: ", "x if x else "])
def test_prefixes_without_brackets_are_bounded_too(piece: str) -> None:
    parse(piece * 100 + "x")
    with pytest.raises(NestingTooDeep):
        parse(piece * STACK_LIMIT + "x")


def test_trailers_are_bounded() -> None:
    parse("x" + ".T" * (NESTING_LIMIT - 1))
    with pytest.raises(SyntaxFault):
        parse("x" + ".T" * (NESTING_LIMIT + 1))


def test_lines_are_joined_inside_brackets_and_by_a_backslash() -> None:
    assert len(parse("x = (1 +\n2) + \\\n   3\n").body) == 1


def test_comments_and_empty_lines_do_not_end_a_block() -> None:
    (statement,) = parse("if x:\n    a\n\n# not indented\n      # indented\n    b\n").body
    assert isinstance(statement, tree.If)
    assert len(statement.branches[0].body) == 2


def test_a_comment_may_be_the_last_line_without_an_end() -> None:
    assert len(parse("if x:\n  y\n # end").body) == 1


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "   ", "\\\n"])
def test_an_empty_program_has_no_statements(text: str) -> None:
    assert parse(text).body == []


def test_windows_line_ends_are_line_ends() -> None:
    assert len(parse("if x:\r\n    y\r\nz\r\n").body) == 2


def test_tabs_and_spaces_cannot_be_mixed() -> None:
    with pytest.raises(IndentationFault, match="tabs and spaces"):
        parse("if x:\n\ty\n        z\n")
