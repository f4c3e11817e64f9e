"""Products of vectors, matrices and batches of matrices, in the forms and with the graphs PyTorch records for them."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import Scalar, operators
from gradcli.errors import DTypeMismatch, OperandLabel
from gradcli.functions.declare import function
from gradcli.functions.elementwise import mul
from gradcli.functions.layout import is_contiguous, strides
from gradcli.functions.reduce import sum as total
from gradcli.functions.refusals import CONVERT_ONE, misfit, refuse_booleans
from gradcli.functions.repetition import expand
from gradcli.functions.shape import contiguous, reshape, squeeze, t, transpose, unsafe_view, unsqueeze, view_as_shape
from gradcli.lazy import DType, LazyArray, Size, ops
from gradcli.lazy.shapes import broadcast

# ── checks, with PyTorch's sentences ──


def _check_dtypes(first: Tensor, second: Tensor, message: Callable[[DType, DType], str]) -> None:
    a, b = first.dtype, second.dtype
    if a is not b:
        text = message(a, b)
        labels = [OperandLabel(position, f"this is {dtype}") for position, dtype in enumerate((a, b))]
        raise DTypeMismatch.as_torch(text, operands=labels, hint=CONVERT_ONE)


def _check_matrix(tensor: Tensor, message: str) -> None:
    if tensor.ndim != 2:
        raise misfit(message, tensor)


def _scaled(g: Tensor, factor: Scalar) -> Tensor:
    """g times a factor, which is left out if it is 1."""
    return g if factor == 1 else g * factor


# ── vectors ──


def _dot_array(input: Tensor, other: Tensor) -> LazyArray:
    """The sum of products of two vectors, checked."""
    if input.ndim != 1 or other.ndim != 1:
        raise misfit(f"1D tensors expected, but got {input.ndim}D and {other.ndim}D tensors", input, other)
    _check_dtypes(
        input,
        other,
        lambda a, b: f"dot : expected both vectors to have same dtype, but found {a.tensor_type} and {b.tensor_type}",
    )
    n, m = input.shape[0], other.shape[0]
    if n != m:
        raise misfit(
            f"inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same number of elements, "
            f"but got {n} and {m} elements respectively",
            input,
            other,
        )
    refuse_booleans("dot", input)
    product = ops.matmul(ops.reshape(input.array, Size((1, n))), ops.reshape(other.array, Size((n, 1))))
    return ops.reshape(product, Size(()))


@function(
    "DotBackward0",
    examples=("dot(x[0], y[0])",),
    d_input=lambda g, tensor: g * tensor,
    d_tensor=lambda g, input: g * input,
)
def dot(input: Tensor, tensor: Tensor) -> LazyArray:
    """The sum of products of two vectors."""
    return _dot_array(input, tensor)


@function(
    "VdotBackward0",
    examples=("vdot(x[0], y[0])",),
    d_input=lambda g, other: g * other,
    d_other=lambda g, input: g * input,
)
def vdot(input: Tensor, other: Tensor) -> LazyArray:
    """The sum of products of two vectors."""
    return _dot_array(input, other)


@function(aliases=("ger", "torch.linalg.outer"), forms=(mul,), examples=("outer(x[0], y[1])",))
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """All products of the elements of two vectors, as a matrix."""
    for name, vector in (("self", input), ("vec2", vec2)):
        if vector.ndim != 1:
            raise misfit(f"outer: Expected 1-D argument {name}, but got {vector.ndim}-D", input, vec2)
    return mul(reshape(input, (input.shape[0], 1)), vec2)


# ── matrices ──


@function(
    "MmBackward0",
    examples=("mm(x, y.t())",),
    d_input=lambda g, mat2: mm(g, t(mat2)),
    d_mat2=lambda g, input: mm(t(input), g),
)
def mm(input: Tensor, mat2: Tensor) -> LazyArray:
    """The product of two matrices."""
    _check_matrix(input, "self must be a matrix")
    if mat2.ndim != 2:
        raise misfit("mat2 must be a matrix", input, mat2, hint="use @ or matmul for vectors and batches")
    _check_dtypes(
        input,
        mat2,
        lambda a, b: f"expected m1 and m2 to have the same dtype, but got: {a.cpp_name} != {b.cpp_name}",
    )
    refuse_booleans("addmm_impl_cpu_", input)
    return ops.matmul(input.array, mat2.array)


def _mv_array(input: Tensor, vec: Tensor) -> LazyArray:
    """A matrix times a vector, checked."""
    if input.ndim != 2 or vec.ndim != 1:
        raise misfit(f"vector + matrix @ vector expected, got 1, {input.ndim}, {vec.ndim}", input, vec)
    rows, columns = input.shape
    if vec.shape[0] != columns:
        message = f"size mismatch, got input ({rows}), mat ({rows}x{columns}), vec ({vec.shape[0]})"
        hint = f"the vector ({vec.shape[0]}) must be as long as the rows of the matrix ({columns})"
        raise misfit(message, input, vec, hint=hint)
    _check_dtypes(
        input,
        vec,
        lambda a, b: (
            f"addmv input tensors must have the same dtype, but got {b.tensor_type}, {a.tensor_type}, and {b.tensor_type}"
        ),
    )
    refuse_booleans("addmv_impl_cpu", input)
    return ops.reshape(ops.matmul(input.array, ops.reshape(vec.array, Size((columns, 1)))), Size((rows,)))


@function(
    "MvBackward0",
    examples=("mv(x, y[0])",),
    d_input=lambda g, vec: unsqueeze(g, 1) * vec,
    d_vec=lambda g, input: mv(t(input), g),
)
def mv(input: Tensor, vec: Tensor) -> LazyArray:
    """A matrix times a vector."""
    return _mv_array(input, vec)


@function(
    "BmmBackward0",
    examples=("bmm(b, b.mT)",),
    d_input=lambda g, mat2: bmm(g, transpose(mat2, 1, 2)),
    d_mat2=lambda g, input: bmm(transpose(input, 1, 2), g),
)
def bmm(input: Tensor, mat2: Tensor) -> LazyArray:
    """The products of two batches of matrices."""
    for number, batch in enumerate((input, mat2), 1):
        if batch.ndim != 3:
            raise misfit(f"batch{number} must be a 3D tensor", input, mat2)
    batches, _, inner = input.shape
    if mat2.shape[0] != batches or mat2.shape[1] != inner:
        raise misfit(
            f"Expected size for first two dimensions of batch2 tensor to be: [{batches}, {inner}] "
            f"but got: [{mat2.shape[0]}, {mat2.shape[1]}].",
            input,
            mat2,
        )
    _check_dtypes(input, mat2, lambda a, b: f"expected scalar type {a.tensor_type} but found {b.tensor_type}")
    refuse_booleans("bmm", input)
    return ops.matmul(input.array, mat2.array)


# ── products added to a tensor ──


def _added(input: Tensor, product: Tensor, beta: Scalar, alpha: Scalar) -> Tensor:
    """beta * input + alpha * product, where beta = 0 means that the input is not read."""
    if input.dtype is not product.dtype:
        message = f"self and mat2 must have the same dtype, but got {input.dtype.tensor_type} and {product.dtype.tensor_type}"
        raise DTypeMismatch.as_torch(message, hint=CONVERT_ONE)
    spread = expand(Tensor(input.array), product.shape)
    scaled = _scaled(product, alpha)
    return scaled if beta == 0 else _scaled(spread, beta) + scaled


@function(
    "AddmmBackward0",
    in_place=True,
    examples=("addmm(x, x, ones(3, 3))",),
    d_input=lambda g, beta: _scaled(g, beta),
    d_mat1=lambda g, mat2, alpha: _scaled(mm(g, t(mat2)), alpha),
    d_mat2=lambda g, mat1, alpha: _scaled(mm(t(mat1), g), alpha),
)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2)."""
    for name, matrix in (("mat1", mat1), ("mat2", mat2)):
        _check_matrix(matrix, f"{name} must be a matrix, got {matrix.ndim}-D tensor")
    return _added(input, mm(mat1, mat2), beta, alpha)


@function(
    "AddmvBackward0",
    in_place=True,
    examples=("addmv(x[:, 0], x, y[0])",),
    d_input=lambda g, beta: _scaled(g, beta),
    d_mat=lambda g, vec, alpha: _scaled(unsqueeze(g, 1) * vec, alpha),
    d_vec=lambda g, mat, alpha: _scaled(mv(t(mat), g), alpha),
)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    return _added(input, mv(mat, vec), beta, alpha)


@function(
    "AddrBackward0",
    in_place=True,
    laid_out_as=("input",),
    examples=("addr(x, x[:, 0], y[0])",),
    d_input=lambda g, beta: _scaled(g, beta),
    d_vec1=lambda g, vec2, alpha: _scaled(mv(g, vec2), alpha),
    d_vec2=lambda g, vec1, alpha: _scaled(mv(t(g), vec1), alpha),
)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
    return _added(input, outer(vec1, vec2), beta, alpha)


@function(
    "BaddbmmBackward0",
    in_place=True,
    examples=("baddbmm(b[:, :, :2], b, b.mT)",),
    d_input=lambda g, beta: _scaled(g, beta),
    d_batch1=lambda g, batch2, alpha: _scaled(bmm(g, transpose(batch2, 1, 2)), alpha),
    d_batch2=lambda g, batch1, alpha: _scaled(bmm(transpose(batch1, 1, 2), g), alpha),
)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), for batches of matrices."""
    return _added(input, bmm(batch1, batch2), beta, alpha)


def _for_each_batch(g: Tensor, batches: int) -> Tensor:
    """g repeated for each matrix of the batch."""
    return expand(unsqueeze(g, 0), (batches, *g.shape))


@function(
    "AddbmmBackward0",
    in_place=True,
    examples=("addbmm(zeros(2, 2), b, b.mT)",),
    d_input=lambda g, beta: _scaled(g, beta),
    d_batch1=lambda g, batch2, alpha: _scaled(bmm(_for_each_batch(g, batch2.shape[0]), transpose(batch2, 1, 2)), alpha),
    d_batch2=lambda g, batch1, alpha: _scaled(bmm(transpose(batch1, 1, 2), _for_each_batch(g, batch1.shape[0])), alpha),
)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """beta * input + alpha * the sum of the products of a batch of matrices."""
    return _added(input, total(bmm(batch1, batch2), 0), beta, alpha)


# ── matmul: any number of dimensions ──


@function("SqueezeBackward4", name="squeeze", public=False, d_input=lambda g, input_shape: view_as_shape(g, input_shape))
def squeezed_row(input: Tensor) -> LazyArray:
    """The row of a matrix that has one, which nobody else sees."""
    return ops.reshape(input.array, Size(input.shape[1:]))


@function(
    aliases=("torch.linalg.matmul",),
    forms=(dot, mv, mm, bmm),
    examples=("matmul(x, y.mT)", "x @ y[0]", "b @ y.t()"),
)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The product of vectors, matrices or batches of matrices, whose leading dimensions broadcast."""
    rank, other_rank = input.ndim, other.ndim
    if rank == 0 or other_rank == 0:
        raise misfit(
            f"both arguments to matmul need to be at least 1D, but they are {rank}D and {other_rank}D",
            input,
            other,
            hint="use * for the product with a number",
        )
    if rank <= 2 and other_rank <= 2:
        return _plain_product(input, other)
    if _folds(input, other):
        return _folded_product(input, other)
    return _batched_product(input, other)


def _plain_product(input: Tensor, other: Tensor) -> Tensor:
    if input.ndim == 2:
        return mm(input, other) if other.ndim == 2 else mv(input, other)
    if other.ndim == 2:
        return squeezed_row(mm(unsqueeze(input, 0), other))
    return dot(input, other)


def _folds(input: Tensor, other: Tensor) -> bool:
    """Whether the batch of one operand becomes rows of one large matrix, as PyTorch decides it."""
    larger, smaller = (input, other) if input.ndim >= other.ndim else (other, input)
    if larger.ndim < 3 or smaller.ndim > 2:
        return False
    if smaller.requires_grad:
        return True
    if input.ndim == 2:
        return False
    if larger.shape.numel() == 0:
        return True
    found, shape = list(strides(larger)), list(larger.shape)
    if larger is other:
        found[-2:], shape[-2:] = found[:-3:-1], shape[:-3:-1]
    return all(found[axis] == found[axis + 1] * shape[axis + 1] for axis in range(larger.ndim - 2))


def _folded_product(input: Tensor, other: Tensor) -> Tensor:
    """The batch of the larger operand folded into the rows of a matrix."""
    is_transposed = other.ndim > input.ndim
    larger = transpose(other, -2, -1) if is_transposed else input
    smaller = other if not is_transposed else t(input) if input.ndim == 2 else input
    rows = Size(larger.shape[:-1])
    folded = reshape(larger, (rows.numel(), larger.shape[-1]))
    if smaller.ndim == 1:
        return unsafe_view(mv(folded, smaller), rows)
    product = unsafe_view(mm(folded, smaller), (*rows, smaller.shape[1]))
    return contiguous(transpose(product, -2, -1)) if is_transposed else product


def _batched_product(input: Tensor, other: Tensor) -> Tensor:
    """Both operands repeated to the common batch, then one product for each batch."""
    if input.ndim == other.ndim == 3 and input.shape[0] != other.shape[0]:
        if input.shape[0] == 1 and input.requires_grad:
            return matmul(squeeze(input, 0), other)
        if other.shape[0] == 1 and other.requires_grad:
            return matmul(input, squeeze(other, 0))
    n, inner = (input.shape[-2] if input.ndim > 1 else 1), input.shape[-1]
    rows, p = (other.shape[-2], other.shape[-1]) if other.ndim > 1 else (other.shape[0], 1)
    batch = broadcast(Size(input.shape[:-2]), Size(other.shape[:-2]))
    count = batch.numel()
    left = reshape(expand(input, (*batch, n, inner)), (count, n, inner))
    if other.ndim == 1:
        right = unsqueeze(reshape(expand(other, (*batch, rows)), (count, rows)), 2)
        return unsafe_view(squeeze(bmm(left, right), -1), (*batch, n))
    right = reshape(expand(other, (*batch, rows, p)), (count, rows, p))
    return unsafe_view(bmm(left, right), (*batch, *([n] if input.ndim > 1 else []), p))


operators["matmul"] = matmul


# ── linear layers ──


@function(namespace="torch.nn.functional", forms=(addmm, mm), examples=("torch.nn.functional.linear(x, y)",))
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.t() + bias; the weight is (out_features, in_features)."""
    if input.ndim == 0 or weight.ndim == 0:
        message = f"both arguments to linear need to be at least 1D, but they are {input.ndim}D and {weight.ndim}D"
        raise misfit(message, input, weight)
    if bias is None:
        return matmul(input, t(weight))
    if input.ndim == 2:
        return addmm(bias, input, t(weight))
    is_row = bias.ndim > 0 and bias.shape.numel() == bias.shape[-1]
    if is_row and weight.ndim == 2 and is_contiguous(input):
        lead = Size(input.shape[:-1])
        rows = view_as_shape(input, (lead.numel(), input.shape[-1]))
        return view_as_shape(addmm(bias, rows, t(weight)), (*lead, weight.shape[0]))
    return matmul(input, t(weight)) + bias
