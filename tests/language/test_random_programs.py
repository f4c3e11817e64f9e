"""Whatever the text, it runs or ends with an error of our own that has a place: no other exception ever leaves."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcli.errors import GradcliError
from gradcli.language import Interpreter, parse
from tests.language.helpers import CollectingHost, run

PIECES = [
    *(
        "x",
        "y",
        "f",
        "ones(2)",
        "tensor(1.)",
        "[1., 2.]",
        "torch",
        "F",
        "np",
        "1",
        "0",
        "2.5",
        "-1",
        "'a'",
        "True",
        "None",
        "...",
        "inf",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        ";",
        ".",
        "=",
        "+=",
        "*=",
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "**",
        "@",
        "&",
        "|",
        "^",
        "~",
        "<",
        ">=",
        "==",
    ),
    *(
        "!=",
        "is",
        "in",
        "not",
        "and",
        "or",
        "if",
        "else",
        "elif",
        "for",
        "lambda",
        "def",
        "return",
        "with",
        "assert",
        "del",
        "import",
        "from",
    ),
    *(
        "as",
        "pass",
        "break",
        "continue",
        "\n",
        "\n  ",
        "\n    ",
        "# note\n",
        "f'{x}'",
        "f'{x:.2f}'",
        "f'{",
        "}'",
        "'",
        '"""',
        "\\\n",
        "{",
        "}",
    ),
    *(
        ".sum()",
        ".shape",
        ".grad",
        ".T",
        ".append",
        ".backward()",
        "print",
        "len",
        "range(3)",
        "zip",
        "sum",
        "max",
        "int",
        "str",
        "float",
    ),
    *(
        "torch.no_grad()",
        "np.array([1])",
        "x = 1\n",
        "y = ones(2, requires_grad=True)\n",
        "def f(x): return x\n",
        "for x in range(2):\n  ",
    ),
]

LINES = [
    "x = 1",
    "x = ones(2, 3)",
    "x += 1",
    "x[0] = 2",
    "x = [1, 2, 3]",
    "y = x",
    "x, y = y, x",
    "z = (x, y)",
    "x",
    "x + y",
    "x * 2 - y / 3",
    "x @ y",
    "x ** y",
    "x[y]",
    "x[0]",
    "x[:, None]",
    "x < y",
    "x == y",
    "x in z",
    "not x",
    "-x",
    "~x",
    "x.sum()",
    "x.sum",
    "x.shape",
    "x.T",
    "x.grad",
    "x.backward()",
    "del x",
    "y = tensor([1., 2.], requires_grad=True)",
    "x = y * 2",
    "x = x.sum()",
    "y.grad = None",
    "print(x, y)",
    "f'{x} {y!r}'",
    "f'{x:.3f}'",
    "sum(x)",
    "max(x)",
    "len(x)",
    "int(x)",
    "str(x)",
    "list(x)",
    "abs(x)",
    "round(x)",
    "min(x, y)",
    "zip(x, y)",
    "enumerate(x)",
    "range(x)",
    "[i for i in x]",
    "x if y else z",
    "z = lambda a: a + x",
    "z(y)",
    "z(*x)",
    "z(a=x)",
    "x = np.array([[1, 2], [3, 4]])",
    "x.dot(y)",
    "mean(x, dim=0)",
    "torch.cat([x, y])",
    "F.relu(x)",
    "x.append(y)",
    "assert x",
    "import torch",
    "x.requires_grad = True",
    "x.y",
    "x += y",
    "x[0] += y",
    "x *= [1, 2]",
    "y.grad += 1",
    "x()",
    "x = 'text'",
    "x = None",
    "x.register_hook(z)",
    "x.join(y)",
    "x.detach().item()",
    "z = torch.no_grad()",
    "x is None",
    "x = x, x",
    "x = [x, x]",
    "x.extend(x)",
]

HEADS = [
    "if x:",
    "for i in x:",
    "for x in range(3):",
    "while x < 3:",
    "def z(a, b=x):",
    "with torch.no_grad():",
    "with x:",
    "elif y:",
    "else:",
]


def survives(text: str) -> None:
    """Run a text; what goes wrong must be ours, and have a place."""
    try:
        program = parse(text)
    except GradcliError as error:
        assert error.source is not None and error.span is not None
        assert 0 <= error.span.start <= error.span.end <= len(error.source.text)
        return
    if "while" in text:
        return  # it may go on for ever
    try:
        Interpreter(CollectingHost()).run(program)
    except GradcliError as error:
        assert error.source is not None and error.span is not None


def setup_module() -> None:
    """Hand down the evaluator."""
    run("x = 1")


relaxed = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(st.text(max_size=60))
def test_random_characters_end_well(text: str) -> None:
    survives(text)


@relaxed
@given(st.lists(st.sampled_from(PIECES), max_size=15), st.sampled_from(["", " "]))
def test_random_pieces_end_well(pieces: list[str], joint: str) -> None:
    survives(joint.join(pieces))


@relaxed
@given(st.lists(st.tuples(st.sampled_from(HEADS + [""] * 20), st.sampled_from(LINES)), max_size=12))
def test_random_lines_end_well(lines: list[tuple[str, str]]) -> None:
    survives("\n".join(f"{head} {line}" if head else line for head, line in lines))


@relaxed
@given(st.lists(st.sampled_from(LINES + HEADS), min_size=1, max_size=6), st.data())
def test_a_program_with_a_character_changed_ends_well(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join(lines)
    at = data.draw(st.integers(0, len(text) - 1))
    survives(text[:at] + data.draw(st.one_of(st.characters(), st.sampled_from("()[]{}'\"\\\n\t:=.#"))) + text[at + 1 :])
