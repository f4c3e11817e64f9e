"""The syntax tree: one class for each kind of node, every node with the span of text it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, dataclass_transform

from gradcli.errors import Source, Span


@dataclass_transform()
class _Declared:
    """For type checkers: the constructors of subclasses take what their annotations say."""

    __slots__ = ()


class Node(_Declared):
    """A piece of a program; subclasses list their parts, which are taken by position after the span."""

    __slots__ = ("span",)
    span: Span

    def __init__(self, span: Span, *parts: Any) -> None:
        self.span = span
        for name, part in zip(self.__slots__, parts, strict=True):
            setattr(self, name, part)

    def __repr__(self) -> str:
        parts = ", ".join(repr(getattr(self, name)) for name in self.__slots__)
        return f"{type(self).__name__}({parts})"


class Expression(Node):
    """Something that has a value."""

    __slots__ = ()


class Statement(Node):
    """Something that is done."""

    __slots__ = ()


class Program(Node):
    """A whole text."""

    __slots__ = ("body", "source")
    body: list[Statement]
    source: Source


# ---- Atoms


class Name(Expression):
    """x"""

    __slots__ = ("identifier",)
    identifier: str


class Literal(Expression):
    """1.5, "text", True, None, ..."""

    __slots__ = ("value",)
    value: int | float | str | bool | None


class Field(Node):
    """One pair of braces in an f-string; `format` is None or the parts of the text after the colon."""

    __slots__ = ("conversion", "format", "value")
    conversion: str
    format: list[str | Field] | None
    value: Expression


class Formatted(Expression):
    """f"loss {loss.item():.3f}": literal pieces and fields in turn."""

    __slots__ = ("parts",)
    parts: list[str | Field]


class EllipsisMark(Expression):
    """..."""

    __slots__ = ()


class Group(Expression):
    """An expression in parentheses; its span includes them."""

    __slots__ = ("inner",)
    inner: Expression


class TupleDisplay(Expression):
    """1, 2"""

    __slots__ = ("elements",)
    elements: list[Expression]


class ListDisplay(Expression):
    """[1, 2]"""

    __slots__ = ("elements",)
    elements: list[Expression]


class Starred(Expression):
    """*values, in a call or a display."""

    __slots__ = ("value",)
    value: Expression


class ComprehensionFor(Node):
    """for x in values if x > 0"""

    __slots__ = ("conditions", "iterable", "target")
    conditions: list[Expression]
    iterable: Expression
    target: Expression


class Comprehension(Expression):
    """[x * 2 for x in values]"""

    __slots__ = ("element", "loops")
    element: Expression
    loops: list[ComprehensionFor]


# ---- Operators


class Chain(Expression):
    """Operators of one rank, grouped to the left: a + b - c is operands a, b, c and operators +, -."""

    __slots__ = ("operands", "operators")
    operands: list[Expression]
    operators: list[str]


class Power(Expression):
    """base ** exponent"""

    __slots__ = ("base", "exponent")
    base: Expression
    exponent: Expression


class Unary(Expression):
    """-x, +x, ~x"""

    __slots__ = ("operand", "operator")
    operand: Expression
    operator: str


class Comparison(Expression):
    """0 < x <= 1"""

    __slots__ = ("operands", "operators")
    operands: list[Expression]
    operators: list[str]


class Not(Expression):
    """not x"""

    __slots__ = ("operand",)
    operand: Expression


class And(Expression):
    """a and b and c"""

    __slots__ = ("operands",)
    operands: list[Expression]


class Or(Expression):
    """a or b or c"""

    __slots__ = ("operands",)
    operands: list[Expression]


class Conditional(Expression):
    """value if condition else other"""

    __slots__ = ("condition", "other", "value")
    condition: Expression
    other: Expression
    value: Expression


class Attribute(Expression):
    """value.name; `name_span` is the name's own."""

    __slots__ = ("name", "name_span", "value")
    name: str
    name_span: Span
    value: Expression


class Keyword(Node):
    """name=value, in a call."""

    __slots__ = ("name", "value")
    name: str
    value: Expression


class Call(Expression):
    """function(arguments, keyword=value)"""

    __slots__ = ("arguments", "function", "keywords")
    arguments: list[Expression]
    function: Expression
    keywords: list[Keyword]


class Slice(Expression):
    """start:stop:step"""

    __slots__ = ("start", "step", "stop")
    start: Expression | None
    step: Expression | None
    stop: Expression | None


class Subscript(Expression):
    """value[index]"""

    __slots__ = ("index", "value")
    index: Expression
    value: Expression


class Parameter(Node):
    """name=default, in a definition."""

    __slots__ = ("default", "name")
    default: Expression | None
    name: str


class Lambda(Expression):
    """lambda x: x * 2"""

    __slots__ = ("body", "parameters")
    body: Expression
    parameters: list[Parameter]


# ---- Statements


class ExpressionStatement(Statement):
    """An expression on a line of its own; silent when a `;` follows it."""

    __slots__ = ("silent", "value")
    silent: bool
    value: Expression


class Assign(Statement):
    """targets = ... = value"""

    __slots__ = ("targets", "value")
    targets: list[Expression]
    value: Expression


class Augmented(Statement):
    """target += value"""

    __slots__ = ("operator", "target", "value")
    operator: str
    target: Expression
    value: Expression


class Pass(Statement):
    """pass"""

    __slots__ = ()


class Break(Statement):
    """break"""

    __slots__ = ()


class Continue(Statement):
    """continue"""

    __slots__ = ()


class Return(Statement):
    """return value"""

    __slots__ = ("value",)
    value: Expression | None


class Assert(Statement):
    """assert condition, message"""

    __slots__ = ("condition", "message")
    condition: Expression
    message: Expression | None


class Delete(Statement):
    """del targets"""

    __slots__ = ("targets",)
    targets: list[Expression]


class Alias(Node):
    """name as alias, in an import."""

    __slots__ = ("alias", "name")
    alias: str | None
    name: str


class Import(Statement):
    """import torch.nn.functional as F"""

    __slots__ = ("modules",)
    modules: list[Alias]


class ImportFrom(Statement):
    """from torch.nn import functional as F"""

    __slots__ = ("members", "module")
    members: list[Alias]
    module: Alias


class Branch(Node):
    """One condition of an `if` and what is done when it holds; the condition of an `else` is None."""

    __slots__ = ("body", "condition")
    body: list[Statement]
    condition: Expression | None


class If(Statement):
    """if / elif / else"""

    __slots__ = ("branches",)
    branches: list[Branch]


class While(Statement):
    """while condition: body"""

    __slots__ = ("body", "condition")
    body: list[Statement]
    condition: Expression


class For(Statement):
    """for target in iterable: body"""

    __slots__ = ("body", "iterable", "target")
    body: list[Statement]
    iterable: Expression
    target: Expression


class Define(Statement):
    """def name(parameters): body"""

    __slots__ = ("body", "name", "name_span", "parameters")
    body: list[Statement]
    name: str
    name_span: Span
    parameters: list[Parameter]


class Method(Statement):
    """@decorators, then a def: in a class"""

    __slots__ = ("decorators", "function")
    decorators: list[Expression]
    function: Define


class DefineClass(Statement):
    """class name(base): body"""

    __slots__ = ("base", "body", "name", "name_span")
    base: Expression | None
    body: list[Statement]
    name: str
    name_span: Span


class With(Statement):
    """with contexts: body"""

    __slots__ = ("body", "contexts")
    body: list[Statement]
    contexts: list[Expression]


def walk(node: Node) -> Iterator[Node]:
    """A node and all that are within it, in no particular order."""
    pending: list[Any] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, Node):
            yield part
            pending += [getattr(part, name) for name in part.__slots__]
        elif isinstance(part, (list, tuple)):
            pending += part
