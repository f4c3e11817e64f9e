"""A lazy program freed from its arrays: instructions over numbered slots, which a device library runs or fuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gradcli.engine.devices.namespace import IMPLEMENTATIONS
from gradcli.engine.devices.special import OWN_PRIMITIVES
from gradcli.engine.order import Step
from gradcli.errors import GradcliError, NotSupported
from gradcli.lazy import ops
from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import DType, float16, float32
from gradcli.lazy.shapes import Size

if TYPE_CHECKING:
    from gradcli.engine.devices.library import Library

Array = Any
Refusal = Callable[[], GradcliError]
#: The values of outputs; they hold only if none of the flags is set that come with a refusal each.
Outcome = tuple[list[Array], list[tuple[Array, Refusal]]]
#: What computes a program from the values of its inputs.
Run = Callable[[Sequence[Array]], Outcome]


class Instruction(NamedTuple):
    """A primitive applied to slots; what it says is what a LazyArray says, without holding one."""

    primitive: str
    params: tuple[Any, ...]
    shape: Size
    dtype: DType
    operands: tuple[int, ...]
    released: tuple[int, ...]  # slots that nothing needs any more


class Program(NamedTuple):
    """Instructions, each filling the next slot after the inputs, and the slots asked for. Equal programs compute the same."""

    inputs: tuple[DType, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]

    def at(self, slot: int) -> Instruction:
        """The instruction that fills a slot."""
        return self.instructions[slot - len(self.inputs)]

    def dtype_of(self, slot: int) -> DType:
        """The element type of what fills a slot."""
        return self.inputs[slot] if slot < len(self.inputs) else self.at(slot).dtype


class Execution:
    """One run of a program: its library, and what its values may turn out to be refused for."""

    __slots__ = ("library", "refusals", "xp")
    library: Library
    xp: Any
    refusals: list[tuple[Array, Refusal]]

    def __init__(self, library: Library) -> None:
        self.library = library
        self.xp = library.xp
        self.refusals = []

    def refuse_if(self, flag: Array, refusal: Refusal) -> None:
        """Make the evaluation an error if the flag, a boolean on the device, is found set when all is computed."""
        self.refusals.append((flag, refusal))


# Random numbers, so that they are those of every other device, and what is stored elsewhere.
MADE_ON_HOST = frozenset({"random", "stored"})


def programmed(steps: Sequence[Step], wanted: Sequence[LazyArray]) -> tuple[Program, list[LazyArray]]:
    """The program of steps that gives what is wanted, and the arrays that it starts from: values kept, or made by the host."""
    computed = _with_products(steps)
    made = {node for node, _ in computed}
    sources = [operand for _, operands in computed for operand in operands if operand not in made]
    sources += [array for array in wanted if array not in made]
    inputs = list(dict.fromkeys(sources))
    slots = {array: slot for slot, array in enumerate([*inputs, *[node for node, _ in computed]])}
    outputs = tuple([slots[array] for array in wanted])
    last_use = {slots[operand]: number for number, (_, operands) in enumerate(computed) for operand in operands}
    last_use.update(dict.fromkeys(outputs, len(computed)))
    instructions = []
    for number, (node, operands) in enumerate(computed):
        places = tuple([slots[operand] for operand in operands])
        released = tuple({place for place in places if last_use[place] == number})
        primitive = "sum" if node.primitive == "sum_of_products" else node.primitive
        instructions.append(Instruction(primitive, node.params, node.shape, node.dtype, places, released))
    return Program(tuple([source.dtype for source in inputs]), tuple(instructions), outputs), inputs


def _with_products(steps: Sequence[Step]) -> list[Step]:
    """The steps but for what the host makes, with the products that sums are of, which libraries can fuse with others."""
    computed: list[Step] = []
    for node, operands in steps:
        if node.primitive == "sum_of_products":
            product = ops.binary("mul", *operands)
            computed.append((product, operands))
            operands = (product,)
        if node.primitive not in MADE_ON_HOST:
            computed.append((node, operands))
    return computed


def execute(library: Library, program: Program, inputs: Sequence[Array]) -> Outcome:
    """The values of a program's outputs, and what they may be refused for."""
    run = Execution(library)
    values: list[Array] = [*inputs, *[None] * len(program.instructions)]
    for slot, instruction in enumerate(program.instructions, len(inputs)):
        values[slot] = computed(run, instruction, [values[operand] for operand in instruction.operands])
        for released in instruction.released:
            values[released] = None
    return [values[output] for output in program.outputs], run.refusals


def computed(run: Execution, instruction: Instruction, operands: list[Array]) -> Array:
    """The value of one instruction."""
    library = run.library
    function = library.own.get(instruction.primitive)
    if function is not None:
        if instruction.primitive in OWN_PRIMITIVES and instruction.dtype is float16:
            operands = [library.cast(operand, float32) for operand in operands]
        return library.cast(function(*operands), instruction.dtype)
    implementation = IMPLEMENTATIONS.get(instruction.primitive)
    if implementation is None:
        message = f"the library of the device {library.place} has no {instruction.primitive}"
        raise NotSupported(message, hint="compute on the host: --device cpu")
    return implementation(run, instruction, operands)
