"""Every executor gives the value and the gradients of the whole-array evaluator, for any expression over the functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, partial
from importlib.util import find_spec
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import gradcli
from gradcli.engine import blocks, prepared, whole
from gradcli.engine.devices import library_of
from gradcli.engine.devices.evaluator import DeviceEvaluator
from gradcli.engine.order import reachable, share
from gradcli.errors import DeviceUnavailable, GradcliError, NotSupported
from gradcli.functions import declared
from gradcli.lazy import LazyArray
from gradcli.session import Session

from .expressions import Expression, operands

Evaluator = Callable[[Sequence[LazyArray]], list[np.ndarray]]
Arrays = dict[str, np.ndarray]

ANY_HEALTH = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

#: How far results may be apart by the narrowest dtype of a program: relative to the largest of them, and at least.
TOLERANCES = {"float64": (1e-10, 1e-13), "float32": (2e-5, 1e-6), "float16": (2e-2, 1e-3)}


class Program(NamedTuple):
    """Statements, and the arrays that they name."""

    text: str
    arrays: Arrays


# ── programs ──

#: Shapes of leaves by name, in rows (n), columns (m) and plain numbers; those of other dtypes than float64 have it after a colon.
SHAPES = {
    "x": "n m",
    "y": "n m",
    "p": "n m",
    "t": "m n",
    "square": "m m",
    "w": "m 3",
    "long": "n",
    "row": "m",
    "top": "1 m",
    "column": "n 1",
    "two": "2 n",
    "deep": "n 2 m",
    "wide": "2 m n",
    "s": "",
    "one": "1",
    "empty": "0 m",
    "hollow": "n 0",
    "f": "n m:float32",
    "g": "m:float32",
    "h": "n m:float16",
    "j": "n m:int64",
    "i": "m:int32",
    "mask": "n m:bool",
    "rows": "n:bool",
}

#: Numbers that rules of rewriting, and functions, could get wrong.
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, float("inf"), float("-inf"), float("nan"), 1e-310, 1e300, -1e300, 88.0, 710.0]

#: Expressions aimed at the rules of rewriting; they take expressions of one shape, and numbers.
AIMED = (
    "{number} * ({other} * {0})",
    "({number} * {0}) + ({number} * {0})",
    "{0} * 1 / 1.0",
    "({number} * {0}).exp()[..., :1] + {1}[..., -1:]",
    "({0} * {number} + {1})[:, 1:2]",
    "torch.where({0} > {1}, {0}, {number})[..., :1]",
    "torch.full(({0}).shape, {number}).T @ {1}",
    "{0} @ torch.full(({1}).shape, {number}).T",
    "F.softmax({0}, -1) * {number}",
    "F.softmax({0}, 0) * {1}",
    "F.log_softmax({0}.masked_fill({1} > 0, float('-inf')), -1).exp()",
    "F.log_softmax({0}, -1)[..., :1]",
    "F.softmax({0}.masked_fill({1} > 0.5, float('-inf')), -1)",
    "F.cross_entropy({0}, ({1}).argmax(-1))",
    "F.cross_entropy({0}, F.softmax({1}, -1))",
    "F.layer_norm({0}, ({1}).shape[-1:])",
    "{0}.gather(1, ({1}).argsort(1))",
    "{0}.gather(0, ({1}).argsort(0))",
    "{0}.scatter_add(1, ({1}).argsort(1), {0})",
    "{0}.scatter(0, ({1}).argsort(0), {0})",
    "F.pad({0}, (1, 2)) * {number}",
    "F.pad({0}, (1, 2))[:, 1:].sum(0)",
    "{0} * torch.full(({1}).shape, {number})[..., :1]",
    "torch.exp(torch.full(({0}).shape, {number}))[..., :1] * {1}",
    "({0} - {1}.amax(1, True)).exp() / ({0} - {1}.amax(1, True)).exp().sum(1, True) * {number}",
    "(lambda d: (d - d.exp().sum(1, True).log()).exp())({0} - {1}.amax(1, True))",
    "({0}.T @ {1}) * {number}",
    "(({0} @ {1}.T).relu() @ {0}).tanh()",
    "{0}.reshape(({0}).shape[0], -1).cumsum(0) + {1}.cumsum(-1)",
    "({0} - {0}.mean(0)) / ({1}.std(0) + 1)",
    "{0}.T.softmax(-1).T * {1}",
    "torch.stack([{0}, {1}], 1).sum({0}.ndim)",
    "torch.cat([{0}, {1}], -1)[..., ::2]",
    "{0}.flip(0) + {0}",
    "{0} + {0}.flip(-1)",
    "torch.where({0}.isnan(), {0}, {0}.flip(-1))",
    "torch.logaddexp({0}, {0}.flip(-1)).sin()",
    "F.pad({0}[:1], (1, 1)) + F.pad({1}, (1, 1))",
    "F.pad({0}.sum(0), (0, 1)) + F.pad({1}, (0, 1))",
    "{1} + F.pad({0}[1:], (0, 0, 1, 0))",
    "{1} - F.pad({0}[..., 1:], (1, 0))",
    "F.pad({0}, (1, 0))[..., 1:] - F.pad({1}, (0, 1))[..., :-1]",
    "F.pad({0}.detach().flip(-1), (1, 2)) * F.pad({1}, (1, 2))",
    "F.pad({0}.detach().T, (1, 2)).T * {number}",
    "{1}.scatter(1, ({1}).argsort(1), {0}.detach().flip(1))",
    "{1}.scatter_add(0, ({0}).argsort(0), {0}.detach().flip(0))",
    "({0} * torch.randn_like({0}) + torch.rand(({1}).shape)).sum(0)",
    "torch.arange({0}.numel()).view_as({0}) * {1}",
    "{0} * torch.arange(({0}).shape[0]).double().unsqueeze(-1) - {1}.mean()",
)


@cache
def examples() -> tuple[str, ...]:
    """The examples of all declared functions, but those of random numbers."""
    texts = [example for function in declared() for example in function.examples if function.family != "random"]
    return tuple([text for text in texts if "dropout" not in text])


@st.composite
def programs(draw: DrawFn) -> Program:
    """Statements whose last expression is to be evaluated, over arrays of one number of rows and of columns."""
    sizes = {"n": draw(st.sampled_from([1, 2, 3, 7, 8, 13, 20, 33])), "m": draw(st.sampled_from([1, 2, 3, 3, 5]))}
    leaves = {}
    for name, spelled in SHAPES.items():
        shape, _, dtype = spelled.partition(":")
        numbers = tuple([sizes[size] if size in sizes else int(size) for size in shape.split()])
        leaves[name] = (Expression(name, numbers, dtype not in ("int64", "int32", "bool")), dtype or "float64")
    expression = draw(st.one_of(operands([leaf for leaf, _ in leaves.values()]), aimed(leaves), exemplary(leaves)))
    named = set(re.findall(r"\b[a-z]+\b", expression.text))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    special = draw(st.lists(st.sampled_from(SPECIAL), max_size=2)) if draw(st.integers(0, 3)) == 0 else []
    arrays = {name: numbers_of(leaf.shape, dtype, rng, special) for name, (leaf, dtype) in leaves.items() if name in named}
    ending = draw(st.sampled_from(ENDINGS))
    return Program(ending.format(expression.text), arrays)


ENDINGS = (
    "{0}",
    "({0}).sum()",
    "(({0}) ** 2).mean()",
    "outcome = {0}\n(outcome * torch.cos(torch.arange(outcome.numel()).view_as(outcome))).sum()",
    "outcome = {0}\n(outcome * torch.cos(torch.arange(outcome.numel()).view_as(outcome))).sum()",
    "outcome = ({0}).sin()\n(outcome.tanh() * outcome).sum(0).exp().sum()",
)


@st.composite
def aimed(draw: DrawFn, leaves: dict[str, tuple[Expression, str]]) -> Expression:
    """What a rule of rewriting may take apart."""
    inner = operands([leaves["x"][0]]) if draw(st.booleans()) else st.just(leaves["x"][0])
    first = draw(inner)
    fitting = [leaf for leaf, _ in leaves.values() if leaf.shape == first.shape and leaf.is_floating] or [first]
    second = draw(st.sampled_from(fitting))
    numbers = [f"float('{draw(st.sampled_from([*SPECIAL, 0.1, 3.0, 2.0**-100, 2.0**100, 1e38]))}')" for _ in range(2)]
    text = draw(st.sampled_from(AIMED)).format(f"({first.text})", f"({second.text})", number=numbers[0], other=numbers[1])
    return Expression(text, ())


@st.composite
def exemplary(draw: DrawFn, leaves: dict[str, tuple[Expression, str]]) -> Expression:
    """A function's own example, over other operands."""
    named = {"x": "x", "y": "y", "z": "p", "v": "row", "w": "row", "b": "deep"}
    operand = draw(operands([leaves[name][0] for name in ("x", "f", "t", "row")]))
    if draw(st.booleans()) or not operand.shape:
        for name in named:
            if leaves[named[name]][0].shape == operand.shape:
                named[name] = f"({operand.text})"
    return Expression(re.sub(r"\b[xyzvwb]\b", lambda match: named[match[0]], draw(st.sampled_from(examples()))), ())


def numbers_of(shape: tuple[int, ...], dtype: str, rng: np.random.Generator, special: list[float]) -> np.ndarray:
    """Numbers, now and then special ones, in an array that may be laid out in any way."""
    if dtype == "bool":
        return rng.random(shape) < 0.6
    if dtype.startswith("int"):
        return rng.integers(-3, 4, shape).astype(dtype)
    values = rng.standard_normal(shape)
    for value in special:
        values = np.where(rng.random(shape) < 0.2, value, values)
    with np.errstate(over="ignore"):
        values = np.asarray(values).astype(dtype)
    layout = rng.integers(0, 4)
    if layout == 0:
        return np.asfortranarray(values)
    if layout == 1 and shape:
        return np.repeat(values, 2, axis=-1)[..., ::2]
    if layout == 2:
        values.flags.writeable = False
    return values


# ── executors ──


def streamed(roots: Sequence[LazyArray], rows: int | None) -> list[np.ndarray]:
    """An evaluator that streams everything that it can, however small."""
    pending = [root for root in roots if root.buffer is None]
    if pending:
        steps, canonical = share(reachable(pending)[0])
        if not blocks.stream_steps(pending, steps, canonical, least_elements=1, rows=rows):
            whole.compute_steps(pending, steps, canonical)
    return [root.buffer for root in roots if root.buffer is not None]


def outcome(program: Program, evaluator: Evaluator, threads: int | None = None) -> Arrays:
    """The value and the gradients."""
    session = Session(seed=3, dtype="float64", evaluator=evaluator, threads=threads)
    session.bind_values(program.arrays)
    evaluation = session.evaluate(program.text)
    value = evaluation.tensor
    found = {} if value is None else {"value": value.numpy()}
    return found | {name: gradient.numpy() for name, gradient in (evaluation.grads or {}).items()}


def arrays_of(result: gradcli.Result) -> Arrays:
    """The same of a result of the Python API."""
    found = {"value": np.asarray(result.value)} if isinstance(result.value, (np.ndarray, np.generic)) else {}
    return found | (result.grads or {})


def nudged(program: Program, rng: np.random.Generator) -> Program:
    """The same with other last digits."""

    def near(array: np.ndarray) -> np.ndarray:
        if array.dtype.kind != "f":
            return array
        with np.errstate(all="ignore"):
            return array * (1 + rng.integers(-3, 4, array.shape) * np.finfo(array.dtype).eps).astype(array.dtype)

    return program._replace(arrays={name: near(array) for name, array in program.arrays.items()})


def turned(program: Program) -> Program:
    """The same with other numbers: rows in reverse, and numbers without dimensions doubled."""
    return program._replace(arrays={name: array[::-1] if array.ndim else array * 2 for name, array in program.arrays.items()})


def differences(program: Program, expected: Arrays, found: Arrays) -> list[str]:
    """What is not the same up to rounding."""
    if list(expected) != list(found):
        return [f"{list(found)} instead of {list(expected)}"]
    narrowest = min([array.dtype.name for array in program.arrays.values() if array.dtype.kind == "f"], default="float64")
    relative, absolute = TOLERANCES[narrowest]
    finite = [np.abs(array[np.isfinite(array)].astype(np.float64)) for array in expected.values() if array.dtype.kind == "f"]
    allowed = max([relative * array.max(initial=0.0) for array in finite], default=0.0) + absolute
    names = [name for name in expected if differs(expected[name], found[name], allowed)]
    return [f"{name}: {found[name]!r} instead of {expected[name]!r}" for name in names]


def differs(expected: np.ndarray, found: np.ndarray, allowed: float) -> bool:
    """Whether arrays are of another kind, have nan or infinities elsewhere, or numbers farther apart than is allowed."""
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return True
    if expected.dtype.kind != "f":
        return not np.array_equal(expected, found)
    finite = np.isfinite(expected)
    if not np.array_equal(finite, np.isfinite(found)) or not np.array_equal(expected[~finite], found[~finite], equal_nan=True):
        return True
    with np.errstate(over="ignore"):
        return bool((np.abs(expected[finite].astype(np.float64) - found[finite].astype(np.float64)) > allowed).any())


def is_well_conditioned(program: Program, expected: Arrays) -> bool:
    """Whether the whole-array evaluator itself gives the same when its inputs change in their last digits."""
    rng = np.random.default_rng(0)
    return not any(differences(program, expected, outcome(nudged(program, rng), whole.evaluate)) for _ in range(4))


def check(program: Program, expected: Arrays, found: Arrays) -> None:
    """Refuse what differs, unless rounding decides."""
    if wrong := differences(program, expected, found):
        assume(is_well_conditioned(program, expected))
        raise AssertionError("\n".join([program.text, repr(program.arrays), *wrong]))


def expected_of(program: Program) -> Arrays:
    """What the whole-array evaluator gives; programs that are none are let go."""
    try:
        return outcome(program, whole.evaluate)
    except GradcliError:
        assume(False)
        raise


@settings(ANY_HEALTH, max_examples=150)
@given(programs(), st.integers(2, 4))
def test_blocks_of_any_size_give_what_whole_arrays_give_and_threads_the_same_bits(program: Program, threads: int) -> None:
    expected = expected_of(program)
    for rows in (1, 7, None):
        found = outcome(program, partial(streamed, rows=rows), threads=1)
        check(program, expected, found)
        if rows is not None:
            again = outcome(program, partial(streamed, rows=rows), threads=threads)
            assert {name: array.tobytes() for name, array in found.items()} == {
                name: array.tobytes() for name, array in again.items()
            }, program.text


@settings(ANY_HEALTH, max_examples=150)
@given(programs(), st.booleans())
def test_a_compiled_function_gives_for_other_numbers_what_whole_arrays_give(program: Program, is_streamed: bool) -> None:
    expected = expected_of(program)
    other = turned(program)
    with patch.object(prepared, "LEAST_ELEMENTS", 1 if is_streamed else 1 << 17):
        compiled = gradcli.compile(program.text, dtype="float64", seed=3)
        check(program, expected, arrays_of(compiled(**program.arrays)))
        try:
            expected_of_other = outcome(other, whole.evaluate)
        except GradcliError:
            return
        check(other, expected_of_other, arrays_of(compiled(**other.arrays)))
        check(program, expected, arrays_of(compiled(**program.arrays)))


@cache
def device_evaluators() -> tuple[DeviceEvaluator, ...]:
    """The fake device, and the libraries that are installed."""
    found = []
    if find_spec("array_api_strict"):
        from tests.engine.strict_device import Strict

        found.append(DeviceEvaluator(Strict()))
    for name in ("torch:cpu", "jax:cpu"):
        with suppress(DeviceUnavailable):
            found.append(DeviceEvaluator(library_of(name)))
    return tuple(found)


@settings(ANY_HEALTH, max_examples=100)
@given(programs(), st.booleans())
def test_a_device_gives_what_whole_arrays_give(program: Program, is_rewritten: bool) -> None:
    expected = expected_of(program)
    for evaluator in device_evaluators():
        try:
            with patch("gradcli.engine.devices.evaluator.LEAST_ELEMENTS", 1 if is_rewritten else 1 << 17):
                found = outcome(program, evaluator)
        except (GradcliError, TypeError) as fault:
            if not isinstance(fault, NotSupported) and "float16" not in str(fault):  # which the standard does not have
                raise
            continue
        check(program, expected, found)
