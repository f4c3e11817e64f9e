"""The stored parse table is the grammar's, and our driver accepts what lark accepts."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark.indenter import Indenter

from gradcli.errors import Source, SyntaxFault
from gradcli.language import construct, parse, table
from gradcli.language.parser import Parser

GRAMMAR = table.grammar_text()


class PythonLines(Indenter):
    """lark's own treatment of lines and indentation."""

    NL_type = "_NEWLINE"
    OPEN_PAREN_types = ("LPAR", "LSQB")
    CLOSE_PAREN_types = ("RPAR", "RSQB")
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8


LARK: Any = lark.Lark(GRAMMAR, parser="lalr", lexer="basic", start="program", postlex=PythonLines(), maybe_placeholders=False)


def lark_accepts(text: str) -> bool:
    """lark's verdict on a text whose last line ends."""
    try:
        LARK.parse(text)
    except (lark.exceptions.LarkError, AssertionError):
        return False
    return True


def unbuilt(name: str) -> construct.Builder | None:
    """A builder that refuses nothing, so that the grammar alone decides."""
    return None if name in (table.PASS, table.INLINE) else lambda context, span, parts: parts


DRIVER = Parser(table.load())
DRIVER.rules = [(nonterminal, length, name, parts, unbuilt(name)) for nonterminal, length, name, parts, _ in DRIVER.rules]


def we_accept(text: str) -> bool:
    """The verdict of our lexer and driver."""
    try:
        DRIVER._run(Source(text), "program", 0, len(text))
    except SyntaxFault:
        return False
    return True


def test_the_stored_table_is_what_the_generator_writes() -> None:
    assert Path(table.STORED).read_text(encoding="utf-8") == table.stored_text(GRAMMAR)


def test_a_table_of_another_grammar_is_not_used(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    record = json.loads(Path(table.STORED).read_text(encoding="utf-8"))
    record["grammar"] += "// changed"
    record["table"]["rules"] = []
    stale = tmp_path / "parse_table.json"
    stale.write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.setattr(table, "STORED", stale)
    assert table.load() == table.build(GRAMMAR)


def test_a_missing_or_broken_table_is_made_anew(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "parse_table.json"
    monkeypatch.setattr(table, "STORED", broken)
    assert table.load().starts.keys() == set(table.STARTS)
    broken.write_text("{", encoding="utf-8")
    assert table.load().starts.keys() == set(table.STARTS)


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    lark.logger.setLevel(logging.DEBUG)
    lark.logger.propagate = True
    try:
        with caplog.at_level(logging.DEBUG):
            lark.Lark(GRAMMAR, parser="lalr", start=list(table.STARTS), maybe_placeholders=False, debug=True)
    finally:
        lark.logger.setLevel(logging.CRITICAL)
    assert "conflict" not in caplog.text.lower()


def test_every_rule_has_a_builder_and_every_builder_a_rule() -> None:
    actions = {rule.action for rule in table.load().rules} - {table.PASS, table.INLINE}
    assert actions == set(construct.BUILDERS)


PIECES = [
    *(
        "x",
        "y",
        "f",
        "1",
        "2.5",
        "'a'",
        "True",
        "None",
        "...",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        ";",
        ".",
        "=",
        "+=",
        "+",
        "-",
        "*",
        "/",
    ),
    *("**", "@", "&", "|", "^", "~", "<", "==", "is", "in", "not", "and", "or", "if", "else", "for", "lambda", "while", "def"),
    *("return", "with", "assert", "del", "import", "from", "as", "pass", "break", "\n", "\n  ", "\n    ", "# note\n", "elif"),
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_our_driver_accepts_what_lark_accepts(pieces: list[str]) -> None:
    text = " ".join(pieces) + "\n"
    assert we_accept(text) == lark_accepts(text)


def programs() -> Iterator[str]:
    """Programs that use every rule."""
    yield "x = 1; y = x\n"
    yield "if x:\n    y\nelif z:\n    w; v\nelse: u\n"
    yield "for i, (j, k) in range(3):\n    continue\n\n# note\n    break\nwhile not x: pass\n"
    yield "def f(x, y=1,):\n    return x, y\nlambda: 0\nlambda x, y=2: x\n"
    yield "with torch.no_grad(), f(x):\n    w -= 0.1 * w.grad\n"
    yield "import torch, numpy as np\nfrom torch.nn import functional as F, init\nfrom torch import (nn, linalg,)\n"
    yield "x[0], y.grad = a = b = 1, 2\ndel x, y[0]\nassert x, 'no'\n"
    yield "f(x, *y, k=1, )[1:, None, ..., ::2, :3, 1::, 1:2:3].T\n"
    yield "[x * y for x, y in z if x if not y for w in y]\nf(x for x in y)\n(x for x in y)\n"
    yield "a < b <= c != d in e not in f is g is not h and i or not j\n"
    yield "-x ** -2 ** 3 @ y // z % w & v | u ^ ~t\n"
    yield "(1,), (), [], [1, *x], (x), *y, 2\n1,\n"
    yield "'a' \"b\" '''c\nd''' r'\\d' f'{x:.{y}f}{z!r}'\n"
    yield "x = (1 +\n     2)\ny = 1 + \\\n    2\n"
    yield "0x1f + 0b11 + 0o17 + 1_000 + 1e-3 + .5 + 5. + 1.5e+3 if x else y\n"


@pytest.mark.parametrize("text", list(programs()))
def test_both_accept_every_form_of_the_language(text: str) -> None:
    assert lark_accepts(text)
    parse(text)
