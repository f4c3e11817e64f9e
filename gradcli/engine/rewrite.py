"""Rewriting a large evaluation before it is planned: less work and fewer bytes for the same numbers, up to rounding.

A rule takes a step whose operands are rewritten already and gives what to compute instead, or None. Rules are applied until
none fits any more, because one makes room for another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial, reduce
from math import frexp, inf, isfinite, prod
from typing import NamedTuple

from gradcli.engine.order import Step, reachable, share
from gradcli.engine.plan import ELEMENTWISE
from gradcli.lazy import ops
from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import DType
from gradcli.lazy.shapes import Size
from gradcli.lazy.simplify import rounded

Operands = tuple[LazyArray, ...]


class Known(NamedTuple):
    """What rules may ask about the evaluation: how often each array is used, and the exponentials that are computed anyway."""

    uses: Counter[LazyArray]
    exponentials: dict[LazyArray, LazyArray]  # exp(x) by x


Rule = Callable[[LazyArray, Operands, Known], LazyArray | None]


def rewrite(steps: list[Step], wanted: Iterable[LazyArray]) -> tuple[list[Step], dict[LazyArray, LazyArray]]:
    """The steps that give the wanted arrays, and what stands for each of these."""
    stands_for = {array: array for array in wanted}
    while True:
        uses = Counter(operand for _, operands in steps for operand in operands)
        uses.update(stands_for.values())
        known = Known(uses, {operands[0]: node for node, operands in steps if node.primitive == "exp"})
        instead: dict[LazyArray, LazyArray] = {}
        for node, operands in steps:
            operands = tuple([instead.get(operand, operand) for operand in operands])
            new = next((new for rule in RULES.get(node.primitive, ()) if (new := rule(node, operands, known)) is not None), None)
            if new is None and operands != node.operands:
                new = LazyArray(node.primitive, operands, node.params, node.shape, node.dtype)
            if new is not None:
                instead[node] = new
        if not instead:
            return steps, stands_for
        roots = {array: instead.get(current, current) for array, current in stands_for.items()}
        steps, canonical = share(reachable([root for root in roots.values() if root.buffer is None])[0])
        stands_for = {array: canonical.get(root, root) for array, root in roots.items()}


def _uniform(array: LazyArray) -> float | None:
    """The number that a floating array holds everywhere, if it is a constant."""
    return float(array.params[0]) if array.primitive == "constant" and array.dtype.is_floating else None


def _exact_product(a: float, b: float, dtype: DType) -> float | None:
    """a * b where one of the two is a power of two, and the dtype holds it exactly: no infinity, and nothing too small."""
    product = a * b
    if not product or not isfinite(product) or 0.5 not in (abs(frexp(a)[0]), abs(frexp(b)[0])):
        return None
    return product if product / a == b and product / b == a and rounded(product, dtype) == product else None


def _scaled(node: LazyArray, operands: Operands) -> tuple[float, LazyArray] | None:
    """c and x of a product c * x, where x has the product's shape."""
    for number, x in (operands, operands[::-1]):
        value = _uniform(number)
        if value is not None and x.shape == node.shape and x.primitive != "constant":
            return value, x
    return None


def _product_of(factor: float, x: LazyArray) -> LazyArray:
    return ops.binary("mul", ops.constant(factor, x.dtype), x)


def _times_one(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """x * 1 and x / 1 are x."""
    scaled = _scaled(node, operands) if node.primitive == "mul" or _uniform(operands[1]) is not None else None
    return scaled[1] if scaled is not None and scaled[0] == 1 else None


def _factors(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """a * (b * x) is (a*b) * x: exact where one of the two is a power of two (and finite even where b * x is not)."""
    outer = _scaled(node, operands)
    if outer is None or outer[1].primitive != "mul":
        return None
    inner = _scaled(outer[1], outer[1].operands)
    factor = _exact_product(outer[0], inner[0], node.dtype) if inner is not None else None
    return _product_of(factor, inner[1]) if inner is not None and factor is not None else None


def _twice(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """c*x + c*x is (2*c) * x, exactly."""
    product, same = operands
    if product is not same or product.primitive != "mul":
        return None
    scaled = _scaled(product, product.operands)
    factor = _exact_product(2, scaled[0], node.dtype) if scaled is not None else None
    return _product_of(factor, scaled[1]) if scaled is not None and factor is not None else None


def _is_softmax_total(total: LazyArray, exponential: LazyArray) -> bool:
    """Whether this is the sum of the exponentials of what was shifted by its largest over the same axes, so at least 1."""
    if total.primitive != "sum" or total.operands[0] is not exponential or exponential.operands[0].primitive != "sub":
        return False
    x, largest = exponential.operands[0].operands
    return largest.primitive == "max" and largest.operands[0] is x and largest.params == (total.params[0], True)


def _softmax(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """exp(x - log(s)) is exp(x) / s where exp(x) is there anyway, and is what s sums, so that nothing overflows."""
    (difference,) = operands
    if difference.primitive != "sub":
        return None
    shifted, logarithm = difference.operands
    exponential = known.exponentials.get(shifted)
    if exponential is None or logarithm.primitive != "log" or exponential.shape != node.shape:
        return None
    total = logarithm.operands[0]
    return ops.binary("div", exponential, total) if _is_softmax_total(total, exponential) else None


def _part_of_elementwise(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A part of what is computed element by element, and used for nothing else, is computed from the parts of its operands."""
    (whole,) = operands
    slices = node.params[0]
    if whole.primitive not in ELEMENTWISE or known.uses[whole] != 1 or 2 * prod(node.shape) > prod(whole.shape):
        return None
    parts = tuple(_part(operand, slices, whole.shape) for operand in whole.operands)
    return LazyArray(whole.primitive, parts, whole.params, node.shape, whole.dtype)


def _part(operand: LazyArray, slices: tuple[ops.Slice, ...], shape: Size) -> LazyArray:
    """What a part of a result needs of an operand that was broadcast to its shape."""
    rank = len(operand.shape)
    own = slices[len(slices) - rank :]
    sizes = shape[len(shape) - rank :]
    taken = [(0, 1, 1) if size == 1 != whole else cut for size, whole, cut in zip(operand.shape, sizes, own, strict=True)]
    if operand.primitive == "constant":
        return ops.full(Size(number for _, number, _ in taken), operand.params[0], operand.dtype)
    return ops.slice_(operand, tuple(taken))


def _sum_of_placed(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """The sum of a part among zeros is the sum of the part (plus 0, which -0 becomes)."""
    (placed,) = operands
    axes, keepdims = node.params
    if placed.primitive != "place" or not node.dtype.is_floating:
        return None
    slices, shape = placed.params
    if any(cut != (0, shape[axis], 1) for axis, cut in enumerate(slices) if axis not in axes):
        return None
    total = ops.reduce("sum", placed.operands[0], axes, keepdims)
    return ops.binary("add", total, ops.constant(0.0, node.dtype))


def _sum_of_scaled(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """The sum of c*x is c times the sum of x, which overflows no sooner unless c is small."""
    (product,) = operands
    scaled = _scaled(product, product.operands) if product.primitive == "mul" and known.uses[product] == 1 else None
    if scaled is None or not 1 <= abs(scaled[0]) < inf:
        return None
    return _product_of(scaled[0], ops.reduce("sum", scaled[1], *node.params))


def _sum_of_products(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """Products that are only summed are not stored."""
    (product,) = operands
    if product.primitive != "mul" or known.uses[product] != 1 or not product.dtype.is_floating:
        return None
    if any(operand.shape != product.shape or operand.primitive == "constant" for operand in product.operands):
        return None
    return LazyArray("sum_of_products", product.operands, node.params, node.shape, node.dtype)


def _difference_from_placed(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A part among zeros, minus y, is 0 - y with the part added where it belongs."""
    placed, y = operands
    if placed.primitive != "place" or known.uses[placed] != 1 or y.shape != node.shape or not node.dtype.is_floating:
        return None
    negated = ops.binary("sub", ops.constant(0.0, node.dtype), y)
    return LazyArray("add_part", (negated, placed.operands[0]), (placed.params[0],), node.shape, node.dtype)


def _sum_with_placed(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A part among zeros, plus y, is y with the part added where it belongs."""
    for placed, y in (operands, operands[::-1]):
        if placed.primitive == "place" and known.uses[placed] == 1 and y.shape == node.shape and node.dtype.is_floating:
            return LazyArray("add_part", (y, placed.operands[0]), (placed.params[0],), node.shape, node.dtype)
    return None


def _sum_of_uniform(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """The sum of n times the same number is n times the number."""
    value = _uniform(operands[0])
    if value is None:
        return None
    number = ops.size_of(operands[0], node.params[0])
    return ops.full(node.shape, value * number if number else 0.0, node.dtype)


def _of_windows(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A reduction of windows puts their parts together: NumPy is slow to reduce many short axes."""
    (windows,) = operands
    axes, keepdims = node.params
    if windows.primitive != "windows" or keepdims:
        return None
    rank = len(windows.shape) - len(windows.params[0])
    if axes != tuple(range(rank, len(windows.shape))) or not 0 < prod(windows.shape[rank:]) <= MOST_PARTS:
        return None
    parts = ops.window_parts(windows.operands[0], windows.params[0])
    return reduce(partial(ops.binary, _COMBINING[node.primitive]), parts)


_COMBINING = {"max": "maximum", "min": "minimum", "sum": "add"}
MOST_PARTS = 64


def _scaled_softmax(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """exp(x) / s * k is exp(x) * (k / s) where s sums what was shifted by its largest, so that it is at least 1."""
    for quotient, factor in (operands, operands[::-1]):
        if quotient.primitive == "div" and known.uses[quotient] == 1:
            exponential, total = quotient.operands
            is_softmax = exponential.primitive == "exp" and _is_softmax_total(total, exponential)
            if is_softmax and prod(factor.shape) <= prod(total.shape):
                return ops.binary("mul", exponential, ops.binary("div", factor, total))
    return None


def _product_with_uniform(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A matrix product with one number everywhere is a sum over what the two share, for every row or column the same."""
    a, b = operands
    for factor, matrix, axis in ((_uniform(a), b, len(b.shape) - 2), (_uniform(b), a, len(a.shape) - 1)):
        if factor is not None and matrix.primitive != "constant":
            scaled = matrix if factor == 1 else _product_of(factor, matrix)
            return ops.broadcast_to(ops.reduce("sum", scaled, (axis,), keepdims=True), node.shape)
    return None


RULES: dict[str, tuple[Rule, ...]] = {
    "add": (_twice, _sum_with_placed),
    "div": (_times_one,),
    "exp": (_softmax,),
    "matmul": (_product_with_uniform,),
    "max": (_of_windows,),
    "min": (_of_windows,),
    "mul": (_times_one, _factors, _scaled_softmax),
    "slice": (_part_of_elementwise,),
    "sub": (_difference_from_placed,),
    "sum": (_sum_of_placed, _sum_of_uniform, _of_windows, _sum_of_scaled, _sum_of_products),
}
