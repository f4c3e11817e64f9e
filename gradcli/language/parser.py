"""From tokens to the tree: the LALR loop over the stored table, calling one builder for each recognised rule."""

from __future__ import annotations

from typing import Any

from gradcli.errors import NestingTooDeep, Source, Span
from gradcli.language import construct, table
from gradcli.language.construct import Inline
from gradcli.language.lexer import Lexer, Tokens
from gradcli.language.tree import Expression, Program

#: How many unfinished parts the parser keeps; only operators to the left of their operand (`not not ...`) get there.
STACK_LIMIT = 2000


class Parser:
    """The automaton of one table, ready to run."""

    def __init__(self, parse_table: table.Table) -> None:
        self.table = parse_table
        self.lexer = Lexer(parse_table)
        self.actions = [parse_table.actions[row] for row in parse_table.rows]
        self.gotos = [parse_table.gotos[row] for row in parse_table.goto_rows]
        self.passed: dict[tuple[int, int, int], int] = {}
        self.rules = [
            (rule.nonterminal, rule.length, rule.action, rule.parts, construct.BUILDERS.get(rule.action))
            for rule in parse_table.rules
        ]

    def parse(self, source: Source) -> Program:
        """The tree of a whole text."""
        program = self._run(source, "program", 0, len(source.text))
        assert isinstance(program, Program)
        return program

    def parse_field(self, source: Source, start: int, end: int) -> Expression:
        """The tree of the expression between two offsets, as in the braces of an f-string."""
        expression = self._run(source, "field", start, end)
        assert isinstance(expression, Expression)
        return expression

    def _run(self, source: Source, start_symbol: str, start: int, end: int) -> Any:
        tokens, bad_character = self.lexer.tokens(source, start, end, inside_brackets=start_symbol == "field")
        context = construct.Context(source, self.parse_field)
        states = [self.table.starts[start_symbol]]
        failed_at, values = self._drive(tokens, states, self.table.finals[start_symbol], context)
        if failed_at is None:
            return values[0]
        from gradcli.language.diagnostics import syntax_fault

        raise syntax_fault(self, source, tokens, failed_at, states, bad_character)

    def _pass_on(self, step: tuple[int, int, int]) -> int:
        """The state after all rules that hand on their one part: from a loose operator's operand to an atom there are a dozen."""
        below, state, kind = step
        while (action := self.actions[state][kind]) < 0:
            nonterminal, length, name, _, _ = self.rules[-action - 1]
            if length != 1 or name:
                break
            state = self.gotos[below][nonterminal]
        self.passed[step] = state
        return state

    def _drive(self, tokens: Tokens, states: list[int], final: int, context: construct.Context) -> tuple[int | None, list[Any]]:
        """Shift and reduce until the text is recognised (None) or a token does not fit (its number)."""
        actions, gotos, rules, passed = self.actions, self.gotos, self.rules, self.passed
        values: list[Any] = []
        starts: list[int] = []
        end = tokens.starts[0] if tokens.starts else 0
        for number, (kind, text, first, last) in enumerate(zip(*tokens, strict=True)):
            while True:
                action = actions[states[-1]][kind]
                if action > 0:
                    states.append(action - 1)
                    values.append(text)
                    starts.append(first)
                    end = last
                    break
                if action == 0:
                    return (None if states[-1] == final and kind == 0 else number), values
                nonterminal, length, name, parts, builder = rules[-action - 1]
                if length == 1 and not name:
                    step = (states[-2], states[-1], kind)
                    states[-1] = passed.get(step) or self._pass_on(step)
                    continue
                if length:
                    begin = starts[-length]
                    children = values[-length:]
                    del values[-length:], states[-length:], starts[-length:]
                    if len(parts) != length:
                        children = [children[part] for part in parts]
                else:
                    begin, children = first, []
                values.append(_reduced(name, builder, children, context, begin, end))
                starts.append(begin)
                states.append(gotos[states[-1]][nonterminal])
            if len(states) > STACK_LIMIT:
                raise _too_deep(context.source, first, last)
        return len(tokens.kinds), values


def _reduced(
    name: str, builder: construct.Builder | None, children: list[Any], context: construct.Context, begin: int, end: int
) -> Any:
    """The value of a recognised rule."""
    if not name:
        return children[0]
    if builder is None:
        if children and type(children[0]) is Inline:
            whole: Inline = children[0]
            rest = children[1:]
        else:
            whole, rest = Inline(), children
        for child in rest:
            if type(child) is Inline:
                whole.extend(child)
            else:
                whole.append(child)
        return whole
    for child in children:
        if type(child) is Inline:
            flat: list[Any] = []
            for part in children:
                if type(part) is Inline:
                    flat += part
                else:
                    flat.append(part)
            children = flat
            break
    return builder(context, Span(begin, end), children)


def _too_deep(source: Source, start: int, end: int) -> NestingTooDeep:
    return NestingTooDeep(
        f"operators are nested more than {STACK_LIMIT} deep here",
        hint="give a part a name of its own, and use the name",
    ).at(source, Span(start, end))


_parser: Parser | None = None


def parse(text: str, name: str = "<expression>") -> Program:
    """The tree of a program; a SyntaxFault says what is wrong with it, and where."""
    global _parser
    if _parser is None:
        _parser = Parser(table.load())
    return _parser.parse(Source(text, name))
