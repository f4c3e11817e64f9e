"""The source of the kernel of a region, put together from our own expressions and numbered variables alone.

Constants are arguments of a kernel, so that its text, and what it was compiled to, is the same for other numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradcli.engine.devices.expressions import C_TYPES, REDUCTIONS, expression, written
from gradcli.engine.devices.program import Instruction, Program
from gradcli.engine.devices.regions import Region
from gradcli.lazy.dtypes import DType


class Elementwise(NamedTuple):
    """What CuPy's ElementwiseKernel is made of."""

    in_params: str
    out_params: str
    operation: str


class Reduction(NamedTuple):
    """What CuPy's ReductionKernel is made of."""

    in_params: str
    out_params: str
    map_expr: str
    reduce_expr: str
    post_map_expr: str
    identity: str
    preamble: str


def elementwise_kernel(program: Program, region: Region) -> Elementwise:
    """The kernel of a region without reductions: of its inputs, constants and outputs."""
    names = _names(region)
    stores = [f"y{number} = {names[slot]};" for number, slot in enumerate(region.outputs)]
    return Elementwise(
        in_params=", ".join(_declared(program, "x", region.inputs) + _declared(program, "c", region.constants)),
        out_params=", ".join(_declared(program, "y", region.outputs)),
        operation="\n".join([*_statements(program, region, names), *stores]),
    )


def totals_kernel(program: Program, region: Region) -> Elementwise:
    """The kernel of a region with totals: of its inputs, constants, their length, its outputs and the parts of totals.

    It is to be run by as many threads as a total has parts; each goes through its share of the elements.
    """
    names = _names(region)
    loads = [f"const {_c_type(program, slot)} x{number} = p{number}[j];" for number, slot in enumerate(region.inputs)]
    stores = [f"y{number}[j] = {names[slot]};" for number, slot in enumerate(region.outputs)]
    starts, additions, ends = [], [], []
    for number, slot in enumerate(region.totals):
        total = program.at(slot)
        element = names[total.operands[0]]
        starts.append(f"{_c_type(program, slot)} t{number} = 0;")
        additions.append(f"t{number} = j == i ? {element} : {_joined(total.primitive, total.dtype, f't{number}', element)};")
        ends.append(f"z{number}[i] = t{number};")
    body = [*loads, *_statements(program, region, names), *stores, *additions]
    in_params = [*_declared(program, "p", region.inputs, "raw "), *_declared(program, "c", region.constants), "int64 length"]
    out_params = _declared(program, "y", region.outputs, "raw ") + _declared(program, "z", region.totals, "raw ")
    operation = [*starts, "for (ptrdiff_t j = i; j < length; j += _ind.size()) {", *body, "}", *ends]
    return Elementwise(", ".join(in_params), ", ".join(out_params), "\n".join(operation))


def reduction_kernel(program: Program, region: Region, result: Instruction) -> Reduction:
    """The kernel of a region that ends in a reduction over some axes: of its inputs and constants."""
    names = _names(region)
    read = [*region.inputs, *region.constants]
    taken = ", ".join(f"const {_c_type(program, slot)} {names[slot]}" for slot in read)
    element = result.operands[0]
    body = [*_statements(program, region, names), f"return {names[element]};"]
    return Reduction(
        in_params=", ".join(_declared(program, "x", region.inputs) + _declared(program, "c", region.constants)),
        out_params=f"{result.dtype.name} y0",
        map_expr=f"element({', '.join(names[slot] for slot in read)})",
        reduce_expr=_joined(result.primitive, result.dtype, "a", "b"),
        post_map_expr="y0 = a",
        identity=REDUCTIONS[result.primitive][1],
        preamble="\n".join([f"__device__ {_c_type(program, element)} element({taken}) {{", *body, "}"]),
    )


def _names(region: Region) -> dict[int, str]:
    """The variable of each slot; equal regions of different programs have the same."""
    kinds = {"x": region.inputs, "c": region.constants, "v": region.members}
    return {slot: f"{kind}{number}" for kind, slots in kinds.items() for number, slot in enumerate(slots)}


def _statements(program: Program, region: Region, names: dict[int, str]) -> list[str]:
    """The members, each a variable."""
    statements = []
    for slot in region.members:
        instruction, c_type = program.at(slot), _c_type(program, slot)
        dtype = program.dtype_of(instruction.operands[-1])
        template = expression(instruction.primitive, dtype, instruction.dtype)
        assert template is not None
        value = written(template, dtype, *[names[operand] for operand in instruction.operands])
        statements.append(f"const {c_type} {names[slot]} = ({c_type})({value});")
    return statements


def _joined(reduction: str, dtype: DType, so_far: str, element: str) -> str:
    """A reduction's next value."""
    template = expression(REDUCTIONS[reduction][0], dtype)
    assert template is not None
    return written(template, dtype, so_far, element)


def _declared(program: Program, name: str, slots: Sequence[int], kind: str = "") -> list[str]:
    """Parameters of a kernel, as CuPy names types."""
    return [f"{kind}{program.dtype_of(slot).name} {name}{number}" for number, slot in enumerate(slots)]


def _c_type(program: Program, slot: int) -> str:
    return C_TYPES[program.dtype_of(slot)]
