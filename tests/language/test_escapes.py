"""The language leads nowhere: not to Python, files or processes; and no expression takes all memory, or can't be stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradcli import functions
from gradcli.autograd import Tensor
from gradcli.autograd.own import OwnNode
from gradcli.errors import GradcliError, LimitExceeded
from gradcli.language import attributes, prelude
from gradcli.language.values import Namespace
from gradcli.session import Session
from tests.language.helpers import failure, plain

SETUP = """
import torch
import numpy as np
x = ones(2, requires_grad=True)
y = (x * 2).sum()
a = np.array([1, 2])
f = lambda z: z
def g(z=x): return z
class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.kept = 1
        return z * 1
    @staticmethod
    def backward(ctx, g): return g
own = Own.apply(x)
"""
VALUES = """\
x
y
a
f
g
Own
own
1
1.5
True
None
'text'
[1]
(1,)
x.shape
x.dtype
x.device
torch
torch.nn.functional
np
print
sin
len
range(3)
y.grad_fn
own.grad_fn
x.sum
[].append
torch.no_grad()
zip([1])
enumerate([1])
x.max(dim=0)
x.register_hook(f)
ones
""".splitlines()
PYTHON = (0, "", [], (), len, type, object, Tensor, sys, lambda: 0)
DUNDERS = sorted({name for value in PYTHON for name in dir(value) if name.startswith("__")} | {"__subclasses__", "__mro__"})
ESCAPES = """\
__import__('os').system('touch gotcha')
eval('1')
exec('x = 1')
compile('1', '', 'eval')
open('gotcha', 'w')
input()
breakpoint()
help()
exit()
globals()
locals()
vars(x)
dir(x)
id(x)
getattr(x, '__class__')
setattr(x, 'a', 1)
type(x)
type('X', (), {})
object()
super()
memoryview(x)
().__class__.__bases__[0].__subclasses__()
''.__class__.__mro__
print.__self__
f.__globals__
g.__code__
g.__defaults__
Own.__init__
Own.forward.__globals__
(lambda: 0).__code__
x.sum.__func__
[].append.__self__
torch.__dict__
torch.__builtins__
torch.nn.functional.__spec__
np.__loader__
torch.os
torch.sys
torch.utils
torch.hub.load('a', 'b')
torch.load('/etc/passwd')
torch.save(x, 'gotcha')
torch.from_file('/etc/passwd')
torch.ops
torch._C
torch.jit
torch.classes
torch.serialization
torch.autograd.os
torch.autograd.Function.__subclasses__()
np.load('/etc/passwd')
np.save('gotcha', a)
np.fromfile('/etc/passwd')
np.loadtxt('/etc/passwd')
np.memmap('/etc/passwd')
np.os
np.ctypeslib
a.tofile('gotcha')
a.dump('gotcha')
a.ctypes
a.data
a.base
a.__array_interface__
x.numpy().tofile('gotcha')
x.storage()
x.data_ptr()
x.__array__()
x.__reduce__()
x.grad_fn.__class__
y.grad_fn.backward
y.grad_fn.inputs
own.grad_fn.attributes
own.grad_fn.__dict__
x.array
x.dtype.cpp_name
x.device.__module__
x.register_hook(f).hooks
'{0.__class__}'.format(x)
'{x}'.format_map({'x': 1})
'%s' % x
f'{x.__class__}'
f"{x!r:{x.__class__}}"
f"{'a'.__class__.__mro__}"
'a'.encode()
'a'.translate({})
'a'.maketrans('a', 'b')
print(1, file='gotcha')
print(1, file=print)
import os
import sys
import builtins
import torch.os
import numpy.os
import torch.utils.cpp_extension
from os import system
from torch import os
from torch import load
from numpy import load
from torch.autograd import os
from torch import *
from __main__ import x
import __main__
from . import x
with open('gotcha') as z: pass
@print
class H: pass
class H(object): pass
class H(Own): pass
class H(torch.Tensor): pass
del __builtins__
__builtins__
__file__
__name__
__loader__
global x
nonlocal x
yield 1
await x
async def h(): pass
match x: pass
raise x
try: pass
lambda: (yield)
x.__class__ = 1
x.data.__class__
x.sum = 1
torch.sin = f
np.array = f
Own.forward = f
print.name = 1
x.__setattr__('a', 1)
own.grad_fn.name = f
range(3).__reduce__()
[1].__class__
(1).__class__
1 .__class__
1.5.__class__
True.__class__
None.__class__
""".splitlines()


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What reaches a file would leave it here."""
    monkeypatch.chdir(tmp_path)
    yield
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("program", ESCAPES)
def test_known_escapes_end_with_an_error_of_the_language(program: str) -> None:
    with pytest.raises(GradcliError) as caught:
        Session().run(SETUP + program + "\n")
    assert caught.value.source is not None and caught.value.span is not None
    assert "gradcli" not in caught.value.message and "object at 0x" not in caught.value.message


@pytest.mark.parametrize("value", VALUES)
def test_no_value_has_an_attribute_with_two_underscores(value: str) -> None:
    session = Session()
    session.run(SETUP)
    found = session.evaluate(value, no_grad=True).value
    for name in DUNDERS:
        with pytest.raises(GradcliError):
            attributes.get_attribute(found, name)
        if type(found) is not OwnNode:  # a ctx keeps what it is given in a table
            with pytest.raises(GradcliError):
                attributes.set_attribute(found, name, 1)


def names_in(namespace: Namespace, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """All that a namespace leads to."""
    seen.add(id(namespace))
    for name, value in namespace.members.items():
        yield name, value
        if isinstance(value, Namespace) and id(value) not in seen:
            yield from names_in(value, seen)


def test_no_name_leads_to_a_module_a_class_or_a_function_of_python() -> None:
    session = Session()
    roots = [session.evaluate(name, no_grad=True).value for name in ("torch", "np", "F")]
    seen: set[int] = set()
    reached = [pair for root in roots for pair in names_in(root, seen)]
    assert len(reached) > 500
    for name, value in reached:
        assert not name.startswith("_")
        assert type(value).__module__.startswith("gradcli.") or isinstance(value, (int, float, type(None))), (name, value)


def test_names_are_looked_up_in_tables_and_nowhere_else() -> None:
    names = {*prelude.__dict__, *functions.__dict__, *dir(__builtins__), "os", "sys", "subprocess", "gradcli"}
    for name in sorted(names):
        if name.startswith("_") or not name.isidentifier():
            assert failure(name).exit_code in (1, 3), name


@pytest.mark.parametrize("expression", ["a", "str(a)", "print(a)", "f'{a}'"])
def test_a_text_that_would_be_huge_is_refused(expression: str) -> None:
    program = "a = ['xxxxxxxxxx' * 100]\nfor i in range(60): a = [a, a]\n"
    with pytest.raises(LimitExceeded):
        if expression == "a":
            plain(program + "f'{a}'")
        Session(write=lambda text: None).run(program + expression)


@pytest.mark.parametrize("expression", ["tensor(a)", "np.array(a)", "a + 1", "-a", "ones(2)[a]", "np.array([1]) + a", "x == a"])
def test_lists_that_hold_each_other_many_times_make_no_array(expression: str) -> None:
    assert failure("x = ones(1)\na = [1]\nfor i in range(60): a = [a, a]\n" + expression).exit_code == 5


@pytest.mark.parametrize(
    "expression",
    [
        "a == b",
        "a != b",
        "a < b",
        "b in [a]",
        "[a].index(b)",
        "(a,).count(b)",
        "[a].remove(b)",
        "max([a, b])",
        "[1, a] >= [1, b]",
    ],
)
@pytest.mark.parametrize("lists", ["doubled", "long"])
def test_comparisons_that_take_for_ever_can_be_stopped(expression: str, lists: str) -> None:
    program = "a = [1]\nb = [1]\nfor i in range(60):\n    a = [a, a]\n    b = [b, b]\n"
    if lists == "long":
        program = "a = [[1]*10**6]*10**6\nb = [[1]*10**6]*10**6\n"
    done = subprocess.run(
        [sys.executable, "-m", "gradcli", "run", "-", "--timeout", "0.3"],
        input=(program + expression).encode(), capture_output=True, timeout=20, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 5 and b"the time limit is over" in done.stderr


@pytest.mark.parametrize("symbol", ["==", "!=", "<", "<=", ">", ">="])
def test_comparisons_of_nested_lists_are_those_of_python(symbol: str) -> None:
    values = [
        "[[1, 2], [3]]",
        "[[1, 2], [4]]",
        "[[1, 2]]",
        "[]",
        "[[[]]]",
        "[[], [[1]]]",
        "[1, [2]]",
        "[[1, 2], [3], [0]]",
        "([1],)",
    ]
    for left in values:
        for right in values:
            try:
                expected = eval(f"{left} {symbol} {right}")
            except TypeError:
                expected = None
            if expected is None:
                assert failure(f"{left} {symbol} {right}").code == "type-mismatch"
            else:
                assert plain(f"{left} {symbol} {right}") is expected, (left, right)


def test_lists_find_count_and_remove_as_in_python() -> None:
    assert plain("[[1], [2], [1]].index([1], 1)") == 2
    assert plain("[1, 2, 1].index(1)") == 0
    assert plain("(1, [2], 1).index(1, 1, 3)") == 2
    assert plain("[[1], [2], [1]].count([1])") == 2
    assert plain("x = [[1], [2]]; x.remove([2]); x") == [[1]]
    assert plain("x = ones(1); [x, x].index(x)") == 0
    assert failure("[1].index(2)").message == "index(): the value is not in the list"
    assert failure("[1].remove([2])").exit_code == 1


@pytest.mark.parametrize(
    "program",
    [
        "x = [1]*10**7; x.append(1)",
        "x = [1]*10**7; x.insert(0, 1)",
        "x = [1]*10**7; x[:0] = [1]",
        "x = [1]*10**7; x += [1]",
        "x = [1]*10**7; x.extend([1])",
        "'a'*(10**7 + 1)",
        "','.join(['a'*10**6]*11)",
        "'a'.ljust(10**7 + 1)",
        "('a'*10**6).replace('a', 'a'*11)",
        "9**9**9",
        "2**10**9",
        "ones(10**6, 10**6).tolist()",
        "zeros(2**39, 2**39)",
        "f'{1:{10**9}}'",
    ],
)
def test_what_would_take_all_memory_is_refused_at_once(program: str) -> None:
    assert failure(program).exit_code == 5
