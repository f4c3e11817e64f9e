"""What pools take: numbers for each axis, and how the windows slide, refused in PyTorch's sentences."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.autograd import Tensor
from gradcli.errors import ValueFault
from gradcli.functions.arguments import Sizes
from gradcli.functions.refusals import misfit
from gradcli.functions.windows import Slide

NUMBER_WORDS = {1: "one int", 2: "two ints", 3: "three ints"}


def _each_axis(name: str, argument: str, value: Sizes, rank: int) -> tuple[int, ...]:
    """A number for each axis from one for all or from as many."""
    numbers = (value,) if isinstance(value, int) else tuple(value)
    if len(numbers) not in (1, rank):
        omitted = "omitted, " if argument == "stride" else ""
        either = "" if name == "avg_pool3d" and argument == "kernel_size" else f"either be {omitted}"
        what = f"{argument} must {either or 'be '}a single int, or a tuple of {NUMBER_WORDS[rank]}"
        raise ValueFault.as_torch(f"{name}: {what}")
    return numbers * rank if len(numbers) == 1 else numbers


def _labelled(name: str, numbers: Sequence[int]) -> str:
    """Numbers as PyTorch lists them: dH: 1 dW: 1."""
    return " ".join(f"{name}{axis}: {number}" for axis, number in zip("TdHW"[-len(numbers) :], numbers, strict=True))


def _check_rank(name: str, input: Tensor, rank: int) -> None:
    ranks = f"{rank + 1}D or {rank + 2}D (batch mode)"
    if input.ndim not in (rank + 1, rank + 2):
        message = f"non-empty {ranks} tensor expected for input"
        if name == "avg_pool2d":
            message = f"Expected {ranks} tensor with optional 0 dim batch size for input, but got:{list(input.shape)}"
        raise misfit(message, input)
    if 0 in input.shape[-rank - 1 :]:
        message = f"Expected {ranks} tensor with optional 0 dim batch size for input, but got:{list(input.shape)}"
        raise misfit(message, input)


def _check_numbers(kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]) -> None:
    if 0 in stride:
        raise ValueFault.as_torch("stride should not be zero")
    if min(kernel) <= 0:
        raise ValueFault.as_torch(f"kernel size should be greater than zero, but got {_labelled('k', kernel)}")
    for length, pad, gap in zip(kernel, padding, dilation, strict=True):
        if pad < 0:
            raise ValueFault.as_torch(f"pad must be non-negative, but got pad: {pad}")
        if pad > ((length - 1) * gap + 1) // 2:
            what = f"but got pad={pad}, kernel_size={length} and dilation={gap}"
            raise ValueFault.as_torch(f"pad should be at most half of effective kernel size, {what}")
    if min(stride) <= 0:
        raise ValueFault.as_torch(f"stride should be greater than zero, but got {_labelled('d', stride)}")
    if min(dilation) <= 0:
        raise ValueFault.as_torch(f"dilation should be greater than zero, but got {_labelled('dilation', dilation)}")


def pool_slide(
    name: str,
    rank: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
) -> Slide:
    """How the windows of a pool slide over the last axes."""
    kernel = _each_axis(name, "kernel_size", kernel_size, rank)
    steps = kernel if stride is None or stride == () else _each_axis(name, "stride", stride, rank)
    before, gaps = _each_axis(name, "padding", padding, rank), _each_axis(name, "dilation", dilation, rank)
    _check_numbers(kernel, steps, before, gaps)
    _check_rank(name, input, rank)
    sizes = tuple(input.shape[-rank:])
    axes = zip(sizes, kernel, steps, before, gaps, strict=True)
    counts = tuple(_count(*axis, ceil_mode) for axis in axes)
    if min(counts) < 1:
        given, got = ("x".join(map(str, (input.shape[-rank - 1], *each))) for each in (sizes, counts))
        message = f"Given input size: ({given}). Calculated output size: ({got}). Output size is too small"
        raise misfit(message, input)
    return Slide(input.ndim - rank, sizes, counts, kernel, steps, before, gaps)


def _count(size: int, length: int, step: int, pad: int, gap: int, ceil_mode: bool) -> int:
    """How often a window stops on an axis; the last one starts within the input or the padding before it."""
    room = size + 2 * pad - gap * (length - 1) - 1
    if not ceil_mode:
        return room // step + 1
    count = -(-room // step) + 1
    return count - 1 if (count - 1) * step >= size + pad else count


def check_signal(name: str, input: Tensor) -> None:
    """A signal has channels, and may have a batch."""
    if input.ndim not in (2, 3):
        message = (
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' "
            f"(while checking arguments for {name})"
        )
        raise misfit(message, input)


def one_number(name: str, argument: str, value: Sizes) -> int:
    """The number of the only axis of a signal."""
    numbers = (value,) if isinstance(value, int) else tuple(value)
    if len(numbers) != 1:
        raise ValueFault.as_torch(f"{name}() argument '{argument}' should contain one int (got {len(numbers)})")
    return numbers[0]
