"""A token that does not fit: what is around it, and what the grammar would accept in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gradcli.errors import Source, Span

if TYPE_CHECKING:
    from gradcli.language.lexer import Tokens
    from gradcli.language.parser import Parser

CLOSING = {"(": ")", "[": "]"}
OPENING = {")": "(", "]": "["}


class Explanation(NamedTuple):
    """What is wrong, in words."""

    message: str
    hint: str | None = None
    span: Span | None = None
    related: tuple[Span, str] | None = None
    did_you_mean: tuple[str, ...] = ()
    is_indentation: bool = False


class Situation:
    """A token that does not fit, and what is around it."""

    def __init__(self, parser: Parser, source: Source, tokens: Tokens, number: int, states: list[int]) -> None:
        self.parser = parser
        self.source = source
        self.tokens = tokens
        self.number = number
        self.states = states
        self.names = parser.table.terminals
        self.kind = self.names[tokens.kinds[number]]
        self.text = tokens.texts[number]
        self.span = Span(tokens.starts[number], tokens.ends[number])
        self.line_start = self._line_start()

    def _line_start(self) -> int:
        """The number of the first token of the statement's line."""
        number = self.number
        while number and self.names[self.tokens.kinds[number - 1]] not in ("_NEWLINE", "_INDENT", "_DEDENT", ";"):
            number -= 1
        return number

    def before(self, distance: int = 1) -> str:
        """The text of a token before; empty at the line's start."""
        number = self.number - distance
        return self.tokens.texts[number] if number >= self.line_start else ""

    def kind_before(self, distance: int = 1) -> str:
        """The kind of a token before."""
        number = self.number - distance
        return self.names[self.tokens.kinds[number]] if number >= 0 else ""

    def following(self) -> str:
        """The kind of the token after this one; empty at the end."""
        return self.names[self.tokens.kinds[self.number + 1]] if self.number + 1 < len(self.tokens.kinds) else ""

    def span_before(self, distance: int = 1) -> Span:
        """The span of a token before."""
        number = max(self.number - distance, 0)
        return Span(self.tokens.starts[number], self.tokens.ends[number])

    def first(self) -> str:
        """The text of the first token of the line."""
        return self.tokens.texts[self.line_start]

    def is_adjacent(self) -> bool:
        """Whether nothing is between the token and the one before."""
        return self.number > 0 and self.tokens.ends[self.number - 1] == self.span.start

    def is_line_end(self) -> bool:
        """Whether the line ends here."""
        return self.kind in ("_NEWLINE", "$END")

    def open_bracket(self) -> tuple[str, Span] | None:
        """The innermost bracket that is open here."""
        stack: list[int] = []
        for number in range(self.number):
            text = self.names[self.tokens.kinds[number]]
            if text in CLOSING:
                stack.append(number)
            elif text in OPENING and stack:
                stack.pop()
        if not stack:
            return None
        return self.tokens.texts[stack[-1]], Span(self.tokens.starts[stack[-1]], self.tokens.ends[stack[-1]])

    def accepts(self, name: str) -> bool:
        """Whether the grammar would accept a token of this kind here."""
        if name not in self.names:
            return False
        kind = self.names.index(name)
        states = list(self.states)
        parser = self.parser
        while (action := parser.actions[states[-1]][kind]) < 0:
            nonterminal, length, *_ = parser.rules[-action - 1]
            if length:
                del states[-length:]
            states.append(parser.gotos[states[-1]][nonterminal])
        return action > 0
