"""Contractions named by their axes: einsum, tensordot and inner, as sequences of permutations, reshapes and matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from gradcli.autograd import Tensor
from gradcli.errors import ArgumentError, DTypeMismatch, OperandLabel, ShapeMismatch, ValueFault
from gradcli.functions.declare import function
from gradcli.functions.diagonal import diagonal
from gradcli.functions.elementwise import mul
from gradcli.functions.linalg import bmm, dot, mm
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import CONVERT_ONE, misfit
from gradcli.functions.shape import flatten, movedim, permute, reshape, unsqueeze, view_as_shape
from gradcli.lazy import Size
from gradcli.lazy.shapes import describe, normalize_dim

ELLIPSIS = "..."


class Equation(NamedTuple):
    """An equation taken apart: the labels of each operand, those of the output, and how many axes an ellipsis stands for."""

    operands: list[list[str]]
    output: list[str]
    ellipsis_rank: int


# ── the equation ──


def _fault(message: str, hint: str | None = None) -> ValueFault:
    text = f"einsum(): {message}"
    return ValueFault.as_torch(text, hint=hint)


def _labels(text: str, offset: int, what: str) -> list[str]:
    """The labels of one operand or of the output; `offset` is where the text stands in the equation."""
    labels: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == ".":
            if text[position : position + 3] != ELLIPSIS or ELLIPSIS in labels:
                raise _fault(f"found '.' for {what} that is not part of any ellipsis" + (" (...)" if what == "output" else ""))
            labels.append(ELLIPSIS)
            position += 2
        elif character.isascii() and character.isalpha():
            labels.append(character)
        elif character != " ":
            where = f"at index {offset + position} in the equation string, subscripts must be in [a-zA-Z]"
            raise _fault(f"invalid subscript given {where}")
        position += 1
    return labels


def parse_equation(equation: str, tensors: Sequence[Tensor]) -> Equation:
    """The labels of an equation, checked against the operands it is given."""
    left, arrow, right = equation.partition("->")
    texts = left.split(",")
    if len(texts) != len(tensors):
        which = "fewer" if len(texts) > len(tensors) else "more"
        raise _fault(f"{which} operands were provided than specified in the equation")
    operands = []
    offset = 0
    for number, text in enumerate(texts):
        operands.append(_labels(text, offset, f"operand {number}"))
        offset += len(text) + 1
    ellipsis_rank = 0
    for number, (labels, tensor) in enumerate(zip(operands, tensors, strict=True)):
        ellipsis_rank = max(ellipsis_rank, _ellipsis_rank(labels, tensor, number))
    if arrow:
        output = _labels(right, offset + 1, "output")
        _check_output(output, operands)
    else:
        every = [label for labels in operands for label in labels]
        has_ellipsis = [ELLIPSIS] if ELLIPSIS in every else []
        output = has_ellipsis + sorted(label for label in set(every) if every.count(label) == 1 and label != ELLIPSIS)
    return Equation(operands, output, ellipsis_rank)


def _ellipsis_rank(labels: list[str], tensor: Tensor, number: int) -> int:
    """How many axes the ellipsis of an operand stands for."""
    named = len(labels) - labels.count(ELLIPSIS)
    if ELLIPSIS in labels:
        if named > tensor.ndim:
            text = (
                f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions "
                f"({tensor.ndim}) for operand {number}"
            )
            raise ShapeMismatch.as_torch(text, operands=[OperandLabel(number + 1, describe(tensor.shape))])
        return tensor.ndim - named
    if named != tensor.ndim:
        text = (
            f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
            f"({tensor.ndim}) for operand {number} and no ellipsis was given"
        )
        raise ShapeMismatch.as_torch(text, operands=[OperandLabel(number + 1, describe(tensor.shape))])
    return 0


def _check_output(output: list[str], operands: list[list[str]]) -> None:
    for label in output:
        if output.count(label) > 1:
            raise _fault(f"output subscript {label} appears more than once in the output")
        if label != ELLIPSIS and not any(label in labels for labels in operands):
            raise _fault(f"output subscript {label} does not appear in the equation for any input operand")


# ── einsum ──


class _Axes:
    """Where each label stands once all operands are permuted alike: output axes first, then those that are summed away."""

    def __init__(self, equation: Equation) -> None:
        self.position: dict[str, int] = {}
        self.ellipsis_rank = equation.ellipsis_rank
        rank = 0
        for label in equation.output:
            self.position[label] = rank
            rank += self.ellipsis_rank if label == ELLIPSIS else 1
        self.output_rank = rank
        if ELLIPSIS not in self.position:
            self.position[ELLIPSIS] = rank
            rank += self.ellipsis_rank
        for label in sorted({label for labels in equation.operands for label in labels} - set(self.position)):
            self.position[label] = rank
            rank += 1
        self.rank = rank
        self.sizes = [1] * rank
        self.uses = [0] * rank  # how many operands have a size other than 1 there

    def note(self, axis: int, size: int, label: str, number: int) -> None:
        """Take in the size of an operand's axis; an error if it does not broadcast with an earlier one."""
        if size == 1:
            return
        if self.sizes[axis] not in (1, size):
            text = (
                f"einsum(): subscript {label} has size {size} for operand {number} which does not broadcast with previously "
                f"seen size {self.sizes[axis]}"
            )
            raise ShapeMismatch.as_torch(text, operands=[OperandLabel(number + 1, f"{label} is {size} here")])
        self.sizes[axis] = size
        self.uses[axis] += 1


def _aligned(tensor: Tensor, labels: list[str], axes: _Axes, number: int) -> Tensor:
    """An operand with its axes in the common order, sizes of 1 where it lacks one, diagonals where a label repeats."""
    permutation = [-1] * axes.rank
    dim = 0
    for label in labels:
        if label == ELLIPSIS:
            covered = tensor.ndim - dim - (len(labels) - labels.index(label) - 1)
            start = axes.position[ELLIPSIS] + axes.ellipsis_rank - covered
            for axis in range(start, start + covered):
                axes.note(axis, tensor.shape[dim], ELLIPSIS, number)
                permutation[axis] = dim
                dim += 1
            continue
        axis = axes.position[label]
        if permutation[axis] == -1:
            axes.note(axis, tensor.shape[dim], label, number)
            permutation[axis] = dim
            dim += 1
            continue
        earlier = permutation[axis]
        if tensor.shape[dim] != tensor.shape[earlier]:
            text = (
                f"einsum(): subscript {label} is repeated for operand {number} but the sizes don't match, "
                f"{tensor.shape[dim]} != {tensor.shape[earlier]}"
            )
            raise ShapeMismatch.as_torch(text, operands=[OperandLabel(number + 1, describe(tensor.shape))])
        tensor = movedim(diagonal(tensor, 0, earlier, dim), -1, earlier)
    for axis in range(axes.rank):
        if permutation[axis] == -1:
            tensor = unsqueeze(tensor, dim)
            permutation[axis] = dim
            dim += 1
    return permute(tensor, tuple(permutation))


def _contracted(a: Tensor, b: Tensor, axes: _Axes) -> Tensor:
    """The product of two aligned operands, summed over the axes that no later operand has."""
    joint: list[int] = []
    only_a: list[int] = []
    only_b: list[int] = []
    for axis in range(axes.output_rank, axes.rank):
        in_a, in_b = a.shape[axis] != 1, b.shape[axis] != 1
        if in_a and in_b:
            axes.uses[axis] -= 1
            if axes.uses[axis] == 1:
                joint.append(axis)
                axes.uses[axis] = 0
        elif axes.uses[axis] == 1 and (in_a or in_b):
            (only_a if in_a else only_b).append(axis)
            axes.uses[axis] = 0
    a = total(a, tuple(only_a), True) if only_a else a
    b = total(b, tuple(only_b), True) if only_b else b
    return _product_over(a, b, tuple(joint)) if joint else mul(a, b)


def _product_over(left: Tensor, right: Tensor, summed: tuple[int, ...]) -> Tensor:
    """The product of two tensors of one rank, summed over axes that both have, by one batched matrix product."""
    shared: list[int] = []
    only_left: list[int] = []
    only_right: list[int] = []
    for axis in range(left.ndim):
        if axis not in summed:
            in_left, in_right = left.shape[axis] != 1, right.shape[axis] != 1
            (shared if in_left and in_right else only_left if in_left else only_right).append(axis)
    if only_left and only_right and only_right[-1] < only_left[0]:
        left, right, only_left, only_right = right, left, only_right, only_left

    def size(tensor: Tensor, axes: Sequence[int]) -> int:
        return Size(tensor.shape[axis] for axis in axes).numel()

    batch, inner = size(left, shared), size(left, summed)
    left_rows = reshape(permute(left, (*shared, *only_left, *summed, *only_right)), (batch, size(left, only_left), inner))
    right_columns = reshape(permute(right, (*shared, *summed, *only_right, *only_left)), (batch, inner, size(right, only_right)))
    sizes = [left.shape[axis] for axis in (*shared, *only_left)] + [1] * len(summed) + [right.shape[axis] for axis in only_right]
    order = (*shared, *only_left, *summed, *only_right)
    product = view_as_shape(bmm(left_rows, right_columns), tuple(sizes))
    return permute(product, tuple(order.index(axis) for axis in range(len(order))))


@function(method=False, forms=(bmm,), examples=("einsum('ij,kj->ik', x, y)", "einsum('ij->j', x)"))
def einsum(equation: str, *operands: Tensor) -> Tensor:
    """The sum of products that an equation such as 'ij,jk->ik' names."""
    if not operands:
        raise ArgumentError.as_torch("einsum(): must provide at least one operand")
    parsed = parse_equation(equation, operands)
    axes = _Axes(parsed)
    aligned = [
        _aligned(tensor, labels, axes, number)
        for number, (tensor, labels) in enumerate(zip(operands, parsed.operands, strict=True))
    ]
    result = aligned[0]
    for following in aligned[1:]:
        result = _contracted(result, following, axes)
    if axes.rank == axes.output_rank:
        return result
    if len(aligned) > 1:  # every axis that is summed away has size 1 by now
        return view_as_shape(result, result.shape[: axes.output_rank])
    return total(result, tuple(range(axes.output_rank, axes.rank)))


# ── tensordot, inner ──


@function(method=False, forms=(mm,), examples=("tensordot(x, y.t(), 1)", "tensordot(x, y, dims=([0, 1], [0, 1]))"))
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over pairs of dimensions: the last of a and the first of b, or two lists of them."""
    if isinstance(dims, int):
        if dims < 0:
            raise ValueFault.as_torch(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise ValueFault.as_torch(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        return contracted_over(a, b, tuple(range(-dims, 0)), tuple(range(dims)))
    first, second = _pairs_of_dims(dims)
    if len(first) != len(second):
        raise ValueFault.as_torch("both dimension lists should have same length")
    return contracted_over(a, b, first, second)


def _pairs_of_dims(dims: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions of a and those of b, each an integer or a list of them."""
    if not isinstance(dims, (list, tuple)):
        raise ArgumentError("tensordot(): dims is a number of dimensions, or a pair of lists of dimensions")
    parts = [((part,) if isinstance(part, int) else tuple(part)) for part in dims if isinstance(part, (int, list, tuple))]
    numbers = all(isinstance(dim, int) for part in parts for dim in part)
    if len(dims) != 2 or len(parts) != 2 or not numbers:
        raise ArgumentError("tensordot(): dims is a number of dimensions, or a pair of lists of dimensions")
    return parts[0], parts[1]


def contracted_over(a: Tensor, b: Tensor, dims_a: Sequence[int], dims_b: Sequence[int]) -> Tensor:
    """The sum of products over pairs of dimensions, by one product of matrices."""
    axes_a = [normalize_dim(dim, a.ndim) for dim in dims_a]
    axes_b = [normalize_dim(dim, b.ndim) for dim in dims_b]
    for position, (axis_a, axis_b) in enumerate(zip(axes_a, axes_b, strict=True)):
        size_a, size_b = a.shape[axis_a], b.shape[axis_b]
        if size_b == 1:
            a = total(a, axis_a, True)
        elif size_a == 1:
            b = total(b, axis_b, True)
        elif size_a != size_b:
            raise misfit(
                f"contracted dimensions need to match, but first has size {size_a} in dim {dims_a[position]} "
                f"and second has size {size_b} in dim {dims_b[position]}",
                a,
                b,
            )
    rest_a = [axis for axis in range(a.ndim) if axis not in axes_a]
    rest_b = [axis for axis in range(b.ndim) if axis not in axes_b]
    shape = (*(a.shape[axis] for axis in rest_a), *(b.shape[axis] for axis in rest_b))
    left, right = permute(a, (*rest_a, *axes_a)), permute(b, (*axes_b, *rest_b))
    if not shape:
        return reshape(dot(flatten(left), flatten(right)), shape)
    inner = Size(a.shape[axis] for axis in axes_a).numel()
    rows, columns = (Size(t.shape[axis] for axis in rest).numel() for t, rest in ((a, rest_a), (b, rest_b)))
    return reshape(mm(reshape(left, (rows, inner)), reshape(right, (inner, columns))), shape)


@function(forms=(mm, dot), examples=("inner(x, y)",))
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The sums of products along the last dimensions."""
    if input.dtype is not other.dtype:
        raise DTypeMismatch.as_torch("both inputs should have same dtype", hint=CONVERT_ONE)
    if input.ndim == 0 or other.ndim == 0:
        return mul(input, other)
    if input.shape[-1] != other.shape[-1]:
        shapes = f"{list(input.shape)} and {list(other.shape)}"
        raise misfit(f"inner() the last dimension must match on both input tensors but got shapes {shapes}", input, other)
    return contracted_over(input, other, (-1,), (-1,))
