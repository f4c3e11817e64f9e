"""Functions of matrices that are products: chains, powers, exponentials, cross products, and systems of tensors as matrices."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from math import prod

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import operators
from gradcli.errors import DTypeMismatch, ShapeMismatch, ValueFault
from gradcli.functions.arguments import Dims, Tensors
from gradcli.functions.create import eye
from gradcli.functions.declare import function
from gradcli.functions.decompose import check_square, inv, solve
from gradcli.functions.elementwise import mul
from gradcli.functions.join import cat, flip, roll
from gradcli.functions.linalg import matmul, mm, vdot
from gradcli.functions.padding import constant_pad_nd
from gradcli.functions.reduce import cumprod
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import misfit
from gradcli.functions.repetition import expand
from gradcli.functions.shape import clone, flatten, matrix_transposed, permute, reshape, reshape_alias, unsqueeze, view
from gradcli.functions.slices import narrow
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.dtypes import bool_, int64
from gradcli.lazy.shapes import broadcast, existing_dim, normalize_dim

# ── vectors ──


def _crossed(input: Tensor, other: Tensor, dim: int) -> Tensor:
    """a1 * b2 - a2 * b1 and so on, in a circle."""
    return roll(input, (-1,), (dim,)) * roll(other, (-2,), (dim,)) - roll(input, (-2,), (dim,)) * roll(other, (-1,), (dim,))


@function(
    "LinalgCrossBackward0",
    namespace="torch.linalg",
    examples=("torch.linalg.cross(x, y)", "torch.linalg.cross(x, y, dim=0)"),
    d_input=lambda g, other, dim: _crossed(other, g, dim),
    d_other=lambda g, input, dim: _crossed(g, input, dim),
)
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross products of vectors of three numbers, along a dimension."""
    if input.ndim != other.ndim:
        raise misfit("linalg.cross: inputs must have the same number of dimensions.", input, other)
    axis = existing_dim(dim, input.ndim)
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        sizes = f"{input.shape[axis]} and {other.shape[axis]}"
        raise misfit(f"linalg.cross: inputs dimension {dim} must have length 3. Got {sizes}", input, other)
    broadcast(input.shape, other.shape)
    return _crossed(input, other, dim)


@function(name="cross", forms=(cross,), examples=("cross(x, y)",))
def cross_along_three(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross products of vectors of three numbers, along a dimension: the first that has three, if none is given."""
    if dim is None:
        threes = [axis for axis, size in enumerate(input.shape) if size == 3]
        if not threes:
            raise misfit("no dimension of size 3 in input", input, other)
        dim = threes[0]
    return cross(input, other, dim=dim)


@function(namespace="torch.linalg", forms=(total, mul, vdot), examples=("torch.linalg.vecdot(x, y)",))
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The sums of products along a dimension."""
    if x.ndim == 1 and y.ndim == 1:
        return vdot(x, y)
    if x.dtype != y.dtype:
        types = f"found x of type {x.dtype.tensor_type} and y of type {y.dtype.tensor_type} instead"
        raise DTypeMismatch.as_torch(f"linalg.vecdot: Expected x and y to have the same dtype, but {types}")
    return total(mul(x, y), dim)


@function(namespace="torch.linalg", forms=(cat, cumprod), examples=("torch.linalg.vander(x)", "torch.linalg.vander(x, N=4)"))
def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """The powers 0 to N - 1 of each number, along a new last dimension; as many as there are numbers unless N is given."""
    if x.dtype is bool_:
        raise ValueFault.as_torch("linalg.vander: the input is not a tensor of numbers")
    count = N if N is not None else x.shape[-1] if x.ndim else 1
    if count <= 1:
        raise ValueFault.as_torch("N must be greater than 1.")
    return _rising_powers(x, count)


def _rising_powers(x: Tensor, count: int) -> Tensor:
    """The powers of each number from 0 on, along a new last dimension; whole numbers are int64 then."""
    dtype = x.dtype if x.dtype.is_floating else int64
    ones = Tensor(ops.full(Size((*x.shape, min(count, 1))), 1, dtype))
    return ones if count < 2 else cat((ones, cumprod(expand(unsqueeze(x, -1), *x.shape, count - 1), -1)), -1)


@function(name="vander", method=False, forms=(cat, cumprod, flip), examples=("vander(v)", "vander(v, 4, increasing=True)"))
def torch_vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers N - 1 to 0 of each number of a vector, or increasing ones; as many as there are numbers unless N is given."""
    if x.ndim != 1:
        raise misfit("x must be a one-dimensional tensor.", x)
    count = x.shape[0] if N is None else N
    if count < 0:
        raise ValueFault.as_torch("N must be non-negative.")
    powers = _rising_powers(x, count)
    return powers if increasing else flip(powers, (1,))


# ── chains and powers ──


def _cheapest_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each part of a chain of products, for the fewest multiplications (Cormen et al., section 15.2)."""
    count = len(sizes) - 1
    costs = {(start, start): 0 for start in range(count)}
    splits: dict[tuple[int, int], int] = {}
    for length in range(1, count):
        for start in range(count - length):
            end = start + length
            options = [
                (costs[start, k] + costs[k + 1, end] + sizes[start] * sizes[k + 1] * sizes[end + 1], k) for k in range(start, end)
            ]
            cost, split = min(options)
            if count == 3 and length == 2 and options[-1][0] == cost:
                split = options[-1][1]  # of three matrices PyTorch multiplies the first two, if that costs the same
            costs[start, end], splits[start, end] = cost, split
    return splits


def _product(matrices: list[Tensor], splits: dict[tuple[int, int], int], start: int, end: int) -> Tensor:
    if start == end:
        return matrices[start]
    split = splits[start, end]
    return mm(_product(matrices, splits, start, split), _product(matrices, splits, split + 1, end))


@function(namespace="torch.linalg", forms=(mm,), examples=("torch.linalg.multi_dot([x, y.t(), x])",))
def multi_dot(tensors: Tensors) -> Tensor:
    """The product of a chain of matrices, the first and last of which may be vectors, with the fewest multiplications."""
    if len(tensors) < 2:
        raise ValueFault.as_torch("multi_dot(): expected at least 2 tensors but got " + str(len(tensors)))
    matrices = list(tensors)
    shape: list[int] = []
    for end, position in (("first", 0), ("last", -1)):
        tensor = matrices[position]
        if tensor.ndim not in (1, 2):
            raise misfit(f"multi_dot(): the {end} tensor must be 1D or 2D but got {tensor.ndim}D", tensor)
        if tensor.ndim == 1:
            matrices[position] = unsqueeze(tensor, position)
        else:
            shape.append(tensor.shape[position])
    for position, tensor in enumerate(matrices[1:-1], 1):
        if tensor.ndim != 2:
            raise misfit(f"multi_dot(): tensor {position} must be 2D but got {tensor.ndim}D", tensor)
    for position, (left, right) in enumerate(pairwise(matrices)):
        if left.shape[1] != right.shape[0]:
            sizes = f"{list(left.shape)} and {list(right.shape)}"
            message = f"multi_dot(): tensors {position} and {position + 1} with shapes {sizes} cannot be multiplied"
            raise misfit(message, left, right)
    splits = _cheapest_splits([matrices[0].shape[0], *(matrix.shape[1] for matrix in matrices)])
    return view(_product(matrices, splits, 0, len(matrices) - 1), tuple(shape))


@function(forms=(multi_dot,), method=False, examples=("chain_matmul(x, y.t(), x)",))
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of a chain of matrices in the order that takes the fewest multiplications."""
    return matrices[0] if len(matrices) == 1 else multi_dot(tuple(matrices))


@function(
    namespace="torch.linalg",
    aliases=("torch.matrix_power",),
    method=True,
    forms=(matmul, inv, clone),
    examples=("torch.linalg.matrix_power(x, 3)", "torch.linalg.matrix_power(x @ x.mT + eye(3), -2)"),
)
def matrix_power(A: Tensor, n: int) -> Tensor:
    """The product of n matrices that are all the same; of inverses if n is negative."""
    if A.ndim < 2:
        raise ShapeMismatch.as_torch("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    if A.shape[-1] != A.shape[-2]:
        sizes = f"{A.shape[-2]} by {A.shape[-1]} matrices"
        raise ShapeMismatch.as_torch(f"linalg.matrix_power: A must be batches of square matrices, but they are {sizes}")
    if n == 0:
        return operators["copy"](clone(A), eye(A.shape[-1], dtype=A.dtype))
    if n == 1:
        return clone(A)
    base = inv(A) if n < 0 else A
    if abs(n) == 3:
        return matmul(matmul(base, base), base)
    squares = [base]
    while 2 ** len(squares) <= abs(n):
        squares.append(matmul(squares[-1], squares[-1]))
    return reduce(matmul, [square for bit, square in enumerate(squares) if abs(n) >> bit & 1])


# ── exponentials ──


def _triangle(diagonal: Tensor, corner: Tensor) -> Tensor:
    """[[A, E], [0, A]]"""
    zeros = Tensor(ops.full(diagonal.shape, 0.0, diagonal.dtype))
    return cat((cat((diagonal, corner), -1), cat((zeros, diagonal), -1)), -2)


def _corner(blocks: Tensor) -> Tensor:
    size = blocks.shape[-1] // 2
    return narrow(narrow(blocks, -2, 0, size), -1, size, size)


def _slope_cotangent(g: Tensor, A: Tensor, direction: Tensor) -> Tensor:
    """The slope of the slope, since the derivative of exp([[A, E], [0, A]]) has that of the slope in its corner."""
    blocks = _triangle(matrix_transposed(A), matrix_transposed(direction))
    twice = cat((constant_pad_nd(g, (0, g.shape[-1])), constant_pad_nd(g, (g.shape[-1], 0))), -2)
    return _corner(exponential_slope(blocks, twice))


@function(
    "LinalgMatrixExpBackward0",
    public=False,
    examples=("exponential_slope(x @ x.mT, x @ x.mT)",),
    d_A=_slope_cotangent,
    d_direction=lambda g, A: exponential_slope(matrix_transposed(A), g),
)
def exponential_slope(A: Tensor, direction: Tensor) -> LazyArray:
    """How fast exp(A) changes in a direction E: the corner of exp([[A, E], [0, A]]) (Najfeld and Havel 1995)."""
    return _corner(Tensor(ops.matrix_exp(_triangle(A, direction).array))).array


@function(
    "LinalgMatrixExpBackward0",
    namespace="torch.linalg",
    aliases=("torch.matrix_exp",),
    method=True,
    examples=("matrix_exp(x @ x.mT)",),
    d_A=lambda g, A: exponential_slope(matrix_transposed(A), g),
)
def matrix_exp(A: Tensor) -> LazyArray:
    """The exponential of square matrices, the sum of A^k / k!."""
    check_square("linalg.matrix_exp", A, kernel=None)
    return ops.matrix_exp(A.array)


# ── tensors as matrices ──


@function(namespace="torch.linalg", forms=(inv, reshape_alias), examples=("torch.linalg.tensorinv(x @ x.mT + eye(3), 1)",))
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of a tensor as a matrix, whose rows are counted by its first `ind` dimensions."""
    if ind <= 0:
        raise ValueFault.as_torch(f"Expected a strictly positive integer for 'ind', but got {ind}")
    rows, columns = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if prod(rows) != prod(columns):
        message = (
            f"Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), "
            f"but got {prod(columns)} != {prod(rows)}"
        )
        raise misfit(message, A)
    return reshape_alias(inv(reshape(A, (prod(columns), prod(rows)))), (*columns, *rows))


@function(namespace="torch.linalg", forms=(solve,), examples=("torch.linalg.tensorsolve(x + 3 * eye(3), y[0])",))
def tensorsolve(A: Tensor, B: Tensor, dims: Dims = None) -> Tensor:
    """The x of tensordot(A, x, x.ndim) = B."""
    if dims is not None:
        moved = [normalize_dim(dim, A.ndim) for dim in ((dims,) if isinstance(dims, int) else dims)]
        return tensorsolve(permute(A, (*(axis for axis in range(A.ndim) if axis not in moved), *moved)), B)
    shape = tuple(A.shape[B.ndim :])
    rows, columns = prod(A.shape[: B.ndim]), prod(shape)
    if rows != columns:
        message = (
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), "
            f"but got {columns} != {rows}"
        )
        raise misfit(message, A, B)
    return reshape(solve(reshape(A, (columns, columns)), flatten(B)), shape)
