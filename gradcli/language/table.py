"""The parse table: made from the grammar by lark, stored beside this module, and never used when it does not fit the grammar.

`python -m gradcli.language.table` writes the stored table. lark itself is imported only to make a table.
"""

from __future__ import annotations

import json
import sys
from array import array
from binascii import a2b_base64, b2a_base64
from os import path
from typing import Any, NamedTuple, TypeAlias

FORMAT = 2
STARTS = ("program", "field")
STORED = path.join(path.dirname(__file__), "parse_table.json")

# What the driver does when it has recognised a rule.
PASS = ""  # hand on the one part there is
INLINE = "_"  # hand the parts to the rule around


Row: TypeAlias = "array[int]"


class Rule(NamedTuple):
    """One production: what it makes, how many symbols it takes, what is built, and which of the symbols are parts."""

    nonterminal: int
    length: int
    action: str
    parts: list[int]


class Table(NamedTuple):
    """An LALR(1) automaton and the words it is fed with.

    `actions[rows[state]][terminal]` is 0 for an error, `n > 0` to shift to state `n - 1`, `-n < 0` to reduce by rule `n - 1`.
    `gotos[goto_rows[state]][nonterminal]` is the next state. A fixed terminal is named by its own text.
    """

    terminals: list[str]
    patterns: list[list[str]]
    words: list[str]
    signs: list[str]
    ignored: list[str]
    nonterminals: int
    rules: list[Rule]
    actions: list[Row]
    rows: list[int]
    gotos: list[Row]
    goto_rows: list[int]
    starts: dict[str, int]
    finals: dict[str, int]


def grammar_path() -> str:
    """The grammar file: inside the installed package, or at the top of a checkout."""
    package = path.dirname(path.dirname(path.abspath(__file__)))
    packaged = path.join(package, "grammar", "gradcli.lark")
    return packaged if path.exists(packaged) else path.join(path.dirname(package), "grammar", "gradcli.lark")


def load() -> Table:
    """The table for the grammar: the stored one if it was made from this very text, otherwise a new one."""
    grammar = grammar_text()
    try:
        with open(STORED, encoding="utf-8") as file:
            record = json.load(file)
    except (OSError, ValueError):
        record = {}
    if record.get("format") != FORMAT or record.get("grammar") != grammar:
        return build(grammar)
    fields: dict[str, Any] = record["table"]
    return Table(
        **{
            **fields,
            "rules": [Rule(*rule) for rule in fields["rules"]],
            "actions": _unpacked(fields["actions"], len(fields["terminals"])),
            "gotos": _unpacked(fields["gotos"], fields["nonterminals"]),
        }
    )


def grammar_text() -> str:
    """The grammar as it is now."""
    with open(grammar_path(), encoding="utf-8") as file:
        return file.read()


def stored_text(grammar: str) -> str:
    """What the stored table's file holds for a grammar: the grammar itself, so that a table of another is never used."""
    table = build(grammar)
    fields = {**table._asdict(), "actions": _packed(table.actions), "gotos": _packed(table.gotos)}
    return json.dumps({"format": FORMAT, "grammar": grammar, "table": fields}, separators=(",", ":")) + "\n"


def _packed(rows: list[Row]) -> str:
    """Rows as base64 of little-endian 16-bit integers, which load ten times as fast as lists of numbers."""
    flat = array("h", [number for row in rows for number in row])
    if sys.byteorder == "big":
        flat.byteswap()
    return b2a_base64(flat.tobytes(), newline=False).decode()


def _unpacked(text: str, width: int) -> list[Row]:
    flat = array("h", a2b_base64(text))
    if sys.byteorder == "big":
        flat.byteswap()
    return [flat[start : start + width] for start in range(0, len(flat), width)]


def build(grammar: str) -> Table:
    """Make the table from the grammar's text with lark."""
    import re

    from lark import Lark
    from lark.lexer import PatternStr
    from lark.parsers.lalr_analysis import Shift

    parser: Any = Lark(grammar, parser="lalr", start=list(STARTS), maybe_placeholders=False)
    automaton = parser.parser.parser._parse_table
    definitions = {terminal.name: terminal.pattern for terminal in parser.terminals}
    text_of = {name: pattern.value if isinstance(pattern, PatternStr) else name for name, pattern in definitions.items()}
    used = [name for name in definitions if name not in parser.ignore_tokens]
    terminals = ["$END", "_INDENT", "_DEDENT"] + [text_of[name] for name in used]
    numbers = {name: number for number, name in enumerate(["$END", "_INDENT", "_DEDENT", *used])}

    fixed = [text_of[name] for name in used if isinstance(definitions[name], PatternStr)]
    name_pattern = re.compile(definitions["NAME"].to_regexp())
    words = sorted(text for text in fixed if name_pattern.fullmatch(text))
    signs = sorted((text for text in fixed if not name_pattern.fullmatch(text)), key=lambda text: (-len(text), text))
    patterned = [
        terminal for terminal in parser.terminals if terminal.name in used and not isinstance(terminal.pattern, PatternStr)
    ]
    patterned.sort(key=lambda terminal: (-terminal.priority, terminal.name))

    nonterminals = {name: number for number, name in enumerate(sorted({rule.origin.name for rule in parser.rules}))}
    rules = [_rule(rule, nonterminals) for rule in parser.rules]
    rule_numbers = {rule: number for number, rule in enumerate(parser.rules)}
    order = _numbered(automaton, {**numbers, **{name: len(numbers) + number for name, number in nonterminals.items()}})
    actions, gotos = [], []
    for state in order:
        row, goto = [0] * len(terminals), [0] * len(nonterminals)
        for symbol, (action, argument) in automaton.states[state].items():
            if symbol in nonterminals:
                goto[nonterminals[symbol]] = order[argument]
            else:
                row[numbers[symbol]] = order[argument] + 1 if action is Shift else -(rule_numbers[argument] + 1)
        actions.append(row)
        gotos.append(goto)
    action_rows, rows = _shared(actions)
    goto_rows, goto_numbers = _shared(gotos)
    return Table(
        terminals=terminals,
        patterns=[[terminal.name, terminal.pattern.to_regexp()] for terminal in patterned],
        words=words,
        signs=signs,
        ignored=[definitions[name].to_regexp() for name in parser.ignore_tokens],
        nonterminals=len(nonterminals),
        rules=rules,
        actions=action_rows,
        rows=rows,
        gotos=goto_rows,
        goto_rows=goto_numbers,
        starts={name: order[automaton.start_states[name]] for name in STARTS},
        finals={name: order[automaton.end_states[name]] for name in STARTS},
    )


def _numbered(automaton: Any, symbols: dict[str, int]) -> dict[int, int]:
    """Lark's state numbers, which differ from run to run, mapped to numbers in the order of a walk from the starts."""
    order = {automaton.start_states[name]: number for number, name in enumerate(STARTS)}
    pending = list(order)
    for state in pending:
        following = automaton.states[state]
        for symbol in sorted(following, key=symbols.__getitem__):
            target = following[symbol][1]
            if isinstance(target, int) and target not in order:
                order[target] = len(order)
                pending.append(target)
    return order


def _rule(rule: Any, nonterminals: dict[str, int]) -> Rule:
    """A production with its action, by lark's own conventions for `?`, `_`, `!` and `->`."""
    name = rule.origin.name
    parts = [index for index, symbol in enumerate(rule.expansion) if not (symbol.is_term and symbol.filter_out)]
    inline = name.startswith("_")
    alone = len(parts) == 1 and (inline or (rule.options.expand1 and not rule.alias))
    action = PASS if alone else INLINE if inline else rule.alias or name
    return Rule(nonterminals[name], len(rule.expansion), action, parts)


def _shared(matrix: list[list[int]]) -> tuple[list[Row], list[int]]:
    """The distinct rows of a matrix, and for each row which of them it is."""
    known: dict[tuple[int, ...], int] = {}
    numbers = [known.setdefault(tuple(row), len(known)) for row in matrix]
    return [array("h", row) for row in known], numbers


if __name__ == "__main__":
    with open(STORED, "w", encoding="utf-8", newline="\n") as stored:
        stored.write(stored_text(grammar_text()))
    print(f"wrote {path.basename(STORED)}")
