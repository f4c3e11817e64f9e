"""What is computed on a device stays there: only inputs are sent, only what is asked for is fetched, and nothing by accident."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from gradcli.autograd import gradients
from gradcli.engine import primitives, whole
from gradcli.engine.devices import evaluator, namespace
from gradcli.engine.devices.evaluator import DeviceEvaluator
from gradcli.engine.devices.fused import traced
from gradcli.engine.devices.library import Library
from gradcli.engine.devices.program import Program, Run, programmed
from gradcli.engine.devices.special import OWN_PRIMITIVES
from gradcli.engine.order import reachable, share
from gradcli.errors import LimitExceeded, ValueFault
from gradcli.functions import BARE, METHODS, OPERATORS, tensor
from gradcli.lazy import LazyArray, Size, compute, look_at, ops, settings
from gradcli.lazy.dtypes import float32, float64, int64

pytest.importorskip("array_api_strict", reason="the fake device is array-api-strict's")

from .strict_device import DEVICE, Strict

exp, mul, total = METHODS["exp"], OPERATORS["*"], METHODS["sum"]


@pytest.fixture
def library() -> Iterator[Strict]:
    """A device, and an evaluator on it that the thread's settings hold."""
    before, strict = settings.evaluator, Strict()
    settings.evaluator = DeviceEvaluator(strict)
    yield strict
    settings.evaluator = before


def leaf(*shape: int) -> LazyArray:
    return ops.from_buffer(np.linspace(0.5, 2.0, int(np.prod(shape))).reshape(shape), float64)


def test_the_table_has_every_primitive() -> None:
    everywhere = set(primitives.UFUNCS) | set(primitives.IMPLEMENTATIONS)
    made_on_the_host, taken_apart = {"random", "stored"}, {"sum_of_products"}
    assert set(namespace.IMPLEMENTATIONS) | OWN_PRIMITIVES == everywhere - made_on_the_host - taken_apart


def test_the_fake_device_refuses_copies_that_nobody_asked_for(library: Strict) -> None:
    on_device = library.send(np.ones(3))
    with pytest.raises(RuntimeError, match="Can't convert"):
        np.asarray(on_device)
    with pytest.raises(ValueError, match="different devices"):
        on_device + library.xp.ones(3)


def test_a_value_and_its_gradients_cost_one_copy_of_each_input_and_of_each_result(library: Strict) -> None:
    x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    w = tensor([0.5, -1.0], requires_grad=True)
    loss = total(mul(exp(mul(x, w)), x))
    found = gradients([loss], [x, w])
    compute([loss.array, *[gradient.array for gradient in found]])
    assert sorted(library.sent) == [(2,), (2, 2)]
    assert sorted(library.fetched) == [(), (2,), (2, 2)]


def test_what_is_stored_elsewhere_is_read_and_sent_once(library: Strict) -> None:
    read = []

    class Kept:
        shape, dtype = (3,), np.dtype(np.float64)

        def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
            read.append(index)
            return np.arange(3.0)[index]

        def part(self, slices: tuple[ops.Slice, ...]) -> Kept:
            raise AssertionError

        def bytes_held(self, axis: int) -> int:
            raise AssertionError

    x = ops.stored(Kept(), float64)
    assert [compute([ops.binary("add", x, x)])[0].tolist() for _ in range(2)] == [[0, 2, 4]] * 2
    assert (read, library.sent) == ([()], [(3,)])


def test_an_input_is_sent_once_for_all_evaluations(library: Strict) -> None:
    x = leaf(4)
    for primitive in ("exp", "sin", "exp"):
        compute([ops.unary(primitive, x)])
    assert library.sent == [(4,)]


def test_a_copy_on_the_device_goes_with_its_input(library: Strict) -> None:
    x = leaf(4)
    compute([ops.unary("exp", x)])
    assert isinstance(settings.evaluator, DeviceEvaluator)
    copies = settings.evaluator._sent._copies
    assert len(copies) == 1
    del x
    gc.collect()
    assert not copies


def test_what_is_held_stays_on_the_device(library: Strict) -> None:
    held = ops.unary("exp", leaf(4))
    compute([ops.reduce("sum", ops.unary("sin", held), (0,))])
    assert held.buffer is not None and held.buffer.device == DEVICE
    library.sent.clear()
    compute([ops.unary("cos", held)])
    assert not library.sent


def test_realizing_fetches_nothing(library: Strict) -> None:
    root = ops.unary("exp", leaf(4))
    assert isinstance(settings.evaluator, DeviceEvaluator)
    settings.evaluator.realize([root])
    assert root.buffer is not None and not library.fetched


def test_an_input_that_is_asked_for_is_not_sent(library: Strict) -> None:
    x = leaf(4)
    assert compute([x])[0] is x.buffer
    assert not library.sent


def test_equal_roots_are_computed_once_and_both_kept(library: Strict) -> None:
    x = leaf(3)
    first, second = ops.unary("exp", x), ops.unary("exp", x)
    values = compute([first, second])
    np.testing.assert_array_equal(values[0], values[1])
    assert first.buffer is second.buffer


def test_random_numbers_are_those_of_the_cpu(library: Strict) -> None:
    def drawn() -> LazyArray:
        sample = ops.random("normal", 7, 3, (), Size((5,)), float32)
        return ops.binary("mul", sample, sample)

    np.testing.assert_array_equal(compute([drawn()])[0], whole.evaluate([drawn()])[0])
    assert library.sent == [(5,)]


def test_random_numbers_that_are_held_are_drawn_once(library: Strict) -> None:
    sample = ops.random("uniform", 7, 3, (), Size((5,)), float32)
    for primitive in ("exp", "sin"):
        compute([ops.unary(primitive, sample)])
    assert library.sent == [(5,)]


def test_an_integer_divided_by_zero_is_refused_and_not_kept(library: Strict) -> None:
    zeros = ops.from_buffer(np.array([1, 0]), int64)
    root = ops.binary("floor_divide", ops.constant(1, int64), zeros)
    with pytest.raises(ValueFault, match="ZeroDivisionError"):
        compute([root])
    assert root.buffer is None


def test_a_singular_matrix_is_refused(library: Strict) -> None:
    with pytest.raises(ValueFault, match="singular"):
        compute([ops.inverse(ops.from_buffer(np.ones((2, 2)), float64), "singular")])


def test_all_refusals_are_asked_for_in_one_copy(library: Strict) -> None:
    x = ops.from_buffer(np.array([3, 5, 7]), int64)
    quotients = [ops.binary(name, x, ops.constant(2, int64)) for name in ("floor_divide", "remainder")]
    compute([ops.binary("add", *quotients)])
    assert library.fetched == [(2,), (3,)]  # the flags, and the result


def failing(error: Exception) -> Callable[..., Any]:
    def function(*operands: Any) -> Any:
        raise error

    return function


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Out of memory allocating 1,024 bytes (allocated so far: 0 bytes)."),  # CuPy
        RuntimeError("cudaErrorMemoryAllocation: out of memory"),  # CUDA's runtime, its driver, and matrices, under CuPy
        RuntimeError("CUDA_ERROR_OUT_OF_MEMORY: out of memory"),
        RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"),
        RuntimeError("CUSOLVER_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),  # PyTorch
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("RESOURCE_EXHAUSTED: Failed to allocate request for 7.45GiB on device ordinal 0"),  # JAX
    ],
    ids=str,
)
def test_a_full_memory_is_a_limit_in_whatever_words(library: Strict, error: Exception) -> None:
    library.own = {"exp": failing(error)}
    with pytest.raises(LimitExceeded, match="memory of the device") as caught:
        compute([ops.unary("exp", leaf(4))])
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("error", [MemoryError("Unable to allocate 8 B"), RuntimeError("CUBLAS_STATUS_NOT_SUPPORTED")], ids=str)
def test_other_errors_of_a_library_are_no_full_memory_of_the_device(library: Strict, error: Exception) -> None:
    library.own = {"exp": failing(error)}
    with pytest.raises(type(error), match=str(error)):
        compute([ops.unary("exp", leaf(4))])


def test_integer_positions_that_occur_twice_are_added_twice(library: Strict) -> None:
    index = ops.from_buffer(np.array([1, 1, 0]), int64)
    put = ops.index_put(leaf(2), (0,), [index], leaf(3), accumulate=True)
    expected = whole.evaluate([ops.index_put(leaf(2), (0,), [index], leaf(3), accumulate=True)])[0]
    np.testing.assert_array_equal(compute([put])[0], expected)


# ── what is known on the host ──


def positions() -> LazyArray:
    return ops.reshape(ops.from_buffer(np.array([2, 0, 1]), int64), Size((3, 1)))


def test_positions_made_of_what_the_host_has_are_not_copied_back_to_be_checked(library: Strict) -> None:
    shifted = ops.binary("add", positions(), ops.constant(1, int64))
    np.testing.assert_array_equal(look_at([shifted])[0], [[3], [1], [2]])
    assert not library.sent and not library.fetched and shifted.buffer is None


def test_positions_that_are_shown_come_from_the_device(library: Strict) -> None:
    np.testing.assert_array_equal(compute([positions()])[0], [[2], [0], [1]])
    assert library.fetched == [(3, 1)]


def test_positions_that_depend_on_what_was_computed_are_looked_at_on_the_device(library: Strict) -> None:
    largest = ops.arg_reduce("argmax", ops.unary("neg", leaf(4)), 0)
    of_what_is_kept = ops.from_buffer(np.array([1, 2]), int64)
    held = ops.unary("neg", of_what_is_kept)
    compute([held])
    library.fetched.clear()
    assert [value.tolist() for value in look_at([largest, ops.unary("neg", held)])] == [0, [1, 2]]
    assert sorted(library.fetched) == [(), (2,)]


def test_less_than_a_copy_is_worth_is_not_computed_on_the_host(library: Strict) -> None:
    many = ops.reduce("sum", ops.unary("neg", ops.from_buffer(np.arange(100), int64)), (0,))
    assert look_at([many])[0] == -4950
    assert library.fetched == [()]


def test_positions_that_are_drawn_are_drawn_once(library: Strict) -> None:
    drawn = ops.random("permutation", 7, 3, (), Size((5,)), int64)
    first = ops.slice_(drawn, ((0, 2, 1),))
    looked = look_at([first])[0]
    x = leaf(5)
    taken = compute([ops.index(x, (0,), [first])])[0]
    assert x.buffer is not None
    np.testing.assert_array_equal(taken, x.buffer[looked])
    assert sorted(library.sent) == [(5,), (5,)] and library.fetched == [(2,)]


# ── rewriting ──


@pytest.fixture
def rewriting() -> Iterator[None]:
    """All evaluations are rewritten, however small."""
    with patch.object(evaluator, "LEAST_ELEMENTS", 1):
        yield


@pytest.mark.usefixtures("rewriting")
def test_large_evaluations_are_rewritten(library: Strict) -> None:
    def refused(*operands: Any) -> Any:
        raise AssertionError

    library.own = {**library.own, "mul": refused}
    x = leaf(4)
    root = ops.binary("mul", ops.binary("mul", x, ops.constant(1.0, float64)), ops.constant(1.0, float64))
    np.testing.assert_array_equal(compute([root])[0], x.buffer)
    assert library.sent == [(4,)]


@pytest.mark.usefixtures("rewriting")
def test_what_is_held_is_found_after_rewriting(library: Strict) -> None:
    sample = ops.random("uniform", 7, 3, (), Size((3,)), float64)
    one = ops.constant(1.0, float64)
    held = [ops.binary("mul", array, one) for array in (ops.unary("exp", leaf(3)), leaf(3), sample)]
    found = compute([ops.reduce("sum", ops.concatenate(held, 0), (0,))])[0]
    assert all(array.buffer is not None and array.buffer.device == DEVICE for array in held)
    library.sent.clear()
    np.testing.assert_allclose(found, sum(value.sum() for value in compute(held)))
    assert not library.sent


# ── programs ──


def program_of(root: LazyArray) -> Program:
    return programmed(share(reachable([root])[0])[0], [root])[0]


def test_programs_are_equal_if_they_compute_the_same_from_inputs_of_the_same_shapes() -> None:
    def made(number: float, *shape: int) -> Program:
        return program_of(ops.binary("mul", ops.unary("exp", leaf(*shape)), ops.constant(number, float64)))

    assert made(2.0, 4) == made(2.0, 4)
    assert made(2.0, 4) != made(3.0, 4)
    assert made(2.0, 4) != made(2.0, 5)
    assert made(0.0, 4) != made(-0.0, 4)


def test_a_slot_is_released_after_its_last_use_unless_it_is_asked_for() -> None:
    chain = ops.unary("sin", ops.unary("exp", leaf(4)))
    program = program_of(ops.binary("mul", chain, chain))
    assert [instruction.released for instruction in program.instructions] == [(0,), (1,), (2,)]
    assert program.outputs == (3,)


def test_a_sum_of_products_is_taken_apart_so_that_its_products_can_be_fused() -> None:
    x = leaf(4)
    program = program_of(LazyArray("sum_of_products", (x, x), ((0,), False), Size(()), float64))
    assert [instruction.primitive for instruction in program.instructions] == ["mul", "sum"]


class Fusing(Strict):
    """The fake device, as a library that fuses; counts what it fused and how often that ran."""

    def __init__(self) -> None:
        super().__init__()
        self.made = self.ran = 0
        self.fused = self._fused

    def _fused(self, program: Program) -> Run:
        """Run it as it is."""
        self.made += 1

        def counted(function: Callable[..., Any]) -> Callable[..., Any]:
            def run(inputs: list[Any]) -> Any:
                self.ran += 1
                return function(inputs)

            return run

        return traced(self, counted, program)


def test_a_program_is_fused_when_it_is_met_again() -> None:
    library = Fusing()
    evaluate = DeviceEvaluator(library)
    for times, expected in enumerate([(0, 0), (1, 1), (1, 2)]):
        evaluate([ops.binary("floor_divide", ops.from_buffer(np.array([times, 3]), int64), ops.constant(2, int64))])
        assert (library.made, library.ran) == expected


def test_a_fused_program_refuses_as_well() -> None:
    evaluate = DeviceEvaluator(Fusing())

    def quotient(divisor: int) -> LazyArray:
        return ops.binary("floor_divide", ops.constant(7, int64), ops.from_buffer(np.array([divisor]), int64))

    for _ in range(2):
        assert evaluate([quotient(2)])[0].item() == 3
    with pytest.raises(ValueFault, match="ZeroDivisionError"):
        evaluate([quotient(0)])


def test_a_long_chain_needs_no_recursion(library: Strict) -> None:
    x = leaf(1)
    for _ in range(20_000):
        x = ops.unary("neg", x)
    assert compute([x])[0].item() == 0.5


def test_libraries_that_share_a_thread_keep_their_own_arrays() -> None:
    first, second = Strict(), Strict()
    x = leaf(4)
    for each in (first, second):
        DeviceEvaluator(each)([ops.unary("exp", x)])
    assert first.sent == second.sent == [(4,)]
    assert isinstance(x.buffer, np.ndarray) and isinstance(first, Library)


def test_functions_that_look_at_numbers_see_those_of_the_device(library: Strict) -> None:
    assert METHODS["item"](total(BARE["exp"](tensor([0.0, 0.0])))) == 2.0
