"""Another shape, or another order of dimensions, for the same elements."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.autograd import Tensor
from gradcli.autograd.tensor import operators
from gradcli.errors import DimensionOutOfRange, ShapeMismatch, ValueFault
from gradcli.functions.arguments import Dims, Lengths, Shape
from gradcli.functions.declare import function
from gradcli.functions.dims import listed
from gradcli.functions.layout import inserted, is_contiguous, is_viewable, permuted, reshaped, swapped
from gradcli.functions.memory_format import CONTIGUOUS, PRESERVE, MemoryFormat, is_in
from gradcli.functions.refusals import misfit
from gradcli.lazy import LazyArray, Size, ops
from gradcli.lazy.shapes import existing_dim, normalize_dim, normalize_dims

# ── copies ──


@function("CloneBackward0", laid_out_as=("input",), examples=("x.clone()",), d_input=lambda g: g)
def clone(input: Tensor, *, memory_format: MemoryFormat | None = PRESERVE) -> LazyArray:
    """A copy that remains in the graph."""
    return input.array


operators["clone"] = clone


@function(forms=(clone,))
def contiguous(input: Tensor, *, memory_format: MemoryFormat = CONTIGUOUS) -> Tensor:
    """The tensor with its rows one after the other in memory, or in another order: itself, or a copy."""
    if is_in(input, memory_format):
        return input
    if memory_format is PRESERVE:
        raise ValueFault.as_torch("preserve memory format is unsupported by the contiguous operator")
    copied: Tensor = clone(input, memory_format=memory_format)
    return copied


# ── reshape ──


def wanted_shape(input: Tensor, shape: Sequence[int]) -> Size:
    """A shape that was asked for, with -1 inferred."""
    total = input.shape.numel()
    invalid = f"shape '{list(shape)}' is invalid for input of size {total}"
    if shape.count(-1) > 1:
        raise ShapeMismatch.as_torch("only one dimension can be inferred")
    if any(size < -1 for size in shape):
        raise ShapeMismatch.as_torch(f"invalid shape dimension {next(size for size in shape if size < -1)}")
    known = Size(size for size in shape if size != -1).numel()
    if -1 in shape:
        if known == 0 or total % known:
            raise misfit(invalid, input)
        return Size(total // known if size == -1 else size for size in shape)
    if known != total:
        hint = f"the new shape has {known} elements, the tensor {total}"
        raise misfit(invalid, input, hint=hint)
    return Size(shape)


@function(
    "ViewBackward0",
    name="view",
    public=False,
    view=True,
    strides=reshaped,
    d_input=lambda g, input_shape: reshape(g, input_shape),
)
def view_as_shape(input: Tensor, shape: Shape) -> LazyArray:
    """The same elements under another shape, as a view."""
    return ops.reshape(input.array, Size(shape))


@function("UnsafeViewBackward0", name="reshape", public=False, d_input=lambda g, input_shape: reshape(g, input_shape))
def unsafe_view(input: Tensor, shape: Shape) -> LazyArray:
    """The same elements under another shape, of a tensor nobody else sees."""
    return ops.reshape(input.array, Size(shape))


@function(
    "ReshapeAliasBackward0",
    name="view",
    public=False,
    view=True,
    strides=reshaped,
    d_input=lambda g, input_shape: reshape(g, input_shape),
)
def reshape_alias(input: Tensor, shape: Shape) -> LazyArray:
    """The same elements under another shape, as a view of a tensor that is not contiguous."""
    return ops.reshape(input.array, Size(shape))


@function(
    one_by_one=True,
    forms=(view_as_shape, reshape_alias, unsafe_view),
    examples=("reshape(x, (3, 2))", "x.reshape(-1)"),
)
def reshape(input: Tensor, shape: Lengths) -> Tensor:
    """The same elements in the same order under another shape; one size may be -1."""
    size = wanted_shape(input, shape)
    if is_contiguous(input):
        return view_as_shape(input, size)
    return reshape_alias(input, size) if is_viewable(input, size) else unsafe_view(clone(input, memory_format=CONTIGUOUS), size)


operators["reshape"] = reshape


@function(forms=(view_as_shape,), examples=("x.view(3, 2)",))
def view(input: Tensor, *size: int) -> Tensor:
    """The same elements under another shape, without a copy."""
    shape = wanted_shape(input, size)
    if not is_viewable(input, shape):
        message = (
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous "
            "subspaces). Use .reshape(...) instead."
        )
        raise ShapeMismatch.as_torch(message, hint="use reshape(...)")
    return view_as_shape(input, shape)


@function(forms=(view_as_shape,))
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The same elements under the shape of another tensor, without a copy."""
    return view(input, other.shape)


@function(forms=(view_as_shape, unsafe_view))
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The same elements under the shape of another tensor."""
    return reshape(input, other.shape)


@function(forms=(view_as_shape, unsafe_view), examples=("flatten(x)", "x.flatten(0, 1)"))
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Some adjacent dimensions as one."""
    rank = input.ndim
    start, end = normalize_dim(start_dim, rank), normalize_dim(end_dim, rank)
    if start > end:
        raise ValueFault.as_torch("flatten() has invalid args: start_dim cannot come after end_dim")
    if rank == 0:
        return reshape(input, (1,))
    if start == end:
        return input
    return reshape(input, (*input.shape[:start], Size(input.shape[start : end + 1]).numel(), *input.shape[end + 1 :]))


@function(forms=(view_as_shape, unsafe_view), examples=("ravel(x)",))
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return view(contiguous(input), (-1,))


@function(forms=(view_as_shape,), examples=("unflatten(x, 1, (3, 1))",))
def unflatten(input: Tensor, dim: int, sizes: Lengths) -> Tensor:
    """One dimension as several."""
    axis = existing_dim(dim, input.ndim)
    part = wanted_shape_of_axis(input, axis, sizes)
    return view(input, (*input.shape[:axis], *part, *input.shape[axis + 1 :]))


def wanted_shape_of_axis(input: Tensor, axis: int, sizes: Sequence[int]) -> Size:
    """The sizes that one dimension is split into, with -1 inferred."""
    if not sizes:
        raise ValueFault.as_torch("unflatten: sizes must be non-empty")
    known = Size(size for size in sizes if size != -1).numel()
    full = Size(input.shape[axis] // max(known, 1) if size == -1 else size for size in sizes)
    if full.numel() != input.shape[axis]:
        message = (
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} "
            f"({input.shape[axis]}) in the input tensor"
        )
        raise ShapeMismatch.as_torch(message)
    return full


# ── permute ──


@function(
    "PermuteBackward0",
    view=True,
    one_by_one=True,
    strides=permuted,
    examples=("permute(b, (2, 0, 1))",),
    d_input=lambda g, dims: permute(g, inverse(dims)),
)
def permute(input: Tensor, dims: Lengths) -> LazyArray:
    """The dimensions in another order."""
    rank = input.ndim
    if len(dims) != rank:
        message = (
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {len(dims)}"
        )
        raise ShapeMismatch.as_torch(message)
    axes = tuple(normalize_dim(dim, rank) for dim in dims)
    if len(set(axes)) != rank:
        raise DimensionOutOfRange.as_torch("permute(): duplicate dims are not allowed.")
    return ops.permute(input.array, axes)


def inverse(dims: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes one."""
    axes = [normalize_dim(dim, len(dims)) for dim in dims]
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


@function(
    "TransposeBackward0",
    view=True,
    strides=swapped,
    aliases=("swapaxes", "swapdims"),
    examples=("transpose(x, 0, 1)",),
    d_input=lambda g, dim0, dim1: transpose(g, dim0, dim1),
)
def transpose(input: Tensor, dim0: int, dim1: int) -> LazyArray:
    """Two dimensions exchanged."""
    axes = list(range(input.ndim))
    a, b = normalize_dim(dim0, input.ndim), normalize_dim(dim1, input.ndim)
    if axes:
        axes[a], axes[b] = axes[b], axes[a]
    return ops.permute(input.array, tuple(axes))


@function("TBackward0", view=True, strides=lambda strides: strides[::-1], examples=("x.t()",), d_input=lambda g: t(g))
def t(input: Tensor) -> LazyArray:
    """The transpose of a matrix."""
    if input.ndim > 2:
        message = f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D"
        raise misfit(message, input, hint="use .mT or transpose(a, b)")
    return ops.permute(input.array, tuple(reversed(range(input.ndim))))


def all_reversed(input: Tensor) -> Tensor:
    """x.T: the dimensions in reverse."""
    return permute(input, tuple(reversed(range(input.ndim))))


def matrix_transposed(input: Tensor, name: str = "mT") -> Tensor:
    """x.mT, and x.mH of real numbers: the last two dimensions exchanged."""
    if input.ndim == 1:
        raise misfit(f"tensor.{name} is only supported on matrices or batches of matrices. Got 1-D tensor.", input)
    return transpose(input, -2, -1) if input.ndim else input


def adjoint_of_matrix(input: Tensor) -> Tensor:
    """x.H: the transpose of a matrix of real numbers."""
    if input.ndim not in (0, 2):
        message = f"tensor.H is only supported on matrices (2-D tensors). Got {input.ndim}-D tensor."
        more = " For batches of matrices, consider using tensor.mH" if input.ndim > 2 else ""
        raise misfit(message + more, input)
    return transpose(input, 0, 1) if input.ndim else input


@function(forms=(transpose,), examples=("adjoint(x)",))
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, as befits real numbers."""
    return matrix_transposed(input, "adjoint()")


@function(aliases=("moveaxis",), forms=(permute,), examples=("movedim(b, 0, 2)",))
def movedim(input: Tensor, source: Dims, destination: Dims) -> Tensor:
    """Some dimensions moved to other places, the others kept in order."""
    rank = input.ndim
    sources, targets = ([normalize_dim(d, rank) for d in listed(dims)] for dims in (source, destination))
    if len(sources) != len(targets):
        message = "movedim: Invalid source or destination dims: source and destination must have the same number of elements"
        raise ValueFault.as_torch(message)
    for name, dims, axes in (("source", source, sources), ("destination", destination, targets)):
        if len(set(axes)) < len(axes):
            raise DimensionOutOfRange.as_torch(f"movedim: repeated dim in `{name}` ({list(listed(dims))})")
    order = [axis for axis in range(rank) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return permute(input, tuple(order)) if rank else alias(input)


@function("AliasBackward0", public=False, view=True, examples=("movedim(x.sum(), 0, 0)",), d_input=lambda g: g)
def alias(input: Tensor) -> LazyArray:
    """The same elements, as a view."""
    return input.array


# ── sizes of one ──


@function(
    lambda dim: "SqueezeBackward0" if dim is None else "SqueezeBackward1" if isinstance(dim, int) else "SqueezeBackward2",
    view=True,
    one_by_one=True,
    strides=lambda strides, input_shape, dim: _without_ones(strides, input_shape, dim),
    examples=("squeeze(x.unsqueeze(0))", "squeeze(x.unsqueeze(0), 0)"),
    d_input=lambda g, input_shape: view_as_shape(g, input_shape),
)
def squeeze(input: Tensor, dim: Dims = None) -> LazyArray:
    """Without the dimensions of size 1."""
    return ops.reshape(input.array, Size(_without_ones(input.shape, input.shape, dim)))


def _without_ones(values: Sequence[int], shape: Size, dim: Dims) -> tuple[int, ...]:
    """The values that stand for dimensions which squeeze leaves."""
    axes = normalize_dims(range(len(shape)) if dim is None else listed(dim), len(shape))
    pairs = enumerate(zip(values, shape, strict=True))
    return tuple(value for axis, (value, size) in pairs if size != 1 or axis not in axes)


@function(
    "UnsqueezeBackward0",
    view=True,
    strides=inserted,
    examples=("unsqueeze(x, 0)",),
    d_input=lambda g, dim, input_shape: view_as_shape(g, input_shape),
)
def unsqueeze(input: Tensor, dim: int) -> LazyArray:
    """With a new dimension of size 1."""
    axis = normalize_dim(dim, input.ndim + 1)
    return ops.reshape(input.array, Size((*input.shape[:axis], 1, *input.shape[axis:])))
