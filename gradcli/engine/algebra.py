"""Rules of rewriting that calculate: factors, sums, powers, exponentials and products with one number everywhere."""

from __future__ import annotations

from math import frexp, inf, isfinite, prod

from gradcli.engine.rules import Known, Operands, Rules, product_of, uniform
from gradcli.lazy import ops
from gradcli.lazy.array import LazyArray
from gradcli.lazy.dtypes import DType
from gradcli.lazy.shapes import Size
from gradcli.lazy.simplify import rounded

# What is never -0, to which adding 0 would make a difference.
NEVER_MINUS_ZERO = frozenset({"abs", "cosh", "exp", "exp2", "normal_cdf"})


def _exact_product(a: float, b: float, dtype: DType) -> float | None:
    """a * b where one of the two is a power of two, and the dtype holds it exactly: no infinity, and nothing too small."""
    product = a * b
    if not product or not isfinite(product) or 0.5 not in (abs(frexp(a)[0]), abs(frexp(b)[0])):
        return None
    return product if product / a == b and product / b == a and rounded(product, dtype) == product else None


def _scaled(node: LazyArray, operands: Operands) -> tuple[float, LazyArray] | None:
    """c and x of a product c * x, where x has the product's shape."""
    for number, x in (operands, operands[::-1]):
        value = uniform(number)
        if value is not None and x.shape == node.shape and x.primitive != "constant":
            return value, x
    return None


def _times_one(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """x * 1 and x / 1 are x."""
    scaled = _scaled(node, operands) if node.primitive == "mul" or uniform(operands[1]) is not None else None
    return scaled[1] if scaled is not None and scaled[0] == 1 else None


def _factors(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """a * (b * x) is (a*b) * x: exact where one of the two is a power of two (and finite even where b * x is not)."""
    outer = _scaled(node, operands)
    if outer is None or outer[1].primitive != "mul":
        return None
    inner = _scaled(outer[1], outer[1].operands)
    factor = _exact_product(outer[0], inner[0], node.dtype) if inner is not None else None
    return product_of(factor, inner[1]) if inner is not None and factor is not None else None


def _twice(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """c*x + c*x is (2*c) * x, exactly."""
    product, same = operands
    if product is not same or product.primitive != "mul":
        return None
    scaled = _scaled(product, product.operands)
    factor = _exact_product(2, scaled[0], node.dtype) if scaled is not None else None
    return product_of(factor, scaled[1]) if scaled is not None and factor is not None else None


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


def _sum_of_scaled(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """The sum of c*x is c times the sum of x, which overflows no sooner unless c is small, and a sum of 0 is not -0."""
    (product,) = operands
    scaled = _scaled(product, product.operands) if product.primitive == "mul" and known.uses[product] == 1 else None
    if scaled is None or not 1 <= scaled[0] < inf:
        return None
    return product_of(scaled[0], ops.reduce("sum", scaled[1], *node.params))


def _sum_of_products(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """Products that are only summed are not stored."""
    (product,) = operands
    if product.primitive != "mul" or known.uses[product] != 1 or not product.dtype.is_floating:
        return None
    if any(operand.shape != product.shape or operand.primitive == "constant" for operand in product.operands):
        return None
    return LazyArray("sum_of_products", product.operands, node.params, node.shape, node.dtype)


def _sum_of_uniform(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """The sum of n times the same number is n times the number."""
    value = uniform(operands[0])
    if value is None:
        return None
    number = ops.size_of(operands[0], node.params[0])
    return ops.full(node.shape, value * number if number else 0.0, node.dtype)


def _sum_of_repeated(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """The sum of n times the same row is n times the row."""
    (repeated,) = operands
    axes, keepdims = node.params
    if repeated.primitive != "broadcast_to" or not node.dtype.is_floating:
        return None
    (row,) = repeated.operands
    rank = len(repeated.shape)
    row = ops.reshape(row, Size((*(1,) * (rank - len(row.shape)), *row.shape)))
    number = prod(repeated.shape[axis] for axis in axes if row.shape[axis] == 1)
    if number < 2:
        return None
    row = ops.broadcast_to(
        row, Size(1 if axis in axes and row.shape[axis] == 1 else size for axis, size in enumerate(repeated.shape))
    )
    return ops.binary("mul", ops.constant(float(number), node.dtype), ops.reduce("sum", row, axes, keepdims))


def _sum_of_one(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """A sum over axes of length 1 has nothing to add up."""
    (x,) = operands
    is_single = x.dtype is node.dtype and node.params[0] and all(x.shape[axis] == 1 for axis in node.params[0])
    return ops.reshape(x, node.shape) if is_single else None


def _without_zero(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """x - 0 is x, and so is x + 0 where x is never -0."""
    for x, zero in (operands, operands[::-1]) if node.primitive == "add" else (operands,):
        is_exact = node.primitive == "sub" or x.primitive in NEVER_MINUS_ZERO
        if uniform(zero) == 0 and "negative" not in zero.params and x.shape == node.shape and is_exact:
            return x
    return None


def _small_power(node: LazyArray, operands: Operands, known: Known) -> LazyArray | None:
    """Squares and cubes are products, which find room for their results."""
    x, exponent = operands
    value = uniform(exponent)
    if value not in (2, 3) or x.shape != node.shape:
        return None
    square = ops.binary("mul", x, x)
    return square if value == 2 else ops.binary("mul", square, x)


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
    for factor, matrix, axis in ((uniform(a), b, len(b.shape) - 2), (uniform(b), a, len(a.shape) - 1)):
        if factor is not None and matrix.primitive != "constant":
            scaled = matrix if factor == 1 else product_of(factor, matrix)
            return ops.broadcast_to(ops.reduce("sum", scaled, (axis,), keepdims=True), node.shape)
    return None


ALGEBRA: Rules = {
    "add": (_twice, _without_zero),
    "div": (_times_one,),
    "exp": (_softmax,),
    "matmul": (_product_with_uniform,),
    "mul": (_times_one, _factors, _scaled_softmax),
    "pow": (_small_power,),
    "sub": (_without_zero,),
    "sum": (_sum_of_one, _sum_of_uniform, _sum_of_repeated, _sum_of_scaled, _sum_of_products),
}
