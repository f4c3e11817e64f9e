"""Which functions there are, and which are meant by a name, or by words that describe them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from gradcli.cli.function_facts import other_names
from gradcli.errors import UnknownName, close_matches
from gradcli.functions import METHODS, NAMESPACES, Function, behind, import_all

METHOD_PREFIXES = ("x.", "Tensor.", "torch.Tensor.")
OPERATOR_NAMES = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floor_divide",
    "%": "remainder",
    "**": "pow",
    "@": "matmul",
    "&": "bitwise_and",
    "|": "bitwise_or",
    "^": "bitwise_xor",
    "~": "bitwise_not",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}
#: What people call functions that neither their names nor their sentences say.
ALSO_CALLED = {
    "torch.arange": "range",
    "torch.cat": "join",
    "torch.clamp": "limit bounds",
    "torch.cumprod": "cumulative product",
    "torch.cumsum": "cumulative sum",
    "torch.eye": "identity matrix",
    "torch.linalg.svd": "singular value decomposition",
    "torch.matmul": "matrix dot product multiplication",
    "torch.mean": "average",
    "torch.nn.functional.l1_loss": "mean absolute error",
    "torch.nn.functional.mse_loss": "mean squared error",
    "torch.randn": "gaussian",
    "torch.where": "if condition choose",
}
ENDING = re.compile(r"(?<=\w{4})(?:ices|ing|ion|ed|es|ix|e|s)$")  # of a word that may have another one
SHORTEST_WORD = 3


def declared() -> list[Function]:
    """All functions and methods that users can call, each once, in the order of their families."""
    functions = [value for space in NAMESPACES.values() for value in space.values() if isinstance(value, Function)]
    found = {id(value): value for value in (*functions, *only_methods().values())}
    return sorted(found.values(), key=lambda function: function.family)


@cache
def only_methods() -> dict[str, Function]:
    """The methods of tensors that are no functions, by name: `backward`, `item`, `zero_` and their kin."""

    def is_own(name: str) -> bool:
        in_place_of = name.removesuffix("_")
        return not isinstance(NAMESPACES["torch"].get(name), Function) and (in_place_of == name or in_place_of not in METHODS)

    return {name: value for name, value in METHODS.items() if isinstance(value, Function) and is_own(name)}


def short_name(function: Function) -> str:
    """The name without `torch.`, which every function can be called by; a method's on an x."""
    if function in only_methods().values():
        return f"x.{function.name}"
    return function.qualified_name.removeprefix("torch.").removeprefix("nn.functional.")


def one_sentence(function: Function) -> str:
    """What it computes, on one line."""
    text = " ".join(function.doc.split("\n\n")[0].split()).rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def meant_by(words: Sequence[str]) -> tuple[list[Function], bool]:
    """The functions that words name, and True; or else those that the words describe, and False."""
    import_all()  # at once: functions are listed in the order of their declarations
    one_name = "_".join(words)
    found = named(one_name) or named(one_name.lower().partition("(")[0])
    if not found and len(words) > 1 and all(map(named, words)):
        found = [function for word in words for function in named(word)]
    if found:
        return found, True
    found = described_by(words)
    if found:
        return found, False
    raise UnknownName(
        f"there is no function {' '.join(words)}",
        hint="gradcli functions lists all; words that describe one find it",
        did_you_mean=close_matches(one_name.rpartition(".")[2], known_names()),
    )


def known_names(beginning: str = "") -> list[str]:
    """The names that `named` knows and that begin so: short ones, with their namespaces, and methods."""
    members = [
        (space, name) for space, names in NAMESPACES.items() for name, value in names.items() if isinstance(value, Function)
    ]
    known = [*(name for _, name in members), *only_methods(), *(f"{space}.{name}" for space, name in members)]
    return [name for name in dict.fromkeys(known) if name.startswith(beginning)]


def named(name: str) -> list[Function]:
    """The functions of a name: one, or one for each namespace that has it, and the method; an operator's too."""
    short = OPERATOR_NAMES.get(name, name).removeprefix("F.")
    own = short
    for prefix in METHOD_PREFIXES:
        own = own.removeprefix(prefix)
    full_names = (short, *(f"{space}.{short}" for space in NAMESPACES))
    places = [(space, last) for space, _, last in (full.rpartition(".") for full in full_names)]
    candidates = [NAMESPACES[space].get(last) for space, last in places if space in NAMESPACES]
    candidates += [only_methods().get(own)] if own in only_methods() or own == short else [behind(METHODS.get(own))]
    found = {id(value): value for value in candidates if isinstance(value, Function)}
    in_place = [value for value in (*(space.get(own) for space in NAMESPACES.values()), METHODS.get(own)) if value is not None]
    if not found and in_place and own.endswith("_"):  # in place of a function, which tells all about it
        return named(own.removesuffix("_"))
    return list(found.values())


def described_by(words: Sequence[str]) -> list[Function]:
    """The functions whose names, families and sentences have all of the words, whatever their endings."""
    stems = [ENDING.sub("", part) for word in words for part in _words_of(word)]
    if max(map(len, stems), default=0) < SHORTEST_WORD:
        return []
    described = [(function, _description(function)) for function in declared()]
    return [function for function, known in described if all(any(word.startswith(stem) for word in known) for stem in stems)]


def _description(function: Function) -> set[str]:
    """The words that are said of a function."""
    name = function.qualified_name
    texts = (name, *other_names(function), function.family, function.doc, ALSO_CALLED.get(name, ""))
    return {word for text in texts for word in _words_of(text)}


def _words_of(text: str) -> Iterator[str]:
    yield from (word for word in re.split(r"[\W_]+", text.lower()) if word)
