"""Characters that begin no token: open strings, words and signs of other languages, typography, what cannot be seen."""

from __future__ import annotations

import re
import unicodedata

from gradcli.errors import Source, Span
from gradcli.language.absent import DERIVATIVE
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
_HYPHEN = "write the - of the keyboard; options begin with two of them: --let"
_QUOTES = "write the straight quotes of the keyboard, ' or \"; around strings, and around what a shell is given"
_POWER = "a power is written **: x**2"
_PREFIX = re.compile(r"(?:.*\W)?[fFrR]{1,2}", re.DOTALL)
#: Signs that look like one of the language's, or stand for something in other languages.
_SIGNS = {
    "{": ("{ has no meaning here: there are no dicts and no sets", "blocks are made by indentation, lists with [ ]"),
    "}": ("} has no meaning here: there are no dicts and no sets", "blocks are made by indentation, lists with [ ]"),
    "!": ("! has no meaning of its own", "write `not x` for not, `!=` for unequal, exp(lgamma(x + 1)) for the factorial"),
    "?": ("? has no meaning here", "a choice is written `a if condition else b`"),
    "$": ("$ has no meaning here", "names are written without it"),
    "`": ("` has no meaning here", "strings are written in straight quotes ' or \""),
    "×": ("× is not an operator here", "write *"),
    "·": ("· is not an operator here", "write *, or @ for the matrix product"),
    "÷": ("÷ is not an operator here", "write /"),
    "−": ("this is a minus sign from typesetting", "write the - of the keyboard"),
    "‐": ("this is a hyphen from typesetting", _HYPHEN),
    "–": ("this is a dash", _HYPHEN),
    "—": ("this is a dash", _HYPHEN),
    "≤": ("≤ is not an operator here", "write <="),
    "≥": ("≥ is not an operator here", "write >="),
    "≠": ("≠ is not an operator here", "write !="),
    "∗": ("∗ is not an operator here", "write *"),
    "⋅": ("⋅ is not an operator here", "write *, or @ for the matrix product"),
    "∕": ("∕ is not an operator here", "write /"),
    "⁄": ("⁄ is not an operator here", "write /"),
    "√": ("√ is not an operator here", "write sqrt(x)"),
    "∑": ("∑ has no meaning here", "write sum(x)"),
    "∏": ("∏ has no meaning here", "write prod(x)"),
    "∞": ("∞ has no meaning here", "write inf"),
    "‖": ("‖ has no meaning here", "write norm(x)"),
    "∂": ("∂ has no meaning here", DERIVATIVE),
    "∇": ("∇ has no meaning here", DERIVATIVE),
    "°": ("° has no meaning here", "angles are in radians: deg2rad(x)"),
    "…": ("this is one character of typesetting", "write three points: ..."),
    **dict.fromkeys("“”„‘’‚«»", ("this is a typographic quote", _QUOTES)),
    **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", ("a raised character has no meaning here", _POWER)),
    **dict.fromkeys("₀₁₂₃₄₅₆₇₈₉", ("a lowered digit has no meaning here", "write x1, or x[1] for an element")),
    **dict.fromkeys("½¼¾", ("a fraction in one character has no meaning here", "write 1/2")),
}


def explain_character(source: Source, at: int) -> Explanation:
    """Why a character begins no token."""
    text = source.text
    character = text[at]
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    if character in "'\"":
        is_long = text[at : at + 3] == character * 3
        closing = character * 3 if is_long else character
        transpose = "; the transpose of x is written x.T" if _is_behind_value(text, at) else ""
        return Explanation("this string has no end", f"close it with {closing}{transpose}", Span(at, at + 3 if is_long else end))
    if character in _SIGNS:
        return Explanation(*_SIGNS[character])
    if character.isalpha() or character == "_":
        stop = at
        while stop < len(text) and (text[stop].isalnum() or text[stop] == "_"):
            stop += 1
        word = text[at:stop]
        return Explanation(f"{word} is not part of the language", _LEFT_OUT.get(word), Span(at, stop))
    if character == "\\":
        if text[at + 1 : end].strip():
            hint = "the solution of A x = b is written torch.linalg.solve(A, b); LaTeX is not read"
            return Explanation("\\ has no meaning here but at a line's end, where it joins two lines", hint)
        return Explanation("after a \\ that joins two lines, the line must end", "delete what follows it on the line, spaces too")
    name = unicodedata.name(character, "a control character").lower()
    if character.isspace() or not character.isprintable():
        return Explanation(
            f"there is an invisible character here (U+{ord(character):04X}, {name})", "delete it, and write a space if need be"
        )
    plain = unicodedata.normalize("NFKC", character)
    if plain.isascii():
        return Explanation(f"this {plain} is another character than that of the keyboard", f"write {plain}")
    return Explanation(f"{character} (U+{ord(character):04X}, {name}) has no meaning here", "in a string it would be fine")


def _is_behind_value(text: str, at: int) -> bool:
    """Whether a quote stands right behind a name, a number or a bracket, and not behind the prefix of a string."""
    before = text[max(at - 3, 0) : at]
    return (before[-1:].isalnum() or before[-1:] in (")", "]")) and not _PREFIX.fullmatch(before)
