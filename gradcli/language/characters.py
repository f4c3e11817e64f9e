"""Characters that begin no token: open strings, words and signs of other languages, typography, what cannot be seen."""

from __future__ import annotations

import unicodedata

from gradcli.errors import Source, Span
from gradcli.language.situation import Explanation

#: Words of Python that the language leaves out, and what to do instead.
_LEFT_OUT = {
    "async": "statements run one after the other",
    "await": "statements run one after the other",
    "except": "a failed statement ends the program; --keep-going goes on with the next",
    "finally": "a failed statement ends the program; --keep-going goes on with the next",
    "global": "a function gives values back with return",
    "nonlocal": "a function gives values back with return",
    "raise": "use assert condition, message",
    "try": "a failed statement ends the program; --keep-going goes on with the next",
    "yield": "collect the values in a list and return it",
}
#: Signs that look like one of the language's, or stand for something in other languages.
_SIGNS = {
    "{": ("{ has no meaning here: there are no dicts and no sets", "blocks are made by indentation, lists with [ ]"),
    "}": ("} has no meaning here: there are no dicts and no sets", "blocks are made by indentation, lists with [ ]"),
    "!": ("! has no meaning of its own", "write `not x` for not, `!=` for unequal"),
    "?": ("? has no meaning here", "a choice is written `a if condition else b`"),
    "$": ("$ has no meaning here", "names are written without it"),
    "`": ("` has no meaning here", "strings are written in straight quotes ' or \""),
    "×": ("× is not an operator here", "write *"),
    "·": ("· is not an operator here", "write *, or @ for the matrix product"),
    "÷": ("÷ is not an operator here", "write /"),
    "−": ("this is a minus sign from typesetting", "write the - of the keyboard"),
    "–": ("this is a dash", "write the - of the keyboard"),
    "≤": ("≤ is not an operator here", "write <="),
    "≥": ("≥ is not an operator here", "write >="),
    "≠": ("≠ is not an operator here", "write !="),
    "√": ("√ is not an operator here", "write sqrt(x)"),
    "“": ("this is a typographic quote", "strings are written in straight quotes ' or \""),
    "”": ("this is a typographic quote", "strings are written in straight quotes ' or \""),
    "‘": ("this is a typographic quote", "strings are written in straight quotes ' or \""),
    "’": ("this is a typographic quote", "strings are written in straight quotes ' or \""),
}


def explain_character(source: Source, at: int) -> Explanation:
    """Why a character begins no token."""
    text = source.text
    character = text[at]
    if character in "'\"":
        end = text.find("\n", at)
        is_long = text[at : at + 3] == character * 3
        stop = at + 3 if is_long else len(text) if end < 0 else end
        closing = character * 3 if is_long else character
        return Explanation("this string has no end", f"close it with {closing}", Span(at, stop))
    if character.isalpha() or character == "_":
        stop = at
        while stop < len(text) and (text[stop].isalnum() or text[stop] == "_"):
            stop += 1
        word = text[at:stop]
        return Explanation(f"{word} is not part of the language", _LEFT_OUT.get(word), Span(at, stop))
    if character in _SIGNS:
        return Explanation(*_SIGNS[character])
    if character == "\\":
        return Explanation("after a \\ that joins two lines, the line must end", "delete what follows it on the line, spaces too")
    name = unicodedata.name(character, "a control character").lower()
    if character.isspace() or not character.isprintable():
        return Explanation(
            f"there is an invisible character here (U+{ord(character):04X}, {name})", "delete it, and write a space if need be"
        )
    return Explanation(f"{character} (U+{ord(character):04X}, {name}) has no meaning here", "in a string it would be fine")
