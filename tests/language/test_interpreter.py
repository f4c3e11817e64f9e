"""Running programs: values, names, functions, tensors, modes, limits, and the place of every error."""

from __future__ import annotations

import math
import sys
import threading
from typing import Any

import pytest

from gradcli.autograd import Tensor, state
from gradcli.errors import GradcliError, ImportRefused, LimitExceeded, UnknownAttribute, UnknownName
from gradcli.language import Interpreter, mathematics, parse
from tests.language.helpers import CollectingHost, failure, plain, run, value_of


@pytest.mark.parametrize(
    "text",
    [
        "1 + 2 * 3 - 4 / 8",
        "7 // 2 + 7 % 4 - -7 // 2",
        "2 ** 3 ** 2",
        "-2 ** 2",
        "2 ** -1",
        "~5 & 12 | 3 ^ 1",
        "1 < 2 < 3 > 2 != 5",
        "1 < 3 < 2",
        "not 1 or 0 and 2",
        "0 or [] or 'x'",
        "1 and 2",
        "3 if 0 else 4",
        "'ab' + 'c' * 2",
        "[1] + [2] * 2",
        "(1, 2) + (3,)",
        "[1, 2, 3][-1]",
        "[1, 2, 3, 4][1:3]",
        "'hello'[::-1]",
        "2 in [1, 2]",
        "'b' not in 'abc'",
        "[1, 2] == [1, 2]",
        "(1, 2) < (1, 3)",
        "None is None",
        "'a' < 'b'",
        "[i * j for i in range(4) if i % 2 for j in range(i) if j]",
        "[x for x, y in zip([1, 2], 'ab')]",
        "list(enumerate('ab', 1))",
        "len([1, 2, 3])",
        "sum([1, 2, 3])",
        "sum([[1], [2]], [])",
        "max(3, 1, 2)",
        "min([3, 1, 2])",
        "abs(-3)",
        "round(2.675, 2)",
        "round(2.5)",
        "int('12') + int(3.9)",
        "int('ff', 16)",
        "float('1e3')",
        "bool([]) or bool('x')",
        "str(12) + str(True)",
        "tuple([1, 2])",
        "list(range(3, 0, -1))",
        "f'{3.14159:.2f}|{42:>6}|{7:03d}|{True}'",
        "f'{1 + 1}{\"x\" * 2!r}{[1, 2]}'",
        "f'{1e10:.3e} {0.5:%} {255:x}'",
        "f'{2:{5}}'",
        "'a,b'.split(',')",
        "'-'.join(['a', 'b'])",
        "' x '.strip().upper()",
        "(lambda x, y=2: x * y)(3)",
        "(lambda: 5)()",
        "[f(2) for f in [lambda x: x + 1, lambda x: x * 5]]",
        "1_000 + 0xff + 1e2",
        "True + True",
        "1 if [] else 2",
        "[*[1, 2], 3]",
        "max(*[1, 5], 3)",
        "len('héllo')",
        "(1, 2).index(2)",
        "[3, 1].count(3)",
        "0 == False",
        "not not 3",
        "5 // 2.0",
        "-7 % 3",
    ],
)
def test_plain_values_are_pythons(text: str) -> None:
    assert value_of(text) == eval(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2] * tensor([3, 4])", [3, 8]),
        ("[1., 2.] - 1", [0.0, 1.0]),
        ("-[1., 2.]", [-1.0, -2.0]),
        ("2 ** [1., 2.]", [2.0, 4.0]),
        ("tensor([1., 2.]) + np.array([1., 2.])", [2.0, 4.0]),
        ("np.array([[1, 2], [3, 4]]).dot(np.array([1, 1])).tolist()", [3, 7]),
        ("sum(tensor([1., 2.]))", 3.0),
        ("max(tensor([1., 5.]))", 5.0),
        ("max(tensor([[1., 5.], [7., 2.]]), dim=1).indices", [1, 0]),
        ("abs(tensor([-1.]))", [1.0]),
        ("sum([tensor(1.), tensor(2.)])", 3.0),
        ("[float(row.sum()) for row in ones(2, 3)]", [3.0, 3.0]),
        ("int(tensor(3)) + len(ones(4, 2))", 7),
        ("list(range(tensor(3)))", [0, 1, 2]),
        ("[1, 2, 3][tensor(1)]", 2),
        ("torch.nn.functional.relu(tensor(-1.)) + F.relu(tensor(2.)) + relu(tensor(3.))", 5.0),
        ("x = ones(2, 2); x[0, 1] = 5; x[1] += 1; x", [[1.0, 5.0], [2.0, 2.0]]),
        ("x = zeros(3); y = x; x += 1; y", [1.0, 1.0, 1.0]),
        ("x = [1]; y = x; x += [2]; y", [1, 2]),
        ("tensor(1.) < 2", True),
        ("tensor([1., 3.]) == [1., 2.]", [True, False]),
        ("tensor([1.]) is None", False),
        ("ones(2, 3).shape[1] * 2", 6),
        ("ones(2, 3).T.shape == (3, 2)", True),
        ("f'{tensor(2.5)} {tensor(2.5):.2f}'", "2.5 2.50"),
        ("torch.float32 == ones(2).dtype", True),
        ("1 if tensor(0.) else 2", 2),
    ],
)
def test_tensors_arrays_and_plain_values_go_together(text: str, value: Any) -> None:
    assert plain(text) == value


def test_the_example_has_its_gradient() -> None:
    host = run("x = ones(2, 2, requires_grad=True)\nz = mean((x+2)*(x+2)*3)\nz.backward()\nx.grad")
    assert host.shown[0].tolist() == [[4.5, 4.5], [4.5, 4.5]]


def test_nodes_know_their_piece_of_source() -> None:
    text = "x = ones(2, 2, requires_grad=True)\nz = mean((x+2)*(x+2)*3)"
    scope: dict[str, Any] = {}
    program = parse(text)
    Interpreter(CollectingHost(), scope).run(program)
    pieces = []
    node = scope["z"].grad_fn
    while node is not None and node.name != "AccumulateGrad":
        assert node.source is program.source
        pieces.append(program.source.piece(node.span))
        node = node.next_functions[0][0]
    assert pieces == ["mean((x+2)*(x+2)*3)", "(x+2)*(x+2)*3", "(x+2)*(x+2)", "x+2"]


def test_a_function_of_another_program_keeps_its_source() -> None:
    scope: dict[str, Any] = {}
    interpreter = Interpreter(CollectingHost(), scope)
    first, second = parse("def double(x): return x * 2"), parse("x = ones(2, requires_grad=True)\ny = double(x) + 1")
    interpreter.run(first)
    interpreter.run(second)
    outer = scope["y"].grad_fn
    inner = outer.next_functions[0][0]
    assert (outer.source, inner.source) == (second.source, first.source)
    assert second.source.piece(outer.span) == "double(x) + 1"
    assert first.source.piece(inner.span) == "x * 2"


def test_a_call_that_changes_a_tensor_in_place_displays_nothing() -> None:
    host = CollectingHost()
    Interpreter(host, {}).run(parse("x = ones(2)\nx.add_(1)\nx"))
    assert len(host.shown) == 1


def test_a_tensor_is_called_by_its_first_name() -> None:
    scope: dict[str, Any] = {}
    Interpreter(CollectingHost(), scope).run(parse("x = ones(2, requires_grad=True); w = x; y = x * 2; z = ones(2)"))
    assert (scope["w"].name, scope["y"].name, scope["z"].name) == ("x", "y", "z")


def test_expression_statements_display_unless_silenced_none_or_inside_a_function() -> None:
    host = run("1\n2;\nNone\nif 1:\n    3\ndef f():\n    4\n    return 5\nx = f()\nf();\nx")
    assert host.shown == [1, 3, 5]


def test_print_joins_with_sep_and_closes_with_end() -> None:
    assert run("print(1, 'a', [2.5, 'b'])\nprint('x', 'y', sep='-', end='!')\nprint()").printed == "1 a [2.5, 'b']\nx-y!\n"


def test_loops_break_and_continue() -> None:
    text = (
        "total = 0\n"
        "for i in range(10):\n"
        "    if i == 5: break\n"
        "    if i % 2: continue\n"
        "    total += i\n"
        "while True:\n"
        "    total += 100\n"
        "    break\n"
        "total"
    )
    assert value_of(text) == 106


def test_the_norm_loop_ends() -> None:
    assert (
        value_of(
            "x = tensor([0.5, 0.5, 0.5], requires_grad=True)\ny = x * 2\nwhile y.data.norm() < 1000: y = y * 2\ny.norm().item()"
        )
        > 1000
    )


def test_functions_have_local_names_defaults_keywords_and_closures() -> None:
    text = (
        "k = 10\n"
        "def make(a, b=2):\n"
        "    def inner(c):\n"
        "        return a * 100 + b * k + c\n"
        "    k = 1\n"
        "    return inner\n"
        "make(3)(4), make(b=5, a=1)(0), k"
    )
    assert value_of(text) == (306, 105, 10)


def test_a_function_without_return_gives_none() -> None:
    assert value_of("def f(x):\n    if x: return\n    y = 1\nf(0) is None and f(1) is None") is True


def test_a_comprehension_keeps_its_names_to_itself() -> None:
    assert value_of("i = 5\nx = [i for i in range(3)]\ni") == 5


def test_a_lambda_in_a_loop_sees_the_last_value_as_in_python() -> None:
    assert value_of("def f():\n    return [lambda: i for i in range(3)]\n[g() for g in f()]") == [2, 2, 2]


def test_no_grad_is_restored_after_an_error() -> None:
    assert failure("with torch.no_grad():\n    1 / 0").code == "value"
    assert state.grad_enabled


def test_grad_modes_nest() -> None:
    text = (
        "with torch.no_grad():\n"
        "    a = torch.is_grad_enabled()\n"
        "    with torch.enable_grad():\n"
        "        b = torch.is_grad_enabled()\n"
        "    with torch.set_grad_enabled(False): c = torch.is_grad_enabled()\n"
        "(a, b, c, torch.is_grad_enabled())"
    )
    assert value_of(text) == (False, True, False, True)


def test_gradients_can_be_set_cleared_and_updated() -> None:
    text = (
        "w = ones(2, requires_grad=True)\n"
        "(w * 3).sum().backward()\n"
        "w.grad += 1\n"
        "with torch.no_grad():\n"
        "    w -= 0.5 * w.grad\n"
        "a = w.tolist()\n"
        "w.grad = None\n"
        "(a, w.grad is None)"
    )
    assert value_of(text) == ([-1.0, -1.0], True)


_OF_TWO_NUMBERS = ("atan2", "copysign", "fmod", "hypot", "isclose", "pow", "remainder")
_WHERE_DEFINED = {"acosh": "1.5", "factorial": "5", **dict.fromkeys(_OF_TWO_NUMBERS, "2.5, 2.0")}


@pytest.mark.parametrize("name", mathematics.members())
def test_math_is_pythons(name: str) -> None:
    text = f"math.{name}({_WHERE_DEFINED.get(name, '0.5')})" if callable(getattr(math, name)) else f"math.{name}"
    expected = eval(text, {"math": math})
    assert plain(f"import math\n{text}") == expected or math.isnan(expected)


def test_factorials_are_limited() -> None:
    assert plain("math.factorial(500)") == math.factorial(500)
    with pytest.raises(LimitExceeded, match="at most 500"):
        plain("math.factorial(501)")


def test_math_takes_a_tensor_of_one_element_as_its_number() -> None:
    assert plain("math.sqrt(tensor([4.], requires_grad=True)) + math.floor(np.array([2.5]))") == 4.0


def test_imports_bind_their_aliases() -> None:
    text = (
        "import torch as t, numpy as numeric\n"
        "import torch.nn.functional as fun\n"
        "from torch import nn, no_grad as quiet\n"
        "from torch.linalg import norm as length\n"
    )
    assert plain(text + "(t.ones(1) + fun.relu(t.ones(1)) + nn.functional.relu(t.ones(1)) + length(t.ones(1))).item()") == 4.0


@pytest.mark.parametrize("module", ["os", "sys", "torch.nn.modules", "builtins", "numpy.linalg"])
def test_other_imports_are_refused(module: str) -> None:
    assert isinstance(failure(f"import {module}"), ImportRefused)
    assert isinstance(failure(f"from {module} import x"), (ImportRefused, UnknownAttribute))


@pytest.mark.parametrize(
    "text",
    [
        "ones(2).__class__",
        "(1).__class__",
        "''.__class__.__mro__",
        "[].__init__",
        "(lambda: 1).__globals__",
        "torch.__dict__",
        "torch.os",
        "print.__self__",
        "ones(2).array",
        "ones(2).grad_fn.__class__",
        "'{0.__class__}'.format(1)",
        "x = ones(2); x.sum.function",
        "np.array([1]).array",
        "(lambda: 1).code",
        "torch.NAMESPACES",
        "f'{ones(2).__class__}'",
        "ones(2).numpy.__func__",
        "ones(2, requires_grad=True).sum().grad_fn.source",
        "torch.float32.kind",
    ],
)
def test_the_language_cannot_reach_python(text: str) -> None:
    assert isinstance(failure(text), (UnknownAttribute, UnknownName))


@pytest.mark.parametrize(
    "name", ["eval", "exec", "open", "__import__", "getattr", "globals", "type", "vars", "input", "compile", "object"]
)
def test_pythons_other_builtins_are_not_there(name: str) -> None:
    assert isinstance(failure(f"{name}('1')"), UnknownName)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "x = 9\nfor i in range(100): x = x * x",
        "'a' * 10**9",
        "[0] * 10**9",
        "list(range(10**15))",
        "x = 'a'\nwhile True: x = x + x",
        "x = [1]\nwhile True: x.extend(x)",
        "x = [1]\nwhile True: x += x",
        "f'{1:99999999}'",
        "'a'.ljust(10**10)",
        "('a' * 10**6).replace('a', 'b' * 10**6)",
        "def f(x): return f(x)\nf(1)",
        "def f(): return g()\ndef g(): return f()\nf()",
        "f = lambda x: f(x)\nf(1)",
        "def f(x):\n    return [f(y) for y in [x]]\nf(1)",
        "','.join(['a' * 10**6] * 10**6)",
        "2 ** 4096",
        "1 << 3 if 0 else 10 ** 10 ** 10",
    ],
)
def test_what_would_not_end_or_fit_is_an_error_at_once(text: str) -> None:
    error = failure(text)
    assert isinstance(error, LimitExceeded) or error.code == "syntax"


def test_recursion_up_to_the_limit_works_also_in_a_thread() -> None:
    text = "def f(n):\n    if n > 0:\n        return [1 + (f(n - 1)) for i in [0]][0]\n    return 0\nf(990)"
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(value_of(text)))
    thread.start()
    thread.join()
    assert found == [990]


def test_deep_expressions_in_deep_calls_end_in_an_error_of_our_own() -> None:
    deep = "(1 + " * 190 + "f(n + 1)" + ")" * 190
    assert isinstance(failure(f"def f(n):\n    return {deep}\nf(0)"), LimitExceeded)


def test_the_recursion_limit_of_python_is_left_as_it_was() -> None:
    before = sys.getrecursionlimit()
    run("x = 1")
    assert sys.getrecursionlimit() == before


def test_a_sum_of_100_000_terms_runs() -> None:
    assert value_of("x = 1\n" + "+".join(["x"] * 100_000)) == 100_000


def test_errors_go_on_when_asked_to() -> None:
    host = CollectingHost()
    errors: list[tuple[GradcliError, Any]] = []
    program = parse("1\nx\n2\n1/0\n3")
    Interpreter(host).run(program, on_error=lambda error, statement: errors.append((error, statement)))
    assert host.shown == [1, 2, 3]
    assert [(error.code, program.source.position(statement.span.start).line) for error, statement in errors] == [
        ("unknown-name", 2),
        ("value", 4),
    ]


def test_misplaced_statements_are_found_before_anything_runs() -> None:
    host = CollectingHost()
    with pytest.raises(GradcliError, match="outside of a loop"):
        Interpreter(host).run(parse("print(1)\nbreak"))
    assert host.printed == ""


def test_the_last_expression_is_the_result_though_statements_follow() -> None:
    assert value_of("x = 1; x + 1; y = 3") == 2
    with pytest.raises(GradcliError, match="no expression"):
        value_of("x = 1")


def test_callable_values_are_written_as_python_writes_them() -> None:
    texts = [repr(value_of(text)) for text in ("ones(2).requires_grad_", "def f(): pass\nf", "len", "torch")]
    assert texts[0].startswith("<built-in method requires_grad_ of Tensor object at 0x")
    assert texts[1].startswith("<function f at 0x")
    assert texts[2:] == ["<built-in function len>", "<module 'torch'>"]


def test_a_user_function_can_be_a_hook() -> None:
    text = "x = ones(2, requires_grad=True)\nx.register_hook(lambda g: g * 10)\nx.sum().backward()\nx.grad"
    assert plain(text) == [10.0, 10.0]


def test_an_error_inside_a_hook_has_its_place() -> None:
    error = failure("x = ones(2, requires_grad=True)\nx.register_hook(lambda g: g + missing)\nx.sum().backward()")
    assert isinstance(error, UnknownName)
    assert error.source is not None and error.span is not None and error.source.piece(error.span) == "missing"


def test_the_state_is_clean_after_a_run() -> None:
    run("x = ones(2, requires_grad=True) * 2")
    assert state.place is None


def test_tensors_of_the_scope_are_seen() -> None:
    tensor = value_of("ones(2)")
    assert isinstance(tensor, Tensor)
    assert plain("x * 2", x=tensor) == [2.0, 2.0]
