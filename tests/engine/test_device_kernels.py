"""Regions of a program as kernels: what is put into one, and that it computes what the library computes call by call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from random import Random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcli.engine.devices import namespace, regions
from gradcli.engine.devices.evaluator import DeviceEvaluator
from gradcli.engine.devices.expressions import C_TYPES, expression
from gradcli.engine.devices.fused import by_region
from gradcli.engine.devices.kernels import elementwise_kernel
from gradcli.engine.devices.program import Program, execute, programmed
from gradcli.engine.devices.regions import MOST_MEMBERS, Part, Region, parts_of
from gradcli.engine.devices.special import OWN_PRIMITIVES
from gradcli.engine.order import reachable, share
from gradcli.engine.primitives import NUMPY_DTYPE
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import ALL, DType, bool_, float16, float32, float64, int8, int32, int64

pytest.importorskip("array_api_strict", reason="the fake device is array-api-strict's")

from .host_kernels import Kernels, needs_compiler


def program_of(*roots: LazyArray) -> tuple[Program, list[LazyArray]]:
    steps, canonical = share(reachable(list(roots))[0])
    return programmed(steps, [canonical.get(root, root) for root in roots])


def leaf(*shape: int, dtype: DType = float64) -> LazyArray:
    values = np.linspace(0.5, 2.0, int(np.prod(shape))).reshape(shape)
    return ops.from_buffer(values.astype(NUMPY_DTYPE[dtype]), dtype)


def computed(*roots: LazyArray) -> tuple[list[np.ndarray], list[np.ndarray], Kernels]:
    """What kernels give, and what the library does call by call."""
    library = Kernels()
    program, sources = program_of(*roots)
    with library.working():
        inputs = [library.send(source.buffer) for source in sources if source.buffer is not None]
        found, _ = by_region(library, library, program)(inputs)
        expected, _ = execute(library, program, inputs)
    return [library.fetch(each) for each in found], [library.fetch(each) for each in expected], library


def assert_same_bits(found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
        if one.dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(one) & ~np.isnan(one), np.signbit(other) & ~np.isnan(other))


# ── regions ──


def kinds(*roots: LazyArray) -> list[list[str] | str]:
    """The primitives of each part: those of a region with the reductions that end it."""
    program, _ = program_of(*roots)

    def primitives(part: Part) -> list[str] | str:
        if not isinstance(part, Region):
            return program.at(part).primitive
        ends = [*part.totals, *[each for each in [part.reduction] if each is not None]]
        return [program.at(slot).primitive for slot in (*part.members, *ends)]

    return [primitives(part) for part in parts_of(program)]


def total(x: LazyArray) -> LazyArray:
    return ops.reduce("sum", x, tuple(range(len(x.shape))))


def times(x: LazyArray, number: float) -> LazyArray:
    return ops.binary("mul", x, ops.constant(number, x.dtype))


def test_a_value_and_its_gradient_are_one_kernel() -> None:
    shifted = ops.binary("add", leaf(4, 5), ops.constant(2.0, float64))
    loss = total(times(ops.binary("mul", shifted, shifted), 3.0))
    assert kinds(loss, times(shifted, 0.3)) == [["add", "mul", "mul", "mul", "sum"]]


def test_what_needs_a_reduction_is_in_another_region_than_what_it_reduces() -> None:
    x = leaf(4, 5)
    exponential = ops.unary("exp", ops.unary("neg", x))
    quotient = ops.unary("sin", ops.binary("div", exponential, ops.reduce("sum", exponential, (1,), keepdims=True)))
    assert kinds(quotient) == [["neg", "exp"], "sum", ["div", "sin"]]


def test_an_operand_reached_by_two_ways_is_computed_before_both() -> None:
    x = ops.unary("exp", leaf(3, 3))
    again = ops.permute(x, (1, 0))
    assert kinds(ops.unary("sin", ops.binary("add", x, again))) == ["exp", "permute", ["add", "sin"]]


def test_shapes_are_apart_and_what_broadcasts_is_read() -> None:
    row = ops.unary("sin", ops.unary("exp", leaf(5)))
    whole = ops.unary("neg", ops.binary("add", leaf(4, 5), row))
    assert kinds(whole) == [["exp", "sin"], ["add", "neg"]]


def test_a_single_instruction_is_left_to_the_library_unless_it_is_reduced() -> None:
    assert kinds(ops.unary("exp", leaf(4))) == ["exp"]
    assert kinds(total(ops.unary("exp", leaf(4)))) == [["exp", "sum"]]
    assert kinds(total(leaf(4))) == ["sum"]


def test_a_reduction_over_some_axes_ends_a_region_if_its_results_are_many_and_all_that_is_needed() -> None:
    def of_rows(rows: int) -> LazyArray:
        return ops.reduce("sum", ops.unary("exp", leaf(rows, 3)), (1,))

    assert kinds(of_rows(regions.LEAST_RESULTS)) == [["exp", "sum"]]
    assert kinds(of_rows(regions.LEAST_RESULTS - 1)) == ["exp", "sum"]
    exponential = ops.unary("exp", leaf(regions.LEAST_RESULTS, 3))
    assert kinds(ops.reduce("sum", exponential, (1,)), exponential) == ["exp", "sum"]


def test_divisions_that_may_be_refused_are_in_no_region() -> None:
    whole = ops.binary("floor_divide", leaf(3, dtype=int64), ops.constant(2, int64))
    assert kinds(ops.unary("neg", ops.unary("neg", whole))) == ["constant", "floor_divide", ["neg", "neg"]]


def test_half_precision_and_empty_arrays_are_left_to_the_library() -> None:
    half = ops.from_buffer(np.ones(3, np.float16), float16)
    assert kinds(ops.unary("exp", ops.unary("neg", half))) == ["neg", "exp"]
    assert kinds(ops.unary("exp", ops.unary("neg", leaf(0, 3)))) == ["neg", "exp"]


def test_long_chains_are_cut_and_need_no_recursion() -> None:
    x = leaf(1)
    for _ in range(5000):
        x = ops.unary("neg", x)
    parts = kinds(x)
    assert [len(part) for part in parts] == [MOST_MEMBERS] * (5000 // MOST_MEMBERS)


def test_a_kernel_has_no_more_parameters_than_the_device_takes() -> None:
    summed = leaf(3)
    for _ in range(400):
        summed = ops.binary("add", summed, leaf(3))
    program, _ = program_of(summed)
    found = [part for part in parts_of(program) if isinstance(part, Region)]
    assert len(found) > 1
    assert all(16 * 2 * (len(part.inputs) + len(part.outputs)) < 4096 for part in found)


def test_independent_parts_keep_the_order_of_the_program() -> None:
    """So that no more is held at a time than is needed: what ends in a number is computed before the next begins."""
    losses = [total(ops.unary("sin", ops.matmul(leaf(3, 3), times(leaf(3, 3), float(number))))) for number in range(2, 5)]
    program, _ = program_of(*losses)
    assert kinds(*losses) == [part for _ in losses for part in ("constant", "mul", "matmul", ["sin", "sum"])] or program


def test_equal_regions_have_equal_sources_whatever_their_numbers() -> None:
    def source(number: float, operand: LazyArray) -> object:
        program, _ = program_of(ops.unary("sin", times(operand, number)))
        (region,) = [part for part in parts_of(program) if isinstance(part, Region)]
        return elementwise_kernel(program, region)

    assert source(2.0, leaf(3)) == source(float("inf"), ops.matmul(leaf(3, 3), leaf(3, 3)))


def test_sources_are_of_expressions_and_numbered_variables() -> None:
    program, _ = program_of(ops.unary("sin", times(leaf(3), 2.0)))
    (region,) = [part for part in parts_of(program) if isinstance(part, Region)]
    assert elementwise_kernel(program, region) == (
        "float64 x0, float64 c0",
        "float64 y0",
        "const double v0 = (double)(__dmul_rn(x0, c0));\nconst double v1 = (double)(sin(v0));\ny0 = v1;",
    )


# ── numbers ──

SPECIAL = [0.0, -0.0, 0.3, -0.7, 1.0, -1.0, 2.0, -2.5, 3.5, 0.5, 30.0, -30.0, 1e-30, 1e30, np.inf, -np.inf, np.nan]
BEYOND_INTEGERS = [300.0, -300.0, 7e4, -7e4, 3e9, -(2.0**31), 2.0**31, 1e18, -(2.0**63), 2.0**63, 1e30, np.inf, -np.inf, np.nan]
WHOLE = [0, 1, -1, 2, -2, 7, -7, 100, -128, 127, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)]


def pairs(dtype: DType) -> tuple[LazyArray, LazyArray]:
    """All pairs of special numbers, one of each in a column and the other in a row."""
    if dtype.is_floating:
        values = np.array(SPECIAL, NUMPY_DTYPE[dtype])
    else:
        values = np.unique(np.array(WHOLE, np.int64).astype(NUMPY_DTYPE[dtype]))
    return ops.from_buffer(values[:, None], dtype), ops.from_buffer(values, dtype)


#: Functions that C libraries compute with errors of their own.
INEXACT = {
    *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "erf", "erfc", "exp", "exp2", "expm1", "hypot"),
    *("lgamma", "log", "log10", "log1p", "log2", "logaddexp", "normal_cdf", "pow", "sin", "sinh", "tan", "tanh"),
}
#: Functions that may give either of two zeros.
OF_EQUAL_ZEROS = {"fmax", "fmin", "maximum", "minimum"}
UNARY = ("abs", "bitwise_not", "ceil", "floor", "isfinite", "isinf", "isnan", "logical_not", "neg", "round", "sign")
EXACT_UNARY = (*UNARY, "sqrt", "trunc")
BINARY = ("add", "bitwise_and", "bitwise_or", "bitwise_xor", "copysign", "div", "equal", "fmod", "less", "less_equal")
EXACT_BINARY = (*BINARY, "logical_and", "logical_or", "logical_xor", "mul", "nextafter", "not_equal", "remainder", "sub")
ONE_OPERAND = INEXACT - {"atan2", "hypot", "logaddexp", "pow"}


def applied(primitive: str, x: LazyArray, y: LazyArray) -> LazyArray:
    return ops.unary(primitive, y) if primitive in ONE_OPERAND or primitive in EXACT_UNARY else ops.binary(primitive, x, y)


def joined(arrays: Sequence[LazyArray]) -> LazyArray:
    """Something that depends on all, which makes them a region."""
    return reduce(partial(ops.binary, "logical_xor"), [ops.unary("logical_not", array) for array in arrays])


@needs_compiler
@pytest.mark.parametrize("dtype", C_TYPES, ids=repr)
def test_each_expression_gives_what_the_library_gives(dtype: DType) -> None:
    x, y = pairs(dtype)
    everything = [*EXACT_UNARY, *EXACT_BINARY, *sorted(INEXACT), *sorted(OF_EQUAL_ZEROS)]
    primitives = [name for name in everything if expression(name, dtype) is not None]
    results = [applied(name, x, y) for name in primitives]
    is_less = ops.binary("less", x, y)
    results += [ops.where(is_less, x, y), *[ops.cast(is_less, other) for other in C_TYPES if other is not bool_]]
    found, expected, library = computed(*results, joined(results))
    assert library.made
    for name, one, other in zip([*primitives, *["where"] * (len(results) - len(primitives))], found, expected, strict=False):
        if name in INEXACT:
            np.testing.assert_allclose(one, other, rtol=1e-5 if dtype is float32 else 1e-12, atol=1e-30, err_msg=name)
        elif name in OF_EQUAL_ZEROS:
            np.testing.assert_array_equal(one, other, err_msg=name)
        else:
            assert_same_bits([one], [other])


@needs_compiler
def test_casts_give_what_the_library_gives() -> None:
    values = np.array([0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 100.7, -100.7, 3.0, *BEYOND_INTEGERS])
    with np.errstate(invalid="ignore"):
        arrays = [ops.from_buffer(values.astype(NUMPY_DTYPE[dtype]), dtype) for dtype in C_TYPES]
    casts = [ops.cast(array, dtype) for array in arrays for dtype in C_TYPES]
    found, expected, library = computed(*casts, joined(casts))
    assert library.made
    assert_same_bits(found, expected)


def test_every_expression_is_tested() -> None:
    names = {*EXACT_UNARY, *EXACT_BINARY, *INEXACT, *OF_EQUAL_ZEROS, "cast", "where"}
    primitives = {*namespace.IMPLEMENTATIONS, *OWN_PRIMITIVES}
    assert {name for name in primitives if any(expression(name, dtype) for dtype in ALL)} == names


@needs_compiler
@pytest.mark.parametrize("primitive", ["sum", "prod", "max", "min", "any", "all"])
@pytest.mark.parametrize("axes", [(0, 1), (0,), (1,)], ids=repr)
def test_reductions_give_what_the_library_gives(axes: tuple[int, ...], primitive: str) -> None:
    rng = np.random.default_rng(0)
    arrays = [
        ops.from_buffer(rng.integers(-3, 4, (600, 700)).astype(NUMPY_DTYPE[each]), each) for each in (float32, float64, int32)
    ]
    scaled = [ops.binary("mul", array, ops.constant(1, array.dtype)) for array in arrays]
    holed = ops.binary("div", arrays[1], ops.unary("abs", arrays[1]))  # nan where it is 0
    roots = [ops.reduce(primitive, each, axes, keepdims) for each in (*scaled, holed) for keepdims in (False, True)]
    found, expected, _ = computed(*roots)
    assert_same_bits(found, expected)


@needs_compiler
def test_sums_of_many_threads_are_as_exact_as_the_librarys() -> None:
    values = np.random.default_rng(0).random((1000, 1500), np.float32)
    found, _, _ = computed(total(ops.unary("neg", ops.from_buffer(values, float32))))
    assert abs(found[0] + values.sum(dtype=np.float64)) < 1e-6 * values.size / 2


@needs_compiler
def test_constants_broadcast_and_single_elements() -> None:
    column, row, number = leaf(3, 1), leaf(4), leaf()
    full = ops.full(Size((3, 4)), float("nan"), float64)
    roots = [
        ops.unary("exp", ops.binary("mul", column, ops.constant(-0.0, float64))),
        ops.where(ops.binary("less", column, ops.constant(1.0, float64)), full, ops.full(Size((3, 4)), float("-inf"), float64)),
        ops.unary("exp", ops.binary("add", number, number)),
        total(ops.unary("neg", ops.binary("mul", column, row))),
        ops.unary("neg", ops.unary("sin", full)),
        ops.unary("bitwise_not", ops.binary("add", leaf(3, dtype=int8), ops.constant(300, int8))),
    ]
    found, expected, _ = computed(*roots)
    assert_same_bits(found, expected)


# ── programs ──

QUIET = settings(deadline=None, derandomize=True, database=None, max_examples=25, suppress_health_check=list(HealthCheck))


def graph(random: Random) -> list[LazyArray]:
    """Roots over what is exact, so that bits can be compared, with what cannot be part of a region in between."""
    rows, columns = random.choice([(1, 1), (2, 3), (3, 2), (5, 4)])
    known = []
    for dtype in (float64, float64, float32, int32, bool_):
        for shape in ((rows, columns), (columns,), (rows, 1), ()):
            numbers = random.choices(SPECIAL if dtype.is_floating else WHOLE, k=int(np.prod(shape)))
            array = np.array(numbers).astype(np.float64 if dtype.is_floating else np.int64).astype(NUMPY_DTYPE[dtype])
            known.append(ops.from_buffer(array.reshape(shape), dtype))
    first = len(known)
    for _ in range(random.randint(5, 40)):
        known.append(next_step(random, known))
    return known[-3:] + random.sample(known[first:], 3)


def next_step(random: Random, known: list[LazyArray]) -> LazyArray:
    """Something computed from what is known, more often than not from what came last."""
    x = random.choice(known[-5:] if random.random() < 0.6 else known)
    y = random.choice([each for each in known if each.dtype is x.dtype and len(each.shape) <= len(x.shape)])
    kind = random.random()
    if kind < 0.1 and len(x.shape) == 2:
        axes = random.choice([(0,), (1,), (0, 1)])
        return without_signs_of_zeros(ops.reduce(random.choice(["max", "any"]), x, axes, keepdims=True))
    if kind < 0.2 and len(x.shape) == 2:
        return ops.flip(x, (0,))
    if kind < 0.3:
        return ops.where(ops.binary("less", x, y), x, y)
    if kind < 0.4 and x.dtype in (bool_, float32):
        return ops.cast(x, float64)
    names = [name for name in (EXACT_UNARY if kind < 0.6 else EXACT_BINARY) if expression(name, x.dtype)]
    return applied(random.choice(names), x, y)


def without_signs_of_zeros(x: LazyArray) -> LazyArray:
    return ops.binary("add", x, ops.constant(0.0, x.dtype)) if x.dtype.is_floating else x


@needs_compiler
@QUIET
@given(st.randoms(use_true_random=True))
def test_programs_of_kernels_give_the_bits_of_the_library(random: Random) -> None:
    with patch.object(regions, "LEAST_RESULTS", 1):
        found, expected, _ = computed(*dict.fromkeys(graph(random)))
    assert_same_bits(found, expected)


@needs_compiler
def test_the_evaluator_makes_kernels_of_a_program_that_is_met_again_and_copies_no_more_than_without() -> None:
    library = Kernels()
    evaluate = DeviceEvaluator(library)
    values = np.linspace(-1, 1, 12).reshape(3, 4)

    def loss(number: float) -> list[LazyArray]:
        x = ops.from_buffer(values, float64)
        shifted = ops.binary("add", x, ops.constant(number, float64))
        return [total(ops.binary("mul", shifted, shifted)), times(shifted, 2.0)]

    for _ in range(3):
        value, gradient = evaluate(loss(2.0))
        np.testing.assert_allclose(value, ((values + 2) ** 2).sum(), rtol=1e-15)
        np.testing.assert_array_equal(gradient, (values + 2) * 2)
    assert len(library.made) == 1
    assert (library.sent, library.fetched) == ([(3, 4)], [(), (3, 4)] * 3)
