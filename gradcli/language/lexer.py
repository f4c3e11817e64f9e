"""From text to tokens: one regular expression made of the grammar's terminals, plus Python's rules for lines and indentation."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradcli.errors import IndentationFault, NestingTooDeep, Source, Span
from gradcli.language.table import Table

#: How deep brackets and blocks may be nested, together.
NESTING_LIMIT = 200


class Tokens(NamedTuple):
    """The tokens of a text, column by column; a line's end and the change of indentation after it have no width."""

    kinds: list[int]
    texts: list[str]
    starts: list[int]
    ends: list[int]


class Lexer:
    """Cuts a text into the tokens of one parse table."""

    def __init__(self, table: Table) -> None:
        self.numbers = {name: number for number, name in enumerate(table.terminals)}
        ignored = "|".join(table.ignored)
        patterns = "|".join(f"({pattern})" for _, pattern in table.patterns)
        signs = "|".join(re.escape(sign) for sign in table.signs)
        self._match = re.compile(rf"(?:{ignored})*(?:{patterns}|({signs})|(\Z)|([\s\S]))")
        self._kind_of_group = [0] + [self.numbers[name] for name, _ in table.patterns]
        self._words = {word: self.numbers[word] for word in table.words}
        self._signs = {sign: self.numbers[sign] for sign in table.signs}

    def tokens(
        self, source: Source, start: int = 0, end: int | None = None, inside_brackets: bool = False
    ) -> tuple[Tokens, int | None]:
        """The tokens of a piece of a source, and the offset of the first character that fits no token, if there is one."""
        text = source.text
        stop = len(text) if end is None else end
        kinds: list[int] = []
        texts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        numbers, words, signs, kind_of_group = self.numbers, self._words, self._signs, self._kind_of_group
        name, newline = numbers["NAME"], numbers["_NEWLINE"]
        sign_group = len(kind_of_group)
        indents = [""]
        brackets: list[int] = []
        for match in self._match.finditer(text, start, stop):
            group = match.lastindex or 0
            first, last = match.span(group)
            word = text[first:last]
            if group < sign_group:
                kind = kind_of_group[group]
                if kind == name:
                    kind = words.get(word, name)
                elif kind == newline:
                    if brackets or inside_brackets:
                        continue
                    last = first
            elif group == sign_group:
                kind = signs[word]
                if word in "([":
                    brackets.append(first)
                    if len(brackets) + len(indents) > NESTING_LIMIT + 1:
                        raise _too_deep(source, first)
                elif word in ")]" and brackets:
                    brackets.pop()
            elif group == sign_group + 1:
                break
            else:
                return Tokens(kinds, texts, starts, ends), first
            kinds.append(kind)
            texts.append(word)
            starts.append(first)
            ends.append(last)
            if kind == newline and match.end() < stop:
                indent = word[word.rfind("\n") + 1 :].replace("\f", "")
                if indent != indents[-1]:
                    self._indent(source, indent, indents, match.end(), (kinds, texts, starts, ends))
        if not inside_brackets:
            last = ends[-1] if ends else start
            closing = ([] if kinds and kinds[-1] == newline else [newline]) + [numbers["_DEDENT"]] * (len(indents) - 1)
            for kind in closing:
                _append((kinds, texts, starts, ends), kind, last)
        _append((kinds, texts, starts, ends), 0, ends[-1] if inside_brackets and ends else stop)
        return Tokens(kinds, texts, starts, ends), None

    def _indent(
        self, source: Source, indent: str, indents: list[str], at: int, columns: tuple[list[int], list[str], list[int], list[int]]
    ) -> None:
        """Append the change of indentation before a line."""
        if indent.startswith(indents[-1]):
            indents.append(indent)
            if len(indents) > NESTING_LIMIT + 1:
                raise _too_deep(source, at)
            _append(columns, self.numbers["_INDENT"], at)
            return
        before = indents[-1]
        while indents and len(indents[-1]) > len(indent):
            indents.pop()
            _append(columns, self.numbers["_DEDENT"], columns[3][-1])
        if indents[-1] != indent:
            line = source.position(at).line
            raise _unfitting(source, Span(at - len(indent), at), before, indent, line)


def _append(columns: tuple[list[int], list[str], list[int], list[int]], kind: int, at: int) -> None:
    kinds, texts, starts, ends = columns
    kinds.append(kind)
    texts.append("")
    starts.append(at)
    ends.append(at)


def _too_deep(source: Source, at: int) -> NestingTooDeep:
    return NestingTooDeep(
        f"brackets and blocks are nested more than {NESTING_LIMIT} deep here",
        hint="give a part a name of its own, and use the name",
    ).at(source, Span(at, at + 1))


def _unfitting(source: Source, span: Span, before: str, indent: str, line: int) -> IndentationFault:
    if "\t" in before + indent and " " in before + indent:
        message = f"line {line} is indented with tabs and spaces unlike the lines before it"
        hint = "use spaces only"
    else:
        message = f"line {line} is indented by {len(indent)}, which fits no block that is open here"
        hint = "indent it exactly as the block it belongs to"
    return IndentationFault(message, hint=hint).at(source, span)
