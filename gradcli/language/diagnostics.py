"""Syntax errors in plain words: from the token that does not fit, the tokens around it and what the grammar would accept there.

`EXPLANATIONS` is tried in order; the first that knows the mistake explains it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gradcli.errors import IndentationFault, Related, Source, Span, SyntaxFault, close_matches
from gradcli.functions import BARE
from gradcli.language.absent import DERIVATIVE, LEIBNIZ
from gradcli.language.characters import explain_character
from gradcli.language.situation import CLOSING, OPENING, Explanation, Situation

if TYPE_CHECKING:
    from gradcli.language.lexer import Tokens
    from gradcli.language.parser import Parser

_VALUE_KINDS = ("NAME", "NUMBER", "STRING", "None", "True", "False", "...")
_BLOCK_WORDS = ("if", "elif", "else", "while", "for", "def", "class", "with")
#: Words that other languages have between values, and before names, with what to write.
_INFIXES = {
    "div": "write //",
    "mod": "write %",
    "then": "a choice is written: value if condition else other",
    "where": "give the value before, as in x = 3; x**2, or with --let x=3",
}
_DECLARATIONS = ("auto", "const", "let", "local", "set", "val", "var")
_MISPLACED = {
    ":": "a slice stands in the brackets of an index, as in x[1:3]; numbers in a row are arange(1, 3)",
    "for": "a list of values is written [x**2 for x in values]; a loop begins with for",
}
_STATEMENT_WORDS = (*_BLOCK_WORDS, "assert", "break", "continue", "del", "from", "import", "pass", "return")
_SIGN_OPERATORS = ("+", "-", "*", "/", "//", "%", "@", "**", "&", "|", "^", "~", "<", ">", "<=", ">=", "==", "!=", "=")
_OPERATORS = (*_SIGN_OPERATORS, "and", "or", "not", "in", "is")
_WORDS_BEFORE_VALUES = ("return", "if", "elif", "while", "assert", "for", "del", "with", "lambda", "import", "from", "as")
#: Two signs side by side that are an operator in other languages: what the first and the second token are.
_FOREIGN_OPERATORS = {
    "&&": "write `and`, or & between tensors",
    "||": "write `or`, or | between tensors",
    "<<": "write * 2**n",
    ">>": "write // 2**n",
    "<>": "write !=",
    "=>": "write >=; a function is written lambda x: x**2",
    "=<": "write <=",
    ":=": "assign on a line of its own, with =",
    "->": "a function's result is not declared: leave it out",
    "===": "write ==",
}


def syntax_fault(
    parser: Parser, source: Source, tokens: Tokens, number: int, states: list[int], bad_character: int | None
) -> SyntaxFault:
    """The error for the token with a number, or for a character that begins no token."""
    if number >= len(tokens.kinds) and bad_character is not None:
        explanation = explain_character(source, bad_character)
        fallback = Span(bad_character, bad_character + 1)
    else:
        situation = Situation(parser, source, tokens, number, states)
        explanation = next(found for explain in EXPLANATIONS if (found := explain(situation)) is not None)
        fallback = situation.span
    kind = IndentationFault if explanation.is_indentation else SyntaxFault
    return kind(
        explanation.message,
        span=explanation.span or fallback,
        hint=explanation.hint,
        related=[Related(*explanation.related)] if explanation.related else (),
        did_you_mean=explanation.did_you_mean,
    ).at(source)


# ---- Tokens that do not fit, the most telling mistakes first


def _unexpected_indent(at: Situation) -> Explanation | None:
    if at.kind != "_INDENT":
        return None
    line = at.source.position(at.span.start)
    return Explanation(
        f"line {line.line} is indented, but no block begins before it",
        "only the lines after one that ends in : are indented",
        Span(at.span.start - line.column + 1, at.span.start),
        is_indentation=True,
    )


def _missing_block(at: Situation) -> Explanation | None:
    if not at.accepts("_INDENT"):
        return None
    number = at.number - 1
    while number and at.names[at.tokens.kinds[number - 1]] not in ("_NEWLINE", "_INDENT", "_DEDENT"):
        number -= 1
    word = at.tokens.texts[number]
    return Explanation(
        f"after this `{word}` line a block must follow, indented",
        "indent the lines that belong to it; `pass` does nothing",
        Span(at.tokens.starts[number], at.tokens.ends[at.number - 2]),
        is_indentation=True,
    )


def _closes_nothing(at: Situation) -> Explanation | None:
    if at.text not in OPENING:
        return None
    opened = at.open_bracket()
    if opened is None:
        return Explanation(f"this {at.text} closes nothing", f"delete it, or write the {OPENING[at.text]} it belongs to")
    bracket, span = opened
    if CLOSING[bracket] != at.text:
        return Explanation(
            f"this {at.text} does not close the {bracket} here", f"write {CLOSING[bracket]}", related=(span, "opened here")
        )
    return None


def _foreign_operator(at: Situation) -> Explanation | None:
    for pair, hint in _FOREIGN_OPERATORS.items():
        start = at.span.start if at.source.text.startswith(pair, at.span.start) else at.span.start - len(pair) + 1
        if start >= 0 and at.source.text.startswith(pair, start) and (start == at.span.start or at.is_adjacent()):
            if pair == "->" and at.first() != "def":
                hint = "a function is written lambda x: x**2"
            return Explanation(f"{pair} is not an operator here", hint, Span(start, start + len(pair)))
    if at.before() == "." and at.is_adjacent() and at.kind in _SIGN_OPERATORS:
        written = "**" if at.kind == "^" else at.kind
        return Explanation(
            f".{at.kind} is not an operator here",
            f"operators work on each element: write {written}",
            Span(at.span_before().start, at.span.end),
        )
    if at.before() in ("+", "-") and at.before(2) == at.before() and at.span_before(2).end == at.span_before().start:
        sign = at.before()
        return Explanation(
            f"{sign}{sign} is not an operator here",
            f"write {at.before(3) or 'x'} {sign}= 1",
            Span(at.span_before(2).start, at.span_before().end),
        )
    return None


def _left_out(at: Situation) -> Explanation | None:
    """Python's forms that the language leaves out."""
    first, before = at.first(), at.before()
    if at.kind == "@" and at.number == at.line_start:
        hint = "call the function on the other: f = g(f); only the functions of a class have @staticmethod before them"
        return Explanation("decorators are not part of the language", hint)
    if first == "def" and at.kind == ":" and at.open_bracket():
        return Explanation("types of parameters are not declared here", "leave out the : and the type")
    if first == "def" and at.kind in ("*", "**") and at.open_bracket():
        return Explanation("a function has a fixed list of parameters", "take a list instead")
    if at.kind == "**" and at.open_bracket():
        return Explanation("** before an argument is not part of the language", "write the arguments out: name=value")
    if first == "with" and at.kind == "as":
        return Explanation("with needs no name here", "leave out `as` and the name")
    if first == "from" and at.kind == "*":
        return Explanation("names are imported one by one", "or write torch.name, which needs no import")
    if at.kind == ":" and at.number == at.line_start + 1 and at.kind_before() == "NAME" and not _keywords_like(first):
        return Explanation("types of names are not declared here", f"write {first} = ...")
    if at.number == at.line_start + 1 and before == "print" and _starts_value(at.kind):
        return Explanation("print is a function", "write print(...)")
    if at.number == at.line_start + 1 and before in ("match", "type") and _starts_value(at.kind):
        return Explanation(f"{before} statements are not part of the language", "use if / elif / else", at.span_before())
    return None


def _misspelled_word(at: Situation) -> Explanation | None:
    if at.number != at.line_start + 1 or at.kind_before() != "NAME":
        return None
    matches = _keywords_like(at.before())
    if not matches or not (_starts_value(at.kind) or at.kind in (":", "not", "lambda")):
        return None
    return Explanation(f"{at.before()} begins no statement", None, at.span_before(), did_you_mean=matches)


def _keywords_like(word: str) -> tuple[str, ...]:
    if word.lower() in ("elseif", "elsif", "elsief"):
        return ("elif",)
    return close_matches(word, _STATEMENT_WORDS)


def _else_if(at: Situation) -> Explanation | None:
    if at.kind == "if" and at.before() == "else" and at.number == at.line_start + 1:
        return Explanation(
            "else if is one word here", "write elif", Span(at.span_before().start, at.span.end), did_you_mean=("elif",)
        )
    if at.kind == "else" and at.first() == "if" and at.number > at.line_start:
        return Explanation("else begins a line of its own", "or choose a value: 1 if x > 2 else 0")
    if at.kind in ("else", "elif") and at.number == at.line_start:
        return Explanation(
            f"this {at.kind} belongs to no if", "it stands right after the block of an if, and is indented like it"
        )
    return None


def _bars(at: Situation) -> Explanation | None:
    """The absolute value, as it is written on paper."""
    bars = at.source.line_text(at.source.position(at.span.start).line).count("|")
    if at.kind != "|" or not at.accepts("NUMBER") or bars < 2:
        return None
    return Explanation("bars do not stand for the absolute value here", "write abs(x)")


def _assignment_for_comparison(at: Situation) -> Explanation | None:
    if at.kind != "=":
        return None
    if at.first() in ("if", "elif", "while", "assert", "return"):
        return Explanation("= assigns a value; it does not compare", "to compare, write ==")
    if at.first() == "def":
        return Explanation("= cannot stand here", "a function is written def f(x): return x**2")
    if at.open_bracket():
        return Explanation("= cannot stand here", "to compare, write ==; an argument's name is a plain name: f(dim=0)")
    return Explanation("= cannot stand here", "to compare, write ==")


def _missing_closing(at: Situation) -> Explanation | None:
    opened = at.open_bracket()
    if opened is None:
        return None
    bracket, span = opened
    closing = CLOSING[bracket]
    ends_here = at.is_line_end() or "\n" in at.source.text[at.span_before().end : at.span.start] or at.kind in (":", ";")
    if not ends_here or not (at.accepts(closing) or at.is_line_end()):
        return None
    place = at.span_before().end
    return Explanation(
        f"a closing {closing} is missing for the {bracket} here", f"write {closing}", Span(place, place), (span, "opened here")
    )


def _missing_colon(at: Situation) -> Explanation | None:
    if at.first() not in _BLOCK_WORDS or not at.accepts(":") or at.open_bracket():
        return None
    place = at.span_before().end
    line = f"`{at.first()}` line"
    return Explanation(f"a : is missing in this {line}", "it stands at the line's end, before the block", Span(place, place))


def _side_by_side(at: Situation) -> Explanation | None:
    """Two values with nothing between."""
    before = at.kind_before()
    if at.number == at.line_start or not (before in _VALUE_KINDS or before in OPENING) or not _starts_value(at.kind):
        return None
    both = Span(at.span_before().start, at.span.end)
    if before == "NUMBER" and at.is_adjacent() and at.text in ("j", "J"):
        return Explanation("there are no complex numbers here", None, both)
    if before == "NUMBER" and at.is_adjacent() and at.before() == "0":
        return Explanation(f"0{at.text} is not a number", "0x, 0b and 0o are followed by digits", both)
    if before == "NUMBER" and at.is_adjacent() and at.kind == "NAME":
        return Explanation(
            f"{at.before()} and {at.text} have nothing between them", f"to multiply, write {at.before()}*{at.text}", both
        )
    if at.accepts("in") and at.first() == "for":
        return Explanation(f"`in` is missing before {_shown(at)}", "for NAME in VALUES:")
    comma = " or a comma" if at.open_bracket() else ""
    is_function = before == "NAME" and at.before() in BARE
    hint = "a comma separates values, * multiplies them" if comma else "to multiply, write *"
    if is_function:
        hint = f"a function is called with brackets: {at.before()}({_shown(at)})"
    elif before == at.kind == "NUMBER" and not comma:
        hint = f"numbers of a list are written [{at.before()}, {_shown(at)}]; * multiplies them"
    elif at.text in _INFIXES:
        hint = _INFIXES[at.text]
    elif at.before() in _DECLARATIONS and at.number == at.line_start + 1:
        hint = f"a name needs no word before it: {at.text} = ..."
    elif before == "STRING" and at.kind == "NAME" and at.is_adjacent():
        hint = "a quote within a string ends it: take the other kind of quotes around it"
    elif at.before(2) == "/" and LEIBNIZ.match(at.source.text, at.span_before(3).start):
        hint = DERIVATIVE
    elif at.kind == "NAME" and at.following() == "=" and not at.open_bracket():
        hint = "statements on one line are separated by ;"
    return Explanation(f"an operator{comma} is missing before {_shown(at)}", hint, at.span, (at.span_before(), "after this"))


def _missing_value(at: Situation) -> Explanation | None:
    before = at.before()
    if before not in _OPERATORS and before not in _WORDS_BEFORE_VALUES:
        return None
    if not (at.is_line_end() or at.kind in (")", "]", ",", ":", ";", "=") or at.kind in _OPERATORS):
        return None
    what = "name" if at.accepts("NAME") and not at.accepts("NUMBER") else "value"
    where = "at the line's end" if at.is_line_end() else f"before {_shown(at)}"
    return Explanation(
        f"after {before} a {what} is missing {where}",
        None,
        at.span if at.text else Span(at.span_before().end, at.span_before().end),
        (at.span_before(), "after this"),
    )


def _word_as_name(at: Situation) -> Explanation | None:
    if at.kind in at.parser.table.words and at.accepts("NAME"):
        return Explanation(f"{at.text} is a word of the language and cannot be a name", f"take another name: {at.text}_")
    previous = at.kind_before()
    if at.kind == "=" and previous in at.parser.table.words:
        return Explanation(
            f"{previous} is a word of the language and cannot be a name", f"take another name: {previous}_", at.span_before()
        )
    return None


def _missing_else(at: Situation) -> Explanation | None:
    if not at.accepts("else") or at.accepts("_INDENT"):
        return None
    place = Span(at.span_before().end, at.span_before().end) if at.is_line_end() else at.span
    return Explanation("the `else` of this choice is missing", "value if condition else other", place)


def _anything(at: Situation) -> Explanation:
    if at.is_line_end():
        place = at.span_before().end
        return Explanation("the line ends too early", _expected(at), Span(place, place))
    if at.kind == "_DEDENT":
        return Explanation("the block ends too early", _expected(at), is_indentation=True)
    return Explanation(f"{_shown(at)} cannot stand here", _MISPLACED.get(at.kind) or _expected(at))


def _expected(at: Situation) -> str | None:
    """What could stand there, if that is little."""
    if at.accepts("NUMBER"):
        return "a value could stand here"
    expected = [name for name in at.names if name not in ("$END", "_INDENT", "_DEDENT") and at.accepts(name)]
    words = {"NAME": "a name", "STRING": "a string", "_NEWLINE": "the end of the line"}
    if not expected or len(expected) > 5:
        return None
    return "here could stand " + _listed([words.get(name, name) for name in expected])


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _shown(at: Situation) -> str:
    return at.text if len(at.text) <= 20 else f"{at.text[:17]}..."


def _starts_value(kind: str) -> bool:
    return kind in _VALUE_KINDS


EXPLANATIONS: tuple[Callable[[Situation], Explanation | None], ...] = (
    _unexpected_indent,
    _missing_block,
    _closes_nothing,
    _foreign_operator,
    _left_out,
    _else_if,
    _missing_closing,
    _misspelled_word,
    _word_as_name,
    _bars,
    _assignment_for_comparison,
    _missing_value,
    _missing_colon,
    _missing_else,
    _side_by_side,
    _anything,
)
