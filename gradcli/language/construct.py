"""Building the tree: one function for each rule of the grammar that makes a node, under the rule's name."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from gradcli.errors import Related, Source, Span, SyntaxFault
from gradcli.language import strings, tree
from gradcli.language.arithmetic import DIGIT_LIMIT
from gradcli.language.lexer import NESTING_LIMIT


class Inline(list[Any]):
    """Parts on their way into the rule around."""


class Context(NamedTuple):
    """What builders need beside the parts: the source, and the parser for what is inside an f-string's braces."""

    source: Source
    parse_field: Callable[[Source, int, int], tree.Expression]


Builder = Callable[[Context, Span, list[Any]], Any]
BUILDERS: dict[str, Builder] = {}


def builds(*names: str) -> Callable[[Builder], Builder]:
    """Register a builder under the names of its rules."""

    def register(builder: Builder) -> Builder:
        for name in names:
            BUILDERS[name] = builder
        return builder

    return register


def fault(
    context: Context, span: Span, message: str, hint: str | None = None, related: Span | None = None, label: str = ""
) -> SyntaxFault:
    """A syntax error that the grammar itself cannot tell."""
    labels = [Related(related, label)] if related else ()
    return SyntaxFault(message, hint=hint, related=labels).at(context.source, span)


def _simple(kind: Callable[..., Any]) -> Builder:
    """A builder for a node whose parts are the rule's parts."""
    return lambda context, span, parts: kind(span, *parts)


def _listing(kind: Callable[..., Any]) -> Builder:
    """A builder for a node whose one part is the list of the rule's parts."""
    return lambda context, span, parts: kind(span, parts)


def _alternating(kind: Callable[..., Any]) -> Builder:
    """A builder for operands with operators between them."""
    return lambda context, span, parts: kind(span, parts[0::2], parts[1::2])


BUILDERS.update(
    {
        "and": _listing(tree.And),
        "break": _simple(tree.Break),
        "chain": _alternating(tree.Chain),
        "comparison": _alternating(tree.Comparison),
        "comparison_operator": lambda context, span, parts: " ".join(parts),
        "comprehension": lambda context, span, parts: tree.Comprehension(span, parts[0], parts[1:]),
        "continue": _simple(tree.Continue),
        "decorator": lambda context, span, parts: parts[0],
        "dotted_name": lambda context, span, parts: ".".join(parts),
        "elif": lambda context, span, parts: tree.Branch(span, parts[1], parts[0]),
        "ellipsis": _simple(tree.EllipsisMark),
        "else": lambda context, span, parts: tree.Branch(span, parts[0], None),
        "expression": lambda context, span, parts: tree.ExpressionStatement(span, False, parts[0]),
        "false": lambda context, span, parts: tree.Literal(span, False),
        "field": lambda context, span, parts: parts[0],
        "generator": lambda context, span, parts: tree.Group(span, parts[0]),
        "group": _simple(tree.Group),
        "if": lambda context, span, parts: tree.If(span, [tree.Branch(parts[0].span, parts[1], parts[0]), *parts[2:]]),
        "import": _listing(tree.Import),
        "keyword": lambda context, span, parts: tree.Keyword(span, parts[0], parts[1]),
        "list": _listing(tree.ListDisplay),
        "list_comprehension": lambda context, span, parts: tree.Group(span, parts[0]),
        "member": lambda context, span, parts: tree.Alias(span, parts[1] if len(parts) > 1 else None, parts[0]),
        "module": lambda context, span, parts: tree.Alias(span, parts[1] if len(parts) > 1 else None, parts[0]),
        "name": _simple(tree.Name),
        "none": lambda context, span, parts: tree.Literal(span, None),
        "negation": _simple(tree.Not),
        "or": _listing(tree.Or),
        "parameter": lambda context, span, parts: tree.Parameter(span, parts[1] if len(parts) > 1 else None, parts[0]),
        "pass": _simple(tree.Pass),
        "power": _simple(tree.Power),
        "return": lambda context, span, parts: tree.Return(span, parts[0] if parts else None),
        "starred": _simple(tree.Starred),
        "starred_argument": _simple(tree.Starred),
        "true": lambda context, span, parts: tree.Literal(span, True),
        "tuple": _listing(tree.TupleDisplay),
        "unary": lambda context, span, parts: tree.Unary(span, parts[1], parts[0]),
        "while": lambda context, span, parts: tree.While(span, parts[1], parts[0]),
        "with": lambda context, span, parts: tree.With(span, parts[-1], parts[:-1]),
        "assert": lambda context, span, parts: tree.Assert(span, parts[0], parts[1] if len(parts) > 1 else None),
        "block": lambda context, span, parts: list(parts),
        "program": lambda context, span, parts: tree.Program(span, parts, context.source),
    }
)


# ---- Statements


@builds("line")
def _line(context: Context, span: Span, parts: list[Any]) -> Inline:
    statements = Inline()
    for part, following in itertools.pairwise(parts):
        if isinstance(part, str):
            continue
        if following == ";" and isinstance(part, tree.ExpressionStatement):
            part.silent = True
        statements.append(part)
    return statements


@builds("assign")
def _assign(context: Context, span: Span, parts: list[Any]) -> tree.Assign:
    return tree.Assign(span, [as_target(context, part) for part in parts[:-1]], parts[-1])


@builds("augmented")
def _augmented(context: Context, span: Span, parts: list[Any]) -> tree.Augmented:
    target = as_target(context, parts[0])
    if isinstance(target, (tree.TupleDisplay, tree.ListDisplay)):
        raise fault(context, target.span, f"{parts[1]} changes one thing, and here are several", "write a line for each")
    return tree.Augmented(span, parts[1], target, parts[2])


@builds("del")
def _delete(context: Context, span: Span, parts: list[Any]) -> tree.Delete:
    targets = [as_target(context, part, "deleted") for part in parts if not isinstance(part, str)]
    return tree.Delete(span, targets)


@builds("targets")
def _targets(context: Context, span: Span, parts: list[Any]) -> tree.Expression:
    targets = [as_target(context, part) for part in parts if not isinstance(part, str)]
    return targets[0] if len(parts) == 1 else tree.TupleDisplay(span, targets)


def as_target(context: Context, expression: tree.Expression, verb: str = "assigned to") -> tree.Expression:
    """The expression as something that can be assigned to or deleted, without the parentheses around it."""
    while isinstance(expression, tree.Group):
        expression = expression.inner
    if isinstance(expression, (tree.Name, tree.Attribute, tree.Subscript)):
        return expression
    if isinstance(expression, (tree.TupleDisplay, tree.ListDisplay)):
        return tree.TupleDisplay(expression.span, [as_target(context, element, verb) for element in expression.elements])
    what = _DESCRIPTIONS.get(type(expression), "an expression")
    hint = "a name, an element `x[0]` or an attribute `x.grad` can stand here; to compare, write =="
    if verb == "assigned to" and isinstance(expression, tree.Call) and isinstance(expression.function, tree.Name):
        hint = (
            f"a function is defined with def, as in `def {expression.function.identifier}(x): return ...`; to compare, write =="
        )
    raise fault(context, expression.span, f"{what} cannot be {verb}", hint)


_DESCRIPTIONS: dict[type[tree.Node], str] = {
    tree.Call: "the result of a call",
    tree.Chain: "the result of an operation",
    tree.Comparison: "the result of a comparison",
    tree.Comprehension: "a comprehension",
    tree.Conditional: "a conditional expression",
    tree.EllipsisMark: "...",
    tree.Formatted: "a string",
    tree.Lambda: "a function",
    tree.Literal: "a value",
    tree.Power: "the result of an operation",
    tree.Starred: "a * in front of a name",
    tree.Unary: "the result of an operation",
}


@builds("from_import")
def _from_import(context: Context, span: Span, parts: list[Any]) -> tree.ImportFrom:
    start = context.source.text.index(parts[0].split(".")[0], span.start + len("from"))
    return tree.ImportFrom(span, parts[1:], tree.Alias(Span(start, start + len(parts[0])), None, parts[0]))


@builds("for")
def _for(context: Context, span: Span, parts: list[Any]) -> tree.For:
    target, iterable, body = parts
    return tree.For(span, body, iterable, target)


@builds("def")
def _define(context: Context, span: Span, parts: list[Any]) -> tree.Define:
    name: str = parts[0]
    return tree.Define(span, parts[-1], name, _name_span(context, span, name), parts[1] if len(parts) == 3 else [])


def _name_span(context: Context, span: Span, name: str) -> Span:
    """Where the name of a definition stands: after its first word."""
    text = context.source.text
    first = text.index(" ", span.start)
    start = text.index(name, first)
    return Span(start, start + len(name))


@builds("class")
def _class(context: Context, span: Span, parts: list[Any]) -> tree.DefineClass:
    name, *rest = parts
    base = rest.pop(0) if isinstance(rest[0], tree.Expression) else None
    return tree.DefineClass(span, base, rest, name, _name_span(context, span, name))


@builds("method")
def _method(context: Context, span: Span, parts: list[Any]) -> tree.Method:
    return tree.Method(span, parts[:-1], parts[-1])


@builds("parameters")
def _parameters(context: Context, span: Span, parts: list[Any]) -> list[tree.Parameter]:
    names: set[str] = set()
    before: tree.Parameter | None = None
    for parameter in parts:
        if parameter.name in names:
            raise fault(
                context,
                parameter.span,
                f"there are two parameters with the name {parameter.name}",
                "give one of them another name",
            )
        if before is not None and before.default is not None and parameter.default is None:
            hint = f"put it first, or give it a default: {parameter.name}=..."
            message = f"the parameter {parameter.name} has no default but follows one that has"
            raise fault(context, parameter.span, message, hint, before.span, "this one has a default")
        names.add(parameter.name)
        before = parameter
    return list(parts)


# ---- Expressions


@builds("conditional")
def _conditional(context: Context, span: Span, parts: list[Any]) -> tree.Conditional:
    value, condition, other = parts
    return tree.Conditional(span, condition, other, value)


@builds("lambda")
def _lambda(context: Context, span: Span, parts: list[Any]) -> tree.Lambda:
    return tree.Lambda(span, parts[-1], parts[0] if len(parts) == 2 else [])


@builds("comprehension_for")
def _comprehension_for(context: Context, span: Span, parts: list[Any]) -> tree.ComprehensionFor:
    target, iterable, *conditions = parts
    return tree.ComprehensionFor(span, conditions, iterable, target)


@builds("number")
def _number(context: Context, span: Span, parts: list[Any]) -> tree.Literal:
    text: str = parts[0]
    if len(text) > DIGIT_LIMIT:
        raise fault(context, span, f"a number may have at most {DIGIT_LIMIT} digits", "write it with an exponent: 1e300")
    is_integer = text[:2].lower() in ("0x", "0b", "0o") or not any(letter in text for letter in ".eE")
    try:
        return tree.Literal(span, int(text, 0) if is_integer else float(text))
    except ValueError:
        hint = "leave out the zeros in front" if text[0] == "0" and text.isdigit() else "an underscore stands between two digits"
        raise fault(context, span, f"{text} is not a number", hint) from None


@builds("string_piece")
def _string_piece(context: Context, span: Span, parts: list[Any]) -> tuple[str, int]:
    return parts[0], span.start


@builds("string")
def _string(context: Context, span: Span, parts: list[Any]) -> tree.Expression:
    pieces: list[str | tree.Field] = []
    for token, start in parts:
        content = strings.content(token, start)
        if content.is_formatted:
            pieces += _format_parts(
                context, strings.pieces(context.source, content.start, content.end, content.is_raw), content.is_raw
            )
        else:
            text = context.source.text[content.start : content.end]
            pieces.append(text if content.is_raw else strings.unescape(text, context.source, content.start))
    if all(isinstance(piece, str) for piece in pieces):
        return tree.Literal(span, "".join(map(str, pieces)))
    return tree.Formatted(span, pieces)


def _format_parts(context: Context, raw: list[str | strings.RawField], is_raw: bool) -> list[str | tree.Field]:
    """The parts of an f-string with their expressions parsed."""
    source = context.source
    parts: list[str | tree.Field] = []
    for piece in raw:
        if isinstance(piece, str):
            parts.append(piece)
            continue
        value = context.parse_field(source, piece.start, piece.end)
        conversion = piece.conversion
        if piece.shows_source:
            equals = source.text.index("=", piece.end) + 1
            while source.text[equals] == " ":
                equals += 1
            parts.append(source.text[piece.start : equals])
            conversion = conversion or ("r" if piece.format_start < 0 else "")
        format_parts: list[str | tree.Field] | None = None
        if piece.format_start >= 0:
            inner = strings.pieces(source, piece.format_start, piece.stop - 1, is_raw, inside_format=True)
            format_parts = _format_parts(context, inner, is_raw)
        parts.append(tree.Field(Span(piece.start - 1, piece.stop), conversion, format_parts, value))
    return parts


# ---- What follows an atom: each builder returns a function that puts it after a value


@builds("primary")
def _primary(context: Context, span: Span, parts: list[Any]) -> tree.Expression:
    value: tree.Expression = parts[0]
    if len(parts) > NESTING_LIMIT:
        raise fault(
            context,
            span,
            f"more than {NESTING_LIMIT} calls, indexes and attributes follow each other",
            "give a part a name of its own",
        )
    for trailer in parts[1:]:
        value = trailer(value)
    return value


@builds("attribute")
def _attribute(context: Context, span: Span, parts: list[Any]) -> Callable[[tree.Expression], tree.Attribute]:
    name: str = parts[0]
    name_span = Span(span.end - len(name), span.end)
    return lambda value: tree.Attribute(Span(value.span.start, span.end), name, name_span, value)


@builds("subscript")
def _subscript(context: Context, span: Span, parts: list[Any]) -> Callable[[tree.Expression], tree.Subscript]:
    index = parts[0] if len(parts) == 1 else tree.TupleDisplay(Span(parts[0].span.start, parts[-1].span.end), parts)
    return lambda value: tree.Subscript(Span(value.span.start, span.end), index, value)


@builds("subscript_tuple")
def _subscript_tuple(context: Context, span: Span, parts: list[Any]) -> Callable[[tree.Expression], tree.Subscript]:
    index = tree.TupleDisplay(Span(parts[0].span.start, parts[-1].span.end), parts)
    return lambda value: tree.Subscript(Span(value.span.start, span.end), index, value)


@builds("slice")
def _slice(context: Context, span: Span, parts: list[Any]) -> tree.Slice:
    bounds: list[tree.Expression | None] = [None]
    for part in parts:
        if isinstance(part, str):
            bounds.append(None)
        else:
            bounds[-1] = part
    start, stop, step = (*bounds, None)[:3]
    return tree.Slice(span, start, step, stop)


@builds("call")
def _call(context: Context, span: Span, parts: list[Any]) -> Callable[[tree.Expression], tree.Call]:
    arguments: list[tree.Expression] = []
    keywords: list[tree.Keyword] = []
    for part in parts:
        if isinstance(part, tree.Keyword):
            if any(keyword.name == part.name for keyword in keywords):
                raise fault(context, part.span, f"the argument {part.name} is given twice", "leave one of them out")
            keywords.append(part)
        elif isinstance(part, tree.Comprehension) and len(parts) > 1:
            raise fault(
                context, part.span, "a comprehension beside other arguments needs brackets of its own", "write [ ] around it"
            )
        elif keywords and not isinstance(part, tree.Starred):
            message = "an argument without a name follows one with a name"
            raise fault(context, part.span, message, "put it first", keywords[-1].span, "this one has a name")
        else:
            arguments.append(part)
    return lambda function: tree.Call(Span(function.span.start, span.end), arguments, function, keywords)
